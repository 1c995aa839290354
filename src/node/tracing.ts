// Tracing: whom the log follows, if anybody. Where nobody is followed, what clients send is given to chat itself, and
// nothing of a trace is there; it comes and goes with what the node is told.

import type { Connection } from './connection.ts';
import { type Hearing, Trace, type TraceHost } from './trace.ts';

export class Tracing {
  /** Who is given what clients send. */
  hearing: Hearing;
  readonly #host: TraceHost;
  #trace: Trace | undefined;

  constructor(host: TraceHost) {
    this.#host = host;
    this.hearing = host.chat;
  }

  /** Follows whoever has this nickname from now on; undefined: nobody. */
  use(nick: string | undefined): void {
    if (nick !== undefined && this.#trace?.isOf(nick)) return;
    this.#trace?.close();
    this.#trace = nick === undefined ? undefined : new Trace(nick, this.#host);
    this.hearing = this.#trace ?? this.#host.chat;
  }

  /** A connection is gone. */
  closed(connection: Connection, reason: string, now: number): void {
    this.#trace?.closed(connection, reason, now);
  }

  /** When tick() is wanted, in Unix ms. */
  get deadline(): number {
    return this.#trace?.deadline ?? Number.POSITIVE_INFINITY;
  }

  tick(now: number): void {
    this.#trace?.tick(now);
  }
}
