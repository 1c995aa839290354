// The mesh as the node sees it: links and discovery find the other servers, the replica knows what they know, and this
// file joins them to connections and outboxes. It decides nothing about servers; it only carries.
//
//   datagram ──▶ Discovery ── found ──▶ Links ── dial ──▶ the edge
//   chunk ──▶ Links ── frame ──▶ GroupReader ── group ──▶ Replica ── facts ──▶ State
//
// Links are connections like those of clients, with other limits; whoever does not take what it is sent loses its link
// and has it again from a snapshot, so no other server waits for it.

import type { ConnectionId, ServerId } from '../base/ids.ts';
import { Discovery, type DiscoveryOut } from '../mesh/discovery.ts';
import type { LinkOut } from '../mesh/flow.ts';
import { GROUP_VERBS, type Group, GroupReader } from '../mesh/group.ts';
import type { Contact, Endpoint, Identity } from '../mesh/identity.ts';
import { Links, type LinksOut, type UpLink } from '../mesh/links.ts';
import { REPLICA_VERBS, Replica } from '../mesh/replica.ts';
import type { ReplicaConfig, State, Watcher } from '../mesh/replica-ports.ts';
import { Router } from '../mesh/route.ts';
import type { Chance, Secrets } from '../mesh/secrets.ts';
import type { ServerFact } from '../mesh/server-fact.ts';
import { Skews } from '../mesh/skews.ts';
import type { Why } from '../mesh/why.ts';
import type { Frame } from '../wire/scanner.ts';
import type { LogFields, LogLevel } from './ports.ts';
import { type Load, Pulse } from './pulse.ts';
import type { SharedRoomsConfig } from './shared-rooms.ts';

export interface MeshConfig {
  readonly network: string;
  readonly self: Identity;
  /** Another life was given up for this one. */
  readonly reborn?: boolean;
  /** Addresses where other servers are expected. */
  readonly peers: readonly Endpoint[];
  /** Whether servers are looked for by multicast. */
  readonly discovery: boolean;
  readonly replica: Omit<ReplicaConfig, 'server'>;
  readonly rooms: SharedRoomsConfig;
  /** Bytes waiting for one link above which facts wait in their logs, and above which it has ended. */
  readonly fullBytes: number;
  readonly mostBytes: number;
}

/** What the mesh asks of the edge. */
export interface MeshPorts {
  readonly secrets: Secrets;
  /** A hash of text that is the same on all servers, in hexadecimal digits. */
  hash(text: string): string;
  readonly chance: Chance;
  dial(number: number, to: Endpoint): void;
  cancelDial(number: number): void;
  datagram(bytes: Uint8Array, to: Endpoint | 'group'): void;
  /**
   * The network knows a later life of this server. Everything here was numbered for a life that nobody hears: the edge
   * ends this node, telling all, and begins another one with that incarnation.
   */
  beginAnew(incarnation: number): void;
}

/** What the mesh asks of the node around it. */
export interface MeshHost {
  /** Queues bytes for a link; how many wait for it now. */
  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): number;
  /** How many bytes wait for a link. */
  waiting(link: ConnectionId): number;
  close(link: ConnectionId, atOnce: boolean): void;
  log(level: LogLevel, event: string, fields: LogFields): void;
  /** A frame that another server sent to this one alone, in canonical form; it is only lent. */
  arrived(from: ServerId, frame: Frame): void;
  /** What this server has to do at present. */
  load(): Load;
  /** There are other servers than before, or they tell other addresses. */
  serversChanged(): void;
  /** A server came within reach, or the way to it is another one now: what was on its way to it may be lost. */
  reached(server: ServerId): void;
  /** A server is out of reach. */
  lost(server: ServerId): void;
  /** Something that was sent to a server did not get there. */
  astray(server: ServerId): void;
}

const PROTOCOL = 1;

