// A network of servers in memory: discovery and links as they are, on virtual time, over streams and datagrams that a
// seed delays, loses, doubles and reorders. Streams keep their order, come in pieces, and may be cut with a word
// (reset) or without one (silence).

import { type ConnectionId, connectionId, type ServerId } from '../../src/base/ids.ts';
import { Discovery } from '../../src/mesh/discovery.ts';
import { type Contact, type Endpoint, foldName, type Identity } from '../../src/mesh/identity.ts';
import { Links, type LinksOut, type UpLink } from '../../src/mesh/links.ts';
import type { Secrets } from '../../src/mesh/secrets.ts';
import type { Why } from '../../src/mesh/why.ts';
import type { Frame } from '../../src/wire/scanner.ts';
import { Random } from '../sim/random.ts';
import { NETWORK, SeededChance, START, secrets } from './servers.ts';

export interface Weather {
  /** Of datagrams. */
  readonly loss: number;
  readonly doubled: number;
  readonly delayMs: readonly [number, number];
}
const CALM: Weather = { loss: 0, doubled: 0, delayMs: [1, 5] };

export interface ServerOptions {
  readonly peers?: readonly Endpoint[];
  readonly secrets?: Secrets;
  readonly multicast?: boolean;
  readonly network?: string;
}

interface End {
  readonly server: Server;
  readonly id: ConnectionId;
  /** When the last thing sent to this end arrives: a stream keeps its order. */
  lastAt: number;
  open: boolean;
}

/** One connection between two servers. */
interface Pipe {
  readonly ends: readonly [End, End];
  silent: boolean;
}

