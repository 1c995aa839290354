// Epochs as the ordering of a room uses them: whose they are, which is the newer one, and the next one above all that
// are known. The empty text stands for no epoch at all, which every epoch is newer than.

import { type Epoch, epoch, type ServerId, serverId } from '../base/ids.ts';
import { compareEpochs, parseEpoch } from '../wire/names.ts';

/** An epoch names a time; one that is further ahead than clocks are wrong is none, or nobody could open a newer one. */
const AHEAD_MS = 24 * 3600 * 1000;

/** An epoch, or none. */
export type EpochOrNone = Epoch | '';

export function isEpoch(text: string): text is Epoch {
  return parseEpoch(text) !== undefined;
}

/** The server that made `epoch`, and that alone decides its slots. */
export function homeOf(of: Epoch): ServerId {
  return serverId(parseEpoch(of)?.id ?? 0);
}

export function isNewer(a: EpochOrNone, b: EpochOrNone): boolean {
  if (a === b || a === '') return false;
  return b === '' || compareEpochs(a, b) > 0;
}

export function newest(a: EpochOrNone, b: EpochOrNone): EpochOrNone {
  return isNewer(a, b) ? a : b;
}

/** Whether an epoch may have begun by `now` (Unix ms), whatever clock it was made by. */
export function isTimely(epoch: EpochOrNone, now: number): boolean {
  return epoch === '' || (parseEpoch(epoch)?.ms ?? 0) <= now + AHEAD_MS;
}

/** An epoch of `server` that is newer than `known` and not older than `atLeast` (Unix ms). */
export function epochAfter(known: EpochOrNone, atLeast: number, server: ServerId): Epoch {
  const before = known === '' ? 0 : (parseEpoch(known)?.ms ?? 0);
  return epoch(Math.max(atLeast, before + 1), server);
}
