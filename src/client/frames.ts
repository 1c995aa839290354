// Frames as the client handles them: a verb and its arguments as strings. A client reads some thousand frames a second
// at most, so it can afford what a server cannot.

import { FRAME, Frame, MORE, Scanner, TOO_LONG } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';

/** Any frame that a server may send to a client fits, with room to spare. */
const FRAME_BYTES = 64 * 1024;

/** One frame, unescaped. */
export interface ClientFrame {
  readonly verb: string;
  readonly args: readonly string[];
}

/** What reading came to: a frame, nothing whole yet, a bad frame that was passed over, or one that never ends. */
export type Reading = ClientFrame | 'more' | 'bad' | 'too-long';

/** The frames of one connection. Chunks are handed over for good. */
export class FrameReader {
  readonly #scanner = new Scanner(FRAME_BYTES);
  readonly #frame = new Frame();

  /** Hands over the next chunk; only after next() said 'more'. */
  feed(chunk: Uint8Array): void {
    this.#scanner.feed(chunk);
  }

  next(): Reading {
    const frame = this.#frame;
    const scan = this.#scanner.next(frame);
    if (scan === MORE) return 'more';
    if (scan === TOO_LONG) return 'too-long';
    if (scan !== FRAME) return 'bad';
    const args: string[] = [];
    for (let i = 0; i < frame.argc; i++) args.push(frame.arg(i));
    return { verb: frame.verb(), args };
  }
}

/** Frames on their way out, until the transport takes them. */
export class FrameOutput {
  readonly #writer = new FrameWriter();

  write(verb: string, ...args: readonly (string | number)[]): void {
    this.#writer.begin(verb);
    for (const arg of args) this.#writer.arg(arg);
    this.#writer.end();
  }

  get length(): number {
    return this.#writer.length;
  }

  /** Everything written since the last take, in an array of its own. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#writer.bytes.slice(0, this.#writer.length);
    this.#writer.clear();
    return bytes;
  }
}

/** Whether `text` can stand in a frame: NUL cannot. */
export function isSendable(text: string): boolean {
  return !text.includes('\0');
}

/** A decimal argument; undefined when it is none. */
export function readNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
