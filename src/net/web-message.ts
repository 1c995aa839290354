// A message about to be sent to WebSockets: frames with the header before them, in one piece. What goes to many is put
// together once.

import { copyBytes } from '../base/bytes.ts';
import { BINARY, MOST_HEADER_BYTES, writeHeader } from './web-frames.ts';

/** A message has at most so many bytes, where it is not a single frame. */
export const MOST_MESSAGE_BYTES = 16_384;

export class WebMessage {
  /** The message is `bytes[start, end)`. */
  bytes = new Uint8Array(MOST_HEADER_BYTES + MOST_MESSAGE_BYTES);
  start = 0;
  end = 0;
  #of: Uint8Array | undefined;
  #from = 0;
  #to = 0;

  /** Makes the message of of[from, to), or finds that it is that already. */
  frame(of: Uint8Array, from: number, to: number): void {
    if (of === this.#of && from === this.#from && to === this.#to) return;
    const length = to - from;
    if (MOST_HEADER_BYTES + length > this.bytes.length) this.bytes = new Uint8Array(MOST_HEADER_BYTES + length);
    copyBytes(of, from, to, this.bytes, MOST_HEADER_BYTES);
    this.start = writeHeader(this.bytes, MOST_HEADER_BYTES, BINARY, length);
    this.end = MOST_HEADER_BYTES + length;
    this.#of = of;
    this.#from = from;
    this.#to = to;
  }

  /** What it was made of may be something else from now on. */
  forget(): void {
    this.#of = undefined;
  }
}
