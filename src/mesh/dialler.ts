// The dialler: when whom to dial, and for how long to try. It keeps the targets, the attempts under way and the
// back-off; whether somebody is linked already it asks. Chance spreads the attempts of servers that lost each other
// at the same moment.
//
//   found, we are lower ─ at once ─┐              ┌─ up for 10 s ─▶ the back-off begins anew
//   found, we are higher ─ 5 s ────┼─▶ attempt ───┤
//   configured ─ at once ──────────┘      ▲       └─ nothing lasting ─▶ ¼, 9 × ½, 1, 2, 2 … s, half of it chance ─┐
//                                         └─────────────────────────────────────────────────────────────────────────┘
//
// The quick ones go on for some seconds: a link that was away for two has to be back before its loss is told, at three.

import { Deadlines } from '../base/deadlines.ts';
import type { ServerId } from '../base/ids.ts';
import { type Contact, dialsFirst, type Endpoint, sameServer } from './identity.ts';
import type { Chance } from './secrets.ts';
import { type Target, Targets } from './targets.ts';
import { type Redial, WHYS, type Why } from './why.ts';

/** From dialling to the end of the handshake. Below CROSSING_MS, which the rules rely on. */
export const DIAL_MS = 3000;
/** How long the higher id leaves dialling to the lower one. */
export const COURTESY_MS = 5000;
export const STABLE_MS = 10_000;
const BLOCK_MS = 10 * 60_000;
export const FIRST_BACKOFF_MS = 250;
const QUICK_BACKOFF_MS = 500;
export const MOST_BACKOFF_MS = 2000;
const QUICK_ATTEMPTS = 10;
const MINUTE_MS = 60_000;
const BUSY_MS = 500;
const MOST_BLOCKED = 256;

/** One attempt: a connection that is being made. */
export interface Attempt {
  readonly kind: 'attempt';
  readonly number: number;
  readonly target: Target;
  /** The handshake, too, has to end by then. */
  readonly until: number;
}

export interface DiallerOut {
  self(): Contact;
  /** Whether there is a link to this server in this life, or a later one. */
  isLinked(peer: Contact): boolean;
  /** Begins to connect. */
  dial(number: number, to: Endpoint): void;
  /** An attempt took too long: its connection is not wanted any more. */
  cancel(number: number): void;
  /** An attempt came to nothing, for this reason for the first time. */
  failed(target: Target, why: Why, detail: string): void;
}

export class Dialler {
  readonly targets = new Targets();
  readonly #out: DiallerOut;
  readonly #chance: Chance;
  readonly #due = new Deadlines<Target | Attempt>();
  readonly #attempts = new Map<number, Attempt>();
  readonly #blocked = new Map<ServerId, number>();
  #dialled = 0;
  #stopped = false;

  constructor(out: DiallerOut, chance: Chance) {
    this.#out = out;
    this.#chance = chance;
  }

  get deadline(): number {
    return this.#due.next;
  }

  /** An address where a server of this network is expected. */
  configure(endpoint: Endpoint, now: number): void {
    this.#sooner(this.targets.configure(endpoint), now);
  }

