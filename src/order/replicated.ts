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

/** Where the answers go that append() owed. */
export type Answer = (ticket: Ticket, position: number) => void;

export class ReplicatedLog implements RoomLog {
  /** The reference that the next entry travels with; undefined for none. */
  reference: Reference | undefined;
  readonly #segment: Segment;
  readonly #limits: ReplicatedLimits;
  readonly #answer: Answer;
  /** Tickets of the entries above `committed`, in order of position; 0 for one whose ticket was answered. */
  #tickets: Ticket[] = [];
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
    ticket: Ticket,
  ): number {
    const segment = this.#segment;
    if (this.#stopped) return REFUSED;
    const isNew = after === segment.position;
    if (isNew && this.#waits && this.#isFull(end - start)) return REFUSED;
    const position = segment.append(after + 1, kind, seq, bytes, start, end, this.reference);
    if (position === REFUSED || position <= segment.committed) return position;
    if (!this.#waits && this.#tickets.length === 0) {
      segment.committed = position;
      return position;
    }
    if (isNew) {
      this.#tickets.push(ticket);
      this.#waitingBytes += end - start;
    }
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
    const count = Math.min(position, segment.position) - segment.committed;
    if (count <= 0 || this.#stopped) return;
    let answered = this.#tickets;
    if (count < answered.length) answered = answered.splice(0, count);
    else this.#tickets = [];
    const before = segment.committed;
    segment.committed = before + count;
    if (this.#tickets.length === 0) this.#waitingBytes = 0;
    for (let i = 0; i < answered.length; i++) this.#answer(answered[i] as Ticket, before + i + 1);
  }

  /** Nothing is committed or taken any more: another server decides. */
  stop(): void {
    this.#stopped = true;
    this.#tickets = [];
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
