// The scanner: the bytes of one connection in, one frame at a time out, as offsets into those bytes.
// A frame that lies in one chunk is read where it lies; only one that chunks split is copied, into a carry that is
// given away with the frame. A scanner between frames owns no array. It makes no strings but those of a fault.
//
// It refuses, each once, by place and by the verb where that is known: garbage between frames, and frames that the
// grammar does not have. A frame over the limit is the last thing it reports.
//
// What it keeps true:
// - The same bytes give the same findings however they were split, and whenever the caller paused.
// - It holds at most `limit` + 1 bytes of an unfinished frame (its carry at most twice that), and nothing of garbage.
// - Each byte is looked at a bounded number of times, one byte a chunk included.
//
// Where reading goes on:
// - Garbage is any byte between frames that is neither white space nor '<'. One fault, at its first byte; the rest up
//   to the next '<' is skipped. A backslash in it takes the byte behind it along, so an escaped '<' stays garbage.
// - A bad frame is reported when it ends, by its first wrong byte. Behind a '>' reading goes on; an unescaped '<' is
//   itself the beginning of the next frame, never a second fault of this one.
// - What an unescaped '<' cut off before any byte of a verb is garbage too. Where it follows garbage, or a frame that
//   a '<' cut off, it belongs to that run and is not reported again: `<<<<` is one fault.
// - A frame's length counts its '<' and '>', but not the '<' that cuts it off. Too long outdoes any other fault of it.

import { assert } from '../base/assert.ts';
import { copyBytes, utf8 } from '../base/bytes.ts';
import type { Alike } from './alike.ts';
import { unescapeText } from './canonical.ts';
import { findEnd, Head, NESTED, type Offsets, REASONS, readFrame, WHOLE } from './grammar.ts';
import { BACKSLASH, LESS, LF, OWS, VERB_CLASS } from './octets.ts';
import { Texts } from './texts.ts';
import { makeWords, wordsOf } from './words.ts';

/** What next() found: nothing whole yet, a frame, a fault, or a frame over the limit. */
export const MORE = 0;
export const FRAME = 1;
export const BAD = 2;
export const TOO_LONG = 3;
export type Scan = typeof MORE | typeof FRAME | typeof BAD | typeof TOO_LONG;

/** The most arguments of a frame, unless told otherwise. */
export const MAX_ARGS = 64;

/** Nothing to report, and more to read: a loop and not a call, as a run may be as long as a chunk. */
const AGAIN = -1;

/** Strings of what is said again and again. */
const texts = new Texts();

const EMPTY = new Uint8Array(0);
const SMALLEST_CARRY = 64;

// Where a scanner stands between two calls.
const GAP = 0;
/** In front of a '<' that belongs to a run of garbage unless a verb follows. */
const RUN = 1;
const GARBAGE = 2;
const DEAD = 3;

/**
 * One frame as offsets into the bytes that hold it. Made once and filled again and again: it is good until the next
 * call of next() or feed() of any scanner that it is given to. The bytes belong to the scanner.
 */
export class Frame implements Offsets {
  bytes: Uint8Array = EMPTY;
  /** At the '<'. */
  start = 0;
  /** Behind the '>'. */
  end = 0;
  verbStart = 0;
  verbEnd = 0;
  /** What the verb was last found to be in a table of its reader; -1 when it is not known to be spelled as before. */
  found = -1;
  argc = 0;
  /** Arguments without the white space around them, still escaped. */
  readonly argStart: Int32Array;
  readonly argEnd: Int32Array;
  /** 1 where the argument holds a backslash. */
  readonly argEscaped: Uint8Array;
  readonly head = new Head();
  /** How many frames behind this one are for the same reader, who may take them along: see follow(). */
  ahead = 0;
  /** Who fills it, where frames may be taken along. */
  scanner: Scanner | undefined;

  constructor(maxArgs: number = MAX_ARGS) {
    this.argStart = new Int32Array(maxArgs);
    this.argEnd = new Int32Array(maxArgs);
    this.argEscaped = new Uint8Array(maxArgs);
  }

  /**
   * Becomes the next of the frames that are ahead, as far as where it begins and ends, if that lies ready: whole, in
   * canonical form, an LF behind it, and like others. False where it does not: then it comes by itself.
   */
  follow(others: Alike): boolean {
    if (this.ahead === 0 || this.scanner?.follow(this, others) !== true) return false;
    this.ahead--;
    return true;
  }

  /** The verb in upper case. */
  verb(): string {
    return texts.of(this.bytes, this.verbStart, this.verbEnd).toUpperCase();
  }

  /** As arg(), for an argument that is one of few, which come again and again. */
  name(i: number): string {
    if (i >= this.argc || this.argEscaped[i] !== 0) return this.arg(i);
    return texts.of(this.bytes, this.argStart[i] as number, this.argEnd[i] as number);
  }

