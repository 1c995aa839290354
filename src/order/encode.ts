// The frames of decided slots: CMSG and SKIPSEQUENCE of one room and epoch, written into one buffer that all rooms of
// the process share. What a sender says in a row differs by its number and its text, so the head of the frame before
// stays where it is and only counts up. A frame there is valid until the next one is encoded, in whatever room; one of a
// run has a copy of the head.

import { copyBytes, writeDecimal } from '../base/bytes.ts';
import type { Epoch } from '../base/ids.ts';
import { addressOfSource, copiesFrom, copyTo, stable } from '../base/library.ts';
import type { Run } from '../base/run.ts';
import { needsEscape } from '../wire/canonical.ts';
import { BACKSLASH, COMMA, GREATER, LF } from '../wire/octets.ts';
import { copyRead } from '../wire/words.ts';
import { openFrame } from '../wire/writer.ts';

/** Digits of a safe integer, at most. */
const DIGITS = 16;
const ZERO = 0x30;
const NINE = 0x39;

/** The frame last encoded stands at the start of `bytes`. */
export const encoded: { bytes: Uint8Array } = { bytes: stable(8_192) };
copiesFrom(encoded.bytes);

// The head that stands there, up to the text: whose it is, what it says, and where its number and it itself end.
let headOf: SlotEncoder | undefined;
let headSeq = 0;
let headNick: Uint8Array | undefined;
let headTime = 0;
let numberEnd = 0;
let headEnd = 0;

const timeDigits = new Uint8Array(DIGITS);
let timeLength = 0;
let timeMs = -1;

export class SlotEncoder {
  /** `<CMSG,room,epoch,`. */
  readonly #before: Uint8Array;
  readonly #skip: Uint8Array;

  constructor(room: string, epoch: Epoch) {
    this.#before = openFrame('CMSG', room, epoch, '');
    this.#skip = openFrame('SKIPSEQUENCE', room, epoch, '');
  }

  /**
   * Encodes a message. `nick` and text[start, end) are in canonical form, and the array `nick` is never changed.
   * Returns the frame's length, LF included.
   */
  message(
    seq: number,
    nick: Uint8Array,
    now: number,
    text: Uint8Array,
    start: number,
    end: number,
    id: string,
  ): number {
    const head = this.#head(seq, nick, now);
    const most = longest(head, end - start, id);
    if (most > encoded.bytes.length) grow(head, most * 2);
    return writeRest(encoded.bytes, addressOfSource(), head, text, start, end, id);
  }

  /** As message(), behind the frames of a run, in `room` bytes; returns where it ends there, 0 when it may not fit. */
  messageIn(
    run: Run,
    room: number,
    seq: number,
    nick: Uint8Array,
    now: number,
    text: Uint8Array,
    start: number,
    end: number,
    id: string,
  ): number {
    const head = this.#head(seq, nick, now);
    const { bytes, address, end: at } = run;
    if (longest(head, end - start, id) > room) return 0;
    copyTo(bytes, address, at, encoded.bytes, 0, head);
    return writeRest(bytes, address, at + head, text, start, end, id);
  }

  /** Encodes the frame of a slot that stays empty. Returns its length, LF included. */
  skip(seq: number): number {
    const before = this.#skip;
    const bytes = encoded.bytes;
    headOf = undefined;
    copyBytes(before, 0, before.length, bytes, 0);
    let at = writeDecimal(seq, bytes, before.length);
    bytes[at++] = GREATER;
    bytes[at++] = LF;
    return at;
  }

  /** Has the head of a message stand in `encoded`; returns its length. */
  #head(seq: number, nick: Uint8Array, now: number): number {
    const length =
      this.#continues(seq, nick, now) && countUp(encoded.bytes) ? headEnd : this.#writeHead(seq, nick, now);
    headSeq = seq;
    return length;
  }

  /** The head before says the same but for the number, which is one less. */
  #continues(seq: number, nick: Uint8Array, now: number): boolean {
    return headOf === this && headNick === nick && headSeq + 1 === seq && headTime === now;
  }

  /** Writes `<CMSG,room,epoch,seq,nick,time,` and returns its length. */
  #writeHead(seq: number, nick: Uint8Array, now: number): number {
    const before = this.#before;
    const most = before.length + nick.length + 2 * DIGITS + 3;
    if (most > encoded.bytes.length) grow(0, most * 2);
    const { bytes } = encoded;
    copyBytes(before, 0, before.length, bytes, 0);
    numberEnd = writeDecimal(seq, bytes, before.length);
    let at = numberEnd;
    bytes[at++] = COMMA;
    copyBytes(nick, 0, nick.length, bytes, at);
    at += nick.length;
    bytes[at++] = COMMA;
    at = writeTime(now, bytes, at);
    bytes[at++] = COMMA;
    headOf = this;
    headNick = nick;
    headTime = now;
    headEnd = at;
    return at;
  }
}

/** The most that a message is long behind a head of `head` bytes. */
function longest(head: number, text: number, id: string): number {
  return head + text + 2 * id.length + 3;
}

/** Writes what follows a head to bytes at `from`, an array that lies at `address`; returns where it ends. */
function writeRest(
  bytes: Uint8Array,
  address: number,
  from: number,
  text: Uint8Array,
  start: number,
  end: number,
  id: string,
): number {
  copyRead(text, start, end, bytes, address, from);
  let at = from + end - start;
  if (id.length > 0) at = writeId(id, bytes, at);
  bytes[at] = GREATER;
  bytes[at + 1] = LF;
  return at + 2;
}

/** Makes place for longer frames; the first `kept` bytes stay. */
function grow(kept: number, length: number): void {
  const larger = stable(length);
  copyBytes(encoded.bytes, 0, kept, larger, 0);
  encoded.bytes = larger;
  copiesFrom(larger);
}

/** Adds 1 to the number of the head; false, and the number is spoilt, when it needs a digit more. */
function countUp(bytes: Uint8Array): boolean {
  let at = numberEnd - 1;
  while (bytes[at] === NINE) bytes[at--] = ZERO;
  if (bytes[at] === COMMA) return false;
  bytes[at] = (bytes[at] as number) + 1;
  return true;
}

function writeTime(now: number, bytes: Uint8Array, at: number): number {
  if (now !== timeMs) {
    timeLength = writeDecimal(now, timeDigits, 0);
    timeMs = now;
  }
  copyBytes(timeDigits, 0, timeLength, bytes, at);
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
