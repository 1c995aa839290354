// A tape: bytes appended at one end and trimmed at the other, always contiguous in memory, addressed by positions
// that only grow. A position is the count of bytes ever appended before it, so a cursor stays meaningful while the
// bytes behind it move.
//
//   base            tail                 head
//   |  trimmed      |  live: readable    |  free      |
//   0 ----------------- buffer ----------------------- buffer.length
//
// When the free part is too small, the live bytes move to the front (if at least half of the buffer is trimmed) or to
// a buffer twice as large: either way each byte moves less than once on average, and any live range is one write.
// An empty tape holds no memory. It refuses nothing and bounds nothing: its owner trims.

import { copyBytes } from './bytes.ts';
import { addressOf, copyBetween, copyTo, stable } from './library.ts';

const EMPTY = new Uint8Array(0);
const SMALLEST = 256;

export class Tape {
  /** Holds position p at buffer[p - base]. Replaced when the tape grows: take it anew after every append. */
  buffer: Uint8Array = EMPTY;
  #address = 0;
  base = 0;
  tail = 0;
  head = 0;
  /** Bytes of memory held. */
  held = 0;

  /** Where the buffer lies; 0 when that is not known. */
  get address(): number {
    return this.#address;
  }

  /** Live bytes. */
  get length(): number {
    return this.head - this.tail;
  }

  /** Whether `count` more bytes have room where the tape lies. */
  fits(count: number): boolean {
    return this.head - this.base + count <= this.held;
  }

  /** Makes room for `count` more bytes and returns the buffer offset where they may be written. */
  reserve(count: number): number {
    const at = this.head - this.base;
    return at + count <= this.held ? at : this.#makeRoom(count);
  }

  /** Takes `count` bytes, written where reserve said, as appended. */
  advance(count: number): void {
    this.head += count;
  }

  /** Appends a copy of bytes[start, end), which is not the tape's own buffer; returns the position of the first. */
  append(bytes: Uint8Array, start: number, end: number): number {
    this.reserve(end - start);
    return this.put(bytes, start, end);
  }

  /** Appends what fits. */
  put(bytes: Uint8Array, start: number, end: number): number {
    const position = this.head;
    copyTo(this.buffer, this.#address, position - this.base, bytes, start, end);
    this.head = position + end - start;
    return position;
  }

  /** Appends bytes[start, end), an array that lies at `from`, or 0, where they fit. */
  putFrom(bytes: Uint8Array, from: number, start: number, end: number): void {
    copyBetween(this.buffer, this.#address, this.head - this.base, bytes, from, start, end);
    this.head += end - start;
  }

  /** Forgets every byte before `position`. */
  trim(position: number): void {
    if (position <= this.tail) return;
    // Added as an integer: a position that comes from an array of doubles would make doubles of all three for good.
    this.tail += (Math.min(position, this.head) - this.tail) | 0;
    if (this.tail === this.head) this.base = this.tail;
  }

  /** Forgets the last `count` bytes, as if they had never been appended. */
  cut(count: number): void {
    this.head -= count;
    if (this.tail === this.head) this.base = this.tail;
  }

  /** Gives memory back: all of it when empty, else down to what the live bytes need. */
  shrink(): void {
    const live = this.length;
    const size = live === 0 ? 0 : sizeFor(live);
    if (size >= this.held) return;
    this.#moveTo(size === 0 ? EMPTY : stable(size));
  }

  #makeRoom(count: number): number {
    const live = this.length;
    const fits = live + count <= this.held;
    this.#moveTo(fits && live <= this.held >> 1 ? this.buffer : stable(sizeFor((live + count) * 2)));
    return this.head - this.base;
  }

  #moveTo(target: Uint8Array): void {
    const from = this.tail - this.base;
    const to = this.head - this.base;
    if (target === this.buffer) target.copyWithin(0, from, to);
    else {
      copyBytes(this.buffer, from, to, target, 0);
      this.buffer = target;
      this.held = target.length;
      this.#address = addressOf(target);
    }
    this.base = this.tail;
  }
}

function sizeFor(bytes: number): number {
  let size = SMALLEST;
  while (size < bytes) size *= 2;
  return size;
}
