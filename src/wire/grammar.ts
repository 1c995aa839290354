// The grammar of one frame: a single pass over its bytes which notes where verb and arguments lie, or stops at the
// first byte that is wrong. It makes no strings and keeps nothing; where a frame begins, what follows a bad one, and
// how long one may be is the scanner's business.
//
// What counts as the first wrong byte:
// - a verb that is empty: the ',' or '>' that came instead; a byte that no verb has, or one that follows the white
//   space behind a verb: that byte; a verb of 32 bytes: the last of them.
// - NUL, escaped or not: itself. An unescaped '<': itself.
// - ill-formed UTF-8: the byte that cannot continue what came before it. The bytes are judged as they were received,
//   so a backslash between the bytes of one code point breaks it.
// - one argument too many: the comma in front of it.

import {
  ARG_CLASS,
  BACKSLASH,
  COMMA,
  ENDS_ARG,
  ENDS_FRAME,
  ESCAPES,
  GREATER,
  HIGH,
  LESS,
  MAX_VERB,
  NIL,
  OWS,
  PLAIN,
  VERB_CLASS,
  WORD,
} from './octets.ts';
import { fourAt, plainEnd } from './words.ts';

/** A head that is longer is not kept. */
const MAX_HEAD = 16;

/** Where the parts of a frame lie in `bytes`; what readFrame fills in. */
export interface Offsets {
  bytes: Uint8Array;
  start: number;
  /** Behind the '>' of a whole frame; at the wrong byte otherwise. */
  end: number;
  verbStart: number;
  /** Equal to verbStart as long as the verb's end (a ',' or '>') has not been seen or the verb is bad. */
  verbEnd: number;
  /** Set to -1 whenever the verb is not spelled as that of the frame before. */
  found: number;
  argc: number;
  /** How the frame before began. */
  readonly head: Head;
  readonly argStart: Int32Array;
  readonly argEnd: Int32Array;
  readonly argEscaped: Uint8Array;
}

/**
 * How a frame begins, up to and with the comma behind its verb. Who sends a frame mostly sends another one that begins
 * like it, and what was read once of that need not be read again.
 */
export class Head {
  /** 0: none is kept. */
  length = 0;
  verbStart = 0;
  verbEnd = 0;
  readonly #bytes = new Uint8Array(MAX_HEAD);
  readonly #view = new DataView(this.#bytes.buffer);
  /** The first four bytes and the last four, where there are as many. */
  #first = 0;
  #last = 0;

  /** Keeps bytes[start, end), in which the verb stands at [verbStart, verbEnd). */
  keep(bytes: Uint8Array, start: number, end: number, verbStart: number, verbEnd: number): void {
    if (end - start > MAX_HEAD) return;
    for (let i = start; i < end; i++) this.#bytes[i - start] = bytes[i] as number;
    this.length = end - start;
    this.#first = this.#view.getInt32(0, true);
    this.#last = this.#view.getInt32(Math.max(0, this.length - 4), true);
    this.verbStart = verbStart - start;
    this.verbEnd = verbEnd - start;
  }

  /** Whether bytes[start, stop) begins in the same way. `worded`: as for readFrame. */
  begins(bytes: Uint8Array, start: number, stop: number, worded: number): boolean {
    const { length } = this;
    if (length === 0 || start + length > stop) return false;
    if (length > 8 || length < 4 || stop > worded) return this.#isAt(bytes, start);
    return fourAt(start) === this.#first && fourAt(start + length - 4) === this.#last;
  }

  #isAt(bytes: Uint8Array, start: number): boolean {
    for (let i = 0; i < this.length; i++) if (bytes[start + i] !== this.#bytes[i]) return false;
    return true;
  }
}

/** What readFrame found: a whole frame, the end of the bytes, or a wrong byte. */
export const WHOLE = 0;
export const CUT = 1;
export const BAD_VERB = 2;
export const EMPTY_VERB = 3;
export const LONG_VERB = 4;
export const NESTED = 5;
export const NUL_BYTE = 6;
export const BAD_UTF8 = 7;
export const MANY_ARGS = 8;

/** What people are told about each finding. */
export const REASONS: readonly string[] = [
  'a whole frame',
  'an incomplete frame',
  'a byte that no verb has',
  'no verb',
  'a verb of more than 31 bytes',
  'an unescaped < inside a frame',
  'a NUL byte',
  'not UTF-8',
  'too many arguments',
];

/**
 * Reads the frame that begins with the '<' at `start` of bytes[start, stop) into `frame` and says what it found.
 * Unless that is WHOLE, frame.end is where to look on for the frame's end, the wrong byte itself if there is one.
 * A frame that runs into `stop` may be reported as CUT or as bad; only one with its end in the range is judged.
 * `worded`: what wordsOf said of these bytes, 0 for nothing.
 */
export function readFrame(
  frame: Offsets,
  bytes: Uint8Array,
  start: number,
  stop: number,
  maxArgs: number,
  worded = 0,
): number {
  const { head } = frame;
  if (!head.begins(bytes, start, stop, worded)) return readAnew(frame, bytes, start, stop, maxArgs, worded);
  frame.bytes = bytes;
  frame.start = start;
  frame.verbStart = start + head.verbStart;
  frame.verbEnd = start + head.verbEnd;
  return readArgs(frame, bytes, start + head.length - 1, stop, maxArgs, worded);
}

