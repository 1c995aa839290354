// Nicknames: who owns which, and who had which before. A nickname has one owner; the living come before the history.
//
// The history is bounded: each user that is here keeps its newest former name for as long as it is here, and up to
// `names` of them for `keptMs`; a user that has gone is kept with its names for `keptMs`, and no more than `gone` such
// users are. Nothing wakes up for it: what is too old is dropped when something is added or looked for.

import { assert } from '../base/assert.ts';
import type { Uid } from '../base/ids.ts';
import { foldNick } from '../wire/names.ts';
import type { User } from './users.ts';

/** A name that `user` gave up at `time`. */
export interface Former {
  readonly nick: string;
  readonly folded: string;
  readonly user: User;
  readonly time: number;
}

export class Nicknames {
  readonly #owners = new Map<string, User>();
  /** Folded name → who had it last. */
  readonly #former = new Map<string, Former>();
  /** Users that have gone, in the order of their going. */
  readonly #gone = new Map<Uid, User>();
  readonly #names: number;
  readonly #keptMs: number;
  readonly #mostGone: number;

  constructor(names: number, keptMs: number, mostGone: number) {
    this.#names = names;
    this.#keptMs = keptMs;
    this.#mostGone = mostGone;
  }

  /** Former names and users that have gone, as kept at this moment. */
  get kept(): { readonly names: number; readonly gone: number } {
    return { names: this.#former.size, gone: this.#gone.size };
  }

  /** Whose nickname `nick` is. */
  owner(nick: string): User | undefined {
    return this.#owners.get(foldNick(nick));
  }

  /** Makes `user` the owner of its nickname, which is free or passes to it from another. */
  claim(user: User): void {
    this.#owners.set(user.folded, user);
  }

  /** Gives `user` another nickname, which is free or differs in case alone. */
  rename(user: User, nick: string, now: number): void {
    const before = user.nick;
    const folded = user.folded;
    user.rename(nick, now);
    if (user.folded === folded) return;
    assert(!this.#owners.has(user.folded), 'a nickname with two owners');
    this.#owners.delete(folded);
    this.#owners.set(user.folded, user);
    this.#remember(user, before, folded, now);
  }

  /** `user` has gone: its nickname is free, unless it has passed to another, and is remembered. */
  release(user: User, now: number): void {
    assert(user.endedAt === 0, 'a user that goes twice');
    if (this.#owners.get(user.folded) === user) this.#owners.delete(user.folded);
    user.endedAt = now;
    this.#remember(user, user.nick, user.folded, now);
    this.#gone.set(user.uid, user);
    this.#forget(now);
  }

  /** Who had `nick` last, when nobody has it. */
  former(nick: string, now: number): Former | undefined {
    this.#forget(now);
    const former = this.#former.get(foldNick(nick));
    if (former === undefined) return undefined;
    const names = former.user.former as Former[];
    const kept = former === names.at(-1) || former.time + this.#keptMs >= now;
    if (!kept) this.#prune(names, now);
    return kept ? former : undefined;
  }

  /** The user that `nick` means: its owner, else who had it last and is still here. */
  find(nick: string, now: number): User | undefined {
    const owner = this.owner(nick);
    if (owner !== undefined) return owner;
    const user = this.former(nick, now)?.user;
    return user === undefined || user.endedAt !== 0 ? undefined : user;
  }

  /** The user `id` that has gone and is still remembered. */
  gone(id: Uid, now: number): User | undefined {
    this.#forget(now);
    return this.#gone.get(id);
  }

  #remember(user: User, nick: string, folded: string, now: number): void {
    const former: Former = { nick, folded, user, time: now };
    if (user.former === undefined) user.former = [former];
    else user.former.push(former);
    this.#former.set(folded, former);
    this.#prune(user.former, now);
  }

  /** Drops the names that are too many or too old; the newest stays. */
  #prune(names: Former[], now: number): void {
    while (names.length > 1) {
      const oldest = names[0] as Former;
      if (names.length <= this.#names && oldest.time + this.#keptMs >= now) return;
      names.shift();
      this.#drop(oldest);
    }
  }

  #forget(now: number): void {
    for (const user of this.#gone.values()) {
      if (this.#gone.size <= this.#mostGone && user.endedAt + this.#keptMs >= now) return;
      this.#gone.delete(user.uid);
      for (const former of user.former ?? []) this.#drop(former);
    }
  }

  #drop(former: Former): void {
    if (this.#former.get(former.folded) === former) this.#former.delete(former.folded);
  }
}
