// Frames as the client handles them: a verb and its arguments as strings, which are made when they are asked for. Messages
// are most of what a client reads; what they hold is taken one by one, and numbers without a string between.

import { safeDecimal } from '../base/bytes.ts';
import { FRAME, Frame, MORE, Scanner, TOO_LONG } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';

/** Any frame that a server may send to a client fits, with room to spare. */
const FRAME_BYTES = 64 * 1024;
const ZERO = 0x30;

/** One frame, unescaped. */
export interface ClientFrame {
  readonly verb: string;
  readonly args: readonly string[];
}

/** A frame as it was read; good until the next one is. Its arguments as an array are anybody's to keep. */
export class ReceivedFrame implements ClientFrame {
  readonly #frame: Frame;
  #args: readonly string[] | undefined;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  /** There is another frame now. */
  renew(): this {
    this.#args = undefined;
    return this;
  }

  get verb(): string {
    return this.#frame.verb();
  }

  get args(): readonly string[] {
    if (this.#args !== undefined) return this.#args;
    const args: string[] = [];
    for (let i = 0; i < this.#frame.argc; i++) args.push(this.#frame.arg(i));
    this.#args = args;
    return args;
  }

  /** How many arguments it has. */
  get count(): number {
    return this.#frame.argc;
  }

  /** Argument `i`; empty when it was not given. */
  text(i: number): string {
    return this.#frame.arg(i);
  }

  /** The same for one that comes again and again: a room, an epoch, a nickname. */
  name(i: number): string {
    return this.#frame.name(i);
  }

  /** Argument `i` as a number, as readNumber() reads it; -1 when it is none. */
  number(i: number): number {
    const { bytes, argc, argStart, argEnd } = this.#frame;
    if (i >= argc) return -1;
    const start = argStart[i] as number;
    const end = argEnd[i] as number;
    return bytes[start] === ZERO && end - start > 1 ? -1 : safeDecimal(bytes, start, end);
  }
}

/** What reading came to: a frame, nothing whole yet, a bad frame that was passed over, or one that never ends. */
export type Reading = ReceivedFrame | 'more' | 'bad' | 'too-long';

/** The frames of one connection. Chunks are handed over for good. */
export class FrameReader {
  readonly #scanner = new Scanner(FRAME_BYTES);
  readonly #frame = new Frame();
  readonly #received = new ReceivedFrame(this.#frame);

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
    return this.#received.renew();
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
