// Runs in a ring: whatever came before, a run that is taken at once leaves the ring as its entries one by one do.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Budget } from '../../src/base/budget.ts';
import { Run } from '../../src/base/run.ts';
import { Ring, type RingLimits, Stamps } from '../../src/fanout/ring.ts';

interface Step {
  /** The lengths of the frames of a run. */
  readonly frames: readonly number[];
  /** Of every entry with a number that this divides the slot stays empty. */
  readonly skips: number;
  /** Some slots are given out and not decided before. */
  readonly holds: number;
  readonly after: 'nothing' | 'flush' | 'age' | 'halve' | 'single';
}

const steps = (most: number) =>
  fc.array(
    fc.record<Step>({
      frames: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: most }),
      skips: fc.integer({ min: 2, max: 9 }),
      holds: fc.integer({ min: 0, max: 3 }),
      after: fc.constantFrom('nothing', 'nothing', 'nothing', 'flush', 'age', 'halve', 'single'),
    }),
    { maxLength: 60 },
  );

function make(limits: RingLimits, cap: number) {
  const stamps = new Stamps();
  const ring = new Ring(limits, stamps, new Budget(cap), 1, () => new Uint8Array(0));
  return { stamps, ring };
}

/** All that can be asked of a ring. */
function stateOf(ring: Ring) {
  const { tail, head, buffer, base } = ring.tape;
  const entries: number[][] = [];
  for (let at = tail; at < head; ) {
    const entry = ring.entryAt(at);
    const end = ring.endOf(entry);
    entries.push([entry, ring.startOf(entry), end, ring.stampOf(entry), ring.lowAt(at)]);
    at = end;
  }
  const bytes = Buffer.from(buffer.slice(tail - base, head - base)).toString('latin1');
  const { size, floor, low, evicted, newest, held } = ring;
  return { tail, head, bytes, entries, size, floor, low, evicted, newest, held };
}

function compare(limits: RingLimits, cap: number, list: readonly Step[]): void {
  const whole = make(limits, cap);
  const single = make(limits, cap);
  const rings = [whole, single];
  let seq = 0;
  let low = 1;
  let now = 0;
  let letter = 0;
  for (const { frames, skips, holds, after } of list) {
    seq += holds;
    if (holds === 0 && low === seq + 1 - holds) low = seq + 1;
    const text = frames.map((length) => String.fromCharCode(97 + (letter++ % 26)).repeat(length)).join('');
    const bytes = Buffer.from(`in front${text}behind`, 'latin1');
    const run = new Run(new Uint8Array(bytes));
    run.clear(8);
    let due = false;
    for (const length of frames) {
      seq++;
      if (low === seq) low = seq + 1;
      const start = run.end;
      run.add(start + length, seq % skips === 0 ? -seq : seq, low, ++whole.stamps.last);
      due = single.ring.append(bytes, start, start + length, seq, low, now);
    }
    expect(whole.ring.appendRun(run, now)).toBe(due);
    expect(stateOf(whole.ring)).toEqual(stateOf(single.ring));
    now += 10;
    for (const { ring } of rings) {
      if (after === 'flush') ring.flushed();
      else if (after === 'age') ring.age(now);
      else if (after === 'halve') ring.halve();
      else if (after === 'single') ring.append(bytes, 0, 5, 0, low, now);
    }
    expect(stateOf(whole.ring)).toEqual(stateOf(single.ring));
  }
}

test('a run leaves a ring as its entries one by one do', () => {
  const limits = fc.record<RingLimits>({
    entries: fc.integer({ min: 1, max: 150 }),
    bytes: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constant(100_000)),
    ageMs: fc.integer({ min: 10, max: 500 }),
  });
  fc.assert(fc.property(limits, fc.constantFrom(400, 6_000, 1_000_000), steps(64), compare), { numRuns: 400, seed: 7 });
});

test('in the usual state nothing but the oldest give way', () => {
  const list = Array.from({ length: 60 }, (_, i): Step => {
    return { frames: new Array(16).fill(60), skips: 1_000, holds: 0, after: i % 2 === 0 ? 'flush' : 'nothing' };
  });
  compare({ entries: 128, bytes: 100_000, ageMs: 60_000 }, 1_000_000, list);
});
