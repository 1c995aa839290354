// Own facts: what this server says of itself. Its first fact, and every one after a link came or went, says who it is
// and whom it has links with; a loss is told along with whom it put out of reach.

import { assert } from '../base/assert.ts';
import { FrameWriter } from '../wire/writer.ts';
import { FACT_BYTES, factBytes, writeSquit } from './facts.ts';
import type { Losses } from './losses.ts';
import type { Neighbours } from './neighbours.ts';
import type { Origin } from './origin.ts';
import type { Origins } from './origins.ts';
import { type ServerFact, writeServerFact } from './server-fact.ts';
import type { Topology } from './topology.ts';
import type { Position } from './vector.ts';

/** This server without its neighbours. */
export type Self = Omit<ServerFact, 'neighbours'>;

export class OwnFacts {
  readonly #server: Self;
  readonly #origin: Origin;
  readonly #origins: Origins;
  readonly #topology: Topology;
  readonly #neighbours: Neighbours;
  readonly #losses: Losses;

  /** Begins the server's incarnation with its first fact. */
  constructor(server: Self, origins: Origins, topology: Topology, neighbours: Neighbours, losses: Losses) {
    this.#server = server;
    this.#origins = origins;
    this.#topology = topology;
    this.#neighbours = neighbours;
    this.#losses = losses;
    this.#origin = origins.open(server.id) as Origin;
    this.#origin.reset(server.incarnation, 0);
    this.introduce('');
    topology.changes();
  }

  /** The newest fact. */
  get position(): Position {
    return this.#origin;
  }

  /** The next fact: `count` frames bytes[start, end), each with its LF. */
  originate(bytes: Uint8Array, start: number, end: number, count: number): void {
    assert(count > 0 && end - start <= FACT_BYTES, 'a fact of no size for one');
    const origin = this.#origin;
    const head = { id: origin.id, incarnation: origin.incarnation, n: origin.n + 1 };
    const fact = factBytes(head, count, bytes, start, end);
    origin.append(fact, 0, fact.length);
    this.#origins.changed(origin.id);
    this.#neighbours.push(origin, fact);
  }

  /** Says who the neighbours are, if that has changed, and whom it put out of reach for the reason `comment`. */
  introduce(comment: string): void {
    const neighbours = this.#neighbours.ids();
    const before = this.#topology.server(this.#server.id)?.neighbours;
    if (before !== undefined && before.join() === neighbours.join()) return;
    const reached = [...this.#topology.reachable()];
    const server: ServerFact = { ...this.#server, neighbours };
    this.#topology.put(server);
    const writer = new FrameWriter();
    writeServerFact(writer, server);
    const lost = reached.filter((id) => !this.#topology.reaches(id)).map((id) => this.#topology.server(id));
    const squits = lost.filter((one) => one !== undefined);
    for (const { id, name, incarnation } of squits) {
      this.#losses.explain(id, comment);
      writeSquit(writer, { name, incarnation, comment });
    }
    this.originate(writer.bytes, 0, writer.length, 1 + squits.length);
  }

  /** Says that this server leaves. */
  leave(comment: string): void {
    const { name, incarnation } = this.#server;
    const writer = new FrameWriter();
    writeSquit(writer, { name, incarnation, comment });
    this.originate(writer.bytes, 0, writer.length, 1);
  }
}