export class Network {
  now = START;
  readonly servers: Server[] = [];
  readonly random: Random;
  weather = CALM;
  /** Every byte that was sent over streams and datagrams, for those who record. */
  readonly recorded: { from: Server; bytes: Uint8Array }[] = [];
  readonly pipes = new Set<Pipe>();
  /** What is to happen, in order; what is due in one ms in the order in which it came about. */
  readonly #events: { readonly at: number; readonly work: () => void }[] = [];
  readonly #cut = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  add(self: Identity, options: ServerOptions = {}): Server {
    const server = new Server(this, self, options);
    this.servers.push(server);
    return server;
  }

  /** Does `work` after so many ms. */
  after(ms: number, work: () => void): void {
    this.#at(this.now + ms, work);
  }

  /** Runs until `ms` have passed, or until `until` holds; returns how many ms it took. */
  run(ms: number, until: () => boolean = () => false): number {
    const [begin, end] = [this.now, this.now + ms];
    while (!until()) {
      const next = Math.min(
        this.#events[0]?.at ?? Number.POSITIVE_INFINITY,
        ...this.servers.map((server) => server.deadline),
      );
      if (next > end) {
        this.now = end;
        break;
      }
      this.now = Math.max(this.now, next);
      if ((this.#events[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now) this.#events.shift()?.work();
      else for (const server of this.servers) server.tick();
    }
    return this.now - begin;
  }

  delay(): number {
    return this.random.between(...this.weather.delayMs);
  }

  /** Nothing passes between two servers from now on, and nobody is told. */
  cut(a: Server, b: Server): void {
    this.#cut.add(`${a.self.ip} ${b.self.ip}`).add(`${b.self.ip} ${a.self.ip}`);
  }
  heal(a: Server, b: Server): void {
    this.#cut.delete(`${a.self.ip} ${b.self.ip}`);
    this.#cut.delete(`${b.self.ip} ${a.self.ip}`);
    // What was sent meanwhile is lost for good here, so a stream that was cut is of no use any more.
    for (const pipe of this.pipes) {
      const [x, y] = pipe.ends;
      if ((x.server === a && y.server === b) || (x.server === b && y.server === a)) pipe.silent = true;
    }
  }
  isCut(a: Server, b: Server): boolean {
    return this.#cut.has(`${a.self.ip} ${b.self.ip}`);
  }

  /** From now on dials between two servers fail at once. */
  refuse(a: Server, b: Server): void {
    this.#refused.add(`${a.self.ip} ${b.self.ip}`).add(`${b.self.ip} ${a.self.ip}`);
  }
  admit(a: Server, b: Server): void {
    this.#refused.delete(`${a.self.ip} ${b.self.ip}`);
    this.#refused.delete(`${b.self.ip} ${a.self.ip}`);
  }

  /** Ends every stream between two servers; each hears of it, or only the one that is named. */
  reset(a: Server, b: Server, heard: readonly Server[] = [a, b]): void {
    for (const pipe of [...this.pipes]) {
      const [x, y] = pipe.ends;
      if (!(x.server === a && y.server === b) && !(x.server === b && y.server === a)) continue;
      for (const end of pipe.ends) if (heard.includes(end.server)) this.#lose(end, 'reset');
      if (heard.length < 2) pipe.silent = true;
      else this.pipes.delete(pipe);
    }
  }

  datagram(from: Server, bytes: Uint8Array, to: Endpoint | 'group'): void {
    this.recorded.push({ from, bytes });
    for (const server of this.servers) {
      if (to !== 'group' && to.host !== server.self.ip) continue;
      if (!server.alive || !server.multicast || this.isCut(from, server)) continue;
      if (this.random.chance(this.weather.loss)) continue;
      const copies = this.random.chance(this.weather.doubled) ? 2 : 1;
      for (let i = 0; i < copies; i++) {
        this.after(this.delay(), () => {
          if (server.alive) server.discovery.datagram(bytes, from.self.ip, 5000 + from.self.id, this.now);
        });
      }
    }
  }

  dial(from: Server, number: number, to: Endpoint): void {
    this.after(this.delay(), () => {
      const there = this.servers.find((server) => server.alive && server.isAt(to));
      if (!from.alive) return;
      if (there !== undefined && this.isCut(from, there)) return;
      const refused = there === undefined || this.#refused.has(`${from.self.ip} ${there.self.ip}`);
      if (refused) return from.links.dialFailed(number, 'ECONNREFUSED', this.now);
      this.#connect(from, there, number);
    });
  }

  send(from: Server, id: ConnectionId, bytes: Uint8Array): void {
    this.recorded.push({ from, bytes });
    const found = this.#find(from, id);
    if (found === undefined) return;
    const { pipe, far } = found;
    for (let at = 0; at < bytes.length; ) {
      const size = this.random.chance(0.3) ? this.random.between(1, 40) : bytes.length;
      const piece = bytes.slice(at, at + size);
      at += size;
      this.#deliver(pipe, far, () => far.server.links.receive(far.id, piece, this.now));
    }
  }

  close(from: Server, id: ConnectionId): void {
    const found = this.#find(from, id);
    if (found === undefined) return;
    const { pipe, near, far } = found;
    near.open = false;
    this.#deliver(pipe, far, () => {
      this.pipes.delete(pipe);
      this.#lose(far, 'closed by the peer');
    });
  }

  /** A server is gone at once; its peers are told by their systems, or not at all. */
  crash(server: Server, silently = false): void {
    server.alive = false;
    for (const pipe of [...this.pipes]) {
      if (!pipe.ends.some((end) => end.server === server)) continue;
      pipe.silent = true;
      for (const end of pipe.ends) {
        if (end.server !== server && !silently) this.after(this.delay(), () => this.#lose(end, 'reset'));
      }
    }
    this.servers.splice(this.servers.indexOf(server), 1);
  }

  #connect(from: Server, there: Server, number: number): void {
    const ends = [from, there].map((server) => ({ server, id: server.nextId(), lastAt: this.now, open: true }));
    const pipe = { ends: ends as unknown as [End, End], silent: false };
    this.pipes.add(pipe);
    const [near, far] = pipe.ends;
    this.#deliver(pipe, far, () => there.links.accepted(far.id, from.self.ip, this.now));
    this.#deliver(pipe, near, () => from.links.dialled(number, near.id, this.now));
  }

  #deliver(pipe: Pipe, end: End, work: () => void): void {
    end.lastAt = Math.max(end.lastAt, this.now + this.delay());
    this.#at(end.lastAt, () => {
      const [x, y] = pipe.ends;
      if (end.open && end.server.alive && !pipe.silent && !this.isCut(x.server, y.server)) work();
    });
  }

  #at(at: number, work: () => void): void {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { at, work });
  }

  #lose(end: End, reason: string): void {
    if (!end.open || !end.server.alive) return;
    end.open = false;
    end.server.links.closed(end.id, reason, this.now);
  }

  #find(from: Server, id: ConnectionId): { pipe: Pipe; near: End; far: End } | undefined {
    for (const pipe of this.pipes) {
      const [x, y] = pipe.ends;
      if (x.server === from && x.id === id && x.open) return { pipe, near: x, far: y };
      if (y.server === from && y.id === id && y.open) return { pipe, near: y, far: x };
    }
    return undefined;
  }
}

