// Two servers and every order in which their steps can happen: dialling, being connected, the chunks of each stream,
// and the ends of streams. A schedule is a list of choices; replaying one gives the same world. Time stands still
// until everything is delivered, then it goes on in the one order that it has.

import { type ConnectionId, connectionId } from '../../src/base/ids.ts';
import type { Endpoint, Identity } from '../../src/mesh/identity.ts';
import { Links, type LinksOut, type UpLink } from '../../src/mesh/links.ts';
import type { Why } from '../../src/mesh/why.ts';
import { CHEAP, identity, NETWORK, SeededChance, START } from './servers.ts';

type Step = (() => void) | undefined;

/** A queue of what comes to one side of one connection; its head is a step that can be taken. */
interface Stream {
  readonly side: Side;
  readonly id: ConnectionId;
  readonly queue: ((now: number) => void)[];
  open: boolean;
  /** The side knows that it has this connection. */
  born: boolean;
}

export interface Scene {
  /** The peers that each is configured with: 'a' has the lower id. */
  readonly a: readonly Endpoint[];
  readonly b: readonly Endpoint[];
  /** How many connections may be reset, each at any moment. */
  readonly resets: number;
}

export class Side implements LinksOut {
  readonly pair: Pair;
  readonly self: Identity;
  readonly links: Links;
  readonly ups = new Map<ConnectionId, UpLink>();
  /** What came to it, in its order. */
  told = '';

  constructor(pair: Pair, self: Identity, peers: readonly Endpoint[]) {
    this.pair = pair;
    this.self = self;
    const nobody = { byName: () => undefined, byId: () => undefined, latest: () => 0 };
    this.links = new Links({ network: NETWORK, self, peers }, CHEAP, new SeededChance(self.id), nobody, this);
  }

  dial(number: number): void {
    this.pair.dial(this, number);
  }
  cancel(): void {}
  send(id: ConnectionId, bytes: Uint8Array): void {
    const far = this.pair.far(this, id);
    if (far?.open) far.queue.push((now) => far.side.links.receive(far.id, bytes, now));
  }
  close(id: ConnectionId): void {
    this.pair.close(this, id);
  }
  up(id: ConnectionId, link: UpLink): void {
    this.ups.set(id, link);
  }
  down(id: ConnectionId, _: Identity, why: Why): void {
    if (!this.ups.delete(id)) throw new Error('down without up');
    if (why === 'duplicate' && this.ups.size === 0) throw new Error('the better link is not up yet');
  }
  frame(): boolean {
    return false;
  }
  outlived(): void {
    throw new Error('nobody was told of another incarnation');
  }
  log(): void {}
}

export class Pair {
  now = START;
  readonly a: Side;
  readonly b: Side;
  readonly streams: Stream[] = [];
  readonly #starts: Step[];
  #connections = 0;
  #resets: number;

  constructor(scene: Scene) {
    this.a = new Side(this, identity(1), scene.a);
    this.b = new Side(this, identity(2), scene.b);
    this.#resets = scene.resets;
    this.#starts = [this.a, this.b].map((side) => () => side.links.start(this.now));
  }

  /** What each side was told so far, in its order, and what is on its way: two worlds of one state go on alike. */
  get state(): string {
    const half = ({ side, open, born, queue }: Stream): string =>
      `${side === this.a ? 'a' : 'b'}${open ? 1 : 0}${born ? 1 : 0}${queue.length}`;
    return `${this.a.told}|${this.b.told}|${this.streams.map(half)}|${this.#resets}`;
  }

