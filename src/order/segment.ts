// A segment: one epoch of a room as this server holds it, whoever its home is. It joins the bytes (a memory log), the
// numbers, the ids and the references, and outlives the home that may have written it.
//
//   base         oldest              committed        position
//    |  not here   |  kept, readable    |  held, unsaid  |
//    +-- evicted --+--------------------+----------------+     end: where the epoch was closed
//
// Every copy of an epoch is a prefix of the one sequence that its home wrote. What is above `committed` is read by
// nobody; what is above `end` was never decided, and is as if it were not here.

import type { Budget } from '../base/budget.ts';
import type { Epoch, ServerId, Ticket } from '../base/ids.ts';
import type { FindOutcome } from '../base/outcome.ts';
import { homeOf } from './epochs.ts';
import { openFrame } from '../wire/writer.ts';
import { fingerprint, type IdLimits, MessageIds } from './ids.ts';
import { type EntryKind, MESSAGE, REFUSED, type Slot } from './log.ts';
import { type MemoryLimits, MemoryLog } from './memory.ts';
import { message, readMessage } from './message-parts.ts';
import { Numbers } from './numbers.ts';
import type { Opening } from './opening.ts';
import { CatchUpReader, emptySlot, HistoryReader, type ReadableRoom } from './readers.ts';
import { type Reference, References } from './references.ts';

/** How far above the last known number a decision may lie in a copy that lacks nothing between. */
const MOST_AHEAD = 65_536;
/** When to ask again for a slot that is not decided here. */
const ASK_AGAIN_MS = 100;
const NO_TICKET = 0 as Ticket;

export interface SegmentLimits extends IdLimits {
  readonly memory: MemoryLimits;
}

/** What all segments of a server share. */
export interface SegmentBudgets {
  readonly memory: Budget;
  readonly ids: Budget;
}

/** The bytes with which entries of each kind begin, up to their number. */
export interface EntryHeads {
  readonly message: Uint8Array;
  readonly skip: Uint8Array;
}

/** Those who hear of every entry that becomes readable. The bytes are lent. */
export interface Readers {
  publish(kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void;
}

export class Segment implements ReadableRoom {
  readonly name: string;
  readonly opening: Opening;
  readonly numbers: Numbers;
  readonly ids: MessageIds;
  /** Of the entries kept, and of some before them. */
  readonly references = new References();
  /** The position up to which entries are decided and may be read. */
  committed: number;
  /** The position at which the epoch was closed; Infinity while it is open. */
  end = Number.POSITIVE_INFINITY;
  /** What readers were told at its beginning; empty when nobody was. */
  turn: Uint8Array = new Uint8Array(0);
  readonly #limits: SegmentLimits;
  readonly #budgets: SegmentBudgets;
  readonly #slot = emptySlot();
  #log: MemoryLog;
  #base: number;
  /** The highest number that an entry here decides. */
  #highest = 0;
  #heads: EntryHeads | undefined;

  /** A segment that is empty; what stands at or below `base` is not asked for. */
  constructor(name: string, opening: Opening, limits: SegmentLimits, budgets: SegmentBudgets, base = 0) {
    this.name = name;
    this.opening = opening;
    this.#limits = limits;
    this.#budgets = budgets;
    this.#base = base;
    this.committed = base;
    this.numbers = new Numbers(opening.first);
    this.ids = new MessageIds(budgets.ids, limits);
    this.#log = new MemoryLog(opening.epoch, budgets.memory, limits.memory, opening.first);
  }

  get epoch(): Epoch {
    return this.opening.epoch;
  }

  get floor(): number {
    return this.#log.floor;
  }

  /** How its entries begin. */
  get heads(): EntryHeads {
    const { name, epoch } = this;
    this.#heads ??= { message: openFrame('CMSG', name, epoch, ''), skip: openFrame('SKIPSEQUENCE', name, epoch, '') };
    return this.#heads;
  }

