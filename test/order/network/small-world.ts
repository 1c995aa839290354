// A small world of which every course is looked at: three servers, two messages, and one thing that goes wrong. Nothing
// happens by itself; choices() says what may happen next, and choose() makes it happen. What is on its way keeps the
// order of its channel and nothing else; time goes on when nothing else can. A server is a function of what happened to
// it, in order: so two courses in which the same happened to each server have led to the same state, and key() names it.

import { type ServerId, serverId } from '../../../src/base/ids.ts';
import { WAITING } from '../../../src/base/outcome.ts';
import { Random } from '../../sim/random.ts';
import { Checkers } from './checkers.ts';
import { type Fact, Node, type Sent, type Stay } from './node.ts';
import { type Surroundings, Violation } from './surroundings.ts';

const START = 1_790_000_000_000;
/** When a cut is over at the latest, and when all must be well, after the beginning. */
const HEAL_MS = 9_000;
const END_MS = 40_000;

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
interface Item {
  readonly label: string;
  run(): void;
}

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
  readonly holdMs = 3_000;
  readonly skewMs = 0;
  readonly memory = { slots: 256, bytes: 1 << 16 };
  readonly budget = 1 << 30;
  readonly pendingEntries = 64;
  readonly forgets = false;
  readonly #options: SmallOptions;
  readonly #channels: Channel[][];
  readonly #timers: { at: number; index: number; run: () => void }[] = [];
  /** What happened to each server. */
  readonly #histories: bigint[];
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
    this.#histories = servers.map(() => 0n);
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
    if (!isLate && ms < END_MS && this.#timers.length > 0) all.push('time');
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
    else this.#happen(to, this.#channel(from, to).queue.shift() as Item);
    this.#settle();
  }

  /** The same for two courses that led to the same state. */
  key(): string {
    const flags = `${this.now},${this.#said},${this.#troubled},${this.#healed}`;
    const ways = this.#channels
      .flat()
      .map(({ isUp, notice, queue }) => `${isUp ? 1 : 0}${notice ?? ''}${queue.length}`);
    return `${flags};${this.#histories.join()};${ways.join()}`;
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

  #happen(index: number, { label, run }: Item): void {
    this.#histories[index] = BigInt(Bun.hash(`${this.#histories[index]} ${this.now} ${label}`));
    run();
  }

  #say(index: number): void {
    const node = this.nodes[index] as Node;
    const text = `m${++this.#said}`;
    const id = this.#said % 2 === 1 ? `id-${text}-0123456789` : '';
    if (!node.isAlive) return;
    this.#happen(index, { label: text, run: () => node.send(node.user(1), text, id, 0) });
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
    const what = channel.notice;
    const isUp = what === 'reached';
    channel.notice = undefined;
    // Reachable is what this server takes to be so: the way out.
    this.#channel(to, from).isUp = isUp;
    if (!isUp) channel.queue = [];
    const node = this.nodes[to] as Node;
    this.#happen(to, {
      label: `${what} ${from}`,
      run: () => {
        node.scanners.delete(from);
        if (isUp) node.reached(serverId(from + 1));
        else node.lost(serverId(from + 1), false);
        if (isUp && node.fact !== undefined) this.#tell(to, from, node.fact);
      },
    });
  }

  /** Time goes on to whatever is due next. */
  #goOn(): void {
    const at = Math.min(...this.#timers.map((timer) => timer.at));
    this.now = Math.max(at, this.now);
    const due = this.#timers.filter((timer) => timer.at <= this.now);
    for (const timer of due) this.#timers.splice(this.#timers.indexOf(timer), 1);
    for (const { index, run } of due) this.#happen(index, { label: 'time', run });
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
    const label = `fact ${fact.epoch} ${fact.standby}`;
    this.#send(from, to, { label, run: () => (this.nodes[to] as Node).learn(fact) });
  }

  #send(from: number, to: number, item: Item): void {
    const channel = this.#channel(from, to);
    if (channel.works && channel.isUp) channel.queue.push({ ...item, label: `${from}:${item.label}` });
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
    const label = Bun.hash(bytes).toString(36);
    this.#send(from, to, { label, run: () => (this.nodes[to] as Node).receive(from, bytes) });
  }

  flood(from: number, fact: Fact): void {
    for (const server of this.reachable(from)) this.#tell(from, server - 1, fact);
  }

  later(index: number, ms: number, run: () => void): void {
    if (ms <= 0) this.#soon.push({ index, run });
    else this.#timers.push({ at: this.now + ms, index, run: () => this.nodes[index]?.isAlive && run() });
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
