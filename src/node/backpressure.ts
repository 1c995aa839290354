// Back-pressure: whoever does not take what was said to him alone is not heard, and past the limit not served. Rooms cost
// a slow reader nothing, so only replies count. It holds input and lets it go; who is over the limit it only names.

import { NEW } from '../chat/session.ts';
import { type Connection, HELD_BY_OUTPUT, HELD_BY_SOURCE } from './connection.ts';
import type { Flusher } from './flusher.ts';
import type { Holds } from './holds.ts';

export interface OutputLimits {
  /** Bytes that may wait for one connection alone, before registration and after. */
  readonly newOutputBytes: number;
  readonly outputBytes: number;
}

export class Backpressure {
  readonly #config: { readonly limits: OutputLimits };
  readonly #holds: Holds;
  readonly #flusher: Flusher;
  readonly #waiting = new Set<Connection>();

  /** The limits are looked up at every use. */
  constructor(config: { readonly limits: OutputLimits }, holds: Holds, flusher: Flusher) {
    this.#config = config;
    this.#holds = holds;
    this.#flusher = flusher;
  }

  /** Something was queued for it alone. False when it is over its limit and has to go. */
  check(connection: Connection, now: number): boolean {
    const { newOutputBytes, outputBytes } = this.#config.limits;
    const limit = connection.session?.state === NEW ? newOutputBytes : outputBytes;
    const { outbox } = connection;
    if (outbox.held * 4 <= limit || connection.closingAt !== 0) return true;
    // What is queued may be gone with one write; only a connection that is full is over its limit.
    if (outbox.held > limit) this.#flusher.flushOutbox(outbox, now);
    if (outbox.held > limit) return false;
    this.#hold(connection, HELD_BY_OUTPUT);
    return true;
  }

  /** Frames are made for it as it drains: its input waits until they are. */
  pours(connection: Connection): void {
    this.#hold(connection, HELD_BY_SOURCE);
  }

  /** Lets the input of everybody go on whose output is written. */
  settle(): void {
    if (this.#waiting.size > 0) for (const connection of [...this.#waiting]) this.settleOne(connection);
  }

  settleOne(connection: Connection): void {
    const { outbox, held } = connection;
    if (held === 0 || outbox.pouring) return;
    if (outbox.blocked && outbox.held * 4 > this.#config.limits.newOutputBytes) return;
    this.forget(connection);
    this.#holds.release(connection, HELD_BY_SOURCE);
    this.#holds.release(connection, HELD_BY_OUTPUT);
  }

  /** It is gone, or about to be. */
  forget(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  #hold(connection: Connection, why: number): void {
    this.#holds.hold(connection, why);
    this.#waiting.add(connection);
  }
}
