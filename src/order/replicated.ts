// The replicated log: what a home writes while other servers follow it. An entry is committed when the standby holds
// it too, or at once while there is no standby. It stands in the home's own segment from the start, so that it can be
// streamed, and is readable only when it is committed.
//
// It takes no more than half of what the segment keeps before the standby has answered: otherwise entries could be
// forgotten here before they are anywhere else. It knows no servers; its owner says what the standby holds.

import type { Epoch, Ticket } from '../base/ids.ts';
import { type EntryKind, LATE, REFUSED, type RoomLog, type Slot } from './log.ts';
import type { Reference } from './references.ts';
import type { Segment } from './segment.ts';

export interface ReplicatedLimits {
  /** Entries that may wait for the standby. */
  readonly waiting: number;
  readonly waitingBytes: number;
}

/** Hears that every entry up to a position is committed that append() owed an answer for. */
export type Answer = (position: number) => void;

export class ReplicatedLog implements RoomLog {
  /** The reference that the next entry travels with; undefined for none. */
  reference: Reference | undefined;
  readonly #segment: Segment;
  readonly #limits: ReplicatedLimits;
  readonly #answer: Answer;
  #waitingBytes = 0;
  #waits = false;
  #stopped = false;

  constructor(segment: Segment, limits: ReplicatedLimits, answer: Answer) {
    this.#segment = segment;
    this.#limits = limits;
    this.#answer = answer;
  }

  get epoch(): Epoch {
    return this.#segment.epoch;
  }

  get committed(): number {
    return this.#segment.committed;
  }

  get floor(): number {
    return this.#segment.floor;
  }

  /** Entries that wait for the standby. */
  get waiting(): number {
    return this.#segment.position - this.#segment.committed;
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
    const segment = this.#segment;
    if (this.#stopped) return REFUSED;
    const isNew = after === segment.position;
    const isAlone = !this.#waits && this.waiting === 0;
    if (isNew && this.#waits && this.#isFull(end - start)) return REFUSED;
    const position = segment.append(after + 1, kind, seq, bytes, start, end, this.reference);
    if (position === REFUSED || position <= segment.committed) return position;
    if (isAlone) {
      segment.committed = position;
      return position;
    }
    if (isNew) this.#waitingBytes += end - start;
    return LATE;
  }

  read(seq: number, slot: Slot): boolean {
    return this.#segment.read(seq, slot);
  }

  /** From now on entries wait for a standby, or (false) for nobody: then all that wait are committed. */
  awaitStandby(waits: boolean): void {
    this.#waits = waits;
    if (!waits) this.held(this.#segment.position);
  }

  /** The standby holds everything up to `position`. */
  held(position: number): void {
    const segment = this.#segment;
    const upTo = Math.min(position, segment.position);
    if (upTo <= segment.committed || this.#stopped) return;
    segment.committed = upTo;
    if (this.waiting === 0) this.#waitingBytes = 0;
    this.#answer(upTo);
  }

  /** Nothing is committed or taken any more: another server decides. */
  stop(): void {
    this.#stopped = true;
  }

  /** The segment belongs to the owner of this log, and stays. */
  close(): void {
    this.stop();
  }

  #isFull(bytes: number): boolean {
    if (this.waiting === 0) return false;
    return this.waiting >= this.#limits.waiting || this.#waitingBytes + bytes > this.#limits.waitingBytes;
  }
}
