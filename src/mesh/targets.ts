// Targets: whom this server would like to be linked to, and where and when it dials. One that was configured is an
// address, for ever, and learns who lives there; one that was found is a server, and is forgotten when nothing was
// heard of it for ten minutes. It dials nobody and knows no link.

import { type Contact, type Endpoint, foldName } from './identity.ts';
import type { Why } from './why.ts';

export interface Target {
  readonly kind: 'target';
  readonly key: string;
  readonly configured: boolean;
  endpoint: Endpoint;
  /** Who lives there, as far as is known. */
  peer: Contact | undefined;
  /** Attempts in a row that came to nothing lasting. */
  attempts: number;
  /** Why they failed, as far as that was told. */
  readonly failed: Set<Why>;
  /** Not dialled before, whatever is heard of it; Infinity: never. */
  heldUntil: number;
  /** When something was heard of it last, in Unix ms. */
  knownAt: number;
  /** A connection of ours to it is under way, or in its handshake. */
  dialling: boolean;
}

const KNOWN_MS = 10 * 60_000;
/** Far above the servers of a network; more than these can only be found by who has its secret. */
const MOST_FOUND = 256;

export class Targets {
  readonly #targets = new Map<string, Target>();

  [Symbol.iterator](): Iterator<Target> {
    return this.#targets.values();
  }

  get size(): number {
    return this.#targets.size;
  }

  /** The target at a configured address. */
  configure(endpoint: Endpoint): Target {
    const key = `${endpoint.host} ${endpoint.port}`;
    const known = this.#targets.get(key);
    return known ?? this.#add(key, endpoint, undefined, true, 0);
  }

  /** The target that is a server, at its present address; undefined when there are too many already. */
  found(peer: Contact, now: number): Target | undefined {
    const key = keyOf(peer);
    const known = this.#targets.get(key);
    if (known === undefined) {
      if (this.#targets.size >= MOST_FOUND) this.#forgetOld(now);
      if (this.#targets.size >= MOST_FOUND) return undefined;
      return this.#add(key, { host: peer.ip, port: peer.port }, peer, false, now);
    }
    known.knownAt = now;
    // An old datagram must not lead back to an old address.
    if (known.peer !== undefined && peer.incarnation < known.peer.incarnation) return known;
    known.peer = peer;
    known.endpoint = { host: peer.ip, port: peer.port };
    return known;
  }

  of(peer: Contact): Target | undefined {
    return this.#targets.get(keyOf(peer));
  }

  /** Whether a target was heard of too long ago to be dialled on. */
  isStale(target: Target, now: number): boolean {
    return !target.configured && now - target.knownAt > KNOWN_MS;
  }

  has(target: Target): boolean {
    return this.#targets.get(target.key) === target;
  }

  remove(target: Target): void {
    this.#targets.delete(target.key);
  }

  #add(key: string, endpoint: Endpoint, peer: Contact | undefined, configured: boolean, now: number): Target {
    const fresh = { kind: 'target', attempts: 0, heldUntil: 0, dialling: false } as const;
    const target: Target = { ...fresh, failed: new Set(), key, configured, endpoint, peer, knownAt: now };
    this.#targets.set(key, target);
    return target;
  }

  #forgetOld(now: number): void {
    for (const target of this.#targets.values()) {
      if (this.isStale(target, now) && !target.dialling) this.#targets.delete(target.key);
    }
  }
}

/** Unlike an address, it has a colon in front. */
function keyOf(peer: Contact): string {
  return `:${peer.id} ${peer.ip} ${foldName(peer.name)}`;
}
