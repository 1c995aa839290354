// A flow: what one link's peer still has to be told about origins. Facts are never queued for a link: a link that takes
// no more falls behind in the origins' logs, and reads on from there when it drains; behind what the logs keep it gets
// a snapshot. So a slow peer costs a position an origin, and one frozen snapshot that is shared with all who get it.
//
// It keeps true: of one origin nothing is sent between the parts of its snapshot, and facts leave in rising order.

import type { ConnectionId, ServerId } from '../base/ids.ts';
import type { Origin } from './origin.ts';
import type { Snapshot } from './snapshot.ts';
import { comparePositions, type Position } from './vector.ts';

/** The bytes of links. */
export interface LinkOut {
  /** Sends bytes[start, end), whole groups; they are copied. False: the link wants no more until drained(). */
  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): boolean;
}

/** Where a flow reads what it sends. */
export interface Origins {
  /** The origin, if anything is known of it and it can be reached: of others nothing is passed on. */
  offered(id: ServerId): Origin | undefined;
  snapshot(origin: Origin): Snapshot;
}

/** Facts are sent in runs of about this many bytes. */
const RUN_BYTES = 64 * 1024;

export class Flow {
  readonly link: ConnectionId;
  readonly peer: ServerId;
  /** Whether the peer was told what we know: whatever comes later is pushed, and what came before it asks for. */
  opened = false;
  /** Whether the peer has told what it knows. */
  told = false;
  /** Whether we have said that we know all of it. */
  saidSynced = false;
  /** Whether the peer has said that it knows all that we told. */
  synced = false;
  readonly #out: LinkOut;
  readonly #origins: Origins;
  /** Origins of which the peer is to get more than it has, in the order in which that came up. */
  readonly #behind = new Map<ServerId, Position>();
  #full = false;
  #snapshot: Snapshot | undefined;
  #part = 0;

  constructor(link: ConnectionId, peer: ServerId, out: LinkOut, origins: Origins) {
    this.link = link;
    this.peer = peer;
    this.#out = out;
    this.#origins = origins;
  }

  /** Origins of which the peer is to get more. */
  get behind(): number {
    return this.#behind.size;
  }

  /** Says something short, at once. */
  say(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#out.send(this.link, bytes, start, end)) this.#full = true;
  }

  /** The origin has one more fact, bytes[start, end). */
  push(origin: Origin, bytes: Uint8Array, start: number, end: number): void {
    if (!this.opened || this.#behind.has(origin.id)) return;
    if (this.#full) this.#behind.set(origin.id, { incarnation: origin.incarnation, n: origin.n - 1 });
    else this.say(bytes, start, end);
  }

  /** The peer asks for what comes behind a position. */
  owe(id: ServerId, after: Position): void {
    if (this.#snapshot?.id === id) this.#snapshot = undefined;
    this.#behind.set(id, after);
  }

  /** The peer has an origin up to there. */
  has(id: ServerId, at: Position): void {
    const behind = this.#behind.get(id);
    if (behind !== undefined && comparePositions(at, behind) > 0 && this.#snapshot?.id !== id) this.#behind.set(id, at);
  }

  /** A later incarnation took the place of the one that was known: what the peer was to get is now that. */
  restarted(id: ServerId): void {
    if (this.#snapshot?.id === id) this.#snapshot = undefined;
  }

  /** Nothing is known of the origin any more. */
  forget(id: ServerId): void {
    this.#behind.delete(id);
    if (this.#snapshot?.id === id) this.#snapshot = undefined;
  }

  /** The link takes bytes again. */
  drained(): void {
    this.#full = false;
    this.pump();
  }

  /** Sends what the peer is to get, as far as the link takes it. */
  pump(): void {
    while (!this.#full) {
      if (this.#snapshot !== undefined) this.#sendPart(this.#snapshot);
      else if (!this.#sendNext()) return;
    }
  }

  #sendPart(snapshot: Snapshot): void {
    const part = snapshot.parts[this.#part++] as Uint8Array;
    this.say(part, 0, part.length);
    if (this.#part < snapshot.parts.length) return;
    this.#snapshot = undefined;
    this.#behind.set(snapshot.id, snapshot);
  }

  /** Sends something of the first origin that is offered; false when there is nothing to send. */
  #sendNext(): boolean {
    for (const [id, after] of this.#behind) {
      const origin = this.#origins.offered(id);
      if (origin === undefined) continue;
      if (comparePositions(after, origin) >= 0) {
        this.#behind.delete(id);
        continue;
      }
      const run = origin.read(after, RUN_BYTES);
      if (run === undefined) {
        this.#snapshot = this.#origins.snapshot(origin);
        this.#part = 0;
      } else {
        this.#behind.set(id, { incarnation: origin.incarnation, n: run.n });
        this.say(run.bytes, run.start, run.end);
      }
      return true;
    }
    return false;
  }
}
