// Wants: what is missing here, and who is asked for it. Every link's peer is known to have some origins up to some
// position; where one is ahead of us, it is asked, and nobody else until it has answered or the time is over. An origin
// that is itself our neighbour is asked before anybody who passes its facts on.
//
// It keeps true: at most one question an origin is open, and while somebody who may be asked is ahead, one is. Who does
// not answer in time is not asked again before he names the origin again.

import { Deadlines } from '../base/deadlines.ts';
import type { ConnectionId, ServerId } from '../base/ids.ts';
import { comparePositions, NOTHING, type Position } from './vector.ts';

export interface WantsPort {
  /** What is known here of the origin. */
  position(id: ServerId): Position;
  /** Asks the peer of a link for what comes behind a position of the origin. */
  ask(link: ConnectionId, id: ServerId, after: Position): void;
}

interface Peer {
  readonly id: ServerId;
  readonly known: Map<ServerId, Position>;
}

interface Question {
  readonly link: ConnectionId;
  /** Whether what is here at the same position is believed to be wrong. */
  readonly heals: boolean;
}

export class Wants {
  readonly #port: WantsPort;
  readonly #answerMs: number;
  readonly #most: number;
  readonly #peers = new Map<ConnectionId, Peer>();
  readonly #open = new Map<ServerId, Question>();
  readonly #due = new Deadlines<ServerId>();

  /** Of each peer `most` origins are known at most. */
  constructor(port: WantsPort, answerMs: number, most: number) {
    this.#port = port;
    this.#answerMs = answerMs;
    this.#most = most;
  }

  /** When tick() has something to give up, in Unix milliseconds; Infinity when there is nothing. */
  get deadline(): number {
    return this.#due.next;
  }

  /** Questions that are open. */
  get open(): number {
    return this.#open.size;
  }

  /** Facts that neighbours are known to have and that are missing here, over all origins. */
  get distance(): number {
    const furthest = new Map<ServerId, Position>();
    for (const { known } of this.#peers.values()) {
      for (const [id, at] of known) {
        if (comparePositions(at, furthest.get(id) ?? this.#port.position(id)) > 0) furthest.set(id, at);
      }
    }
    let facts = 0;
    for (const [id, { incarnation, n }] of furthest) {
      const here = this.#port.position(id);
      facts += here.incarnation === incarnation ? n - here.n : n;
    }
    return facts;
  }

  linkUp(link: ConnectionId, peer: ServerId): void {
    this.#peers.set(link, { id: peer, known: new Map() });
  }

  linkDown(link: ConnectionId, now: number): void {
    const ids = new Set(this.#peers.get(link)?.known.keys());
    this.#peers.delete(link);
    for (const [id, question] of this.#open) {
      if (question.link !== link) continue;
      this.#close(id);
      ids.add(id);
    }
    // Others may have been passed over because the origin itself was linked here.
    for (const peer of this.#peers.values()) for (const id of peer.known.keys()) ids.add(id);
    for (const id of ids) this.seek(id, now);
  }

  /** The peer of a link has the origin up to there. */
  heard(link: ConnectionId, id: ServerId, at: Position): void {
    const known = this.#peers.get(link)?.known;
    if (known === undefined || (known.size >= this.#most && !known.has(id))) return;
    if (comparePositions(at, known.get(id) ?? NOTHING) > 0) known.set(id, at);
  }

  /** Whether the peer of a link has something that is missing here and was not given up. */
  ahead(link: ConnectionId): boolean {
    for (const [id, at] of this.#peers.get(link)?.known ?? []) {
      if (comparePositions(at, this.#port.position(id)) > 0) return true;
    }
    return false;
  }

  /** Asks for what is missing of an origin, unless that was done. */
  seek(id: ServerId, now: number): void {
    if (this.#open.has(id)) return;
    const link = this.#whom(id);
    if (link === undefined) return;
    this.#ask(id, { link, heals: false }, this.#port.position(id), now);
  }

  /** What is here of an origin is wrong: asks the peer of a link for all of it. */
  heal(link: ConnectionId, id: ServerId, now: number): void {
    if (!this.#open.has(id)) this.#ask(id, { link, heals: true }, NOTHING, now);
  }

  /** Whether the peer of this link was asked to heal the origin. */
  heals(link: ConnectionId, id: ServerId): boolean {
    const question = this.#open.get(id);
    return question?.link === link && question.heals;
  }

  /** A part of an answer came: the rest has its time from now on. */
  progress(link: ConnectionId, id: ServerId, now: number): void {
    if (this.#open.get(id)?.link === link) this.#due.set(id, now + this.#answerMs);
  }

  /** More is known of the origin than before; what the link brought may be the whole answer. */
  advanced(link: ConnectionId, id: ServerId, now: number): void {
    const question = this.#open.get(id);
    if (question !== undefined) {
      const asked = this.#peers.get(question.link)?.known.get(id) ?? NOTHING;
      if (comparePositions(this.#port.position(id), asked) < 0) return this.progress(link, id, now);
      if (question.heals) return;
      this.#close(id);
    }
    this.seek(id, now);
  }

  /** What was believed to be wrong has been replaced. */
  healed(id: ServerId, now: number): void {
    this.#close(id);
    this.seek(id, now);
  }

  /** What the link brought was no answer: it is asked again, or somebody else is. */
  failed(link: ConnectionId, id: ServerId, now: number): void {
    if (this.#open.get(id)?.link === link) this.#close(id);
    this.seek(id, now);
  }

  /** Nothing is to be known of the origin until somebody names it again. */
  forget(id: ServerId): void {
    this.#close(id);
    for (const peer of this.#peers.values()) peer.known.delete(id);
  }

  /** Gives up questions that were not answered in time. */
  tick(now: number): void {
    for (let id = this.#due.take(now); id !== undefined; id = this.#due.take(now)) {
      const question = this.#open.get(id);
      this.#open.delete(id);
      if (question !== undefined) this.#peers.get(question.link)?.known.delete(id);
      this.seek(id, now);
    }
  }

  #ask(id: ServerId, question: Question, after: Position, now: number): void {
    this.#open.set(id, question);
    this.#due.set(id, now + this.#answerMs);
    this.#port.ask(question.link, id, after);
  }

  #close(id: ServerId): void {
    this.#open.delete(id);
    this.#due.clear(id);
  }

  /** The link whose peer is furthest ahead of us, among those that may be asked. */
  #whom(id: ServerId): ConnectionId | undefined {
    const direct = this.#direct(id);
    let best: ConnectionId | undefined;
    let most = this.#port.position(id);
    for (const [link, peer] of this.#peers) {
      const at = peer.known.get(id);
      if (at === undefined || comparePositions(at, most) <= 0) continue;
      // A neighbour's own link brings it in time, unless it speaks for an incarnation that is over.
      if (direct !== undefined && peer.id !== id && at.incarnation <= incarnationAt(direct, id)) continue;
      best = link;
      most = at;
    }
    return best;
  }

  #direct(id: ServerId): Peer | undefined {
    for (const peer of this.#peers.values()) if (peer.id === id) return peer;
    return undefined;
  }
}

/** The incarnation that a server's own link speaks for; none that is known may be later while it has told nothing. */
function incarnationAt(direct: Peer, id: ServerId): number {
  return direct.known.get(id)?.incarnation ?? Number.POSITIVE_INFINITY;
}
