// A cluster for tests of chat: several servers in memory, joined by a bus that carries facts in the order of each
// server and otherwise as it likes, loses servers from each other's sight and brings them back. It does what a node
// does around chat and nothing more: facts, snapshots, the hold of a loss, and which rooms there are.

import { type RoomKey, type ServerId, serverId, type Uid } from '../../src/base/ids.ts';
import { REGISTERED } from '../../src/chat/session.ts';
import { parse, snapshot } from './frames.ts';
import { FakePeers } from './peers.ts';
import type { FakeRoom } from './room.ts';
import { Viewer } from './viewer.ts';
import { type Client, START, World } from './world.ts';

export const HOLD_MS = 3000;
const NICKS = ['a', 'b', 'B', 'c', 'd'];
const ROOMS = ['r', 's', 'S', 't'];
const UNLIMITED = { presence: 1000, rooms: 100, roomsPerUser: 100, registrationFrames: 100, goneUsers: 50 };

interface Position {
  readonly incarnation: number;
  readonly n: number;
}

/** One server. */
export class Site extends World {
  readonly id: ServerId;
  readonly name: string;
  readonly incarnation: number;
  readonly peers: FakePeers;
  /** Its facts; the n of the first is 1. */
  readonly facts: string[] = [];
  readonly known = new Map<ServerId, Position>();
  /** Since when servers are out of reach. */
  readonly lostAt = new Map<ServerId, number>();
  /** Room → server that says there is one → its name. */
  readonly claims = new Map<RoomKey, Map<ServerId, string>>();

  constructor(id: ServerId, incarnation: number) {
    const peers = new FakePeers();
    super({ ...UNLIMITED, peers, server: { id, name: `s${id}.example`, incarnation } });
    this.id = id;
    this.name = `s${id}.example`;
    this.incarnation = incarnation;
    this.peers = peers;
    peers.facts.push('<SERVER,x>');
    peers.open = (key, name) => super.openRoom(key, name);
  }

  override openRoom(key: RoomKey, name: string): FakeRoom {
    this.peers.facts.push(`<ROOM,${name}>`);
    this.#claim(this.id, key, name);
    return super.openRoom(key, name);
  }

  /** Facts of its own go into its list; what ended is said. */
  collect(): void {
    for (const key of [...this.claims.keys()]) if (this.chat.rooms.get(key) === undefined) this.#ended(key);
    this.facts.push(...this.peers.take());
  }

  hear(origin: ServerId, text: string): void {
    const [, verb, name = ''] = /^<(\w+),([^,>]*)/.exec(text) ?? [];
    const key = name.toLowerCase() as RoomKey;
    if (verb === 'ROOM') this.#known(origin, key, name);
    else if (verb === 'NOROOM') this.#over(origin, key);
    else if (verb !== 'SERVER' && this.chat.applyFact(origin, parse(text), this.now) !== 'good')
      throw new Error(`not good: ${text}`);
  }

  /** All that it knows of `origin`, as frames. */
  part(origin: ServerId): string[] {
    const rooms: string[] = [];
    for (const claims of this.claims.values()) {
      const name = claims.get(origin);
      if (name !== undefined) rooms.push(`<ROOM,${name}>`);
    }
    return [...rooms, ...snapshot(this.chat, origin)];
  }

  restore(origin: ServerId, frames: readonly string[]): void {
    const names = new Map<RoomKey, string>();
    const restoring = this.chat.restoring(origin);
    for (const text of frames) {
      const name = /^<ROOM,(.*)>$/.exec(text)?.[1];
      if (name === undefined) restoring.take(parse(text));
      else names.set(name.toLowerCase() as RoomKey, name);
    }
    for (const [key, name] of names) this.#known(origin, key, name);
    restoring.end(this.now);
    for (const [key, claims] of [...this.claims]) if (claims.has(origin) && !names.has(key)) this.#over(origin, key);
  }

  forget(origin: ServerId, kind: 'split' | 'restarted'): void {
    const far = `s${origin}.example`;
    this.chat.forget(origin, kind === 'split' ? { kind, near: this.name, far } : { kind, server: far }, this.now);
    this.known.delete(origin);
    for (const [key, claims] of [...this.claims]) if (claims.has(origin)) this.#over(origin, key);
  }

