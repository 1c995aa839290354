// Words: the chunk that is being read, four bytes at a time. Nearly every byte of an argument means nothing, and four
// of them can be told at once by arithmetic. A word has to begin at a multiple of four in memory, where a chunk need
// not, so the chunk is copied to a place of its own: one call into native code for all the frames in it, and no garbage.
// The copy is only ever looked at for bytes that mean nothing; the frames are read from the chunk.

import { copyBytes } from '../base/bytes.ts';
import { ARG_CLASS, PLAIN } from './octets.ts';

/** A shorter chunk is not worth the copy, and a longer one is read byte by byte. */
const SHORTEST = 96;
const LONGEST = 65_536;

const words = new Int32Array(LONGEST / 4);
const copy = new Uint8Array(words.buffer);
/** Whose copy it is. */
let copied: Uint8Array | undefined;

// A byte b below 0x80 is 0 exactly where b - 1 has its highest bit set (the carry of a byte that is 0 spoils only
// those above it, and one is enough). Without two bits ',', '<', '>' and '.' are one and the same.
const ONES = 0x01010101;
const HIGHEST = 0x80808080 | 0;
const COMMAS = 0x2c2c2c2c;
const BACKSLASHES = 0x5c5c5c5c;
const TWO_BITS = 0x12121212;

/** Makes words of a chunk, in the place of those of the one before. */
export function makeWords(chunk: Uint8Array): void {
  const { length } = chunk;
  if (length < SHORTEST || length > LONGEST) return;
  copyBytes(chunk, 0, length, copy, 0);
  copied = chunk;
}

/** The offset up to which plainEnd may use words for a chunk; 0 when they are not, or no longer, those of this one. */
export function wordsOf(chunk: Uint8Array): number {
  return chunk === copied ? chunk.length : 0;
}

/** The first offset in bytes[from, stop) of a byte that means something in an argument; `stop` when there is none. */
export function plainEnd(bytes: Uint8Array, from: number, stop: number, worded: number): number {
  let i = from;
  while (i < stop) {
    if ((i & 3) === 0) {
      let at = i >> 2;
      while (at < worded >> 2 && isPlain(words[at] as number)) at++;
      i = at << 2;
      if (i >= stop) return stop;
    }
    if (ARG_CLASS[bytes[i] as number] !== PLAIN) return i;
    i++;
  }
  return i;
}

/** Whether four bytes mean nothing. Never wrong about those that do; a '.' has to be looked at by itself. */
function isPlain(word: number): boolean {
  const marks = (word & ~TWO_BITS) ^ COMMAS;
  const slashes = word ^ BACKSLASHES;
  return ((word | (word - ONES) | (marks - ONES) | (slashes - ONES)) & HIGHEST) === 0;
}
