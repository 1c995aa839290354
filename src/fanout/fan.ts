// A fan: the news of one ring, offered to its readers. Nearly all of them have read equally far and wait for nothing
// else, so the same bytes are right for all of those and are offered in one call of the transport. Whoever is not like
// that, and everybody where the transport has no such call, is offered what its own outbox says.
//
// It keeps true: what one reader takes, or fails in, is nothing to the others.

import type { Outbox, Transport } from './outbox.ts';
import type { Ring } from './ring.ts';
import type { Subscription } from './subscription.ts';

const MOST = 1_024;

// Shared, as a flush is synchronous: who is offered the same, and what each took.
const subs: (Subscription | undefined)[] = new Array(MOST).fill(undefined);
const connections = new Int32Array(MOST);
const taken = new Int32Array(MOST);

export class Fan {
  readonly #transport: Transport;
  readonly #onFault: (outbox: Outbox, error: unknown) => void;

  /** `onFault` hears of an outbox that threw. */
  constructor(transport: Transport, onFault: (outbox: Outbox, error: unknown) => void) {
    this.#transport = transport;
    this.#onFault = onFault;
  }

  /** Offers one outbox what it has. One that fails must not keep the others from theirs. */
  offer(outbox: Outbox, now: number): void {
    try {
      outbox.flush(now);
    } catch (error) {
      this.#onFault(outbox, error);
    }
  }

  /** Offers all readers of a ring what they have not read. */
  flush(ring: Ring, now: number): void {
    const { readers, readTo } = ring;
    const together = this.#transport.offerEach !== undefined && this.#isNews(ring, readTo);
    let count = 0;
    // Backwards: a connection that is found gone leaves the list, and the last one takes its place.
    for (let i = readers.length - 1; i >= 0; i--) {
      const sub = readers[i];
      if (sub === undefined) continue;
      const { outbox } = sub;
      if (!together || sub.cursor !== readTo || outbox.plain !== sub) {
        this.offer(outbox, now);
        continue;
      }
      subs[count] = sub;
      connections[count++] = outbox.connection;
      if (count === MOST) {
        this.#offerEach(ring, readTo, MOST, now);
        count = 0;
      }
    }
    if (count > 0) this.#offerEach(ring, readTo, count, now);
    ring.flushed();
  }

  /** Whether there is something behind `from`, and all of it is still there. */
  #isNews(ring: Ring, from: number): boolean {
    const { tail, head } = ring.tape;
    return from >= tail && from < head;
  }

  #offerEach(ring: Ring, from: number, count: number, now: number): void {
    // While others were offered theirs something may have been said, and the oldest be gone.
    if (!this.#isNews(ring, from)) {
      for (const sub of subs.slice(0, count)) if (sub !== undefined) this.offer(sub.outbox, now);
      return;
    }
    const { low } = ring;
    const { buffer, base, head } = ring.tape;
    this.#transport.offerEach?.(connections, count, buffer, from - base, head - base, taken);
    for (let i = 0; i < count; i++) {
      const sub = subs[i] as Subscription;
      subs[i] = undefined;
      try {
        sub.outbox.took(sub, taken[i] as number, head, low, now);
      } catch (error) {
        this.#onFault(sub.outbox, error);
      }
    }
  }
}
