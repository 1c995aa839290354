// Frames of a WebSocket (RFC 6455, section 5), as a server reads and writes them. What clients send is unmasked where it
// lies and moved together, so that a chunk's data leave as one run of bytes; where messages begin and end means nothing
// here, and nothing is kept of them. Of control frames it notes the newest ping and the end.
//
// It refuses what no client may send: frames without a mask, reserved bits and opcodes, lengths that are not written the
// shortest way, control frames that are long or in pieces, pieces of no message, text that is no UTF-8. It knows no socket.
//
// What it keeps true: the same bytes give the same data however they were split, and behind a fault or an end nothing
// more is read.

import { isUtf8 } from 'node:buffer';
import type { Ending } from '../base/ending.ts';

const CONTINUATION = 0;
const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
const PING = 9;
export const PONG = 10;

const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MOST_CONTROL_BYTES = 125;
/** An end that says no code. */
export const NO_CODE = 1005;
/** Opcode and length, the longest way; ours have no mask. */
export const MOST_HEADER_BYTES = 10;
/** A frame of theirs without its data: opcode, length, mask. */
const LEAST_FRAME_BYTES = 6;
/** A frame says in so many bytes that it has no end. */
const MOST_LENGTH = 2 ** 32;

// Where a reader stands: in front of which part of a frame.
const OPCODE = 0;
const LENGTH = 1;
const LONG_LENGTH = 2;
const MASK = 3;
const PAYLOAD = 4;

/** What is wrong with what a client sent. */
export interface WebFault {
  readonly why: Ending;
  readonly reason: string;
}

export class WebFrames {
  /** The data of the newest ping; whoever answers it takes it away. */
  ping: Uint8Array | undefined;
  /** The code that the client ended with. */
  ended: number | undefined;
  fault: WebFault | undefined;
  /** Bytes read since the start that were neither data nor around any. */
  overhead = 0;

  #at = OPCODE;
  #opcode = CONTINUATION;
  #final = false;
  /** What is left of the length, the mask or the payload. */
  #left = 0;
  /** Bytes of a length that is longer than one. */
  #width = 0;
  #length = 0;
  #mask = 0;
  #unmasked = 0;
  /** Of the message that is being read: TEXT or BINARY, CONTINUATION where there is none. */
  #message = CONTINUATION;
  /** Of a text that came in pieces. */
  #decoder: TextDecoder | undefined;
  #control: Uint8Array | undefined;

  /** Nothing more is read. */
  get over(): boolean {
    return this.ended !== undefined || this.fault !== undefined;
  }

