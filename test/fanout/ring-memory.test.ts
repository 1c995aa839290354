// The memory of all rings together: a budget is kept to, and what it costs is spread.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { World } from './world.ts';

/** What a tape of so many live bytes holds at least: a power of two. */
const tapeOf = (bytes: number) => Math.max(256, 2 ** Math.ceil(Math.log2(bytes)));

test('whatever is published, flushed rings hold no more than the cap and one frame', () => {
  const publication = fc.tuple(fc.nat(30), fc.integer({ min: 12, max: 9_000 }));
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 40_000 }), fc.array(publication, { maxLength: 120 }), (cap, list) => {
      const world = new World(cap);
      for (let i = 0; i < 31; i++) world.openRoom();
      for (const [index, size] of list) {
        const room = world.rooms[index] as (typeof world.rooms)[0];
        world.publish(room, size);
        expect(world.budget.held).toBeLessThanOrEqual(cap + tapeOf(size));
        world.flushRoom(room);
        world.check();
      }
    }),
    { numRuns: 100, seed: 11 },
  );
});

test('rings of one large frame each do not add up', () => {
  const world = new World(256 * 1024);
  const rooms = Array.from({ length: 200 }, () => world.openRoom());
  for (const room of rooms) {
    world.publish(room, 16_000);
    world.flushRoom(room);
  }
  expect(world.budget.held).toBeLessThanOrEqual(256 * 1024 + 16_384);
  world.check();
});

test('what no reader was offered yet stays, the newest of each ring, even over the cap', () => {
  const world = new World(1_000);
  const rooms = Array.from({ length: 50 }, () => world.openRoom());
  const reader = world.connect();
  for (const room of rooms) world.subscribe(reader, room);
  for (const room of rooms) world.publish(room, 200);
  expect(world.budget.held).toBe(50 * 256);
  world.flush(reader);
  expect([reader.received, reader.words]).toEqual([50, 0]);
});

test('the cost is spread: each ring gives in its turn', () => {
  const world = new World(200_000);
  const rooms = Array.from({ length: 10 }, () => world.openRoom());
  for (let i = 0; i < 4_000; i++) {
    const room = rooms[i % 10] as (typeof rooms)[0];
    world.publish(room, 100);
    world.flushRoom(room);
  }
  const kept = rooms.map((room) => room.ring.size);
  expect(Math.min(...kept)).toBeGreaterThan(20);
  expect(world.budget.held).toBeLessThanOrEqual(200_000);
});

test('rooms full of small frames are counted with their index, and give it back', () => {
  const cap = 100_000;
  const world = new World(cap);
  const rooms = Array.from({ length: 20 }, () => world.openRoom({ entries: 2_048 }));
  const held = (): number => rooms.reduce((sum, { ring }) => sum + ring.held, 0);
  for (let i = 0; i < 40_000; i++) {
    const room = rooms[i % 20] as (typeof rooms)[0];
    world.publish(room, 12);
    world.flushRoom(room);
  }
  expect(held()).toBeLessThanOrEqual(cap + 20 * 8 * 40);
  world.check();
});
