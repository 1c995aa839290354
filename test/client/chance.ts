// Chance from a seed, so that a failing case can be played again.

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
  }

  /** An unsigned 32-bit number (mulberry32). */
  readonly word = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };

  /** A whole number from 0 to count - 1. */
  below(count: number): number {
    return this.word() % count;
  }

  /** Whether something of that probability happens. */
  happens(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }
}
