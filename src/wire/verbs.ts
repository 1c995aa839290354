// The verb table: from the bytes of a verb, in any case, to the index of its row, without making a string.
// A closed hash with linear probing over a power of two of slots, at most a quarter of them taken; a hit is proved by
// comparing every byte, so a table never takes one verb for another. The verbs are given once, by the program itself.
//
// The hash looks at the length and at four bytes of a verb only. Nobody but the program can add verbs, so nobody can
// choose ones that collide, and the longest row of probes is known when the table is made.

import { assert } from '../base/assert.ts';
import { MAX_VERB, VERB_CLASS, WORD } from './octets.ts';

/** Byte → the same byte with a letter in upper case; 0 for what no verb has. */
const FOLD = folds();

export class VerbTable {
  /** Slot → index of a verb + 1, 0 when it is free. */
  readonly #slots: Uint16Array;
  readonly #mask: number;
  /** The verbs in upper case, 32 bytes apart. */
  readonly #text: Uint8Array;
  readonly #lengths: Uint8Array;
  /** The verb found last: who sends a frame mostly sends another one like it. */
  #last = 0;

  /** A table of `verbs`; find answers with indexes into this list. */
  constructor(verbs: readonly string[]) {
    let slots = 8;
    while (slots < verbs.length * 4) slots *= 2;
    this.#slots = new Uint16Array(slots);
    this.#mask = slots - 1;
    this.#text = new Uint8Array(verbs.length * (MAX_VERB + 1));
    this.#lengths = new Uint8Array(verbs.length);
    verbs.forEach((verb, index) => {
      this.#add(verb, index);
    });
  }

  /** The index of the verb bytes[start, end), whatever its case; -1 when it is none of them. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const last = this.#last;
    return this.#is(last, bytes, start, end - start) ? last : this.#search(bytes, start, end - start);
  }

  #search(bytes: Uint8Array, start: number, length: number): number {
    if (length < 1 || length > MAX_VERB) return -1;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let at = hash(bytes, start, length) & mask; ; at = (at + 1) & mask) {
      const index = (slots[at] as number) - 1;
      if (index < 0) return -1;
      if (this.#is(index, bytes, start, length)) {
        this.#last = index;
        return index;
      }
    }
  }

  #add(verb: string, index: number): void {
    const bytes = new Uint8Array(verb.length);
    for (let i = 0; i < verb.length; i++) {
      assert(FOLD[verb.charCodeAt(i)] === verb.charCodeAt(i), `not an upper-case verb: ${verb}`);
      bytes[i] = verb.charCodeAt(i);
    }
    assert(bytes.length > 0 && bytes.length <= MAX_VERB, `not the length of a verb: ${verb}`);
    assert(this.find(bytes, 0, bytes.length) === -1, `a verb given twice: ${verb}`);
    this.#text.set(bytes, index * (MAX_VERB + 1));
    this.#lengths[index] = bytes.length;
    let at = hash(bytes, 0, bytes.length) & this.#mask;
    while (this.#slots[at] !== 0) at = (at + 1) & this.#mask;
    this.#slots[at] = index + 1;
  }

  #is(index: number, bytes: Uint8Array, start: number, length: number): boolean {
    if (this.#lengths[index] !== length) return false;
    const text = this.#text;
    const base = index * (MAX_VERB + 1);
    for (let i = 0; i < length; i++) {
      if (FOLD[bytes[start + i] as number] !== text[base + i]) return false;
    }
    return true;
  }
}

/** Mixes the length, the first two bytes, the middle one and the last one, case folded. */
function hash(bytes: Uint8Array, start: number, length: number): number {
  const first = FOLD[bytes[start] as number] as number;
  const second = FOLD[bytes[length > 1 ? start + 1 : start] as number] as number;
  const middle = FOLD[bytes[start + (length >> 1)] as number] as number;
  const last = FOLD[bytes[start + length - 1] as number] as number;
  const mixed =
    Math.imul(first | (second << 8) | (middle << 16) | (last << 24), 0x9e3779b1) + Math.imul(length, 0x85ebca6b);
  return mixed >>> 16;
}

function folds(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    if (VERB_CLASS[byte] !== WORD) continue;
    table[byte] = byte >= 0x61 ? byte - 0x20 : byte;
  }
  return table;
}
