// References: what messages without an id are known by, the server that a message was sent at and that server's count of
// its sends to the room; on links `server.number`. A segment keeps those of its entries as rows of numbers, by position,
// so that none of them is an object or a text.

import { writeDecimal } from '../base/bytes.ts';
import type { ServerId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';

export interface Reference {
  readonly server: ServerId;
  readonly number: number;
}

const WIDTH = 2;
const SMALLEST = 16 * WIDTH;
const DOT = 0x2e;
const ZERO = 0x30;
const MOST_ID = 4_294_967_295;
const text = new Uint8Array(2 * 16 + 1);

/** The references of entries that stand one behind the other; those of the oldest are forgotten by trim(). */
export class References {
  /** The position of the first row. */
  #from = 1;
  #count = 0;
  #rows = new Float64Array(SMALLEST);

  /** Notes the reference of the entry behind the last one; undefined for none. */
  push(position: number, reference: Reference | undefined): void {
    if (this.#count === 0) this.#from = position;
    if (position !== this.#from + this.#count) return;
    const at = this.#count++ * WIDTH;
    if (at === this.#rows.length) this.#grow();
    this.#rows[at] = reference?.server ?? 0;
    this.#rows[at + 1] = reference?.number ?? 0;
  }

  /** The server of the entry at `position`; 0 when it has no reference, or none is kept. */
  serverAt(position: number): ServerId {
    const index = position - this.#from;
    return (index < 0 || index >= this.#count ? 0 : this.#rows[index * WIDTH]) as ServerId;
  }

  /** The number of the entry at `position`, which has a reference. */
  numberAt(position: number): number {
    return this.#rows[(position - this.#from) * WIDTH + 1] as number;
  }

  /** Those below `oldest` are of no use: cut off when they are half of all. */
  trim(oldest: number): void {
    const old = oldest - this.#from;
    if (old * 2 <= this.#count) return;
    this.#rows.copyWithin(0, old * WIDTH, this.#count * WIDTH);
    this.#from = oldest;
    this.#count -= old;
  }

  clear(): void {
    this.#count = 0;
    this.#rows = new Float64Array(SMALLEST);
  }

  /** Writes the reference of the entry at `position` as an argument, empty for none. */
  write(position: number, to: FrameWriter): void {
    const server = this.serverAt(position);
    if (server === 0) {
      to.arg('');
      return;
    }
    const dot = writeDecimal(server, text, 0);
    text[dot] = DOT;
    to.raw(text, 0, writeDecimal(this.numberAt(position), text, dot + 1));
  }

  #grow(): void {
    const larger = new Float64Array(this.#rows.length * 2);
    larger.set(this.#rows);
    this.#rows = larger;
  }
}

/** Reads argument `i` into rows[at] and rows[at + 1], zeros when it is empty; false when it is no reference. */
export function readReference(frame: Frame, i: number, rows: Float64Array, at: number): boolean {
  const { bytes } = frame;
  const start = frame.argStart[i] as number;
  const end = frame.argEnd[i] as number;
  if (start === end) {
    rows[at] = 0;
    rows[at + 1] = 0;
    return true;
  }
  let dot = start;
  while (dot < end && bytes[dot] !== DOT) dot++;
  const server = decimal(bytes, start, dot);
  const number = decimal(bytes, dot + 1, end);
  rows[at] = server;
  rows[at + 1] = number;
  return server >= 1 && server <= MOST_ID && number >= 1;
}

/** bytes[start, end) as a positive safe integer; -1 when it is none. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > 16) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
