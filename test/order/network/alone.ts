// A server of a small world by itself: what happens to it comes as events, and what it sends is what comes of them. It
// is a function of its events: key() names the state that they led to, equal for two courses after which nothing that
// happens later can tell them apart. It knows no other server and judges nothing.

import { type ServerId, serverId } from '../../../src/base/ids.ts';
import { Random } from '../../sim/random.ts';
import { canonical } from './canonical.ts';
import { type Fact, Node, type Sent, type Stay } from './node.ts';
import { LIMITS } from './small-world.ts';
import type { Judge, Surroundings } from './surroundings.ts';

/** Something on its way from one server to another. Equal labels: the same. */
export interface Message {
  readonly to: number;
  readonly label: string;
  readonly content: Uint8Array | Fact;
}

/** Something that happens to a server; `label` names it among all that may happen to that server. */
export type Happening = { readonly now: number; readonly label: string } & (
  | { readonly kind: 'create' | 'time' }
  | { readonly kind: 'say'; readonly text: string; readonly id: string }
  | { readonly kind: 'notice'; readonly of: number; readonly isUp: boolean }
  | { readonly kind: 'deliver'; readonly from: number; readonly message: Message }
);

const NOBODY: Judge = { told() {}, decided() {}, promised() {}, parted() {}, lost() {} };

export class Alone implements Surroundings {
  now: number;
  readonly nodes: Node[] = [];
  readonly checkers = NOBODY;
  readonly sends: Sent[] = [];
  readonly stays: Stay[] = [];
  readonly random = new Random(1);
  readonly skewMs = 0;
  readonly holdMs = LIMITS.holdMs;
  readonly memory = LIMITS.memory;
  readonly budget = LIMITS.budget;
  readonly pendingEntries = LIMITS.pendingEntries;
  readonly forgets = false;
  readonly #node: Node;
  /** Servers that it takes to be within reach. */
  readonly #isUp: boolean[];
  readonly #timers: { readonly at: number; readonly run: () => void }[] = [];
  #wake: () => void = () => {};
  #soon: (() => void)[] = [];
  #sent: Message[] = [];

  constructor(index: number, servers: number, now: number) {
    this.now = now;
    this.#node = new Node(this, index, 0);
    this.#isUp = Array.from({ length: servers }, () => true);
    this.#node.start();
  }

  /** When it wants to be woken; Infinity: not before something happens. */
  get due(): number {
    return Math.min(this.#node.due, ...this.#timers.map(({ at }) => at));
  }

  key(): string {
    if (!('_node' in this)) throw new Error('half of a state is seen: its fields are not open (open.ts)');
    const timers = this.#timers.map(({ at }) => at).sort();
    return canonical([this.#node, this.#isUp, timers, this.sends, this.stays]);
  }

  /** What it sends when that happens. */
  happen(event: Happening): Message[] {
    this.now = event.now;
    this.#sent = [];
    this.#do(event);
    while (this.#soon.length > 0) for (const run of this.#soon.splice(0)) run();
    return this.#sent;
  }

  #do(event: Happening): void {
    const node = this.#node;
    switch (event.kind) {
      case 'create':
        return node.create();
      case 'time':
        return this.#goOn();
      case 'say':
        node.send(node.user(1), event.text, event.id, 0);
        return;
      case 'notice':
        return this.#notice(event.of, event.isUp);
      case 'deliver': {
        const { content } = event.message;
        if (content instanceof Uint8Array) node.receive(event.from, content);
        else node.learn(content);
        return;
      }
    }
  }

  #goOn(): void {
    if (this.#node.due <= this.now) this.#wake();
    for (const timer of this.#timers.filter(({ at }) => at <= this.now)) {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      timer.run();
    }
  }

  #notice(of: number, isUp: boolean): void {
    const node = this.#node;
    this.#isUp[of] = isUp;
    node.scanners.delete(of);
    if (!isUp) return node.lost(serverId(of + 1), false);
    node.reached(serverId(of + 1));
    if (node.fact !== undefined) this.#tell(of, node.fact);
  }

  #tell(to: number, fact: Fact): void {
    this.#send({ to, label: `fact ${fact.epoch} ${fact.standby}`, content: fact });
  }

  #send(message: Message): void {
    if (this.#isUp[message.to] === true) this.#sent.push(message);
  }

  // What the server asks.

  reachable(index: number): ServerId[] {
    return [...this.#isUp.keys()].filter((to) => to !== index && this.#isUp[to] === true).map((to) => serverId(to + 1));
  }

  hasMembers(): boolean {
    return true;
  }

  say(_from: number, to: number, bytes: Uint8Array): void {
    this.#send({ to, label: Bun.hash(bytes).toString(36), content: bytes });
  }

  flood(from: number, fact: Fact): void {
    for (const server of this.reachable(from)) this.#tell(server - 1, fact);
  }

  later(_index: number, ms: number, run: () => void): void {
    if (ms <= 0) this.#soon.push(run);
    else this.#timers.push({ at: this.now + ms, run });
  }

  wake(_index: number, ms: number, run: () => void): void {
    if (ms <= 0) this.#soon.push(run);
    else this.#wake = run;
  }

  pausedMs(): number {
    return 0;
  }

  note(): void {}

  count(): void {}

  fail(invariant: string, what: string): never {
    throw new Error(`${invariant}: ${what}`);
  }
}
