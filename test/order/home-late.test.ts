// A home whose log answers late, out of order, twice, with a refusal, or not at all.

import { describe, expect, test } from 'bun:test';
import type { Ticket } from '../../src/base/ids.ts';
import { ID_REUSED, SENT, SENT_BEFORE, type SendOutcome, UNAVAILABLE, WAITING } from '../../src/base/outcome.ts';
import { REFUSED } from '../../src/order/log.ts';
import type { Fate } from '../support/late-log.ts';
import { EPOCH, message, NOW, Room, readAll, skipped, user } from './room.ts';

const [ann, bob] = [user(1), user(2)];

/** A room whose appends come to the fates given, and to the last of them for ever. */
function roomWith(...fates: Fate[]): { room: Room; fates: Fate[] } {
  const left = [...fates];
  return { room: new Room({ fate: () => (left.length > 1 ? left.shift() : left[0]) as Fate }), fates: left };
}

const outcomes = (room: Room): [SendOutcome, number][] => room.settlements.map(({ outcome, seq }) => [outcome, seq]);

describe('a log that answers late', () => {
  test('nothing is published before it is committed', () => {
    const { room } = roomWith('late');
    const asker = {};
    expect(room.send(ann, 'one', { asker, id: 'id-00001' })).toBe(WAITING);
    expect([room.published.length, room.home.next, room.find(1)]).toEqual([0, 1, 'pending']);
    expect(readAll(room.home.history(EPOCH, 0, 10))).toEqual([]);
    expect(readAll(room.home.resume(EPOCH, 0))).toEqual([]);
    expect(room.home.ahead()).toBeUndefined();
    room.answer();
    expect(room.frames).toEqual([message(1, 'one', 'id-00001')]);
    expect(room.settlements).toEqual([{ asker, outcome: SENT, seq: 1, id: 'id-00001' }]);
    expect([room.home.next, room.find(1)]).toEqual([2, message(1, 'one', 'id-00001')]);
  });

  test('answers out of order are published in order, repeats are ignored', () => {
    const { room } = roomWith('late');
    for (const text of ['one', 'two', 'three']) room.send(ann, text);
    room.answer(2);
    room.answer(1);
    expect(room.published).toEqual([]);
    room.answer();
    expect(room.frames).toEqual([message(1, 'one'), message(2, 'two'), message(3, 'three')]);
    for (const { ticket, result } of room.late?.given ?? []) room.home.done(ticket, result, NOW);
    expect(room.published.length).toBe(3);
    expect(room.settlements.length).toBe(3);
  });

  test('a refusal of what was committed already is ignored', () => {
    const { room } = roomWith('late');
    room.send(ann, 'one');
    room.send(ann, 'two');
    room.answer(1);
    room.home.done(room.tickets[1] as Ticket, REFUSED, NOW);
    room.answer();
    room.home.done(room.tickets[0] as Ticket, REFUSED, NOW);
    expect(room.frames).toEqual([message(1, 'one'), message(2, 'two')]);
    expect(room.home.next).toBe(3);
  });

  test('what is committed at once waits for what is before it', () => {
    const { room } = roomWith('late', 'now');
    room.send(ann, 'one');
    expect(room.send(ann, 'two')).toBe(WAITING);
    expect(room.published).toEqual([]);
    room.answer();
    expect(room.frames).toEqual([message(1, 'one'), message(2, 'two')]);
    expect(outcomes(room)).toEqual([
      [SENT, 1],
      [SENT, 2],
    ]);
    expect(room.send(ann, 'three')).toBe(SENT);
  });

  test('somebody who sends the same id again waits with the first', () => {
    const { room } = roomWith('late');
    const again = {};
    room.send(ann, 'one', { id: 'id-00001' });
    expect(room.send(ann, 'one', { id: 'id-00001', asker: again })).toBe(WAITING);
    expect(room.send(ann, 'two', { id: 'id-00001' })).toBe(ID_REUSED);
    room.answer();
    expect(room.published.length).toBe(1);
    expect(outcomes(room)).toEqual([
      [SENT, 1],
      [SENT_BEFORE, 1],
    ]);
    expect(room.settlements[1]?.asker).toBe(again);
    expect(room.send(ann, 'one', { id: 'id-00001' })).toBe(SENT_BEFORE);
  });

  test('so much may wait and no more', () => {
    const room = new Room({ fate: () => 'late', limits: { pendingEntries: 3, pendingBytes: 10_000 } });
    for (let i = 0; i < 3; i++) expect(room.send(ann, 'x')).toBe(WAITING);
    expect(room.send(ann, 'x')).toBe(UNAVAILABLE);
    for (let i = 0; i < 3; i++) room.answer();
    expect(room.send(ann, 'x'.repeat(9_000))).toBe(WAITING);
    expect(room.send(ann, 'x'.repeat(1_000))).toBe(UNAVAILABLE);
    expect(room.send(ann, 'x'.repeat(100))).toBe(WAITING);
    expect(room.home.next).toBe(4);
    for (let i = 0; i < 100; i++) {
      while ((room.late?.owed.length ?? 0) > 1) room.answer();
      expect(room.send(ann, 'x'.repeat(500))).toBe(WAITING);
    }
  });

  test('repeating an id does not pile up without end', () => {
    const room = new Room({ fate: () => 'late', limits: { pendingEntries: 3 } });
    const answers = Array.from({ length: 100 }, () => room.send(ann, 'x', { id: 'id-00001' }));
    expect(answers.filter((answer) => answer === WAITING).length).toBe(6);
    expect(answers.at(-1)).toBe(UNAVAILABLE);
  });

  test('after twenty seconds the outcome is unknown, and the entry stays where it is', () => {
    const { room, fates } = roomWith('lost');
    room.send(ann, 'one', { id: 'id-00001' });
    expect(room.dueAt).toBe(NOW + 20_000);
    room.home.tick(NOW + 19_999);
    expect(room.settlements).toEqual([]);
    room.home.tick(NOW + 20_000);
    expect(outcomes(room)).toEqual([[UNAVAILABLE, 0]]);
    fates[0] = 'late';
    expect(room.send(ann, 'one', { id: 'id-00001', now: NOW + 20_001 })).toBe(WAITING);
    expect(room.send(bob, 'two')).toBe(WAITING);
    room.answer();
    expect(room.published).toEqual([]);
    room.home.done(room.tickets[0] as Ticket, 1, NOW + 30_000);
    expect(room.frames).toEqual([message(1, 'one', 'id-00001'), message(2, 'two')]);
    expect(outcomes(room).slice(1)).toEqual([
      [SENT_BEFORE, 1],
      [SENT, 2],
    ]);
  });

  test('those who wait when the room ends are answered', () => {
    const { room } = roomWith('late');
    room.send(ann, 'one');
    room.home.close();
    expect(outcomes(room)).toEqual([[UNAVAILABLE, 0]]);
    room.answer();
    expect(room.published).toEqual([]);
  });
});