  /** What argument `i` says, without its escapes; empty when it was not given. */
  arg(i: number): string {
    if (i >= this.argc) return '';
    const start = this.argStart[i] as number;
    const end = this.argEnd[i] as number;
    return this.argEscaped[i] === 0 ? utf8(this.bytes, start, end) : unescapeText(this.bytes, start, end);
  }

  /** Argument `i` as it was sent, escapes and all; empty when it was not given. */
  raw(i: number): string {
    return i >= this.argc ? '' : utf8(this.bytes, this.argStart[i] as number, this.argEnd[i] as number);
  }
}

export class Scanner {
  /** The most bytes of a frame. It may be raised between frames. */
  limit: number;
  /** After BAD: the upper-case verb of the frame where a ',' showed it to be whole and it is good, else '*'. */
  faultVerb = '*';
  /** After BAD: how many bytes the connection had received before the wrong one. */
  faultOffset = 0;
  /** After BAD: what is wrong, in a few words for people. */
  faultReason = '';
  readonly #maxArgs: number;
  #chunk: Uint8Array = EMPTY;
  /** The next unread byte of the chunk. */
  #at = 0;
  /** Bytes received before the chunk. */
  #before = 0;
  #carry: Uint8Array = EMPTY;
  #held = 0;
  #state = GAP;
  /** Whether what is unfinished ends with a backslash that makes the next byte data. */
  #escaped = false;

  /** A scanner of frames of at most `limit` bytes and `maxArgs` arguments; its Frames must have room for as many. */
  constructor(limit: number, maxArgs: number = MAX_ARGS) {
    this.limit = limit;
    this.#maxArgs = maxArgs;
  }

  /** Bytes received on the connection before the next one that is unread. */
  get offset(): number {
    return this.#before + this.#at;
  }

  /** Bytes kept of a frame that is not complete. */
  get held(): number {
    return this.#held;
  }

