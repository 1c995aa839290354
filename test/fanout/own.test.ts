// Own queues: marks, sources, and what a queue may take along to its next connection, which is nothing.

import { expect, test } from 'bun:test';
import type { Tape } from '../../src/base/tape.ts';
import { Own } from '../../src/fanout/own.ts';
import { World } from './world.ts';

const NOTHING = new Uint8Array(0);
const bytes = (length: number) => new Uint8Array(length).fill(65);

test('each byte has the stamp it was said with', () => {
  const own = new Own();
  for (const [length, stamp] of [
    [3, 1],
    [2, 1],
    [4, 5],
    [1, 9],
  ] as const) {
    own.append(bytes(length), 0, length, stamp);
  }
  expect(Array.from({ length: 10 }, (_, at) => own.stampAt(at))).toEqual([1, 1, 1, 1, 1, 5, 5, 5, 5, 9]);
  expect([2, 5, 6, 9, 10].map((before) => own.endBefore(before, 0))).toEqual([5, 5, 9, 9, 10]);
  own.written(4);
  expect(own.nextStamp()).toBe(1);
  own.written(7);
  expect(own.nextStamp()).toBe(5);
  expect(own.endBefore(9, 7)).toBe(9);
  own.written(10);
  expect(own.nextStamp()).toBeUndefined();
});

test('a source is asked only when everything before was written, and never again when it is done', () => {
  const own = new Own();
  let asked = 0;
  own.append(bytes(5), 0, 5, 1);
  own.pour((tape: Tape) => {
    asked++;
    tape.append(bytes(5), 0, 5);
    return asked < 2;
  }, 3);
  own.append(bytes(5), 0, 5, 4);
  expect([own.nextStamp(), asked, own.length]).toEqual([1, 0, 10]);
  own.written(5);
  expect([own.nextStamp(), asked, own.filling]).toEqual([3, 1, true]);
  own.written(10);
  expect([own.nextStamp(), asked, own.filling, own.goesOn]).toEqual([3, 2, false, true]);
  own.written(15);
  expect(own.nextStamp()).toBeUndefined();
  const after = own.takeAfter() as Own;
  expect([after.nextStamp(), after.length, own.goesOn]).toEqual([4, 5, false]);
  expect(asked).toBe(2);
});

test('a source that goes on without making anything is a fault of ours, not a loop for ever', () => {
  const own = new Own();
  own.pour(() => true, 1);
  expect(() => own.nextStamp()).toThrow('a source that goes on makes something');
});

test('two sources at once are a fault of ours', () => {
  const own = new Own();
  own.pour(() => false, 1);
  expect(() => own.pour(() => false, 1)).toThrow('one source at a time');
});

test('a queue that grew large is not kept for the next connection', () => {
  // Whatever earlier tests left is taken out first.
  const taken = new Set(Array.from({ length: 64 }, () => Own.take()));
  const [small, large] = [Own.take(), Own.take()];
  taken.add(small).add(large);
  small.append(bytes(100), 0, 100, 1);
  small.written(100);
  large.append(bytes(300_000), 0, 300_000, 1);
  large.written(300_000);
  for (const own of [small, large]) own.release();
  expect(Own.take()).toBe(small);
  expect(taken.has(Own.take())).toBe(false);
});

test('no more than some queues wait for connections', () => {
  const owns = Array.from({ length: 700 }, () => Own.take());
  for (const own of owns) own.release();
  const again = Array.from({ length: 700 }, () => Own.take()).filter((own) => owns.includes(own));
  expect(again).toHaveLength(512);
  expect(new Set(again).size).toBe(512);
});

test('a queue taken over from a connection of another server knows nothing of its order', () => {
  const far = new World();
  const busy = far.openRoom();
  for (let i = 0; i < 1_000; i++) far.publish(busy, 20);
  for (let i = 0; i < 100; i++) {
    const reader = far.connect();
    reader.outbox.say(NOTHING, 0, 0);
    far.flush(reader);
  }
  const world = new World();
  const room = world.openRoom();
  for (let i = 0; i < 100; i++) {
    const reader = world.connect();
    world.subscribe(reader, room);
    world.say(reader, 20);
    world.publish(room, 20);
    world.say(reader, 20);
    world.flush(reader);
    expect(reader.received).toBe(3);
    world.close(reader);
  }
});
