// A world of replicas in memory: links that keep their order, lose and repeat groups when told to, fill up, and break;
// servers that crash and come back; time that stands still unless it is moved. One seed, one course of events.

import { type ConnectionId, connectionId, type ServerId, serverId } from '../../src/base/ids.ts';
import type { LinkOut } from '../../src/mesh/flow.ts';
import { GROUP_VERBS, type Group, GroupReader } from '../../src/mesh/group.ts';
import { Replica } from '../../src/mesh/replica.ts';
import type { ReplicaConfig, Watcher } from '../../src/mesh/replica-ports.ts';
import { comparePositions, type Vector } from '../../src/mesh/vector.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { FrameWriter } from '../../src/wire/writer.ts';
import { Random } from '../sim/random.ts';
import { ReferenceState } from './reference-state.ts';

export const START = 1_763_841_240_000;

type Options = Partial<Omit<ReplicaConfig, 'server'>>;

const PRESETS: Omit<ReplicaConfig, 'server'> = {
  holdMs: 3000,
  unseenMs: 5000,
  vectorMs: 30_000,
  answerMs: 5000,
  servers: 64,
  log: { facts: 4096, bytes: 1 << 20 },
  logBytes: 32 << 20,
  snapshotBytes: 64 << 20,
};

/** Everything whole groups that lie in bytes[start, end) say. */
export function groupsIn(bytes: Uint8Array, start = 0, end = bytes.length): Group[] {
  const scanner = new Scanner(1 << 20);
  const reader = new GroupReader(GROUP_VERBS);
  const frame = new Frame();
  const groups: Group[] = [];
  scanner.feed(bytes.slice(start, end));
  while (scanner.next(frame) === FRAME) {
    const group = reader.take(frame);
    if (group === 'bad') throw new Error(`a replica wrote a bad group: ${reader.fault}`);
    if (typeof group === 'object') groups.push(group);
  }
  if (reader.open || scanner.offset !== end - start) throw new Error('a replica wrote half a group');
  return groups;
}

/** Frames written one behind the other, with their number, as a group's head would announce them. */
export function framesOf(...frames: readonly (readonly (string | number)[])[]): { bytes: Uint8Array; count: number } {
  const writer = new FrameWriter();
  for (const [verb, ...args] of frames) {
    writer.begin(String(verb));
    for (const arg of args) writer.arg(arg);
    writer.end();
  }
  return { bytes: writer.bytes.slice(0, writer.length), count: frames.length };
}

/** One direction of a link. */
export interface Wire {
  readonly from: Server;
  readonly to: Server;
  /** As the sender and as the receiver call it. */
  readonly out: ConnectionId;
  readonly in: ConnectionId;
  readonly queue: Group[];
  full: boolean;
  /** Nothing that is sent arrives. */
  deaf: boolean;
}

export class Server implements LinkOut, Watcher {
  readonly id: ServerId;
  readonly incarnation: number;
  readonly state = new ReferenceState();
  readonly replica: Replica;
  readonly wires = new Map<ConnectionId, Wire>();
  readonly events: string[] = [];
  readonly #world: World;
  counter: number;
  alive = true;

  constructor(world: World, id: number, incarnation: number, options: Options) {
    this.#world = world;
    this.id = serverId(id);
    this.incarnation = incarnation;
    this.counter = incarnation * 1000;
    const about = { name: `s${id}`, id: this.id, info: `server ${id}`, ip: '127.0.0.1', port: 7000 + id };
    const server = { ...about, incarnation, clients: [`127.0.0.1:${8000 + id}`], protocol: 1 };
    this.replica = new Replica({ ...PRESETS, ...options, server }, this.state, this, this, world.now);
  }

  /** Says one fact of these frames. */
  say(...frames: readonly (readonly (string | number)[])[]): void {
    const { bytes, count } = framesOf(...frames);
    const frame = new Frame();
    for (const group of groupsIn(bytes)) {
      const one = encode(group);
      new Scanner(1 << 20);
      readOne(one, frame);
      this.state.apply(this.id, frame);
    }
    this.replica.originate(bytes, 0, bytes.length, count);
  }

