// The memory log: a room's newest slots, in the memory of this process. It commits at once.
//
// Frames stand in one tape in the order of their decision, which is the order of their positions; slots are asked for
// by seq. The two orders differ where a reserved slot is filled late, so the table has one part for each:
//
//   seqs[position]  starts[position]      what stands at a position, and where its bytes begin in the tape
//   positions[seq]                        where the decision on a slot stands
//
// All three are circular and of one size, a power of two that starts small and doubles. Eviction goes by position: the
// bytes at the tape's tail are those of the oldest decision, and nothing can pin them. It raises the floor above the
// slot it evicts; a slot below the floor that was decided later counts as kept no longer, and its bytes go in turn.
// The newest decision at or above the floor is always kept. In the steady state nothing is allocated.

import { assert } from '../base/assert.ts';
import type { Budget, Member } from '../base/budget.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Epoch, Ticket } from '../base/ids.ts';
import type { Run } from '../base/run.ts';
import { Tape } from '../base/tape.ts';
import { type EntryKind, MESSAGE, REFUSED, type RoomLog, SKIP, type Slot } from './log.ts';

/** What one room may keep. */
export interface MemoryLimits {
  readonly slots: number;
  readonly bytes: number;
}

const SMALLEST = 8;
/** Below this a log has nothing to give to a budget. */
const LEAST_BYTES = 1_024;
/** Bytes of the three parts of the table for one place. */
const PLACE_BYTES = 24;
const EMPTY = new Float64Array(0);
/** It answers at once. */
const NO_TICKET = 0 as Ticket;

export class MemoryLog implements RoomLog, Member {
  readonly epoch: Epoch;
  committed = 0;
  floor: number;
  /** Positions from here on are kept whatever it takes: their owner needs them, and asks for few. */
  keepFrom = Number.POSITIVE_INFINITY;
  readonly #limits: MemoryLimits;
  readonly #budget: Budget;
  readonly #frames = new Tape();
  /** seqs, negative for a SKIP; then starts; then positions. */
  #table = EMPTY;
  #size = 0;
  #mask = -1;
  /** The lowest position kept; committed + 1 when nothing is. */
  #oldest = 1;
  /** The limit of bytes now: less than the option after the budget made this log halve. */
  #bytes: number;
  /** The bytes that the budget was told of. */
  #told = 0;

  /** A log for slots from `first` on. */
  constructor(epoch: Epoch, budget: Budget, limits: MemoryLimits, first: number) {
    assert(limits.slots >= 1 && limits.bytes >= 1, 'a log that may keep nothing');
    this.epoch = epoch;
    this.floor = first;
    this.#limits = limits;
    this.#bytes = limits.bytes;
    this.#budget = budget;
    budget.join(this);
  }