  /** Hands over the next chunk, for good. Only after next() has said MORE. */
  feed(chunk: Uint8Array): void {
    assert(this.#at === this.#chunk.length, 'fed before the last chunk was read');
    this.#drop();
    this.#chunk = chunk;
    makeWords(chunk);
  }

  /** Reads on to the next finding. After TOO_LONG there is no other one. */
  next(frame: Frame): Scan {
    let found = this.#held !== 0 || this.#state >= GARBAGE ? this.#resume(frame) : this.#read(frame);
    while (found === AGAIN) found = this.#read(frame);
    return found;
  }

  /** Reads the next frame if it lies here as Frame.follow() wants it; otherwise nothing is read. */
  follow(frame: Frame, others: Alike): boolean {
    if (this.#held !== 0 || this.#state !== GAP) return false;
    const chunk = this.#chunk;
    const at = chunk[this.#at] === LF ? this.#at + 1 : this.#at;
    const end = others.read(chunk, at, Math.min(at + this.limit, chunk.length), wordsOf(chunk));
    if (end === 0 || chunk[end] !== LF) return false;
    frame.bytes = chunk;
    frame.start = at;
    frame.end = end;
    this.#at = end + 1;
    return true;
  }

  #read(frame: Frame): Scan | typeof AGAIN {
    const chunk = this.#chunk;
    const length = chunk.length;
    let at = this.#at;
    while (at < length) {
      const byte = chunk[at] as number;
      if (byte !== LESS) {
        if (VERB_CLASS[byte] !== OWS) return this.#openGarbage(at);
        at++;
        continue;
      }
      const whole = at + this.limit;
      const finding = readFrame(frame, chunk, at, whole < length ? whole + 1 : length, this.#maxArgs, wordsOf(chunk));
      if (finding !== WHOLE || frame.end > whole) return this.#judge(frame, finding, at);
      this.#at = frame.end;
      this.#state = GAP;
      return FRAME;
    }
    this.#at = length;
    this.#drop();
    frame.bytes = EMPTY;
    return MORE;
  }

  /** Deals with the frame at `start` of the chunk that is not simply whole. */
  #judge(frame: Frame, finding: number, start: number): Scan | typeof AGAIN {
    assert(frame.argStart.length >= this.#maxArgs, 'a Frame with room for fewer arguments than its scanner reads');
    if (finding === WHOLE) return this.#die(frame);
    const chunk = this.#chunk;
    const beyond = start + this.limit + 1;
    const stop = Math.min(beyond, chunk.length);
    const end = findEnd(chunk, frame.end, stop);
    if (end >= stop) {
      if (stop === beyond) return this.#die(frame);
      this.#escaped = end > stop;
      this.#keep(chunk, start, stop);
      this.#at = stop;
      return this.#starve(frame);
    }
    const cutOff = chunk[end] === LESS;
    if (!cutOff && end + 1 === beyond) return this.#die(frame);
    this.#at = cutOff ? end : end + 1;
    return this.#fault(frame, finding, this.#before + frame.end, cutOff);
  }

  /** Goes on in the middle of something: a frame that the last chunk left unfinished, garbage, or the end. */
  #resume(frame: Frame): Scan | typeof AGAIN {
    if (this.#state === DEAD) return this.#die(frame);
    if (this.#held === 0) return this.#skipGarbage(frame);
    const chunk = this.#chunk;
    const room = this.limit + 1 - this.#held;
    const stop = Math.min(room, chunk.length);
    const end = findEnd(chunk, this.#escaped ? 1 : 0, stop);
    if (end < stop) return this.#complete(frame, end);
    if (stop === room) return this.#die(frame);
    this.#escaped = end > stop;
    this.#keep(chunk, 0, stop);
    this.#at = stop;
    return this.#starve(frame);
  }

  /** The frame in the carry ends with the '<' or '>' at `end` of the chunk. */
  #complete(frame: Frame, end: number): Scan | typeof AGAIN {
    const cutOff = this.#chunk[end] === LESS;
    this.#keep(this.#chunk, 0, end + 1);
    this.#at = cutOff ? end : end + 1;
    const carry = this.#carry;
    const length = this.#held;
    this.#carry = EMPTY;
    this.#held = 0;
    if (!cutOff && length > this.limit) return this.#die(frame);
    const finding = readFrame(frame, carry, 0, length, this.#maxArgs);
    if (finding === WHOLE) {
      this.#state = GAP;
      return FRAME;
    }
    const start = this.#before + end + 1 - length;
    return this.#fault(frame, finding, start + frame.end, cutOff);
  }

  /** Reports a bad frame, unless it is empty and part of a run that was reported already. */
  #fault(frame: Frame, finding: number, offset: number, cutOff: boolean): Scan | typeof AGAIN {
    const empty = finding === NESTED && frame.end === frame.verbStart;
    const reported = empty && this.#state === RUN;
    this.#state = cutOff ? RUN : GAP;
    if (reported) {
      this.#at = this.#endOfRun(this.#at);
      return AGAIN;
    }
    this.faultVerb = frame.verbEnd > frame.verbStart ? frame.verb() : '*';
    this.faultOffset = offset;
    this.faultReason = REASONS[finding] as string;
    frame.bytes = EMPTY;
    return BAD;
  }

  /**
   * The last '<' of those from `start` on that cut nothing but each other off, with white space between them or not.
   * Read as frames they would cost thirty times as much, and there may be as many as bytes.
   */
  #endOfRun(start: number): number {
    const chunk = this.#chunk;
    let last = start;
    for (let at = start + 1; at < chunk.length && at - last <= this.limit; at++) {
      const byte = chunk[at] as number;
      if (byte === LESS) last = at;
      else if (VERB_CLASS[byte] !== OWS) break;
    }
    return last;
  }

  #openGarbage(at: number): Scan {
    this.#state = GARBAGE;
    this.#escaped = this.#chunk[at] === BACKSLASH;
    this.#at = at + 1;
    this.faultVerb = '*';
    this.faultOffset = this.#before + at;
    this.faultReason = 'something other than white space between frames';
    return BAD;
  }

  #skipGarbage(frame: Frame): Scan | typeof AGAIN {
    const chunk = this.#chunk;
    let at = this.#escaped ? this.#at + 1 : this.#at;
    while (at < chunk.length && chunk[at] !== LESS) at += chunk[at] === BACKSLASH ? 2 : 1;
    this.#escaped = at > chunk.length;
    this.#at = this.#escaped ? chunk.length : at;
    if (at >= chunk.length) return this.#starve(frame);
    this.#state = RUN;
    return AGAIN;
  }

  /** Adds chunk[start, end) to the carry, which doubles as it must. */
  #keep(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#held + end - start;
    if (needed > this.#carry.length) {
      let size = SMALLEST_CARRY;
      while (size < needed) size *= 2;
      const larger = new Uint8Array(size);
      copyBytes(this.#carry, 0, this.#held, larger, 0);
      this.#carry = larger;
    }
    copyBytes(chunk, start, end, this.#carry, this.#held);
    this.#held = needed;
  }

  /** The chunk is used up and nothing is whole. */
  #starve(frame: Frame): Scan {
    this.#drop();
    frame.bytes = EMPTY;
    return MORE;
  }

  #drop(): void {
    this.#before += this.#at;
    this.#at = 0;
    this.#chunk = EMPTY;
  }

  /** A frame is over the limit: nothing that the connection sent, or will send, is looked at. */
  #die(frame: Frame): Scan {
    this.#state = DEAD;
    this.#carry = EMPTY;
    this.#held = 0;
    this.#at = this.#chunk.length;
    this.#drop();
    frame.bytes = EMPTY;
    return TOO_LONG;
  }
}
