// Joiners: whose JOINROOM waits for a room's copy to come as far as they have read, and until when. Who has waited long
// enough is remembered until the command is looked at again, so that it does not wait a second time. It asks nobody.

import type { Epoch } from '../base/ids.ts';
import type { Session } from '../chat/session.ts';

/** Up to where somebody has read: slot `last` of an epoch; '' and 0 for nothing. */
export interface Place {
  readonly epoch: Epoch | '';
  readonly last: number;
}

interface Waiting {
  readonly place: Place;
  /** Unix ms. */
  readonly until: number;
}

export class Joiners {
  readonly #waiting = new Map<Session, Waiting>();
  readonly #late = new WeakSet<Session>();

  get size(): number {
    return this.#waiting.size;
  }

  /** When the first has waited long enough, in Unix ms; Infinity when none waits. */
  get deadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { until } of this.#waiting.values()) next = Math.min(next, until);
    return next;
  }

  add(session: Session, place: Place, until: number): void {
    this.#waiting.set(session, { place, until });
  }

  /** Whether the session has waited in vain. Answered once. */
  takeLate(session: Session): boolean {
    return this.#late.delete(session);
  }

  /** Takes those whose place `isHere`. */
  takeReady(isHere: (place: Place) => boolean): Session[] {
    return this.#take(({ place }) => isHere(place));
  }

  /** Takes those who have waited long enough. */
  takeOverdue(now: number): Session[] {
    const overdue = this.#take(({ until }) => until <= now);
    for (const session of overdue) this.#late.add(session);
    return overdue;
  }

  #take(wanted: (waiting: Waiting) => boolean): Session[] {
    const taken = [...this.#waiting].filter(([, waiting]) => wanted(waiting)).map(([session]) => session);
    for (const session of taken) this.#waiting.delete(session);
    return taken;
  }
}
