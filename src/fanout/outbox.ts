// An outbox: everything that is to be written to one connection, in the server's order of decision. It joins the
// cursors of the rooms that the connection reads with what is said to it alone, gathers what a batch brought into one
// write, and remembers where a short write stopped.
//
//   front      the rest of a frame of a ring, or of a word about one, that a short write tore
//   own        replies, broadcasts, frames made while it drains
//   subs       cursors in rings: no bytes are kept here for them
//
// The word that a ring overtook the reader is made when it is written, in the place of the last entry that was lost:
// however often a ring overtakes a reader that takes nothing, one word covers it all. An outbox never decides to close:
// it answers with a verdict. A torn frame is always finished before anything else, and every offer ends with a frame.

import { assert } from '../base/assert.ts';
import { copyBytes } from '../base/bytes.ts';
import type { ConnectionId } from '../base/ids.ts';
import type { Tape } from '../base/tape.ts';
import { type Fill, Own } from './own.ts';
import type { Ring, Stamps } from './ring.ts';
import { Subscription } from './subscription.ts';

/**
 * How bytes leave: takes what it can of bytes[start, end) and returns the count; -1 when the connection is gone. It
 * copies what it keeps, and calls nothing of an outbox or a ring before it has returned.
 */
export interface Transport {
  offer(connection: ConnectionId, bytes: Uint8Array, start: number, end: number): number;
  /** As offer(), to each of the first `count` connections; `taken` gets the counts. Never throws. Left out: one by one. */
  offerEach?(
    connections: Int32Array,
    count: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    taken: Int32Array,
  ): void;
}

/** What all outboxes of a server share. */
export interface Shared {
  readonly transport: Transport;
  readonly stamps: Stamps;
}

// Runs of several sources are gathered here before one write: whose each is (undefined: own) and where it ends. The
// first of a subscription that was overtaken is its word. Shared: a flush is synchronous.
const GATHER = new Uint8Array(65_536);
const runSources: (Subscription | undefined)[] = [];
const runEnds: number[] = [];

export class Outbox {
  readonly connection: ConnectionId;
  /** The connection is full: nothing is offered until drained(). */
  blocked = false;
  /** Since when it is blocked and took nothing, in Unix ms: what a write deadline is counted from. */
  takenAt = 0;
  /** Stands in the list of outboxes to be flushed. */
  dirty = false;
  /** Bytes written. */
  written = 0;
  /** Times that a ring overtook this reader. */
  lags = 0;
  /**
   * The one room that it reads, where it is exactly one and nothing else waits or is in the way: its news may be written
   * from where they lie. Undefined where that is not so, or not known.
   */
  plain: Subscription | undefined;

  #shared: Shared;
  #gone = false;
  #front: Uint8Array | undefined;
  #own: Own | undefined;
  readonly #subs: Subscription[] = [];
  readonly #usual: Shared;

  constructor(connection: ConnectionId, shared: Shared) {
    this.connection = connection;
    this.#shared = shared;
    this.#usual = shared;
  }

