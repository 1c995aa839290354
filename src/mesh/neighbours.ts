// Neighbours: the links that are up, each with what its peer is still to be told and what it is bringing; and the rule
// of who passes on what. A fact of an origin goes to all neighbours but the origin itself and those whom the origin
// tells itself, as they name each other; never back where it came from. In a full mesh each fact so crosses each link
// at most once, and in any other connected network it gets everywhere.

import type { ConnectionId, ServerId } from '../base/ids.ts';
import { encodeFrame, FrameWriter } from '../wire/writer.ts';
import { Flow, type LinkOut } from './flow.ts';
import type { Origin } from './origin.ts';
import type { Origins } from './origins.ts';
import { Intake } from './snapshot.ts';
import type { Cut, Topology } from './topology.ts';
import { type Entry, type Position, type Vector, writeHas, writeVector, writeWant } from './vector.ts';
import type { Wants } from './wants.ts';

export interface Neighbour {
  readonly flow: Flow;
  readonly intake: Intake;
}

const SYNCED = encodeFrame('SYNCED');

export class Neighbours {
  readonly #topology: Topology;
  readonly #origins: Origins;
  readonly #out: LinkOut;
  readonly #snapshotBytes: number;
  readonly #byLink = new Map<ConnectionId, Neighbour>();
  readonly #writer = new FrameWriter();
  /** What some neighbour told when its link came up has all been here, at least once. */
  synced = false;

  constructor(topology: Topology, origins: Origins, out: LinkOut, snapshotBytes: number) {
    this.#topology = topology;
    this.#origins = origins;
    this.#out = out;
    this.#snapshotBytes = snapshotBytes;
  }

  get size(): number {
    return this.#byLink.size;
  }

  /** Bytes of snapshots that are not whole. */
  get intakeBytes(): number {
    let bytes = 0;
    for (const { intake } of this.#byLink.values()) bytes += intake.bytes;
    return bytes;
  }

  get(link: ConnectionId): Neighbour | undefined {
    return this.#byLink.get(link);
  }

  add(link: ConnectionId, peer: ServerId): Flow {
    const flow = new Flow(link, peer, this.#out, {
      offered: (id) => this.#offered(id),
      snapshot: (origin) => this.#origins.snapshot(origin),
    });
    this.#byLink.set(link, { flow, intake: new Intake(this.#snapshotBytes) });
    return flow;
  }

  /** False when there was no such link. */
  remove(link: ConnectionId): boolean {
    return this.#byLink.delete(link);
  }

  /** The link to a neighbour, the one that came up last. */
  linkTo(peer: ServerId): ConnectionId | undefined {
    let found: ConnectionId | undefined;
    for (const [link, { flow }] of this.#byLink) if (flow.peer === peer) found = link;
    return found;
  }

  /** Everybody there is a link with, in rising order. */
  ids(): ServerId[] {
    const ids = new Set<ServerId>();
    for (const { flow } of this.#byLink.values()) ids.add(flow.peer);
    return [...ids].sort((a, b) => a - b);
  }

  /** The links on which what comes from an origin is passed on, without the one that it came from. */
  *relays(origin: ServerId, from?: ConnectionId): IterableIterator<ConnectionId> {
    for (const [link, { flow }] of this.#byLink) if (link !== from && this.#passes(flow, origin)) yield link;
  }

  /** The origin has one more fact, which came from that link, or from here. */
  push(origin: Origin, fact: Uint8Array, from?: ConnectionId): void {
    for (const [link, { flow }] of this.#byLink) {
      if (link !== from && this.#passes(flow, origin.id)) flow.push(origin, fact, 0, fact.length);
    }
  }

  /** Tells those who might not hear of an origin otherwise how far it is known here. */
  offer(id: ServerId, from?: ConnectionId): void {
    for (const [link, { flow }] of this.#byLink) if (link !== from && this.#passes(flow, id)) this.#sayHas(flow, id);
  }

  /** Two servers that told each other their facts do so no more: what may have been lost with their link is offered. */
  bridge([a, b]: Cut): void {
    for (const { flow } of this.#byLink.values()) {
      const id = flow.peer === a ? b : flow.peer === b ? a : undefined;
      if (id !== undefined && this.#passes(flow, id)) this.#sayHas(flow, id);
    }
  }

  /** Everything that is known and within reach, nearest first, so that whoever takes it in order can reach it too. */
  vector(digests: boolean): Vector {
    const vector = new Map<ServerId, Entry>();
    for (const id of this.#topology.reachable()) {
      const origin = this.#origins.get(id);
      if (origin === undefined) continue;
      const digest = digests ? this.#origins.digest(origin) : '';
      vector.set(id, { incarnation: origin.incarnation, n: origin.n, digest });
    }
    return vector;
  }

  /** Tells one neighbour, or all, what is known here. */
  tell(digests: boolean, only?: Flow): void {
    const vector = this.vector(digests);
    const write = (writer: FrameWriter): void => writeVector(writer, vector);
    for (const { flow } of this.#byLink.values()) {
      if (only !== undefined && flow !== only) continue;
      this.#send(flow, write);
      flow.opened = true;
    }
  }

  ask(link: ConnectionId, id: ServerId, after: Position): void {
    const flow = this.#byLink.get(link)?.flow;
    if (flow !== undefined) this.#send(flow, (writer) => writeWant(writer, id, after));
  }

  /** A later incarnation of the origin took the place of the one that was known. */
  restarted(id: ServerId): void {
    for (const { flow, intake } of this.#byLink.values()) {
      flow.restarted(id);
      if (intake.id === id) intake.clear();
    }
  }

  /** Nothing is known of the origin any more. */
  forget(id: ServerId): void {
    for (const { flow, intake } of this.#byLink.values()) {
      flow.forget(id);
      if (intake.id === id) intake.clear();
    }
  }

  /** Sends what links take, and says SYNCED where everything is known that the peer told at first. */
  flush(wants: Wants): void {
    for (const [link, { flow }] of this.#byLink) {
      flow.pump();
      if (!flow.told || flow.saidSynced || wants.ahead(link)) continue;
      flow.saidSynced = true;
      this.synced = true;
      flow.say(SYNCED, 0, SYNCED.length);
    }
  }

  #passes(flow: Flow, id: ServerId): boolean {
    return id === this.#topology.self || (flow.peer !== id && !this.#topology.linked(id, flow.peer));
  }

  #offered(id: ServerId): Origin | undefined {
    return this.#topology.reaches(id) ? this.#origins.get(id) : undefined;
  }

  #sayHas(flow: Flow, id: ServerId): void {
    const origin = this.#offered(id);
    if (origin !== undefined) this.#send(flow, (writer) => writeHas(writer, id, origin));
  }

  #send(flow: Flow, write: (writer: FrameWriter) => void): void {
    this.#writer.clear();
    write(this.#writer);
    flow.say(this.#writer.bytes, 0, this.#writer.length);
  }
}
