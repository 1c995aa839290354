// The pulse of a server in its network: every two seconds it asks its neighbours for a sign of life, which measures the
// way to them, and tells everybody how many users and rooms it has and how much is said here. What others tell stands
// in Stats. A link that takes no more is not given figures either: the next ones are better.

import type { ConnectionId, ServerId } from '../base/ids.ts';
import type { Group } from '../mesh/group.ts';
import { type Figures, STATS_MS, Stats } from '../mesh/stats.ts';

/** What a server has to do, as it counts it. */
export interface Load {
  readonly users: number;
  readonly rooms: number;
  /** Messages from clients, and messages to clients, since the start. */
  readonly said: number;
  readonly delivered: number;
}

export interface PulsePort {
  load(): Load;
  /** Asks every neighbour for a sign of life. */
  measure(now: number): void;
  /** Neighbour → what the way there and back took last, in ms. */
  trips(): ReadonlyMap<ServerId, number>;
  incarnation(id: ServerId): number | undefined;
  relays(origin: ServerId, from?: ConnectionId): Iterable<ConnectionId>;
  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): void;
}

export class Pulse {
  readonly #port: PulsePort;
  readonly #stats: Stats;
  #at = Number.POSITIVE_INFINITY;
  #toldAt = 0;
  #told: Load = { users: 0, rooms: 0, said: 0, delivered: 0 };

  constructor(self: ServerId, incarnation: number, port: PulsePort) {
    this.#port = port;
    this.#stats = new Stats(self, incarnation, port);
  }

  /** When tick() wants to be called, in Unix ms. */
  get deadline(): number {
    return this.#at;
  }

  start(now: number): void {
    this.#at = now + STATS_MS;
    this.#toldAt = now;
  }

  stop(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  tick(now: number): void {
    if (now < this.#at) return;
    this.#at = now + STATS_MS;
    const load = this.#port.load();
    const seconds = (now - this.#toldAt) / 1000;
    const rate = (count: number, before: number): number => Math.max(0, Math.round((count - before) / seconds));
    const trips = [...this.#port.trips()].map(([id, ms]): [ServerId, number] => [id, Math.round(ms * 1000)]);
    this.#stats.tell({
      ...{ users: load.users, rooms: load.rooms, trips: new Map(trips) },
      inRate: rate(load.said, this.#told.said),
      outRate: rate(load.delivered, this.#told.delivered),
    });
    this.#told = load;
    this.#toldAt = now;
    this.#port.measure(now);
  }

  /** A STATS from a link; false when no server could have written it. */
  receive(link: ConnectionId, group: Group): boolean {
    return this.#stats.receive(link, group);
  }

  /** The newest figures of a server, ourselves included; undefined when there are none. */
  of(id: ServerId): Figures | undefined {
    return this.#stats.of(id);
  }

  /** Nothing is known of the server any more. */
  forget(id: ServerId): void {
    this.#stats.forget(id);
  }

  /** Servers of which figures are kept. */
  get size(): number {
    return this.#stats.size;
  }
}
