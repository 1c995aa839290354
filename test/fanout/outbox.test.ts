// Outboxes in single scenes: one a promise, most of them with the model of World comparing every byte on the way.

import { heapStats } from 'bun:jsc';
import { expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { connectionId } from '../../src/base/ids.ts';
import { Outbox, type Transport } from '../../src/fanout/outbox.ts';
import { Ring, Stamps } from '../../src/fanout/ring.ts';
import { TAKE_ALL, World } from './world.ts';

const NONE = () => 0;
const LIMITS = { entries: 64, bytes: 1 << 20, ageMs: 60_000 };

/** A ring and an outbox that reads it, with nothing between the test and what is offered. */
function bare(offer: Transport['offer'], lagged: Ring['lagged'] = (from, to) => utf8Bytes(`<L,${from},${to}>\n`)) {
  const stamps = new Stamps();
  const ring = new Ring(LIMITS, stamps, new Budget(1 << 30), 1, lagged);
  const outbox = new Outbox(connectionId(7), { transport: { offer }, stamps });
  let seq = 0;
  const publish = (text: string) => {
    const bytes = utf8Bytes(text);
    seq++;
    return ring.append(bytes, 0, bytes.length, seq, seq + 1, 0);
  };
  const say = (text: string) => {
    const bytes = utf8Bytes(text);
    outbox.say(bytes, 0, bytes.length);
  };
  return { ring, outbox, publish, say };
}

test('one room with news is one offer of the memory of its ring', () => {
  const offers: [Uint8Array, string][] = [];
  const { ring, outbox, publish } = bare((_id, bytes, start, end) => {
    offers.push([bytes, utf8(bytes, start, end)]);
    return end - start;
  });
  outbox.subscribe(ring);
  for (const text of ['<A>\n', '<B>\n', '<C>\n']) publish(text);
  outbox.flush(0);
  outbox.flush(0);
  expect(offers).toHaveLength(1);
  expect(offers[0]?.[0] === ring.tape.buffer).toBe(true);
  expect(offers[0]?.[1]).toBe('<A>\n<B>\n<C>\n');
});

test('who was told anew how things stand needs no word of what turned before', () => {
  const told: number[] = [];
  const lagged = (_from: number, _to: number, since: number) => {
    told.push(since);
    return utf8Bytes('<L>\n');
  };
  const { ring, outbox, publish } = bare((_id, _bytes, start, end) => end - start, lagged);
  outbox.subscribe(ring);
  for (let i = 0; i < 2; i++) {
    const cursor = ring.tape.head;
    publish('<A>\n');
    const met = ring.tape.head;
    if (i === 1) outbox.met(ring);
    for (let n = 0; n < LIMITS.entries; n++) publish('<B>\n');
    outbox.flush(0);
    expect(told.at(-1)).toBe(i === 0 ? cursor : met);
  }
});

test('one of twenty rooms with news is offered from its ring, twenty with replies between are one offer', () => {
  const world = new World();
  const reader = world.connect();
  const rooms = Array.from({ length: 20 }, () => world.openRoom());
  for (const room of rooms) world.subscribe(reader, room);
  world.publish(rooms[9] as (typeof rooms)[0], 100);
  world.flush(reader);
  expect(reader.offers).toBe(1);
  for (let round = 0; round < 10; round++) {
    for (const room of rooms) world.publish(room, 100 + round);
    world.say(reader, 50);
  }
  for (const room of rooms) world.flushRoom(room);
  world.flush(reader);
  expect(reader.offers).toBe(2);
  expect(reader.received).toBe(211);
  world.check();
});

test('a reply that a short write tore is finished before the word that a ring overtook the reader', () => {
  const world = new World();
  const room = world.openRoom({ entries: 2 });
  const reader = world.connect((asked) => Math.min(asked, 5));
  world.subscribe(reader, room);
  world.say(reader, 40);
  world.flush(reader);
  for (let i = 0; i < 5; i++) world.publish(room, 40);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.words).toBe(1);
  expect(reader.received).toBe(3);
  world.check();
});

test('the answer to a join comes before the word about what followed it', () => {
  const world = new World();
  const room = world.openRoom({ entries: 2 });
  const reader = world.connect(NONE);
  world.say(reader, 30);
  world.flush(reader);
  world.say(reader, 40);
  world.subscribe(reader, room);
  for (let i = 0; i < 5; i++) world.publish(room, 40);
  world.say(reader, 40);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect([reader.received, reader.words]).toEqual([5, 1]);
});

test('a reader overtaken ten thousand times while it takes nothing gets one word and holds no memory', () => {
  const world = new World();
  const room = world.openRoom({ entries: 4 });
  const reader = world.connect(NONE);
  world.subscribe(reader, room);
  for (let i = 0; i < 10_000; i++) {
    world.publish(room, 40);
    // The kernel says that there is room and takes nothing, again and again: the old trap.
    if (i % 5 === 0) world.drained(reader);
    expect(reader.outbox.held).toBe(0);
    if (reader.queue.length > 50) reader.queue = thinned(reader.queue);
  }
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.words).toBe(1);
  expect(reader.received).toBe(4);
});

