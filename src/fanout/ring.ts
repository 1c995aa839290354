// A ring: what was said in one room lately, written once, read by any number of cursors.
//
//   evicted | entry | entry | entry | free
//           tail      ^cursor       head          positions in bytes, they only grow
//
// An entry is one whole frame with the seq it decides (0 for presence) and a stamp: its place in the server's order of
// decision, across rooms. The ring is bounded by entries, bytes, age and by a budget over all rings; it evicts its
// oldest entries, several at once where there are many, and holds nothing back for anybody. A cursor that was overtaken
// finds itself below `tail` and is told which seqs it may have missed. This file knows no connections but the list of
// who reads.

import type { Budget, Member } from '../base/budget.ts';
import type { Run, RunLimits } from '../base/run.ts';
import { Tape } from '../base/tape.ts';
import type { Subscription } from './subscription.ts';

/** The server's order of decision: every published entry takes the next stamp. */
export class Stamps {
  last = 0;
}

export interface RingLimits {
  readonly entries: number;
  readonly bytes: number;
  readonly ageMs: number;
}

/** The most that a ring takes at once, as one run, and keeps whatever its readers have not been given. */
export function runLimits({ entries, bytes }: RingLimits): RunLimits {
  return { entries: Math.max(0, (entries >> 1) - (entries >> EVICTED_AT_ONCE) - 1), bytes: bytes >> 1 };
}

const FIRST_ENTRIES = 8;
/** What a full ring evicts to take one more: one, and one of 2 ** this many that it may keep. */
const EVICTED_AT_ONCE = 6;

// The numbers that are kept of an entry, side by side: its end, its stamp, its seq, the lowest slot undecided before
// it, and when it came.
const END = 0;
const STAMP = 1;
const SEQ = 2;
const LOW = 3;
const TIME = 4;
const NUMBERS = 5;
const ENTRY_BYTES = NUMBERS * 8;

export class Ring implements Member {
  readonly tape = new Tape();
  /** Who reads, in no order; a subscription knows its index. */
  readonly readers: Subscription[] = [];
  /** 1 + the highest seq evicted. */
  floor = 1;
  /** The lowest slot that was not decided after the newest entry. */
  low: number;
  /** The stamp of the newest entry evicted. */
  evicted = 0;
  /** Whether it stands in the list of rings to be flushed. */
  dirty = false;
  /** Where the readers have read to that took everything when they were last given something. */
  readTo = 0;

  /**
   * The frames that tell an overtaken reader what it may have missed: seqs from … to, none when from > to, and what
   * stood at position `since` and behind it.
   */
  readonly lagged: (from: number, to: number, since: number) => Uint8Array;

  readonly #limits: RingLimits;
  readonly #stamps: Stamps;
  readonly #budget: Budget;
  /** The bytes that the budget was told of. */
  #told = 0;
  #closed = false;
  /** The entry up to which the readers were given everything. */
  #flushed = 0;
  /** Half of the ring has come since, when the next entry or the head is above these. */
  #dueEntry: number;
  #dueByte: number;

  // The index: entry n stands at place n & #mask. Entry #first is the oldest kept, #next the one to come.
  #first = 0;
  #next = 0;
  #mask = FIRST_ENTRIES - 1;
  /** Entries that there is a place for and that may be kept. */
  #room: number;
  #index = new Float64Array(FIRST_ENTRIES * NUMBERS);

  constructor(limits: RingLimits, stamps: Stamps, budget: Budget, low: number, lagged: Ring['lagged']) {
    this.#limits = limits;
    this.#stamps = stamps;
    this.#budget = budget;
    this.low = low;
    this.floor = low;
    this.lagged = lagged;
    this.#dueEntry = limits.entries >> 1;
    this.#dueByte = limits.bytes >> 1;
    this.#room = Math.min(FIRST_ENTRIES, limits.entries);
    budget.join(this);
  }

  /** Entries kept. */
  get size(): number {
    return this.#next - this.#first;
  }

  /** Readers who have not taken all of it, because they are full. */
  get behind(): number {
    let count = 0;
    for (const { cursor, outbox } of this.readers) if (outbox.blocked && cursor < this.tape.head) count++;
    return count;
  }