  /** A new user; returns its uid. */
  join(nick: string, time: number, ...rooms: readonly string[]): string {
    const uid = `${this.id}.${this.counter++}`;
    this.say(
      ['USER', uid, nick, 'user', `host of ${nick}`, 'Some, body', time],
      ...rooms.map((room) => ['JOINROOM', uid, room]),
    );
    return uid;
  }

  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): boolean {
    const wire = this.wires.get(link) as Wire;
    for (const group of groupsIn(bytes, start, end)) this.#world.post(wire, group);
    wire.full ||= wire.queue.length >= this.#world.capacity;
    return !wire.full;
  }

  reached(server: { readonly name: string }): void {
    this.events.push(`reached ${server.name}`);
  }
  lost(server: { readonly name: string }): void {
    this.events.push(`lost ${server.name}`);
  }
  forgotten(): void {}
  restarted(server: { readonly name: string }): void {
    this.events.push(`restarted ${server.name}`);
  }
  synced(peer: ServerId): void {
    this.events.push(`synced s${peer}`);
  }
  mismatch(origin: ServerId, peer: ServerId): void {
    this.events.push(`mismatch s${origin} s${peer}`);
  }
  usurped(incarnation: number): void {
    this.events.push(`usurped ${incarnation}`);
  }
}

function encode(group: Group): Uint8Array {
  return framesOf([group.verb, ...group.args]).bytes;
}

function readOne(bytes: Uint8Array, frame: Frame): void {
  const scanner = new Scanner(1 << 20);
  scanner.feed(bytes);
  if (scanner.next(frame) !== FRAME) throw new Error('no frame');
}

export class World {
  readonly random: Random;
  readonly servers = new Map<number, Server>();
  readonly wires: Wire[] = [];
  /** `origin incarnation n` and the direction → how often it went over it. */
  readonly crossings = new Map<string, number>();
  readonly refusals: string[] = [];
  now = START;
  loss = 0;
  repetition = 0;
  capacity = Number.POSITIVE_INFINITY;
  groups = 0;
  #links = 0;
  readonly #options: Options;

  constructor(seed: number, options: Options = {}) {
    this.random = new Random(seed);
    this.#options = options;
  }

