import { describe, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { epoch, serverId, ticket } from '../../src/base/ids.ts';
import { MESSAGE } from '../../src/order/log.ts';
import { type MemoryLimits, MemoryLog } from '../../src/order/memory.ts';
import { emptySlot } from '../../src/order/readers.ts';
import { describeLog } from '../contract/log.ts';
import { MEMORY_LIMITS } from './limits.ts';

const EPOCH = epoch(1_790_000_000_000, serverId(7));
const NO_TICKET = ticket(0);
const GENEROUS = 1 << 30;

describeLog('the memory log', {
  make: (epochOf, slots, bytes, first) => new MemoryLog(epochOf, new Budget(GENEROUS), { slots, bytes }, first),
});

function open(limits: MemoryLimits = MEMORY_LIMITS, budget = new Budget(GENEROUS)) {
  const log = new MemoryLog(EPOCH, budget, limits, 1);
  const append = (seq: number, size = 100): void => {
    expect(log.append(log.committed, MESSAGE, seq, new Uint8Array(size), 0, size, NO_TICKET)).toBe(log.committed);
  };
  const has = (seq: number): boolean => log.read(seq, emptySlot());
  return { log, budget, append, has };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('the memory log', () => {
  test('keeps as many slots as it may', () => {
    const { log, append, has } = open({ slots: 1_024, bytes: 1 << 20 });
    for (const seq of range(1, 1_024)) append(seq);
    expect(log.floor).toBe(1);
    append(1_025);
    expect([log.floor, has(1), has(2), has(1_025)]).toEqual([2, false, true, true]);
    for (const seq of range(1_026, 5_000)) append(seq);
    expect(log.floor).toBe(5_000 - 1_023);
    expect(range(log.floor, 5_000).every(has)).toBe(true);
  });

  test('keeps as many bytes as it may, and the newest slot in any case', () => {
    const { log, append, has } = open({ slots: 1_024, bytes: 1_000 });
    for (const seq of range(1, 25)) append(seq, 100);
    expect([log.floor, has(15), has(16)]).toEqual([16, false, true]);
    append(26, 5_000);
    expect([log.floor, has(25), has(26)]).toEqual([26, false, true]);
  });

  test('a slot that is decided long after its neighbours pins no memory and frees none early', () => {
    const { log, append, has } = open({ slots: 16, bytes: 1 << 20 });
    append(1);
    for (const seq of range(3, 12)) append(seq);
    append(2);
    expect(range(1, 12).every(has)).toBe(true);
    for (const seq of range(13, 17)) append(seq);
    expect([log.floor, has(2), has(3)]).toEqual([2, true, true]);
    append(18);
    expect([log.floor, has(2), has(4)]).toEqual([4, false, true]);
    for (const seq of range(19, 100)) append(seq);
    expect(range(85, 100).every(has)).toBe(true);
    expect(log.floor).toBe(85);
  });

  test('a decision below the floor is committed and not kept', () => {
    const { log, append, has } = open({ slots: 8, bytes: 1 << 20 });
    for (const seq of range(2, 20)) append(seq);
    append(1);
    expect([log.committed, has(1), log.floor]).toEqual([20, false, 14]);
    expect(range(14, 20).every(has)).toBe(true);
  });

  test('a jump in the numbers forgets nothing that there is room for', () => {
    const { log, append, has } = open({ slots: 64, bytes: 1 << 20 });
    append(1);
    append(1_000_001);
    append(2_000_000);
    expect([1_000_001, 2_000_000].every(has)).toBe(true);
    append(3);
    expect(log.committed).toBe(4);
  });

  test('a quiet room costs less than a kilobyte, and an unused one nothing', () => {
    const { budget, append } = open();
    expect(budget.held).toBe(0);
    for (const seq of range(1, 4)) append(seq, 60);
    expect(budget.held).toBeLessThan(1_024);
  });

  test('memory stays what it is while messages of all sizes go by, and is given back at the end', () => {
    const { log, budget, append } = open({ slots: 1_024, bytes: 1 << 20 });
    for (const seq of range(1, 20_000)) append(seq, 50 + ((seq * 7_919) % 4_000));
    const held = budget.held;
    expect(held).toBeLessThan(2.1 * (1 << 20));
    for (const seq of range(20_001, 40_000)) append(seq, 50 + ((seq * 7_919) % 4_000));
    expect(budget.held).toBe(held);
    log.close();
    expect(budget.held).toBe(0);
  });
});

describe('a budget for all rooms', () => {
  test('is not exceeded for long: rooms halve what they keep, in turn, and each keeps its newest slots', () => {
    const budget = new Budget(400_000);
    const rooms = range(1, 20).map(() => open({ slots: 1_024, bytes: 1 << 20 }, budget));
    for (const seq of range(1, 2_000)) {
      for (const room of rooms) room.append(seq, 100);
      expect(budget.held).toBeLessThanOrEqual(budget.cap);
    }
    for (const { log, has } of rooms) {
      expect(log.floor).toBeLessThan(2_000);
      expect(range(log.floor, 2_000).every(has)).toBe(true);
    }
    for (const { log } of rooms) log.close();
    expect(budget.held).toBe(0);
  });

  test('a room that is told to halve gives memory back at once, and does not take it again', () => {
    const budget = new Budget(2_500_000);
    const others = 1_300_000;
    budget.grew(others);
    const { log, append, has } = open({ slots: 4_096, bytes: 1 << 20 }, budget);
    for (const seq of range(1, 4_000)) append(seq, 100);
    const before = budget.held - others;
    expect(before).toBeGreaterThan(1 << 20);
    expect(log.halve()).toBe(true);
    expect(budget.held - others).toBeLessThan(before * 0.4);
    expect(range(log.floor, 4_000).every(has)).toBe(true);
    expect(log.floor).toBeLessThan(3_000);
    for (const seq of range(4_001, 4_010)) append(seq, 100);
    expect(budget.held - others).toBeLessThanOrEqual(before * 0.6);
  });

  test('a room gives until only its newest slot is left, and says when it has nothing to give', () => {
    const { log, append, has, budget } = open();
    expect(log.halve()).toBe(false);
    for (const seq of range(1, 100)) append(seq, 2_000);
    let held = budget.held;
    while (log.halve()) {
      expect(budget.held).toBeLessThan(held);
      held = budget.held;
    }
    expect([log.floor, has(100)]).toEqual([100, true]);
    expect(budget.held).toBe(held);
  });

  test('a room that gave way keeps more again when others have gone', () => {
    const budget = new Budget(200_000);
    const [one, ...others] = range(1, 10).map(() => open({ slots: 1_024, bytes: 65_536 }, budget));
    for (const seq of range(1, 1_000)) for (const room of [one, ...others]) room?.append(seq, 100);
    const squeezed = 1_000 - (one?.log.floor ?? 0);
    for (const { log } of others) log.close();
    for (const seq of range(1_001, 4_000)) one?.append(seq, 100);
    expect(4_000 - (one?.log.floor ?? 0)).toBeGreaterThan(squeezed * 2);
  });
});
