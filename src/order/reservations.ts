// Reservations: the slots of a room that were promised to somebody and are not filled yet, and what becomes of those
// who leave them unused. A holder has at most one in a room. This file gives out no numbers and skips nothing: it
// knows whose a slot is and until when, and the room's home does the rest.

import type { Uid } from '../base/ids.ts';

/** A slot that waits for its message. */
export interface Reservation {
  readonly seq: number;
  readonly holder: Uid;
  /** The first Unix millisecond at which it is not live any more. */
  readonly deadline: number;
}

/** The reservations of one room. Few (a home allows eight), so it looks through all of them. */
export class Reservations {
  /** In order of their deadlines, for all live equally long. */
  readonly #held: Reservation[] = [];

  get size(): number {
    return this.#held.length;
  }

  /** When the next one ends, in Unix milliseconds; Infinity when there is none. */
  get deadline(): number {
    return this.#held[0]?.deadline ?? Number.POSITIVE_INFINITY;
  }

  of(holder: Uid): Reservation | undefined {
    return this.#held.find((reservation) => reservation.holder === holder);
  }

  at(seq: number): Reservation | undefined {
    return this.#held.find((reservation) => reservation.seq === seq);
  }

  holders(): Uid[] {
    return this.#held.map(({ holder }) => holder);
  }

  add(reservation: Reservation): void {
    this.#held.push(reservation);
  }

  remove(reservation: Reservation): void {
    this.#held.splice(this.#held.indexOf(reservation), 1);
  }

  /** Takes one that has ended at `now`, the earliest first; undefined when none has. */
  takeEnded(now: number): Reservation | undefined {
    return this.deadline <= now ? this.#held.shift() : undefined;
  }
}

/** How long somebody waits after the first miss, and at most. */
export interface PenaltyLimits {
  readonly reservationWaitMs: number;
  readonly reservationWaitMaxMs: number;
}

/** How long after the end of its wait somebody has to be good to be forgiven. */
const FORGET_MS = 600_000;

interface Penalty {
  readonly waitMs: number;
  readonly until: number;
}

/**
 * Who has to wait before the next reservation, over all rooms of a server: for a while after one that was left unused,
 * twice as long each time. Using one, or 10 min without another miss, wipes it out. It remembers `cap` holders, and
 * forgets the one whose last miss is the longest ago first.
 */
export class Penalties {
  readonly #limits: PenaltyLimits;
  readonly #cap: number;
  /** In the order of the last miss. */
  readonly #holders = new Map<Uid, Penalty>();

  constructor(limits: PenaltyLimits, cap = 65_536) {
    this.#limits = limits;
    this.#cap = cap;
  }

  get size(): number {
    return this.#holders.size;
  }

  /** Milliseconds that `holder` has to wait; 0 when it may reserve. */
  waitMs(holder: Uid, now: number): number {
    const penalty = this.#holders.get(holder);
    return penalty === undefined ? 0 : Math.max(0, penalty.until - now);
  }

  /** The holder left a reservation unused. */
  missed(holder: Uid, now: number): void {
    const before = this.#holders.get(holder);
    const again = before !== undefined && now < before.until + FORGET_MS;
    const { reservationWaitMs, reservationWaitMaxMs } = this.#limits;
    const waitMs = again ? Math.min(before.waitMs * 2, reservationWaitMaxMs) : reservationWaitMs;
    this.#holders.delete(holder);
    this.#forget(now);
    this.#holders.set(holder, { waitMs, until: now + waitMs });
  }

  /** The holder filled a reservation. */
  used(holder: Uid): void {
    this.#holders.delete(holder);
  }

  /** Makes room: drops those at the front who are forgiven, and one in any case when it is full. */
  #forget(now: number): void {
    for (const [holder, penalty] of this.#holders) {
      if (now < penalty.until + FORGET_MS && this.#holders.size < this.#cap) return;
      this.#holders.delete(holder);
    }
  }
}
