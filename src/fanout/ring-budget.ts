// The budget of all rings together: a cap in bytes. When it is passed, a clock hand walks the rings and halves each in
// turn, so the cost is spread and no ring has to know the others. Only the newest entry of each ring stays in any case,
// until its readers were offered it. It bounds what tapes hold; the indexes are bounded by the entries of each ring.

import { assert } from '../base/assert.ts';

interface Held {
  readonly tape: { readonly held: number };
  /** Gives memory back; false when it had none to give. */
  halve(): boolean;
}

export class RingBudget {
  readonly #cap: number;
  readonly #rings: Held[] = [];
  #held = 0;
  #hand = 0;

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

  /** A ring's tape holds `bytes` more (or fewer) than before. Only more makes rings give: giving does not nest. */
  grew(bytes: number): void {
    this.#held += bytes;
    if (bytes <= 0 || this.#held <= this.#cap) return;
    // Until a whole round gave nothing: then all that is left is what no reader was offered yet.
    for (let idle = 0; idle < this.#rings.length && this.#held > this.#cap; ) {
      this.#hand = (this.#hand + 1) % this.#rings.length;
      idle = (this.#rings[this.#hand] as Held).halve() ? 0 : idle + 1;
    }
  }
}
