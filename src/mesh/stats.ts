// Stats: figures of servers that change all the time and of which only the newest counts. They are no facts: nothing
// depends on them, what is lost is made good by the next ones, and they leave no trace in vectors and digests.
//
//   <STATS,server,incarnation,seq,users,rooms,in,out,trips>
//
// `in` and `out` are messages a second; `trips` lists the round trips to its neighbours in microseconds, as id:µs with
// spaces between. They flood the network: what is newer than the last of a server is passed on like its facts, anything
// else is dropped, so they end however the network is linked.

import type { ConnectionId, ServerId } from '../base/ids.ts';
import { FrameWriter } from '../wire/writer.ts';
import { parseCount, parseServerId } from './fields.ts';
import type { Group } from './group.ts';
import { MOST_NEIGHBOURS } from './server-fact.ts';

/** How often a server tells its figures. */
export const STATS_MS = 2000;

export interface Figures {
  readonly users: number;
  readonly rooms: number;
  /** Messages from clients, a second. */
  readonly inRate: number;
  /** Messages to clients, a second. */
  readonly outRate: number;
  /** Neighbour → round trip in microseconds. */
  readonly trips: ReadonlyMap<ServerId, number>;
}

export interface StatsPort {
  /** The incarnation of a server that is within reach; undefined for any other one. */
  incarnation(id: ServerId): number | undefined;
  /** The links on which what comes from an origin is passed on, without the one that it came from. */
  relays(origin: ServerId, from?: ConnectionId): Iterable<ConnectionId>;
  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): void;
}

interface Told {
  readonly incarnation: number;
  readonly seq: number;
  readonly figures: Figures;
}

export class Stats {
  readonly #self: ServerId;
  readonly #incarnation: number;
  readonly #port: StatsPort;
  readonly #told = new Map<ServerId, Told>();
  readonly #writer = new FrameWriter();
  #seq = 0;

  constructor(self: ServerId, incarnation: number, port: StatsPort) {
    this.#self = self;
    this.#incarnation = incarnation;
    this.#port = port;
  }

  /** Servers of which figures are kept. */
  get size(): number {
    return this.#told.size;
  }

  /** The newest figures of a server, ourselves included; undefined when there are none. */
  of(id: ServerId): Figures | undefined {
    const told = this.#told.get(id);
    return told?.incarnation === this.#port.incarnation(id) ? told?.figures : undefined;
  }

  /** Tells everybody this server's figures. */
  tell(figures: Figures): void {
    this.#seq++;
    this.#pass(this.#self, { incarnation: this.#incarnation, seq: this.#seq, figures });
  }

  /** A STATS from a link; false when no server could have written it, and the link has to end. */
  receive(link: ConnectionId, group: Group): boolean {
    const id = parseServerId(group.args[0]);
    const [incarnation, seq] = [parseCount(group.args[1]), parseCount(group.args[2])];
    const figures = parseFigures(group.args);
    if (id === undefined || incarnation < 1 || seq < 1 || figures === undefined) return false;
    if (id === this.#self || this.#port.incarnation(id) !== incarnation) return true;
    const told = this.#told.get(id);
    if (told?.incarnation === incarnation && told.seq >= seq) return true;
    this.#pass(id, { incarnation, seq, figures }, link);
    return true;
  }

  /** The server is gone. */
  forget(id: ServerId): void {
    this.#told.delete(id);
  }

  #pass(id: ServerId, told: Told, from?: ConnectionId): void {
    this.#told.set(id, told);
    const { incarnation, seq, figures } = told;
    const writer = this.#writer;
    writer.clear();
    writer.begin('STATS').arg(id).arg(incarnation).arg(seq).arg(figures.users).arg(figures.rooms);
    writer.arg(figures.inRate).arg(figures.outRate);
    writer.arg([...figures.trips].map(([neighbour, trip]) => `${neighbour}:${trip}`).join(' ')).end();
    for (const link of this.#port.relays(id, from)) this.#port.send(link, writer.bytes, 0, writer.length);
  }
}

function parseFigures(args: readonly string[]): Figures | undefined {
  const [users, rooms, inRate, outRate] = [args[3], args[4], args[5], args[6]].map(parseCount);
  const trips = parseTrips(args[7]);
  if (users === undefined || rooms === undefined || inRate === undefined || outRate === undefined) return undefined;
  if (users < 0 || rooms < 0 || inRate < 0 || outRate < 0 || trips === undefined) return undefined;
  return { users, rooms, inRate, outRate, trips };
}

function parseTrips(text: string | undefined): ReadonlyMap<ServerId, number> | undefined {
  if (text === undefined) return undefined;
  const trips = new Map<ServerId, number>();
  for (const word of text === '' ? [] : text.split(' ')) {
    const [id, trip] = word.split(':');
    const neighbour = parseServerId(id);
    const micros = parseCount(trip);
    if (neighbour === undefined || micros < 0 || trips.has(neighbour) || trips.size === MOST_NEIGHBOURS)
      return undefined;
    trips.set(neighbour, micros);
  }
  return trips;
}
