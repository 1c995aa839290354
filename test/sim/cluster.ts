// The servers of a run and what is between them: hosts with clocks of their own, on each a server that lives, stands
// still, dies and comes again; wires for their links, and datagrams that get lost, doubled and late. A client's way to a
// server is always whole: what becomes of clients they do themselves, or their server does.

import type { Endpoint } from '../../src/mesh/identity.ts';
import { ipOf, LINK_PORT } from './addresses.ts';
import { Network } from './network.ts';
import type { Random } from './random.ts';
import type { Life, Record } from './record.ts';
import { SimServer } from './server.ts';
import type { Sometimes } from './sometimes.ts';
import { connection, type End, type Way } from './transport.ts';
import type { Violation } from './violation.ts';
import { linkWays, serverWeather, type Weather } from './weather.ts';
import type { World } from './world.ts';

/** Violations kept of one run. */
const MOST_VIOLATIONS = 20;
const SYN_AGAIN_MS = 1_000;
const SYN_MS = 6_000;
/** From the word that it ends to the end of the process. */
const PARTING_MS = 1_000;
/** Servers whose clocks differ by 30 s do not find each other. */
const MOST_OFF_MS = 14_000;
const HELLO_PORT = 40_000;

export class Host {
  readonly index: number;
  readonly name: string;
  readonly ip: string;
  /** Undefined while it is down. */
  server: SimServer | undefined;
  /** Its clock less the world's. */
  clockMs: number;
  /** Nothing is there that could refuse a connection. */
  isDark = false;
  lives = 0;
  readonly #cluster: Cluster;
  #stopping = false;

  constructor(cluster: Cluster, index: number, clockMs: number) {
    this.#cluster = cluster;
    this.index = index;
    this.name = serverWeather(cluster.weather, index, 0).node.chat.server.name;
    this.ip = ipOf(index);
    this.clockMs = clockMs;
  }

  /** Begins a life; `incarnation` where that is not what the clock says. */
  start(incarnation?: number): void {
    if (this.server !== undefined) return;
    const { world, weather, record } = this.#cluster;
    this.isDark = false;
    this.#stopping = false;
    this.lives++;
    const clock = (): number => world.now + this.clockMs;
    world.note(this.name, `begins life ${this.lives}`);
    const began = incarnation ?? clock();
    const life = serverWeather(weather, this.index, began, incarnation !== undefined);
    record.lives.push({ server: this.index, incarnation: began, from: world.elapsed, until: Number.POSITIVE_INFINITY });
    this.server = new SimServer(this.name, world, life, {
      clock,
      dial: (to, done) => this.#cluster.dial(this.index, to, done),
      datagram: (bytes, to) => this.#cluster.datagram(this.index, bytes, to),
      tap: (end) => record.link(end.name, this.index, world),
      stop: (reason) => this.stop(reason),
      beginAnew: (incarnation) => this.#beginAnew(incarnation),
      sometimes: (event) => this.#cluster.sometimes.count(event),
      violate: (violation) => this.#cluster.violate(violation),
    });
  }

  /** Dies; `isDark`: with its host, so that nobody is told. */
  crash(isDark: boolean): void {
    const { server } = this;
    if (server === undefined) return;
    const { world, record } = this.#cluster;
    world.note(this.name, isDark ? 'goes dark' : 'dies');
    (record.life(this.index) as Life).until = world.elapsed;
    this.#endHalts();
    this.server = undefined;
    this.isDark = isDark;
    server.kill(isDark);
  }

  /** Takes leave and ends. */
  stop(reason: string): void {
    const { server } = this;
    if (server === undefined || this.#stopping) return;
    const { world } = this.#cluster;
    this.#stopping = true;
    world.note(this.name, 'stops');
    server.shutdown(reason);
    world.after(PARTING_MS, () => {
      if (this.server === server) this.crash(false);
      // Somebody's word may come when nobody is there any more to begin its next life.
      if (world.calm) this.start();
    });
  }

  #beginAnew(incarnation: number): void {
    if (this.server === undefined || this.#stopping) return;
    this.crash(false);
    this.start(incarnation);
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Stands still for a while. */
  pause(ms: number): void {
    const { server } = this;
    if (server === undefined || server.gate.isShut) return;
    const { world, record } = this.#cluster;
    world.note(this.name, `stands still for ${ms} ms`);
    server.gate.isShut = true;
    const halt = { server: this.index, from: world.elapsed, until: Number.POSITIVE_INFINITY };
    record.halts.push(halt);
    world.after(ms, () => this.#goOn(server));
  }

  #goOn(server: SimServer): void {
    if (server.isOver || !server.gate.isShut) return;
    this.#cluster.world.note(this.name, 'goes on');
    this.#endHalts();
    server.gate.open();
  }

  #endHalts(): void {
    const { world, record } = this.#cluster;
    for (const halt of record.halts) {
      if (halt.server === this.index && halt.until === Number.POSITIVE_INFINITY) halt.until = world.elapsed;
    }
  }

  /** Its clock is set: ahead, or back. */
  leap(ms: number): void {
    const { world, record } = this.#cluster;
    const before = this.clockMs;
    this.clockMs = Math.max(-MOST_OFF_MS, Math.min(MOST_OFF_MS, before + ms));
    const back = before - this.clockMs;
    // No server lets its time go back: it stands until the clock has caught up with it.
    if (back > 0) record.halts.push({ server: this.index, from: world.elapsed, until: world.elapsed + back });
  }

  heal(): void {
    if (this.server === undefined || this.#stopping) {
      this.crash(false);
      this.start();
    } else this.#goOn(this.server);
  }
}

export class Cluster {
  readonly world: World;
  readonly weather: Weather;
  readonly record: Record;
  readonly sometimes: Sometimes;
  readonly hosts: readonly Host[];
  readonly network: Network;
  readonly violations: Violation[] = [];
  /** What went over the network, for those who record. */
  readonly overheard: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  /** Connections of servers with each other; some are closed. */
  links: { readonly a: number; readonly b: number; readonly end: End }[] = [];
  readonly #random: Random;
  #links = 0;