export class Mesh implements LinksOut, DiscoveryOut, LinkOut, Watcher {
  readonly links: Links;
  readonly discovery: Discovery;
  readonly replica: Replica;
  readonly router: Router;
  readonly pulse: Pulse;
  readonly #config: MeshConfig;
  readonly #ports: MeshPorts;
  readonly #host: MeshHost;
  readonly #skews = new Skews();
  readonly #readers = new Map<ConnectionId, GroupReader>();
  /** Links that were given as much as may wait for one, and are given the rest when they have taken of it. */
  readonly #full = new Set<ConnectionId>();
  /** Who was within reach and is not forgotten: of one that is back in time nobody is told. */
  readonly #others = new Set<ServerId>();
  /** Server → the link on the way there, as others were told of it. */
  #ways: ReadonlyMap<ServerId, ConnectionId | undefined> = new Map();
  #waysAt = -1;
  #now: number;

  constructor(config: MeshConfig, ports: MeshPorts, host: MeshHost, state: State, now: number) {
    this.#config = config;
    this.#ports = ports;
    this.#host = host;
    this.#now = now;
    const live = {
      byName: (name: string) => this.#reachable(this.replica.topology.named(name)),
      byId: (id: ServerId) => this.#reachable(this.replica.topology.server(id)),
      latest: (id: ServerId) => this.replica.latest(id),
    };
    this.links = new Links(config, ports.secrets, ports.chance, live, this);
    const self = () => this.links.self;
    this.discovery = new Discovery({ network: config.network, self }, ports.secrets, ports.chance, this);
    const server = { ...config.self, protocol: PROTOCOL };
    this.replica = new Replica({ ...config.replica, server }, state, this, this, now);
    this.pulse = new Pulse(config.self.id, config.self.incarnation, {
      load: () => host.load(),
      measure: (at) => this.links.measure(at),
      trips: () => this.links.trips(),
      incarnation: (id) => this.#reachable(this.replica.topology.server(id))?.incarnation,
      relays: (origin, from) => this.#openRelays(origin, from),
      send: (link, bytes, start, end) => this.send(link, bytes, start, end),
    });
    this.router = new Router(config.self.id, {
      linkTowards: (to) => this.#linkTowards(to),
      send: (link, bytes, start, end) => this.send(link, bytes, start, end),
      arrived: (from, frame) => host.arrived(from, frame),
      unreachable: (to) => {
        host.log('debug', 'route.unreachable', { server: to });
        host.astray(to);
      },
    });
  }

  // ── What the node calls ────────────────────────────────────────────────────────────────────────────────────────

