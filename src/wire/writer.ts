// The frame writer: values in, frames in canonical form out, one behind the other in one buffer that grows.
// A verb or a value that no frame can hold is our own mistake and stops it; it keeps true that whatever it wrote
// between clear() and now is a row of whole frames, each with an LF behind it, once the last one was ended.

import { assert } from '../base/assert.ts';
import { copyBytes, writeAscii, writeDecimal } from '../base/bytes.ts';
import { needsEscape } from './canonical.ts';
import { BACKSLASH, COMMA, GREATER, LESS, LF, MAX_VERB } from './octets.ts';

const SMALLEST = 256;
const REPLACEMENT = 0xfffd;

export class FrameWriter {
  /** Holds the frames in [0, length). Replaced when it grows: take it after writing. */
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  #open = false;

  constructor(initial: number = SMALLEST) {
    this.bytes = new Uint8Array(initial);
  }

  /** Begins a frame. `verb` is in upper case. */
  begin(verb: string): this {
    assert(!this.#open, 'a frame begun inside another');
    if (!isVerb(verb)) assert(false, `not a verb: ${verb}`);
    this.#open = true;
    this.#reserve(verb.length + 1);
    this.bytes[this.length] = LESS;
    this.length = writeAscii(verb, this.bytes, this.length + 1);
    return this;
  }

  /** Begins a frame by a copy of `head`, which was written before: see openFrame(). */
  beginAs(head: Uint8Array): this {
    assert(!this.#open, 'a frame begun inside another');
    this.#open = true;
    this.#reserve(head.length);
    copyBytes(head, 0, head.length, this.bytes, this.length);
    this.length += head.length;
    return this;
  }

  /** Adds an argument of ASCII that needs no escape: an epoch, a uid. */
  word(text: string): this {
    assert(this.#open, 'an argument outside a frame');
    this.#reserve(text.length + 1);
    this.bytes[this.length] = COMMA;
    this.length = writeAscii(text, this.bytes, this.length + 1);
    return this;
  }

  /** Adds an argument: a text, escaped where it must be, or a non-negative safe integer in decimal. */
  arg(value: string | number): this {
    assert(this.#open, 'an argument outside a frame');
    if (typeof value === 'number') return this.#number(value);
    // A code unit takes three bytes at most, or two when it is escaped.
    this.#reserve(value.length * 3 + 1);
    this.bytes[this.length] = COMMA;
    this.length = writeText(value, this.bytes, this.length + 1);
    return this;
  }

  /** Adds bytes[start, end), which is in canonical form already, as an argument. */
  raw(bytes: Uint8Array, start: number, end: number): this {
    assert(this.#open, 'an argument outside a frame');
    this.#reserve(end - start + 1);
    this.bytes[this.length] = COMMA;
    copyBytes(bytes, start, end, this.bytes, this.length + 1);
    this.length += end - start + 1;
    return this;
  }

  /** Ends the frame. */
  end(): this {
    assert(this.#open, 'the end of no frame');
    this.#open = false;
    this.#reserve(2);
    this.bytes[this.length++] = GREATER;
    this.bytes[this.length++] = LF;
    return this;
  }

  /** Copies bytes[start, end), whole frames that were written before, each with its LF. */
  frame(bytes: Uint8Array, start: number, end: number): this {
    assert(!this.#open, 'a frame copied into another');
    this.#reserve(end - start);
    copyBytes(bytes, start, end, this.bytes, this.length);
    this.length += end - start;
    return this;
  }

  /** Ends with an LF what frame() copied without. */
  lf(): this {
    this.#reserve(1);
    this.bytes[this.length++] = LF;
    return this;
  }

  /** Forgets everything written, and keeps the buffer. */
  clear(): void {
    this.length = 0;
    this.#open = false;
  }

  #number(value: number): this {
    // The text of a complaint costs more than the number, and is made when there is one.
    if (!Number.isSafeInteger(value) || value < 0) assert(false, `not a number for a frame: ${value}`);
    this.#reserve(17);
    this.bytes[this.length] = COMMA;
    this.length = writeDecimal(value, this.bytes, this.length + 1);
    return this;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    let size = Math.max(this.bytes.length, SMALLEST);
    while (size < needed) size *= 2;
    const larger = new Uint8Array(size);
    copyBytes(this.bytes, 0, this.length, larger, 0);
    this.bytes = larger;
  }
}

/** One frame with its LF, in a new array. */
export function encodeFrame(verb: string, ...args: (string | number)[]): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter();
  writer.begin(verb);
  for (const value of args) writer.arg(value);
  writer.end();
  return writer.bytes.slice(0, writer.length);
}

/** A frame up to where its next argument's comma would stand, in a new array. */
export function openFrame(verb: string, ...args: (string | number)[]): Uint8Array<ArrayBuffer> {
  const frame = encodeFrame(verb, ...args);
  return frame.slice(0, frame.length - 2);
}

function isVerb(verb: string): boolean {
  if (verb.length < 1 || verb.length > MAX_VERB) return false;
  for (let i = 0; i < verb.length; i++) {
    const code = verb.charCodeAt(i);
    const letter = code >= 0x41 && code <= 0x5a;
    if (!letter && !(code >= 0x30 && code <= 0x39) && code !== 0x5f) return false;
  }
  return true;
}

/** Writes `text` as an argument to target at `at`, where there is room for it; returns the offset behind it. */
function writeText(text: string, target: Uint8Array, at: number): number {
  const last = text.length - 1;
  let to = at;
  for (let i = 0; i <= last; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      assert(unit !== 0, 'NUL in an argument');
      if (needsEscape(unit, i === 0 || i === last)) target[to++] = BACKSLASH;
      target[to++] = unit;
    } else if (unit < 0xd800 || unit > 0xdfff) {
      to = writeHigh(unit, target, to);
    } else {
      const point = text.codePointAt(i) as number;
      if (point > 0xffff) i++;
      to = writeHigh(point > 0xffff ? point : REPLACEMENT, target, to);
    }
  }
  return to;
}

/** Writes a code point beyond ASCII as UTF-8. */
function writeHigh(point: number, target: Uint8Array, at: number): number {
  let to = at;
  if (point < 0x800) {
    target[to++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      target[to++] = 0xe0 | (point >> 12);
    } else {
      target[to++] = 0xf0 | (point >> 18);
      target[to++] = 0x80 | ((point >> 12) & 0x3f);
    }
    target[to++] = 0x80 | ((point >> 6) & 0x3f);
  }
  target[to++] = 0x80 | (point & 0x3f);
  return to;
}