  /** Nothing waits to be written. */
  get empty(): boolean {
    if (this.#front !== undefined || this.#own !== undefined) return false;
    for (const sub of this.#subs) if (sub.cursor < sub.end) return false;
    return true;
  }

  /** Bytes held for this connection alone: what its limit is about. */
  get held(): number {
    return (this.#front?.length ?? 0) + (this.#own?.length ?? 0);
  }

  /** Writes through another transport from now on, in the same order as before. */
  through(shared: Shared): void {
    this.#shared = shared;
    this.plain = undefined;
  }

  /** Bytes of rooms that it has still to take. */
  get behind(): number {
    let bytes = 0;
    for (const sub of this.#subs) bytes += sub.behind;
    return bytes;
  }

  /** A source is still making frames: the connection's input waits. */
  get pouring(): boolean {
    return this.#own?.filling ?? false;
  }

  /** Reads a ring from now on. */
  subscribe(ring: Ring): void {
    if (this.#gone) return;
    const sub = new Subscription(this, ring);
    this.#subs.push(sub);
    this.plain = undefined;
  }

  /** Its reader is told by itself how things stand in a ring that it reads. */
  met(ring: Ring): void {
    for (const sub of this.#subs) if (sub.ring === ring && sub.index >= 0) sub.met = ring.tape.head;
  }

  /** Stops reading a ring behind what it holds now. */
  unsubscribe(ring: Ring): void {
    for (const sub of this.#subs) if (sub.ring === ring && sub.index >= 0) sub.leave();
    this.#drop();
  }

  /** Stops reading all rings behind what they hold now. */
  unsubscribeAll(): void {
    for (const sub of this.#subs) if (sub.index >= 0) sub.leave();
    this.#drop();
  }

  /** Queues bytes[start, end) behind everything decided until now; copies them. */
  say(bytes: Uint8Array, start: number, end: number): void {
    if (this.#gone) return;
    this.plain = undefined;
    this.#own ??= Own.take();
    this.#own.append(bytes, start, end, this.#shared.stamps.last);
  }

  /** Queues frames that `fill` makes as the connection drains. One at a time. */
  pour(fill: Fill): void {
    if (this.#gone) return;
    this.plain = undefined;
    this.#own ??= Own.take();
    this.#own.pour(fill, this.#shared.stamps.last);
  }

  /** The connection can take bytes again. */
  drained(now: number): void {
    this.blocked = false;
    this.takenAt = now;
    this.flush(now);
  }

  /** The connection is gone: reads nothing any more, holds nothing. */
  close(): void {
    this.#gone = true;
    for (const sub of this.#subs) sub.leave();
    this.#subs.length = 0;
    this.plain = undefined;
    this.#front = undefined;
    this.#own = undefined;
  }

  /** Offers everything that waits, until it is gone or the connection is full. */
  flush(now: number): void {
    const sub = this.plain;
    if (sub === undefined || sub.overtaken) {
      if (!this.blocked && !this.#gone) this.#flushAll(now);
      return;
    }
    const { cursor, ring } = sub;
    const { buffer, base, head } = ring.tape;
    if (cursor === head) return;
    const taken = this.#shared.transport.offer(this.connection, buffer, cursor - base, head - base);
    this.took(sub, taken, head, ring.low, now);
  }

  /**
   * Of the news of its one room up to the position `end`, which were offered for it, `taken` bytes were taken. `low`:
   * the lowest slot undecided there.
   */
  took(sub: Subscription, taken: number, end: number, low: number, now: number): void {
    if (taken !== end - sub.cursor) return this.#short(taken, end - sub.cursor, sub, now);
    sub.cursor = end;
    sub.from = low;
    this.written += taken;
  }

  #flushAll(now: number): void {
    while (this.#step(now));
    this.#settle();
  }

  /** One write. False when nothing is left, or nothing more is taken. */
  #step(now: number): boolean {
    const front = this.#front;
    if (front !== undefined) {
      const taken = this.#offer(front, 0, front.length);
      if (taken === front.length) this.#front = undefined;
      else if (taken > 0) this.#front = front.subarray(taken);
      return this.#full(taken, front.length, now);
    }
    const source = this.#only();
    if (source === undefined) return false;
    if (source === 'many') return this.#writeMany(now);
    return source === 'own'
      ? this.#writeOwn((this.#own as Own).tape.head, now)
      : this.#writeSub(source, source.end, now);
  }

  /** The one source whose bytes are next, 'many' when they have to be put together, or undefined. */
  #only(): Subscription | 'own' | 'many' | undefined {
    let found: Subscription | 'own' | undefined = this.#ownStamp() < Number.POSITIVE_INFINITY ? 'own' : undefined;
    for (const sub of this.#subs) {
      if (sub.cursor >= sub.end) continue;
      if (found !== undefined || sub.overtaken) return 'many';
      found = sub;
    }
    return found;
  }

  /** The stamp of the next own byte, Infinity when there is none. Lets go of an own queue that is over. */
  #ownStamp(): number {
    while (this.#own !== undefined) {
      const stamp = this.#own.nextStamp();
      if (stamp !== undefined) return stamp;
      const over = this.#own;
      this.#own = over.takeAfter();
      over.release();
    }
    return Number.POSITIVE_INFINITY;
  }

  #writeOwn(end: number, now: number): boolean {
    const own = this.#own as Own;
    const { buffer, base, tail } = own.tape;
    const taken = this.#offer(buffer, tail - base, end - base);
    if (taken > 0) own.written(tail + taken);
    return this.#full(taken, end - tail, now);
  }

  #writeSub(sub: Subscription, end: number, now: number): boolean {
    const { buffer, base } = sub.ring.tape;
    const start = sub.cursor;
    const taken = this.#offer(buffer, start - base, end - base);
    if (taken > 0) sub.cursor = start + taken;
    if (taken !== end - start) this.#tear(sub);
    return this.#full(taken, end - start, now);
  }

  /** Gathers runs of several sources in the order of their stamps, and writes them at once. */
  #writeMany(now: number): boolean {
    const length = this.#gather();
    if (length === 0) {
      // The first run is too long to be gathered: it is written from where it lies.
      const end = runEnds[0] as number;
      const sub = runSources[0];
      return sub === undefined ? this.#writeOwn(end, now) : this.#writeSub(sub, end, now);
    }
    const taken = this.#offer(GATHER, 0, length);
    for (let i = 0, from = 0; from < taken; i++) {
      const to = runEnds[i] as number;
      this.#took(runSources[i], from, Math.min(to, taken), to);
      from = to;
    }
    return this.#full(taken, length, now);
  }

  /** Of the run of `source` at GATHER[from, to) the bytes before `taken` were written. */
  #took(source: Subscription | undefined, from: number, taken: number, to: number): void {
    if (source === undefined) {
      const own = this.#own as Own;
      own.written(own.tape.tail + taken - from);
    } else if (source.overtaken) {
      this.lags++;
      source.cursor = source.ring.tape.tail;
      if (taken < to) this.#front = GATHER.slice(taken, to);
    } else {
      source.cursor += taken - from;
      if (taken < to) this.#tear(source);
    }
  }

  /** Returns the bytes gathered; 0 when not even the first run fits, whose source and end position are noted then. */
  #gather(): number {
    runSources.length = 0;
    runEnds.length = 0;
    let length = 0;
    const own = this.#own;
    let ownAt = own === undefined ? 0 : own.tape.tail;
    for (const sub of this.#subs) sub.rewind();
    for (;;) {
      // The source with the lowest stamp goes next, up to the lowest stamp of the others.
      let best: Subscription | undefined;
      let bestStamp = Number.POSITIVE_INFINITY;
      let bound = Number.POSITIVE_INFINITY;
      for (const sub of this.#subs) {
        const stamp = sub.aheadStamp;
        if (stamp < bestStamp) {
          bound = bestStamp;
          bestStamp = stamp;
          best = sub;
        } else if (stamp < bound) bound = stamp;
      }
      const ownStamp = own !== undefined && ownAt < own.tape.head ? own.stampAt(ownAt) : Number.POSITIVE_INFINITY;
      const before = length;
      if (own !== undefined && ownStamp < bestStamp) {
        const end = own.endBefore(bestStamp, ownAt);
        length = gatherRun(undefined, own.tape, ownAt, end, length);
        ownAt = end;
        // What comes behind it may have to come before everything else: look again after this write.
        if (ownAt === own.tape.head && own.goesOn) return length;
      } else if (best?.overtaken && best.ahead === best.cursor) {
        length = gatherWord(best, length);
      } else if (best !== undefined) {
        // A reply with the stamp of an entry was said after that entry.
        const start = best.ahead;
        advanceRun(best, Math.min(bound, ownStamp + 0.5), GATHER.length - length);
        length = gatherRun(best, best.ring.tape, start, best.ahead, length);
      }
      if (length === before) return length;
    }
  }

  /** A ring must not keep the rest of a torn frame for this reader: it is kept here. */
  #tear(sub: Subscription): void {
    const { ring, cursor } = sub;
    const entry = ring.entryAt(cursor);
    if (cursor === sub.end || cursor === ring.startOf(entry)) return;
    const end = ring.endOf(entry);
    this.#front = ring.tape.buffer.slice(cursor - ring.tape.base, end - ring.tape.base);
    sub.cursor = end;
  }

  #short(taken: number, asked: number, sub: Subscription, now: number): void {
    this.plain = undefined;
    if (taken > 0) {
      sub.cursor += taken;
      this.written += taken;
      this.#tear(sub);
    }
    this.#full(taken, asked, now);
    this.#settle();
  }

  #offer(bytes: Uint8Array, start: number, end: number): number {
    const taken = this.#shared.transport.offer(this.connection, bytes, start, end);
    if (taken > 0) this.written += taken;
    return taken;
  }

  /** Whether all was taken. */
  #full(taken: number, asked: number, now: number): boolean {
    if (taken === asked) return true;
    if (taken < 0) this.close();
    else {
      this.blocked = true;
      this.takenAt = now;
    }
    return false;
  }

  /** Notes for each room from where on its reader lacks what comes. */
  #settle(): void {
    for (const sub of this.#subs) if (!sub.overtaken) sub.from = sub.ring.lowAt(sub.cursor);
    this.#drop();
  }

  /** Forgets rooms that were left and read to their end. */
  #drop(): void {
    for (let i = this.#subs.length - 1; i >= 0; i--) {
      const sub = this.#subs[i] as Subscription;
      if (sub.cursor >= sub.until) this.#subs.splice(i, 1);
    }
    const only = this.#subs.length === 1 ? this.#subs[0] : undefined;
    const waits = this.#own !== undefined || this.#front !== undefined || this.blocked;
    this.plain = only === undefined || only.index < 0 || waits || this.#shared !== this.#usual ? undefined : only;
  }
}

