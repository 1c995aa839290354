// What a home is made with, what it may hold open, and what it says to those around it.

import type { Budget } from '../base/budget.ts';
import type { Epoch, RoomKey, ServerId, Ticket } from '../base/ids.ts';
import type { SendOutcome } from '../base/outcome.ts';
import type { Run } from '../base/run.ts';
import type { Home } from './home.ts';
import type { IdLimits, MessageIds } from './ids.ts';
import type { EntryKind, RoomLog } from './log.ts';
import type { Numbers } from './numbers.ts';
import type { Penalties } from './reservations.ts';
import type { StageOut } from './stage.ts';

/** No id is known for a message: it is new. Beside the outcomes. */
export const NEW = -1;
export type Known = SendOutcome | typeof NEW;

/** What one room may hold open. */
export interface HomeLimits extends IdLimits {
  /** How long a reservation lives. */
  readonly ttlMs: number;
  readonly reservations: number;
  /** Entries, and their bytes, that a log may owe an answer for. */
  readonly pendingEntries: number;
  readonly pendingBytes: number;
}

/** Which messages were decided in the epochs before a home's own, so that none is decided again. */
export interface EarlierIds {
  /** What was found: `print` is of no meaning for a reference. */
  readonly seq: number;
  readonly print: number;
  readonly epoch: Epoch;
  find(id: string): boolean;
  findReference(server: ServerId, number: number): boolean;
}

/** What a home says to those around it. */
export interface HomeOut {
  /** A committed frame for every reader of the room, in order of position, once. bytes[start, end) are only lent. */
  publish(home: Home, kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void;
  /** As publish(), of several. */
  publishCommitted(home: Home, run: Run): void;
  /**
   * The answer after WAITING: SENT or SENT_BEFORE with the decided seq, or UNAVAILABLE (at a deadline: the outcome is
   * unknown) with the seq that was asked for.
   */
  settled(home: Home, asker: object, outcome: SendOutcome, seq: number, id: string): void;
  /** tick() is wanted at `at` (Unix ms), and not at the time said before; Infinity: never. */
  due(home: Home, at: number): void;
  /** The log answers later under this ticket: done() follows, or never. */
  waits(home: Home, ticket: Ticket): void;
}

export interface HomeOptions {
  readonly room: { readonly key: RoomKey; readonly name: string };
  readonly epoch: Epoch;
  /** The first number of this epoch. */
  readonly first: number;
  /** Empty; the home closes it. */
  readonly log: RoomLog;
  readonly limits: HomeLimits;
  readonly penalties: Penalties;
  /** Counts the message ids known over all rooms. */
  readonly idBudget: Budget;
  /** Where the home notes ids and numbers, when they outlive it: then it does not close them. */
  readonly kept?: { readonly ids: MessageIds; readonly numbers: Numbers };
  readonly earlier?: EarlierIds;
  readonly out: HomeOut;
  /** Left out where every message is published before send() returns; for a log that has appendRun() alone. */
  readonly stage?: StageOut | undefined;
  readonly tickets: () => Ticket;
}
