// References: what messages without an id are known by, the server that a message was sent at and that server's count of
// its sends to the room; on links `server.number`. What one server said in a row has references in a row, so they are
// kept, and sent, as runs: entries of which each is known by one more than the one in front, or none by anything.

import { safeDecimal } from '../base/bytes.ts';
import type { ServerId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';

export interface Reference {
  readonly server: ServerId;
  readonly number: number;
}

/** position, server (0: these have none), number */
const WIDTH = 3;
const SMALLEST = 8 * WIDTH;
const DOT = 0x2e;
const STAR = 0x2a;
const MOST_ID = 4_294_967_295;

/** The references of entries that stand one behind the other; those of the oldest are forgotten by trim(). */
export class References {
  /** Of each run its first entry, in order of position: rows[#first, #end). */
  #rows = new Float64Array(SMALLEST);
  #first = 0;
  #end = 0;
  /** The position behind the last entry that was noted. */
  #next = 0;

  /** Notes the reference of the entry behind the last one; undefined for none. */
  push(position: number, reference: Reference | undefined): void {
    this.pushRun(position, 1, reference?.server ?? 0, reference?.number ?? 0);
  }

  /** As push() for `count` entries from `position` on, the first of which is known as `number` of `server`, 0 for none. */
  pushRun(position: number, count: number, server: number, number: number): void {
    if (this.#end === 0) this.#next = position;
    if (position !== this.#next) return;
    this.#next = position + count;
    const rows = this.#rows;
    const last = this.#end - WIDTH;
    if (last >= this.#first && rows[last + 1] === server) {
      if (server === 0 || (rows[last + 2] as number) - (rows[last] as number) === number - position) return;
    }
    const at = this.#end;
    if (at === rows.length) return this.#grow(position, server, number);
    rows[at] = position;
    rows[at + 1] = server;
    rows[at + 2] = number;
    this.#end = at + WIDTH;
  }

  /** The server of the entry at `position`; 0 when it has no reference, or none is kept. */
  serverAt(position: number): ServerId {
    const at = this.#runOf(position);
    return (at < 0 ? 0 : this.#rows[at + 1]) as ServerId;
  }

  /** The number of the entry at `position`, which has a reference. */
  numberAt(position: number): number {
    const at = this.#runOf(position);
    return (this.#rows[at + 2] as number) + position - (this.#rows[at] as number);
  }

  /** The position of the last entry in the same run. */
  runEnd(position: number): number {
    const at = this.#runOf(position);
    if (at < 0) return position;
    return at + WIDTH < this.#end ? (this.#rows[at + WIDTH] as number) - 1 : this.#next - 1;
  }

  /** Those below `oldest` are of no use: cut off when they are half of all. */
  trim(oldest: number): void {
    const rows = this.#rows;
    while (this.#first + WIDTH < this.#end && (rows[this.#first + WIDTH] as number) <= oldest) this.#first += WIDTH;
    if (this.#first * 2 <= this.#end) return;
    rows.copyWithin(0, this.#first, this.#end);
    this.#end -= this.#first;
    this.#first = 0;
  }

  clear(): void {
    this.#first = 0;
    this.#end = 0;
    this.#rows = new Float64Array(SMALLEST);
  }

  /** Writes the run of the entries from `position` to `last` at most as an argument; the position of its last one. */
  write(position: number, last: number, to: FrameWriter): number {
    const end = Math.min(last, this.runEnd(position));
    const server = this.serverAt(position);
    const known = server === 0 ? '' : `${server}.${this.numberAt(position)}`;
    to.word(end === position ? known : `${known}*${end - position + 1}`);
    return end;
  }

  /** Where the run stands that an entry is in; -1 when it is not known. */
  #runOf(position: number): number {
    const rows = this.#rows;
    let low = this.#first;
    if (low === this.#end || position < (rows[low] as number) || position >= this.#next) return -1;
    let high = this.#end;
    // Mostly it is the last.
    for (let at = high - WIDTH; low + WIDTH < high; at = low + (((high - low) / WIDTH) >> 1) * WIDTH) {
      if ((rows[at] as number) <= position) low = at;
      else high = at;
    }
    return low;
  }

  #grow(position: number, server: number, number: number): void {
    const larger = new Float64Array(this.#rows.length * 2);
    larger.set(this.#rows);
    this.#rows = larger;
    larger.set([position, server, number], this.#end);
    this.#end += WIDTH;
  }
}

/** A run of references as it was read: none where `server` is 0. */
export interface ReferenceRun {
  readonly count: number;
  readonly server: number;
  readonly number: number;
}

/** Reads argument `i`, which speaks of `most` entries at most; undefined when it is no run of references. */
export function readReferences(frame: Frame, i: number, most: number): ReferenceRun | undefined {
  const { bytes } = frame;
  const start = frame.argStart[i] as number;
  const stop = frame.argEnd[i] as number;
  let end = start;
  while (end < stop && bytes[end] !== STAR) end++;
  const count = end === stop ? 1 : safeDecimal(bytes, end + 1, stop);
  if (count < 1 || count > most) return undefined;
  if (end === start) return { count, server: 0, number: 0 };
  let dot = start;
  while (dot < end && bytes[dot] !== DOT) dot++;
  const server = safeDecimal(bytes, start, dot);
  const number = safeDecimal(bytes, dot + 1, end);
  const isGood = server >= 1 && server <= MOST_ID && number >= 1 && Number.isSafeInteger(number + count);
  return isGood ? { count, server, number } : undefined;
}
