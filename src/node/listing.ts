// Listings: servers, links, rooms and clients as operators are shown them, a bounded page at a time. Looking costs one
// pass over what there is; nothing is kept but how fast rooms were when they were looked at last.

import { serverId } from '../base/ids.ts';
import type { Room } from '../chat/rooms.ts';
import type { User } from '../chat/users.ts';
import type { Connection } from './connection.ts';
import type { Node } from './node.ts';
import { Channel } from './rooms.ts';

/** The furthest that a page reaches: who looks for more looks for a part of the name. */
export const MOST_LISTED = 1000;

/** A part of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** All that fit, whether listed or not. */
  readonly total: number;
}

export interface PageQuery {
  readonly offset: number;
  readonly limit: number;
  /** A part of a name, in whatever case; '' for all. */
  readonly search: string;
}

export interface ServerItem {
  readonly name: string;
  readonly id: number;
  readonly hopcount: number;
  readonly via: string;
  readonly users: number;
  readonly info: string;
  /** The servers that it has a link with, by name; empty for one that is alone. */
  readonly links: readonly string[];
  /** What it told of itself in the last seconds; missing where nothing came. */
  readonly load?: { readonly rooms: number; readonly inRate: number; readonly outRate: number };
}

export interface LinkItem {
  readonly server: string;
  readonly id: number;
  readonly address: string;
  readonly incarnation: number;
  /** Ms since it was heard last. */
  readonly silentMs: number;
  /** Bytes that wait to be taken by it. */
  readonly waitingBytes: number;
  /** Bytes to it and from it since the link came up. */
  readonly writtenBytes: number;
  readonly receivedBytes: number;
  /** The way there and back, in ms; missing where it was not measured yet. */
  readonly roundTripMs?: number;
}

export interface RoomItem {
  readonly name: string;
  readonly members: number;
  /** Those who are connected to this server. */
  readonly here: number;
  readonly epoch: string;
  readonly next: number;
  /** Numbers a second, as seen here lately. */
  readonly rate: number;
  /** Those who are connected here and have not taken all that was said, because they are full. */
  readonly behind: number;
}

export interface ClientItem {
  readonly nick: string;
  readonly uid: string;
  readonly user: string;
  /** As other clients are shown it. */
  readonly host: string;
  readonly server: string;
  readonly rooms: number;
}

export interface RoomDetail extends RoomItem {
  /** The first number that is kept. */
  readonly floor: number;
  /** The first MOST_LISTED members. */
  readonly clients: readonly ClientItem[];
}

export interface ClientDetail extends ClientItem {
  readonly realname: string;
  readonly in: readonly string[];
  /** Of a client of this server. */
  readonly connection?: {
    readonly openedAt: number;
    readonly silentMs: number;
    readonly waitingBytes: number;
    readonly writtenBytes: number;
    readonly lags: number;
  };
}

/** A client of this server that does not take what it is given. */
export interface LaggardItem {
  readonly nick: string;
  readonly uid: string;
  /** As other clients are shown it. */
  readonly host: string;
  /** Bytes that wait for it alone, and bytes of rooms that it has still to take. */
  readonly waitingBytes: number;
  readonly behindBytes: number;
  /** Ms since it took anything; 0 where it takes what comes. */
  readonly stalledMs: number;
  /** Times that a room overtook it. */
  readonly lags: number;
}

export type RoomOrder = 'members' | 'rate' | 'name';

export class Listing {
  readonly #node: Node;
  readonly #speeds = new WeakMap<Room, { next: number; at: number; rate: number }>();

  constructor(node: Node) {
    this.#node = node;
  }

  /** Notes how far each room is; called every few seconds by whoever wants rates. */
  sample(now: number): void {
    for (const room of this.#node.chat.rooms.all()) {
      const { next } = room.port.order;
      const before = this.#speeds.get(room);
      if (before === undefined) this.#speeds.set(room, { next, at: now, rate: 0 });
      else if (now > before.at) {
        before.rate = Math.max(0, ((next - before.next) * 1000) / (now - before.at));
        before.next = next;
        before.at = now;
      }
    }
  }

