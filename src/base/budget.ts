// A budget: how much many holders may keep together for one purpose, in bytes or in entries, and who gives way when
// they keep more. A clock hand walks over its members and makes each halve what it keeps, until an eighth of the
// budget is free again or a whole round gave nothing; the growth that makes the next walk necessary pays for it. It
// refuses nothing: what is too much is forgotten early, by everybody in turn. It counts what it is told, exactly, and
// who its members are does not enter into the count.

import { assert } from './assert.ts';

/** Somebody who keeps something under a budget. */
export interface Member {
  /** Gives up about half of what it keeps, and says so through shrank(). False when it had nothing to give. */
  halve(): boolean;
}

export class Budget {
  readonly cap: number;
  readonly #members = new Set<Member>();
  #hand = this.#members.values();
  #held = 0;
  #relieving = false;

  /** A budget of `cap` bytes, or whatever else its members count. */
  constructor(cap: number) {
    assert(cap > 0, 'a budget is positive');
    this.cap = cap;
  }

  /** What all members hold together. */
  get held(): number {
    return this.#held;
  }

  /** From now on the member is asked to give way in its turn. What it holds already is told through grew(). */
  join(member: Member): void {
    this.#members.add(member);
  }

  /** The member is asked no more. What it held is told through shrank(). */
  leave(member: Member): void {
    this.#members.delete(member);
  }

  /** Whether a member may keep `amount` more without making others give way soon. */
  spares(amount: number): boolean {
    return this.#held + amount <= this.cap * 0.75;
  }

  /** A member holds `amount` more. It may be asked to halve before this returns, unless somebody is being asked. */
  grew(amount: number): void {
    this.#held += amount;
    if (this.#held > this.cap && !this.#relieving) this.#relieve();
  }

  /** A member holds `amount` less. */
  shrank(amount: number): void {
    assert(amount <= this.#held, 'a budget is given back more than it counted');
    this.#held -= amount;
  }

  #relieve(): void {
    const enough = this.cap * 0.875;
    this.#relieving = true;
    try {
      for (let idle = 0; this.#held > enough && idle < this.#members.size; ) {
        idle = this.#turn()?.halve() === true ? 0 : idle + 1;
      }
    } finally {
      this.#relieving = false;
    }
  }

  /** The next member, in the order they joined, over and over; undefined when there is none. */
  #turn(): Member | undefined {
    let step = this.#hand.next();
    if (step.done === true) {
      this.#hand = this.#members.values();
      step = this.#hand.next();
    }
    return step.done === true ? undefined : step.value;
  }
}