  #known(origin: ServerId, key: RoomKey, name: string): void {
    this.#claim(origin, key, name);
    this.#see(key);
  }

  #over(origin: ServerId, key: RoomKey): void {
    const claims = this.claims.get(key);
    claims?.delete(origin);
    if (claims !== undefined && claims.size > 0) return this.#see(key);
    this.claims.delete(key);
    const name = this.chat.rooms.get(key)?.name ?? '';
    if (this.chat.roomEnded(key)) return;
    // Somebody here is in it: it goes on here.
    this.peers.facts.push(`<ROOM,${name}>`);
    this.#known(this.id, key, name);
  }

  /** It ended here, its home, for nobody was in it. */
  #ended(key: RoomKey): void {
    this.peers.facts.push(`<NOROOM,${this.claims.get(key)?.get(this.id)}>`);
    this.#over(this.id, key);
  }

  #claim(origin: ServerId, key: RoomKey, name: string): void {
    const claims = this.claims.get(key) ?? new Map<ServerId, string>();
    this.claims.set(key, claims.set(origin, name));
  }

  /** The room is at home where the lowest of those is that say there is one, and has the name that it has there. */
  #see(key: RoomKey): void {
    const claims = this.claims.get(key) as Map<ServerId, string>;
    const home = Math.min(...claims.keys()) as ServerId;
    this.chat.roomKnown(key, claims.get(home) as string, this.now);
    const port = this.ports.get(key) as FakeRoom;
    port.elsewhere = home !== this.id;
    this.chat.roomDue(key, this.now);
  }
}

/** A frame on its way to one server. */
interface Route {
  readonly from: Site;
  readonly to: ServerId;
  readonly text: string;
}

export class Cluster {
  readonly random: (below: number) => number;
  readonly sites: Site[] = [];
  readonly viewers = new Map<Client, Viewer>();
  readonly counts = { snapshots: 0, splits: 0, forgotten: 0, restarts: 0, kills: 0, resumes: 0, joins: 0 };
  readonly #uids: Uid[] = [];
  readonly #routes: Route[] = [];
  /** Server → its side of the split. */
  readonly #sides = new Map<ServerId, number>();
  now = START;
  #users = 0;

  constructor(count: number, random: (below: number) => number) {
    this.random = random;
    for (let id = 1; id <= count; id++) this.sites.push(new Site(serverId(id), START));
  }

  /** Something happens somewhere. */
  step(): void {
    this.#pass(this.random(100) === 0 ? this.random(700_000) : this.random(30));
    const dice = this.random(100);
    if (dice < 55) this.#deliver();
    else if (dice < 58) this.#split();
    else if (dice < 60) this.#sides.clear();
    else if (dice === 60 && this.random(4) === 0) this.#restart();
    else this.#act();
    this.#settle();
  }

  /** The network is whole, and everybody hears everything. */
  heal(): void {
    this.#sides.clear();
    for (;;) {
      this.#pass(1);
      this.#settle();
      const route = this.#routes.shift();
      if (route !== undefined) this.#route(route);
      else if (!this.#deliver()) return;
    }
  }

  /** Everybody leaves, and all that is remembered for a while is forgotten. */
  empty(): void {
    for (const [client, { over }] of this.viewers) if (!over) client.drop();
    this.viewers.clear();
    this.#settle();
    this.heal();
    this.#pass(1_300_000);
    this.#settle();
    this.heal();
  }

  #pass(ms: number): void {
    this.now += ms;
    // Clocks are not the same: each is so many milliseconds ahead.
    for (const site of this.sites) site.pass(Math.max(0, this.now + site.id * 7 - site.now));
    for (const site of this.sites) this.#watch(site);
  }

  /** Who cannot be reached is held back for a while, then gone. */
  #watch(site: Site): void {
    for (const other of this.sites) {
      if (other === site) continue;
      if (this.#linked(site, other)) site.lostAt.delete(other.id);
      else if (!site.lostAt.has(other.id)) site.lostAt.set(other.id, this.now);
      else if (this.now - (site.lostAt.get(other.id) as number) >= HOLD_MS && site.known.has(other.id)) {
        this.counts.forgotten++;
        site.forget(other.id, 'split');
      }
    }
  }

  #linked(a: Site, b: Site): boolean {
    return (this.#sides.get(a.id) ?? 0) === (this.#sides.get(b.id) ?? 0);
  }

