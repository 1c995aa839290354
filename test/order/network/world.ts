// A small network of rooms' orders from one seed: servers, the wires between them, members who talk and reserve, and
// weather: links that break with a word or in silence, one-way cuts, splits, pauses, crashes, servers that leave. Then
// everything heals, and the world must become quiet and equal.

import type { ServerId } from '../../../src/base/ids.ts';
import { serverId } from '../../../src/base/ids.ts';
import { SENT, SENT_BEFORE, UNAVAILABLE, WAITING } from '../../../src/base/outcome.ts';
import type { MemoryLimits } from '../../../src/order/memory.ts';
import { Random } from '../../sim/random.ts';
import { Checkers } from './checkers.ts';
import { type Fact, Node, type Sent, type Stay } from './node.ts';
import { type Surroundings, Violation } from './surroundings.ts';
import { Clock, Wires } from './wires.ts';

export const START = 1_790_000_000_000;
/** When the weather ends, and when everything is judged. */
const WEATHER_MS = 60_000;
const QUIET_MS = 45_000;
/** How long silence lasts until both ends have noticed. */
const SILENCE_MS = 6_000;

export interface WorldOptions {
  readonly seed: number;
  readonly servers?: number;
  readonly memory?: MemoryLimits;
  readonly holdMs?: number;
  /** How far clocks are off at most, in either direction. */
  readonly skewMs?: number;
  /** Bytes that all epochs of one server may hold together. */
  readonly budget?: number;
  /** Prints everything. */
  readonly trace?: boolean;
}

export class World implements Surroundings {
  readonly random: Random;
  readonly clock = new Clock(START);
  readonly nodes: Node[] = [];
  readonly wires: Wires;
  readonly checkers = new Checkers(this);
  readonly sends: Sent[] = [];
  readonly stays: Stay[] = [];
  readonly memory: MemoryLimits;
  /** How long a home that is out of reach is waited for. */
  readonly holdMs: number;
  readonly skewMs: number;
  readonly budget: number;
  /** What may wait for an answer: in some worlds so little that much is refused. */
  readonly pendingEntries: number;
  /** Whether so little is kept that what was promised cannot be asked for at the end. */
  readonly forgets: boolean;
  readonly counts = new Map<string, number>();
  readonly trace: boolean;
  /** Servers without members never speak; they may still be the standby. */
  readonly #members: boolean[] = [];
  readonly #crashed = new Set<number>();
  readonly #pauses: { readonly from: number; readonly to: number }[] = [];
  #texts = 0;
  #crashes = 0;
  #isHealed = false;

  constructor(options: WorldOptions) {
    const { seed, servers, memory = { slots: 4_096, bytes: 1 << 22 }, holdMs = 3_000, trace = false } = options;
    const { skewMs = 0, budget = 1 << 30 } = options;
    this.random = new Random(seed);
    this.holdMs = holdMs;
    this.skewMs = skewMs;
    this.budget = budget;
    this.trace = trace;
    this.memory = memory;
    this.pendingEntries = this.random.chance(0.2) ? 6 : 4_096;
    this.forgets = memory.slots < 1_000 || budget < 1 << 20;
    const count = servers ?? this.random.between(2, 5);
    this.wires = new Wires(count, this.clock, this.random.fork(), (from, to, bytes) => {
      this.later(to, 0, () => (this.nodes[to] as Node).receive(from, bytes));
    });
    for (let i = 0; i < count; i++) {
      const node = new Node(this, i, skewMs === 0 ? 0 : this.random.between(-skewMs, skewMs));
      this.nodes.push(node);
      this.#members.push(i === 0 || this.random.chance(0.8));
      node.start();
    }
  }

  get now(): number {
    return this.clock.now;
  }

  run(): void {
    const first = this.nodes[0] as Node;
    first.create();
    this.#gossip();
    this.#speak();
    this.#weather();
    this.clock.runUntil(START + WEATHER_MS);
    this.#heal();
    this.clock.runUntil(START + WEATHER_MS + 8_000);
    this.checkers.healed();
    // One at a time: where next to nothing is kept, next to nothing may wait, and the rest is refused.
    const last = this.nodes.map((node) => {
      const text = `m${++this.#texts}`;
      const sent = this.hasMembers(node.index) ? node.send(node.user(9), text, '', 0) : undefined;
      this.clock.runUntil(this.now + 1_000);
      return sent;
    });
    this.clock.runUntil(START + WEATHER_MS + QUIET_MS);
    this.checkers.quiet(last);
  }

  // What servers ask.

