// Numbers: which slots of an epoch were given out, and which of those are decided. It gives out no number twice, and
// finds the lowest undecided one in constant time, spread over all decisions. It knows nothing of what is in a slot.

export class Numbers {
  /** The highest number given out. */
  last: number;
  /** The lowest number that is not decided. */
  next: number;
  /** Given out and not decided; all of them are at or above `next`. */
  readonly #undecided = new Set<number>();

  constructor(first: number) {
    this.last = first - 1;
    this.next = first;
  }

  /** How many numbers above `next` are decided. */
  get ahead(): number {
    return this.last + 1 - this.next - this.#undecided.size;
  }

  isUndecided(seq: number): boolean {
    return this.#undecided.has(seq);
  }

  /** Numbers up to `seq` were given out somewhere: those above the last one known wait for their decision. */
  reach(seq: number): void {
    for (let given = this.last + 1; given <= seq; given++) this.#undecided.add(given);
    if (seq > this.last) this.last = seq;
  }

  /** As reach() and decide(), for a number that another server gave out and decided. */
  decideFrom(seq: number): void {
    if (seq === this.last + 1 && this.#undecided.size === 0) {
      this.last = seq;
      this.next = seq + 1;
      return;
    }
    if (seq > this.last) this.reach(seq);
    this.decide(seq);
  }

  /** Everything below `first` is of no concern any more. */
  passOver(first: number): void {
    for (const seq of this.#undecided) if (seq < first) this.#undecided.delete(seq);
    this.last = Math.max(this.last, first - 1);
    this.next = Math.max(this.next, first);
    this.#passDecided();
  }

  /** A number that was given out just now, or is decided no more than before, waits for its decision. */
  hold(seq: number): void {
    this.#undecided.add(seq);
  }

  /** A number given out is decided, once. */
  decide(seq: number): void {
    if (this.#undecided.size === 0) {
      this.next = this.last + 1;
      return;
    }
    this.#undecided.delete(seq);
    if (seq === this.next) this.#passDecided();
  }

  #passDecided(): void {
    if (this.#undecided.size === 0) this.next = this.last + 1;
    while (this.next <= this.last && !this.#undecided.has(this.next)) this.next++;
  }
}
