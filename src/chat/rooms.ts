// Rooms as people see them: a name, who is in it, and the port to its order and delivery. A room is known by its key,
// shown under the name that it was made with, and ends when nobody was in it for a while.

import { assert } from '../base/assert.ts';
import { utf8Bytes } from '../base/bytes.ts';
import type { RoomKey, ServerId } from '../base/ids.ts';
import { roomKey } from '../wire/names.ts';
import type { RoomPort } from './ports.ts';
import type { User } from './users.ts';

export class Room {
  readonly key: RoomKey;
  /** As it is shown: as it was made, or, where it was made twice, as all servers spell it in the end. */
  name: string;
  /** The name as it is written in frames; nothing in it is ever escaped. */
  nameBytes: Uint8Array;
  readonly port: RoomPort;
  readonly members = new Set<User>();
  /** How many of them came to which server, where somebody wants to know. */
  #servers: Map<ServerId, number> | undefined = undefined;
  /** How many of them are connected to this server: whether anybody hears what is announced. */
  here = 0;
  /** Since when nobody is in it, in Unix milliseconds. Means nothing while somebody is. */
  emptySince: number;
  /** When its number of members is to be told, 0 for not at all. */
  countDue = 0;
  /** When its number of members was told last. */
  countTold = 0;

  constructor(key: RoomKey, name: string, port: RoomPort, now: number) {
    this.key = key;
    this.name = name;
    this.nameBytes = utf8Bytes(name);
    this.port = port;
    this.emptySince = now;
  }

  admit(user: User): void {
    this.members.add(user);
    if (user.session !== undefined) this.here++;
    this.#count(user, 1);
  }

  dismiss(user: User): void {
    if (!this.members.delete(user)) return;
    if (user.session !== undefined) this.here--;
    this.#count(user, -1);
  }

  /** Nobody is in it any more, as far as is known here. */
  dismissAll(): void {
    this.members.clear();
    this.#servers = undefined;
  }

  #count(user: User, more: 1 | -1): void {
    if (this.port.peopled === undefined) return;
    this.#servers ??= new Map();
    const { home } = user;
    const before = this.#servers.get(home) ?? 0;
    const now = before + more;
    if (now > 0) this.#servers.set(home, now);
    else this.#servers.delete(home);
    if (before === 0 || now === 0) this.port.peopled(home, now > 0);
  }

  /** Another spelling of its name. */
  rename(name: string): void {
    if (name === this.name) return;
    this.name = name;
    this.nameBytes = utf8Bytes(name);
  }
}

export class Rooms {
  readonly #byKey = new Map<RoomKey, Room>();

  get size(): number {
    return this.#byKey.size;
  }

  /** The room that `name` means, if there is one; a name that no room can have means none. */
  find(name: string): Room | undefined {
    const key = roomKey(name);
    return key === undefined ? undefined : this.#byKey.get(key as RoomKey);
  }

  get(key: RoomKey): Room | undefined {
    return this.#byKey.get(key);
  }

  add(room: Room): void {
    assert(!this.#byKey.has(room.key), 'a room made twice');
    this.#byKey.set(room.key, room);
  }

  remove(room: Room): void {
    assert(room.members.size === 0, 'a room that ends with somebody in it');
    this.#byKey.delete(room.key);
  }

  all(): IterableIterator<Room> {
    return this.#byKey.values();
  }
}