  /** The highest position held. */
  get position(): number {
    return Math.min(this.#base + this.#log.committed, this.end);
  }

  /**
   * The position up to which `server` may speak of what it holds: what it decided as the home, and nobody else is known
   * to hold, was never decided when another epoch begins.
   */
  heldBy(server: ServerId): number {
    return homeOf(this.epoch) === server && this.end === Number.POSITIVE_INFINITY ? this.committed : this.position;
  }

  /** The lowest position held. */
  get oldest(): number {
    return this.#base + this.#log.oldest;
  }

  /** The highest number that is known to have been given out, decided or not. */
  get last(): number {
    return Math.max(this.numbers.last, this.#highest);
  }

  /** Appends an entry at `position`; its position, or REFUSED behind a gap or on other content. */
  append(
    position: number,
    kind: EntryKind,
    seq: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    reference?: Reference,
  ): number {
    if (position > this.end || position <= this.#base) return REFUSED;
    // What is not decided may be nowhere else.
    this.#log.keepFrom = this.committed + 1 - this.#base;
    const taken = this.#log.append(position - 1 - this.#base, kind, seq, bytes, start, end, NO_TICKET);
    if (taken === REFUSED) return REFUSED;
    if (seq > this.#highest) this.#highest = seq;
    this.references.push(position, reference);
    this.references.trim(this.oldest);
    return position;
  }

  /** Takes all up to `position` as decided, and tells `readers` of each, in order. */
  commit(position: number, now: number, readers?: Readers): void {
    const upTo = Math.min(position, this.position);
    const slot = this.#slot;
    while (this.committed < upTo) {
      const next = ++this.committed;
      if (!this.readAt(next, slot)) continue;
      this.decide(slot.seq);
      if (slot.kind === MESSAGE) this.#remember(next, slot, now);
      readers?.publish(slot.kind, slot.seq, slot.bytes, slot.start, slot.end);
    }
  }

  /** Counts a number as decided. */
  decide(seq: number): void {
    // A tail begins far behind the first number of its epoch; what lies between is no part of it.
    if (seq > this.numbers.last + MOST_AHEAD) this.numbers.passOver(seq);
    this.numbers.decideFrom(seq);
  }

  /** Numbers up to `seq` were given out. */
  reach(seq: number): void {
    if (seq <= this.numbers.last + MOST_AHEAD) this.numbers.reach(seq);
  }

  /** Closes the epoch at `position`: nothing above it was decided. */
  close(position: number): void {
    this.end = position;
    if (this.committed > position) this.committed = position;
  }

  /** Everything at or below `position` is kept nowhere: this copy begins behind it, at number `floor`. */
  skipTo(position: number, floor: number): void {
    this.#log.close();
    this.#log = new MemoryLog(this.epoch, this.#budgets.memory, this.#limits.memory, floor);
    this.#base = position;
    this.committed = position;
    this.references.clear();
    this.numbers.passOver(floor);
  }

  /** Fills `slot` with what stands at `position`, decided or not; false when that is not here. */
  readAt(position: number, slot: Slot): boolean {
    if (position > this.end || !this.#log.readAt(position - this.#base, slot)) return false;
    slot.position = position;
    return true;
  }

  /** Fills `slot` with the frames of the entries `from` to `to`, one behind the other; false when they are not here. */
  readBlock(from: number, to: number, slot: Slot): boolean {
    if (!this.readAt(from, slot)) return false;
    const { start } = slot;
    if (!this.readAt(to, slot)) return false;
    slot.start = start;
    return true;
  }

  read(seq: number, slot: Slot): boolean {
    if (!this.#log.read(seq, slot)) return false;
    slot.position += this.#base;
    return slot.position <= this.committed;
  }

  find(seq: number): FindOutcome {
    const slot = emptySlot();
    if (this.read(seq, slot)) return { kind: 'slot', bytes: slot.bytes, start: slot.start, end: slot.end };
    if (seq > this.numbers.last || seq < this.opening.first) return { kind: 'never' };
    if (!this.numbers.isUndecided(seq)) return { kind: 'gone', floor: this.floor };
    return this.end === Number.POSITIVE_INFINITY ? { kind: 'pending', ms: ASK_AGAIN_MS } : { kind: 'never' };
  }

  /** A reader of at most `count` slots from `from` on (0: the first kept); undefined when they are kept no longer. */
  history(from: number, count: number): HistoryReader | undefined {
    if (from !== 0 && from < this.floor) return undefined;
    return new HistoryReader(this, from === 0 ? this.floor : from, count, this.committed);
  }

  /** A reader of everything decided until now from number `from` on. */
  catchUp(from: number): CatchUpReader {
    return new CatchUpReader(this, from, this.numbers.last + 1, this.committed);
  }

  /** Gives all memory back. */
  free(): void {
    this.#log.close();
    this.ids.close();
    this.references.clear();
  }

  #remember(position: number, slot: Slot, now: number): void {
    const server = this.references.serverAt(position);
    if (server !== 0) {
      const number = this.references.numberAt(position);
      if (!this.ids.findReference(server, number)) this.ids.addReference({ server, number }, slot.seq, now);
      return;
    }
    readMessage(slot.bytes, slot.start, slot.end);
    const { id, textStart, textEnd } = message;
    if (id === '' || this.ids.find(id)) return;
    this.ids.add(id, slot.seq, fingerprint(slot.bytes, textStart, textEnd), now);
  }
}
