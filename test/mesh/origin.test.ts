// The log of one origin: what is next, what is kept, and what is forgotten when.

import { describe, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { serverId } from '../../src/base/ids.ts';
import { Origin } from '../../src/mesh/origin.ts';
import { Random } from '../sim/random.ts';

function origin(facts: number, bytes: number, budget = new Budget(1e9)): Origin {
  const one = new Origin(serverId(7), budget, { facts, bytes });
  one.reset(100, 0);
  return one;
}

/** A fact of that number: as many bytes as it says, each of them its number. */
function add(one: Origin, size: number): void {
  const bytes = new Uint8Array(size + 4).fill((one.n + 1) & 255);
  one.append(bytes, 2, size + 2);
}

describe('an origin', () => {
  test('knows what is next, old, or comes too early', () => {
    const one = origin(10, 1000);
    add(one, 5);
    expect(one.judge(100, 2)).toBe('next');
    expect(one.judge(100, 1)).toBe('old');
    expect(one.judge(100, 3)).toBe('gap');
    expect(one.judge(99, 2)).toBe('old');
    expect(one.judge(101, 1)).toBe('next');
    expect(one.judge(101, 2)).toBe('gap');
  });

  test('keeps the newest facts, by number and by bytes, and reads any run of them', () => {
    const random = new Random(3);
    for (let round = 0; round < 50; round++) {
      const [facts, bytes] = [random.between(1, 40), random.between(50, 2000)];
      const budget = new Budget(1e9);
      const one = origin(facts, bytes, budget);
      const sizes: number[] = [];
      for (let i = 0; i < 200; i++) {
        sizes.push(random.between(1, 60));
        add(one, sizes.at(-1) as number);
        if (random.chance(0.02)) one.halve();
        expect(one.kept).toBeLessThanOrEqual(facts);
        expect(one.kept < 2 || one.bytes <= bytes).toBe(true);
        expect(one.bytes).toBe(sizes.slice(sizes.length - one.kept).reduce((sum, size) => sum + size, 0));
        expect(budget.held).toBe(one.bytes);
        const after = random.below(one.n + 3);
        const run = one.read({ incarnation: 100, n: after }, random.below(200));
        if (after < one.n - one.kept || after >= one.n) expect(run).toBeUndefined();
        else {
          const expected: number[] = [];
          for (let n = after + 1; n <= (run?.n ?? 0); n++) {
            for (let k = 0; k < (sizes[n - 1] as number); k++) expected.push(n & 255);
          }
          expect(run?.n).toBeGreaterThan(after);
          expect([...(run?.bytes.subarray(run.start, run.end) ?? [])]).toEqual(expected);
        }
      }
      one.close();
      expect(budget.held).toBe(0);
    }
  });

  test('begins anew with another incarnation, and reads nothing across it', () => {
    const one = origin(10, 1000);
    for (let i = 0; i < 5; i++) add(one, 3);
    one.reset(200, 9);
    expect([one.kept, one.bytes, one.n]).toEqual([0, 0, 9]);
    add(one, 3);
    expect(one.read({ incarnation: 100, n: 9 }, 100)).toBeUndefined();
    expect(one.read({ incarnation: 200, n: 8 }, 100)).toBeUndefined();
    expect(one.read({ incarnation: 200, n: 9 }, 100)?.n).toBe(10);
  });

  test('gives way when the budget of all is used up', () => {
    const budget = new Budget(1000);
    const all = [origin(1000, 5000, budget), origin(1000, 5000, budget)] as const;
    for (let i = 0; i < 200; i++) {
      for (const one of all) add(one, 20);
      expect(budget.held).toBeLessThanOrEqual(1000);
    }
    expect(all[0].n).toBe(200);
    expect(all[0].kept).toBeGreaterThan(0);
  });
});