  start(now: number): void {
    this.#now = now;
    this.links.start(now);
    this.pulse.start(now);
    if (this.#config.discovery) this.discovery.start(now);
  }

  get deadline(): number {
    return Math.min(this.links.deadline, this.discovery.deadline, this.replica.deadline, this.pulse.deadline);
  }

  tick(now: number): void {
    this.#now = now;
    this.links.tick(now);
    this.discovery.tick(now);
    this.replica.tick(now);
    this.pulse.tick(now);
    this.#compareWays();
  }

  /** Sends `count` frames bytes[start, end) to another server; 'full': the link on the way takes no more for now. */
  sendTo(to: ServerId, bytes: Uint8Array, start: number, end: number, count: number): 'sent' | 'full' | 'unreachable' {
    const link = this.#linkTowards(to);
    if (link !== undefined && this.#full.has(link)) return 'full';
    return this.router.send(to, bytes, start, end, count) ? 'sent' : 'unreachable';
  }

  /** The other servers within reach, the nearest first. */
  others(): ServerId[] {
    const { topology } = this.replica;
    return [...topology.reachable()].filter((id) => id !== topology.self);
  }

  received(bytes: Uint8Array, ip: string, port: number, now: number): void {
    this.#now = now;
    this.discovery.datagram(bytes, ip, port, now);
  }

  /**
   * What waited was offered: who took enough of it is given more. A socket that takes all of it never says so. Whether
   * there was one.
   */
  offered(): boolean {
    const before = this.#full.size;
    for (const link of this.#full) {
      if (this.#host.waiting(link) > this.#config.fullBytes) continue;
      this.#full.delete(link);
      this.replica.drained(link);
    }
    return this.#full.size < before;
  }

  /** Closes the link to a direct peer for ten minutes; false when there is none of that name. */
  closeLink(peer: string, comment: string): boolean {
    return this.links.sclose(peer, comment, this.#now);
  }

  /** Where clients may connect elsewhere: the addresses that the other servers tell, in the order in which they came. */
  clientAddresses(): string[] {
    return [...this.#others].flatMap((id) => this.replica.topology.server(id)?.clients ?? []);
  }

  /** Takes leave of the network. */
  leave(comment: string, now: number): void {
    this.#now = now;
    this.discovery.stop();
    this.pulse.stop();
    this.replica.leave(comment);
    this.links.leave(comment, now);
  }

  // ── LinksOut ───────────────────────────────────────────────────────────────────────────────────────────────────

  dial(number: number, to: Endpoint): void {
    this.#ports.dial(number, to);
  }

  cancel(number: number): void {
    this.#ports.cancelDial(number);
  }

  close(link: ConnectionId, atOnce: boolean): void {
    this.#host.close(link, atOnce);
  }

  up(link: ConnectionId, { peer, skewMs }: UpLink, now: number): void {
    this.#heardClock(peer, skewMs, now);
    this.#readers.set(link, new GroupReader(GROUP_VERBS, this.#config.self.id));
    this.replica.linkUp(link, peer.id, now);
    this.#compareWays(true);
  }

  down(link: ConnectionId, peer: Identity, why: Why, detail: string, now: number): void {
    this.#readers.delete(link);
    this.#full.delete(link);
    this.replica.linkDown(link, detail === '' ? why : detail, now);
    if (this.#config.discovery && !this.replica.topology.reaches(peer.id)) this.discovery.search(now);
    this.#compareWays(true);
  }

  frame(link: ConnectionId, frame: Frame, now: number): boolean {
    const reader = this.#readers.get(link);
    if (reader === undefined) return true;
    const group = reader.take(frame);
    if (group === 'more') return true;
    if (group === 'begun') {
      for (const other of this.#readers.values()) if (other !== reader) other.breakOff(reader.from);
      return true;
    }
    if (group === 'here') {
      this.router.arrive(reader.from, reader.frame, reader.isAlone);
      reader.handedOn();
      return true;
    }
    if (group === 'bad') {
      this.links.fail(link, reader.fault, now);
      return true;
    }
    return this.#take(link, group, now);
  }

  outlived(incarnation: number): void {
    this.#host.log('warn', 'server.reincarnated', { incarnation });
    this.#ports.beginAnew(incarnation);
  }

  log(level: 'info' | 'warn', event: string, fields: LogFields): void {
    this.#host.log(level, event, fields);
  }

  // ── DiscoveryOut ───────────────────────────────────────────────────────────────────────────────────────────────

  datagram(bytes: Uint8Array, to: Endpoint | 'group'): void {
    this.#ports.datagram(bytes, to);
  }

  found(peer: Contact, skewMs: number, now: number): void {
    this.#heardClock(peer, skewMs, now);
    this.links.found(peer, now);
  }

  unheard(peer: Contact, skewMs: number, now: number): void {
    this.#heardClock(peer, skewMs, now);
  }

  countedDrops(counts: LogFields): void {
    this.#host.log('info', 'discovery.dropped', counts);
  }

  searched(answers: number): void {
    this.#host.log('info', 'discovery.searched', { answers });
  }

  // ── LinkOut ────────────────────────────────────────────────────────────────────────────────────────────────────

  send(link: ConnectionId, bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    const waiting = this.#host.send(link, bytes, start, end);
    if (waiting > this.#config.mostBytes) this.links.stuck(link, 'it does not take what it is sent', this.#now);
    if (waiting <= this.#config.fullBytes) return true;
    this.#full.add(link);
    return false;
  }

  // ── Watcher ────────────────────────────────────────────────────────────────────────────────────────────────────

  reached(server: ServerFact): void {
    const { name, id } = server;
    this.#host.log('info', 'server.reached', { server: name, id });
    // Every server links with every other one; its HELLO may have been lost.
    if (this.#config.discovery && id !== this.links.self.id) this.links.found(server, this.#now);
    if (id === this.links.self.id) return;
    this.#others.add(id);
    this.#host.serversChanged();
    this.#host.reached(id);
  }

  lost({ name, id }: ServerFact): void {
    this.#host.log('warn', 'server.lost', { server: name, id });
    this.#host.lost(id);
  }

  forgotten(id: ServerId): void {
    this.#others.delete(id);
    this.pulse.forget(id);
    this.#host.serversChanged();
  }

  restarted({ name, id }: ServerFact): void {
    this.#host.log('info', 'server.restarted', { server: name, id });
    if (this.replica.topology.reaches(id)) this.#host.reached(id);
    this.#host.serversChanged();
  }

  synced(peer: ServerId): void {
    let name = this.replica.topology.server(peer)?.name ?? '';
    // It may say so before it has said who it is in a fact of its own.
    for (const up of this.links.peers()) if (up.peer.id === peer) name = up.peer.name;
    this.#host.log('info', 'server.synced', { server: name, id: peer });
  }

  mismatch(origin: ServerId, peer: ServerId): void {
    this.#host.log('error', 'state.mismatch', { origin, peer });
  }

  usurped(incarnation: number): void {
    this.#host.log('warn', 'server.usurped', { incarnation });
  }

  // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #heardClock({ name, id }: Contact, skewMs: number, now: number): void {
    if (this.#skews.heard(id, skewMs, now)) this.#host.log('warn', 'clock.skew', { server: name, id, ms: skewMs });
  }

  /** False when it is nothing that the mesh knows: it may be about the link itself. */
  #take(link: ConnectionId, group: Group, now: number): boolean {
    if (group.verb === 'ROUTE') {
      if (!this.router.receive(link, group)) this.links.fail(link, 'bad ROUTE', now);
      return true;
    }
    if (group.verb === 'STATS') {
      if (!this.pulse.receive(link, group)) this.links.fail(link, 'bad STATS', now);
      return true;
    }
    if (!REPLICA_VERBS.includes(group.verb)) return false;
    const fault = this.replica.receive(link, group, now);
    this.#compareWays();
    if (fault !== undefined) this.links.fail(link, fault, now);
    return true;
  }

  /** Where what need not arrive is passed on: on links that take more. */
  *#openRelays(origin: ServerId, from?: ConnectionId): Iterable<ConnectionId> {
    for (const link of this.replica.relays(origin, from)) if (!this.#full.has(link)) yield link;
  }

  /** Says to whom the way is another one than before. */
  #compareWays(always = false): void {
    const { version } = this.replica.topology;
    if (!always && version === this.#waysAt) return;
    this.#waysAt = version;
    const before = this.#ways;
    this.#ways = new Map(this.others().map((id) => [id, this.#linkTowards(id)]));
    for (const [id, link] of this.#ways) if (before.has(id) && before.get(id) !== link) this.#host.reached(id);
  }

  #linkTowards(to: ServerId): ConnectionId | undefined {
    const hop = this.replica.topology.nextHop(to);
    return hop === undefined ? undefined : this.replica.linkTo(hop);
  }

  #reachable(server: ServerFact | undefined): ServerFact | undefined {
    return server !== undefined && this.replica.topology.reaches(server.id) ? server : undefined;
  }
}
