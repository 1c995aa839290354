// What the replica asks of the world around it: the state that facts are about, the links that carry them, and somebody
// who wants to know. The node implements these with chat and order; the replica knows no user and no room.

import type { ServerId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { FrameCursor } from './group.ts';
import type { LogLimits } from './origin.ts';
import type { Self } from './own-facts.ts';
import type { ServerFact } from './server-fact.ts';

/** What a frame of a fact is, looked at by itself. */
export type Verdict =
  | 'good'
  /** Of a later version of the protocol: it is kept and passed on, and not applied. */
  | 'unknown'
  /** No server could have written it: the link that brought it ends. */
  | 'bad';

/** Why a state is forgotten. */
export type Departure = (
  | {
      readonly kind: 'split';
      /** The ends of the link that was lost, our end first; names. */
      readonly near: string;
      readonly far: string;
    }
  | {
      readonly kind: 'left' | 'restarted';
      /** The name of the server itself, whatever link it was reached through. */
      readonly server: string;
    }
) & {
  /** What was said about it, or ''. */
  readonly comment: string;
};

/**
 * The state that facts describe, one part an origin. Each part is a function of its origin's facts in their order and
 * of nothing else; what follows from several parts together (who owns a nickname) is derived from them, so that the
 * order in which facts of different origins come makes no difference.
 */
export interface State {
  /** Judges a frame without looking at the state: the answer is the same everywhere. */
  check(origin: ServerId, incarnation: number, frame: Frame): Verdict;
  /** Applies the next fact's frame. What makes no sense changes nothing, and neither does what is true already. */
  apply(origin: ServerId, frame: Frame): void;
  /** The origin's part becomes what these frames say: what is not among them is gone. `next(frame)` reads them. */
  restore(origin: ServerId, frames: FrameCursor): void;
  /** Writes the frames that make the origin's part: clients, rooms, memberships. */
  snapshot(origin: ServerId, frames: FrameWriter): void;
  /** The origin's part is empty. */
  forget(origin: ServerId, why: Departure): void;
}

/** Somebody who is told what happens. None of these may call the replica, except for originate(). */
export interface Watcher {
  /** The server is known and within reach, for the first time or again. */
  reached(server: ServerFact): void;
  /** It is out of reach; forgotten() follows unless it comes back in time. */
  lost(server: ServerFact): void;
  /** It did not come back in time, or has left: nothing is known of it any more. */
  forgotten(id: ServerId): void;
  /** A later incarnation took the place of the one that was known. */
  restarted(server: ServerFact): void;
  /** The peer of this link has said that it knows all that we told it at the beginning. */
  synced(peer: ServerId): void;
  /** Two states at one position differ; the one here is replaced if it is further from its origin. */
  mismatch(origin: ServerId, peer: ServerId): void;
  /** A server with our id and a later incarnation is in the network. */
  usurped(incarnation: number): void;
}

export interface ReplicaConfig {
  /** This server, without its neighbours. */
  readonly server: Self;
  /** How long a loss is held back. */
  readonly holdMs: number;
  /** How long the state of a server that was never within reach is kept at least. */
  readonly unseenMs: number;
  /** How often vectors with digests are told. */
  readonly vectorMs: number;
  /** How long an answer may take. */
  readonly answerMs: number;
  /** The most servers of a network. */
  readonly servers: number;
  readonly log: LogLimits;
  /** Bytes of all logs together. */
  readonly logBytes: number;
  /** The most bytes of one snapshot. */
  readonly snapshotBytes: number;
}

/** What has happened, counted since the start. */
export interface ReplicaCounters {
  facts: number;
  /** Facts that were known, or of an incarnation that is over. */
  old: number;
  gaps: number;
  snapshots: number;
  /** Snapshots that were no news when they were whole. */
  wasted: number;
  unknown: number;
  /** Groups about more servers than are allowed. */
  crowded: number;
  /** Must stay 0. */
  mismatches: number;
}
