// Words: the chunk that is being read, many bytes at a time. Nearly every byte of an argument means nothing: the library
// finds the first that does in one call where there is one, and four of them can be told at once by arithmetic. A word
// has to begin at a multiple of four in memory, and a search has to end at a zero, so the chunk is copied to a place of
// its own, a zero behind it: one call into native code for all the frames in it, and no garbage. The copy is looked at
// for bytes that mean nothing, and copied from; the frames are read from the chunk.

import { copyBytes } from '../base/bytes.ts';
import { addressOf, given, type Library, stable } from '../base/library.ts';
import { ARG_CLASS, BACKSLASH, COMMA, GREATER, LESS, PLAIN } from './octets.ts';

/** A shorter chunk is not worth the copy, and a longer one is read byte by byte. */
const SHORTEST = 96;
const LONGEST = 65_536;

/** A word longer than the longest chunk, for the zero. */
const copy = stable(LONGEST + 4);
const words = new Int32Array(copy.buffer);
/** With the zero behind them, all bytes below 0x80 that mean something. */
const marks = stable(5);
marks.set([COMMA, LESS, GREATER, BACKSLASH]);
/** Their addresses; 0 where there is no library. */
const copyAt = new Float64Array(1);
const marksAt = new Float64Array(1);
/** Whose copy it is, and what looks in it where it is UTF-8, so that nothing in it above 0x7f means anything. */
const copied: { chunk: Uint8Array; span: Library['span'] | undefined } = { chunk: stable(0), span: undefined };
const view = new DataView(copy.buffer);

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
  copied.chunk = chunk;
  const { library } = given;
  copied.span = library?.isUtf8(chunk) === true ? library.span : undefined;
  if (library === undefined) return copyBytes(chunk, 0, length, copy, 0);
  copyAt[0] ||= addressOf(copy);
  marksAt[0] ||= addressOf(marks);
  library.load(copyAt[0], chunk, length);
  copy[length] = 0;
}

/** As copyBytes, mostly out of the chunk that is being read. `to`: the address of the target, 0 when it is not known. */
export function copyRead(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
  at: number,
): void {
  const from = copyAt[0] as number;
  if (bytes === copied.chunk && from !== 0 && to !== 0 && end <= bytes.length && at + end - start <= target.length) {
    (given.library as Library).move(to + at, from + start, end - start);
  } else copyBytes(bytes, start, end, target, at);
}

/** The offset up to which plainEnd may use words for a chunk; 0 when they are not, or no longer, those of this one. */
export function wordsOf(chunk: Uint8Array): number {
  return chunk === copied.chunk ? chunk.length : 0;
}

/**
 * The first offset in bytes[from, stop) of a byte that means something in an argument; `stop` when there is none. What
 * is beyond ASCII may be passed over where it is well-formed.
 */
export function plainEnd(bytes: Uint8Array, from: number, stop: number, worded: number): number {
  return copied.span === undefined || from >= worded
    ? plainWords(bytes, from, stop, worded)
    : Math.min(stop, from + spanAt(from));
}

/** How many bytes mean nothing from `from` on, as the library says. */
function spanAt(from: number): number {
  return (copied.span as Library['span'])((copyAt[0] as number) + from, marksAt[0] as number);
}

/** The same, told by arithmetic as far as there are words, then byte by byte; stops at what is beyond ASCII. */
function plainWords(bytes: Uint8Array, from: number, stop: number, worded: number): number {
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

/** The four bytes at `at` of the chunk that is being read, as one number. */
export function fourAt(at: number): number {
  return view.getInt32(at, true);
}

/** Whether four bytes mean nothing. Never wrong about those that do; a '.' has to be looked at by itself. */
function isPlain(word: number): boolean {
  const marks = (word & ~TWO_BITS) ^ COMMAS;
  const slashes = word ^ BACKSLASHES;
  return ((word | (word - ONES) | (marks - ONES) | (slashes - ONES)) & HIGHEST) === 0;
}
