// The flusher: which rings and outboxes have news, and the one flush that offers it when a batch of input is over.
// Everything that a batch brought to a connection leaves in as few writes as the connection allows.

import { Fan } from '../fanout/fan.ts';
import type { Outbox, Transport } from '../fanout/outbox.ts';
import type { Ring } from '../fanout/ring.ts';

export class Flusher {
  #rings: Ring[] = [];
  #outboxes: Outbox[] = [];
  readonly #wake: () => void;
  readonly #fan: Fan;
  #awake = false;

  /** `wake` asks for flush() when the present batch is over; `onFault` hears of an outbox that threw. */
  constructor(transport: Transport, wake: () => void, onFault: (outbox: Outbox, error: unknown) => void) {
    this.#wake = wake;
    this.#fan = new Fan(transport, onFault);
  }

  /** Asks for a flush, once a batch. */
  wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#wake();
  }

  ring(ring: Ring): void {
    if (ring.dirty) return;
    ring.dirty = true;
    this.#rings.push(ring);
    this.wake();
  }

  outbox(outbox: Outbox): void {
    if (outbox.dirty || outbox.blocked) return;
    outbox.dirty = true;
    this.#outboxes.push(outbox);
    this.wake();
  }

  /** Offers the news of one ring now. */
  flushRing(ring: Ring, now: number): void {
    this.#fan.flush(ring, now);
  }

  /** Offers everything. What is marked meanwhile belongs to the next flush. */
  flush(now: number): void {
    this.#awake = false;
    const [rings, outboxes] = [this.#rings, this.#outboxes];
    this.#rings = [];
    this.#outboxes = [];
    // Links are among these: other servers begin while this one writes to its clients.
    for (const outbox of outboxes) {
      outbox.dirty = false;
      this.#fan.offer(outbox, now);
    }
    for (const ring of rings) {
      ring.dirty = false;
      this.flushRing(ring, now);
    }
  }
}