  #settle(): void {
    for (const site of this.sites) {
      site.collect();
      for (const [to, text] of site.peers.sent.splice(0)) this.#routes.push({ from: site, to, text });
      site.answerChecks();
    }
    for (const viewer of this.viewers.values()) viewer.read();
  }

  /** One server hears the next of another, or a route arrives; false when there is nothing to hear. */
  #deliver(): boolean {
    if (this.#routes.length > 0 && this.random(3) === 0) {
      this.#route(this.#routes.splice(this.random(this.#routes.length), 1)[0] as Route);
      return true;
    }
    const pairs: [Site, Site][] = [];
    for (const to of this.sites) {
      for (const from of this.sites)
        if (to !== from && this.#linked(to, from) && isBehind(to, from)) pairs.push([to, from]);
    }
    const pair = pairs[this.random(pairs.length || 1)];
    if (pair === undefined) return false;
    this.#hear(...pair);
    return true;
  }

  #hear(to: Site, from: Site): void {
    const before = to.known.get(from.id);
    if (before !== undefined && before.incarnation !== from.incarnation) to.forget(from.id, 'restarted');
    const n = to.known.get(from.id)?.n ?? 0;
    if (this.random(12) === 0) return this.#restore(to, from, n);
    to.known.set(from.id, { incarnation: from.incarnation, n: n + 1 });
    to.hear(from.id, from.facts[n] as string);
  }

  /** A snapshot, of the server itself or of another that knows more of it. */
  #restore(to: Site, of: Site, n: number): void {
    this.counts.snapshots++;
    const knows = this.sites.filter((site) => {
      const known = site.known.get(of.id);
      return site !== to && this.#linked(site, to) && known?.incarnation === of.incarnation && known.n > n;
    });
    const from = knows[this.random(knows.length + 1)] ?? of;
    const position =
      from === of ? { incarnation: of.incarnation, n: of.facts.length } : (from.known.get(of.id) as Position);
    to.known.set(of.id, position);
    to.restore(of.id, from.part(of.id));
  }

  #route({ from, to, text }: Route): void {
    const site = this.sites.find(({ id }) => id === to) as Site;
    if (!this.#linked(from, site)) return;
    if (site.chat.route(from.id, parse(text), site.now) !== 'good') throw new Error(`not good: ${text}`);
  }

  #split(): void {
    this.counts.splits++;
    for (const { id } of this.sites) this.#sides.set(id, this.random(2));
  }

  #restart(): void {
    this.counts.restarts++;
    const at = this.random(this.sites.length);
    const { id } = this.sites[at] as Site;
    for (const client of [...this.viewers.keys()]) if (client.world === this.sites[at]) this.viewers.delete(client);
    this.sites[at] = new Site(id, this.now + 1000);
    this.#pass(2000);
  }

  #act(): void {
    const clients = [...this.viewers.keys()].filter(({ closed, lost }) => closed === undefined && !lost);
    const client = clients[this.random(Math.max(clients.length, 8))];
    if (client === undefined) return this.#arrive();
    const nick = NICKS[this.random(NICKS.length)];
    const room = ROOMS[this.random(ROOMS.length)];
    const viewer = this.viewers.get(client) as Viewer;
    switch (this.random(9)) {
      case 0:
        return client.drop();
      case 1:
        client.say('<QUIT,so long>');
        return;
      case 2:
        client.say(`<LEAVEROOM,${room}>`);
        return;
      case 3:
        client.session.operator = { name: 'x', hash: '', grants: 'all' };
        client.say(`<KILL,${nick},x>`, `<LSEND,x,${nick}>`);
        this.counts.kills++;
        return;
      case 4:
      case 5:
        client.say(`<NICK,${nick}>`);
        return;
      default:
        viewer.join(room as string);
        this.counts.joins++;
    }
  }

  #arrive(): void {
    const site = this.sites[this.random(this.sites.length)] as Site;
    const client = site.connect();
    this.viewers.set(client, new Viewer(client));
    const old = this.#uids[this.#uids.length - 1 - this.random(12)];
    if (old !== undefined && this.random(3) === 0) {
      this.counts.resumes++;
      client.say(`<RESUME,${old},token-${old}>`);
    }
    const nick = this.random(5) > 0 ? `<NICK,${NICKS[this.random(NICKS.length)]}>` : '';
    // Everybody has a user name of its own, so that no two have one ident at any time.
    client.say(`${nick}<USER,u${++this.#users},0,*,x>`);
    if (client.session.state === REGISTERED) this.#uids.push(client.uid);
    else {
      client.drop();
      this.viewers.delete(client);
    }
  }
}

function isBehind(to: Site, from: Site): boolean {
  const known = to.known.get(from.id);
  return known?.incarnation !== from.incarnation || known.n < from.facts.length ? from.facts.length > 0 : false;
}
