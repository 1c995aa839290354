// What chat is told: the server's own name, the limits, the operators. It holds no defaults and checks nothing: the
// options do. What may be told anew while chat runs is looked up here at every use, and nobody keeps a copy; who made the
// config puts another value in its place, between two calls, and says so with Chat.reconfigured().

import type { ServerId } from '../base/ids.ts';

export interface ServerIdentity {
  readonly name: string;
  readonly id: ServerId;
  readonly version: string;
  /** A line for people. */
  readonly info: string;
  /** When the server was made, in Unix milliseconds. */
  readonly birth: number;
  /** When the server started, in Unix milliseconds; uids are counted from a thousand times this. */
  readonly incarnation: number;
}

/** A token bucket: `rate` tokens a second up to `burst`. */
export interface Flood {
  readonly rate: number;
  readonly burst: number;
}

export interface Limits {
  /** Letters of a nickname, at most 32. */
  readonly nickLength: number;
  /** Code points of a room's name, at most 64. */
  readonly roomLength: number;
  /** Rooms that one user may be in. */
  readonly roomsPerUser: number;
  /** Rooms on the server. */
  readonly rooms: number;
  /** Targets of one LSEND. */
  readonly targets: number;
  /** Members up to which a room's comings and goings are announced one by one. */
  readonly presence: number;
  /** How long a room stays when nobody is in it. */
  readonly roomIdleMs: number;
  /** Former names kept for one user. */
  readonly nickHistory: number;
  /** How long a former name, or a user that has gone, is kept. */
  readonly nickHistoryMs: number;
  /** Users that have gone and are kept, at most. */
  readonly goneUsers: number;
  /** Frames, good and bad, that a connection may send before it is registered. */
  readonly registrationFrames: number;
  /** Undefined: nobody is slowed. */
  readonly flood: Flood | undefined;
  /** Canonical bytes of a text. */
  readonly textBytes: number;
  /** Slots that one HISTORY answers. */
  readonly historyCount: number;
  /** Wrong passwords after which a connection is closed. */
  readonly passwordFailures: number;
  /** The longest wait after wrong passwords, in ms; 0: there is none. */
  readonly passwordWaitMaxMs: number;
}

export interface OperatorConfig {
  readonly hash: string;
  /** Verbs in upper case. */
  readonly grants: ReadonlySet<string> | 'all';
}

export interface ChatConfig {
  readonly server: ServerIdentity;
  /** May be told anew. */
  limits: Limits;
  /** What RPL_LIMITS names, in order. May be told anew. */
  announcedLimits: readonly (readonly [name: string, value: string | number])[];
  /** May be told anew. */
  operators: ReadonlyMap<string, OperatorConfig>;
  /** The hash of the password that PASS has to give; undefined: everybody is welcome. May be told anew. */
  passwordHash: string | undefined;
  /** What is checked for an operator's name that is none; undefined: the hash of one that there is. */
  readonly dummyHash?: string;
  /** Where else clients may connect, as host:port. */
  readonly servers: readonly string[];
}
