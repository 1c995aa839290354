// A world of rings and outboxes with an obvious, slow model beside it. The model keeps, for each connection, one plain
// queue of what was decided for it; at any moment exactly one frame may come next, so every offer is compared byte by
// byte while it is made. A violation throws where it happens. The model shares no code with what it checks.

import { Budget } from '../../src/base/budget.ts';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { connectionId } from '../../src/base/ids.ts';
import type { Tape } from '../../src/base/tape.ts';
import { Fan } from '../../src/fanout/fan.ts';
import { Outbox, type Shared, type Transport } from '../../src/fanout/outbox.ts';
import { Ring, type RingLimits, Stamps } from '../../src/fanout/ring.ts';

/** What a transport does with `asked` bytes: how many it takes. Frame ends are offsets into the offered bytes. */
export type Takes = (asked: number, frameEnds: readonly number[]) => number;

export const TAKE_ALL: Takes = (asked) => asked;

interface Entry {
  readonly bytes: Uint8Array;
  readonly seq: number;
  /** The lowest undecided slot before it. */
  readonly lowBefore: number;
  readonly at: number;
  evicted: boolean;
}

/** One thing decided for one connection: a frame of a room it reads, or one of its own. */
interface Item {
  readonly bytes: Uint8Array;
  readonly entry: Entry | undefined;
  readonly membership: Membership | undefined;
}

interface Membership {
  readonly room: Room;
  live: boolean;
  /** Lost, passed in the queue, and still to be told with what was lost later. */
  lost: Entry[];
}

/** A frame that the model lets come next: so many items of the queue are over with it. */
interface Step {
  readonly bytes: Uint8Array;
  readonly items: number;
  /** Whose word it is. */
  readonly word: Membership | undefined;
}

export interface Room {
  readonly index: number;
  readonly ring: Ring;
  readonly limits: RingLimits;
  kept: Entry[];
  floor: number;
  next: number;
  reserved: number[];
  closed: boolean;
  unflushed: number;
}

export interface Reader {
  readonly index: number;
  readonly outbox: Outbox;
  readonly memberships: Membership[];
  queue: Item[];
  /** The rest of a frame that began to be written. */
  torn: Uint8Array;
  takes: Takes;
  blocked: boolean;
  gone: boolean;
  offers: number;
  taken: number;
  words: number;
  received: number;
}

const NOTHING = new Uint8Array(0);

export class World {
  readonly stamps = new Stamps();
  readonly budget: Budget;
  readonly rooms: Room[] = [];
  readonly readers: Reader[] = [];
  now = 1_000_000;
  #count = 0;

  readonly #shared: Shared;
  readonly #fan: Fan;
  /** Offers that were made to several readers in one call. */
  together = 0;

