// What a shared room is made of and what it asks of the world around it: links, facts, readers and members are all on
// the far side of these ports. None of them calls back into the room.

import type { RoomKey, ServerId, Ticket, Uid } from '../base/ids.ts';
import type { ReserveOutcome, SendOutcome } from '../base/outcome.ts';
import type { Run } from '../base/run.ts';
import type { EpochOrNone } from './epochs.ts';
import type { HomeLimits } from './home-ports.ts';
import type { EntryKind } from './log.ts';
import type { Opening } from './opening.ts';
import type { Penalties } from './reservations.ts';
import type { SegmentBudgets, SegmentLimits } from './segment.ts';
import type { Hash } from './standby.ts';

export interface SharedOptions {
  /** Its name may be spelled in another way later: then what begins afterwards is. */
  readonly room: { readonly key: RoomKey; readonly name: string };
  readonly self: ServerId;
  /** When this server started, in Unix ms. */
  readonly incarnation: number;
  /** How long a home may be out of reach before it is replaced. */
  readonly holdMs: number;
  /** What a home waits for before an entry counts: for nobody, or (the usual) for the standby to hold it too. */
  readonly ack?: 'home' | 'replicated';
  readonly home: HomeLimits;
  readonly segment: SegmentLimits;
  readonly budgets: SegmentBudgets;
  readonly penalties: Penalties;
  readonly out: SharedOut;
}

/** Why a room goes on in another epoch: its home gave it away, or was lost, or two sides of a split are one again. */
export type Cause = 'hand-over' | 'fail-over' | 'merge';

export interface SharedOut {
  /** So many frames for another server, in order. They belong together; the bytes are only lent. */
  to(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): void;
  /** The servers within reach, this one left out. */
  reachable(): readonly ServerId[];
  /** Servers that are out of reach and may be back in a moment: their hold is not over, and they did not leave. */
  awaited(): readonly ServerId[];
  /** Whether a server has members of this room. */
  hasMembers(server: ServerId): boolean;
  readonly hash: Hash;
  ticket(): Ticket;
  /** A decided slot for every reader here, once, in order. The bytes are only lent. */
  publish(kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void;
  /** As publish(), of several slots. */
  publishRun(run: Run): void;
  /** EPOCH or RPL_LAGGED for every reader here. */
  turn(bytes: Uint8Array): void;
  /**
   * The outcome of a send that had to wait since `since` (Unix ms); `epoch` and `seq` say where it stands, or what was
   * asked for.
   */
  settled(asker: object, outcome: SendOutcome, epoch: EpochOrNone, seq: number, id: string, since: number): void;
  /** The answer to a reserve() that had to wait. */
  reserved(holder: Uid, outcome: ReserveOutcome): void;
  /** This server is the room's home: what all others are to know. Said again when the standby is another one. */
  announce(opening: Opening, standby: ServerId | undefined): void;
  /** The room goes on here, in an epoch of this server's own. */
  began(opening: Opening, why: Cause): void;
  /** The copy here is complete for the first time: readers may come. */
  ready(): void;
  /** tick() is wanted at `at` (Unix ms), and not at the time said before. */
  due(at: number): void;
  /** flush() is wanted when the batch is over. */
  dirty(): void;
}
