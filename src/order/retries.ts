// Retries: slots that a log refused to decide, and when it is to be asked again: soon at first, then less and less
// often, until it has taken all of them. Whoever owns this asks the log.

const FIRST_MS = 100;
const LONGEST_MS = 5_000;

export class Retries {
  /** When to try again, in Unix milliseconds; Infinity when there is nothing to try. */
  at = Number.POSITIVE_INFINITY;
  #waitMs = FIRST_MS;
  #seqs: number[] = [];

  get size(): number {
    return this.#seqs.length;
  }

  add(seq: number, now: number): void {
    this.#seqs.push(seq);
    this.#later(now);
  }

  /** Gives every slot to `decide`, in order, until one is refused again (it answers false). */
  run(now: number, decide: (seq: number) => boolean): void {
    this.at = Number.POSITIVE_INFINITY;
    const refused = this.#seqs.findIndex((seq) => !decide(seq));
    this.#seqs = refused < 0 ? [] : this.#seqs.slice(refused);
    if (refused >= 0) this.#later(now);
  }

  /** The log has committed something: the next refusal is a new one. */
  reset(): void {
    this.#waitMs = FIRST_MS;
  }

  #later(now: number): void {
    if (this.at !== Number.POSITIVE_INFINITY) return;
    this.at = now + this.#waitMs;
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_MS);
  }
}
