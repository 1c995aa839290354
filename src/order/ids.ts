// Message ids: which ids a room has seen lately, with the slot and the text that each stands for, so that a message
// that is sent again after a lost answer is answered and not delivered again. Two generations: new entries go to the
// younger one; when that is full or old enough it becomes the older one, and what was the older one is forgotten. So
// an entry lives for `idWindowMs` at least, unless `idWindow` newer ones came after it. Texts are compared by a hash of
// 53 bits: an accident of 1 in 10^15, and who arranges it on purpose loses a message of its own.
// A message that has no id is known by a reference, which takes numbers alone (series.ts) and stands for one text.

import type { Budget, Member } from '../base/budget.ts';
import type { ServerId } from '../base/ids.ts';
import type { Reference } from './references.ts';
import { Series } from './series.ts';

export interface IdLimits {
  /** How long an id is known. */
  readonly idWindowMs: number;
  /** How many of the newest ids are known at most for that long. */
  readonly idWindow: number;
}

export class MessageIds implements Member {
  /** The slot of the id that find() found. */
  seq = 0;
  /** The fingerprint of its text. */
  print = 0;
  readonly #limits: IdLimits;
  readonly #budget: Budget;
  #young: Generation | undefined;
  #old: Generation | undefined;
  #since = 0;

  /** `budget` counts entries. */
  constructor(budget: Budget, limits: IdLimits) {
    this.#limits = limits;
    this.#budget = budget;
    budget.join(this);
  }

  /** When tick() has something to forget, in Unix milliseconds; Infinity when there is nothing. */
  get deadline(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#since + this.#limits.idWindowMs;
  }

  get size(): number {
    return (this.#young?.size ?? 0) + (this.#old?.size ?? 0);
  }

  /** Whether `id` is known; `seq` and `print` then say what it stands for. */
  find(id: string): boolean {
    return (this.#young?.find(id, this) ?? false) || (this.#old?.find(id, this) ?? false);
  }

  /** Whether the message that a server counted as its `number`th is known; `seq` then says what it stands for. */
  findReference(server: ServerId, number: number): boolean {
    const seq = this.#young?.references.find(server, number) || this.#old?.references.find(server, number) || 0;
    if (seq !== 0) this.seq = seq;
    return seq !== 0;
  }

  /** Remembers a message that is not known by its id, or where it has none by its reference. */
  note(id: string, reference: Reference | undefined, seq: number, print: number, now: number): void {
    if (id !== '') this.add(id, seq, print, now);
    else if (reference !== undefined) this.addReference(reference, seq, now);
  }

  /** Remembers an id that find() does not know. */
  add(id: string, seq: number, print: number, now: number): void {
    this.#fresh(now).add(id, seq, print);
    this.#budget.grew(1);
  }

  /** Remembers a reference that findReference() does not know. */
  addReference({ server, number }: Reference, seq: number, now: number): void {
    this.#addRun(server, number, seq, 1, now);
  }

  /** Remembers `count` references from `number` on, as far as they are not known, for as many slots from `seq` on. */
  addReferences(server: ServerId, number: number, seq: number, count: number, now: number): void {
    if (this.#isNewFrom(server, number)) return this.#addRun(server, number, seq, count, now);
    for (let i = 0; i < count; i++) {
      if (!this.findReference(server, number + i)) this.#addRun(server, number + i, seq + i, 1, now);
    }
  }

  #isNewFrom(server: ServerId, number: number): boolean {
    const [young, old] = [this.#young, this.#old];
    if (young?.references.endsBefore(server, number) === false) return false;
    return old?.references.endsBefore(server, number) !== false;
  }

  #addRun(server: ServerId, number: number, seq: number, count: number, now: number): void {
    this.#fresh(now).references.add(server, number, seq, count);
    this.#budget.grew(count);
  }

  tick(now: number): void {
    if (now >= this.deadline) this.#rotate(now);
  }

  /** Forgets the older generation; the younger one is next. False when no id is known. */
  halve(): boolean {
    if (this.size === 0) return false;
    this.#rotate(this.#since);
    return true;
  }

  /** Gives all memory back; nothing is asked of it afterwards. */
  close(): void {
    this.#budget.shrank(this.size);
    this.#young = undefined;
    this.#old = undefined;
    this.#budget.leave(this);
  }

  /** The generation that takes the next entry. */
  #fresh(now: number): Generation {
    const { idWindow, idWindowMs } = this.#limits;
    const young = this.#young;
    if (young !== undefined && now < this.#since + idWindowMs && young.size < idWindow) return young;
    if (this.size === 0) this.#since = now;
    else if (young !== undefined || now >= this.deadline) this.#rotate(now);
    this.#young = new Generation();
    return this.#young;
  }

  #rotate(now: number): void {
    this.#budget.shrank(this.#old?.size ?? 0);
    this.#old = this.#young;
    this.#young = undefined;
    this.#since = now;
  }
}

/** Entries of one age: the Map leads to places in an array of numbers, so that an entry is no object. */
class Generation {
  readonly #places = new Map<string, number>();
  readonly references = new Series();
  /** seq and fingerprint, two by two. */
  #numbers = new Float64Array(16);

  get size(): number {
    return this.#places.size + this.references.size;
  }

  find(id: string, found: { seq: number; print: number }): boolean {
    const place = this.#places.get(id);
    if (place === undefined) return false;
    found.seq = this.#numbers[place] as number;
    found.print = this.#numbers[place + 1] as number;
    return true;
  }

  add(id: string, seq: number, print: number): void {
    const place = this.#places.size * 2;
    if (place === this.#numbers.length) {
      const larger = new Float64Array(place * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#places.set(id, place);
    this.#numbers[place] = seq;
    this.#numbers[place + 1] = print;
  }
}

/** A hash of bytes[start, end) as an integer of 53 bits (two lanes of multiply and mix, after cyrb53 by bryc). */
export function fingerprint(bytes: Uint8Array, start: number, end: number): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    high = Math.imul(high ^ byte, 0x9e3779b1);
    low = Math.imul(low ^ byte, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (low & 0x1fffff) * 0x100000000 + (high >>> 0);
}
