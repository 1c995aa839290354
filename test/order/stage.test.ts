// The stage: a home with one decides and answers as a home without, and publishes the same in the same order, only later.

import { afterAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { useLibrary } from '../../src/base/library.ts';
import { SENT } from '../../src/base/outcome.ts';
import { openLibrary } from '../../src/net/library.ts';
import { EPOCH, message, NOW, Room, readAll, user } from './room.ts';

/** What is done to both homes; the answer is compared. */
type Step = (room: Room, now: number) => unknown;

const who = fc.integer({ min: 1, max: 4 });
const seq = fc.integer({ min: 1, max: 60 });
const text = fc.tuple(fc.constantFrom('a', 'bc', 'def'), fc.oneof(fc.nat(30), fc.nat(300)));
const id = fc.constantFrom('', '', '', 'id-number-1', 'id-number-2');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(who, text, id).map(
      ([n, [word, times], name]): Step =>
        (room, now) => {
          const outcome = room.send(user(n), word.repeat(times + 1), { id: name, now });
          return [outcome, room.home.sentSeq, room.home.next];
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(who, seq).map(
      ([n, own]): Step =>
        (room, now) => [room.send(user(n), 'mine', { seq: own, now }), room.home.sentSeq],
    ),
  },
  {
    weight: 3,
    arbitrary: who.map(
      (n): Step =>
        (room, now) =>
          room.home.reserve(user(n), now),
    ),
  },
  {
    weight: 1,
    arbitrary: who.map(
      (n): Step =>
        (room, now) =>
          room.home.release(user(n), now),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((room, now) => room.home.tick(now)) },
  {
    weight: 1,
    arbitrary: seq.map(
      (at): Step =>
        (room, now) =>
          room.find(at, now),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((room) => room.home.floor) },
  {
    weight: 1,
    arbitrary: seq.map(
      (from): Step =>
        (room) =>
          readAll(room.home.history(EPOCH, from, 9)),
    ),
  },
  {
    weight: 1,
    arbitrary: seq.map(
      (last): Step =>
        (room) =>
          readAll(room.home.resume(EPOCH, last)),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((room) => readAll(room.home.ahead())) },
  { weight: 2, arbitrary: fc.constant<Step>((room) => room.home.publishStaged()) },
);

describe.each([false, true])('with a library: %p', (withLibrary) => {
  afterAll(() => useLibrary(undefined));

  test('a home that stages says what one says that does not', () => {
    useLibrary(withLibrary ? openLibrary() : undefined);
    const steps = fc.array(fc.tuple(step, fc.nat(400)), { maxLength: 150 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.constantFrom(5, 1_024), steps, (staged, slots, list) => {
        const memory = { slots, bytes: 65_536 };
        const plain = new Room({ memory });
        const stage = new Room({ memory, staged });
        let now = NOW;
        for (const [act, ms] of list) {
          if (ms > 390) now += ms;
          expect(act(stage, now)).toEqual(act(plain, now));
          expect(stage.published).toEqual(plain.published.slice(0, stage.published.length));
        }
        stage.home.publishStaged();
        expect(stage.published).toEqual(plain.published);
        expect(stage.lows).toEqual(plain.lows);
        expect([stage.settlements.length, stage.dueAt]).toEqual([plain.settlements.length, plain.dueAt]);
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

test('messages wait until they are asked for, and say so once', () => {
  const room = new Room({ staged: 8 });
  for (const text of ['one', 'two']) expect(room.send(user(1), text)).toBe(SENT);
  expect([room.frames, room.waiting, room.home.next]).toEqual([[], true, 3]);
  room.home.publishStaged();
  expect([room.frames, room.waiting]).toEqual([[message(1, 'one'), message(2, 'two')], false]);
  room.home.publishStaged();
  expect(room.frames).toHaveLength(2);
});

test('what has no place on the stage goes by itself, behind what is there', () => {
  const room = new Room({ staged: 2 });
  for (const text of ['one', 'two', 'three', 'four']) room.send(user(1), text);
  expect(room.frames).toEqual([message(1, 'one'), message(2, 'two'), message(3, 'three')]);
  const long = 'x'.repeat(8_000);
  room.send(user(1), long);
  room.send(user(1), `${long}${long}`);
  room.home.publishStaged();
  expect(room.frames.slice(3)).toEqual([message(4, 'four'), message(5, long), message(6, `${long}${long}`)]);
});

test('a room that ends publishes first', () => {
  const room = new Room({ staged: 8 });
  room.send(user(1), 'last words');
  room.home.close();
  expect(room.frames).toEqual([message(1, 'last words')]);
});

test('more rooms than stage at a time lose nothing', () => {
  const rooms = Array.from({ length: 200 }, () => new Room({ staged: 8 }));
  for (const room of rooms) for (const text of ['one', 'two']) room.send(user(1), text);
  const waiting = rooms.filter((room) => room.waiting).length;
  expect(waiting).toBeGreaterThan(0);
  expect(waiting).toBeLessThan(200);
  for (const room of rooms) room.home.publishStaged();
  for (const room of rooms) expect(room.frames).toEqual([message(1, 'one'), message(2, 'two')]);
});
