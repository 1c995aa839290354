// Skews: which clocks of others are so far from ours that the log should say it, and when it says it again. A server is
// spoken of when its clock is a second off or more, and once more when that has changed by half; never more than once a
// minute, since old datagrams can be played back by anybody.

import type { ServerId } from '../base/ids.ts';

/** A clock this far from ours is worth a warning. */
const SKEW_MS = 1000;
const AGAIN_MS = 60_000;
const MOST = 256;

interface Told {
  readonly skewMs: number;
  readonly at: number;
}

export class Skews {
  readonly #told = new Map<ServerId, Told>();

  /** A server's clock less ours was heard. Whether that is news. */
  heard(id: ServerId, skewMs: number, now: number): boolean {
    const told = this.#told.get(id);
    if (told !== undefined && Math.abs(now - told.at) < AGAIN_MS) return false;
    if (Math.abs(skewMs) < SKEW_MS) return false;
    const change = Math.abs(skewMs - (told?.skewMs ?? 0));
    if (change < Math.max(SKEW_MS, Math.abs(told?.skewMs ?? 0) / 2)) return false;
    this.#told.delete(id);
    this.#told.set(id, { skewMs, at: now });
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST) break;
      this.#told.delete(oldest);
    }
    return true;
  }
}
