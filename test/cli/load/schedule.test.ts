// When messages are to be sent: evenly, and with a rate that rises.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Schedule } from '../../../src/cli/load/schedule.ts';
import { sendOnTime } from '../../../src/cli/load/senders.ts';

describe('a schedule', () => {
  test('without a ramp is even', () => {
    const schedule = new Schedule(100, 2, 0);
    expect([schedule.messages, schedule.dueAt(0), schedule.dueAt(1), schedule.dueAt(150)]).toEqual([200, 0, 10, 1_500]);
    expect([schedule.dueBy(0), schedule.dueBy(9.9), schedule.dueBy(10), schedule.dueBy(1e9)]).toEqual([1, 1, 2, 200]);
  });

  test('with a ramp sends half of what it would during that, and its rate rises evenly', () => {
    const schedule = new Schedule(1_000, 10, 4);
    expect(schedule.messages).toBe(8_000);
    const sent = [1, 2, 3, 4, 5].map((second) => Math.round(schedule.dueBy(second * 1_000) - 1));
    expect(sent).toEqual([125, 500, 1_125, 2_000, 3_000]);
  });

  test('is as long as its ramp at most, and has one message at least', () => {
    expect(new Schedule(10, 2, 2).messages).toBe(10);
    expect(new Schedule(0.01, 0.1, 0).messages).toBe(1);
  });

  test('ends at its time, however long the next message would have taken', () => {
    expect(new Schedule(0.01, 0.1, 0).dueAt(1)).toBe(100);
    expect(new Schedule(0.6, 1, 0).dueAt(1)).toBe(1_000);
    expect(new Schedule(10, 2, 2).dueAt(10)).toBe(2_000);
  });

  test('times rise, and a message is due at its time and no earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 60 }), (rate, seconds) => {
        for (const share of [0, 0.3, 1]) {
          const schedule = new Schedule(rate, seconds, seconds * share);
          for (const number of [0, 1, Math.floor(schedule.messages / 2), schedule.messages - 1]) {
            if (number >= schedule.messages) continue;
            const due = schedule.dueAt(number);
            expect(schedule.dueBy(due + 1e-3)).toBeGreaterThan(number);
            if (due > 0) expect(schedule.dueBy(due - 1e-3)).toBeLessThanOrEqual(number);
            expect(schedule.dueAt(number + 1)).toBeGreaterThan(due);
            expect(due).toBeLessThanOrEqual(seconds * 1_000);
          }
        }
      }),
    );
  });
});

test('who waits for the time of the next message is called off at once', async () => {
  const calledOff = new AbortController();
  let sent = 0;
  const crowd = {
    send: async () => {
      sent++;
      queueMicrotask(() => calledOff.abort());
      return true;
    },
  };
  await sendOnTime(crowd, new Schedule(0.01, 3_600, 0), calledOff.signal);
  expect(sent).toBe(1);
});
