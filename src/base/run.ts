// A run: entries of one room that follow each other in the order of decision and are taken together. Their frames stand
// back to back in one array, so that a log or a ring takes them with one copy, and what it has to look at it looks at
// once. Whoever decides fills it; whoever takes it keeps nothing of it.
//
//   bytes   … | frame | frame | frame | …
//           start   ends[0] ends[1] ends[2] = end

import { addressOf, given, type Library, stable } from './library.ts';

/** The most entries of a run, and the most bytes of one that has an array of its own. */
export const RUN_ENTRIES = 64;
export const RUN_BYTES = 8_192;

/** How long a run may become. */
export interface RunLimits {
  readonly entries: number;
  readonly bytes: number;
}

export class Run {
  bytes: Uint8Array;
  /** Where the array lies; 0 when that is not known. */
  address = 0;
  start = 0;
  end = 0;
  count = 0;
  /** The lowest slot that is undecided after the last entry. */
  low = 0;
  /** Where each frame ends. */
  readonly ends = new Int32Array(RUN_ENTRIES);
  /** The slot that each decides, negative for one that it leaves empty. */
  readonly seqs = new Float64Array(RUN_ENTRIES);
  /** The lowest slot that is undecided after each. */
  readonly lows = new Float64Array(RUN_ENTRIES);
  /** The place of each in the server's order of decision. */
  readonly stamps = new Float64Array(RUN_ENTRIES);

  #library: Library | undefined;

  /** A run over this array of frames; without one, over an array of its own. */
  constructor(bytes: Uint8Array = stable(RUN_BYTES)) {
    this.bytes = bytes;
  }

  /** No entry can be added. */
  get isFull(): boolean {
    return this.count === RUN_ENTRIES;
  }

  /** Finds out where its own array lies. */
  locate(): void {
    const { library } = given;
    if (library === this.#library) return;
    this.#library = library;
    this.address = addressOf(this.bytes);
  }

  /** Forgets its entries: the next one begins at `start`. */
  clear(start = 0): void {
    this.start = start;
    this.end = start;
    this.count = 0;
  }

  /** Adds the entry whose frame stands between the end and `end`. */
  add(end: number, seq: number, low: number, stamp: number): void {
    const i = this.count++;
    this.ends[i] = end;
    this.seqs[i] = seq;
    this.lows[i] = low;
    this.stamps[i] = stamp;
    this.low = low;
    this.end = end;
  }
}