  /** Bytes of memory held. */
  get held(): number {
    return this.tape.held + (this.#mask + 1) * ENTRY_BYTES;
  }

  /**
   * Appends the frame bytes[start, end). `seq` is the slot it decides or 0, `low` the lowest slot undecided after it.
   * True when the readers should be given it now, because half of the ring has come since `flushed`.
   */
  append(bytes: Uint8Array, start: number, end: number, seq: number, low: number, now: number): boolean {
    return this.#append(bytes, start, end, seq, low, now, ++this.#stamps.last);
  }

  /**
   * As append() of each entry of a run, with the stamps that they have: all of it before readers can be given any, so
   * that what was not flushed stays as long as a run keeps to runLimits().
   */
  appendRun(run: Run, now: number): boolean {
    const { tape } = this;
    const { count, ends, seqs, lows, stamps } = run;
    const length = run.end - run.start;
    if (!this.#takes(count, length)) return this.#appendEach(run, now);
    const { entries } = this.#limits;
    while (this.#next - this.#first + count > entries) this.#evict(1 + (entries >> EVICTED_AT_ONCE));
    const before = tape.head - run.start;
    tape.putFrom(run.bytes, run.address, run.start, run.end);
    const index = this.#index;
    const mask = this.#mask;
    const next = this.#next;
    let { low } = this;
    for (let i = 0; i < count; i++) {
      const at = ((next + i) & mask) * NUMBERS;
      index[at + END] = before + (ends[i] as number);
      index[at + STAMP] = stamps[i] as number;
      index[at + SEQ] = Math.abs(seqs[i] as number);
      index[at + LOW] = low;
      index[at + TIME] = now;
      low = lows[i] as number;
    }
    this.#next = next + count;
    this.low = run.low;
    return this.#next > this.#dueEntry || tape.head > this.#dueByte;
  }

  /** Whether so many entries can be taken at once: nothing grows, and nothing is evicted for its bytes. */
  #takes(count: number, length: number): boolean {
    const { tape } = this;
    const { entries, bytes } = this.#limits;
    const room = this.#room === entries ? count * 2 <= entries : this.#next - this.#first + count <= this.#room;
    return room && tape.fits(length) && tape.head - tape.tail + length <= bytes;
  }

  #appendEach(run: Run, now: number): boolean {
    const { bytes, ends, seqs, lows, stamps, count } = run;
    let due = false;
    let start = run.start;
    for (let i = 0; i < count; i++) {
      const end = ends[i] as number;
      const low = i + 1 === count ? run.low : (lows[i] as number);
      due = this.#append(bytes, start, end, Math.abs(seqs[i] as number), low, now, stamps[i] as number);
      start = end;
    }
    return due;
  }

  #append(
    bytes: Uint8Array,
    start: number,
    end: number,
    seq: number,
    low: number,
    now: number,
    stamp: number,
  ): boolean {
    const { tape } = this;
    const grows = this.#next - this.#first >= this.#room || !tape.fits(end - start);
    if (grows) this.#makeRoom(end - start);
    tape.put(bytes, start, end);
    const index = this.#index;
    const at = (this.#next & this.#mask) * NUMBERS;
    index[at + END] = tape.head;
    index[at + STAMP] = stamp;
    index[at + SEQ] = seq;
    index[at + LOW] = this.low;
    index[at + TIME] = now;
    this.#next++;
    this.low = low;
    if (grows) this.#account();
    if (tape.head - tape.tail > this.#limits.bytes) this.#evictBytes();
    return this.#next > this.#dueEntry || tape.head > this.#dueByte;
  }

  /** The readers were given everything until now. */
  flushed(): void {
    const { entries, bytes } = this.#limits;
    this.#flushed = this.#next;
    this.#dueEntry = this.#next + (entries >> 1);
    this.readTo = this.tape.head;
    this.#dueByte = this.readTo + (bytes >> 1);
  }

  /** Evicts what is older than the age limit, and gives memory back that is not needed any more. */
  age(now: number): void {
    const oldest = now - this.#limits.ageMs;
    while (this.#first < this.#next && this.#number(this.#first, TIME) < oldest) this.#evict(1);
    // A ring in use would grow again at once.
    if (this.tape.length * 4 <= this.tape.held) this.#release();
  }

  /**
   * Evicts half of the entries, for the budget: of a single one all, unless it may not have been flushed. False when
   * it had nothing to give.
   */
  halve(): boolean {
    const before = this.#counted;
    const first = this.#first;
    const half = first + ((this.#next - first + 1) >> 1);
    const target = half === this.#next && this.#flushed < half ? half - 1 : half;
    if (first < target) this.#evict(target - first);
    this.#release();
    return this.#first > first || this.#counted < before;
  }

  /** Its room has ended. Readers that have left still read what came before; the budget does not count it any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.shrank(this.#told);
    this.#budget.leave(this);
  }

  /** The entry that holds the byte at `position`; the entry to come when that is the head. position ≥ tape.tail. */
  entryAt(position: number): number {
    if (position === this.tape.head) return this.#next;
    let low = this.#first;
    let high = this.#next;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#number(middle, END) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The position behind an entry that is kept. */
  endOf(entry: number): number {
    return this.#number(entry, END);
  }

  /** Where an entry that is kept begins. */
  startOf(entry: number): number {
    return entry === this.#first ? this.tape.tail : this.endOf(entry - 1);
  }

  /** The stamp of an entry; Infinity for the entry to come. */
  stampOf(entry: number): number {
    return entry < this.#next ? this.#number(entry, STAMP) : Number.POSITIVE_INFINITY;
  }

  /** The lowest slot that a reader at `position` may still have to get. */
  lowAt(position: number): number {
    const entry = this.entryAt(position);
    return entry < this.#next ? this.#number(entry, LOW) : this.low;
  }

  /** The stamp of the newest entry, kept or not. */
  get newest(): number {
    return this.#first < this.#next ? this.stampOf(this.#next - 1) : this.evicted;
  }

  /** One of the numbers kept of an entry. */
  #number(entry: number, which: number): number {
    return this.#index[(entry & this.#mask) * NUMBERS + which] as number;
  }

  /** Makes room for one more entry of `bytes`: in the index, by evicting some of the oldest where it may not grow. */
  #makeRoom(bytes: number): void {
    const { entries } = this.#limits;
    const size = this.#next - this.#first;
    if (size >= entries) this.#evict(1 + (entries >> EVICTED_AT_ONCE));
    else if (size > this.#mask) this.#resize((this.#mask + 1) * 2);
    this.tape.reserve(bytes);
  }

  #evictBytes(): void {
    while (this.tape.length > this.#limits.bytes) this.#evict(1);
  }

  /** Evicts the `count` oldest entries of those that are kept. */
  #evict(count: number): void {
    const last = this.#first + count - 1;
    let { floor } = this;
    for (let entry = this.#first; entry <= last; entry++) floor = Math.max(floor, this.#number(entry, SEQ) + 1);
    this.floor = floor;
    this.evicted = this.#number(last, STAMP);
    this.tape.trim(this.#number(last, END));
    this.#first += count;
  }

  /** What the budget is told of: all but the small index that every room has. */
  get #counted(): number {
    return this.held - FIRST_ENTRIES * ENTRY_BYTES;
  }

  /** Gives back what the entries that are left do not need. */
  #release(): void {
    this.tape.shrink();
    let capacity = this.#mask + 1;
    while (capacity > FIRST_ENTRIES && this.size * 4 <= capacity) capacity >>= 1;
    if (capacity <= this.#mask) this.#resize(capacity);
    this.#account();
  }

  /** Tells the budget what is held now. Last in any change, for the budget may answer with halve(). */
  #account(): void {
    if (this.#closed) return;
    const change = this.#counted - this.#told;
    this.#told = this.#counted;
    if (change > 0) this.#budget.grew(change);
    else if (change < 0) this.#budget.shrank(-change);
  }

  #resize(capacity: number): void {
    const old = this.#index;
    const index = new Float64Array(capacity * NUMBERS);
    for (let entry = this.#first; entry < this.#next; entry++) {
      const from = (entry & this.#mask) * NUMBERS;
      const to = (entry & (capacity - 1)) * NUMBERS;
      for (let i = 0; i < NUMBERS; i++) index[to + i] = old[from + i] as number;
    }
    this.#index = index;
    this.#mask = capacity - 1;
    this.#room = Math.min(capacity, this.#limits.entries);
  }
}
