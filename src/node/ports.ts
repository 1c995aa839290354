// What a node asks of the edge it runs at: sockets, waiting work, secrets and the log. The production edge is Bun, the
// simulator's edge is a seed. Nothing here waits: what takes time answers under a ticket through Node.done.

import type { Ending } from '../base/ending.ts';
import type { ConnectionId, Epoch, RoomKey, Ticket, Uid } from '../base/ids.ts';
import type { Transport } from '../fanout/outbox.ts';
import type { RoomLog } from '../order/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number>>;

export interface Ports extends Transport {
  /** Stops and starts reading from a connection. A chunk that was read already may still come. */
  pause(connection: ConnectionId): void;
  resume(connection: ConnectionId): void;
  /**
   * Everything was taken: ends our side. Node.closed follows when the peer has ended its own, so that no reset
   * destroys what it has not read yet; at once when `wait` is false. Why it ends is for edges that have words for it;
   * `reason` is for people.
   */
  end(connection: ConnectionId, wait: boolean, why: Ending, reason: string): void;
  /** Closes the connection at once, whatever is in flight. Node.closed follows. */
  terminate(connection: ConnectionId): void;
  /** Asks for Node.flush when the present batch of input is over. */
  wake(): void;
  /** The log of a new epoch of a room whose first slot is `first`. */
  openLog(room: RoomKey, epoch: Epoch, first: number): RoomLog;
  /** Checks a password against a hash, later: done(ticket, 1 or 0). False when too many checks wait already. */
  verify(ticket: Ticket, password: string, hash: string): boolean;
  /** A keyed token for a uid, and whether a token is that, in constant time. */
  token(uid: Uid): string;
  isToken(uid: Uid, token: string): boolean;
  /** One event for the operators' log. */
  log(level: LogLevel, event: string, fields: LogFields): void;
  /** The node wants to end: the edge calls Node.shutdown and stops the process. */
  stop(reason: string): void;
}