  /** Starts a server, or starts it again. */
  start(id: number): Server {
    const server = new Server(this, id, this.now++, this.#options);
    this.servers.set(id, server);
    return server;
  }

  get(id: number): Server {
    return this.servers.get(id) as Server;
  }

  linked(a: Server, b: Server): boolean {
    return this.wires.some((wire) => wire.from === a && wire.to === b);
  }

  connect(a: Server, b: Server): void {
    const [one, other] = [connectionId(++this.#links), connectionId(++this.#links)];
    const there = { from: a, to: b, out: one, in: other, queue: [], full: false, deaf: false };
    const back = { from: b, to: a, out: other, in: one, queue: [], full: false, deaf: false };
    this.wires.push(there, back);
    a.wires.set(one, there);
    b.wires.set(other, back);
    a.replica.linkUp(one, b.id, this.now);
    b.replica.linkUp(other, a.id, this.now);
  }

  /** Both ends notice, and what was on its way is lost. */
  cut(a: Server, b: Server, comment = 'Connection reset'): void {
    for (const wire of this.wires.filter(({ from, to }) => (from === a && to === b) || (from === b && to === a))) {
      this.wires.splice(this.wires.indexOf(wire), 1);
      wire.from.wires.delete(wire.out);
      if (wire.from.alive) wire.from.replica.linkDown(wire.out, comment, this.now);
    }
  }

  /** The server is gone, without a word. */
  crash(server: Server): void {
    server.alive = false;
    this.servers.delete(server.id);
    for (const other of [...this.servers.values()]) this.cut(server, other);
  }

  post(wire: Wire, group: Group): void {
    if (group.verb === 'FACT') {
      const key = `${group.args.slice(0, 3).join(' ')} over ${wire.from.id} ${wire.to.id} ${wire.out}`;
      this.crossings.set(key, (this.crossings.get(key) ?? 0) + 1);
    }
    if (wire.deaf || this.random.chance(this.loss)) return;
    wire.queue.push(group);
    if (this.random.chance(this.repetition)) wire.queue.push(group);
  }

  /** Delivers the next group of one direction. */
  deliver(wire: Wire): void {
    const group = wire.queue.shift();
    if (group === undefined) return;
    this.groups++;
    const refused = wire.to.replica.receive(wire.in, group, this.now);
    if (refused !== undefined) {
      this.refusals.push(refused);
      this.cut(wire.from, wire.to, refused);
    }
    if (wire.full && wire.queue.length <= this.capacity / 2) {
      wire.full = false;
      if (wire.from.wires.has(wire.out)) wire.from.replica.drained(wire.out);
    }
  }

  /** Delivers one group of a random link; false when nothing is under way. */
  step(): boolean {
    const busy = this.wires.filter((wire) => wire.queue.length > 0);
    if (busy.length === 0) return false;
    this.deliver(this.random.pick(busy));
    return true;
  }

  quiet(): void {
    for (let steps = 0; this.step(); steps++) if (steps > 1_000_000) throw new Error('the world never gets quiet');
  }

  /** Lets time pass; whatever is due is done, and everything arrives. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      this.quiet();
      const next = Math.min(...[...this.servers.values()].map(({ replica }) => replica.deadline));
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const { replica } of this.servers.values()) if (replica.deadline <= this.now) replica.tick(this.now);
    }
    this.now = until;
  }

  /** Why servers that can reach each other do not agree; undefined when they all do. */
  disagreement(): string | undefined {
    for (const server of this.servers.values()) {
      const vector = server.replica.vector();
      const near = this.component(server);
      const known = [...vector.keys()].sort((a, b) => a - b).join(' ');
      const expected = [...near].map(({ id }) => id as number).sort((a, b) => a - b);
      if (known !== expected.join(' ')) return `s${server.id} knows ${known} and not ${expected.join(' ')}`;
      const parts = [...server.state.parts.keys()].filter((id) => !vector.has(id));
      if (parts.length > 0) return `s${server.id} has a state of ${parts.join(' ')}`;
      if (server.replica.kept.origins !== vector.size) return `s${server.id} keeps more origins than it tells`;
      for (const other of near) {
        if (!equalVectors(vector, other.replica.vector())) return `the vectors of s${server.id} and s${other.id}`;
        const [here, there] = [server.state.text(other.id), other.state.text(other.id)];
        if (here !== there) return `s${server.id} of s${other.id}: ${here}\nand not: ${there}`;
      }
      const digests = [...server.replica.vector(true)].map(([id, { digest }]) => `${id} ${digest}`).sort();
      for (const other of near) {
        const theirs = [...other.replica.vector(true)].map(([id, { digest }]) => `${id} ${digest}`).sort();
        if (digests.join() !== theirs.join()) return `the digests of s${server.id} and s${other.id}`;
      }
      if (server.replica.counters.mismatches > 0) return `a mismatch at s${server.id}`;
    }
    return undefined;
  }

  /** Everybody whom a server can reach. */
  component(server: Server): Set<Server> {
    const found = new Set([server]);
    for (const one of found) for (const wire of one.wires.values()) found.add(wire.to);
    return found;
  }
}

/** Whether two vectors have the same positions. Digests are not compared. */
function equalVectors(a: Vector, b: Vector): boolean {
  if (a.size !== b.size) return false;
  for (const [id, entry] of a) {
    const other = b.get(id);
    if (other === undefined || comparePositions(entry, other) !== 0) return false;
  }
  return true;
}
