// The frames of decided slots: CMSG and SKIPSEQUENCE of one room and epoch, written into one buffer that all rooms of
// the process share. What stays the same is kept as bytes: the room and epoch, the digits of the number, which mostly
// is the one behind the last, and those of the time as long as the clock stands still. A frame is valid until the next
// one is encoded, in whatever room.

import { copyBytes, writeDecimal } from '../base/bytes.ts';
import type { Epoch } from '../base/ids.ts';
import { needsEscape } from '../wire/canonical.ts';
import { BACKSLASH, COMMA, GREATER, LF } from '../wire/octets.ts';
import { encodeFrame } from '../wire/writer.ts';

/** Digits of a safe integer, at most. */
const DIGITS = 16;
const ZERO = 0x30;
const NINE = 0x39;

/** The frame last encoded stands at the start of `bytes`. */
export const encoded: { bytes: Uint8Array } = { bytes: new Uint8Array(8_192) };

const timeDigits = new Uint8Array(DIGITS);
let timeLength = 0;
let timeMs = -1;

export class SlotEncoder {
  /** `<CMSG,room,epoch,` and the digits of #seq. */
  readonly #head: Uint8Array;
  readonly #digits: number;
  #headLength = 0;
  #seq = -2;
  readonly #skip: Uint8Array;

  constructor(room: string, epoch: Epoch) {
    const before = prefix('CMSG', room, epoch);
    this.#digits = before.length;
    this.#head = new Uint8Array(before.length + DIGITS);
    this.#head.set(before);
    this.#skip = prefix('SKIPSEQUENCE', room, epoch);
  }

  /** Encodes a message. `nick` and text[start, end) are in canonical form. Returns the frame's length, LF included. */
  message(
    seq: number,
    nick: Uint8Array,
    now: number,
    text: Uint8Array,
    start: number,
    end: number,
    id: string,
  ): number {
    const head = this.#headOf(seq);
    const most = head + nick.length + end - start + 2 * id.length + DIGITS + 6;
    if (most > encoded.bytes.length) encoded.bytes = new Uint8Array(most * 2);
    const bytes = encoded.bytes;
    copyBytes(this.#head, 0, head, bytes, 0);
    let at = head;
    bytes[at++] = COMMA;
    copyBytes(nick, 0, nick.length, bytes, at);
    at += nick.length;
    bytes[at++] = COMMA;
    at = writeTime(now, bytes, at);
    bytes[at++] = COMMA;
    copyBytes(text, start, end, bytes, at);
    at += end - start;
    if (id !== '') at = writeId(id, bytes, at);
    bytes[at++] = GREATER;
    bytes[at++] = LF;
    return at;
  }

  /** Encodes the frame of a slot that stays empty. Returns its length, LF included. */
  skip(seq: number): number {
    const before = this.#skip;
    const bytes = encoded.bytes;
    copyBytes(before, 0, before.length, bytes, 0);
    let at = writeDecimal(seq, bytes, before.length);
    bytes[at++] = GREATER;
    bytes[at++] = LF;
    return at;
  }

  /** Puts the digits of `seq` into the head; returns its length. */
  #headOf(seq: number): number {
    const head = this.#head;
    if (seq === this.#seq + 1) {
      let at = this.#headLength - 1;
      while (head[at] === NINE) head[at--] = ZERO;
      // Not when all digits were nines: then there is one more.
      if (at >= this.#digits) {
        head[at] = (head[at] as number) + 1;
        this.#seq = seq;
        return this.#headLength;
      }
    }
    this.#headLength = writeDecimal(seq, head, this.#digits);
    this.#seq = seq;
    return this.#headLength;
  }
}

/** `<VERB,room,epoch,` as bytes. */
function prefix(verb: string, room: string, epoch: Epoch): Uint8Array {
  const frame = encodeFrame(verb, room, epoch, '');
  return frame.slice(0, frame.length - 2);
}

function writeTime(now: number, bytes: Uint8Array, at: number): number {
  if (now !== timeMs) {
    timeLength = writeDecimal(now, timeDigits, 0);
    timeMs = now;
  }
  for (let i = 0; i < timeLength; i++) bytes[at + i] = timeDigits[i] as number;
  return at + timeLength;
}

/** Writes a comma and an id, which is printable ASCII, in canonical form. */
function writeId(id: string, bytes: Uint8Array, from: number): number {
  let at = from;
  bytes[at++] = COMMA;
  for (let i = 0; i < id.length; i++) {
    const byte = id.charCodeAt(i);
    if (needsEscape(byte, i === 0 || i + 1 === id.length)) bytes[at++] = BACKSLASH;
    bytes[at++] = byte;
  }
  return at;
}
