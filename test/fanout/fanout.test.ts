// Rings and outboxes against the model, in histories that fast-check makes and shortens.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Reader, type Room, TAKE_ALL, type Takes, World } from './world.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';

/** One step: what is done, and numbers that it chooses with. */
type Op = readonly [name: Name, a: number, b: number, size: number];

const NAMES = [
  'publish',
  'publish',
  'publish',
  'publish',
  'burst',
  'presence',
  'reserve',
  'decide',
  'say',
  'say',
  'pour',
  'subscribe',
  'subscribe',
  'unsubscribe',
  'rejoin',
  'flush',
  'flushRoom',
  'flushRoom',
  'flushAll',
  'drained',
  'drained',
  'drainedAll',
  'takes',
  'takes',
  'age',
  'halve',
  'close',
] as const;
type Name = (typeof NAMES)[number];

interface Shape {
  readonly readers: number;
  readonly rooms: number;
  readonly entries: number;
  readonly bytes: number;
  readonly cap: number;
  readonly gone: boolean;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  readers: fc.integer({ min: 1, max: 4 }),
  rooms: fc.integer({ min: 1, max: 5 }),
  entries: fc.constantFrom(1, 2, 3, 8, 9, 100),
  bytes: fc.constantFrom(400, 3_000, 1 << 20),
  cap: fc.constantFrom(600, 4_000, 1 << 30),
  gone: fc.boolean(),
});
const size = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 12, max: 60 }) },
  { weight: 4, arbitrary: fc.integer({ min: 60, max: 400 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 65_537 }) },
);
const op: fc.Arbitrary<Op> = fc.tuple(fc.constantFrom(...NAMES), fc.nat(1_000), fc.nat(1_000), size);

/** How much a transport takes, each time by other rules; -1 only where connections may go. */
function takesBy(kind: number, seed: number, mayGo: boolean): Takes {
  let state = seed + 1;
  const chance = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  switch (kind % 8) {
    case 0:
      return () => 0;
    case 1:
      return () => 1;
    case 2:
      return (asked) => chance(asked + 1);
    case 3:
      return (asked) => Math.min(asked, 40);
    case 4:
      // Whole frames only.
      return (_asked, ends) => ends[chance(ends.length + 1) - 1] ?? 0;
    case 5:
      return mayGo ? () => -1 : TAKE_ALL;
    default:
      return TAKE_ALL;
  }
}

const pick = <T>(items: readonly T[], n: number): T => items[n % items.length] as T;

function apply(world: World, [name, a, b, bytes]: Op, mayGo: boolean): void {
  const room = pick(world.rooms, a);
  const reader = pick(world.readers, b);
  world.now += a % 7;
  switch (name) {
    case 'publish':
      return publish(world, room, bytes, b);
    case 'burst':
      for (let i = 0; i < a % 30; i++) world.publish(pick(world.rooms, i + b), 12 + ((i * b) % 50));
      return;
    case 'presence':
      world.publish(room, bytes, 'presence');
      return;
    case 'reserve':
      return world.reserve(room);
    case 'decide':
      if (room.reserved.length > 0) world.publish(room, bytes, 'reserved');
      return;
    case 'say':
      return world.say(reader, bytes);
    case 'pour':
      if (!reader.outbox.pouring) world.pour(reader, a % 12, Math.min(bytes, 20_000), 1 + (b % 5), b % 2 === 0);
      return;
    case 'subscribe':
      if (!world.reads(reader, room)) world.subscribe(reader, room);
      return;
    case 'unsubscribe':
      return world.unsubscribe(reader, room);
    case 'rejoin':
      world.unsubscribe(reader, room);
      return world.subscribe(reader, room);
    case 'flush':
      return world.flush(reader);
    case 'flushRoom':
      return world.flushRoom(room);
    case 'flushAll':
      return flushAll(world);
    case 'drained':
      return world.drained(reader);
    case 'drainedAll':
      for (const each of world.readers) world.drained(each);
      return;
    case 'takes':
      reader.takes = takesBy(a, b, mayGo);
      return;
    case 'age':
      world.now += a * 3;
      return world.age(room);
    case 'halve':
      room.ring.halve();
      return;
    case 'close':
      if (mayGo && a % 10 === 0) world.close(reader);
      return;
    default:
      name satisfies never;
  }
}

function publish(world: World, room: Room, bytes: number, b: number): void {
  const early = world.publish(room, bytes);
  if (early && b % 2 === 0) world.flushRoom(room);
}

function flushAll(world: World): void {
  for (const room of world.rooms) world.flushRoom(room);
  for (const reader of world.readers) world.flush(reader);
}

/** Runs a history, then lets every connection take everything. */
function run({ readers, rooms, entries, bytes, cap, gone }: Shape, ops: readonly Op[]): World {
  const world = new World(cap);
  for (let i = 0; i < rooms; i++) world.openRoom({ entries, bytes, ageMs: 1_500 });
  for (let i = 0; i < readers; i++) {
    const reader = world.connect();
    for (const room of world.rooms) if ((room.index + i) % 3 !== 2) world.subscribe(reader, room);
  }
  for (const each of ops) {
    apply(world, each, gone);
    world.check();
  }
  for (const reader of world.readers) finish(world, reader);
  world.check();
  for (const room of world.rooms) {
    world.now += 10_000;
    world.age(room);
    expect(room.ring.tape.held).toBe(0);
  }
  expect(world.budget.held).toBe(0);
  return world;
}

function finish(world: World, reader: Reader): void {
  reader.takes = TAKE_ALL;
  world.drained(reader);
  world.flush(reader);
  expect(reader.outbox.empty).toBe(true);
  expect(reader.outbox.held).toBe(0);
}

test('whatever happens, every connection gets what was decided for it, in order, or is told what it lacks', () => {
  let words = 0;
  let frames = 0;
  fc.assert(
    fc.property(shape, fc.array(op, { maxLength: 150, size: 'max' }), (form, ops) => {
      for (const reader of run(form, ops).readers) {
        words += reader.words;
        frames += reader.received;
      }
    }),
    { numRuns: LONG ? 20_000 : 400, seed: LONG ? Date.now() : 20_260_101, includeErrorInReport: true },
  );
  console.log(`${frames} frames compared, readers were overtaken ${words} times`);
  // A model that nothing is compared with would prove nothing.
  expect(frames).toBeGreaterThan(10_000);
  expect(words).toBeGreaterThan(200);
}, 600_000);