/** Reads a frame that does not begin like the one before. */
function readAnew(
  frame: Offsets,
  bytes: Uint8Array,
  start: number,
  stop: number,
  maxArgs: number,
  worded: number,
): number {
  const { head } = frame;
  frame.bytes = bytes;
  frame.start = start;
  frame.argc = 0;
  head.length = 0;
  frame.found = -1;
  let i = start + 1;
  while (i < stop && VERB_CLASS[bytes[i] as number] === OWS) i++;
  const verbStart = i;
  while (i < stop && VERB_CLASS[bytes[i] as number] === WORD) i++;
  const verbEnd = i;
  while (i < stop && VERB_CLASS[bytes[i] as number] === OWS) i++;
  frame.verbStart = verbStart;
  frame.verbEnd = verbStart;
  frame.end = i;
  if (i >= stop) return CUT;
  const next = bytes[i] as number;
  if (verbEnd === verbStart || verbEnd - verbStart > MAX_VERB || (next !== COMMA && next !== GREATER)) {
    return judgeVerb(frame, next, verbEnd);
  }
  frame.verbEnd = verbEnd;
  if (next === COMMA) {
    head.keep(bytes, start, i + 1, verbStart, verbEnd);
    return readArgs(frame, bytes, i, stop, maxArgs, worded);
  }
  frame.end = i + 1;
  return WHOLE;
}

/** Names what is wrong with a verb that `next` follows. */
function judgeVerb(frame: Offsets, next: number, verbEnd: number): number {
  if (verbEnd - frame.verbStart > MAX_VERB) {
    frame.end = frame.verbStart + MAX_VERB;
    return LONG_VERB;
  }
  if (next === LESS) return NESTED;
  if (next === 0) return NUL_BYTE;
  return next === COMMA || next === GREATER ? EMPTY_VERB : BAD_VERB;
}

/** Reads the arguments from the comma at `comma` up to the frame's end. */
function readArgs(
  frame: Offsets,
  bytes: Uint8Array,
  comma: number,
  stop: number,
  maxArgs: number,
  worded: number,
): number {
  const { argStart, argEnd, argEscaped } = frame;
  let argc = 0;
  let i = comma;
  for (;;) {
    if (argc >= maxArgs) return stopAt(frame, i, MANY_ARGS);
    i++;
    while (i < stop && VERB_CLASS[bytes[i] as number] === OWS) i++;
    argStart[argc] = i;
    // White space in front of `kept` was escaped, or stands before something that was: it is data.
    let kept = i;
    let escaped = 0;
    let kind = PLAIN;
    for (;;) {
      i = plainEnd(bytes, i, stop, worded);
      if (i >= stop) return stopAt(frame, i, CUT);
      kind = ARG_CLASS[bytes[i] as number] as number;
      if (kind <= ENDS_FRAME) break;
      if (kind === HIGH) {
        i = skipHigh(bytes, i, stop);
        if (i < 0) return stopAt(frame, ~i, BAD_UTF8);
      } else if (kind === ESCAPES) {
        if (i + 1 >= stop) return stopAt(frame, i, CUT);
        const data = ARG_CLASS[bytes[i + 1] as number];
        if (data === NIL) return stopAt(frame, i + 1, NUL_BYTE);
        escaped = 1;
        kept = i + 2;
        // The first byte of a longer code point is left to the check above.
        i = data === HIGH ? i + 1 : kept;
      } else {
        return stopAt(frame, i, kind === NIL ? NUL_BYTE : NESTED);
      }
    }
    let end = i;
    while (end > kept && VERB_CLASS[bytes[end - 1] as number] === OWS) end--;
    argEnd[argc] = end;
    argEscaped[argc] = escaped;
    argc++;
    if (kind !== ENDS_ARG) {
      frame.argc = argc;
      frame.end = i + 1;
      return WHOLE;
    }
  }
}

function stopAt(frame: Offsets, at: number, finding: number): number {
  frame.argc = 0;
  frame.end = at;
  return finding;
}

/**
 * Passes over a run of code points beyond ASCII. Returns the offset behind it, or ~offset of the byte at which the run
 * stops being well-formed UTF-8 (Unicode, table 3-7: no overlong form, no surrogate, nothing above U+10FFFF), or of
 * the first byte of a code point that `stop` cuts.
 */
function skipHigh(bytes: Uint8Array, from: number, stop: number): number {
  let i = from;
  while (i < stop) {
    const lead = bytes[i] as number;
    if (lead < 0x80) break;
    if (lead < 0xc2 || lead > 0xf4) return ~i;
    const last = i + (lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3);
    if (last >= stop) return ~cutAt(bytes, i, stop);
    const wrong = firstWrong(bytes, i, last);
    if (wrong !== 0) return ~wrong;
    i = last + 1;
  }
  return i;
}

/** The offset of the first byte behind the lead at `at` that cannot stand there, up to `last`; 0 when all can. */
function firstWrong(bytes: Uint8Array, at: number, last: number): number {
  const lead = bytes[at] as number;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let i = at + 1; i <= last; i++) {
    const byte = bytes[i] as number;
    if (i === at + 1 ? byte < low || byte > high : (byte & 0xc0) !== 0x80) return i;
  }
  return 0;
}

/** Where the search goes on when the code point at `at` is longer than what is there. */
function cutAt(bytes: Uint8Array, at: number, stop: number): number {
  const wrong = firstWrong(bytes, at, stop - 1);
  return wrong === 0 ? at : wrong;
}

/**
 * Looks in bytes[from, stop) for the unescaped '<' or '>' that ends a frame, whatever else is wrong in it. Returns its
 * offset; `stop` when there is none; stop + 1 when there is none and the last byte escapes the one that comes next.
 */
export function findEnd(bytes: Uint8Array, from: number, stop: number): number {
  let i = from;
  while (i < stop) {
    const byte = bytes[i] as number;
    if (byte === GREATER || byte === LESS) return i;
    i += byte === BACKSLASH ? 2 : 1;
  }
  return i;
}