  constructor(world: World, weather: Weather, record: Record, sometimes: Sometimes) {
    this.world = world;
    this.weather = weather;
    this.record = record;
    this.sometimes = sometimes;
    this.#random = world.random.fork();
    this.network = new Network(weather.servers);
    this.hosts = weather.network.clocks.map((clockMs, index) => new Host(this, index, clockMs));
  }

  violate(violation: Violation): void {
    if (this.violations.length < MOST_VIOLATIONS) this.violations.push(violation);
  }

  /** A client's connection to a server: closed soon when nobody is there. */
  connect(host: Host, name: string, address: string, there: Way, back: Way, random: Random): End {
    const [near, far] = connection(this.world, name, there, back, random);
    const { server } = host;
    if (server !== undefined && !host.isStopping) server.accept(far, address);
    else this.world.after(2, () => far.terminate());
    return near;
  }

  /** Connects `from` to another server's listener for links. */
  dial(from: number, to: Endpoint, done: (end: End | undefined, reason: string) => void): void {
    const target = this.hosts.find(({ ip }) => ip === to.host);
    if (target === undefined || to.port !== LINK_PORT) {
      const what = `s${from + 1} dials ${to.host}:${to.port}, of which no server of the network told it`;
      return this.violate({ invariant: 'S2', at: this.world.elapsed, what });
    }
    const [there, back] = [this.network.wire(from, target.index), this.network.wire(target.index, from)];
    const ways = linkWays(this.weather);
    const begun = this.world.now;
    const syn = (): void => {
      if (this.world.now - begun > SYN_MS) return;
      if (there.isCut || target.isDark) return this.world.after(SYN_AGAIN_MS, syn);
      const { server } = target;
      const answer = (what: () => void): void => this.world.after(ways[1].delayMs, () => back.carry(what));
      if (server === undefined || target.isStopping) return answer(() => done(undefined, 'ECONNREFUSED'));
      const name = `l${++this.#links}.${from}-${target.index}`;
      const [near, far] = connection(this.world, name, ways[0], ways[1], this.#random.fork());
      near.wire = there;
      far.wire = back;
      this.links.push({ a: from, b: target.index, end: near });
      server.acceptLink(far, ipOf(from));
      answer(() => done(near, ''));
    };
    this.world.after(ways[0].delayMs, syn);
  }

  /** LINK: between two servers there is one link at most when all is quiet. */
  checkLinks(): void {
    const seen = new Set<string>();
    for (const { a, b, end } of this.links) {
      const pair = [a, b].sort().join(' and ');
      if (end.closed || end.other.closed) continue;
      if (seen.has(pair)) {
        this.violate({ invariant: 'LINK', at: this.world.elapsed, what: `two links between servers ${pair}` });
      }
      seen.add(pair);
    }
  }

  /** Resets what two servers are connected by. */
  reset(a: number, b: number): void {
    this.links = this.links.filter(({ end }) => !end.closed);
    for (const link of this.links) {
      if ((link.a !== a || link.b !== b) && (link.a !== b || link.b !== a)) continue;
      link.end.fail();
    }
  }

  /** A stranger's connection to a listener for links. */
  knock(target: Host, name: string, address: string): End | undefined {
    const { server } = target;
    if (server === undefined || target.isStopping) return undefined;
    const ways = linkWays(this.weather);
    const [near, far] = connection(this.world, name, ways[0], ways[1], this.#random.fork());
    server.acceptLink(far, address);
    return near;
  }

  datagram(from: number, bytes: Uint8Array, to: Endpoint | 'group'): void {
    this.overheard.push({ from, bytes });
    for (const host of this.hosts) {
      if (to !== 'group' && to.host !== host.ip) continue;
      const { datagrams } = this.weather.network;
      if (this.network.wire(from, host.index).isCut) continue;
      if (!this.world.calm && this.#random.chance(datagrams.loss)) continue;
      this.#carry(host, bytes, ipOf(from), HELLO_PORT + from);
      if (this.#random.chance(datagrams.doubled)) this.#carry(host, bytes, ipOf(from), HELLO_PORT + from);
    }
  }

  /** A datagram of whoever says it comes from `ip`. */
  forge(host: Host, bytes: Uint8Array, ip: string): void {
    this.#carry(host, bytes, ip, HELLO_PORT);
  }

  #carry(host: Host, bytes: Uint8Array, ip: string, port: number): void {
    this.world.after(this.#random.between(1, this.weather.network.datagrams.delayMs), () => {
      host.server?.datagram(bytes, ip, port);
    });
  }
}
