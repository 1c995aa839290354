// The connection as it is shown: to which server, in which state, how far away, and what of the network that server sees.
// It is changed by events and answers, and decides nothing.

import type { ClientEvent } from '../../client/client-events.ts';

/** A server that was seen lately and is not any more counts as missing so long. */
const MISSING_MS = 10 * 60_000;

export class Connection {
  state: 'connecting' | 'online' | 'waiting' | 'leaving' = 'connecting';
  /** As it was dialled. */
  address = '';
  /** As the server calls itself; '' until it has. */
  name = '';
  /** There and back; undefined when it was not measured on this connection. */
  latencyMs: number | undefined;
  /** Since when an answer is waited for, in Unix ms; undefined when none is. */
  askedAt: number | undefined;
  /** Whether a second server has what RPL_SENT speaks of; undefined when no server has said. */
  replicated: boolean | undefined;
  /** Why there is no connection. */
  reason = '';
  /** Unix ms. */
  retryAt = 0;
  tries = 0;
  wasOnline = false;
  /** When each server was seen last, in Unix ms. */
  readonly #seen = new Map<string, number>();
  #servers: readonly string[] = [];

  take(event: ClientEvent): void {
    if (this.state === 'leaving') return;
    switch (event.kind) {
      case 'dialling':
        this.state = 'connecting';
        this.address = event.server;
        break;
      case 'online':
        this.state = 'online';
        this.wasOnline = true;
        this.tries = 0;
        this.address = event.server;
        this.name = event.name;
        this.replicated = event.replicated;
        break;
      case 'offline':
        this.state = 'waiting';
        this.reason = event.reason;
        this.retryAt = event.retryAt;
        this.tries = event.wasOnline ? 0 : this.tries + 1;
        this.latencyMs = undefined;
        this.askedAt = undefined;
        this.replicated = undefined;
        this.#servers = [];
        break;
      case 'level':
        this.replicated = event.replicated;
        break;
    }
  }

  /** These servers are there at `now`. */
  sees(servers: readonly string[], now: number): void {
    this.#servers = servers;
    for (const name of servers) this.#seen.set(name, now);
    for (const [name, at] of this.#seen) if (now - at > MISSING_MS) this.#seen.delete(name);
  }

  get servers(): readonly string[] {
    return this.#servers;
  }

  /** Servers that were there a while ago and are not now. Empty while nobody can say. */
  get missing(): string[] {
    if (this.#servers.length === 0) return [];
    return [...this.#seen.keys()].filter((name) => !this.#servers.includes(name));
  }

  /** Whether `reason` is how servers speak of two that have lost each other. */
  isSplit(reason: string): boolean {
    const words = reason.split(' ');
    return words.length === 2 && words.every((word) => this.#seen.has(word));
  }
}
