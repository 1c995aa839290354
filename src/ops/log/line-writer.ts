// A bounded writer of lines: takes a line at once, writes when the other side takes it, one write under way at a time.
// It never waits and never throws. What does not fit, or could not be written, is dropped and counted, and the count is
// said in a line of its own as soon as there is room. A side that is gone for good ends all further tries.

import { write } from 'node:fs';

/** Writes bytes from `start` on and reports how many were taken, or the system's code of the error. */
export type WriteSome = (
  bytes: Uint8Array,
  start: number,
  done: (code: string | undefined, taken: number) => void,
) => void;

export interface LineWriterOptions {
  readonly write: WriteSome;
  /** The most bytes that wait, beside those being written. */
  readonly maxBytes: number;
  /** The line that says how many were dropped, without its newline. */
  readonly dropped: (lines: number) => string;
}

/** The most bytes of one write: a slow reader then sees whole lines early. */
const CHUNK_BYTES = 64 * 1024;
const RETRY_MS = 20;
/** The other side will never read again. */
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'EBADF', 'EIO', 'ENXIO', 'EINVAL']);
const LATER: ReadonlySet<string> = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR']);

/** Writes to a file descriptor off the thread of the event loop, so that a stuck pipe stops nothing. */
export function writeToFd(fd: number): WriteSome {
  return (bytes, start, done) =>
    write(fd, bytes, start, bytes.length - start, null, (error, taken) => done(error?.code ?? undefined, taken ?? 0));
}

export class LineWriter {
  readonly #options: LineWriterOptions;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #busy = false;
  /** The lines under way, how far they are, and how many are dropped if they are lost. */
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #chunkLines = 0;
  #gone = false;
  #idle: (() => void)[] = [];

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  /** Lines that were never written, and that no line has told of yet. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a line without its newline. */
  write(line: string): void {
    const size = Buffer.byteLength(line) + 1;
    if (this.#gone || this.#waitingBytes + size > this.#options.maxBytes) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += size;
    if (!this.#busy) this.#next();
  }

  /** Resolves when all is written or lost, at the latest after `ms`; true when nothing was left waiting. */
  async flush(ms: number): Promise<boolean> {
    if (!this.#busy) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), ms);
    this.#idle.push(() => resolve(true));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes lines from those that wait and starts to write them. */
  #next(): void {
    let count = 0;
    let size = 0;
    while (count < this.#waiting.length && size < CHUNK_BYTES) size += Buffer.byteLength(this.#waiting[count++]!) + 1;
    const lines = this.#waiting.splice(0, count);
    this.#waitingBytes -= size;
    this.#chunkLines = count + this.#dropped;
    if (this.#dropped > 0) lines.push(this.#options.dropped(this.#dropped));
    this.#dropped = 0;
    this.#busy = lines.length > 0;
    if (!this.#busy) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#chunk = Buffer.from(`${lines.join('\n')}\n`);
    this.#at = 0;
    this.#push();
  }

  #push(): void {
    this.#options.write(this.#chunk, this.#at, (code, taken) => this.#wrote(code, taken));
  }

  #wrote(code: string | undefined, taken: number): void {
    this.#at += taken;
    if (code === undefined && this.#at < this.#chunk.length) this.#push();
    else if (code === undefined) this.#next();
    else if (LATER.has(code)) setTimeout(() => this.#push(), RETRY_MS);
    else this.#lost(GONE.has(code));
  }

  /** The lines under way could not be written. They are counted as dropped; a line that tells so must come later. */
  #lost(forGood: boolean): void {
    this.#gone ||= forGood;
    this.#dropped += this.#chunkLines;
    if (this.#gone) {
      this.#dropped += this.#waiting.length;
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    this.#busy = false;
    // Without a line to write there is no try: a full disk is not asked again and again.
    if (this.#waiting.length > 0) this.#next();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }
}
