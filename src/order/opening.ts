// How an epoch began: which one it follows, where that one was closed, and which other tails exist beside it. A room
// that is made has no epoch before; an epoch that follows a fail-over has one; one that follows the heal of a split
// names every tail that somebody may have read, the ones of its own line included, so that each reader can be told of
// those that it has not.

import type { Epoch, ServerId } from '../base/ids.ts';
import { encodeFrame } from '../wire/writer.ts';
import type { EpochOrNone } from './epochs.ts';

/** The slots of an epoch that stand on one side of a split: numbers `from` … `last`, up to `position`. */
export interface Tail {
  readonly epoch: Epoch;
  readonly from: number;
  readonly last: number;
  readonly position: number;
}

export interface Opening {
  readonly epoch: Epoch;
  /** Its first number. */
  readonly first: number;
  /** The epoch that it follows; '' for none, or none that is known. */
  readonly oldEpoch: EpochOrNone;
  /** The last position of the old epoch, and its highest number. */
  readonly oldPosition: number;
  readonly oldLast: number;
  readonly tails: readonly Tail[];
}

/** More tails than this are not spoken of: the oldest are left out. */
export const MOST_TAILS = 12;

export function firstOpening(epoch: Epoch, first = 1): Opening {
  return { epoch, first, oldEpoch: '', oldPosition: 0, oldLast: 0, tails: [] };
}

/** Where `opening` says that epoch `of` was closed, at the furthest; undefined when it does not speak of it. */
export function closedAt(opening: Opening, of: Epoch): number | undefined {
  let closed = opening.oldEpoch === of ? opening.oldPosition : undefined;
  for (const { epoch, position } of opening.tails) {
    if (epoch === of && position > (closed ?? -1)) closed = position;
  }
  return closed;
}

/** A part of an epoch that some readers have: everything up to `position`. */
export interface Had {
  readonly epoch: Epoch;
  readonly position: number;
  readonly last: number;
}

/** The frame that tells readers who have `line` of the new epoch: what they come from, and the tails they lack. */
export function turnFrame(room: string, opening: Opening, line: readonly Had[]): Uint8Array {
  const current = line.at(-1);
  const missing = opening.tails.filter(
    ({ epoch, position }) => position > 0 && !line.some((had) => had.epoch === epoch && had.position >= position),
  );
  const args = missing.flatMap(({ epoch, from, last }) => [epoch, from, last]);
  // Where the line was closed by this opening, all its readers are told the same number.
  const isMain = current?.epoch === opening.oldEpoch && current.position === opening.oldPosition;
  const last = isMain ? opening.oldLast : (current?.last ?? 0);
  return encodeFrame('EPOCH', room, opening.epoch, opening.first, current?.epoch ?? '', last, ...args);
}

/** One epoch of a line: everything up to `position` is held, and `last` is the highest number known of. */
export interface Held extends Had {
  readonly first: number;
}

/** What one server holds of a room: its epochs from the oldest to the newest, as far as they are remembered. */
export interface Holding {
  readonly server: ServerId;
  /** The epoch that the oldest of the line follows; '' when the room began with it. */
  readonly before: EpochOrNone;
  readonly line: readonly Held[];
  /** Tails of other sides of a split. */
  readonly branches: readonly Held[];
}
