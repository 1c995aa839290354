// Ownership: who says that a nickname is its own, and whose it is. A user has one claim, made at a time; every claim in
// the network stands here, and the owner is derived from them: the earliest, by time and then by uid, of those that
// nobody has taken over. So all servers that know the same users name the same owners, in whatever order they heard.
//
// A user takes another's claim over by resuming it; that counts for as long as it is here itself. Taking over is known
// by uid, as the heir may be heard of before the user whose place it takes.
//
// The usual name has one claim, and costs one entry of one map.

import type { Uid } from '../base/ids.ts';
import { parseUid } from '../wire/names.ts';
import type { User } from './users.ts';

export class Ownership {
  /** Folded nickname → its only claimant, or all of them. */
  readonly #byName = new Map<string, User | Set<User>>();
  /** Who takes another's place → whose. */
  readonly #resumed = new Map<User, Uid>();
  /** Whose place is taken → by whom; several may have tried. */
  readonly #heirs = new Map<Uid, Set<User>>();

  /** Names that are claimed, and places that are taken over, as kept at this moment. */
  get kept(): { readonly names: number; readonly resumed: number; readonly heirs: number } {
    return { names: this.#byName.size, resumed: this.#resumed.size, heirs: this.#heirs.size };
  }

  /** Adds the claim of a user that has come; `resumes`: the user whose place it takes. */
  add(user: User, resumes?: Uid): void {
    this.#put(user);
    if (resumes === undefined) return;
    this.#resumed.set(user, resumes);
    const heirs = this.#heirs.get(resumes);
    if (heirs === undefined) this.#heirs.set(resumes, new Set([user]));
    else heirs.add(user);
  }

  /** The user has another nickname than `before`. */
  move(user: User, before: string): void {
    if (before === user.folded) return;
    this.#take(user, before);
    this.#put(user);
  }

  /** The user has gone. Returns whose place is free again, if that is so. */
  remove(user: User): Uid | undefined {
    this.#take(user, user.folded);
    const resumed = this.#resumed.get(user);
    if (resumed === undefined) return undefined;
    this.#resumed.delete(user);
    const heirs = this.#heirs.get(resumed);
    heirs?.delete(user);
    if (heirs !== undefined && heirs.size > 0) return undefined;
    this.#heirs.delete(resumed);
    return resumed;
  }

  /** Whose nickname it is. */
  owner(folded: string): User | undefined {
    let owner: User | undefined;
    for (const user of this.claimants(folded)) {
      if (!this.isSucceeded(user.uid) && (owner === undefined || precedes(user, owner))) owner = user;
    }
    return owner;
  }

  /** All who claim it, the users that others have taken the place of among them. */
  claimants(folded: string): Iterable<User> {
    const claimants = this.#byName.get(folded);
    if (claimants === undefined) return [];
    return claimants instanceof Set ? claimants : [claimants];
  }

  /** Whose place the user takes. */
  resumedBy(user: User): Uid | undefined {
    return this.#resumed.get(user);
  }

  /** Whether somebody who is here has taken the place of `id`. */
  isSucceeded(id: Uid): boolean {
    return this.#heirs.has(id);
  }

  /** Who has taken the place of `id`, the earliest of them. */
  heir(id: Uid): User | undefined {
    let first: User | undefined;
    for (const user of this.#heirs.get(id) ?? []) if (first === undefined || precedes(user, first)) first = user;
    return first;
  }

  #put(user: User): void {
    const claimants = this.#byName.get(user.folded);
    if (claimants === undefined) this.#byName.set(user.folded, user);
    else if (claimants instanceof Set) claimants.add(user);
    else this.#byName.set(user.folded, new Set([claimants, user]));
  }

  #take(user: User, folded: string): void {
    const claimants = this.#byName.get(folded);
    if (claimants === user) this.#byName.delete(folded);
    if (!(claimants instanceof Set)) return;
    claimants.delete(user);
    const [only] = claimants;
    if (claimants.size === 1 && only !== undefined) this.#byName.set(folded, only);
  }
}

/** Whether claim `a` comes before claim `b`: by time, then by the server's id, then by its count. */
function precedes(a: User, b: User): boolean {
  if (a.claimedAt !== b.claimedAt) return a.claimedAt < b.claimedAt;
  const [left, right] = [parseUid(a.uid), parseUid(b.uid)];
  if (left === undefined || right === undefined) return a.uid < b.uid;
  return left.id === right.id ? left.counter < right.counter : left.id < right.id;
}