  /** Bytes of memory held. */
  get #held(): number {
    return this.#frames.held + this.#size * PLACE_BYTES;
  }

  append(
    after: number,
    kind: EntryKind,
    seq: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    _ticket: Ticket,
  ): number {
    if (after !== this.committed) return this.#again(after, kind, seq, bytes, start, end);
    const frames = this.#frames;
    const position = after + 1;
    const length = end - start;
    while (position - this.#oldest >= this.#limits.slots && this.#oldest < this.keepFrom) this.#evict();
    const grows = position - this.#oldest >= this.#size || !frames.fits(length) || frames.length + length > this.#bytes;
    if (grows) this.#makeRoom(position, length);
    const table = this.#table;
    const at = position & this.#mask;
    table[at] = kind === MESSAGE ? seq : -seq;
    table[this.#size + at] = frames.put(bytes, start, end);
    this.committed = position;
    if (seq >= this.floor) this.#note(seq, position);
    if (grows) this.#account();
    return position;
  }

  appendRun(after: number, run: Run): number {
    assert(after === this.committed, 'a run behind another position than the last');
    const { count, ends, seqs } = run;
    if (!this.#takes(count, run.end - run.start)) return this.#appendEach(run);
    const { slots } = this.#limits;
    const { keepFrom } = this;
    const frames = this.#frames;
    const before = frames.head - run.start;
    frames.putFrom(run.bytes, run.address, run.start, run.end);
    let table = this.#table;
    let size = this.#size;
    let oldest = this.#oldest;
    let { floor } = this;
    let from = run.start;
    for (let i = 0; i < count; i++) {
      const position = after + 1 + i;
      for (; position - oldest >= slots && oldest < keepFrom; oldest++) {
        floor = Math.max(floor, Math.abs(table[oldest & (size - 1)] as number) + 1);
      }
      const signed = seqs[i] as number;
      const seq = Math.abs(signed);
      const at = position & (size - 1);
      table[at] = signed;
      table[size + at] = before + from;
      from = ends[i] as number;
      const place = 2 * size + (seq & (size - 1));
      if (seq < floor) continue;
      if ((table[place] as number) < oldest) table[place] = position;
      else {
        this.#advance(oldest, floor, position);
        this.#note(seq, position);
        table = this.#table;
        size = this.#size;
        oldest = this.#oldest;
        floor = this.floor;
      }
    }
    this.#advance(oldest, floor, after + count);
    return after + count;
  }

  read(seq: number, slot: Slot): boolean {
    if (seq < this.floor || this.#size === 0) return false;
    const position = this.#table[2 * this.#size + (seq & this.#mask)] as number;
    const signed = this.#table[position & this.#mask] as number;
    return (signed === seq || signed === -seq) && this.readAt(position, slot);
  }

  /** The lowest position that is kept; committed + 1 when none is. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Fills `slot` with what stands at `position`; false when it is kept no longer, or not there yet. */
  readAt(position: number, slot: Slot): boolean {
    if (position < this.#oldest || position > this.committed) return false;
    const signed = this.#table[position & this.#mask] as number;
    slot.kind = signed > 0 ? MESSAGE : SKIP;
    slot.seq = Math.abs(signed);
    slot.position = position;
    slot.bytes = this.#frames.buffer;
    slot.start = this.#start(position) - this.#frames.base;
    slot.end = this.#start(position + 1) - this.#frames.base;
    return true;
  }

  /** Makes `run` the entries at `first` to `last`, which are lent like a slot; false when they are not all here. */
  readRun(first: number, last: number, run: Run): boolean {
    if (first < this.#oldest || last > this.committed) return false;
    const { buffer, base, address } = this.#frames;
    const table = this.#table;
    const mask = this.#mask;
    run.bytes = buffer;
    run.address = address;
    run.clear(this.#start(first) - base);
    for (let position = first; position < last; position++) {
      const end = (table[this.#size + ((position + 1) & mask)] as number) - base;
      run.add(end, table[position & mask] as number, 0, 0);
    }
    run.add(this.#start(last + 1) - base, table[last & mask] as number, 0, 0);
    return true;
  }

  /** Evicts down to half of the memory held, and takes no more again while others need it. */
  halve(): boolean {
    if (this.#frames.held <= LEAST_BYTES) return false;
    const oldest = this.#oldest;
    const held = this.#held;
    // A tape has room for twice what is live: a quarter of it, kept, lets it settle at half.
    this.#bytes = powerOfTwo(this.#frames.held >> 2);
    const end = Math.min(this.committed, this.keepFrom);
    this.#trim();
    while (this.#frames.length > this.#bytes && this.#oldest < end) this.#evictAndTrim();
    this.#frames.shrink();
    const kept = this.committed - this.#oldest + 1;
    if (kept * 2 <= this.#size) this.#resize(Math.max(SMALLEST, powerOfTwo(kept * 2)));
    this.#account();
    return this.#oldest > oldest || this.#held < held;
  }

  close(): void {
    this.#oldest = this.committed + 1;
    this.#frames.trim(this.#frames.head);
    this.#frames.shrink();
    this.#table = EMPTY;
    this.#size = 0;
    this.#mask = -1;
    this.#account();
    this.#budget.leave(this);
  }

  /** Whether so many entries can be taken at once: nothing grows, and nothing is evicted but for the number of slots. */
  #takes(count: number, length: number): boolean {
    const { slots } = this.#limits;
    const frames = this.#frames;
    const last = this.committed + count;
    const room = last - this.#oldest < this.#size || (this.#size >= slots && last - slots < this.keepFrom);
    return room && frames.fits(length) && frames.length + length <= this.#bytes;
  }

  #appendEach(run: Run): number {
    const { bytes, ends, seqs, count } = run;
    let start = run.start;
    for (let i = 0; i < count; i++) {
      const signed = seqs[i] as number;
      const end = ends[i] as number;
      const kind = signed > 0 ? MESSAGE : SKIP;
      this.append(this.committed, kind, Math.abs(signed), bytes, start, end, NO_TICKET);
      start = end;
    }
    return this.committed;
  }

  /** Answers for a position that was decided before, or that has a gap in front of it. */
  #again(after: number, kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): number {
    const position = after + 1;
    if (position > this.committed || position < this.#oldest) return REFUSED;
    if (this.#table[position & this.#mask] !== (kind === MESSAGE ? seq : -seq)) return REFUSED;
    const { buffer, base } = this.#frames;
    const at = this.#start(position) - base;
    return equalBytes(buffer, at, this.#start(position + 1) - base, bytes, start, end) ? position : REFUSED;
  }

  #start(position: number): number {
    return position > this.committed
      ? this.#frames.head
      : (this.#table[this.#size + (position & this.#mask)] as number);
  }

  /** Makes room for the entry at `position`, a frame of `bytes`. What was evicted is forgotten here, and not before. */
  #makeRoom(position: number, bytes: number): void {
    this.#trim();
    if (this.#frames.length + bytes > this.#bytes) this.#evictFor(bytes);
    if (position - this.#oldest >= this.#size) this.#resize(Math.max(SMALLEST, this.#size * 2));
    this.#frames.reserve(bytes);
  }

  /** Makes room for a frame of `bytes`, which are more than this log may keep now. */
  #evictFor(bytes: number): void {
    if (this.#bytes < this.#limits.bytes && this.#budget.spares(this.#frames.held)) {
      this.#bytes = Math.min(this.#bytes * 2, this.#limits.bytes);
    }
    const end = Math.min(this.committed + 1, this.keepFrom);
    while (this.#oldest < end && this.#frames.length + bytes > this.#bytes) this.#evictAndTrim();
  }

  #advance(oldest: number, floor: number, committed: number): void {
    this.#oldest = oldest;
    this.floor = floor;
    this.committed = committed;
  }

  #evict(): void {
    const seq = Math.abs(this.#table[this.#oldest & this.#mask] as number);
    if (seq >= this.floor) this.floor = seq + 1;
    this.#oldest++;
  }

  #evictAndTrim(): void {
    this.#evict();
    this.#trim();
  }

  /** Gives the tape's bytes of what was evicted back. */
  #trim(): void {
    this.#frames.trim(this.#start(this.#oldest));
  }

  /** Notes where the decision on `seq` stands: mostly in the place of one that was evicted. */
  #note(seq: number, position: number): void {
    const place = 2 * this.#size + (seq & this.#mask);
    if ((this.#table[place] as number) < this.#oldest) this.#table[place] = position;
    else {
      this.#place(seq, position);
      this.#account();
    }
  }

  /** Notes where the decision on `seq` stands, growing as long as two kept slots would share a place. */
  #place(seq: number, position: number): void {
    for (;;) {
      const place = 2 * this.#size + (seq & this.#mask);
      const there = this.#table[place] as number;
      const other = there < this.#oldest ? 0 : Math.abs(this.#table[there & this.#mask] as number);
      assert(other !== seq || there === position, 'a slot decided twice');
      if (other < this.floor || other === seq) {
        this.#table[place] = position;
        return;
      }
      if (this.#size < this.#limits.slots) {
        this.#resize(this.#size * 2);
      } else if (other > seq) {
        // Further behind the newest slots than a room keeps.
        this.floor = seq + 1;
        return;
      } else {
        this.floor = other + 1;
      }
    }
  }

  /** Makes the table anew with `size` places, which the kept positions fit in. */
  #resize(size: number): void {
    const old = this.#table;
    const oldSize = this.#size;
    const oldMask = this.#mask;
    this.#table = new Float64Array(size * 3);
    this.#size = size;
    this.#mask = size - 1;
    for (let position = this.#oldest; position <= this.committed; position++) {
      this.#table[position & this.#mask] = old[position & oldMask] as number;
      this.#table[size + (position & this.#mask)] = old[oldSize + (position & oldMask)] as number;
    }
    // Behind the loop, for placing may resize again, and that copies all of it.
    for (let position = this.#oldest; position <= this.committed; position++) {
      const seq = Math.abs(this.#table[position & this.#mask] as number);
      if (seq >= this.floor) this.#place(seq, position);
    }
  }

  /** Tells the budget what is held now. Last in any change, for the budget may answer with halve(). */
  #account(): void {
    const change = this.#held - this.#told;
    this.#told = this.#held;
    if (change > 0) this.#budget.grew(change);
    else if (change < 0) this.#budget.shrank(-change);
  }
}

/** The largest power of two that is not above `value` (at least 1). */
function powerOfTwo(value: number): number {
  let power = 1;
  while (power * 2 <= value) power *= 2;
  return power;
}
