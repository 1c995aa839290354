// An outbox: everything that is to be written to one connection, in the server's order of decision. It joins the
// cursors of the rooms that the connection reads with what is said to it alone, gathers what a batch brought into one
// write, and remembers where a short write stopped.
//
//   front      the rest of a frame that a short write tore, and the word that a ring overtook the reader
//   own        replies, broadcasts, frames made while it drains
//   subs       cursors in rings: no bytes are kept here for them
//
// It never decides to close: it answers with a verdict. A torn frame is always finished before anything else.

import { assert } from '../base/assert.ts';
import { copyBytes } from '../base/bytes.ts';
import type { ConnectionId } from '../base/ids.ts';
import { type Fill, Own } from './own.ts';
import type { Ring, Stamps } from './ring.ts';
import { Subscription } from './subscription.ts';

/** How bytes leave: takes what it can of bytes[start, end) and returns the count; -1 when the connection is gone. */
export interface Transport {
  offer(connection: ConnectionId, bytes: Uint8Array, start: number, end: number): number;
}

/** What all outboxes of a server share. */
export interface Shared {
  readonly transport: Transport;
  readonly stamps: Stamps;
}

// Several sources are gathered here before one write. Shared: a flush is synchronous.
const GATHER = new Uint8Array(65_536);
const gathered: (Subscription | undefined)[] = [];
const gatheredTo: number[] = [];

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

  readonly #shared: Shared;
  #gone = false;
  #front: Uint8Array | undefined;
  #own: Own | undefined;
  readonly #subs: Subscription[] = [];

  constructor(connection: ConnectionId, shared: Shared) {
    this.connection = connection;
    this.#shared = shared;
  }

  /** Nothing waits to be written. */
  get empty(): boolean {
    if (this.#front !== undefined || this.#own !== undefined) return false;
    for (const sub of this.#subs) if (sub.cursor !== sub.end) return false;
    return true;
  }

  /** Bytes held for this connection alone: what its limit is about. */
  get held(): number {
    return (this.#front?.length ?? 0) + (this.#own?.length ?? 0);
  }

  /** A source is still making frames: the connection's input waits. */
  get pouring(): boolean {
    return this.#own?.filling ?? false;
  }

  subscribe(ring: Ring): void {
    this.#subs.push(new Subscription(this, ring));
  }

  /** Stops reading a ring behind what it holds now. */
  unsubscribe(ring: Ring): void {
    for (const sub of this.#subs) if (sub.ring === ring && sub.index >= 0) sub.leave();
    this.#drop();
  }

  /** Queues bytes[start, end) behind everything decided until now; copies them. */
  say(bytes: Uint8Array, start: number, end: number): void {
    if (this.#gone) return;
    this.#own ??= Own.take();
    this.#own.append(bytes, start, end, this.#shared.stamps.last);
  }

  /** Queues frames that `fill` makes as the connection drains. One at a time. */
  pour(fill: Fill): void {
    if (this.#gone) return;
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
    this.#front = undefined;
    this.#own = undefined;
  }

  /** Offers everything that waits, until it is gone or the connection is full. */
  flush(now: number): void {
    if (this.blocked || this.#gone) return;
    const sub = this.#subs[0];
    if (sub !== undefined && this.#subs.length === 1 && this.#own === undefined && this.#front === undefined) {
      // What nearly every delivery is: one room has news, and it is written from where it lies.
      const { tape } = sub.ring;
      if (sub.cursor >= tape.tail && sub.index >= 0) {
        const start = sub.cursor;
        if (start === tape.head) return;
        const taken = this.#shared.transport.offer(
          this.connection,
          tape.buffer,
          start - tape.base,
          tape.head - tape.base,
        );
        if (taken === tape.head - start) {
          sub.cursor = tape.head;
          this.written += taken;
        } else this.#short(taken, sub, now);
        return;
      }
    }
    this.#flushAll(now);
  }

  #flushAll(now: number): void {
    this.#catchUp();
    while (this.#step(now));
    this.#drop();
  }

  /** One write. False when nothing is left, or nothing more is taken. */
  #step(now: number): boolean {
    const front = this.#front;
    if (front !== undefined) {
      const taken = this.#offer(front, 0, front.length);
      if (taken === front.length) this.#front = undefined;
      else if (taken >= 0) this.#front = front.subarray(taken);
      return this.#full(taken, front.length, now);
    }
    const source = this.#only();
    if (source === undefined) return false;
    if (source === 'many') return this.#writeMany(now);
    return source === 'own' ? this.#writeOwn(now) : this.#writeSub(source, now);
  }

  /** The one source that has something, 'many', or undefined. */
  #only(): Subscription | 'own' | 'many' | undefined {
    let found: Subscription | 'own' | undefined = this.#ownStamp() < Number.POSITIVE_INFINITY ? 'own' : undefined;
    for (const sub of this.#subs) {
      if (sub.cursor === sub.end) continue;
      if (found !== undefined) return 'many';
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

  #writeOwn(now: number): boolean {
    const { tape } = this.#own as Own;
    const { tail, head } = tape;
    const taken = this.#offer(tape.buffer, tail - tape.base, head - tape.base);
    if (taken > 0) (this.#own as Own).written(tail + taken);
    return this.#full(taken, head - tail, now);
  }

  #writeSub(sub: Subscription, now: number): boolean {
    const { tape } = sub.ring;
    const start = sub.cursor;
    const end = sub.end;
    const taken = this.#offer(tape.buffer, start - tape.base, end - tape.base);
    if (taken > 0) sub.cursor = start + taken;
    if (taken !== end - start) this.#tear(sub);
    return this.#full(taken, end - start, now);
  }

  /** Gathers runs of several sources in the order of their stamps, and writes them at once. */
  #writeMany(now: number): boolean {
    const length = this.#gather();
    assert(length > 0, 'a frame fits into the gather buffer');
    let rest = this.#offer(GATHER, 0, length);
    const taken = rest;
    let from = 0;
    for (let i = 0; i < gathered.length; i++) {
      const sub = gathered[i];
      const size = (gatheredTo[i] as number) - from;
      from = gatheredTo[i] as number;
      const part = rest < size ? Math.max(rest, 0) : size;
      rest -= part;
      if (sub === undefined) {
        const own = this.#own as Own;
        own.written(own.tape.tail + part);
      } else {
        sub.cursor += part;
        if (part < size) this.#tear(sub);
      }
      if (part < size) break;
    }
    gathered.length = 0;
    gatheredTo.length = 0;
    return this.#full(taken, length, now);
  }

  #gather(): number {
    let length = 0;
    let ownAt = this.#own === undefined ? 0 : this.#own.tape.tail;
    for (const sub of this.#subs) sub.ahead = sub.cursor;
    for (;;) {
      // The source with the lowest stamp goes next, up to the lowest stamp of the others.
      let best: Subscription | undefined;
      let bestStamp = Number.POSITIVE_INFINITY;
      let bound = Number.POSITIVE_INFINITY;
      for (const sub of this.#subs) {
        if (sub.ahead === sub.end) continue;
        const stamp = sub.ring.stampOf(sub.ring.entryAt(sub.ahead));
        if (stamp < bestStamp) {
          bound = bestStamp;
          bestStamp = stamp;
          best = sub;
        } else if (stamp < bound) bound = stamp;
      }
      const own = this.#own;
      // A reply with the stamp of an entry was said after that entry.
      const ownStamp = own !== undefined && ownAt < own.tape.head ? own.stampAt(ownAt) : Number.POSITIVE_INFINITY;
      if (best === undefined && ownStamp === Number.POSITIVE_INFINITY) return length;
      const room = GATHER.length - length;
      if (own !== undefined && ownStamp < bestStamp) {
        const end = Math.min(own.endBefore(bestStamp, ownAt), ownAt + room);
        length = take(undefined, own.tape, ownAt, end, length);
        ownAt = end;
        if (length === GATHER.length) return length;
        // What a source makes next may have to come before everything else: look again after this write.
        if (ownAt === own.tape.head && own.filling) return length;
      } else if (best !== undefined) {
        const end = runEnd(best, Math.min(bound, ownStamp + 0.5), room);
        if (end === best.ahead) return length;
        length = take(best, best.ring.tape, best.ahead, end, length);
        best.ahead = end;
      }
    }
  }

  /** Readers that a ring overtook are told what they may have missed, and go on at what it still has. */
  #catchUp(): void {
    for (const sub of this.#subs) {
      const { ring } = sub;
      if (sub.cursor >= ring.tape.tail) continue;
      sub.cursor = ring.tape.tail;
      if (sub.until < sub.cursor) sub.until = sub.cursor;
      this.lags++;
      const word = ring.lagged(sub.from, ring.floor - 1);
      sub.from = ring.lowAt(sub.cursor);
      this.#front = this.#front === undefined ? word : joined(this.#front, word);
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

  #short(taken: number, sub: Subscription, now: number): void {
    const asked = sub.ring.tape.head - sub.cursor;
    if (taken > 0) {
      sub.cursor += taken;
      this.written += taken;
      this.#tear(sub);
    }
    this.#full(taken, asked, now);
  }

  #offer(bytes: Uint8Array, start: number, end: number): number {
    const taken = this.#shared.transport.offer(this.connection, bytes, start, end);
    if (taken > 0) this.written += taken;
    return taken;
  }

  /** Whether all was taken. If not, notes for each room from where on its reader lacks what comes. */
  #full(taken: number, asked: number, now: number): boolean {
    if (taken === asked) return true;
    if (taken < 0) this.close();
    else {
      this.blocked = true;
      this.takenAt = now;
      for (const sub of this.#subs) sub.from = sub.ring.lowAt(sub.cursor);
    }
    return false;
  }

  /** Forgets rooms that were left and read to their end. */
  #drop(): void {
    for (let i = this.#subs.length - 1; i >= 0; i--) {
      const sub = this.#subs[i] as Subscription;
      if (sub.index < 0 && sub.cursor >= sub.until) this.#subs.splice(i, 1);
    }
  }
}

/** The end of the run of `sub` with stamps below `bound` that fits into `room` bytes. */
function runEnd(sub: Subscription, bound: number, room: number): number {
  const { ring } = sub;
  let end = sub.ahead;
  for (let entry = ring.entryAt(end); end < sub.end && ring.stampOf(entry) < bound; entry++) {
    const next = ring.endOf(entry);
    if (next - sub.ahead > room) break;
    end = next;
  }
  return end;
}

function take(
  sub: Subscription | undefined,
  tape: { readonly buffer: Uint8Array; readonly base: number },
  start: number,
  end: number,
  length: number,
): number {
  copyBytes(tape.buffer, start - tape.base, end - tape.base, GATHER, length);
  const to = length + end - start;
  const last = gathered.length - 1;
  if (last >= 0 && gathered[last] === sub) gatheredTo[last] = to;
  else {
    gathered.push(sub);
    gatheredTo.push(to);
  }
  return to;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