  /** Reads a chunk, and puts the data in it together at its front; returns how many bytes they are. */
  read(chunk: Uint8Array): number {
    let at = 0;
    let data = 0;
    while (at < chunk.length && !this.over) {
      if (this.#at !== PAYLOAD) {
        this.#head(chunk[at++] as number);
        continue;
      }
      const count = Math.min(this.#left, chunk.length - at);
      if (this.#opcode < CLOSE) {
        this.#unmask(chunk, at, count, chunk, data);
        this.#check(chunk, data, data + count);
        data += count;
      } else this.#unmask(chunk, at, count, this.#control as Uint8Array, this.#length - this.#left);
      at += count;
      this.#left -= count;
      if (this.#left === 0) this.#finish();
    }
    return data;
  }

  #head(byte: number): void {
    switch (this.#at) {
      case OPCODE:
        return this.#begin(byte);
      case LENGTH:
        return this.#measure(byte);
      case LONG_LENGTH:
        this.#length = this.#length * 256 + byte;
        if (--this.#left === 0) this.#measured();
        return;
      default:
        this.#mask = (this.#mask << 8) | byte;
        if (--this.#left === 0) this.#masked();
    }
  }

  #begin(byte: number): void {
    const opcode = byte & 0x0f;
    this.#opcode = opcode;
    this.#final = (byte & FIN) !== 0;
    this.#at = LENGTH;
    if ((byte & RESERVED) !== 0) return this.#refuse('a reserved bit is set');
    if (opcode > PONG || (opcode > BINARY && opcode < CLOSE)) return this.#refuse('an opcode is not known');
    if (opcode >= CLOSE && !this.#final) return this.#refuse('a control frame is in pieces');
    if (opcode === CONTINUATION && this.#message === CONTINUATION) return this.#refuse('a piece is of no message');
    if (opcode !== CONTINUATION && opcode < CLOSE) {
      if (this.#message !== CONTINUATION) return this.#refuse('a message begins within another');
      this.#message = opcode;
    }
  }

  #measure(byte: number): void {
    const length = byte & 0x7f;
    if ((byte & MASKED) === 0) return this.#refuse('a frame has no mask');
    if (this.#opcode >= CLOSE && length > MOST_CONTROL_BYTES) return this.#refuse('a control frame is too long');
    this.#width = length <= MOST_CONTROL_BYTES ? 0 : length === MOST_CONTROL_BYTES + 1 ? 2 : 8;
    this.#length = this.#width === 0 ? length : 0;
    this.#left = this.#width;
    this.#at = LONG_LENGTH;
    if (this.#width === 0) this.#measured();
  }

  #measured(): void {
    const least = this.#width === 8 ? 65_536 : this.#width === 2 ? MOST_CONTROL_BYTES + 1 : 0;
    if (this.#length < least) return this.#refuse('a length is not written the shortest way');
    if (this.#length >= MOST_LENGTH) return this.#fail('size', 'a message is too long');
    this.#at = MASK;
    this.#left = 4;
    this.#mask = 0;
  }

  #masked(): void {
    this.#at = PAYLOAD;
    this.#left = this.#length;
    this.#unmasked = 0;
    if (this.#opcode >= CLOSE) this.#control = new Uint8Array(this.#length);
    if (this.#opcode >= CLOSE || this.#length === 0) this.overhead += LEAST_FRAME_BYTES + this.#length;
    if (this.#length === 0) this.#finish();
  }

  #unmask(from: Uint8Array, at: number, count: number, to: Uint8Array, start: number): void {
    const mask = this.#mask;
    let turn = this.#unmasked;
    for (let i = 0; i < count; i++, turn++) {
      to[start + i] = (from[at + i] as number) ^ (mask >>> (24 - 8 * (turn & 3)));
    }
    this.#unmasked = turn & 3;
  }

  /** Refuses text that is none. */
  #check(chunk: Uint8Array, start: number, end: number): void {
    if (this.#message !== TEXT) return;
    const text = chunk.subarray(start, end);
    if (this.#opcode === TEXT && this.#final && end - start === this.#length) {
      if (!isUtf8(text)) this.#noText();
    } else this.#decode(text, true);
  }

  #decode(bytes: Uint8Array, stream: boolean): void {
    this.#decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    try {
      this.#decoder.decode(bytes, { stream });
    } catch {
      this.#noText();
    }
  }

  #finish(): void {
    this.#at = OPCODE;
    if (this.#opcode < CLOSE) {
      if (!this.#final) return;
      if (this.#decoder !== undefined && this.fault === undefined) this.#decode(new Uint8Array(0), false);
      this.#decoder = undefined;
      this.#message = CONTINUATION;
      return;
    }
    const control = this.#control as Uint8Array;
    this.#control = undefined;
    if (this.#opcode === PING) this.ping = control;
    else if (this.#opcode === CLOSE) this.#end(control);
  }

  #end(control: Uint8Array): void {
    if (control.length === 0) {
      this.ended = NO_CODE;
      return;
    }
    const code = (control[0] as number) * 256 + (control[1] ?? 0);
    if (control.length === 1 || !mayBeSaid(code)) return this.#refuse('an end has no good code');
    if (!isUtf8(control.subarray(2))) return this.#noText();
    this.ended = code;
  }

  #noText(): void {
    this.#fail('encoding', 'a text is no UTF-8');
  }

  #refuse(reason: string): void {
    this.#fail('protocol', reason);
  }

  #fail(why: Ending, reason: string): void {
    this.fault ??= { why, reason: `WebSocket: ${reason}` };
  }
}

/** Whether an end may say `code` (RFC 6455, section 7.4, and what was registered since). */
function mayBeSaid(code: number): boolean {
  return (code >= 3000 && code < 5000) || (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006));
}

/** Writes the header of a whole message, or of a control frame, so that it ends in front of `at`; returns its start. */
export function writeHeader(target: Uint8Array, at: number, opcode: number, length: number): number {
  const size = length <= MOST_CONTROL_BYTES ? 2 : length < 65_536 ? 4 : 10;
  const start = at - size;
  target[start] = FIN | opcode;
  if (size === 2) target[start + 1] = length;
  else {
    target[start + 1] = size === 4 ? 126 : 127;
    let rest = length;
    for (let i = at - 1; i > start + 1; i--, rest = Math.floor(rest / 256)) target[i] = rest & 0xff;
  }
  return start;
}

/** A control frame with `data`, of at most 125 bytes. */
export function controlFrame(opcode: number, data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + data.length);
  frame.set(data, writeHeader(frame, 2, opcode, data.length) + 2);
  return frame;
}

/** The frame that ends a connection with `code` and as much of `reason` as it holds; without either for NO_CODE. */
export function closeFrame(code: number, reason: string): Uint8Array {
  if (code === NO_CODE) return controlFrame(CLOSE, new Uint8Array(0));
  const text = new TextEncoder().encode(reason);
  let length = Math.min(text.length, MOST_CONTROL_BYTES - 2);
  // What is cut is cut between two letters.
  while (length < text.length && ((text[length] as number) & 0xc0) === 0x80) length--;
  const data = new Uint8Array(2 + length);
  data[0] = code >> 8;
  data[1] = code & 0xff;
  data.set(text.subarray(0, length), 2);
  return controlFrame(CLOSE, data);
}
