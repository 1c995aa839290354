// A small world of which every course is looked at: three servers, two messages, and one thing that goes wrong. Nothing
// happens by itself; choices() says what may happen next, and choose() makes it happen. What is on its way keeps the
// order of its channel and nothing else; time goes on when nothing else can. The checkers look at every step. Which
// courses there are is found by courses.ts, without a world: it names the choices as they are named here.

import { type ServerId, serverId } from '../../../src/base/ids.ts';
import { WAITING } from '../../../src/base/outcome.ts';
import { Random } from '../../sim/random.ts';
import { Checkers } from './checkers.ts';
import { type Fact, Node, type Sent, type Stay } from './node.ts';
import { type Surroundings, Violation } from './surroundings.ts';

export const START = 1_790_000_000_000;
/** When a cut is over at the latest, and when all must be well, after the beginning. */
export const HEAL_MS = 9_000;
export const END_MS = 40_000;
/** What every server of a small world may keep, and how long it waits for one that is lost. */
export const LIMITS = {
  holdMs: 3_000,
  memory: { slots: 256, bytes: 1 << 16 },
  budget: 1 << 30,
  pendingEntries: 64,
} as const;

/** What goes wrong, at any moment. */
export type Trouble =
  | { readonly kind: 'none' }
  | { readonly kind: 'crash'; readonly server: number }
  | { readonly kind: 'cut'; readonly links: readonly (readonly [number, number])[] };

export interface SmallOptions {
  readonly trouble: Trouble;
  /** Where each message is said. */
  readonly speakers: readonly number[];
  /** Whether a cut may heal at any time, and not at the end alone. */
  readonly healsEarly?: boolean;
}

/** Something that happens to one server. */
type Item = () => void;

interface Channel {
  works: boolean;
  isUp: boolean;
  /** The receiver has not noticed yet what became of the channel. */
  notice: 'lost' | 'reached' | undefined;
  queue: Item[];
}

export class SmallWorld implements Surroundings {
  now = START;
  readonly nodes: Node[] = [];
  readonly checkers: Checkers = new Checkers(this);
  readonly sends: Sent[] = [];
  readonly stays: Stay[] = [];
  readonly random = new Random(1);
  readonly skewMs = 0;
  readonly holdMs = LIMITS.holdMs;
  readonly memory = LIMITS.memory;
  readonly budget = LIMITS.budget;
  readonly pendingEntries = LIMITS.pendingEntries;
  readonly forgets = false;
  readonly #options: SmallOptions;
  readonly #channels: Channel[][];
  /** What wakes each server when it is due, by the time that it named last. */
  readonly #wakes: (() => void)[] = [];
  readonly #timers: { readonly at: number; readonly index: number; readonly run: () => void }[] = [];
  #troubled = false;
  #healed: boolean;
  #said = 0;
  #soon: { index: number; run: () => void }[] = [];

  constructor(options: SmallOptions) {
    this.#options = options;
    this.#healed = options.trouble.kind !== 'cut';
    this.#troubled = options.trouble.kind === 'none';
    const servers = [0, 1, 2];
    this.#channels = servers.map(() =>
      servers.map((): Channel => ({ works: true, isUp: true, notice: undefined, queue: [] })),
    );
    for (const index of servers) this.nodes.push(new Node(this, index, 0));
    for (const node of this.nodes) node.start();
    (this.nodes[0] as Node).create();
    this.#settle();
    // Everybody follows before anything goes wrong.
    while (this.#deliverable().length > 0) this.choose(this.#deliverable()[0] as string);
  }

  // What may happen.

