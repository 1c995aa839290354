// Texts that come again and again: the same short ASCII bytes give the same string, which is made once. Verbs, rooms and
// epochs between servers are such texts. A place that another text takes forgets the one before, so the memory is
// bounded whatever comes in, and what is too long or not ASCII is made anew each time.

import { utf8 } from '../base/bytes.ts';

const PLACES = 512;
const LONGEST = 64;

export class Texts {
  readonly #places: string[] = new Array(PLACES).fill('');

  /** bytes[start, end), well-formed UTF-8, as a string. */
  of(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > LONGEST) return utf8(bytes, start, end);
    let hash = length;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const kept = this.#places[place] as string;
    if (kept.length === length && isSame(kept, bytes, start)) return kept;
    const text = utf8(bytes, start, end);
    // What is not ASCII has fewer code units than bytes.
    if (text.length === length) this.#places[place] = text;
    return text;
  }
}

function isSame(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