/** The model's queue without the lost items between the first and the last: they change nothing. */
function thinned<T>(queue: readonly T[]): T[] {
  return [queue[0] as T, ...queue.slice(-20)];
}

test('a reader that takes byte for byte while it is overtaken holds a frame at most', () => {
  const world = new World();
  const room = world.openRoom({ entries: 4 });
  const reader = world.connect((asked) => Math.min(asked, 3));
  world.subscribe(reader, room);
  for (let i = 0; i < 3_000; i++) {
    world.publish(room, 40);
    world.drained(reader);
    expect(reader.outbox.held).toBeLessThanOrEqual(40);
  }
  expect(reader.words).toBeGreaterThan(50);
});

test('a word covers exactly what was lost, however long the reader was well before', () => {
  const said: string[] = [];
  const { ring, outbox, publish } = bare((_id, bytes, start, end) => {
    said.push(utf8(bytes, start, end));
    return end - start;
  });
  outbox.subscribe(ring);
  for (let i = 1; i <= 40; i++) {
    publish(`<C,${i}>\n`);
    outbox.flush(0);
    ring.flushed();
  }
  said.length = 0;
  publish('<C,41>\n');
  publish('<C,42>\n');
  while (ring.size > 1) ring.halve();
  outbox.flush(0);
  expect(said.join('')).toBe('<L,41,41>\n<C,42>\n');
});

test('a slot decided late is covered by the word, also when higher ones were read', () => {
  const world = new World();
  const room = world.openRoom({ entries: 2 });
  const reader = world.connect();
  world.subscribe(reader, room);
  world.reserve(room);
  for (let i = 0; i < 3; i++) {
    world.publish(room, 30);
    world.flush(reader);
  }
  reader.takes = NONE;
  world.publish(room, 30, 'reserved');
  world.flush(reader);
  for (let i = 0; i < 2; i++) world.publish(room, 30);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.words).toBe(1);
  world.check();
});

test('a word made in memory that is used again is not changed when its rest is written later', () => {
  const scratch = new Uint8Array(12);
  const written: string[] = [];
  let most = 3;
  const { ring, outbox, publish } = bare(
    (_id, bytes, start, end) => {
      const taken = Math.min(most, end - start);
      written.push(utf8(bytes, start, start + taken));
      return taken;
    },
    (from, to) => {
      scratch.set(utf8Bytes(`<L,${String(from).padStart(3, '0')},${String(to).padStart(3, '0')}>\n`));
      return scratch;
    },
  );
  outbox.subscribe(ring);
  for (let i = 1; i <= 70; i++) publish('<C>\n');
  outbox.flush(0);
  scratch.fill(63);
  most = 1_000;
  outbox.drained(0);
  expect(written.join('')).toBe(`<L,001,006>\n${'<C>\n'.repeat(64)}`);
});

test('a torn frame is kept as it was, whatever its ring does meanwhile', () => {
  const world = new World();
  const room = world.openRoom({ entries: 2 });
  const reader = world.connect((asked) => Math.min(asked, 1));
  world.subscribe(reader, room);
  world.publish(room, 60_000);
  world.flush(reader);
  expect(reader.outbox.held).toBe(59_999);
  for (let i = 0; i < 10; i++) world.publish(room, 60_000);
  expect(reader.outbox.held).toBe(59_999);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.received).toBe(3);
});

test('a frame of the longest kind, with its line feed, is written among others', () => {
  const world = new World();
  const [one, two] = [world.openRoom(), world.openRoom()];
  const reader = world.connect();
  for (const room of [one, two]) world.subscribe(reader, room);
  for (const bytes of [65_537, 30, 65_536]) {
    world.publish(one, bytes);
    world.say(reader, bytes);
    world.publish(two, bytes);
  }
  world.flush(reader);
  expect(reader.received).toBe(9);
});

test('a transport of whole frames is never offered half of one', () => {
  const world = new World();
  const room = world.openRoom();
  const reader = world.connect(NONE);
  world.subscribe(reader, room);
  for (let i = 0; i < 3_000; i++) {
    world.say(reader, 100);
    if (i % 1_000 === 0) world.publish(room, 100);
  }
  reader.takes = (_asked, ends) => ends.at(-1) ?? 0;
  world.drained(reader);
  expect(reader.received).toBe(3_003);
  expect(reader.blocked).toBe(false);
});

test('replies keep their order behind a source that is made but not taken', () => {
  const world = new World();
  const reader = world.connect((asked) => Math.min(asked, 10));
  world.pour(reader, 2, 40, 2);
  world.say(reader, 30);
  world.flush(reader);
  // The source has made its last frame; a reply still waits behind it.
  world.say(reader, 31);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.received).toBe(4);
});

test('a second source waits behind the replies that wait behind the first', () => {
  const world = new World();
  const reader = world.connect((asked) => Math.min(asked, 10));
  world.pour(reader, 2, 40, 2);
  world.say(reader, 30);
  world.flush(reader);
  expect(reader.outbox.pouring).toBe(false);
  world.pour(reader, 3, 40, 1);
  expect(reader.outbox.pouring).toBe(true);
  world.say(reader, 31);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.received).toBe(7);
  expect(reader.outbox.pouring).toBe(false);
});

