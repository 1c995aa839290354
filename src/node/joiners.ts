// Joiners: whose JOINROOM waits for a room's copy to come as far as they have read, and until when. What came of it is
// remembered until the command is looked at again, so that it does not wait a second time. It asks nobody.

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

/** The copy has come as far as somebody has read; or did not in time. */
export type JoinAnswer = 'here' | 'late';

export class Joiners {
  readonly #waiting = new Map<Session, Waiting>();
  readonly #answers = new WeakMap<Session, JoinAnswer>();

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

  /** What came of the session's waiting, if it waited. Answered once. */
  takeAnswer(session: Session): JoinAnswer | undefined {
    const answer = this.#answers.get(session);
    this.#answers.delete(session);
    return answer;
  }

  /** Takes those whose place `isHere`. */
  takeReady(isHere: (place: Place) => boolean): Session[] {
    return this.#take(({ place }) => isHere(place), 'here');
  }

  /** Takes those who have waited long enough. */
  takeOverdue(now: number): Session[] {
    return this.#take(({ until }) => until <= now, 'late');
  }

  #take(wanted: (waiting: Waiting) => boolean, answer: JoinAnswer): Session[] {
    const taken = [...this.#waiting].filter(([, waiting]) => wanted(waiting)).map(([session]) => session);
    for (const session of taken) {
      this.#waiting.delete(session);
      this.#answers.set(session, answer);
    }
    return taken;
  }
}
