// Restoring: the frames of a snapshot, gathered one by one until all are there. What they say takes the place of what was
// known of that server at once, in end(); before, nothing is changed.

import type { ServerId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import { readFact, type StateFact } from './facts.ts';
import type { Verdict } from './routes.ts';

export class Restoring {
  readonly #origin: ServerId;
  readonly #use: (facts: readonly StateFact[], now: number) => void;
  readonly #facts: StateFact[] = [];

  constructor(origin: ServerId, use: (facts: readonly StateFact[], now: number) => void) {
    this.#origin = origin;
    this.#use = use;
  }

  /** One frame. What is not good, and what is no part of a state, is passed over. */
  take(frame: Frame): Verdict {
    const fact = readFact(this.#origin, 0, frame);
    if (typeof fact === 'string') return fact;
    if (fact.kind !== 'broadcast') this.#facts.push(fact);
    return 'good';
  }

  /** There are no more. */
  end(now: number): void {
    this.#use(this.#facts, now);
  }
}
