// The flusher: which rings and outboxes have news, and the one flush that offers it when a batch of input is over.
// Everything that a batch brought to a connection leaves in as few writes as the connection allows.

import type { Outbox } from '../fanout/outbox.ts';
import type { Ring } from '../fanout/ring.ts';

export class Flusher {
  readonly #rings: Ring[] = [];
  readonly #outboxes: Outbox[] = [];
  readonly #wake: () => void;
  #awake = false;

  /** `wake` asks for flush() when the present batch is over. */
  constructor(wake: () => void) {
    this.#wake = wake;
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
    const { readers } = ring;
    // Backwards: a connection that is found gone leaves the list, and the last one takes its place.
    for (let i = readers.length - 1; i >= 0; i--) readers[i]?.outbox.flush(now);
    ring.flushed();
  }

  /** Offers everything. What is marked meanwhile belongs to the next flush. */
  flush(now: number): void {
    this.#awake = false;
    for (const ring of this.#rings.splice(0)) {
      ring.dirty = false;
      this.flushRing(ring, now);
    }
    for (const outbox of this.#outboxes.splice(0)) {
      outbox.dirty = false;
      outbox.flush(now);
    }
  }
}
