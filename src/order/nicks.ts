// Nicknames as bytes: the same few come again and again in what other servers send, and whoever writes frames takes it
// that one array is one nickname. So each is kept once; one whose place another takes is made anew, and memory is bounded
// whatever comes.

import { equalBytes } from '../base/bytes.ts';

const PLACES = 1_024;

export class Nicks {
  readonly #places: (Uint8Array | undefined)[] = new Array(PLACES).fill(undefined);

  /** bytes[start, end) in an array that is never changed. */
  of(bytes: Uint8Array, start: number, end: number): Uint8Array {
    let hash = 0;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const kept = this.#places[place];
    if (kept !== undefined && equalBytes(kept, 0, kept.length, bytes, start, end)) return kept;
    const nick = bytes.slice(start, end);
    this.#places[place] = nick;
    return nick;
  }
}
