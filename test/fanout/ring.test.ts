// Rings: what they keep, what they forget, when they ask to be flushed, what they hold.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Ring, Stamps } from '../../src/fanout/ring.ts';
import { TAKE_ALL, World } from './world.ts';

test('a ring is bounded by entries, bytes and age', () => {
  const world = new World();
  const room = world.openRoom({ entries: 3, bytes: 250, ageMs: 1_000 });
  for (let i = 0; i < 9; i++) world.publish(room, 50);
  expect([room.ring.size, room.ring.floor]).toEqual([3, 7]);
  world.publish(room, 150);
  expect([room.ring.size, room.ring.floor]).toEqual([3, 8]);
  world.publish(room, 190);
  expect([room.ring.size, room.ring.floor]).toEqual([1, 11]);
  world.now += 1_000;
  world.age(room);
  expect(room.ring.size).toBe(1);
  world.now += 1;
  world.age(room);
  expect([room.ring.size, room.ring.floor, room.ring.tape.held]).toEqual([0, 12, 0]);
  world.check();
});

test('a full ring does not double its index for the entry to come', () => {
  const world = new World();
  const room = world.openRoom({ entries: 1_024 });
  for (let i = 0; i < 5_000; i++) world.publish(room, 20);
  expect(room.ring.held - room.ring.tape.held).toBe(1_024 * 40);
});

test('entries are found by position, stamp and slot through every growth of the index', () => {
  const world = new World();
  const room = world.openRoom({ entries: 100 });
  const { ring } = room;
  for (let i = 0; i < 333; i++) {
    world.publish(room, 20 + ((i * 7) % 40));
    const kept = room.kept.length;
    let position = ring.tape.tail;
    const first = ring.entryAt(position);
    for (let n = 0; n < kept; n++) {
      const { length } = room.kept[n]?.bytes ?? { length: 0 };
      expect(ring.startOf(first + n)).toBe(position);
      expect(ring.endOf(first + n)).toBe(position + length);
      expect(ring.entryAt(position + length - 1)).toBe(first + n);
      expect(ring.stampOf(first + n)).toBe(world.stamps.last - kept + 1 + n);
      expect(ring.lowAt(position)).toBe(room.kept[n]?.lowBefore ?? 0);
      position += length;
    }
    expect(position).toBe(ring.tape.head);
    expect(ring.stampOf(ring.entryAt(position))).toBe(Number.POSITIVE_INFINITY);
    expect(ring.lowAt(position)).toBe(room.next);
  }
});

test('flushed when it asks, a ring never overtakes a reader that takes what it is offered', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.tuple(fc.integer({ min: 12, max: 100 }), fc.boolean()), { minLength: 30, maxLength: 200 }),
      (entries, messages) => {
        const world = new World();
        const room = world.openRoom({ entries, bytes: 200 });
        const other = world.openRoom({ entries, bytes: 200 });
        const reader = world.connect();
        for (const each of [room, other]) world.subscribe(reader, each);
        for (const [size, first] of messages) {
          const to = first ? room : other;
          if (world.publish(to, size)) world.flushRoom(to);
        }
        world.flush(reader);
        expect(reader.words).toBe(0);
        expect(reader.received).toBe(messages.length);
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('a ring asks to be flushed when half of it is new, not before', () => {
  const world = new World();
  const room = world.openRoom({ entries: 10, bytes: 1_000 });
  const asks = () => Array.from({ length: 6 }, () => world.publish(room, 20));
  expect(asks()).toEqual([false, false, false, false, false, true]);
  world.flushRoom(room);
  expect(asks()).toEqual([false, false, false, false, false, true]);
  world.flushRoom(room);
  expect(world.publish(room, 500)).toBe(false);
  expect(world.publish(room, 20)).toBe(true);
});

test('halving leaves the newer half; a single entry goes once it was flushed', () => {
  const world = new World();
  const room = world.openRoom();
  const sizes: number[] = [];
  for (let i = 0; i < 9; i++) world.publish(room, 20);
  for (let i = 0; i < 6; i++) {
    sizes.push(room.ring.size);
    expect(room.ring.halve()).toBe(i < 3);
  }
  expect(sizes).toEqual([9, 4, 2, 1, 1, 1]);
  world.flushRoom(room);
  expect(room.ring.halve()).toBe(true);
  expect(room.ring.halve()).toBe(false);
  expect([room.ring.size, room.ring.tape.held]).toEqual([0, 0]);
  world.publish(room, 20);
  expect(room.ring.size).toBe(1);
  world.check();
});

test('who left in any order is off the list, and the others know their places', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(1_000)), (numbers) => {
      const world = new World();
      const room = world.openRoom();
      const readers = Array.from({ length: 12 }, () => world.connect(TAKE_ALL));
      for (let i = 0; i < 60; i++) {
        const reader = readers[(numbers.next().value as number) % 12] as (typeof readers)[0];
        if (world.reads(reader, room)) world.unsubscribe(reader, room);
        else world.subscribe(reader, room);
        if (i % 7 === 0) world.publish(room, 20);
        if (i % 11 === 0) world.flushRoom(room);
        world.check();
      }
    }),
    { numRuns: 50, seed: 3 },
  );
});

test('a ring closed with bytes in it is not counted any more, and is still read by who left', () => {
  const world = new World();
  const room = world.openRoom({ ageMs: 1_000 });
  const reader = world.connect(() => 0);
  world.subscribe(reader, room);
  for (let i = 0; i < 9; i++) world.publish(room, 100);
  world.unsubscribe(reader, room);
  expect(world.budget.held).toBeGreaterThan(900);
  world.closeRoom(room);
  world.closeRoom(room);
  expect(world.budget.held).toBe(0);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.received).toBe(9);
  world.now += 5_000;
  world.age(room);
  expect(room.ring.tape.held).toBe(0);
  expect(world.budget.held).toBe(0);
});

test('two rings share one order of decision', () => {
  const world = new World();
  const rings: readonly Ring[] = [world.openRoom().ring, world.openRoom().ring];
  expect(world.stamps).toBeInstanceOf(Stamps);
  world.rooms.forEach((room) => {
    world.publish(room, 20);
  });
  expect(rings.map((ring) => ring.newest)).toEqual([1, 2]);
  rings[0]?.age(world.now + 1e13);
  expect(rings.map((ring) => [ring.newest, ring.evicted])).toEqual([
    [1, 1],
    [2, 0],
  ]);
});

test('a ring in use keeps its memory when it ages; one that is quiet gives it back', () => {
  const world = new World();
  const room = world.openRoom();
  for (let i = 0; i < 200; i++) world.publish(room, 100);
  const { buffer, held } = room.ring.tape;
  room.ring.age(0);
  expect(room.ring.tape.buffer).toBe(buffer);
  expect(room.ring.tape.held).toBe(held);
  room.ring.age(Number.MAX_SAFE_INTEGER);
  expect(room.ring.tape.held).toBe(0);
});
