// Late answers: what rooms have to tell chat about something that had to wait. It is told when the room is done with its
// own work, as what follows from it may ask the same room for something; a fault of ours in one answer ends the
// connection that it was for and keeps no other from its own.

import type { Session } from '../chat/session.ts';

/** Does `work`, which is for `session` where it is for one; it never throws. */
export type Serve = (session: Session | undefined, work: () => void) => void;

export class LateAnswers {
  readonly #serve: Serve;
  readonly #waiting: { readonly session: Session | undefined; readonly tell: () => void }[] = [];

  constructor(serve: Serve) {
    this.#serve = serve;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(session: Session | undefined, tell: () => void): void {
    this.#waiting.push({ session, tell });
  }

  /** Gives all, those too that come up meanwhile. */
  give(): void {
    for (let late = this.#waiting.shift(); late !== undefined; late = this.#waiting.shift()) {
      this.#serve(late.session, late.tell);
    }
  }
}
