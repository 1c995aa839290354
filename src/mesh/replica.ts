// The replica: what this server knows of every server, itself included, and how it comes to be the same everywhere.
// Each server is the origin of facts about itself; a fact is applied when it is the next one of its origin, so that
// duplicates, any order across links and any way through the network end in one state.
//
// - A new fact goes to all neighbours but those whom its origin reaches itself, and never back where it came from.
// - A new link begins with both sides' vectors. Whoever is behind asks one of those that are ahead (wants.ts), and gets
//   facts, or a snapshot where the facts are kept no longer or are of another incarnation (flow.ts).
// - Of servers out of reach nothing is offered or passed on, so that what is over dies out.
//
// It refuses, by ending the link, groups that no server could have written; nothing of them is applied or passed on.
// It keeps true: equal vectors mean equal state, which vectors with digests prove; memory is bounded by its limits.

import { assert } from '../base/assert.ts';
import type { ConnectionId, ServerId } from '../base/ids.ts';
import { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import {
  checkFact,
  checkPart,
  type FactHead,
  factBytes,
  isIncarnation,
  parseFactHead,
  parseSquit,
  type Squit,
} from './facts.ts';
import type { Flow, LinkOut } from './flow.ts';
import { FrameCursor, type Group, MOST_FRAMES } from './group.ts';
import { Losses } from './losses.ts';
import { type Neighbour, Neighbours } from './neighbours.ts';
import type { Origin } from './origin.ts';
import { Origins } from './origins.ts';
import { OwnFacts } from './own-facts.ts';
import { Presence } from './presence.ts';
import type { ReplicaConfig, ReplicaCounters, State, Watcher } from './replica-ports.ts';
import { parseServerFact, type ServerFact, writeServerFact } from './server-fact.ts';
import { type PartHead, parsePart } from './snapshot.ts';
import { Topology } from './topology.ts';
import { comparePositions, type Entry, type Position, parseEntry, parseVector, type Vector } from './vector.ts';
import { Wants } from './wants.ts';

/** What receive() takes. */
export const REPLICA_VERBS: readonly string[] = ['FACT', 'SNAPSHOT', 'VECTOR', 'HAS', 'WANT', 'SYNCED'];

/** What a replica keeps. */
export interface Kept {
  readonly origins: number;
  readonly logBytes: number;
  /** Of snapshots that are not whole. */
  readonly intakeBytes: number;
  /** Questions that wait for an answer. */
  readonly asked: number;
}

export class Replica {
  readonly topology: Topology;
  readonly counters: ReplicaCounters = {
    ...{ facts: 0, old: 0, gaps: 0, snapshots: 0, wasted: 0, unknown: 0, crowded: 0, mismatches: 0 },
  };
  readonly #config: ReplicaConfig;
  readonly #state: State;
  readonly #watcher: Watcher;
  readonly #origins: Origins;
  readonly #own: OwnFacts;
  readonly #neighbours: Neighbours;
  readonly #wants: Wants;
  readonly #losses: Losses;
  readonly #presence: Presence;
  readonly #frame = new Frame();
  #vectorAt = Number.POSITIVE_INFINITY;
  #now: number;

  /** Begins this server's incarnation with its first fact. */
  constructor(config: ReplicaConfig, state: State, watcher: Watcher, out: LinkOut, now: number) {
    assert(config.servers <= MOST_FRAMES, 'a vector that is no group');
    this.#config = config;
    this.#state = state;
    this.#watcher = watcher;
    this.#now = now;
    const topology = new Topology(config.server.id);
    const origins = new Origins(config, (origin, frames) => this.#describe(origin, frames));
    const neighbours = new Neighbours(topology, origins, out, config.snapshotBytes);
    const asking = {
      position: (id: ServerId) => origins.position(id),
      ask: (link: ConnectionId, id: ServerId, after: Position) => neighbours.ask(link, id, after),
    };
    const wants = new Wants(asking, config.answerMs, config.servers);
    const losses = new Losses(config.holdMs, config.servers * 4);
    this.topology = topology;
    this.#origins = origins;
    this.#neighbours = neighbours;
    this.#wants = wants;
    this.#losses = losses;
    this.#own = new OwnFacts(config.server, origins, topology, neighbours, losses);
    this.#presence = new Presence({ topology, losses, origins, neighbours, wants }, state, watcher, config.unseenMs);
  }

  /** When tick() wants to be called, in Unix milliseconds; Infinity: not before something else happens. */
  get deadline(): number {
    return Math.min(this.#vectorAt, this.#wants.deadline, this.#losses.deadline);
  }

  /** Every server that is known and within reach, with how far it is known. */
  vector(digests = false): Vector {
    return this.#neighbours.vector(digests);
  }

  /** What is kept, for operators and tests. */
  get kept(): Kept {
    return {
      origins: this.#origins.size,
      logBytes: this.#origins.held,
      intakeBytes: this.#neighbours.intakeBytes,
      asked: this.#wants.open,
    };
  }

  /** Whether it has caught up with some neighbour since the start. */
  get joined(): boolean {
    return this.#neighbours.synced;
  }

  /** Facts that neighbours have and that are missing here. */
  get distance(): number {
    return this.#wants.distance;
  }

  /** The latest incarnation of a server that is known, or was and is over; 0 for none. */
  latest(id: ServerId): number {
    return Math.max(this.#losses.ended(id), this.#origins.position(id).incarnation);
  }

  /** The link to a neighbour, the one that came up last. */
  linkTo(peer: ServerId): ConnectionId | undefined {
    return this.#neighbours.linkTo(peer);
  }

  /** The links on which what comes from an origin is passed on, without the one that it came from. */
  relays(origin: ServerId, from?: ConnectionId): IterableIterator<ConnectionId> {
    return this.#neighbours.relays(origin, from);
  }

  // ── What this server says ──────────────────────────────────────────────────────────────────────────────────────

  /**
   * This server's next fact: `count` frames bytes[start, end), each with its LF, which State has applied already. It may
   * be called while State applies another server's fact.
   */
  originate(bytes: Uint8Array, start: number, end: number, count: number): void {
    this.#own.originate(bytes, start, end, count);
  }

  /** Says that this server leaves; its links are closed when that has gone out. */
  leave(comment: string): void {
    this.#own.leave(comment);
  }

  // ── Links ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A link to `peer` is ready: both sides are who they say. */
  linkUp(link: ConnectionId, peer: ServerId, now: number): void {
    this.#now = now;
    const flow = this.#neighbours.add(link, peer);
    this.#wants.linkUp(link, peer);
    this.#own.introduce('');
    this.#neighbours.tell(false, flow);
    this.#presence.settle(now);
    this.#vectorAt = Math.min(this.#vectorAt, now + this.#config.vectorMs);
  }

  /** A link is gone; `comment` says why. */
  linkDown(link: ConnectionId, comment: string, now: number): void {
    this.#now = now;
    if (!this.#neighbours.remove(link)) return;
    this.#own.introduce(comment);
    this.#wants.linkDown(link, now);
    if (this.#neighbours.size === 0) this.#vectorAt = Number.POSITIVE_INFINITY;
    this.#presence.settle(now);
  }

  /** The link takes bytes again. */
  drained(link: ConnectionId): void {
    this.#neighbours.get(link)?.flow.drained();
  }

  /** A group from a link. Undefined, or why the link has to end. */
  receive(link: ConnectionId, group: Group, now: number): string | undefined {
    this.#now = now;
    const from = this.#neighbours.get(link);
    if (from === undefined) return undefined;
    const good = this.#take(from, group);
    this.#presence.settle(now);
    return good ? undefined : `bad ${group.verb}`;
  }

  /** Does what is due. */
  tick(now: number): void {
    this.#now = now;
    this.#wants.tick(now);
    if (now >= this.#vectorAt) {
      this.#vectorAt = now + this.#config.vectorMs;
      this.#neighbours.tell(true);
    }
    this.#presence.settle(now);
  }

  #take(from: Neighbour, group: Group): boolean {
    switch (group.verb) {
      case 'FACT':
        return this.#takeFact(from, group);
      case 'SNAPSHOT':
        return this.#takePart(from, group);
      case 'VECTOR':
        return this.#takeVector(from, group);
      case 'HAS':
        return this.#takeHas(from, group);
      case 'WANT':
        return this.#takeWant(from, group);
      default:
        if (!from.flow.synced) this.#watcher.synced(from.flow.peer);
        from.flow.synced = true;
        return true;
    }
  }

  // ── Facts ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #takeFact({ flow }: Neighbour, group: Group): boolean {
    const head = parseFactHead(group, this.#now);
    if (head === undefined) return false;
    if (head.id === this.topology.self) return this.#hearOfSelf(head);
    if (!this.#hear(flow, head.id, head)) return true;
    const judgement = this.#origins.get(head.id)?.judge(head.incarnation, head.n) ?? (head.n === 1 ? 'next' : 'gap');
    if (judgement === 'next') return this.#applyFact(flow, head, group);
    if (judgement === 'old') this.counters.old++;
    else {
      this.counters.gaps++;
      this.#wants.seek(head.id, this.#now);
    }
    return true;
  }

  #applyFact(flow: Flow, head: FactHead, group: Group): boolean {
    const verdict = checkFact(head, group, this.#state);
    if (verdict === 'bad') return false;
    const restarts = this.#restarts(head);
    const origin = this.#open(head);
    if (origin === undefined) return true;
    if (verdict === 'unknown') this.counters.unknown++;
    this.counters.facts++;
    const fact = factBytes(head, group.count, group.bytes, 0, group.bytes.length);
    origin.append(fact, 0, fact.length);
    this.#origins.changed(head.id);
    const reached = this.topology.reaches(head.id);
    this.#route(head, group.bytes);
    if (restarts) this.#watcher.restarted(this.topology.server(head.id) as ServerFact);
    // A server's last word is passed on although it cannot be reached any more.
    if (reached || this.topology.reaches(head.id)) this.#neighbours.push(origin, fact, flow.link);
    this.#applyFrames(head.id, group.bytes);
    this.#wants.advanced(flow.link, head.id, this.#now);
    return true;
  }

  /** What the frames say of links. */
  #route(head: FactHead, bytes: Uint8Array): void {
    const cursor = new FrameCursor(bytes);
    while (cursor.next(this.#frame)) {
      const verb = this.#frame.verb();
      if (verb === 'SERVER') this.topology.put(parseServerFact(this.#frame) as ServerFact);
      else if (verb === 'SQUIT') this.#presence.squit(head, parseSquit(this.#frame) as Squit, this.#now);
    }
  }

  #applyFrames(id: ServerId, bytes: Uint8Array): void {
    const cursor = new FrameCursor(bytes);
    const frame = new Frame();
    while (cursor.next(frame)) if (frame.verb() !== 'SERVER') this.#state.apply(id, frame);
  }

  /** The origin, ready for the next fact or snapshot of that incarnation; undefined when there are too many. */
  #open(head: FactHead): Origin | undefined {
    const origin = this.#origins.open(head.id);
    if (origin === undefined) {
      this.counters.crowded++;
      return undefined;
    }
    if (origin.incarnation === head.incarnation) return origin;
    if (origin.incarnation === 0) this.#presence.appeared(head.id);
    else this.#presence.restarted(head.id, origin.incarnation);
    origin.reset(head.incarnation, 0);
    return origin;
  }

  #restarts(head: FactHead): boolean {
    const known = this.#origins.get(head.id);
    return known !== undefined && known.incarnation !== head.incarnation;
  }

  // ── Snapshots ──────────────────────────────────────────────────────────────────────────────────────────────────

  #takePart({ flow, intake }: Neighbour, group: Group): boolean {
    const head = parsePart(group);
    if (head === undefined || !isIncarnation(head.incarnation, this.#now)) return false;
    if (head.id === this.topology.self) return this.#hearOfSelf(head);
    if (checkPart(head, group, this.#state) === 'bad') return false;
    if (!this.#hear(flow, head.id, head)) return true;
    const parts = intake.take(head, group);
    if (parts === 'large') return false;
    if (parts === 'more') this.#wants.progress(flow.link, head.id, this.#now);
    else if (parts === 'lost') this.#wants.failed(flow.link, head.id, this.#now);
    else this.#restore(flow, head, parts);
    return true;
  }

  #restore(flow: Flow, head: PartHead, parts: readonly Uint8Array[]): void {
    const heals = this.#wants.heals(flow.link, head.id);
    const newer = comparePositions(head, this.#origins.position(head.id));
    if (newer < 0 || (newer === 0 && !heals)) {
      this.counters.wasted++;
      if (heals) this.#wants.failed(flow.link, head.id, this.#now);
      return;
    }
    const restarts = this.#restarts(head);
    const origin = this.#open(head);
    if (origin === undefined) return;
    this.counters.snapshots++;
    const frames = new FrameCursor(...parts);
    frames.next(this.#frame);
    const server = parseServerFact(this.#frame) as ServerFact;
    this.topology.put(server);
    if (restarts) this.#watcher.restarted(server);
    origin.reset(head.incarnation, head.n);
    this.#origins.changed(head.id);
    this.#state.restore(head.id, frames);
    if (heals) this.#wants.healed(head.id, this.#now);
    else this.#wants.advanced(flow.link, head.id, this.#now);
    this.#neighbours.offer(head.id, flow.link);
  }

  // ── Vectors ────────────────────────────────────────────────────────────────────────────────────────────────────

  #takeVector({ flow }: Neighbour, group: Group): boolean {
    const vector = parseVector(group);
    if (vector === undefined || ![...vector.values()].every((entry) => this.#isEntry(entry))) return false;
    let good = true;
    for (const [id, entry] of vector) good = this.#takeEntry(flow, id, entry) && good;
    flow.told = true;
    return good;
  }

  #takeHas({ flow }: Neighbour, group: Group): boolean {
    const parsed = parseEntry(group.args);
    if (parsed === undefined || !this.#isEntry(parsed.entry)) return false;
    return this.#takeEntry(flow, parsed.id, parsed.entry);
  }

  #isEntry(entry: Entry): boolean {
    return entry.n > 0 && isIncarnation(entry.incarnation, this.#now);
  }

  #takeEntry(flow: Flow, id: ServerId, entry: Entry): boolean {
    if (id === this.topology.self) return this.#hearOfSelf(entry);
    if (!this.#hear(flow, id, entry)) return true;
    const origin = this.#origins.get(id);
    if (origin === undefined && this.#origins.size >= this.#config.servers) {
      this.counters.crowded++;
      return true;
    }
    this.#compareDigests(flow, id, entry, origin);
    this.#wants.seek(id, this.#now);
    return true;
  }

  #takeWant({ flow }: Neighbour, group: Group): boolean {
    const parsed = parseEntry(group.args);
    if (parsed === undefined) return false;
    if (this.#origins.get(parsed.id) !== undefined) flow.owe(parsed.id, parsed.entry);
    return true;
  }

  /** Whoever is nearer to the origin is right; the origin itself always is. */
  #compareDigests(flow: Flow, id: ServerId, entry: Entry, origin: Origin | undefined): void {
    if (entry.digest === '' || origin === undefined || comparePositions(entry, origin) !== 0) return;
    if (this.#origins.digest(origin) === entry.digest) return;
    this.counters.mismatches++;
    this.#watcher.mismatch(id, flow.peer);
    if (this.topology.nextHop(id) === flow.peer) this.#wants.heal(flow.link, id, this.#now);
  }

  /** Notes what the peer has; false when that is of no use. */
  #hear(flow: Flow, id: ServerId, at: Position): boolean {
    if (!this.#losses.admits(id, at.incarnation)) {
      this.counters.old++;
      return false;
    }
    this.#wants.heard(flow.link, id, at);
    flow.has(id, at);
    return true;
  }

  /** What others say of this server: nothing that it would not know, unless another one goes by its id. */
  #hearOfSelf(at: Position): boolean {
    if (at.incarnation > this.#own.position.incarnation) this.#watcher.usurped(at.incarnation);
    return at.incarnation !== this.#own.position.incarnation || at.n <= this.#own.position.n;
  }

  /** All frames of an origin's state, the server itself first. */
  #describe(id: ServerId, frames: FrameWriter): void {
    const server = this.topology.server(id);
    assert(server !== undefined, 'a state without its server');
    writeServerFact(frames, server);
    this.#state.snapshot(id, frames);
  }
}