  /** What may happen next; nothing when this course is over. */
  choices(): string[] {
    const all = [...this.#deliverable(), ...this.#notices()];
    const { speakers, healsEarly = false } = this.#options;
    const speaker = speakers[this.#said];
    if (speaker !== undefined) all.push(`say ${speaker}`);
    if (!this.#troubled) all.push('trouble');
    if (all.length > 0) return all;
    const ms = this.now - START;
    if (!this.#healed && (healsEarly || ms >= HEAL_MS)) all.push('heal');
    const isLate = !this.#healed && ms >= HEAL_MS;
    if (!isLate && this.#nextAt() < START + END_MS) all.push('time');
    return all;
  }

  choose(choice: string): void {
    const [what = '', a = '', b = ''] = choice.split(' ');
    const [from, to] = [Number(a), Number(b)];
    if (what === 'time') this.#goOn();
    else if (what === 'say') this.#say(from);
    else if (what === 'trouble') this.#trouble();
    else if (what === 'heal') this.#heal();
    else if (what === 'notice') this.#notice(from, to);
    else (this.#channel(from, to).queue.shift() as Item)();
    this.#settle();
  }

  /** A course is over. */
  end(): void {
    const alive = this.nodes.filter(({ isAlive }) => isAlive);
    for (const sent of this.sends) {
      const isThere = this.nodes[sent.node]?.isAlive === true;
      if (isThere && sent.outcome === WAITING) this.fail('ANSWER', `${sent.text} has no answer`);
    }
    const epochs = new Set(alive.map(({ order }) => order?.epoch));
    const homes = alive.filter(({ order }) => order?.peer.role === 'home');
    if (epochs.size !== 1 || homes.length !== 1) this.fail('O9', `at the end ${[...epochs].join(' ')}`);
    this.checkers.quiet([]);
  }

  #deliverable(): string[] {
    const all: string[] = [];
    for (const { index: from } of this.nodes) {
      for (const { index: to, isAlive } of this.nodes) {
        const { queue, notice } = this.#channel(from, to);
        if (queue.length > 0 && isAlive && notice !== 'reached') all.push(`deliver ${from} ${to}`);
      }
    }
    return all;
  }

  #notices(): string[] {
    const all: string[] = [];
    for (const { index: from } of this.nodes) {
      for (const { index: to, isAlive } of this.nodes) {
        if (isAlive && this.#channel(from, to).notice !== undefined) all.push(`notice ${from} ${to}`);
      }
    }
    return all;
  }

  #channel(from: number, to: number): Channel {
    return (this.#channels[from] as Channel[])[to] as Channel;
  }

  // What happens.

  #say(index: number): void {
    const node = this.nodes[index] as Node;
    const text = `m${++this.#said}`;
    const id = this.#said % 2 === 1 ? `id-${text}-0123456789` : '';
    if (!node.isAlive) return;
    node.send(node.user(1), text, id, 0);
  }

  #trouble(): void {
    const { trouble } = this.#options;
    this.#troubled = true;
    if (trouble.kind === 'crash') {
      const node = this.nodes[trouble.server] as Node;
      this.checkers.crashed(node);
      node.crash();
      for (const { index } of this.nodes) if (index !== trouble.server) this.#cut(trouble.server, index);
    } else if (trouble.kind === 'cut') {
      for (const [a, b] of trouble.links) {
        this.#cut(a, b);
        this.#cut(b, a);
      }
    }
  }

  /** What is on its way may still arrive, up to any point. */
  #cut(from: number, to: number): void {
    Object.assign(this.#channel(from, to), { works: false, notice: 'lost' });
  }

  #heal(): void {
    const { trouble } = this.#options;
    this.#healed = true;
    if (trouble.kind !== 'cut') return;
    for (const [a, b] of trouble.links) {
      Object.assign(this.#channel(a, b), { works: true, notice: 'reached', queue: [] });
      Object.assign(this.#channel(b, a), { works: true, notice: 'reached', queue: [] });
    }
  }

  /** Server `to` hears what became of the channel that it hears `from` by. */
  #notice(from: number, to: number): void {
    const channel = this.#channel(from, to);
    const isUp = channel.notice === 'reached';
    channel.notice = undefined;
    // Reachable is what this server takes to be so: the way out.
    this.#channel(to, from).isUp = isUp;
    if (!isUp) channel.queue = [];
    const node = this.nodes[to] as Node;
    node.scanners.delete(from);
    if (isUp) node.reached(serverId(from + 1));
    else node.lost(serverId(from + 1), false);
    if (isUp && node.fact !== undefined) this.#tell(to, from, node.fact);
  }

  /** Time goes on to whatever is due next. */
  #goOn(): void {
    this.now = Math.max(this.#nextAt(), this.now);
    for (const { index, due, isAlive } of this.nodes) {
      const run = this.#wakes[index];
      if (isAlive && due <= this.now && run !== undefined) run();
    }
    for (const timer of this.#timers.filter(({ at }) => at <= this.now)) {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      if (this.nodes[timer.index]?.isAlive) timer.run();
    }
  }

  /** When somebody is due next, or the cut is over. */
  #nextAt(): number {
    const wakes = this.nodes.map(({ due, isAlive }) => (isAlive ? due : Number.POSITIVE_INFINITY));
    const healAt = this.#healed || !this.#troubled ? Number.POSITIVE_INFINITY : START + HEAL_MS;
    return Math.min(...wakes, ...this.#timers.map(({ at }) => at), healAt);
  }

  /** What belongs to the end of a batch. */
  #settle(): void {
    while (this.#soon.length > 0) {
      const soon = this.#soon;
      this.#soon = [];
      for (const { index, run } of soon) if (this.nodes[index]?.isAlive) run();
    }
  }

  #tell(from: number, to: number, fact: Fact): void {
    this.#send(from, to, () => (this.nodes[to] as Node).learn(fact));
  }

  #send(from: number, to: number, item: Item): void {
    const channel = this.#channel(from, to);
    if (channel.works && channel.isUp) channel.queue.push(item);
  }

  // What servers ask.

  reachable(index: number): ServerId[] {
    const others = this.nodes.filter((other) => other.index !== index && this.#channel(index, other.index).isUp);
    return others.map(({ id }) => id);
  }

  hasMembers(): boolean {
    return true;
  }

  say(from: number, to: number, bytes: Uint8Array): void {
    this.#send(from, to, () => (this.nodes[to] as Node).receive(from, bytes));
  }

  flood(from: number, fact: Fact): void {
    for (const server of this.reachable(from)) this.#tell(from, server - 1, fact);
  }

  later(index: number, ms: number, run: () => void): void {
    if (ms <= 0) this.#soon.push({ index, run });
    else this.#timers.push({ at: this.now + ms, index, run });
  }

  wake(index: number, ms: number, run: () => void): void {
    if (ms <= 0) this.#soon.push({ index, run });
    else this.#wakes[index] = run;
  }

  pausedMs(): number {
    return 0;
  }

  note(): void {}

  count(): void {}

  fail(invariant: string, what: string): never {
    throw new Violation(invariant, what);
  }
}