  /** What may happen next, in an order that depends on nothing but what happened before. */
  steps(): (() => void)[] {
    const steps: (() => void)[] = [];
    for (const [i, start] of this.#starts.entries()) {
      if (start === undefined) continue;
      steps.push(() => {
        this.#starts[i] = undefined;
        (i === 0 ? this.a : this.b).told += ' start';
        start();
      });
    }
    for (const stream of this.streams) if (stream.queue.length > 0) steps.push(() => this.#deliver(stream));
    if (this.#resets > 0) {
      for (let i = 0; i < this.streams.length; i += 2) {
        if (this.#half(i).open || this.#half(i + 1).open) steps.push(() => this.#reset(i));
      }
    }
    return steps;
  }

  /** Goes on in time, everything in order, until nothing is to be done for `ms`. */
  settle(ms: number): void {
    this.#resets = 0;
    const end = this.now + ms;
    for (;;) {
      const [step] = this.steps();
      if (step !== undefined) step();
      else {
        const next = Math.min(this.a.links.deadline, this.b.links.deadline);
        if (next > end) break;
        this.now = Math.max(this.now, next);
        for (const side of [this.a, this.b]) side.links.tick(this.now);
      }
    }
    this.now = end;
  }

  /** The connections that are up at each side, by a number that both share. */
  up(side: Side): number[] {
    return [...side.ups.keys()].map((id) => id >> 1);
  }

  dial(from: Side, number: number): void {
    const near = connectionId(this.#connections * 2);
    const far = connectionId(this.#connections++ * 2 + 1);
    const there = from === this.a ? this.b : this.a;
    this.streams.push({
      side: from,
      id: near,
      open: true,
      born: false,
      queue: [(now) => from.links.dialled(number, near, now)],
    });
    const accept = (now: number): void => there.links.accepted(far, from.self.ip, now);
    this.streams.push({ side: there, id: far, open: true, born: false, queue: [accept] });
  }

  far(side: Side, id: ConnectionId): Stream | undefined {
    const index = this.streams.findIndex((stream) => stream.side === side && stream.id === id);
    return index < 0 || !this.#half(index).open ? undefined : this.#half(index ^ 1);
  }

  close(side: Side, id: ConnectionId): void {
    const index = this.streams.findIndex((stream) => stream.side === side && stream.id === id);
    const [near, far] = [this.#half(index), this.#half(index ^ 1)];
    near.open = false;
    near.queue.length = 0;
    if (far.open) far.queue.push((now) => this.#lose(far, now));
  }

  #half(index: number): Stream {
    return this.streams[index] as Stream;
  }

  #deliver(stream: Stream): void {
    const next = stream.queue.shift();
    stream.born = true;
    stream.side.told += ` ${stream.id}`;
    next?.(this.now);
  }

  #lose(stream: Stream, now: number): void {
    if (!stream.open) return;
    stream.side.told += 'x';
    stream.open = false;
    stream.queue.length = 0;
    stream.side.links.closed(stream.id, 'closed', now);
  }

  /** What is in flight is lost; each side hears of it in its own time. */
  #reset(index: number): void {
    this.#resets--;
    for (const half of [this.#half(index), this.#half(index ^ 1)]) {
      if (!half.open) continue;
      // A side that has not yet been told of its connection is told so first.
      half.queue.length = half.born ? 0 : 1;
      half.queue.push((now) => this.#lose(half, now));
    }
  }
}

/** How much of a scene there is: states that differ, and ends that were reached. */
export interface Explored {
  readonly states: number;
  readonly ends: number;
}

/**
 * Goes through every state that a scene can get into and gives each finished world to `look`. Two orders of steps at
 * different sides, of which neither can tell the other's, are one state: what each side was told, in its order, and
 * what is under way.
 */
export function explore(scene: Scene, look: (pair: Pair, schedule: readonly number[]) => void): Explored {
  const seen = new Set<string>();
  let ends = 0;
  const schedule: number[] = [];
  const widths: number[] = [];
  do {
    const pair = new Pair(scene);
    for (const choice of schedule) pair.steps()[choice]?.();
    let isNew = schedule.length === 0 || !seen.has(pair.state);
    while (isNew) {
      seen.add(pair.state);
      const steps = pair.steps();
      if (steps.length === 0) {
        ends++;
        look(pair, schedule);
        break;
      }
      schedule.push(0);
      widths.push(steps.length);
      steps[0]?.();
      isNew = !seen.has(pair.state);
    }
  } while (advance(schedule, widths));
  return { states: seen.size, ends };
}

/** The next schedule in the order of their choices; false when that was the last one. */
function advance(schedule: number[], widths: number[]): boolean {
  while (schedule.length > 0) {
    const last = schedule.length - 1;
    const next = (schedule[last] as number) + 1;
    if (next < (widths[last] as number)) {
      schedule[last] = next;
      return true;
    }
    schedule.pop();
    widths.pop();
  }
  return false;
}
