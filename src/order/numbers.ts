// Numbers: which slots of an epoch were given out, and which of those are decided. It gives out no number twice, and
// finds the lowest undecided one in constant time, spread over all decisions. It knows nothing of what is in a slot.

export class Numbers {
  /** The highest number given out. */
  last: number;
  /** The lowest number that is not decided. */
  next: number;
  /** Given out and not decided: those that were held in a row, and the others. All of them are at or above `next`. */
  #from = 0;
  #until = 0;
  readonly #others = new Set<number>();

  constructor(first: number) {
    this.last = first - 1;
    this.next = first;
  }

  /** How many numbers above `next` are decided. */
  get ahead(): number {
    return this.last + 1 - this.next - this.#size;
  }

  isUndecided(seq: number): boolean {
    return (seq >= this.#from && seq < this.#until) || this.#others.has(seq);
  }

  /** How many wait for their decision. */
  get #size(): number {
    return this.#until - this.#from + this.#others.size;
  }

  /** Numbers up to `seq` were given out somewhere: those above the last one known wait for their decision. */
  reach(seq: number): void {
    for (let given = this.last + 1; given <= seq; given++) this.hold(given);
    if (seq > this.last) this.last = seq;
  }

  /** As reach() and decide(), for a number that another server gave out and decided. */
  decideFrom(seq: number): void {
    if (seq === this.last + 1 && this.#size === 0) {
      this.last = seq;
      this.next = seq + 1;
      return;
    }
    if (seq > this.last) this.reach(seq);
    this.decide(seq);
  }

  /** Everything below `first` is of no concern any more. */
  passOver(first: number): void {
    for (const seq of this.#others) if (seq < first) this.#others.delete(seq);
    this.#from = Math.min(this.#until, Math.max(this.#from, first));
    this.last = Math.max(this.last, first - 1);
    this.next = Math.max(this.next, first);
    this.#passDecided();
  }

  /** A number that was given out just now, or is decided no more than before, waits for its decision. */
  hold(seq: number): void {
    if (seq === this.#until && this.#from < seq && !this.#others.has(seq)) this.#until++;
    else if (this.isUndecided(seq)) return;
    else if (this.#from === this.#until) {
      this.#from = seq;
      this.#until = seq + 1;
    } else this.#others.add(seq);
  }

  /** A number given out is decided, once. */
  decide(seq: number): void {
    if (this.#from !== this.#until && seq === this.#from) {
      this.#from++;
    } else if (this.#size === 0) {
      this.next = this.last + 1;
      return;
    } else {
      if (seq > this.#from && seq < this.#until) this.#divide(seq);
      this.#others.delete(seq);
    }
    if (seq === this.next) this.#passDecided();
  }

  #passDecided(): void {
    if (this.#size === 0) this.next = this.last + 1;
    else if (this.#others.size === 0) this.next = this.#from;
    else while (this.next <= this.last && !this.isUndecided(this.next)) this.next++;
  }

  /** Leaves those in front of `seq` in a row; the others stand by themselves. */
  #divide(seq: number): void {
    for (let other = seq; other < this.#until; other++) this.#others.add(other);
    this.#until = seq;
  }
}
