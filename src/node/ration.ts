// A ration: so many of a kind are told within a second, and of those on top their number alone, when the second is over.
// Whoever causes events without end so writes a bounded piece of the log. It reads no clock and tells nothing itself.

const SECOND_MS = 1000;
const NEVER = Number.POSITIVE_INFINITY;

export class Ration {
  readonly #most: number;
  readonly #tellRest: (count: number) => void;
  #endsAt = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** `tellRest` hears how many were more than `most`, before anything of the next second. */
  constructor(most: number, tellRest: (count: number) => void) {
    this.#most = most;
    this.#tellRest = tellRest;
  }

  /** One more at `now`, in Unix ms: whether it is to be told by itself. */
  take(now: number): boolean {
    if (now >= this.#endsAt) this.#begin(now);
    return ++this.#count <= this.#most;
  }

  /** When tick() is wanted, in Unix ms; Infinity: nothing is left to tell. */
  get deadline(): number {
    return this.#count > this.#most ? this.#endsAt : NEVER;
  }

  tick(now: number): void {
    if (now >= this.deadline) this.#begin(now);
  }

  #begin(now: number): void {
    const rest = this.#count - this.#most;
    this.#count = 0;
    this.#endsAt = now + SECOND_MS;
    if (rest > 0) this.#tellRest(rest);
  }
}
