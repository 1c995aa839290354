// The links of one server: which connections there are to other servers, which of them counts, and what becomes of one
// that ends. Between two servers one link is up at most; both keep the same one. It decides alone from what it is told:
// the edge connects and carries bytes, the node reads the frames of links that are up.
//
// What it keeps true:
// - up() and down() come in pairs, and only for peers that have proved to know the network's secret.
// - At most one link is up for a server. A better one comes up before the old one goes down, so that a peer is never
//   out of reach in between; but a former life of a server goes down before its next one comes up.
// - No name and no id is up twice. A link to ourselves is never up.
// - Connections that have proved nothing are bounded, in number, bytes and time, in all and for each address.

import { assert, unreachable } from '../base/assert.ts';
import { Deadlines } from '../base/deadlines.ts';
import type { ConnectionId, ServerId } from '../base/ids.ts';
import { Frame } from '../wire/scanner.ts';
import { Dialler, type DiallerOut } from './dialler.ts';
import {
  type Certifies,
  type Contact,
  clashes,
  type Endpoint,
  foldName,
  type Identity,
  sameServer,
} from './identity.ts';
import { LINK_LIMITS, Link, type LinkHost, type LinkLimits } from './link.ts';
import { judge, type LiveServers, replaces } from './rules.ts';
import type { Chance, Secrets } from './secrets.ts';
import type { Target } from './targets.ts';
import { adviceOn, type Why } from './why.ts';

/** What a listener gives a handshake. */
const HANDSHAKE_MS = 5000;
const MOST_UP = 64;
const MOST_HANDSHAKES = 128;
const MOST_HANDSHAKES_AN_ADDRESS = 32;
/** A server that is told of its own ghost so soon after its start has only a clock that went wrong in between. */
const STARTER_MS = 60_000;
const LASTING_MS = 1000;

export interface UpLink {
  readonly peer: Identity;
  /** Whether we dialled it. */
  readonly dialled: boolean;
  /** The peer's clock less ours, in ms. */
  readonly skewMs: number;
}

/** A link that is up, as it is now. */
export interface OpenLink {
  readonly connection: ConnectionId;
  readonly peer: Identity;
  /** When the peer was heard last, in Unix ms. */
  readonly heardAt: number;
  /** Bytes that came from it. */
  readonly receivedBytes: number;
}

export interface LinksOut {
  /** Begins to connect; answered by dialled() or dialFailed(). */
  dial(number: number, to: Endpoint): void;
  /** A connection that is being made is not wanted any more. */
  cancel(number: number): void;
  /** The bytes are given away. */
  send(connection: ConnectionId, bytes: Uint8Array): void;
  /** Ends a connection when what was sent is written; at once where nobody is there to read it. */
  close(connection: ConnectionId, atOnce: boolean): void;
  up(connection: ConnectionId, link: UpLink, now: number): void;
  down(connection: ConnectionId, peer: Identity, why: Why, detail: string, now: number): void;
  /**
   * A frame on a link that is up; it is good until this returns. False when it is in no block that is being read, and
   * its verb is nobody's: it may be about the link itself.
   */
  frame(connection: ConnectionId, frame: Frame, now: number): boolean;
  /**
   * The network knows a later life of this server than this one, which is over: its links are down, and it makes no
   * more. Another one has to begin, with this incarnation.
   */
  outlived(incarnation: number, now: number): void;
  log(level: 'info' | 'warn', event: string, fields: Readonly<Record<string, string | number>>): void;
}

export interface LinksConfig {
  readonly network: string;
  readonly self: Identity;
  /** Addresses where other servers are expected. */
  readonly peers: readonly Endpoint[];
  readonly limits?: LinkLimits;
  /** This life was begun because one before was outlived: that happens once. */
  readonly reborn?: boolean;
}

interface Entry {
  readonly link: Link;
  /** Where it comes from or leads to, for people. */
  readonly address: string;
  readonly target: Target | undefined;
}

export class Links {
  /** Frames on links that are up and that nobody knew. */
  unknownFrames = 0;
  /** Handshakes of others that came to nothing, by reason. */
  readonly turnedAway = new Map<Why, number>();

  readonly #config: LinksConfig;
  readonly #out: LinksOut;
  readonly #live: LiveServers;
  readonly #host: LinkHost;
  readonly #dialler: Dialler;
  readonly #entries = new Map<ConnectionId, Entry>();
  readonly #up = new Map<ServerId, Entry>();
  readonly #handshakes = new Map<string, number>();
  readonly #due = new Deadlines<Link>();
  #startedAt = 0;
  #tickedAt = 0;
  /** Some link lasted. */
  #lasted = false;
  /** The incarnation of a ghost of ours that the network knows and that is later than we are; 0: none. */
  #ghost = 0;
  #leaving = false;
  /** The latest incarnation of another server that says it is this one. */
  #twin = 0;

