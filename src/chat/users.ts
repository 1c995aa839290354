// Users: everybody the network knows, by uid. A user is made when it registers and stays the same object under every
// nickname; its uid is never given out again. Who owns which nickname is the business of nicknames.ts.

import { assert } from '../base/assert.ts';
import { utf8Bytes } from '../base/bytes.ts';
import { type ServerId, serverId, type Uid, uid } from '../base/ids.ts';
import { foldNick, parseUid } from '../wire/names.ts';
import type { Former } from './nicknames.ts';
import type { Room } from './rooms.ts';
import type { Session } from './session.ts';

/** Shared by all who are in no room. */
const NOWHERE: readonly Room[] = [];

export class User {
  readonly uid: Uid;
  readonly user: string;
  readonly host: string;
  readonly realname: string;
  /** The name of the server that it is connected to. */
  readonly server: string;
  nick: string;
  /** What equal nicknames have in common. */
  folded: string;
  /** When it claimed its nickname, in Unix milliseconds. */
  claimedAt: number;
  /** When it left, 0 while it is here. */
  endedAt = 0;
  rooms: readonly Room[] = NOWHERE;
  /** Undefined when it is connected elsewhere, or gone. */
  session: Session | undefined;
  /** The names that it had before, oldest first; undefined for none. */
  former: Former[] | undefined = undefined;
  /** Who took its place; known while it is remembered. */
  successor: User | undefined = undefined;
  /** The last round of telling that reached it. */
  mark = 0;
  #nickBytes: Uint8Array | undefined = undefined;
  #ident: string | undefined = undefined;

  constructor(id: Uid, session: Session | undefined, nick: string, identity: Identity, claimedAt: number) {
    this.uid = id;
    this.session = session;
    this.user = identity.user;
    this.host = identity.host;
    this.realname = identity.realname;
    this.server = identity.server;
    this.nick = nick;
    this.folded = foldNick(nick);
    this.claimedAt = claimedAt;
  }

  /** The server that it came to. */
  get home(): ServerId {
    return serverId(parseUid(this.uid)?.id ?? 0);
  }

  /** The same string until the nickname changes. */
  get ident(): string {
    this.#ident ??= `${this.nick}!${this.user}@${this.host}`;
    return this.#ident;
  }

  /** The nickname in canonical bytes, the same array until it changes. */
  get nickBytes(): Uint8Array {
    this.#nickBytes ??= utf8Bytes(this.nick);
    return this.#nickBytes;
  }

  rename(nick: string, now: number): void {
    const folded = foldNick(nick);
    if (folded !== this.folded) this.claimedAt = now;
    this.nick = nick;
    this.folded = folded;
    this.#nickBytes = undefined;
    this.#ident = undefined;
  }

  /** It has gone, and is remembered by its names: what is made of them is made again where somebody asks. */
  rest(): void {
    this.#nickBytes = undefined;
    this.#ident = undefined;
  }

  /** `heir` takes its place. Nobody takes the place of who took its own: that would never end. */
  succeededBy(heir: User): void {
    for (let next: User | undefined = heir; next !== undefined; next = next.successor) if (next === this) return;
    this.successor = heir;
  }

  enter(room: Room): void {
    if (this.rooms === NOWHERE) this.rooms = [room];
    else (this.rooms as Room[]).push(room);
  }

  leave(room: Room): void {
    this.rooms = this.rooms.length === 1 ? NOWHERE : this.rooms.filter((one) => one !== room);
  }

  leaveAll(): void {
    this.rooms = NOWHERE;
  }
}

/** What of a user never changes, beside its uid. */
export interface Identity {
  readonly user: string;
  readonly host: string;
  readonly realname: string;
  readonly server: string;
}

export class Users {
  readonly #byUid = new Map<Uid, User>();
  readonly #server: ServerId;
  #counter: number;
  #here = 0;

  /** Uids of `server` are counted from a thousand times its incarnation. */
  constructor(server: ServerId, incarnation: number) {
    this.#server = server;
    this.#counter = incarnation * 1000;
  }

  /** Users anywhere. */
  get size(): number {
    return this.#byUid.size;
  }

  /** Users of this server. */
  get here(): number {
    return this.#here;
  }

  nextUid(): Uid {
    return uid(this.#server, this.#counter++);
  }

  add(user: User): void {
    assert(!this.#byUid.has(user.uid), 'a uid given twice');
    this.#byUid.set(user.uid, user);
    if (user.session !== undefined) this.#here++;
  }

  remove(user: User): void {
    assert(this.#byUid.delete(user.uid), 'a user removed twice');
    if (user.session !== undefined) this.#here--;
  }

  byUid(id: Uid): User | undefined {
    return this.#byUid.get(id);
  }

  all(): IterableIterator<User> {
    return this.#byUid.values();
  }
}
