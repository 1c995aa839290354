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
import { RUN_ENTRIES, Run } from '../base/run.ts';
import { Alike } from '../wire/alike.ts';
import { openFrame } from '../wire/writer.ts';
import { homeOf } from './epochs.ts';
import { fingerprint, type IdLimits, MessageIds } from './ids.ts';
import { type EntryKind, REFUSED, type Slot } from './log.ts';
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

/** What entries of each kind look like. */
export interface EntryForms {
  readonly message: Alike;
  readonly skip: Alike;
}

/** Those who hear of every entry that becomes readable, of several at once. They are lent. */
export interface Readers {
  publish(run: Run): void;
}

/** What becomes readable: no room is told of any while another one is. */
const readable = new Run(new Uint8Array(0));

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
  #log: MemoryLog;
  #base: number;
  /** The highest number that an entry here decides. */
  #highest = 0;
  #forms: EntryForms | undefined;
  #streamHead: Uint8Array | undefined;

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

  /** How a STREAM of it begins, up to its position. */
  get streamHead(): Uint8Array {
    this.#streamHead ??= openFrame('STREAM', this.name, this.epoch);
    return this.#streamHead;
  }

  /** What its entries look like. */
  get forms(): EntryForms {
    const form = (verb: string): Alike => new Alike(openFrame(verb, this.name, this.epoch, ''));
    this.#forms ??= { message: form('CMSG'), skip: form('SKIPSEQUENCE') };
    return this.#forms;
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
    this.#keepUndecided();
    const taken = this.#log.append(position - 1 - this.#base, kind, seq, bytes, start, end, NO_TICKET);
    if (taken === REFUSED) return REFUSED;
    if (seq > this.#highest) this.#highest = seq;
    this.references.push(position, reference);
    this.references.trim(this.oldest);
    return position;
  }

  /** Appends the entries of a run behind the last one, without references; false when the epoch was closed before. */
  appendRun(run: Run): boolean {
    const { position } = this;
    if (position + run.count > this.end) return false;
    this.#keepUndecided();
    this.#log.appendRun(position - this.#base, run);
    for (let i = 0; i < run.count; i++) this.#highest = Math.max(this.#highest, Math.abs(run.seqs[i] as number));
    return true;
  }

  /** What is not decided may be nowhere else. */
  #keepUndecided(): void {
    this.#log.keepFrom = this.committed + 1 - this.#base;
  }

  /** Notes by what `count` entries from `position` on are known: from `number` of `server` on; 0: by nothing. */
  noteReferences(position: number, count: number, server: number, number: number): void {
    this.references.pushRun(position, count, server, number);
    this.references.trim(this.oldest);
  }

  /** Takes all up to `position` as decided, and tells `readers` of each, in order. */
  commit(position: number, now: number, readers?: Readers): void {
    const upTo = Math.min(position, this.position);
    while (this.committed < upTo) {
      const before = this.committed;
      const last = Math.min(upTo, before + RUN_ENTRIES);
      if (!this.#log.readRun(before + 1 - this.#base, last - this.#base, readable)) {
        this.committed = Math.min(upTo, Math.max(before + 1, this.oldest - 1));
        continue;
      }
      this.committed = last;
      this.#decideRun(readable);
      this.#remember(before + 1, readable, now);
      readers?.publish(readable);
    }
  }

  #decideRun(run: Run): void {
    const { seqs, lows, count } = run;
    for (let i = 0; i < count; i++) {
      this.decide(Math.abs(seqs[i] as number));
      lows[i] = this.numbers.next;
    }
    run.low = this.numbers.next;
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

  /** Remembers the messages of a run, which begins at `position`, by their references or else by their ids. */
  #remember(position: number, run: Run, now: number): void {
    const { references } = this;
    const { count, seqs } = run;
    for (let i = 0; i < count; ) {
      const seq = seqs[i] as number;
      const server = references.serverAt(position + i);
      if (seq < 0 || server === 0) {
        if (seq > 0) this.#rememberId(run, i, now);
        i++;
        continue;
      }
      const most = Math.min(count, references.runEnd(position + i) - position + 1);
      const from = i++;
      while (i < most && seqs[i] === seq + i - from) i++;
      this.ids.addReferences(server, references.numberAt(position + from), seq, i - from, now);
    }
  }

  #rememberId({ bytes, start, ends, seqs }: Run, i: number, now: number): void {
    readMessage(bytes, i === 0 ? start : (ends[i - 1] as number), ends[i] as number);
    const { id, textStart, textEnd } = message;
    if (id === '' || this.ids.find(id)) return;
    this.ids.add(id, seqs[i] as number, fingerprint(bytes, textStart, textEnd), now);
  }
}
