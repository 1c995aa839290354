// Nicknames: who owns which, and who had which before. A nickname has one owner, who follows from all claims to it; the
// living come before the history.
//
// The history is bounded: each user that is here keeps its newest former name for as long as it is here, and up to
// `nickHistory` of them for `nickHistoryMs`; a user that has gone is kept with its names for that long, and no more than
// `goneUsers` such users are. Nothing wakes up for it: what is too old is dropped when something is added or looked for.

import { assert } from '../base/assert.ts';
import type { Uid } from '../base/ids.ts';
import { foldNick } from '../wire/names.ts';
import type { Limits } from './config.ts';
import { Ownership } from './ownership.ts';
import type { User } from './users.ts';

/** A name that `user` gave up at `time`. */
export interface Former {
  readonly nick: string;
  readonly folded: string;
  readonly user: User;
  readonly time: number;
}

/** How many former names are kept of one user, for how long, and of how many users that have gone. */
export type HistoryLimits = Pick<Limits, 'nickHistory' | 'nickHistoryMs' | 'goneUsers'>;

export class Nicknames {
  readonly ownership = new Ownership();
  /** Folded name → who had it last. */
  readonly #former = new Map<string, Former>();
  /** Users that have gone, in the order of their going. */
  readonly #gone = new Map<Uid, User>();
  readonly #config: { readonly limits: HistoryLimits };

  /** The limits are looked up at every use. */
  constructor(config: { readonly limits: HistoryLimits }) {
    this.#config = config;
  }

  /** Former names and users that have gone, as kept at this moment. */
  get kept(): { readonly names: number; readonly gone: number } {
    return { names: this.#former.size, gone: this.#gone.size };
  }

  /** Whose nickname `nick` is. */
  owner(nick: string): User | undefined {
    return this.ownership.owner(foldNick(nick));
  }

  /** Adds the claim of a user that has come; `resumes`: the user whose place it takes. */
  claim(user: User, resumes?: Uid): void {
    this.ownership.add(user, resumes);
  }

  /** Gives `user` another nickname. */
  rename(user: User, nick: string, now: number): void {
    const before = user.nick;
    const folded = user.folded;
    user.rename(nick, now);
    if (user.folded === folded) return;
    this.ownership.move(user, folded);
    this.#remember(user, before, folded, now);
  }

  /** `user` has gone and is remembered; its claim is over. Returns whose place is free again, if that is so. */
  release(user: User, now: number): Uid | undefined {
    assert(user.endedAt === 0, 'a user that goes twice');
    const freed = this.ownership.remove(user);
    user.endedAt = now;
    user.rest();
    this.#remember(user, user.nick, user.folded, now);
    this.#gone.set(user.uid, user);
    this.#forget(now);
    return freed;
  }

  /** A user that was thought to have gone is there again: as `user`, who has its former names. */
  recall(user: User): void {
    const gone = this.#gone.get(user.uid);
    if (gone === undefined) return;
    this.#gone.delete(user.uid);
    for (const former of gone.former ?? []) {
      if (this.#former.get(former.folded) === former) this.#add(user, { ...former, user });
    }
  }

  /** Who had `nick` last, when nobody has it. */
  former(nick: string, now: number): Former | undefined {
    this.#forget(now);
    const former = this.#former.get(foldNick(nick));
    if (former === undefined) return undefined;
    const names = former.user.former as Former[];
    const kept = former === names.at(-1) || former.time + this.#config.limits.nickHistoryMs >= now;
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
    this.#add(user, { nick, folded, user, time: now });
    this.#prune(user.former as Former[], now);
  }

  #add(user: User, former: Former): void {
    if (user.former === undefined) user.former = [former];
    else user.former.push(former);
    this.#former.set(former.folded, former);
  }

  /** Drops the names that are too many or too old; the newest stays. */
  #prune(names: Former[], now: number): void {
    const { nickHistory, nickHistoryMs } = this.#config.limits;
    while (names.length > 1) {
      const oldest = names[0] as Former;
      if (names.length <= nickHistory && oldest.time + nickHistoryMs >= now) return;
      names.shift();
      this.#drop(oldest);
    }
  }

  #forget(now: number): void {
    const { goneUsers, nickHistoryMs } = this.#config.limits;
    for (const user of this.#gone.values()) {
      if (this.#gone.size <= goneUsers && user.endedAt + nickHistoryMs >= now) return;
      this.#gone.delete(user.uid);
      for (const former of user.former ?? []) this.#drop(former);
    }
  }

  #drop(former: Former): void {
    if (this.#former.get(former.folded) === former) this.#former.delete(former.folded);
  }
}