export class Server implements LinksOut {
  readonly network: Network;
  links!: Links;
  discovery!: Discovery;
  readonly multicast: boolean;
  /** The links that are up. */
  readonly ups = new Map<ConnectionId, UpLink>();
  readonly events: string[] = [];
  /** Events, and events with their fields. */
  readonly logged: string[] = [];
  readonly lines: string[] = [];
  readonly frames: string[] = [];
  dials = 0;
  alive = false;
  reincarnations: number[] = [];
  /** The latest lives of servers that were heard of. */
  readonly latest = new Map<ServerId, number>();
  readonly #first: Identity;
  readonly #begin: (life: { readonly self: Identity; readonly reborn?: boolean }) => void;
  #ids = 0;

  constructor(network: Network, self: Identity, options: ServerOptions) {
    this.network = network;
    this.#first = self;
    this.multicast = options.multicast ?? true;
    const using = options.secrets ?? secrets();
    const chance = new SeededChance(network.random.u32());
    const name = options.network ?? NETWORK;
    const config = { network: name, self, peers: options.peers ?? [] };
    const live = {
      byName: (name: string) => this.reachable((peer) => foldName(peer.name) === name),
      byId: (id: ServerId) => this.reachable((peer) => peer.id === id),
      latest: (id: ServerId) => this.latest.get(id) ?? 0,
    };
    this.#begin = (life) => {
      const { self } = life;
      this.links = new Links({ ...config, ...life }, using, chance, live, this);
      this.discovery = new Discovery({ network: name, self: () => self }, using, chance, {
        datagram: (bytes, to) => network.datagram(this, bytes, to),
        found: (peer, _, now) => this.links.found(peer, now),
        unheard: () => undefined,
        searched: () => undefined,
        countedDrops: () => undefined,
      });
    };
    this.#begin({ self });
  }

  get self(): Identity {
    return this.links?.self ?? this.#first;
  }

  start(): this {
    this.alive = true;
    this.links.start(this.network.now);
    if (this.multicast) this.discovery.start(this.network.now);
    return this;
  }

  isAt(to: Endpoint): boolean {
    return (to.host === this.self.ip || to.host === this.self.name) && to.port === this.self.port;
  }

  get deadline(): number {
    return this.alive ? Math.min(this.links.deadline, this.discovery.deadline) : Number.POSITIVE_INFINITY;
  }

  tick(): void {
    if (!this.alive) return;
    this.discovery.tick(this.network.now);
    this.links.tick(this.network.now);
  }

  nextId(): ConnectionId {
    return connectionId(++this.#ids);
  }

  /** The names of the servers that a link is up to, in order. */
  get peers(): string[] {
    return [...this.ups.values()].map(({ peer }) => peer.name).sort();
  }

  /** Somebody whom links reach from here, as the network knows and not as the server does. */
  reachable(wanted: (peer: Contact) => boolean): Contact | undefined {
    const seen = new Set<Server>([this]);
    for (const server of seen) {
      for (const { peer } of server.ups.values()) {
        if (wanted(peer) && peer.id !== this.self.id) return peer;
        const there = this.network.servers.find((each) => each.self.ip === peer.ip && each.self.port === peer.port);
        if (there !== undefined) seen.add(there);
      }
    }
    return undefined;
  }

  // ── LinksOut ───────────────────────────────────────────────────────────────────────────────────────────────────

  dial(number: number, to: Endpoint): void {
    this.dials++;
    this.network.dial(this, number, to);
  }
  cancel(): void {}
  send(connection: ConnectionId, bytes: Uint8Array): void {
    this.network.send(this, connection, bytes);
  }
  close(connection: ConnectionId): void {
    this.network.close(this, connection);
  }
  up(connection: ConnectionId, link: UpLink): void {
    if (this.ups.has(connection)) throw new Error('up twice');
    const before = [...this.ups.values()].find(({ peer }) => peer.id === link.peer.id);
    if (before !== undefined && before.peer.incarnation !== link.peer.incarnation) throw new Error('beside a ghost');
    this.ups.set(connection, link);
    this.events.push(`up ${link.peer.name}`);
  }
  down(connection: ConnectionId, peer: Identity, why: Why): void {
    if (!this.ups.delete(connection)) throw new Error('down without up');
    this.events.push(`down ${peer.name} ${why}`);
  }
  frame(_: ConnectionId, frame: Frame): boolean {
    this.frames.push(frame.verb());
    return false;
  }
  outlived(incarnation: number): void {
    if (this.ups.size > 0) throw new Error('a life that is over and has links');
    this.reincarnations.push(incarnation);
    this.discovery.stop();
    this.#begin({ self: { ...this.self, incarnation }, reborn: true });
    this.start();
  }
  log(_: string, event: string, fields: Readonly<Record<string, string | number>>): void {
    this.logged.push(event);
    this.lines.push([event, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join(' '));
  }
}