describe('a log that refuses', () => {
  test('at once: the message is unavailable and no number is lost', () => {
    const { room } = roomWith('refused', 'now');
    expect(room.send(ann, 'one')).toBe(UNAVAILABLE);
    expect(room.send(ann, 'two')).toBe(SENT);
    expect(room.frames).toEqual([message(1, 'two')]);
  });

  test('at once: a reservation lives on, and can be filled later', () => {
    const { room } = roomWith('refused', 'now');
    const seq = room.reserve(ann);
    expect(room.send(ann, 'one', { seq })).toBe(UNAVAILABLE);
    expect(room.send(ann, 'one', { seq })).toBe(SENT);
  });

  test('late: the entry and all behind it fail, and their slots stay empty', () => {
    const { room, fates } = roomWith('late', 'refused-late', 'late');
    const seq = room.reserve(bob);
    for (const text of ['two', 'three', 'four']) room.send(ann, text, { id: `id-for-${text}` });
    expect(room.send(bob, 'one', { seq })).toBe(WAITING);
    room.answer();
    expect(room.frames).toEqual([message(2, 'two', 'id-for-two')]);
    room.answer();
    expect(outcomes(room)).toEqual([
      [SENT, 2],
      [UNAVAILABLE, 0],
      [UNAVAILABLE, 0],
      [UNAVAILABLE, 1],
    ]);
    expect(room.send(ann, 'five')).toBe(UNAVAILABLE);
    expect(room.home.reserve(ann, NOW)).toEqual({ kind: 'unavailable' });
    expect([room.find(1), room.find(3)]).toEqual(['pending', 'pending']);
    fates[0] = 'now';
    expect(room.dueAt).toBe(NOW + 100);
    room.home.tick(NOW + 100);
    expect(room.frames.slice(1)).toEqual([skipped(3), skipped(4), skipped(1)]);
    expect(room.home.next).toBe(5);
    // The answers that the log still owes for what failed mean nothing.
    room.answer();
    room.answer();
    expect(room.send(ann, 'three', { id: 'id-for-three' })).toBe(SENT);
    expect(room.frames.at(-1)).toBe(message(5, 'three', 'id-for-three'));
  });

  test('it is asked again, less and less often, until it takes the empty slots', () => {
    const { room, fates } = roomWith('refused-late', 'refused');
    room.send(ann, 'one');
    room.answer();
    const waits: number[] = [];
    for (let i = 0, now = NOW; i < 8; i++) {
      waits.push(room.dueAt - now);
      now = room.dueAt;
      room.home.tick(now);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    fates[0] = 'late';
    room.home.tick(room.dueAt);
    expect(room.send(ann, 'two')).toBe(WAITING);
    room.answer();
    expect(room.frames).toEqual([skipped(1)]);
    room.answer();
    expect(room.frames).toEqual([skipped(1), message(2, 'two')]);
    fates[0] = 'refused-late';
    room.send(ann, 'three');
    room.answer();
    expect(room.dueAt).toBe(NOW + 100);
  });

  test('a reservation that ends meanwhile is skipped after it, and does not hurry the log', () => {
    let asked = 0;
    const fates: Fate[] = ['refused'];
    const room = new Room({
      fate: () => {
        asked++;
        return fates[0] as Fate;
      },
    });
    room.reserve(ann);
    room.reserve(bob);
    room.home.tick(NOW + 5_000);
    expect([room.published.length, room.home.next, asked]).toEqual([0, 1, 1]);
    fates[0] = 'now';
    room.home.tick(room.dueAt);
    expect(room.frames).toEqual([skipped(1), skipped(2)]);
    expect(room.home.next).toBe(3);
  });
});