  /** `live` knows the servers beyond our neighbours. */
  constructor(config: LinksConfig, secrets: Secrets, chance: Chance, live: LiveServers, out: LinksOut) {
    this.#config = config;
    this.#out = out;
    this.#live = {
      byName: (name) => this.#neighbour(name) ?? live.byName(name),
      byId: (id) => this.#up.get(id)?.link.peer ?? live.byId(id),
      latest: (id) => live.latest(id),
    };
    this.#host = this.#hostOf(secrets, chance);
    this.#dialler = new Dialler(this.#diallerOut(), chance);
  }

  get self(): Identity {
    return this.#config.self;
  }

  /** The servers that a link is up to, with the connection it is. */
  *peers(): Generator<OpenLink> {
    for (const { link } of this.#up.values()) {
      const { id: connection, peer, heardAt, receivedBytes } = link;
      if (peer !== undefined) yield { connection, peer, heardAt, receivedBytes };
    }
  }

  /** The connection of the link to a server, if one is up. */
  linkTo(id: ServerId): ConnectionId | undefined {
    return this.#up.get(id)?.link.id;
  }

  /** Asks every peer for a sign of life, to measure the way. */
  measure(now: number): void {
    for (const { link } of this.#up.values()) link.measure(now);
  }

  /** What the way to each peer and back took last, in ms. */
  trips(): Map<ServerId, number> {
    const trips = new Map<ServerId, number>();
    for (const [id, { link }] of this.#up) if (link.tripMs !== undefined) trips.set(id, link.tripMs);
    return trips;
  }

  // ── What the edge and discovery call ───────────────────────────────────────────────────────────────────────────

  start(now: number): void {
    this.#startedAt = now;
    this.#tickedAt = now;
    for (const peer of this.#config.peers) this.#dialler.configure(peer, now);
    this.#dialler.tick(now);
  }

  /** A server of this network was heard of, by somebody who knows the secret. */
  found(peer: Contact, now: number): void {
    if (this.#leaving) return;
    if (sameServer(peer, this.self)) return this.#foundTwin(peer);
    this.#dialler.found(peer, now);
    this.#dialler.tick(now);
  }

  /** The connection that dial() asked for. */
  dialled(number: number, connection: ConnectionId, now: number, certifies?: Certifies): void {
    const attempt = this.#dialler.connected(number);
    if (attempt === undefined) return this.#out.close(connection, true);
    const { target, until } = attempt;
    const link = new Link(this.#host, connection, 'dialler', until, now, certifies);
    this.#add({ link, address: `${target.endpoint.host}:${target.endpoint.port}`, target });
    link.open(now);
  }

  dialFailed(number: number, reason: string, now: number, why: 'unreachable' | 'tls' = 'unreachable'): void {
    this.#dialler.unreachable(number, reason, now, why);
  }

  /** What the peer has shown was not found good, before it said anything: the connection is ended. */
  distrusted(connection: ConnectionId, reason: string, now: number): void {
    this.#entries.get(connection)?.link.end('tls', reason, now);
  }

  /** A connection of somebody from `address`; with `certifies` it has to be who that says. */
  accepted(connection: ConnectionId, address: string, now: number, certifies?: Certifies): void {
    const fromThere = this.#handshakes.get(address) ?? 0;
    const inAll = this.#entries.size - this.#up.size;
    if (this.#leaving || inAll >= MOST_HANDSHAKES || fromThere >= MOST_HANDSHAKES_AN_ADDRESS) {
      this.#countTurnedAway('busy', address);
      return this.#out.close(connection, true);
    }
    this.#handshakes.set(address, fromThere + 1);
    this.#add({
      link: new Link(this.#host, connection, 'listener', now + HANDSHAKE_MS, now, certifies),
      address,
      target: undefined,
    });
  }

  /** Bytes from a connection, in one array that is given away. */
  receive(connection: ConnectionId, chunk: Uint8Array, now: number): void {
    this.#entries.get(connection)?.link.receive(chunk, now);
  }

  /** A connection is gone. */
  closed(connection: ConnectionId, reason: string, now: number): void {
    this.#entries.get(connection)?.link.end('lost', reason, now);
  }

  /** When tick() wants to be called next, in Unix ms. */
  get deadline(): number {
    return Math.min(this.#due.next, this.#dialler.deadline);
  }

  /** Does what is due. `loopDelayMs`: for how long nothing at all was done here before, so nobody could be heard. */
  tick(now: number, loopDelayMs = 0): void {
    this.#keepTime(now, loopDelayMs);
    for (let link = this.#due.take(now); link !== undefined; link = this.#due.take(now)) {
      link.tick(now);
      // Life is noted without moving the deadline; so it may come early, and then only moves.
      if (link.deadline !== Number.POSITIVE_INFINITY) this.#due.set(link, Math.max(link.deadline, now + 1));
    }
    this.#dialler.tick(now);
  }

  // ── What the node and operators ask ────────────────────────────────────────────────────────────────────────────

  /** What a link brought cannot be: ends it. */
  fail(connection: ConnectionId, detail: string, now: number): void {
    this.#entries.get(connection)?.link.close('protocol', detail, now);
  }

  /** Ends a link that does not take what it is sent. */
  stuck(connection: ConnectionId, detail: string, now: number): void {
    this.#entries.get(connection)?.link.end('silent', detail, now);
  }

  /** Closes the link to the server of that name; neither side dials for ten minutes. False when there is none. */
  sclose(name: string, comment: string, now: number): boolean {
    const peer = this.#neighbour(foldName(name));
    const entry = peer && this.#up.get(peer.id);
    if (peer === undefined || entry === undefined) return false;
    this.#dialler.block(peer.id, now);
    entry.link.sclose(comment, true, now);
    return true;
  }

  /** Takes leave of every peer and is linked to nobody any more. */
  leave(comment: string, now: number): void {
    this.#leaving = true;
    this.#dialler.stop();
    for (const { link } of [...this.#entries.values()]) link.sclose(comment, false, now);
  }

  /** Time that nobody saw pass is held against nobody: the loop stood still, or the clock leapt ahead. */
  #keepTime(now: number, loopDelayMs: number): void {
    const last = this.#tickedAt;
    this.#tickedAt = now;
    const lateMs = Math.max(loopDelayMs, now - Math.max(last, this.deadline));
    if (lateMs > 0) for (const { link } of this.#entries.values()) link.forgive(lateMs, now);
  }

  // ── Links ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #add(entry: Entry): void {
    const { link } = entry;
    assert(!this.#entries.has(link.id), 'a connection that is a link already');
    this.#entries.set(link.id, entry);
    this.#due.set(link, link.deadline);
  }

  #neighbour(name: string): Identity | undefined {
    for (const { link } of this.#up.values()) {
      if (link.peer !== undefined && foldName(link.peer.name) === name) return link.peer;
    }
    return undefined;
  }

  /** Decides on a link whose peer has proved who it is. */
  #verified(link: Link, now: number): void {
    const entry = this.#entryOf(link);
    const peer = link.peer as Identity;
    if (link.role === 'listener') this.#forgetHandshake(entry.address);
    const verdict = judge(this.self, peer, this.#live);
    switch (verdict.kind) {
      case 'self':
        return link.mirror(now);
      case 'registered':
        return link.refuse(verdict.incarnation, now);
      case 'accept':
        return this.#accept(entry, peer, now);
      default:
        return unreachable(verdict);
    }
  }

  #accept(entry: Entry, peer: Identity, now: number): void {
    const { link } = entry;
    const first = this.#up.get(peer.id);
    if (this.#dialler.isBlocked(peer.id, now)) return link.close('blocked', '', now);
    if (first === undefined && this.#up.size >= MOST_UP) return link.close('busy', '', now);
    const isGhost = first?.link.peer !== undefined && first.link.peer.incarnation < peer.incarnation;
    if (isGhost) first.link.close('ghost', '', now);
    else if (first !== undefined && !replaces(link, first.link, this.self, peer, now)) return link.spare(now);
    this.#goUp(entry, peer, now);
    if (first !== undefined && !isGhost) first.link.close('duplicate', '', now);
  }

  #goUp(entry: Entry, peer: Identity, now: number): void {
    const { link, target } = entry;
    link.accept(now);
    this.#up.set(peer.id, entry);
    this.#due.set(link, link.deadline);
    if (target !== undefined) this.#dialler.reached(target, peer);
    this.#out.log('info', 'link.up', { server: peer.name, id: peer.id, address: entry.address, role: link.role });
    this.#out.up(link.id, { peer, dialled: link.role === 'dialler', skewMs: link.skewMs }, now);
  }

  #ended(link: Link, why: Why, detail: string, now: number): void {
    const entry = this.#entryOf(link);
    const { peer } = link;
    this.#entries.delete(link.id);
    this.#due.clear(link);
    if (why !== 'lost') this.#out.close(link.id, why === 'silent' || why === 'timeout');
    if (link.upAt === 0 || peer === undefined) return this.#handshakeEnded(entry, why, detail, now);
    if (why !== 'registered' && now - link.upAt >= LASTING_MS) this.#lasted = true;
    const wasCurrent = this.#up.get(peer.id) === entry;
    if (wasCurrent) this.#up.delete(peer.id);
    this.#out.log('info', 'link.down', { server: peer.name, id: peer.id, why, detail });
    this.#out.down(link.id, peer, why, detail, now);
    if (why === 'sclose') this.#dialler.block(peer.id, now);
    if (wasCurrent && why !== 'leaving' && why !== 'ghost') this.#dialler.lost(peer, link.upAt, why, now);
    this.#endLife(now);
  }

  #handshakeEnded(entry: Entry, why: Why, detail: string, now: number): void {
    const { link, target } = entry;
    if (link.role === 'listener') {
      if (link.peer === undefined) this.#forgetHandshake(entry.address);
      this.#countTurnedAway(why, entry.address, why === 'tls' ? detail : '');
      return;
    }
    if (target === undefined) return;
    if (link.peer !== undefined && why !== 'self') this.#dialler.reached(target, link.peer);
    this.#dialler.ended(target, why, detail, now);
    this.#endLife(now);
  }

  /** The peer says that there is another one of us. */
  #refused(link: Link, incarnation: number, now: number): void {
    const { peer } = link;
    this.#out.log('warn', 'link.registered', { server: peer?.name ?? '*', incarnation });
    const isStarter = now - this.#startedAt < STARTER_MS && this.#config.reborn !== true && !this.#hasLasted(link, now);
    // Who says so because he himself is called like us tells us of no ghost of ours.
    const isTwin = peer !== undefined && clashes(peer, this.self);
    if (!isStarter || isTwin || incarnation < this.self.incarnation) return;
    this.#ghost = incarnation;
  }

  /** Whether the network has had us for a while already, over another link than this one. */
  #hasLasted(link: Link, now: number): boolean {
    for (const other of this.#up.values()) if (other.link !== link && now - other.link.upAt >= LASTING_MS) return true;
    return this.#lasted;
  }

  /** Whoever takes us for a ghost of ours has to see the next life: this one ends here. */
  #endLife(now: number): void {
    if (this.#ghost === 0 || this.#leaving) return;
    this.#leaving = true;
    this.#dialler.stop();
    for (const { link } of [...this.#entries.values()]) link.close('ghost', '', now);
    this.#out.outlived(this.#ghost + 1, now);
  }

  /** Somebody else says that he is us: he would be told so on a link, but two of one name and address never need one. */
  #foundTwin(peer: Contact): void {
    if (peer.incarnation <= this.#twin) return;
    this.#twin = peer.incarnation;
    this.#out.log('warn', 'server.twice', { server: peer.name, id: peer.id, port: peer.port });
  }

  /** `address` and `detail`: of the last of them. */
  #countTurnedAway(why: Why, address: string, detail = ''): void {
    const before = this.turnedAway.get(why) ?? 0;
    this.turnedAway.set(why, before + 1);
    // Whoever knocks does not write the log: the first of a kind does, and from then on each that doubles the count.
    if ((before & (before + 1)) !== 0) return;
    const advice = adviceOn(why);
    const more = { ...(detail === '' ? {} : { detail }), ...(advice === '' ? {} : { advice }) };
    this.#out.log('warn', 'link.refused', { why, count: before + 1, address, ...more });
  }

  #forgetHandshake(address: string): void {
    const left = (this.#handshakes.get(address) ?? 1) - 1;
    if (left > 0) this.#handshakes.set(address, left);
    else this.#handshakes.delete(address);
  }

  #entryOf(link: Link): Entry {
    const entry = this.#entries.get(link.id);
    assert(entry?.link === link, 'a link that is in no table');
    return entry;
  }

  // ── What links and the dialler ask ─────────────────────────────────────────────────────────────────────────────

  #hostOf(secrets: Secrets, chance: Chance): LinkHost {
    return {
      network: this.#config.network,
      limits: this.#config.limits ?? LINK_LIMITS,
      secrets,
      chance,
      frame: new Frame(),
      self: () => this.self,
      send: (link, bytes) => this.#out.send(link.id, bytes),
      verified: (link, now) => this.#verified(link, now),
      handOn: (link, frame, now) => this.#out.frame(link.id, frame, now),
      refused: (link, incarnation, now) => this.#refused(link, incarnation, now),
      unknown: () => this.unknownFrames++,
      ended: (link, why, detail, now) => this.#ended(link, why, detail, now),
    };
  }

  #diallerOut(): DiallerOut {
    return {
      self: () => this.self,
      isLinked: (peer) => (this.#up.get(peer.id)?.link.peer?.incarnation ?? 0) >= peer.incarnation,
      dial: (number, to) => this.#out.dial(number, to),
      cancel: (number) => this.#out.cancel(number),
      failed: ({ endpoint: { host, port } }, why, detail) => {
        const advice = adviceOn(why);
        const fields = { address: `${host}:${port}`, why, detail };
        if (advice === '') this.#out.log('info', 'dial.failed', fields);
        else this.#out.log('warn', 'dial.failed', { ...fields, advice });
      },
    };
  }
}
