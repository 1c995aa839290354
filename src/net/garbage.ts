// Garbage: what is done about it beside what the runtime does. That lets garbage lie until its heap has grown by a good
// part, and memory that was touched once stays the process's for long.
//
//   a crowd comes in        it leaves as much garbage as it keeps: collecting beside the work, early, holds an idle client
//                           to 3.4 kB and not 4.2
//   nobody reads the input  a flood goes on behind the end that it was given, up to a megabyte a connection: its chunks
//                           are given back as they come, or tens of megabytes of them would lie until a collection
//
// It stops nobody for a collection, and gives back nothing that may be a part of something else.

import type { Connection } from '../node/connection.ts';

/** A collection for so many connections. */
const COLLECT_EVERY = 1000;
/** A shorter chunk is not worth the call. */
const LONG = 16_384;

export class Garbage {
  readonly #collect: () => void;
  #came = 0;

  /** `collect`: looks for young garbage, beside the work. */
  constructor(collect: () => void = () => void Bun.gc(false)) {
    this.#collect = collect;
  }

  /** A client has come. */
  came(): void {
    if (++this.#came % COLLECT_EVERY === 0) this.#collect();
  }

  /** `chunk` came of `connection`, undefined where that is gone, and was given to the node: emptied if nobody reads it. */
  given(chunk: Uint8Array, connection: Pick<Connection, 'closingAt'> | undefined): void {
    const { length } = chunk;
    if (length < LONG || connection?.closingAt === 0) return;
    const { buffer } = chunk;
    if (length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
  }
}
