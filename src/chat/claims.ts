// Claims: everybody's claim to a nickname, and whose it is. A user has one claim, a folded nickname and the time when it
// was first claimed; the owner of a nickname is derived from the claims to it: the earliest, and of equally early ones
// that of the lower uid. Nobody decides it, so whoever knows the same claims knows the same owner, in whatever order
// they became known. The table refuses nothing: a claim that loses is kept, as it may win when another one ends.

import { assert } from '../base/assert.ts';
import type { Uid } from '../base/ids.ts';
import { parseUid } from '../wire/names.ts';

/** A nickname that has another owner than before. */
export interface Passing {
  readonly folded: string;
  /** Who had it and has it no more, still with a claim to it or not; undefined when it was free. */
  readonly from: Uid | undefined;
  /** Whose it is; undefined when it is free. */
  readonly to: Uid | undefined;
}

interface Claim {
  readonly uid: Uid;
  readonly server: number;
  readonly counter: number;
  readonly folded: string;
  readonly time: number;
  /** The next one to the same nickname, which comes behind this one. */
  next: Claim | undefined;
}

/** Negative or positive as claim `a` comes before `b` or behind it; 0 only for one user's claims of one time. */
function compareClaims(a: Claim, b: Claim): number {
  return a.time - b.time || a.server - b.server || a.counter - b.counter;
}

export class Claims {
  readonly #byUid = new Map<Uid, Claim>();
  /** Folded nickname → the claims to it in their order. Almost always there is one. */
  readonly #first = new Map<string, Claim>();

  /** Users with a claim. */
  get size(): number {
    return this.#byUid.size;
  }

  /** Whose nickname it is. */
  owner(folded: string): Uid | undefined {
    return this.#first.get(folded)?.uid;
  }

  /** Whether the nickname that the user claims is its own. */
  owns(uid: Uid): boolean {
    const claim = this.#byUid.get(uid);
    return claim !== undefined && this.#first.get(claim.folded) === claim;
  }

  /** Everybody who claims a nickname, its owner first. */
  claimants(folded: string): Uid[] {
    const uids: Uid[] = [];
    for (let claim = this.#first.get(folded); claim !== undefined; claim = claim.next) uids.push(claim.uid);
    return uids;
  }

  /** The user claims a nickname since `time`, and no other one any more. Says which nicknames passed to another owner. */
  claim(uid: Uid, folded: string, time: number): Passing[] {
    const known = this.#byUid.get(uid);
    if (known?.folded === folded && known.time === time) return [];
    const parsed = parseUid(uid);
    assert(parsed !== undefined, `not a uid: ${uid}`);
    const before = this.#owners(known?.folded, folded);
    if (known !== undefined) this.#remove(known);
    this.#insert({ uid, server: parsed.id, counter: parsed.counter, folded, time, next: undefined });
    return this.#passings(before);
  }

  /** The user claims nothing any more. */
  drop(uid: Uid): Passing[] {
    const known = this.#byUid.get(uid);
    if (known === undefined) return [];
    const before = this.#owners(known.folded);
    this.#remove(known);
    return this.#passings(before);
  }

  #owners(...nicknames: readonly (string | undefined)[]): Map<string, Uid | undefined> {
    const owners = new Map<string, Uid | undefined>();
    for (const folded of nicknames) if (folded !== undefined) owners.set(folded, this.owner(folded));
    return owners;
  }

  #passings(before: ReadonlyMap<string, Uid | undefined>): Passing[] {
    const passings: Passing[] = [];
    for (const [folded, from] of before) {
      const to = this.owner(folded);
      if (from !== to) passings.push({ folded, from, to });
    }
    return passings;
  }

  #insert(claim: Claim): void {
    this.#byUid.set(claim.uid, claim);
    const first = this.#first.get(claim.folded);
    if (first === undefined || compareClaims(claim, first) < 0) {
      claim.next = first;
      this.#first.set(claim.folded, claim);
      return;
    }
    let before = first;
    while (before.next !== undefined && compareClaims(before.next, claim) < 0) before = before.next;
    claim.next = before.next;
    before.next = claim;
  }

  #remove(claim: Claim): void {
    this.#byUid.delete(claim.uid);
    const first = this.#first.get(claim.folded);
    if (first === claim) {
      if (claim.next === undefined) this.#first.delete(claim.folded);
      else this.#first.set(claim.folded, claim.next);
      return;
    }
    let before = first;
    while (before !== undefined && before.next !== claim) before = before.next;
    assert(before !== undefined, 'a claim that is not in its list');
    before.next = claim.next;
  }
}
