// Which server to try next, and when: the ones given, then the ones that servers named, in turn, with a wait between
// tries that doubles and is spread by chance, so that the users of a lost server do not come back all at once.
// Of those that servers name only such are taken as were given, over TCP or WebSocket, with TLS or without: who was given
// a server with TLS is never led to one without, and nobody to where only another transport goes.

import { assert } from '../base/assert.ts';

const LEARNED_MAX = 64;
const ADDRESS = /^(tls:\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253}):([0-9]{1,5})$/;
const WEB_ADDRESS = /^(wss?):\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?(?:\/[!-~]*)?$/;

/** A server's address, taken apart. */
export interface ServerAddress {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Reads `host:port` or `tls://host:port`, an IPv6 host in brackets; undefined when it is neither. */
export function readServerAddress(text: string): ServerAddress | undefined {
  const [, tls, host = '', digits] = ADDRESS.exec(text) ?? [];
  const port = Number(digits ?? 0);
  if (port <= 0 || port >= 65_536) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port, tls: tls !== undefined };
}

/** How a server is reached. */
export type TransportKind = 'tcp' | 'tls' | 'ws' | 'wss';

/** How the server at `text` is reached (`ws://host/ws` and `wss://host/ws` are addresses too); undefined: it is none. */
export function transportOf(text: string): TransportKind | undefined {
  const address = readServerAddress(text);
  if (address !== undefined) return address.tls ? 'tls' : 'tcp';
  const [, scheme, port = '1'] = WEB_ADDRESS.exec(text) ?? [];
  return Number(port) > 0 && Number(port) < 65_536 ? (scheme as 'ws' | 'wss' | undefined) : undefined;
}

/** Whether `text` is the address of a server over TCP. */
export function isServerAddress(text: string): boolean {
  return readServerAddress(text) !== undefined;
}

export interface BackoffLimits {
  readonly retryMs: number;
  readonly retryMaxMs: number;
}

export class ServerList {
  readonly #given: readonly string[];
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #learned: readonly string[] = [];
  #at = 0;
  #failures = 0;

  /** `random` gives unsigned 32-bit numbers. */
  constructor(given: readonly string[], limits: BackoffLimits, random: () => number) {
    const known = given.every((address) => transportOf(address) !== undefined);
    assert(given.length > 0 && known, 'servers are given as host:port, tls://host:port, ws://… or wss://…');
    this.#given = given;
    this.#limits = limits;
    this.#random = random;
  }

  get all(): readonly string[] {
    return [...new Set([...this.#given, ...this.#learned])];
  }

  get current(): string {
    const all = this.all;
    return all[this.#at % all.length] as string;
  }

  /** Takes the servers that RPL_SERVERS names in place of those it named before. */
  learn(addresses: readonly string[]): void {
    const current = this.current;
    const kinds = new Set<TransportKind | undefined>(this.#given.map(transportOf));
    const known = addresses.filter((address) => kinds.has(transportOf(address)));
    this.#learned = known.slice(0, LEARNED_MAX);
    this.#at = Math.max(this.all.indexOf(current), 0);
  }

  /** The current one does not serve: moves to the next and says how many ms to wait before trying it. */
  fail(): number {
    this.#at = (this.#at + 1) % this.all.length;
    const ceiling = Math.min(this.#limits.retryMs * 2 ** Math.min(this.#failures, 20), this.#limits.retryMaxMs);
    this.#failures++;
    return Math.round(ceiling * (0.5 + this.#random() / 2 ** 33));
  }

  /** The current one serves. */
  succeed(): void {
    this.#failures = 0;
  }
}