  reachable(index: number): ServerId[] {
    return this.nodes
      .filter((other) => other.index !== index && this.wires.channel(index, other.index).isUp)
      .map(({ id }) => id);
  }

  /** For how long servers stood still between two times, all together. */
  pausedMs(from: number, to: number): number {
    const parts = this.#pauses.map((pause) => Math.min(pause.to, to) - Math.max(pause.from, from));
    return parts.reduce((sum, part) => sum + Math.max(0, part), 0);
  }

  hasMembers(index: number): boolean {
    return this.#members[index] === true;
  }

  say(from: number, to: number, bytes: Uint8Array): void {
    if (this.trace) {
      for (const line of new TextDecoder().decode(bytes).trimEnd().split('\n')) this.note(`${from}→${to} ${line}`);
    }
    this.wires.send(from, to, bytes);
  }

  /** Something for one server, after `ms`; a paused one does it when it goes on, a crashed one never. */
  wake(index: number, ms: number, run: () => void): void {
    this.later(index, ms, run);
  }

  later(index: number, ms: number, run: () => void): void {
    const node = this.nodes[index] as Node;
    const started = node.starts;
    this.clock.at(this.now + ms, () => {
      if (!node.isAlive || node.starts !== started) return;
      if (node.isPaused) node.deferred.push(run);
      else run();
    });
  }

  flood(from: number, fact: Fact): void {
    for (const server of this.reachable(from)) this.#tellFact(from, server - 1, fact);
  }

