// Elsewhere: the users of all other servers and the rooms that they are in, as those servers tell it. Each server, an
// origin, has a part of its own here, which is what its facts say and nothing else. What follows from several parts
// together is derived: who owns a nickname (ownership.ts), whose place another has taken, in which of the rooms that are
// known here somebody is seen. So the order in which facts of different servers come makes no difference.
//
// - A user may be in a room that is not known here yet; it is seen there from the moment on that the room is.
// - Whose place was taken by RESUME is not seen any more; its own server ends it when it hears of that.
// - A user of ours that does not own its nickname (any more) is ended here, by its own server, and by nobody else.
//
// Local clients hear of all this what they hear of each other, by the same functions. Nothing is said while a server is
// merely out of reach: whoever holds that back calls forget() when it is over, or restoring() when it came back.

import type { RoomKey, ServerId, Uid } from '../base/ids.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { Context } from './context.ts';
import { depart, endNow, vanish } from './departure.ts';
import { MOST_ROOMS, MOST_USERS, type StateFact, type UserFact, userArgs, writeFact } from './facts.ts';
import { enter, withdraw } from './membership.ts';
import { changeNick } from './presence.ts';
import { kill, REASONS, TEXTS } from './replies.ts';
import { Room } from './rooms.ts';
import { REGISTERED } from './session.ts';
import { User } from './users.ts';

/** A user of another server, and the rooms that it is in, known here or not. */
interface Entry {
  readonly user: User;
  readonly rooms: RoomKey[];
}

type Part = Map<Uid, Entry>;

/** A server is gone: the ends of the link that broke, ours first; or which one has left or began anew. */
export type ServerLoss =
  | { readonly kind: 'split'; readonly near: string; readonly far: string }
  | { readonly kind: 'left' | 'restarted'; readonly server: string };

export class Elsewhere {
  readonly #context: Context;
  readonly #parts = new Map<ServerId, Part>();
  /** Users in rooms that are not known here. */
  readonly #waiting = new Map<RoomKey, Set<User>>();
  /** Nicknames whose owner may have changed. */
  readonly #disputed = new Set<string>();
  /** Calls that will look at the disputed nicknames when they end. */
  #depth = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** What is kept, for tests and operators. */
  get kept(): { readonly servers: number; readonly users: number; readonly waiting: number } {
    let users = 0;
    for (const part of this.#parts.values()) users += part.size;
    return { servers: this.#parts.size, users, waiting: this.#waiting.size };
  }

  /** Users of another server. */
  usersOf(server: ServerId): number {
    return this.#parts.get(server)?.size ?? 0;
  }

  /** What `origin` says next. What makes no sense changes nothing, and neither does what is true already. */
  apply(origin: ServerId, fact: StateFact, now: number): void {
    if (origin === this.#context.config.server.id) return;
    this.#settled(now, () => this.#apply(origin, fact, now));
  }

  /** Everything that `origin` says now: the difference is what happens. */
  restore(origin: ServerId, facts: readonly StateFact[], now: number): void {
    if (origin === this.#context.config.server.id) return;
    this.#settled(now, () => this.#restore(origin, facts, now));
  }

  /** Nothing is known of `origin` any more. */
  forget(origin: ServerId, loss: ServerLoss, now: number): void {
    const part = this.#parts.get(origin);
    if (part === undefined) return;
    const reason = loss.kind === 'split' ? `${loss.near} ${loss.far}` : `${loss.server} ${REASONS[loss.kind]}`;
    this.#settled(now, () => {
      // First, so that nobody of it comes to sight again as another one of it goes.
      this.#parts.delete(origin);
      for (const entry of part.values()) this.#remove(entry, reason, now);
    });
  }

  /** Writes what makes the part of `origin`, this server's own too: users, `between`, then who is in which room. */
  snapshot(origin: ServerId, to: FrameWriter, between: () => void): void {
    const { config, users } = this.#context;
    if (origin === config.server.id) return this.#snapshotOwn(users.all(), to, between);
    const part = this.#parts.get(origin) ?? new Map<Uid, Entry>();
    for (const { user } of part.values()) this.#writeUser(to, user);
    between();
    for (const { user, rooms } of part.values()) for (const key of rooms) writeFact(to, 'JOINROOM', user.uid, key);
  }

  /** A room is known here from now on: who is in it is seen there. */
  roomKnown(key: RoomKey, name: string, now: number): Room {
    const { rooms, peers } = this.#context;
    const known = rooms.get(key);
    if (known !== undefined) {
      known.rename(name);
      return known;
    }
    const room = new Room(key, name, peers.openRoom(key, name, now), now);
    rooms.add(room);
    this.opened(room);
    return room;
  }

  /** The room is new here: who is in it elsewhere is seen there. Nobody here is in it yet, so there is nobody to tell. */
  opened(room: Room): void {
    for (const user of this.#waiting.get(room.key) ?? []) {
      room.admit(user);
      user.enter(room);
    }
    this.#waiting.delete(room.key);
  }

  /** A room is over. False, and nothing done, when somebody of this server is in it. */
  roomEnded(key: RoomKey): boolean {
    const { rooms } = this.#context;
    const room = rooms.get(key);
    if (room === undefined) return true;
    if (room.here > 0) return false;
    for (const user of room.members) {
      user.leave(room);
      this.#wait(user, key);
    }
    room.dismissAll();
    rooms.remove(room);
    room.port.close();
    return true;
  }

  /** `heir` has taken the place of the user `id`: from now on that one is not seen. */
  succeed(id: Uid, heir: User, now: number): void {
    const { users, nicknames } = this.#context;
    const user = users.byUid(id) ?? nicknames.gone(id, now);
    user?.succeededBy(heir);
    if (user === undefined || user.endedAt !== 0) return;
    this.#settled(now, () => {
      this.#disputed.add(user.folded);
      if (user.session !== undefined) endNow(this.#context, user.session, REASONS.resumed, now);
      else this.#hide(user, REASONS.resumed, now);
    });
  }

  /** Who had taken the place of the user `id` is gone: if that one is still there, it is seen again. */
  reappear(id: Uid, now: number): void {
    const user = this.#context.users.byUid(id);
    if (user === undefined) return;
    this.#settled(now, () => {
      user.successor = undefined;
      this.#disputed.add(user.folded);
      for (const key of this.#entry(user)?.rooms ?? []) this.#show(user, key, now);
    });
  }

