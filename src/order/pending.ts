// Pending entries: what a home has given to a log that answers later, in the order of positions, and who waits for
// each. An entry leaves at the front when it is committed and everything before it is, or at the back when it failed.
// Their frames lie one behind the other in one buffer. This file decides nothing and speaks to nobody.

import type { Ticket } from '../base/ids.ts';
import type { Run } from '../base/run.ts';
import { Tape } from '../base/tape.ts';
import { type EntryKind, SKIP } from './log.ts';
import type { Reference } from './references.ts';

/** What is said of an entry when it is pushed. */
export interface NewEntry {
  readonly position: number;
  readonly kind: EntryKind;
  readonly seq: number;
  readonly id: string;
  /** The fingerprint of its text; 0 without an id. */
  readonly print: number;
  /** What a message without an id is known by. */
  readonly reference: Reference | undefined;
  /** Tickets rise from entry to entry. */
  readonly ticket: Ticket;
  readonly committed: boolean;
}

/** An entry that its log has not committed, or not before all those in front of it. */
export class Entry<Asker> implements NewEntry {
  readonly position: number;
  readonly kind: EntryKind;
  readonly seq: number;
  readonly id: string;
  readonly print: number;
  readonly reference: Reference | undefined;
  readonly ticket: Ticket;
  committed: boolean;
  readonly length: number;
  /** The first who waits; undefined when nobody does. */
  waiter: Waiter<Asker> | undefined;

  constructor(entry: NewEntry, length: number) {
    this.position = entry.position;
    this.kind = entry.kind;
    this.seq = entry.seq;
    this.id = entry.id;
    this.print = entry.print;
    this.reference = entry.reference;
    this.ticket = entry.ticket;
    this.committed = entry.committed;
    this.length = length;
  }
}

/** Somebody who gets an answer once, when the entry is decided or at the deadline. */
export interface Waiter<Asker> {
  readonly asker: Asker;
  /** The number that it asked for, 0 when the room was to choose. */
  readonly asked: number;
  readonly id: string;
  readonly deadline: number;
  answered: boolean;
  /** Who waits for the same entry behind it. */
  next: Waiter<Asker> | undefined;
}

/** A buffer that has grown above this is given back when it is empty. */
const KEPT_BYTES = 65_536;

export class Pending<Asker> {
  /** Where takeCommitted() left the frame of its entry: good until the next push. */
  readonly frames = new Tape();
  start = 0;
  end = 0;
  readonly #entries = new Queue<Entry<Asker>>();
  readonly #ids = new Map<string, Entry<Asker>>();
  /** Everybody who waits, in order of deadline; those who were answered are dropped when they come to the front. */
  readonly #waiters = new Queue<Waiter<Asker>>();

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of all entries. */
  get bytes(): number {
    return this.frames.length;
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

  /** Adds an entry whose frame is bytes[0, length), of which a copy is kept. */
  push(entry: NewEntry, bytes: Uint8Array, length: number): Entry<Asker> {
    if (this.size === 0 && this.frames.held > KEPT_BYTES) this.frames.shrink();
    const kept = new Entry<Asker>(entry, length);
    this.#entries.push(kept);
    if (kept.id !== '') this.#ids.set(kept.id, kept);
    this.frames.append(bytes, 0, length);
    return kept;
  }

  /** Deadlines never fall from one call to the next. */
  wait(entry: Entry<Asker>, waiter: Waiter<Asker>): void {
    let last = entry.waiter;
    while (last?.next !== undefined) last = last.next;
    if (last === undefined) entry.waiter = waiter;
    else last.next = waiter;
    this.#waiters.push(waiter);
  }

  byTicket(ticket: Ticket): Entry<Asker> | undefined {
    const entries = this.#entries;
    let low = 0;
    let high = entries.size;
    // Mostly it is the first.
    for (let middle = 0; low < high; middle = (low + high) >>> 1) {
      const entry = entries.at(middle) as Entry<Asker>;
      if (entry.ticket === ticket) return entry;
      if (entry.ticket < ticket) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  byId(id: string): Entry<Asker> | undefined {
    return this.#ids.get(id);
  }

  /** Takes the first entry if it is committed, by its own word or by `upTo`; `start` and `end`: its frame in `frames`. */
  takeCommitted(upTo: number): Entry<Asker> | undefined {
    const { first } = this.#entries;
    if (first === undefined || !(first.committed || first.position <= upTo)) return undefined;
    const entry = this.#entries.shift() as Entry<Asker>;
    const { frames } = this;
    this.start = frames.tail - frames.base;
    this.end = this.start + entry.length;
    frames.trim(frames.tail + entry.length);
    if (entry.id !== '') this.#ids.delete(entry.id);
    return entry;
  }

  /** Takes the entries in front that are committed, as many as a run may be: it becomes their frames, and is lent. */
  takeRun(upTo: number, run: Run): readonly Entry<Asker>[] {
    const { frames } = this;
    const taken: Entry<Asker>[] = [];
    run.bytes = frames.buffer;
    run.address = frames.address;
    run.clear(frames.tail - frames.base);
    while (!run.isFull) {
      const entry = this.takeCommitted(upTo);
      if (entry === undefined) break;
      taken.push(entry);
      run.add(this.end, entry.kind === SKIP ? -entry.seq : entry.seq, 0, 0);
    }
    return taken;
  }

  /** Takes the entry at `position` and all behind it, in order. */
  takeFrom(position: number): Entry<Asker>[] {
    const taken: Entry<Asker>[] = [];
    while ((this.#entries.last?.position ?? 0) >= position) {
      const entry = this.#entries.pop() as Entry<Asker>;
      this.frames.cut(entry.length);
      if (entry.id !== '') this.#ids.delete(entry.id);
      taken.push(entry);
    }
    return taken.reverse();
  }

  /** Takes somebody who has waited until `now` in vain. */
  takeWaiter(now: number): Waiter<Asker> | undefined {
    return this.deadline <= now ? this.#waiters.shift() : undefined;
  }
}

/** A queue that gives at both ends: an array whose front is cut off when half of it is used up. */
class Queue<T> {
  readonly #items: (T | undefined)[] = [];
  #head = 0;
  size = 0;

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  get last(): T | undefined {
    return this.size === 0 ? undefined : this.#items[this.#items.length - 1];
  }

  at(index: number): T | undefined {
    return this.#items[this.#head + index];
  }

  push(item: T): void {
    this.#items.push(item);
    this.size++;
  }

  pop(): T | undefined {
    if (this.size === 0) return undefined;
    this.size--;
    return this.#items.pop();
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    this.size--;
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
