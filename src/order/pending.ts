// Pending entries: what a home has given to a log that answers later, in the order of positions, and who waits for
// each. An entry leaves at the front when it is committed and everything before it is, or at the back when it failed.
// This file decides nothing and speaks to nobody.

import type { Ticket } from '../base/ids.ts';
import type { EntryKind } from './log.ts';

/** An entry that its log has not committed, or not before all those in front of it. Its bytes are its own. */
export interface Entry<Asker> {
  readonly position: number;
  readonly kind: EntryKind;
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly id: string;
  /** The fingerprint of its text; 0 without an id. */
  readonly print: number;
  readonly ticket: Ticket;
  committed: boolean;
  readonly waiters: Waiter<Asker>[];
}

/** Somebody who gets an answer once, when the entry is decided or at the deadline. */
export interface Waiter<Asker> {
  readonly asker: Asker;
  /** The number that it asked for, 0 when the room was to choose. */
  readonly asked: number;
  readonly id: string;
  readonly deadline: number;
  answered: boolean;
}

export class Pending<Asker> {
  readonly #entries = new Queue<Entry<Asker>>();
  readonly #tickets = new Map<Ticket, Entry<Asker>>();
  readonly #ids = new Map<string, Entry<Asker>>();
  /** Everybody who waits, in order of deadline; those who were answered are dropped when they come to the front. */
  readonly #waiters = new Queue<Waiter<Asker>>();
  /** Bytes of all entries. */
  bytes = 0;

  get size(): number {
    return this.#entries.size;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** When somebody has waited long enough, in Unix milliseconds; Infinity when nobody waits. */
  get deadline(): number {
    for (let first = this.#waiters.first; first !== undefined; first = this.#waiters.first) {
      if (!first.answered) return first.deadline;
      this.#waiters.shift();
    }
    return Number.POSITIVE_INFINITY;
  }

  push(entry: Entry<Asker>): void {
    this.#entries.push(entry);
    this.#tickets.set(entry.ticket, entry);
    if (entry.id !== '') this.#ids.set(entry.id, entry);
    this.bytes += entry.bytes.length;
  }

  /** Deadlines never fall from one call to the next. */
  wait(entry: Entry<Asker>, waiter: Waiter<Asker>): void {
    entry.waiters.push(waiter);
    this.#waiters.push(waiter);
  }

  byTicket(ticket: Ticket): Entry<Asker> | undefined {
    return this.#tickets.get(ticket);
  }

  byId(id: string): Entry<Asker> | undefined {
    return this.#ids.get(id);
  }

  /** Takes the first entry if it is committed. */
  takeCommitted(): Entry<Asker> | undefined {
    if (this.#entries.first?.committed !== true) return undefined;
    const entry = this.#entries.shift() as Entry<Asker>;
    this.#drop(entry);
    return entry;
  }

  /** Takes the entry at `position` and all behind it, in order. */
  takeFrom(position: number): Entry<Asker>[] {
    const taken: Entry<Asker>[] = [];
    while ((this.#entries.last?.position ?? 0) >= position) {
      const entry = this.#entries.pop() as Entry<Asker>;
      this.#drop(entry);
      taken.push(entry);
    }
    return taken.reverse();
  }

  /** Takes somebody who has waited until `now` in vain. */
  takeWaiter(now: number): Waiter<Asker> | undefined {
    return this.deadline <= now ? this.#waiters.shift() : undefined;
  }

  #drop(entry: Entry<Asker>): void {
    this.#tickets.delete(entry.ticket);
    if (entry.id !== '') this.#ids.delete(entry.id);
    this.bytes -= entry.bytes.length;
  }
}

/** A queue that gives at both ends: an array whose front is cut off when half of it is used up. */
class Queue<T> {
  readonly #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  get last(): T | undefined {
    return this.size === 0 ? undefined : this.#items[this.#items.length - 1];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  pop(): T | undefined {
    return this.size === 0 ? undefined : this.#items.pop();
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}