  #apply(origin: ServerId, fact: StateFact, now: number): void {
    const entry = this.#parts.get(origin)?.get(fact.uid);
    if (fact.kind === 'user') {
      if (entry === undefined) this.#add(origin, fact, now);
      return;
    }
    if (entry === undefined) return;
    switch (fact.kind) {
      case 'nick':
        return this.#rename(entry.user, fact.nick, fact.time, now);
      case 'join':
        return this.#join(entry, fact.room, now);
      case 'leave':
        return this.#leave(entry, fact.room, now);
      default:
        this.#drop(origin, fact.uid);
        return this.#remove(entry, fact.message, now);
    }
  }

  #restore(origin: ServerId, facts: readonly StateFact[], now: number): void {
    const wanted = new Map<Uid, { readonly fact: UserFact; readonly rooms: Set<RoomKey> }>();
    for (const fact of facts) {
      if (fact.kind === 'user') wanted.set(fact.uid, { fact, rooms: new Set() });
      else if (fact.kind === 'join') wanted.get(fact.uid)?.rooms.add(fact.room);
    }
    for (const [id, entry] of this.#parts.get(origin) ?? []) {
      const rooms = wanted.get(id)?.rooms;
      if (rooms === undefined) {
        this.#drop(origin, id);
        this.#remove(entry, REASONS.missed, now);
      } else for (const key of [...entry.rooms]) if (!rooms.has(key)) this.#leave(entry, key, now);
    }
    for (const [id, { fact, rooms }] of wanted) {
      const known = this.#parts.get(origin)?.get(id);
      if (known === undefined) this.#add(origin, fact, now);
      else this.#rename(known.user, fact.nick, fact.time, now);
      const entry = this.#parts.get(origin)?.get(id);
      if (entry !== undefined) for (const key of rooms) this.#join(entry, key, now);
    }
  }

  #add(origin: ServerId, fact: UserFact, now: number): void {
    const part = this.#parts.get(origin) ?? new Map<Uid, Entry>();
    if (part.size >= MOST_USERS) return;
    const { users, nicknames, peers } = this.#context;
    const identity = { user: fact.user, host: fact.host, realname: fact.realname, server: peers.nameOf(origin) };
    const user = new User(fact.uid, undefined, fact.nick, identity, fact.time);
    nicknames.recall(user);
    users.add(user);
    this.#parts.set(origin, part.set(fact.uid, { user, rooms: [] }));
    nicknames.claim(user, fact.resumes);
    this.#disputed.add(user.folded);
    const heir = nicknames.ownership.heir(fact.uid);
    if (heir !== undefined) user.succeededBy(heir);
    if (fact.resumes !== undefined) this.succeed(fact.resumes, user, now);
  }

  #rename(user: User, nick: string, time: number, now: number): void {
    this.#disputed.add(user.folded);
    if (user.nick !== nick) changeNick(this.#context, user, nick, now);
    user.claimedAt = time;
    this.#disputed.add(user.folded);
  }

  #join(entry: Entry, key: RoomKey, now: number): void {
    if (entry.rooms.includes(key) || entry.rooms.length >= MOST_ROOMS) return;
    entry.rooms.push(key);
    this.#show(entry.user, key, now);
  }

  #leave({ user, rooms }: Entry, key: RoomKey, now: number): void {
    const at = rooms.indexOf(key);
    if (at < 0) return;
    rooms.splice(at, 1);
    this.#unwait(user, key);
    const room = this.#context.rooms.get(key);
    if (room?.members.has(user)) withdraw(this.#context, user, room, now);
  }

  #remove({ user, rooms }: Entry, reason: string, now: number): void {
    for (const key of rooms) this.#unwait(user, key);
    depart(this.#context, user, reason, now);
  }

  #drop(origin: ServerId, id: Uid): void {
    const part = this.#parts.get(origin);
    part?.delete(id);
    if (part?.size === 0) this.#parts.delete(origin);
  }

  /** The user is seen in the room, if it is to be seen at all and the room is known. */
  #show(user: User, key: RoomKey, now: number): void {
    const { nicknames, rooms } = this.#context;
    if (nicknames.ownership.isSucceeded(user.uid)) return;
    const room = rooms.get(key);
    if (room === undefined) this.#wait(user, key);
    else enter(this.#context, user, room, now);
  }

  #hide(user: User, reason: string, now: number): void {
    for (const key of this.#entry(user)?.rooms ?? []) this.#unwait(user, key);
    vanish(this.#context, user, reason, now);
  }

  #wait(user: User, key: RoomKey): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, new Set([user]));
    else waiting.add(user);
  }

  #unwait(user: User, key: RoomKey): void {
    const waiting = this.#waiting.get(key);
    waiting?.delete(user);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }

  #entry(user: User): Entry | undefined {
    return this.#parts.get(user.home)?.get(user.uid);
  }

  #snapshotOwn(users: Iterable<User>, to: FrameWriter, between: () => void): void {
    const own = [...users].filter(({ session }) => session !== undefined);
    for (const user of own) this.#writeUser(to, user);
    between();
    for (const user of own) for (const { key } of user.rooms) writeFact(to, 'JOINROOM', user.uid, key);
  }

  #writeUser(to: FrameWriter, user: User): void {
    writeFact(to, 'USER', ...userArgs(user, this.#context.nicknames.ownership.resumedBy(user)));
  }

  /** Runs `change`, and ends who of ours owns its nickname no longer when all of it is done. */
  #settled(now: number, change: () => void): void {
    this.#depth++;
    try {
      change();
      if (this.#depth === 1) for (const name of this.#disputed) this.#decide(name, now);
    } finally {
      this.#depth--;
    }
  }

  #decide(name: string, now: number): void {
    this.#disputed.delete(name);
    const { ownership } = this.#context.nicknames;
    const owner = ownership.owner(name);
    for (const user of [...ownership.claimants(name)]) {
      const { session } = user;
      if (user === owner || session === undefined || session.state !== REGISTERED) continue;
      kill(this.#context.begin(), user.nick, TEXTS.collision);
      this.#context.reply(session);
      this.#context.close(session, REASONS.collision, now);
    }
  }
}