  #tellFact(from: number, to: number, fact: Fact): void {
    const { generation } = this.wires.channel(from, to);
    this.clock.at(this.now + this.random.between(2, 40), () => {
      if (this.wires.channel(from, to).generation === generation && this.wires.channel(from, to).works) {
        this.later(to, 0, () => (this.nodes[to] as Node).learn(fact));
      }
    });
  }

  note(text: string): void {
    if (this.trace) console.log(`${((this.now - START) / 1000).toFixed(3)} ${text}`);
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  fail(invariant: string, what: string): never {
    throw new Violation(invariant, `${what} (at ${((this.now - START) / 1000).toFixed(3)})`);
  }

  // Members.

  /** Facts are spread again and again, as a network of facts does. */
  #gossip(): void {
    for (const { index, fact, isAlive } of this.nodes) if (isAlive && fact !== undefined) this.flood(index, fact);
    this.clock.at(this.now + 1_000, () => this.#gossip());
  }

  #speak(): void {
    const { random } = this;
    const next = () => this.clock.at(this.now + random.between(20, 400), () => this.#speak());
    if (this.now > START + WEATHER_MS + 3_000) return;
    const node = random.pick(this.nodes);
    const alive = node.isAlive && !node.isPaused && this.hasMembers(node.index);
    if (alive) this.#say(node);
    next();
  }

  #say(node: Node): void {
    const { random } = this;
    const holder = node.user(random.below(3));
    const number = node.numbers.get(holder);
    const what = random.weighted({
      plain: 8,
      id: 6,
      again: 3,
      reserve: 3,
      fill: number === undefined ? 0 : 8,
      release: 1,
      resume: 3,
    });
    if (what === 'resume') return this.checkers.resume(node);
    if (what === 'reserve') return node.reserve(holder);
    if (what === 'release') return node.release(holder);
    if (what === 'again') return this.#again(node);
    const text = `m${++this.#texts}`;
    const id = what === 'id' || (what === 'fill' && random.chance(0.5)) ? `id-${text}-0123456789` : '';
    node.send(holder, text, id, what === 'fill' ? (number ?? 0) : 0);
    if (what === 'fill') node.numbers.delete(holder);
  }

  /** Sends a message again, here or elsewhere, whose outcome its sender does not know or did not like. */
  #again(node: Node): void {
    const old = this.random.pick(this.sends.slice(-20).filter(({ id }) => id !== ''));
    if (old === undefined) return;
    const holder = this.random.chance(0.5) ? old.holder : node.user(1);
    node.send(holder, old.text, old.id, 0, true);
  }

  // Weather.

  #weather(): void {
    if (this.now > START + WEATHER_MS - 8_000) return;
    const { random } = this;
    const kind = random.weighted({ reset: 4, silence: 3, oneWay: 2, split: 4, pause: 3, crash: 3, leave: 2, hole: 3 });
    this.count(kind);
    const a = random.below(this.nodes.length);
    const b = (a + random.between(1, this.nodes.length - 1)) % this.nodes.length;
    const lasts =
      random.weighted({ short: 3, long: 4 }) === 'short' ? random.between(50, 2_000) : random.between(3_000, 14_000);
    this.note(`weather ${kind} ${a} ${b} ${lasts}`);
    if (kind === 'reset') this.#breakFor(a, b, lasts, 'reset');
    else if (kind === 'silence') this.#breakFor(a, b, lasts, 'silence');
    else if (kind === 'oneWay') this.#breakFor(a, b, lasts, 'oneWay');
    else if (kind === 'hole') this.#hole(a, b);
    else if (kind === 'split') this.#split(lasts);
    else if (kind === 'pause') this.#pause(a, random.pick([500, 2_000, 12_000, 20_000]));
    else if (kind === 'crash') this.#crash(a, lasts);
    else this.#leave(a);
    this.clock.at(this.now + random.between(500, 9_000), () => this.#weather());
  }

  #breakFor(a: number, b: number, lasts: number, how: 'reset' | 'silence' | 'oneWay'): void {
    const [there, back] = [this.wires.channel(a, b), this.wires.channel(b, a)];
    if (!there.isUp || !back.isUp || !there.works || !back.works) return;
    there.works = false;
    if (how !== 'oneWay') back.works = false;
    const { generation } = there;
    const notice = how === 'reset' ? this.random.between(1, 50) : SILENCE_MS + this.random.between(0, 1_000);
    const isSame = () => there.generation === generation;
    this.clock.at(this.now + notice, () => isSame() && this.#down(a, b));
    this.clock.at(this.now + Math.max(lasts, notice + 10), () => isSame() && this.#up(a, b));
  }

  /** What is on its way is lost somewhere between the two, who hear only later that the way is another one. */
  #hole(a: number, b: number): void {
    const [there, back] = [this.wires.channel(a, b), this.wires.channel(b, a)];
    if (!there.isUp || !back.isUp || !there.works || !back.works) return;
    const { generation } = there;
    const isSame = () => there.generation === generation && there.isUp && back.isUp;
    there.works = false;
    back.works = this.random.chance(0.5);
    this.clock.at(this.now + this.random.between(20, 900), () => {
      if (!isSame()) return;
      there.works = true;
      back.works = true;
      this.clock.at(this.now + this.random.between(1, 500), () => {
        if (!isSame()) return;
        this.note(`another way between ${a} and ${b}`);
        this.later(a, 0, () => (this.nodes[a] as Node).reached(serverId(b + 1)));
        this.later(b, 0, () => (this.nodes[b] as Node).reached(serverId(a + 1)));
      });
    });
  }

  /** Both ends take their connection to be gone, each in its own time. */
  #down(a: number, b: number): void {
    for (const [at, of] of [
      [a, b],
      [b, a],
    ] as const) {
      const channel = this.wires.channel(at, of);
      if (!channel.isUp) continue;
      channel.works = false;
      channel.isUp = false;
      this.note(`${at} lost ${of}`);
      this.later(at, 0, () => {
        const node = this.nodes[at] as Node;
        node.scanners.delete(of);
        node.lost(serverId(of + 1), false);
      });
    }
  }

  #up(a: number, b: number): void {
    const [one, other] = [this.nodes[a] as Node, this.nodes[b] as Node];
    const there = this.wires.channel(a, b);
    if (there.isUp || !one.isAlive || !other.isAlive) return;
    if (one.isPaused || other.isPaused || this.#side(a) !== this.#side(b)) return;
    for (const [at, of] of [
      [a, b],
      [b, a],
    ] as const) {
      const channel = this.wires.channel(at, of);
      Object.assign(channel, { works: true, isUp: true, generation: channel.generation + 1, lastAt: this.now });
      this.note(`${at} reached ${of}`);
      const node = this.nodes[at] as Node;
      this.later(at, 0, () => {
        node.scanners.delete(of);
        node.reached(serverId(of + 1));
        if (node.fact !== undefined) this.#tellFact(at, of, node.fact);
      });
    }
  }

  readonly #sides: number[] = [];

  #side(index: number): number {
    return this.#sides[index] ?? 0;
  }

  #split(lasts: number): void {
    if (this.#sides.length > 0 || this.nodes.length < 2) return;
    for (const { index } of this.nodes) this.#sides[index] = index === 0 ? 0 : this.random.below(2);
    if (!this.#sides.includes(1)) this.#sides[this.nodes.length - 1] = 1;
    const how = this.random.chance(0.5) ? 'reset' : 'silence';
    for (const a of this.nodes) {
      for (const b of this.nodes) {
        if (a.index < b.index && this.#side(a.index) !== this.#side(b.index)) {
          this.#breakFor(a.index, b.index, 1e9, how);
        }
      }
    }
    this.clock.at(this.now + lasts + SILENCE_MS + 1_500, () => {
      this.#sides.length = 0;
      this.#connectAll();
    });
  }

  #connectAll(): void {
    for (const a of this.nodes) {
      for (const b of this.nodes) if (a.index < b.index) this.#up(a.index, b.index);
    }
  }

  #pause(index: number, ms: number): void {
    const node = this.nodes[index] as Node;
    if (!node.isAlive || node.isPaused) return;
    node.isPaused = true;
    this.#pauses.push({ from: this.now, to: this.now + ms });
    const mayBeReplaced = this.reachable(index).length + node.awaited.size > 0;
    node.pausedAt = mayBeReplaced && node.order?.peer.role === 'home' ? this.now : Number.POSITIVE_INFINITY;
    const started = node.starts;
    for (const other of this.nodes) {
      if (other === node || ms < 10_000) continue;
      const { generation } = this.wires.channel(index, other.index);
      this.clock.at(this.now + SILENCE_MS, () => {
        const channel = this.wires.channel(index, other.index);
        if (node.isPaused && channel.generation === generation) this.#down(index, other.index);
      });
    }
    this.clock.at(this.now + ms, () => {
      if (node.starts !== started || !node.isPaused) return;
      node.isPaused = false;
      if (ms >= 10_000) this.checkers.woke(node);
      if (ms >= 10_000) node.order?.peer.stalled(node.now);
      for (const run of node.deferred.splice(0)) run();
      this.clock.at(this.now + this.random.between(100, 1_500), () => this.#connectAll());
    });
  }

  #crash(index: number, lasts: number): void {
    const node = this.nodes[index] as Node;
    // One at a time, and the next when all have what it left, so that what a standby holds is never lost with it.
    if (this.#crashes > 0 && !this.#isWhole()) return;
    if (!node.isAlive || this.#crashed.size > 0 || this.nodes.filter(({ isAlive }) => isAlive).length < 2) return;
    this.#crashed.add(index);
    this.#crashes++;
    this.checkers.crashed(node);
    node.crash();
    for (const other of this.nodes) {
      if (other === node) continue;
      this.clock.at(this.now + this.random.between(1, 60), () => this.#down(index, other.index));
    }
    this.clock.at(this.now + Math.max(lasts, 100), () => this.#restart(node));
    this.clock.at(this.now + Math.max(lasts, 100) + 12_000, () => this.#crashed.delete(index));
  }

  #isWhole(): boolean {
    const epochs = new Set(this.nodes.map(({ order }) => (order?.isReady ? order.epoch : '')));
    const slots = new Set(this.nodes.map(({ order }) => order?.next));
    return epochs.size === 1 && slots.size === 1;
  }

  #restart(node: Node): void {
    if (node.isAlive) return;
    node.start();
    this.note(`restart ${node.index}`);
    for (const other of this.nodes) {
      if (other === node || !other.isAlive) continue;
      this.later(other.index, 0, () => other.lost(node.id, true));
    }
    this.clock.at(this.now + this.random.between(5, 200), () => this.#connectAll());
  }

  #leave(index: number): void {
    const node = this.nodes[index] as Node;
    if (!node.isAlive || node.isPaused) return;
    node.order?.peer.handOver(node.now);
    // It stays: what matters is that its rooms are elsewhere.
  }

  #heal(): void {
    this.note('heal');
    this.#isHealed = true;
    this.#sides.length = 0;
    for (const node of this.nodes) if (!node.isAlive) this.#restart(node);
    for (const node of this.nodes) {
      if (!node.isPaused) continue;
      node.isPaused = false;
      node.order?.peer.stalled(node.now);
      for (const run of node.deferred.splice(0)) run();
    }
    for (const a of this.nodes) {
      for (const b of this.nodes) {
        if (a.index >= b.index) continue;
        const [there, back] = [this.wires.channel(a.index, b.index), this.wires.channel(b.index, a.index)];
        if (there.works && back.works && there.isUp && back.isUp) continue;
        this.#down(a.index, b.index);
        this.clock.at(this.now + 20, () => this.#up(a.index, b.index));
      }
    }
    this.clock.at(this.now + 500, () => this.#connectAll());
  }

  get isHealed(): boolean {
    return this.#isHealed;
  }

  get crashes(): number {
    return this.#crashes;
  }

  /** How the sends ended. */
  tally(): Record<string, number> {
    const by = (outcome: number) => this.sends.filter((sent) => sent.outcome === outcome).length;
    return { sent: by(SENT), before: by(SENT_BEFORE), unavailable: by(UNAVAILABLE), waiting: by(WAITING) };
  }
}
