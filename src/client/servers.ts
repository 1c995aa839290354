// Which server to try next, and when: the ones given, then the ones that servers named, in turn, with a wait between
// tries that doubles and is spread by chance, so that the users of a lost server do not come back all at once.
// Of those that servers name only such are taken as were given, with TLS or without: who was given a server with TLS
// is never led to one without, and who was given no authority to believe is not led to where one is needed.

import { assert } from '../base/assert.ts';

const LEARNED_MAX = 64;
const ADDRESS = /^(tls:\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253}):([0-9]{1,5})$/;

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

/** Whether `text` is such an address. */
export function isServerAddress(text: string): boolean {
  return readServerAddress(text) !== undefined;
}

function isTls(address: string): boolean {
  return readServerAddress(address)?.tls === true;
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
    assert(given.length > 0 && given.every(isServerAddress), 'servers are given as host:port or tls://host:port');
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
    const kinds = new Set(this.#given.map(isTls));
    const known = addresses.filter((address) => isServerAddress(address) && kinds.has(isTls(address)));
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
