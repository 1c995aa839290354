// The log's interface: where the decided slots of one room are kept, in the order of their decision.
//
//   append → committed → publish
//
// A home appends, and publishes an entry only when its log has committed it. A log may answer at once (the memory
// log), or later under the ticket it was given (a standby's acknowledgement, a disk). It never decides anything, and
// it never reorders: positions count the entries of an epoch without gaps, from 1.

import type { Epoch, Ticket } from '../base/ids.ts';
import type { Run } from '../base/run.ts';

/** What an entry decides about its slot. */
export const MESSAGE = 1;
export const SKIP = 2;
export type EntryKind = typeof MESSAGE | typeof SKIP;

/** append()'s answer when the entry was not taken and never will be: a stale owner, or a log that is full or broken. */
export const REFUSED = -1;
/** append()'s answer when the outcome comes later, under the ticket. */
export const LATE = -2;

/** One committed slot, as offsets into the log's own bytes: valid until the next call of append(). */
export interface Slot {
  kind: EntryKind;
  seq: number;
  /** Its place in the order of decision. */
  position: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

export interface RoomLog {
  readonly epoch: Epoch;
  /** The position of the newest committed entry; 0 when there is none. */
  readonly committed: number;
  /** 1 + the highest seq that was committed and is kept no longer. */
  readonly floor: number;

  /**
   * Appends the frame bytes[start, end) that decides slot `seq`, behind position `after`.
   * Returns its position (after + 1) when it is committed at once; REFUSED; or LATE, and then the owner's
   * done(ticket, position | REFUSED) follows, at most once counts. The bytes are the caller's: a log copies them.
   * Idempotent: a position that holds the same slot already is answered again; any other content there is REFUSED,
   * and so is an `after` with a gap before it.
   */
  append(
    after: number,
    kind: EntryKind,
    seq: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    ticket: Ticket,
  ): number;

  /**
   * As append() of each entry of a run, behind position `after`, which is `committed`: all are committed at once, and
   * none is refused. Returns the position of the last. Left out by a log that answers late, or may refuse.
   */
  appendRun?(after: number, run: Run): number;

  /** Fills `slot` with the committed slot `seq`; false when it is undecided or kept no longer. */
  read(seq: number, slot: Slot): boolean;

  /** Gives all memory back; nothing is asked of it afterwards. */
  close(): void;
}
