// What one connection alone is to get: replies in the order they were made, each with its place in the server's order
// of decision, and at most one source of frames that are made while the connection drains. What is said while a source
// is not done waits behind it. An own queue exists only while it holds something.

import { assert } from '../base/assert.ts';
import { Tape } from '../base/tape.ts';

/** Makes frames while a connection drains: appends some to `tape`; false when those were the last. */
export type Fill = (tape: Tape) => boolean;

const COMPACTED = 64;
/** Empty queues that are kept for the next connection, all of them together, and one: a link's holds a batch. */
const POOLED = 512;
const POOLED_BYTES = POOLED * 4096;
const LARGEST_POOLED = 256 * 1024;
const pool: Own[] = [];
let pooledBytes = 0;

export class Own {
  readonly tape = new Tape();
  #ends: number[] = [];
  #stamps: number[] = [];
  #at = 0;
  #fill: Fill | undefined;
  #fillStamp = 0;
  #after: Own | undefined;

  static take(): Own {
    const own = pool.pop() ?? new Own();
    pooledBytes -= own.tape.held;
    return own;
  }

  /** Gives an empty queue back for another connection. */
  release(): void {
    const { held } = this.tape;
    if (held > LARGEST_POOLED || pooledBytes + held > POOLED_BYTES || pool.length === POOLED) return;
    pool.push(this);
    pooledBytes += held;
  }

  /** Whether a source is still making frames. */
  get filling(): boolean {
    return this.#fill !== undefined || (this.#after?.filling ?? false);
  }

  /** Whether more comes behind the bytes that are here, with a stamp that is not known yet. */
  get goesOn(): boolean {
    return this.#fill !== undefined || this.#after !== undefined;
  }

  /** Bytes waiting. */
  get length(): number {
    return this.tape.length + (this.#after?.length ?? 0);
  }

  /** Appends bytes[start, end), said after everything up to `stamp`. */
  append(bytes: Uint8Array, start: number, end: number, stamp: number): void {
    if (start === end) return;
    if (this.goesOn) {
      this.#after ??= Own.take();
      this.#after.append(bytes, start, end, stamp);
      return;
    }
    this.tape.append(bytes, start, end);
    this.#mark(stamp);
  }

  /** Sets the source whose frames come next. There is none yet: input waits while there is one. */
  pour(fill: Fill, stamp: number): void {
    assert(!this.filling, 'one source at a time');
    if (this.#after !== undefined) {
      this.#after.pour(fill, stamp);
      return;
    }
    this.#fill = fill;
    this.#fillStamp = stamp;
  }

  /** The stamp of the next byte. Makes more when there is none; undefined when the queue is over. */
  nextStamp(): number | undefined {
    while (this.tape.length === 0) {
      if (this.#fill === undefined) return undefined;
      this.#pull(this.#fill);
    }
    return this.#stamps[this.#at] as number;
  }

  /** The stamp of the byte at `position`, which is queued. */
  stampAt(position: number): number {
    let at = this.#at;
    while ((this.#ends[at] as number) <= position) at++;
    return this.#stamps[at] as number;
  }

  /** The position up to which the bytes were said before everything stamped `before`; the one at `position` was. */
  endBefore(before: number, position: number): number {
    let end = position;
    for (let at = this.#at; at < this.#ends.length && (this.#stamps[at] as number) < before; at++) {
      end = this.#ends[at] as number;
    }
    return end;
  }

  /** The bytes before `position` were written. */
  written(position: number): void {
    this.tape.trim(position);
    while (this.#at < this.#ends.length && (this.#ends[this.#at] as number) <= this.tape.tail) this.#at++;
    if (this.#at === this.#ends.length && this.#at > 0) {
      this.#ends.length = 0;
      this.#stamps.length = 0;
      this.#at = 0;
    } else if (this.#at >= COMPACTED && this.#at * 2 >= this.#ends.length) {
      // A queue that is never quite empty must not keep the marks of everything it ever held.
      this.#ends.splice(0, this.#at);
      this.#stamps.splice(0, this.#at);
      this.#at = 0;
    }
  }

  /** Takes what waited behind the source, once that is done and written; undefined when nothing did. */
  takeAfter(): Own | undefined {
    const after = this.#after;
    this.#after = undefined;
    return after;
  }

  #pull(fill: Fill): void {
    const { head } = this.tape;
    if (!fill(this.tape)) this.#fill = undefined;
    if (this.tape.head > head) this.#mark(this.#fillStamp);
    else assert(this.#fill === undefined, 'a source that goes on makes something');
  }

  /** What was appended since the last mark has this stamp. */
  #mark(stamp: number): void {
    const last = this.#ends.length - 1;
    if (last >= this.#at && this.#stamps[last] === stamp) this.#ends[last] = this.tape.head;
    else {
      this.#ends.push(this.tape.head);
      this.#stamps.push(stamp);
    }
  }
}
