// Tickets for appends that may be answered late. One under which nothing was left to answer is known to nobody, so it is
// the next one's; one that somebody may answer under is never given out again.

import type { Ticket } from '../base/ids.ts';

export class Tickets {
  readonly #take: () => Ticket;
  #next: Ticket | undefined;

  /** `take` gives one that was never given before. */
  constructor(take: () => Ticket) {
    this.#take = take;
  }

  /** The ticket of the next append. */
  get next(): Ticket {
    this.#next ??= this.#take();
    return this.#next;
  }

  /** An answer may come under it. */
  used(): void {
    this.#next = undefined;
  }
}
