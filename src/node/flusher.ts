// The flusher: which rings and outboxes have news, and the one flush that offers it when a batch of input is over.
// Everything that a batch brought to a connection leaves in as few writes as the connection allows.
//
// It keeps true: nothing is offered to anybody before all that was decided is published.

import { Fan } from '../fanout/fan.ts';
import type { Outbox, Transport } from '../fanout/outbox.ts';
import type { Ring } from '../fanout/ring.ts';

export interface FlusherHost {
  /** Asks for flush() when the present batch is over. */
  wake(): void;
  /** Publishes what was decided and waits for that. */
  publish(): void;
  /** An outbox threw. */
  readonly failed: (outbox: Outbox, error: unknown) => void;
}

export class Flusher {
  #rings: Ring[] = [];
  #outboxes: Outbox[] = [];
  readonly #host: FlusherHost;
  readonly #fan: Fan;
  #awake = false;

  constructor(transport: Transport, host: FlusherHost) {
    this.#host = host;
    this.#fan = new Fan(transport, host.failed);
  }

  /** Asks for a flush, once a batch. */
  wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#host.wake();
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

  /** Publishes what was decided until now: for whoever is told what came before, and nothing later. */
  publish(): void {
    this.#host.publish();
  }

  /** Offers one outbox what it has now. */
  flushOutbox(outbox: Outbox, now: number): void {
    this.#host.publish();
    outbox.flush(now);
  }

  /** As flushOutbox(), as its connection can take bytes again. */
  drained(outbox: Outbox, now: number): void {
    this.#host.publish();
    outbox.drained(now);
  }

  /** Offers the news of one ring now. */
  flushRing(ring: Ring, now: number): void {
    this.#host.publish();
    this.#fan.flush(ring, now);
  }

  /** Offers everything. What is marked meanwhile belongs to the next flush. */
  flush(now: number): void {
    this.#awake = false;
    this.#host.publish();
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
      this.#fan.flush(ring, now);
    }
  }
}
