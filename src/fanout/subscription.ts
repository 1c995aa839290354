// A subscription: one reader's cursor in one ring. It holds no bytes, so a reader that stalls costs nothing.

import type { Outbox } from './outbox.ts';
import type { Ring } from './ring.ts';

export class Subscription {
  readonly outbox: Outbox;
  readonly ring: Ring;
  /**
   * The position of the next byte to be written to the reader; always the start of an entry between flushes. Below the
   * tail of the ring: it was overtaken, and is owed the word that says so.
   */
  cursor: number;
  /** Where the reading ends, and the stamp of the last entry before: Infinity, or where the room was left. */
  until = Number.POSITIVE_INFINITY;
  untilStamp = Number.POSITIVE_INFINITY;
  /** The lowest slot that the reader lacks, as known when it was last offered something. */
  from: number;
  /** The position at which the reader was last told how things stand: of turns before it it needs no word. */
  met: number;
  /** How far a write being gathered has read: the position, the entry there, its stamp (Infinity: nothing is left). */
  ahead = 0;
  aheadEntry = 0;
  aheadStamp = 0;
  /** Its place in ring.readers; -1 when it reads only what came before it left. */
  index: number;

  constructor(outbox: Outbox, ring: Ring) {
    this.outbox = outbox;
    this.ring = ring;
    this.cursor = ring.tape.head;
    this.from = ring.low;
    this.met = this.cursor;
    this.index = ring.readers.push(this) - 1;
  }

  /** Where it has to read to. */
  get end(): number {
    return Math.min(this.until, this.ring.tape.head);
  }

  /** Bytes that are kept and that it has still to read. */
  get behind(): number {
    return Math.max(0, this.end - Math.max(this.cursor, this.ring.tape.tail));
  }

  /** The ring evicted entries that were to be read. */
  get overtaken(): boolean {
    return this.cursor < this.ring.tape.tail;
  }

  /** Begins to gather, at the cursor. */
  rewind(): void {
    const { ring, cursor } = this;
    if (!this.overtaken) {
      this.advance(cursor, ring.entryAt(cursor));
      return;
    }
    this.ahead = cursor;
    // The word stands where the last of the lost entries stood: what was decided before them is said before it.
    this.aheadStamp = Math.min(ring.evicted, this.untilStamp);
  }

  /** Gathered everything up to `position`, where `entry` begins. */
  advance(position: number, entry: number): void {
    this.ahead = position;
    this.aheadEntry = entry;
    this.aheadStamp = position < this.until ? this.ring.stampOf(entry) : Number.POSITIVE_INFINITY;
  }

  /** Takes it off the ring's list: what came until now is still read, nothing later. */
  leave(): void {
    if (this.index < 0) return;
    const { readers } = this.ring;
    const last = readers.pop() as Subscription;
    if (last !== this) {
      readers[this.index] = last;
      last.index = this.index;
    }
    this.index = -1;
    this.until = this.ring.tape.head;
    this.untilStamp = this.ring.newest;
  }
}
