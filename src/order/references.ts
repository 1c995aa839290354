// References: what messages without an id are known by, the server that a message was sent at and that server's count of
// its sends to the room; on links `server.number`. A segment keeps those of its entries as rows of numbers, by position,
// so that none of them is an object or a text.

import { safeDecimal, writeDecimal } from '../base/bytes.ts';
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
const NINE = 0x39;
const MOST_ID = 4_294_967_295;

/** The reference that was written last for some server: the next one is mostly one more. */
class Written {
  readonly text = new Uint8Array(2 * 16 + 1);
  server = 0;
  number = 0;
  length = 0;
}
const written = Array.from({ length: 8 }, () => new Written());

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
    const last = written[server & 7] as Written;
    const { text } = last;
    const number = this.numberAt(position);
    const end = last.length - 1;
    if (server === last.server && number === last.number + 1 && (text[end] as number) < NINE) {
      text[end] = (text[end] as number) + 1;
    } else {
      const dot = writeDecimal(server, text, 0);
      text[dot] = DOT;
      last.length = writeDecimal(number, text, dot + 1);
    }
    last.server = server;
    last.number = number;
    to.raw(text, 0, last.length);
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
  const server = safeDecimal(bytes, start, dot);
  const number = safeDecimal(bytes, dot + 1, end);
  rows[at] = server;
  rows[at + 1] = number;
  return server >= 1 && server <= MOST_ID && number >= 1;
}
