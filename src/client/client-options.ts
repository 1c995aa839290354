// The options of a client, and every limit that it keeps, with what must hold between them.

import { assert } from '../base/assert.ts';
import { ROOM_ORDER_LIMITS, type RoomOrderLimits } from './room-order.ts';

/**
 * Deadlines and bounds of a client; each has a preset.
 *
 * @example
 * const limits: Partial<ClientLimits> = { sendMs: 10_000, sendQueue: 100 };
 * await using eve = await connect({ servers, nick: 'eve', limits });
 */
export interface ClientLimits {
  /** How long one connection may take to be made. */
  readonly connectMs: number;
  /** How long the server may take to let us in. */
  readonly registerMs: number;
  /** How long an answer may take. */
  readonly requestMs: number;
  /** How long a message is kept and sent again before it fails. */
  readonly sendMs: number;
  /** Messages of one room on their way at once. Above 1 some fail, or come late, where 1 would only wait. */
  readonly sendWindow: number;
  /** Messages of one room not answered yet. */
  readonly sendQueue: number;
  /** Questions not answered yet. */
  readonly requests: number;
  /** The first wait after ERR_FLOODING or ERR_ROOMUNAVAILABLE; it doubles up to paceMaxMs. */
  readonly paceMs: number;
  readonly paceMaxMs: number;
  /** After so long without a byte the server is asked for one, and then given so long to send it. */
  readonly pingIdleMs: number;
  readonly pingAnswerMs: number;
  /** The first wait before dialling again; it doubles up to retryMaxMs. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** How long the server may take to close after QUIT. */
  readonly quitMs: number;
  /** The longest text in canonical bytes, until the server names its own limit. */
  readonly textBytes: number;
  readonly order: RoomOrderLimits;
}

const CLIENT_LIMITS: ClientLimits = {
  connectMs: 5_000,
  registerMs: 10_000,
  requestMs: 15_000,
  sendMs: 60_000,
  sendWindow: 1,
  sendQueue: 1_000,
  requests: 256,
  paceMs: 500,
  paceMaxMs: 8_000,
  pingIdleMs: 30_000,
  pingAnswerMs: 10_000,
  retryMs: 500,
  retryMaxMs: 30_000,
  quitMs: 800,
  textBytes: 4_096,
  order: ROOM_ORDER_LIMITS,
};

export interface ClientOptions {
  /** `host:port`, `tls://host:port`, `ws://host/ws` or `wss://host/ws`, tried in this order. */
  readonly servers: readonly string[];
  readonly nick: string;
  /** The user name; the nickname without what a user name may not have, where none is given. */
  readonly user?: string;
  readonly realname?: string;
  /** For servers that ask for one. */
  readonly password?: string;
  /** Whether another nickname may be taken when this one is in use (the default). */
  readonly otherNicks?: boolean;
  /**
   * With a sendWindow above 1: what becomes of a message that the server refused for now, or did not answer, while it
   * accepted later ones, or may have. It fails (the preset), so that messages keep their order, or it comes late.
   */
  readonly overtaken?: 'fail' | 'late';
  readonly limits?: Partial<ClientLimits>;
}

export function limitsOf(options: ClientOptions): ClientLimits {
  const limits = { ...CLIENT_LIMITS, ...options.limits };
  // A server remembers a message's id for ten minutes: sent again later, it would be delivered twice.
  assert(limits.sendMs <= 300_000, 'sendMs is more than half of what a server remembers an id');
  assert(limits.sendWindow >= 1 && limits.sendQueue >= limits.sendWindow, 'sendQueue holds less than sendWindow');
  return limits;
}
