// Frames that are alike: of one verb, with the same first arguments, then a number, and then more. A server sends many
// of them in a row, and what was read once of one is only compared in the next. Only what stands in canonical form is
// read here, by whoever wants no more of it than its number and its end; all else is left to the grammar.

import { isCanonical } from './canonical.ts';
import { BACKSLASH, COMMA, GREATER, OWS, VERB_CLASS } from './octets.ts';
import { fourAt, plainEnd } from './words.ts';

/** How many arguments behind the number mostly say what they said before, and how long they may be together. */
const SHARED_ARGS = 2;
const MOST_SHARED = 96;
const MOST_ARGS = 32;
const MOST_DIGITS = 15;
const ZERO = 0x30;

/** Some bytes to compare with, four at a time. */
class Pattern {
  length = 0;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;

  constructor(most: number) {
    this.#bytes = new Uint8Array((most + 3) & ~3);
    this.#words = new Int32Array(this.#bytes.buffer);
  }

  set(bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.#bytes[i - start] = bytes[i] as number;
    this.length = end - start;
  }

  /** Whether it stands at `at` of bytes[…, stop). `worded`: as for readFrame. */
  isAt(bytes: Uint8Array, at: number, stop: number, worded: number): boolean {
    const { length } = this;
    if (at + length > stop) return false;
    let i = 0;
    if (stop <= worded) for (; i + 4 <= length; i += 4) if (fourAt(at + i) !== this.#words[i >> 2]) return false;
    for (; i < length; i++) if (bytes[at + i] !== this.#bytes[i]) return false;
    return true;
  }
}

/** Frames that begin alike. */
export class Alike {
  /** The number of the one that was read last. */
  number = 0;
  readonly #head: Pattern;
  /** The comma behind the number, what came between that and the rest, and the next comma. */
  readonly #shared = new Pattern(MOST_SHARED);
  #digitsEnd = 0;

  /** `head`: how they begin, up to and with the comma in front of the number. */
  constructor(head: Uint8Array) {
    this.#head = new Pattern(head.length);
    this.#head.set(head, 0, head.length);
  }

  /**
   * Reads the frame at `start` of bytes[…, stop): the offset behind its '>', or 0 where it is not one of these, is not
   * whole, or is not in canonical form. `worded`: as for readFrame.
   */
  read(bytes: Uint8Array, start: number, stop: number, worded: number): number {
    if (!this.#head.isAt(bytes, start, stop, worded) || !this.#readNumber(bytes, start + this.#head.length, stop))
      return 0;
    const from = this.#digitsEnd;
    if (bytes[from] === GREATER) return from + 1;
    const shared = this.#shared;
    if (shared.length > 0 && shared.isAt(bytes, from, stop, worded)) {
      return this.#readArgs(bytes, from + shared.length, stop, worded, SHARED_ARGS);
    }
    return this.#readArgs(bytes, from + 1, stop, worded, 0);
  }

  #readNumber(bytes: Uint8Array, start: number, stop: number): boolean {
    let value = 0;
    let i = start;
    for (; i < stop; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.number = value;
    this.#digitsEnd = i;
    return i > start && i - start <= MOST_DIGITS && i < stop && (bytes[i] === COMMA || bytes[i] === GREATER);
  }

  /** Reads the arguments from `start` on, behind `before` others that follow the number. */
  #readArgs(bytes: Uint8Array, start: number, stop: number, worded: number, before: number): number {
    let from = start;
    for (let count = before + 1; count < MOST_ARGS; count++) {
      const end = argumentEnd(bytes, from, stop, worded);
      if (end === 0) return 0;
      if (bytes[end] === GREATER) return end + 1;
      from = end + 1;
      if (count === SHARED_ARGS && from - this.#digitsEnd <= MOST_SHARED)
        this.#shared.set(bytes, this.#digitsEnd, from);
    }
    return 0;
  }
}

/** Where the argument at `start` ends, at a ',' or '>'; 0 where it is not whole, not canonical, or not for us to judge. */
function argumentEnd(bytes: Uint8Array, start: number, stop: number, worded: number): number {
  let end = plainEnd(bytes, start, stop, worded);
  const isEscaped = bytes[end] === BACKSLASH;
  while (end < stop && bytes[end] === BACKSLASH) end = plainEnd(bytes, end + 2, stop, worded);
  if (end >= stop || (bytes[end] !== COMMA && bytes[end] !== GREATER)) return 0;
  if (isEscaped) return isCanonical(bytes, start, end) ? end : 0;
  if (end === start) return end;
  const isSpaced = VERB_CLASS[bytes[start] as number] === OWS || VERB_CLASS[bytes[end - 1] as number] === OWS;
  return isSpaced ? 0 : end;
}
