// The wires between simulated servers: one virtual clock, one queue of events, and for each pair of servers a channel
// that keeps the order of what it carries, or loses it. A channel breaks with a word (both ends hear of it soon) or in
// silence (they notice late); when it works again both ends hear of that, and nothing said before arrives any more.

import type { Random } from '../../sim/random.ts';

/** More events than this at one time are a loop. */
const MOST_AT_ONCE = 20_000;

export class Clock {
  now: number;
  events = 0;
  #order = 0;
  #still = 0;
  readonly #queue: { at: number; order: number; run: () => void }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  at(time: number, run: () => void): void {
    const event = { at: Math.max(time, this.now), order: this.#order++, run };
    const queue = this.#queue;
    let index = queue.length;
    queue.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = queue[parent] as typeof event;
      if (isBefore(above, event)) break;
      queue[index] = above;
      index = parent;
    }
    queue[index] = event;
  }

  /** Runs everything that is due until `time`. */
  runUntil(time: number): void {
    for (let event = this.#queue[0]; event !== undefined && event.at <= time; event = this.#queue[0]) {
      this.#shift();
      this.#still = event.at > this.now ? 0 : this.#still + 1;
      if (this.#still > MOST_AT_ONCE) throw new Error('time stands still');
      this.now = event.at;
      this.events++;
      event.run();
    }
    this.now = time;
  }

  #shift(): void {
    const queue = this.#queue;
    const last = queue.pop() as { at: number; order: number; run: () => void };
    if (queue.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= queue.length) break;
      const [left, right] = [queue[child], queue[child + 1]];
      if (right !== undefined && left !== undefined && isBefore(right, left)) child++;
      const below = queue[child] as typeof last;
      if (!isBefore(below, last)) break;
      queue[index] = below;
      index = child;
    }
    queue[index] = last;
  }
}

function isBefore(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** One direction between two servers. */
export interface Channel {
  readonly from: number;
  readonly to: number;
  /** What is sent now arrives. */
  works: boolean;
  /** The sender's end takes it to be up. */
  isUp: boolean;
  /** Changes with every new connection; what belongs to another one is lost. */
  generation: number;
  /** When the last frame arrives. */
  lastAt: number;
}

export class Wires {
  readonly channels: Channel[][] = [];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #deliver: (from: number, to: number, bytes: Uint8Array) => void;

  constructor(
    count: number,
    clock: Clock,
    random: Random,
    deliver: (from: number, to: number, bytes: Uint8Array) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#deliver = deliver;
    for (let from = 0; from < count; from++) {
      this.channels.push([]);
      for (let to = 0; to < count; to++) {
        this.channels[from]?.push({ from, to, works: true, isUp: true, generation: 0, lastAt: 0 });
      }
    }
  }

  channel(from: number, to: number): Channel {
    return (this.channels[from] as Channel[])[to] as Channel;
  }

  send(from: number, to: number, bytes: Uint8Array): void {
    const channel = this.channel(from, to);
    if (!channel.isUp || !channel.works) return;
    const { generation } = channel;
    const delay = this.#random.chance(0.05) ? this.#random.between(20, 300) : this.#random.between(1, 12);
    const at = Math.max(channel.lastAt, this.#clock.now + delay);
    channel.lastAt = at;
    this.#clock.at(at, () => {
      if (channel.generation === generation && channel.works && this.channel(to, from).isUp) {
        this.#deliver(from, to, bytes);
      }
    });
  }
}
