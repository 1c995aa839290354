// Presence: which servers are with us. What the topology says has changed is drawn conclusions from here: who is told,
// how long a loss is held back, and what is forgotten when it does not mend. An origin, its state and its entry in the
// vector are forgotten together.

import type { ServerId } from '../base/ids.ts';
import type { FactHead, Squit } from './facts.ts';
import type { Losses } from './losses.ts';
import type { Neighbours } from './neighbours.ts';
import type { Origins } from './origins.ts';
import type { Departure, State, Watcher } from './replica-ports.ts';
import type { ServerFact } from './server-fact.ts';
import type { Topology } from './topology.ts';
import type { Wants } from './wants.ts';

/** How long word of a link may be on its way behind the state of a server at its end. */
const WORD_MS = 500;

export interface PresenceParts {
  readonly topology: Topology;
  readonly losses: Losses;
  readonly origins: Origins;
  readonly neighbours: Neighbours;
  readonly wants: Wants;
}

export class Presence {
  readonly #parts: PresenceParts;
  readonly #state: State;
  readonly #watcher: Watcher;
  readonly #unseenMs: number;
  /** Origins whose first state came since settle() looked. */
  readonly #fresh = new Set<ServerId>();

  constructor(parts: PresenceParts, state: State, watcher: Watcher, unseenMs: number) {
    this.#parts = parts;
    this.#state = state;
    this.#watcher = watcher;
    this.#unseenMs = unseenMs;
  }

  /** The first state of an origin, or of an incarnation of it, has come. */
  appeared(id: ServerId): void {
    this.#fresh.add(id);
  }

  /** A later incarnation of the origin takes the place of the one that is known. */
  restarted(id: ServerId, incarnation: number): void {
    const { losses, topology, neighbours } = this.#parts;
    losses.forget(id, incarnation);
    this.#state.forget(id, this.#departure(id, 'restarted'));
    topology.isolate(id);
    neighbours.restarted(id);
    this.#fresh.add(id);
  }

  /** A server said that another one is lost, or that it leaves itself. */
  squit(by: FactHead, squit: Squit, now: number): void {
    const { losses, topology } = this.#parts;
    const server = topology.named(squit.name);
    if (server?.incarnation !== squit.incarnation) return;
    losses.explain(server.id, squit.comment);
    if (server.id !== by.id) return;
    losses.left(by.id, by.incarnation, now);
    topology.isolate(by.id);
  }

  /** Draws the conclusions of everything that has happened. */
  settle(now: number): void {
    const { topology, losses, neighbours, wants } = this.#parts;
    const { lost, reached, cuts } = topology.changes();
    for (const id of lost) this.#lose(id, now);
    for (const id of reached) this.#reach(id);
    for (const cut of cuts) neighbours.bridge(cut);
    for (const id of this.#fresh) {
      if (!topology.reaches(id)) losses.lost(id, now, this.#isDenied(id) ? WORD_MS : this.#unseenMs);
    }
    this.#fresh.clear();
    for (let id = losses.take(now); id !== undefined; id = losses.take(now)) this.#forget(id);
    neighbours.flush(wants);
  }

  /**
   * Whether all whom a server out of reach names as its neighbours are within reach, and none of them names it: then
   * no way to it is still to be heard of. Its state came from somebody who had not heard yet that it is lost.
   */
  #isDenied(id: ServerId): boolean {
    const { topology } = this.#parts;
    const named = topology.server(id)?.neighbours ?? [];
    return named.length > 0 && named.every((neighbour) => topology.reaches(neighbour));
  }

  #reach(id: ServerId): void {
    const { topology, losses, neighbours } = this.#parts;
    losses.back(id);
    this.#watcher.reached(topology.server(id) as ServerFact);
    neighbours.offer(id);
  }

  #lose(id: ServerId, now: number): void {
    const server = this.#parts.topology.server(id);
    if (server === undefined) return;
    this.#parts.losses.lost(id, now);
    this.#watcher.lost(server);
  }

  #forget(id: ServerId): void {
    const { topology, losses, origins, neighbours, wants } = this.#parts;
    const { incarnation } = origins.position(id);
    const departure = this.#departure(id, losses.admits(id, incarnation) ? 'split' : 'left');
    losses.forget(id, incarnation);
    wants.forget(id);
    neighbours.forget(id);
    origins.drop(id);
    topology.drop(id);
    this.#state.forget(id, departure);
    this.#watcher.forgotten(id);
  }

  #departure(id: ServerId, kind: Departure['kind']): Departure {
    const { topology, losses } = this.#parts;
    const comment = losses.comment(id);
    const server = topology.name(id);
    if (kind !== 'split') return { kind, server, comment };
    const [near, far] = topology.split(id) ?? [topology.name(topology.self), server];
    return { kind, near, far, comment };
  }
}
