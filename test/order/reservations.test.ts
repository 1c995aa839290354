import { describe, expect, test } from 'bun:test';
import { serverId, uid } from '../../src/base/ids.ts';
import { Penalties, Reservations } from '../../src/order/reservations.ts';
import { PENALTY_LIMITS } from './limits.ts';

const user = (n: number) => uid(serverId(1), n);
const [ann, bob] = [user(1), user(2)];

describe('reservations', () => {
  test('are found by holder and by seq, and end in order', () => {
    const held = new Reservations();
    held.add({ seq: 4, holder: ann, deadline: 100 });
    held.add({ seq: 6, holder: bob, deadline: 200 });
    expect([held.size, held.deadline]).toEqual([2, 100]);
    expect([held.of(ann)?.seq, held.at(6)?.holder, held.at(5)]).toEqual([4, bob, undefined]);
    expect(held.takeEnded(99)).toBeUndefined();
    expect(held.takeEnded(100)?.seq).toBe(4);
    expect(held.takeEnded(100)).toBeUndefined();
    expect(held.deadline).toBe(200);
  });
});

describe('penalties', () => {
  test('the wait doubles from ten seconds to ten minutes', () => {
    const penalties = new Penalties(PENALTY_LIMITS);
    let now = 0;
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      penalties.missed(ann, now);
      waits.push(penalties.waitMs(ann, now) / 1_000);
      now += penalties.waitMs(ann, now);
      expect(penalties.waitMs(ann, now)).toBe(0);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
    expect(penalties.waitMs(bob, now)).toBe(0);
  });

  test('using one wipes it out, and so do ten minutes without another miss', () => {
    const penalties = new Penalties(PENALTY_LIMITS);
    penalties.missed(ann, 0);
    penalties.missed(ann, 10_000);
    penalties.used(ann);
    penalties.missed(ann, 40_000);
    expect(penalties.waitMs(ann, 40_000)).toBe(10_000);
    penalties.missed(ann, 50_000 + 600_000);
    expect(penalties.waitMs(ann, 650_000)).toBe(10_000);
    penalties.missed(ann, 660_000 + 599_999);
    expect(penalties.waitMs(ann, 1_259_999)).toBe(20_000);
  });

  test('remembers so many holders and no more, the latest ones', () => {
    const penalties = new Penalties(PENALTY_LIMITS, 100);
    for (let n = 0; n < 1_000; n++) penalties.missed(user(n), n);
    expect(penalties.size).toBe(100);
    expect(penalties.waitMs(user(999), 1_000)).toBeGreaterThan(0);
    expect(penalties.waitMs(user(899), 1_000)).toBe(0);
    penalties.missed(user(950), 1_001);
    for (let n = 2_000; n < 2_060; n++) penalties.missed(user(n), 1_002);
    expect(penalties.waitMs(user(950), 1_003)).toBeGreaterThan(10_000);
    expect(penalties.waitMs(user(951), 1_003)).toBe(0);
    penalties.missed(user(1_000), 10_000_000);
    expect(penalties.size).toBe(1);
  });
});
