// The sweep: once a second every connection is looked at for what is due, whether a word of ours or its end. Deadlines
// are the verdict's; this file does what follows from one.

import { unreachable } from '../base/assert.ts';
import { type ConnectionId, connectionId } from '../base/ids.ts';
import type { Connection } from './connection.ts';
import { type ConnectionDeadlines, judge } from './verdict.ts';

export interface SweepHost {
  /** Asks whether it is there. */
  ping(connection: Connection): void;
  /** Ends it for a reason that it is told. */
  expel(connection: Connection, reason: string): void;
  /** Ends one that takes nothing. */
  abandon(connection: Connection, reason: string): void;
  /** Ends one that was told its end. */
  terminate(connection: Connection): void;
  /** A fault of ours while one was looked at. */
  contain(connection: Connection, error: unknown): void;
}

/** A table of connections. */
interface Slots {
  readonly slots: number;
  at(id: ConnectionId): Connection | undefined;
}

export class Sweep {
  readonly #config: { readonly limits: ConnectionDeadlines };
  readonly #host: SweepHost;

  /** The deadlines are looked up at every use. */
  constructor(config: { readonly limits: ConnectionDeadlines }, host: SweepHost) {
    this.#config = config;
    this.#host = host;
  }

  /** Looks at all of them. */
  run(connections: Slots, now: number): void {
    for (let slot = 0; slot < connections.slots; slot++) {
      const connection = connections.at(connectionId(slot));
      if (connection === undefined) continue;
      try {
        this.#check(connection, now);
      } catch (error) {
        this.#host.contain(connection, error);
      }
    }
  }

  #check(connection: Connection, now: number): void {
    const host = this.#host;
    const verdict = judge(connection, this.#config.limits, now);
    switch (verdict) {
      case 'fine':
        return;
      case 'ping':
        connection.pinged = true;
        return host.ping(connection);
      case 'silent':
        return host.expel(connection, 'Ping timeout');
      case 'unregistered':
        return host.expel(connection, 'Registration timed out; connect again and send NICK and USER at once');
      case 'stuck':
        return host.abandon(connection, 'Write timeout');
      case 'lingering':
        return host.terminate(connection);
      default:
        return unreachable(verdict);
    }
  }
}