/**
 * Advances `sub` over the run of entries with stamps below `bound` that fits into `room` bytes; where nothing was
 * gathered yet, over its first entry however long that is.
 */
function advanceRun(sub: Subscription, bound: number, room: number): void {
  const { ring, ahead } = sub;
  let end = ahead;
  let entry = sub.aheadEntry;
  for (; end < sub.until && ring.stampOf(entry) < bound; entry++) {
    const next = ring.endOf(entry);
    if (next - ahead > room && (end > ahead || room < GATHER.length)) break;
    end = next;
  }
  sub.advance(end, entry);
}

/** Gathers tape[start, end) behind `length` bytes; returns the new length, the old one when it does not fit. */
function gatherRun(source: Subscription | undefined, tape: Tape, start: number, end: number, length: number): number {
  const to = length + end - start;
  if (to > GATHER.length) return length === 0 ? noteRun(source, end, 0) : length;
  copyBytes(tape.buffer, start - tape.base, end - tape.base, GATHER, length);
  return noteRun(source, to, to);
}

/** Gathers the word that a ring overtook its reader. */
function gatherWord(sub: Subscription, length: number): number {
  const { ring } = sub;
  const word = ring.lagged(sub.from, ring.floor - 1, Math.max(sub.cursor, sub.met));
  assert(word.length > 0, 'an overtaken reader is told so');
  const to = length + word.length;
  if (to > GATHER.length) return length;
  copyBytes(word, 0, word.length, GATHER, length);
  sub.advance(ring.tape.tail, ring.entryAt(ring.tape.tail));
  return noteRun(sub, to, to);
}

function noteRun(source: Subscription | undefined, end: number, length: number): number {
  runSources.push(source);
  runEnds.push(end);
  return length;
}
