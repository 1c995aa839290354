// A budget: how much the rooms of one server may hold together for one purpose, in bytes or in entries, and who gives
// way when they hold more. A clock hand walks over its members and makes each halve what it keeps, until an eighth of the budget is
// free again; the growth that makes the next walk necessary pays for it. It never refuses anything: what is too much
// is forgotten early, by everybody in turn.

/** Somebody who holds memory under a budget. */
export interface Member {
  /** Keeps about half of what it holds, and says so through shrank(). */
  halve(): void;
}

export class MemoryBudget {
  readonly cap: number;
  readonly #members = new Set<Member>();
  #hand = this.#members.values();
  #held = 0;

  /** A budget of `cap` bytes, or whatever else its members count. */
  constructor(cap: number) {
    this.cap = cap;
  }

  /** What all members hold together. */
  get held(): number {
    return this.#held;
  }

  join(member: Member): void {
    this.#members.add(member);
  }

  /** The member has given back what it held, and holds nothing any more. */
  leave(member: Member): void {
    this.#members.delete(member);
  }

  /** Whether a member may keep `amount` more without making others give way soon. */
  spares(amount: number): boolean {
    return this.#held + amount <= this.cap * 0.75;
  }

  /** A member holds `amount` more. It may be asked to halve before this returns. */
  grew(amount: number): void {
    this.#held += amount;
    if (this.#held > this.cap) this.#relieve();
  }

  shrank(amount: number): void {
    this.#held -= amount;
  }

  #relieve(): void {
    const enough = this.cap * 0.875;
    // Two rounds: a member may have nothing to give the first time. After that everybody holds the least it can.
    for (let left = this.#members.size * 2; left > 0 && this.#held > enough; left--) this.#turn()?.halve();
  }

  #turn(): Member | undefined {
    let step = this.#hand.next();
    if (step.done === true) {
      this.#hand = this.#members.values();
      step = this.#hand.next();
    }
    return step.done === true ? undefined : step.value;
  }
}