  /** A server was heard of. */
  found(peer: Contact, now: number): void {
    const before = this.targets.of(peer)?.peer?.incarnation ?? 0;
    const target = this.targets.found(peer, now);
    if (target === undefined) return;
    if (peer.incarnation > before) {
      startAfresh(target);
      target.heldUntil = 0;
    }
    if (this.#out.isLinked(peer)) return;
    this.#sooner(target, this.#isOurs(target) ? now : now + COURTESY_MS);
  }

  /** The edge made the connection of an attempt: takes it over. Undefined when it is not wanted any more. */
  connected(number: number): Attempt | undefined {
    const attempt = this.#attempts.get(number);
    if (attempt === undefined) return undefined;
    this.#attempts.delete(number);
    this.#due.clear(attempt);
    return attempt;
  }

  /** The edge could not make the connection of an attempt. */
  unreachable(number: number, reason: string, now: number, why: 'unreachable' | 'tls' = 'unreachable'): void {
    const attempt = this.connected(number);
    if (attempt !== undefined) this.ended(attempt.target, why, reason, now);
  }

  tick(now: number): void {
    for (let due = this.#due.take(now); due !== undefined; due = this.#due.take(now)) {
      if (due.kind === 'target') this.#attempt(due, now);
      else {
        this.#attempts.delete(due.number);
        this.#out.cancel(due.number);
        this.ended(due.target, 'timeout', 'no connection', now);
      }
    }
  }

  /** Our own attempt at a target, or the handshake on it, came to nothing lasting. */
  ended(target: Target, why: Why, detail: string, now: number): void {
    target.dialling = false;
    this.#tell(target, why, detail);
    this.#again(target, WHYS[why].redial, now);
  }

  /** What an attempt reached: whoever it was aimed at, this one lives there. */
  reached(target: Target, peer: Contact): void {
    target.dialling = false;
    if (target.peer !== undefined && !sameServer(target.peer, peer) && !target.configured) this.#forget(target);
    target.peer = peer;
  }

  /** A link to a peer, which was up since `upAt`, is gone, and there is no other one to it. */
  lost(peer: Contact, upAt: number, why: Why, now: number): void {
    const { redial } = WHYS[why];
    // Who came to us, and was never heard of otherwise, can be dialled too.
    if (redial !== 'forget') this.targets.found(peer, now);
    for (const target of [...this.targets]) {
      if (target.peer === undefined || !sameServer(target.peer, peer)) continue;
      if (now - upAt >= STABLE_MS) startAfresh(target);
      target.knownAt = Math.max(target.knownAt, now);
      if (!target.dialling) this.#again(target, redial, now, this.#isOurs(target) ? 0 : COURTESY_MS);
    }
  }

  /** Neither of us dials this server for a while. */
  block(id: ServerId, now: number): void {
    for (const [old, until] of this.#blocked) if (until <= now) this.#blocked.delete(old);
    if (this.#blocked.size < MOST_BLOCKED) this.#blocked.set(id, now + BLOCK_MS);
  }

  isBlocked(id: ServerId, now: number): boolean {
    return (this.#blocked.get(id) ?? 0) > now;
  }

  /** Dials nobody any more. */
  stop(): void {
    this.#stopped = true;
    for (const number of this.#attempts.keys()) this.#out.cancel(number);
    this.#attempts.clear();
    while (this.#due.take(Number.POSITIVE_INFINITY) !== undefined);
  }

  #attempt(target: Target, now: number): void {
    const { peer } = target;
    if (this.#stopped || target.dialling) return;
    if (this.targets.isStale(target, now)) return this.targets.remove(target);
    if (peer !== undefined) {
      if (this.#out.isLinked(peer)) return;
      const blockedUntil = this.#blocked.get(peer.id) ?? 0;
      if (blockedUntil > now) return this.#due.set(target, blockedUntil);
      if (this.#isBusy(peer)) return this.#due.set(target, now + BUSY_MS);
    }
    const attempt: Attempt = { kind: 'attempt', number: ++this.#dialled, target, until: now + DIAL_MS };
    target.attempts++;
    target.dialling = true;
    this.#attempts.set(attempt.number, attempt);
    this.#due.set(attempt, attempt.until);
    this.#out.dial(attempt.number, target.endpoint);
  }

  /** Whether the same server is being dialled at another of its addresses. */
  #isBusy(peer: Contact): boolean {
    for (const target of this.targets) {
      if (target.dialling && target.peer !== undefined && sameServer(target.peer, peer)) return true;
    }
    return false;
  }

  /** Whether dialling is our part: always where we were told an address, else where our id is the lower one. */
  #isOurs(target: Target): boolean {
    return target.configured || target.peer === undefined || dialsFirst(this.#out.self(), target.peer);
  }

  #again(target: Target, redial: Redial, now: number, leastMs = 0): void {
    if (this.#stopped || !this.targets.has(target)) return;
    if (redial === 'never') {
      target.heldUntil = Number.POSITIVE_INFINITY;
      this.#due.clear(target);
    } else if (redial === 'forget' && !target.configured) this.#forget(target);
    else {
      const waitMs = redial === 'minute' ? this.#minute() : redial === 'later' ? BLOCK_MS : this.#backoff(target);
      if (redial === 'minute' || redial === 'later') target.heldUntil = now + waitMs;
      this.#due.set(target, Math.max(target.heldUntil, now + Math.max(leastMs, waitMs)));
    }
  }

  /** Each reason once, until there was a link that lasted: it is tried again for ever, and the log is for people. */
  #tell(target: Target, why: Why, detail: string): void {
    if (this.#stopped || target.failed.has(why)) return;
    target.failed.add(why);
    this.#out.failed(target, why, detail);
  }

  #minute(): number {
    return Math.ceil(MINUTE_MS * (1 + this.#chance.random() / 4));
  }

  #backoff(target: Target): number {
    return Math.ceil(longestWait(target.attempts) * (0.5 + this.#chance.random() / 2));
  }

  #sooner(target: Target, at: number): void {
    if (this.#stopped || target.dialling || target.heldUntil === Number.POSITIVE_INFINITY) return;
    this.#due.set(target, Math.max(target.heldUntil, Math.min(at, this.#due.at(target) ?? at)));
  }

  #forget(target: Target): void {
    this.#due.clear(target);
    this.targets.remove(target);
  }
}

/** As if it had never been tried. */
function startAfresh(target: Target): void {
  target.attempts = 0;
  target.failed.clear();
}

/** The most that is waited after so many attempts in a row. */
function longestWait(attempts: number): number {
  if (attempts === 0) return FIRST_BACKOFF_MS;
  const slow = Math.max(attempts - QUICK_ATTEMPTS + 1, 0);
  return Math.min(MOST_BACKOFF_MS, QUICK_BACKOFF_MS * 2 ** Math.min(slow, 16));
}
