// The world of one run: virtual time, a queue of what is going to happen, and the trace of what did. Nothing in it
// waits: time jumps from one event to the next. Events of one moment happen in the order in which they were arranged,
// so a seed decides everything. This file knows neither servers nor clients.

import { Random } from './random.ts';
import { Trace } from './trace.ts';

/** Unix ms at which every run begins. */
export const BEGINNING = 1_700_000_000_000;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** More events of one moment never end. */
const MOST_AT_ONCE = 50_000;

/** Something goes round in a circle and would for ever. */
export class Livelock extends Error {
  override name = 'Livelock';
}

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly trace: Trace;
  /** Unix ms. */
  now = BEGINNING;
  /** The faults are over: what can settle has to. */
  calm = false;
  /** Hears of what failed. */
  onFault: (error: unknown) => void = (error) => {
    throw error;
  };
  events = 0;
  readonly #queue: Event[] = [];
  #order = 0;
  /** Events of this moment. */
  #crowd = 0;

  constructor(seed: number, onLine?: (line: string) => void) {
    this.seed = seed;
    this.random = new Random(seed);
    this.trace = new Trace(onLine);
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.now - BEGINNING;
  }

  /** Arranges for something to happen in `delayMs`. */
  after(delayMs: number, happen: () => void): void {
    this.at(this.now + Math.max(0, Math.ceil(delayMs)), happen);
  }

  at(at: number, happen: () => void): void {
    const queue = this.#queue;
    const event = { at: Math.max(at, this.now), order: this.#order++, happen };
    let i = queue.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(event, queue[parent] as Event)) break;
      queue[i] = queue[parent] as Event;
      i = parent;
    }
    queue[i] = event;
  }

  /** Lets everything happen that is to happen in the next `ms`. */
  run(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#queue[0]; next !== undefined && next.at <= until; next = this.#queue[0]) {
      this.#take();
      if (next.at > this.now) this.#crowd = 0;
      if (++this.#crowd > MOST_AT_ONCE) throw new Livelock(`${MOST_AT_ONCE} events and no time passes`);
      this.now = next.at;
      this.events++;
      this.#happen(next);
    }
    this.now = until;
  }

  /** What fails outside of any server's own bounds is told, and the rest of the run goes on. */
  #happen({ happen }: Event): void {
    try {
      happen();
    } catch (error) {
      this.onFault(error);
    }
  }

  note(who: string, what: string, bytes?: Uint8Array): void {
    this.trace.note(this.elapsed, who, what, bytes);
  }

  #take(): void {
    const queue = this.#queue;
    const last = queue.pop() as Event;
    if (queue.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1] as Event, queue[child] as Event)) child++;
      if (!isBefore(queue[child] as Event, last)) break;
      queue[i] = queue[child] as Event;
      i = child;
    }
    queue[i] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
