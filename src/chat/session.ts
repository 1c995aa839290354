// A session: what one local connection is to chat, from its first byte to its end. Ten thousand of them may be idle,
// so it has few fields, no collection of its own, and what only registration needs is dropped with registration.
// This file knows no commands.

import type { ConnectionId, Uid } from '../base/ids.ts';
import type { OperatorConfig } from './config.ts';
import type { Way } from './places.ts';
import type { Room } from './rooms.ts';
import type { User } from './users.ts';

export const NEW = 0;
export const REGISTERED = 1;
/** Closed, or about to be: nothing is said to it, and nothing of it is heard. */
export const ENDED = 2;
export type SessionState = typeof NEW | typeof REGISTERED | typeof ENDED;

/** What a connection has said of itself before it is registered. */
export interface Registration {
  /** Frames, good and bad, until now. */
  frames: number;
  /** The password was right. */
  passed: boolean;
  /** What NICK asked for; '' for nothing. */
  nick: string;
  /** The four arguments of USER, once it was given. */
  data: readonly string[] | undefined;
  /** The user whose place this one takes. */
  resumes: Uid | undefined;
}

/** A command that waits: until no send is unanswered, until Chat.again(), or for a number until Chat.reserved(). */
export interface Held {
  readonly frame: Uint8Array;
  readonly until: 'answered' | 'again' | 'number';
}

/** An operator: its name, the hash that its password fitted, and what it may do. */
export interface Operator extends OperatorConfig {
  readonly name: string;
}

/** A password that is being checked: whose, '' before registration, and against which hash. */
export interface Checking {
  readonly name: string;
  readonly hash: string;
}

export class Session {
  readonly connection: ConnectionId;
  /** The remote address as clients are shown it, and as it is. */
  readonly host: string;
  readonly address: string;
  readonly way: Way;
  state: SessionState = NEW;
  user: User | undefined = undefined;
  /** Where a CSEND without a room goes. */
  current: Room | undefined = undefined;
  operator: Operator | undefined = undefined;
  /** Dropped with the first frame after registration. */
  registration: Registration | undefined = { frames: 0, passed: false, nick: '', data: undefined, resumes: undefined };
  tokens: number;
  filledAt: number;
  /** Sends whose outcome is not known yet. */
  unanswered = 0;
  /** Wrong passwords. */
  failures = 0;
  /** The password that is being checked; undefined when none is. */
  checking: Checking | undefined = undefined;
  /** The command that waits, and with it all input. */
  held: Held | undefined = undefined;
  /** Who resumes this session and waits until its sends are answered. */
  heir: Session | undefined = undefined;
  /** The reason of the QUIT that waits until no send is unanswered. */
  parting: string | undefined = undefined;

  constructor(connection: ConnectionId, host: string, address: string, tokens: number, now: number, way: Way = 'tcp') {
    this.connection = connection;
    this.host = host;
    this.address = address;
    this.tokens = tokens;
    this.filledAt = now;
    this.way = way;
  }
}