  servers(): readonly ServerItem[] {
    const mesh = this.#node.links?.mesh;
    const topology = mesh?.replica.topology;
    return this.#node.chat.servers().map((row) => {
      const id = serverId(row.id);
      const neighbours = topology?.server(id)?.neighbours.filter((other) => topology.linked(id, other)) ?? [];
      const server = { ...row, links: neighbours.map((other) => topology?.name(other) ?? '') };
      const told = mesh?.pulse.of(row.id);
      if (told === undefined) return server;
      const { rooms, inRate, outRate } = told;
      return { ...server, load: { rooms, inRate, outRate } };
    });
  }

  links(now: number): readonly LinkItem[] {
    const { connections, links } = this.#node;
    const trips = links?.mesh.links.trips();
    return [...(links?.mesh.links.peers() ?? [])].map(({ connection, peer, heardAt, receivedBytes }) => {
      const { name: server, id, ip, port, incarnation } = peer;
      const { held: waitingBytes = 0, written: writtenBytes = 0 } = connections.at(connection)?.outbox ?? {};
      const traffic = { waitingBytes, writtenBytes, receivedBytes };
      const silentMs = Math.max(0, now - heardAt);
      const roundTripMs = trips?.get(id);
      const way = roundTripMs === undefined ? {} : { roundTripMs };
      return { server, id, address: `${ip} ${port}`, incarnation, silentMs, ...traffic, ...way };
    });
  }

  rooms(query: PageQuery, order: RoomOrder): Page<RoomItem> {
    const words = query.search.toLowerCase();
    const all = this.#node.chat.rooms.all();
    const { items, total } = pageOf(all, query, (room) => room.key.includes(words), this.#before(order));
    return { items: items.map((room) => this.#item(room)), total };
  }

  room(name: string): RoomDetail | undefined {
    const room = this.#node.chat.rooms.find(name);
    if (room === undefined) return undefined;
    const clients = [...room.members.values().take(MOST_LISTED)].map(clientItem);
    return { ...this.#item(room), floor: room.port.order.floor, clients };
  }

  /** Everybody whose nickname or host has the words in it, those who came first in front. */
  clients(query: PageQuery, server: string): Page<ClientItem> {
    const words = query.search.toLowerCase();
    const fits = (user: User): boolean =>
      (server === '' || user.server === server) &&
      (words === '' || user.folded.includes(words) || user.host.toLowerCase().includes(words));
    const { items, total } = pageOf(this.#node.chat.users.all(), query, fits, () => false);
    return { items: items.map(clientItem), total };
  }

  client(user: User, now: number): ClientDetail {
    const { connections } = this.#node;
    const item = { ...clientItem(user), realname: user.realname, in: user.rooms.map(({ name }) => name) };
    const connection = user.session && connections.at(user.session.connection);
    if (connection === undefined) return item;
    const { openedAt, heardAt, outbox } = connection;
    const { held: waitingBytes, written: writtenBytes, lags } = outbox;
    const silentMs = Math.max(0, now - heardAt);
    return { ...item, connection: { openedAt, silentMs, waitingBytes, writtenBytes, lags } };
  }

  /** Clients of this server who are behind, or were overtaken: those who take nothing in front, then those who lack most. */
  laggards(query: PageQuery, now: number): Page<LaggardItem> {
    const words = query.search.toLowerCase();
    const all = laggardsOf(this.#node.connections, now);
    const { items, total } = pageOf(all, query, ({ user }) => user.folded.includes(words), isWorse);
    return { items: items.map(({ user: { nick, uid, host }, ...lag }) => ({ nick, uid, host, ...lag })), total };
  }

  #item(room: Room): RoomItem {
    const { name, members, here, port } = room;
    const { epoch, next } = port.order;
    const behind = port instanceof Channel ? port.ring.behind : 0;
    return { name, members: members.size, here, epoch, next, rate: this.#rate(room), behind };
  }

  #rate(room: Room): number {
    return Math.round((this.#speeds.get(room)?.rate ?? 0) * 100) / 100;
  }

  #before(order: RoomOrder): (a: Room, b: Room) => boolean {
    const byName = (a: Room, b: Room): boolean => a.key < b.key;
    if (order === 'name') return byName;
    const size = (room: Room): number => (order === 'members' ? room.members.size : this.#rate(room));
    return (a, b) => size(a) > size(b) || (size(a) === size(b) && byName(a, b));
  }
}

interface Laggard extends Omit<LaggardItem, 'nick' | 'uid' | 'host'> {
  readonly user: User;
}

function* laggardsOf(connections: Iterable<Connection>, now: number): Generator<Laggard> {
  for (const { session, outbox } of connections) {
    const user = session?.user;
    if (user === undefined) continue;
    const { held: waitingBytes, behind: behindBytes, lags } = outbox;
    const stalledMs = outbox.blocked ? Math.max(0, now - outbox.takenAt) : 0;
    // Whoever is not full takes what waits with the next flush.
    if (outbox.blocked || lags > 0) yield { user, waitingBytes, behindBytes, stalledMs, lags };
  }
}

/** Whether `a` takes nothing for longer than `b`, or as long and lacks more, or as much and was overtaken more often. */
function isWorse(a: Laggard, b: Laggard): boolean {
  const lacking = ({ waitingBytes, behindBytes }: Laggard): number => waitingBytes + behindBytes;
  return (a.stalledMs - b.stalledMs || lacking(a) - lacking(b) || a.lags - b.lags) > 0;
}

function clientItem(user: User): ClientItem {
  const { nick, uid, host, server, rooms } = user;
  return { nick, uid, user: user.user, host, server, rooms: rooms.length };
}

/** The page of those that fit, in the order that `before` says, and in the order of `all` where it says nothing. */
function pageOf<T>(
  all: Iterable<T>,
  { offset, limit }: PageQuery,
  fits: (item: T) => boolean,
  before: (a: T, b: T) => boolean,
): Page<T> {
  const most = Math.min(MOST_LISTED, offset + limit);
  const best: T[] = [];
  let total = 0;
  for (const item of all) {
    if (!fits(item)) continue;
    total++;
    if (best.length === most && (most === 0 || !before(item, best[most - 1] as T))) continue;
    best.splice(placeOf(item, best, before), 0, item);
    if (best.length > most) best.pop();
  }
  return { items: best.slice(offset), total };
}

/** Behind all that do not come after the item. */
function placeOf<T>(item: T, sorted: readonly T[], before: (a: T, b: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(item, sorted[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
