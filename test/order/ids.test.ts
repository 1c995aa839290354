import { describe, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { serverId } from '../../src/base/ids.ts';
import { fingerprint, MessageIds } from '../../src/order/ids.ts';

const MIN = 60_000;

function open({ idWindow = 100, idWindowMs = 10 * MIN, budget = new Budget(1_000_000) } = {}) {
  const ids = new MessageIds(budget, { idWindow, idWindowMs });
  const find = (id: string) => (ids.find(id) ? { seq: ids.seq, print: ids.print } : undefined);
  return { ids, find, budget };
}

const print = (text: string): number => fingerprint(utf8Bytes(text), 0, utf8Bytes(text).length);

describe('message ids', () => {
  test('knows what it was told, and nothing else', () => {
    const { ids, find } = open();
    ids.add('id-one', 1, print('one'), 0);
    ids.add('id-two', 5_000_000_000, print('two'), 0);
    expect(find('id-one')).toEqual({ seq: 1, print: print('one') });
    expect(find('id-two')).toEqual({ seq: 5_000_000_000, print: print('two') });
    expect(find('id-three')).toBeUndefined();
  });

  test('an id is known for ten minutes at least and twenty at most', () => {
    const { ids, find } = open();
    ids.add('early', 1, 0, 0);
    ids.add('late', 2, 0, 10 * MIN - 1);
    ids.tick(10 * MIN);
    expect(ids.deadline).toBe(20 * MIN);
    ids.tick(20 * MIN - 2);
    expect(find('late')).toBeDefined();
    ids.tick(20 * MIN);
    expect([find('early'), find('late'), ids.size, ids.deadline]).toEqual([undefined, undefined, 0, Infinity]);
  });

  test('an id is known until as many newer ones came, and at most twice as many are kept', () => {
    const { ids, find, budget } = open({ idWindow: 100 });
    for (let seq = 1; seq <= 5_000; seq++) {
      ids.add(`id-${seq}`, seq, seq, seq);
      expect(find(`id-${Math.max(1, seq - 99)}`)).toBeDefined();
      expect(ids.size).toBeLessThanOrEqual(200);
      expect(budget.held).toBe(ids.size);
    }
    expect(find('id-1')).toBeUndefined();
    ids.close();
    expect(budget.held).toBe(0);
  });

  test('a reference is known like an id, in any order and of any server', () => {
    const { ids, budget } = open({ idWindow: 1_000 });
    const find = (server: number, number: number) =>
      ids.findReference(serverId(server), number) ? ids.seq : undefined;
    const numbers = Array.from({ length: 300 }, (_, i) => 1_790_000_000_000_000 + ((i * 37) % 300));
    for (const [i, number] of numbers.entries()) {
      for (const server of [1, 2, 4_294_967_295]) ids.addReference({ server: serverId(server), number }, i + server, 0);
    }
    for (const [i, number] of numbers.entries()) {
      for (const server of [1, 2, 4_294_967_295]) {
        expect(find(server, number)).toBe(i + server);
        expect(find(3, number)).toBeUndefined();
      }
    }
    expect(find(1, 1_789_999_999_999_999)).toBeUndefined();
    expect(find(1, 1_790_000_000_000_300)).toBeUndefined();
    expect([ids.size, budget.held]).toEqual([900, 900]);
    ids.tick(10 * MIN);
    expect(find(2, numbers[7] as number)).toBe(9);
    ids.tick(20 * MIN);
    expect([find(2, numbers[7] as number), ids.size, budget.held]).toEqual([undefined, 0, 0]);
  });

  test('all rooms together keep what the budget allows', () => {
    const budget = new Budget(1_000);
    const rooms = Array.from({ length: 10 }, () => open({ budget, idWindow: 1_000 }));
    for (let seq = 1; seq <= 500; seq++) {
      for (const { ids } of rooms) ids.add(`id-${seq}`, seq, 0, 0);
      expect(budget.held).toBeLessThanOrEqual(1_000);
    }
    expect(rooms.filter(({ find }) => find('id-500') !== undefined).length).toBeGreaterThan(5);
    expect(budget.held).toBe(rooms.reduce((sum, { ids }) => sum + ids.size, 0));
  });

  test('gives the younger ids after the older ones, and says when none are left', () => {
    const { ids, find, budget } = open({ idWindow: 2 });
    for (let seq = 1; seq <= 3; seq++) ids.add(`id-${seq}`, seq, 0, 0);
    expect([ids.halve(), find('id-2'), find('id-3')?.seq, budget.held]).toEqual([true, undefined, 3, 1]);
    expect([ids.halve(), ids.size, budget.held, ids.halve()]).toEqual([true, 0, 0, false]);
  });
});

describe('fingerprint', () => {
  test('is a safe integer that depends on every byte and on their order', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 100_000; i++) seen.add(print(`message ${i}`));
    for (const text of ['', 'a', 'b', 'ab', 'ba', 'aab', 'aba']) seen.add(print(text));
    expect(seen.size).toBe(100_007);
    for (const value of seen) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
  });

  test('looks at its range alone', () => {
    expect(fingerprint(utf8Bytes('xxhelloyy'), 2, 7)).toBe(print('hello'));
  });
});