  constructor(cap = 1 << 30) {
    this.budget = new Budget(cap);
    const transport: Transport = {
      offer: (id, bytes, start, end) => this.#offer(id as number, bytes, start, end),
      offerEach: (ids, count, bytes, start, end, taken) => {
        this.together += count;
        for (let i = 0; i < count; i++) taken[i] = this.#offer(ids[i] as number, bytes, start, end);
      },
    };
    this.#shared = { transport, stamps: this.stamps };
    this.#fan = new Fan(transport, (_outbox, error) => {
      throw error;
    });
  }

  openRoom(limits: Partial<RingLimits> = {}): Room {
    const index = this.rooms.length;
    const full = { entries: 1_000_000, bytes: 1 << 30, ageMs: 1e12, ...limits };
    const ring = new Ring(full, this.stamps, this.budget, 1, (from, to) => utf8Bytes(wordText(index, from, to)));
    const room: Room = {
      index,
      ring,
      limits: full,
      kept: [],
      floor: 1,
      next: 1,
      reserved: [],
      closed: false,
      unflushed: 0,
    };
    const halve = ring.halve.bind(ring);
    // The budget decides when; the model has to know that it happened.
    ring.halve = () => {
      const before = room.ring.size;
      const gave = halve();
      this.#evict(room, before - room.ring.size);
      return gave;
    };
    this.rooms.push(room);
    return room;
  }

  connect(takes: Takes = TAKE_ALL): Reader {
    const index = this.readers.length;
    const outbox = new Outbox(connectionId(index), this.#shared);
    const reader: Reader = {
      index,
      outbox,
      memberships: [],
      queue: [],
      torn: NOTHING,
      takes,
      blocked: false,
      gone: false,
      offers: 0,
      taken: 0,
      words: 0,
      received: 0,
    };
    this.readers.push(reader);
    return reader;
  }

  subscribe(reader: Reader, room: Room): void {
    reader.outbox.subscribe(room.ring);
    if (!reader.gone) reader.memberships.push({ room, live: true, lost: [] });
  }

  reads(reader: Reader, room: Room): boolean {
    return reader.memberships.some((membership) => membership.room === room && membership.live);
  }

  unsubscribe(reader: Reader, room: Room): void {
    reader.outbox.unsubscribe(room.ring);
    for (const membership of reader.memberships) if (membership.room === room) membership.live = false;
  }

  /** Publishes a frame of about `size` bytes. `slot` is the seq that it decides, 0 for none. True: flush now. */
  publish(room: Room, size: number, slot: 'presence' | 'next' | 'reserved' = 'next'): boolean {
    const lowBefore = lowOf(room);
    let seq = 0;
    if (slot === 'next') seq = room.next++;
    else if (slot === 'reserved') seq = room.reserved.shift() ?? 0;
    const bytes = this.#frame(`C${room.index}:${seq}`, size);
    const entry: Entry = { bytes, seq, lowBefore, at: this.now, evicted: false };
    const { entries } = room.limits;
    if (room.kept.length === entries) this.#evict(room, 1 + Math.floor(entries / 64));
    room.kept.push(entry);
    room.unflushed++;
    for (const reader of this.readers) {
      for (const membership of reader.memberships) {
        if (membership.room === room && membership.live) reader.queue.push({ bytes, entry, membership });
      }
    }
    const padded = around(bytes);
    const early = room.ring.append(padded, 3, 3 + bytes.length, seq, lowOf(room), this.now);
    padded.fill(0);
    while (sum(room.kept) > room.limits.bytes) this.#evict(room, 1);
    return early;
  }

  /** Gives out a slot that is decided later. */
  reserve(room: Room): void {
    room.reserved.push(room.next++);
  }

  say(reader: Reader, size: number): void {
    const bytes = this.#frame('R', size);
    const padded = around(bytes);
    reader.outbox.say(padded, 3, 3 + bytes.length);
    padded.fill(0);
    if (!reader.gone) reader.queue.push({ bytes, entry: undefined, membership: undefined });
  }

  /** Pours `count` frames, `batch` of them each time that the outbox asks. */
  pour(reader: Reader, count: number, size: number, batch: number, lastAlone = false): void {
    const frames = Array.from({ length: count }, () => this.#frame('P', size));
    let made = 0;
    reader.outbox.pour((tape: Tape) => {
      const before = made;
      for (let i = 0; i < batch && made < count; i++, made++) {
        const frame = frames[made] as Uint8Array;
        tape.append(frame, 0, frame.length);
      }
      // Some sources know their end only when they are asked once more.
      return lastAlone ? made > before : made < count;
    });
    if (reader.gone) return;
    for (const bytes of frames) reader.queue.push({ bytes, entry: undefined, membership: undefined });
  }

  flush(reader: Reader): void {
    reader.outbox.flush(this.now);
    this.#settled(reader);
  }

  /** What a node does with a ring that has news. */
  flushRoom(room: Room): void {
    this.#fan.flush(room.ring, this.now);
    room.unflushed = 0;
  }

  drained(reader: Reader): void {
    reader.blocked = false;
    reader.outbox.drained(this.now);
    this.#settled(reader);
  }

  close(reader: Reader): void {
    reader.outbox.close();
    this.#gone(reader);
  }

  age(room: Room): void {
    room.ring.age(this.now);
    let count = 0;
    while ((room.kept[count]?.at ?? Number.POSITIVE_INFINITY) < this.now - room.limits.ageMs) count++;
    this.#evict(room, count);
  }

  closeRoom(room: Room): void {
    room.ring.close();
    room.closed = true;
  }

  /** Everything that can be checked between two calls. */
  check(): void {
    let held = 0;
    for (const room of this.rooms) {
      // Eight entries of index are every room's own.
      if (!room.closed) held += room.ring.held - 8 * 40;
      must(room.ring.size === room.kept.length, `room ${room.index} keeps ${room.kept.length} entries`);
      must(room.ring.tape.length === sum(room.kept), `room ${room.index} keeps its bytes`);
      must(room.ring.floor === room.floor, `room ${room.index} has floor ${room.floor}, not ${room.ring.floor}`);
      this.#checkReaders(room);
    }
    must(this.budget.held === held, `the budget counts ${this.budget.held} where ${held} are held`);
    for (const reader of this.readers) this.#checkHeld(reader);
  }

  #checkReaders(room: Room): void {
    const { readers } = room.ring;
    readers.forEach((sub, index) => {
      must(sub.index === index && sub.ring === room.ring, 'a subscription knows its place');
    });
    const expected = this.readers.flatMap((reader) =>
      reader.gone ? [] : reader.memberships.filter((m) => m.room === room && m.live).map(() => reader.outbox),
    );
    const found = readers.map((sub) => sub.outbox);
    must(
      found.length === expected.length && expected.every((outbox) => found.includes(outbox)),
      `room ${room.index} is read by ${expected.length}, not ${found.length}`,
    );
  }

  #checkHeld(reader: Reader): void {
    const own = reader.queue.reduce((bytes, item) => bytes + (item.entry === undefined ? item.bytes.length : 0), 0);
    const most = reader.torn.length + own;
    must(reader.outbox.held <= most, `reader ${reader.index} holds ${reader.outbox.held}, at most ${most} are its own`);
    if (reader.queue.length === 0 && reader.torn.length === 0 && !reader.outbox.pouring) {
      must(reader.outbox.empty, `reader ${reader.index} is empty`);
      must(reader.outbox.held === 0, `reader ${reader.index} holds nothing`);
    }
    if (reader.queue.length > 0 && !reader.gone) must(!reader.outbox.empty, `reader ${reader.index} is not empty`);
    must(reader.outbox.lags === reader.words, `reader ${reader.index} was overtaken ${reader.words} times`);
    must(reader.outbox.written === reader.taken, `reader ${reader.index} took ${reader.taken} bytes`);
    must(reader.outbox.blocked === reader.blocked || reader.gone, `reader ${reader.index} knows whether it is blocked`);
  }

  /** After a flush: all is written, or the connection is full. */
  #settled(reader: Reader): void {
    if (reader.blocked || reader.gone) return;
    must(reader.queue.length === 0 && reader.torn.length === 0, `reader ${reader.index} was given everything`);
  }

  #evict(room: Room, count: number): void {
    for (const entry of room.kept.splice(0, count)) {
      entry.evicted = true;
      room.floor = Math.max(room.floor, entry.seq + 1);
    }
  }

  #gone(reader: Reader): void {
    reader.gone = true;
    reader.queue = [];
    reader.torn = NOTHING;
  }

  #frame(head: string, size: number): Uint8Array {
    const text = `<${head},${++this.#count},`;
    return utf8Bytes(`${text}${'abcdefghij'.charAt(this.#count % 10).repeat(Math.max(0, size - text.length - 2))}>\n`);
  }

  #offer(index: number, bytes: Uint8Array, start: number, end: number): number {
    const reader = this.readers[index] as Reader;
    must(!reader.blocked && !reader.gone, `nothing is offered to reader ${index} while it is blocked or gone`);
    must(end > start, 'an offer is not empty');
    reader.offers++;
    const offered = bytes.slice(start, end);
    const steps = this.#expect(reader, offered);
    const ends: number[] = [];
    let at = reader.torn.length;
    if (at > 0) ends.push(at);
    for (const step of steps) {
      at += step.bytes.length;
      ends.push(at);
    }
    const taken = reader.takes(offered.length, ends);
    if (taken < 0) this.#gone(reader);
    else this.#take(reader, steps, taken);
    if (taken >= 0 && taken < offered.length) reader.blocked = true;
    return taken;
  }

  /** The frames begun in what is offered, which must be what the model lets come, whole to the last. */
  #expect(reader: Reader, offered: Uint8Array): Step[] {
    must(same(offered, 0, reader.torn), `reader ${reader.index}: the torn frame goes on: ${show(offered)}`);
    const steps: Step[] = [];
    let at = reader.torn.length;
    let item = 0;
    while (at < offered.length) {
      const step = this.#nextStep(reader, item);
      const found = () => show(offered.subarray(at));
      if (step === undefined) throw new Error(`reader ${reader.index}: nothing is left, but there came ${found()}`);
      must(same(offered, at, step.bytes), `reader ${reader.index} gets ${show(step.bytes)}, but there came ${found()}`);
      steps.push(step);
      at += step.bytes.length;
      item += step.items;
    }
    return steps;
  }

  /** The one frame that may come when `from` items of the queue are over. */
  #nextStep(reader: Reader, from: number): Step | undefined {
    const { queue } = reader;
    for (let i = from; i < queue.length; i++) {
      const item = queue[i] as Item;
      const { entry, membership } = item;
      if (membership === undefined || !entry?.evicted)
        return { bytes: item.bytes, items: i + 1 - from, word: undefined };
      // What was lost of one membership is told once, in the place of the last that was lost.
      const lost = [...membership.lost, ...queue.filter((other) => other.membership === membership).flatMap(lostOf)];
      if (entry !== lost.at(-1)) continue;
      const { room } = membership;
      const low = (lost[0] as Entry).lowBefore;
      const high = room.floor - 1;
      for (const { seq } of lost) must(seq === 0 || (seq >= low && seq <= high), `slot ${seq} is in ${low} to ${high}`);
      return { bytes: utf8Bytes(wordText(room.index, low, high)), items: i + 1 - from, word: membership };
    }
    return undefined;
  }

  #take(reader: Reader, steps: readonly Step[], taken: number): void {
    reader.taken += taken;
    let left = taken;
    const rest = Math.min(left, reader.torn.length);
    reader.torn = reader.torn.slice(rest);
    left -= rest;
    for (const step of steps) {
      if (left <= 0) return;
      const part = Math.min(left, step.bytes.length);
      reader.torn = step.bytes.slice(part);
      for (const item of reader.queue.splice(0, step.items)) item.membership?.lost.push(...lostOf(item));
      if (step.word === undefined) reader.received++;
      else {
        reader.words++;
        step.word.lost = [];
      }
      left -= part;
    }
  }
}

function lostOf({ entry }: Item): Entry[] {
  return entry?.evicted ? [entry] : [];
}

function lowOf(room: Room): number {
  return Math.min(room.next, ...room.reserved);
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((bytes, entry) => bytes + entry.bytes.length, 0);
}

function wordText(room: number, from: number, to: number): string {
  return `<L${room},${from},${to}>\n`;
}

/** The frame between bytes that are not its own. */
function around(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(bytes.length + 7).fill(33);
  padded.set(bytes, 3);
  return padded;
}

function same(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  if (at + expected.length > bytes.length) return false;
  return Buffer.compare(bytes.subarray(at, at + expected.length), expected) === 0;
}

function show(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, 60)).toString('latin1');
  return JSON.stringify(bytes.length > 60 ? `${text}… (${bytes.length})` : text);
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
