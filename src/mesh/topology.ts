// Topology: who can be reached, how far away, and through whom, from nothing but the neighbours that each server names.
// A link counts when both ends name it. Ways are the shortest there are; of equally short ones the way through lower
// ids is taken, so that the same facts give the same ways.
//
// It keeps true: distances, ways and changes follow from the facts that are put in, whatever their order was. It holds
// no clock: how long a server may be out of reach before anybody is told is losses.ts.

import type { ServerId } from '../base/ids.ts';
import type { ServerFact } from './server-fact.ts';

/** A link that counted and does no more. */
export type Cut = readonly [ServerId, ServerId];

export interface Changes {
  /** Servers that came into reach, nearest first. */
  readonly reached: readonly ServerId[];
  /** Servers that went out of reach. */
  readonly lost: readonly ServerId[];
  readonly cuts: readonly Cut[];
}

const NONE: Changes = { reached: [], lost: [], cuts: [] };

/** How a server is reached: over whom, in how many links. */
interface Way {
  /** The server before it on the way. */
  readonly before: ServerId;
  /** The neighbour of ours on the way; itself when it is one. */
  readonly via: ServerId;
  readonly links: number;
}

export class Topology {
  readonly self: ServerId;
  /** Rises whenever ways may have changed. */
  version = 0;
  readonly #servers = new Map<ServerId, ServerFact>();
  readonly #neighbours = new Map<ServerId, ReadonlySet<ServerId>>();
  /** In order of distance; of ourselves too, whenever our own fact is known. */
  #ways = new Map<ServerId, Way>();
  /** What reached and lost of the next changes() are counted from. */
  #told: ReadonlyMap<ServerId, Way> = this.#ways;
  #cuts: Cut[] = [];
  /** Server out of reach → the names of the ends of the link that led there: they may be forgotten before it is. */
  readonly #splits = new Map<ServerId, readonly [string, string]>();

  constructor(self: ServerId) {
    this.self = self;
  }

  /** The newest fact of a server takes the place of the one before. */
  put(server: ServerFact): void {
    this.#replace(server.id, server, new Set(server.neighbours));
  }

  /** The server has left: it has no link any more, whatever its neighbours say. */
  isolate(id: ServerId): void {
    const server = this.#servers.get(id);
    if (server !== undefined) this.#replace(id, server, new Set());
  }

  /** Nothing is known of the server any more. */
  drop(id: ServerId): void {
    this.#replace(id, undefined, new Set());
    this.#splits.delete(id);
  }

  /** What is known of a server, whether it can be reached or not. */
  server(id: ServerId): ServerFact | undefined {
    return this.#servers.get(id);
  }

  /** What a server is called; its number while nobody said so. */
  name(id: ServerId): string {
    return this.#servers.get(id)?.name ?? String(id);
  }

  /** The server of that name; of several the one within reach, then the one with the lowest id. */
  named(name: string): ServerFact | undefined {
    let found: ServerFact | undefined;
    for (const server of this.#servers.values()) {
      if (server.name === name && (found === undefined || this.#precedes(server.id, found.id))) found = server;
    }
    return found;
  }

  /** Whether both servers name each other. */
  linked(a: ServerId, b: ServerId): boolean {
    return this.#neighbours.get(a)?.has(b) === true && this.#neighbours.get(b)?.has(a) === true;
  }

  /** Whether there is a way to the server. There is one to ourselves. */
  reaches(id: ServerId): boolean {
    return this.#ways.has(id);
  }

  /** 0 for a neighbour and for ourselves, one more for each server passed; undefined out of reach. */
  hopcount(id: ServerId): number | undefined {
    const way = this.#ways.get(id);
    return way === undefined ? undefined : Math.max(way.links - 1, 0);
  }

  /** Our neighbour on the way to the server; undefined out of reach and for ourselves. */
  nextHop(id: ServerId): ServerId | undefined {
    return id === this.self ? undefined : this.#ways.get(id)?.via;
  }

  /** All within reach, ourselves first, then by distance. */
  reachable(): IterableIterator<ServerId> {
    return this.#ways.keys();
  }

  /** The link through which a server now out of reach was reached last: the names of its ends, ours first. */
  split(id: ServerId): readonly [string, string] | undefined {
    return this.#splits.get(id);
  }

  /** What has changed since this was asked before. */
  changes(): Changes {
    if (this.#told === this.#ways && this.#cuts.length === 0) return NONE;
    const reached = [...this.#ways.keys()].filter((id) => !this.#told.has(id));
    const lost = [...this.#told.keys()].filter((id) => !this.#ways.has(id));
    const cuts = this.#cuts.filter(([a, b]) => !this.linked(a, b));
    this.#told = this.#ways;
    this.#cuts = [];
    return { reached, lost, cuts };
  }

  #precedes(a: ServerId, b: ServerId): boolean {
    const [first, second] = [this.reaches(a), this.reaches(b)];
    return first === second ? a < b : first;
  }

  #replace(id: ServerId, server: ServerFact | undefined, neighbours: ReadonlySet<ServerId>): void {
    const before = this.#neighbours.get(id);
    for (const other of before ?? []) {
      if (!neighbours.has(other) && this.linked(id, other)) this.#cuts.push([id, other]);
    }
    if (server === undefined) {
      this.#servers.delete(id);
      this.#neighbours.delete(id);
    } else {
      this.#servers.set(id, server);
      this.#neighbours.set(id, neighbours);
    }
    if (!equalSets(before, neighbours)) this.#search();
  }

  /** Breadth first from ourselves, neighbours in the order of their ids. */
  #search(): void {
    this.version++;
    const before = this.#ways;
    const ways = new Map<ServerId, Way>();
    if (this.#servers.has(this.self)) ways.set(this.self, { before: this.self, via: this.self, links: 0 });
    for (const [id, way] of ways) {
      const near = [...(this.#neighbours.get(id) ?? [])].sort((a, b) => a - b);
      for (const next of near) {
        if (ways.has(next) || !this.linked(id, next)) continue;
        ways.set(next, { before: id, via: id === this.self ? next : way.via, links: way.links + 1 });
      }
    }
    this.#ways = ways;
    for (const id of ways.keys()) this.#splits.delete(id);
    for (const id of before.keys()) {
      if (ways.has(id) || !this.#servers.has(id)) continue;
      const [near, far] = firstCut(before, ways, id);
      this.#splits.set(id, [this.name(near), this.name(far)]);
    }
  }
}

/** Follows the way that led to `id` back to the last server which is still reached. */
function firstCut(before: ReadonlyMap<ServerId, Way>, ways: ReadonlyMap<ServerId, Way>, id: ServerId): Cut {
  let far = id;
  for (;;) {
    const near = before.get(far)?.before ?? far;
    if (near === far || ways.has(near)) return [near, far];
    far = near;
  }
}

function equalSets(a: ReadonlySet<ServerId> | undefined, b: ReadonlySet<ServerId>): boolean {
  return a !== undefined && a.size === b.size && [...b].every((id) => a.has(id));
}