test('a room does not pass a reply that waits behind a source', () => {
  const world = new World();
  const room = world.openRoom();
  const reader = world.connect();
  world.subscribe(reader, room);
  world.pour(reader, 2, 40, 2);
  world.say(reader, 30);
  world.publish(room, 30);
  world.flush(reader);
  expect(reader.received).toBe(4);
});

test('ten thousand poured frames hold one batch at a time', () => {
  const world = new World();
  const reader = world.connect((asked) => Math.min(asked, 3_000));
  world.pour(reader, 10_000, 80, 200);
  let most = 0;
  for (world.flush(reader); reader.blocked; world.drained(reader)) {
    most = Math.max(most, reader.outbox.held);
  }
  expect(reader.received).toBe(10_000);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(200 * 80);
  expect(reader.outbox.held).toBe(0);
}, 20_000);

test('a queue that is never quite empty keeps no marks of what was written', () => {
  const { ring, outbox, publish, say } = bare((_id, _bytes, start, end) => Math.max(0, end - start - 8));
  outbox.subscribe(ring);
  outbox.unsubscribe(ring);
  const step = () => {
    publish('<C>\n');
    say('<R,234>\n');
    outbox.drained(0);
  };
  for (let i = 0; i < 10_000; i++) step();
  const before = heapUsed();
  for (let i = 0; i < 400_000; i++) step();
  expect(outbox.held).toBeGreaterThan(0);
  expect(heapUsed() - before).toBeLessThan(3_000_000);
});

function heapUsed(): number {
  Bun.gc(true);
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}

test('a queue taken over from another connection brings nothing along', () => {
  const world = new World();
  const room = world.openRoom();
  for (let round = 0; round < 200; round++) {
    const one = world.connect();
    const two = world.connect();
    world.subscribe(two, room);
    world.publish(room, 30);
    // What says nothing leaves no mark either.
    one.outbox.say(new Uint8Array(4), 2, 2);
    world.say(one, 20 + round);
    world.flush(one);
    one.outbox.say(new Uint8Array(4), 2, 2);
    world.flush(one);
    world.publish(room, 30);
    world.say(two, 30);
    world.publish(room, 30);
    world.say(one, 30);
    world.flush(two);
    world.flush(one);
    expect([one.received, two.received]).toEqual([2, 4]);
    world.close(one);
    world.close(two);
  }
});

test('left and joined again before the old part was read, both parts are read once', () => {
  const world = new World();
  const room = world.openRoom();
  const other = world.openRoom();
  const reader = world.connect(NONE);
  world.say(reader, 20);
  world.flush(reader);
  for (let i = 0; i < 4; i++) {
    world.subscribe(reader, room);
    world.publish(room, 30);
    world.publish(other, 30);
    world.say(reader, 40);
    world.unsubscribe(reader, room);
    world.publish(room, 30);
  }
  world.check();
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect(reader.received).toBe(9);
  expect(room.ring.readers).toHaveLength(0);
  world.check();
});

test('a room left long ago and overtaken since is told of before the answers that followed', () => {
  const world = new World();
  const room = world.openRoom({ entries: 2 });
  const reader = world.connect(NONE);
  world.say(reader, 20);
  world.flush(reader);
  world.subscribe(reader, room);
  world.publish(room, 30);
  world.unsubscribe(reader, room);
  world.say(reader, 40);
  world.subscribe(reader, room);
  for (let i = 0; i < 9; i++) world.publish(room, 30);
  reader.takes = TAKE_ALL;
  world.drained(reader);
  expect([reader.received, reader.words]).toEqual([4, 2]);
});

test('a connection found gone reads nothing, holds nothing and joins nothing', () => {
  const world = new World();
  const room = world.openRoom();
  const reader = world.connect(() => -1);
  world.subscribe(reader, room);
  world.publish(room, 30);
  world.say(reader, 30);
  world.flushRoom(room);
  expect(reader.gone).toBe(true);
  expect(room.ring.readers).toHaveLength(0);
  world.subscribe(reader, room);
  world.say(reader, 30);
  world.pour(reader, 3, 30, 1);
  world.publish(room, 30);
  world.drained(reader);
  expect(room.ring.readers).toHaveLength(0);
  expect(reader.outbox.held).toBe(0);
  expect(reader.outbox.empty).toBe(true);
  world.check();
});

test('blocked since when is known, and what was written', () => {
  let most = 3;
  const { ring, outbox, publish, say } = bare((_id, _bytes, start, end) => Math.min(most, end - start));
  outbox.subscribe(ring);
  publish('<A>\n');
  outbox.flush(100);
  expect([outbox.blocked, outbox.takenAt, outbox.written, outbox.held, outbox.empty]).toEqual([true, 100, 3, 1, false]);
  say('<B>\n');
  outbox.flush(150);
  expect([outbox.takenAt, outbox.written, outbox.held]).toEqual([100, 3, 5]);
  most = 100;
  outbox.drained(200);
  expect([outbox.blocked, outbox.written, outbox.held, outbox.empty]).toEqual([false, 8, 0, true]);
});
