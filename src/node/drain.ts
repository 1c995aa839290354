// Drain: how a server is emptied before it stops. Clients are sent elsewhere a few at a time, so that the servers which
// take them in are not all asked at once; until its turn comes nobody notices anything. Where there is nowhere else to
// go everybody is told at once. The network is left behind the last client: what they say until then still gets there.
//
// It knows no clock: tick() is called at `deadline`.

import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';

const STEP_MS = 100;
/** At least so many clients are told in a step: a small server is empty at once. */
const LEAST_A_STEP = 20;

export interface DrainHost {
  readonly connections: Connections;
  /** Whether clients have another server to go to. */
  elsewhere(): boolean;
  /** Says where else to go, and ERROR; those who share a room hear that it has gone. */
  sendAway(connection: Connection, reason: string): void;
  /** Says ERROR, and nothing more: everybody goes, so nobody has to hear of the others. */
  end(connection: Connection, reason: string): void;
  /** Takes leave of the network. */
  leave(reason: string, now: number): void;
}

export class Drain {
  /** When tick() is wanted, in Unix ms. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #host: DrainHost;
  #clients: Connection[] = [];
  /** The first of them who was not told. */
  #next = 0;
  #aStep = 0;
  #reason = '';

  constructor(host: DrainHost) {
    this.#host = host;
  }

  /** Begins, or, where it had begun, ends at once. Answers in how many ms the last client is told. */
  begin(reason: string, spreadMs: number, now: number): number {
    const host = this.#host;
    this.#reason = reason;
    this.#clients = [...host.connections].filter(isServed);
    this.#next = 0;
    this.deadline = Number.POSITIVE_INFINITY;
    if (spreadMs === 0 || !host.elsewhere()) {
      host.leave(reason, now);
      for (const connection of this.#clients) host.end(connection, reason);
      return 0;
    }
    const clients = this.#clients.length;
    this.#aStep = Math.max(LEAST_A_STEP, Math.ceil((clients * STEP_MS) / spreadMs));
    this.tick(now);
    return Math.max(0, Math.ceil(clients / this.#aStep) - 1) * STEP_MS;
  }

  /** Sends the next away; when there are none left, leaves. */
  tick(now: number): void {
    for (let told = 0; told < this.#aStep && this.#next < this.#clients.length; ) {
      const connection = this.#clients[this.#next++] as Connection;
      if (!isServed(connection) || this.#host.connections.at(connection.id) !== connection) continue;
      this.#host.sendAway(connection, this.#reason);
      told++;
    }
    const done = this.#next === this.#clients.length;
    this.deadline = done ? Number.POSITIVE_INFINITY : now + STEP_MS;
    if (done) this.#host.leave(this.#reason, now);
  }
}

/** A client that was not told its end yet. */
function isServed({ link, closingAt }: Connection): boolean {
  return !link && closingAt === 0;
}
