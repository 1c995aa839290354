// The state of a connection for one reader: the present one first, then each that follows. A reader that falls behind is
// spared the oldest ones: what counts is how things are.

import { Bell } from './bell.ts';
import type { Status } from './chat-types.ts';

const MOST = 32;

export class StatusFeed {
  readonly #queue: Status[] = [];
  readonly #bell = new Bell();
  #closed = false;

  push(status: Status): void {
    this.#queue.push(status);
    if (this.#queue.length > MOST) this.#queue.shift();
    this.#bell.ring();
  }

  /** Resolves to the next state, to undefined behind the last; rejects with ABORTED when `signal` ends the waiting. */
  async next(signal: AbortSignal): Promise<Status | undefined> {
    while (!this.#closed) {
      const status = this.#queue.shift();
      this.#closed = status?.state === 'closed';
      if (status !== undefined) return status;
      await this.#bell.wait(signal);
    }
    return undefined;
  }
}
