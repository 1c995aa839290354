// The budget of all rings together: a cap in bytes. When it is passed, a clock hand walks the rings and halves each in
// turn, so the cost is spread and no ring has to know the others. It bounds what tapes hold; the indexes are bounded by
// the entries of each ring.

import { assert } from '../base/assert.ts';

interface Held {
  readonly tape: { readonly held: number };
  halve(): void;
}

export class RingBudget {
  readonly #cap: number;
  readonly #rings: Held[] = [];
  #held = 0;
  #hand = 0;
  #busy = false;

  constructor(cap: number) {
    assert(cap > 0, 'a ring budget is positive');
    this.#cap = cap;
  }

  /** Bytes held by all rings. */
  get held(): number {
    return this.#held;
  }

  add(ring: Held): void {
    this.#rings.push(ring);
    this.#held += ring.tape.held;
  }

  remove(ring: Held): void {
    const index = this.#rings.indexOf(ring);
    if (index < 0) return;
    this.#held -= ring.tape.held;
    const last = this.#rings.pop() as Held;
    if (index < this.#rings.length) this.#rings[index] = last;
  }

  /** A ring's tape holds `bytes` more (or fewer) than before. */
  grew(bytes: number): void {
    this.#held += bytes;
    if (this.#held <= this.#cap || this.#busy) return;
    this.#busy = true;
    // One round at most: rings that hold one entry each cannot give more.
    for (let steps = this.#rings.length; steps > 0 && this.#held > this.#cap; steps--) {
      this.#hand = (this.#hand + 1) % this.#rings.length;
      (this.#rings[this.#hand] as Held).halve();
    }
    this.#busy = false;
  }
}
