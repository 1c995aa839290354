// Allegiance: whom a server follows in the ordering of a room. The newest epoch that it knows to have begun names its
// home; a promise to somebody who is about to open a newer one ends the obedience to that home before the newer one is
// known. Neither ever goes back.

import type { ServerId } from '../base/ids.ts';
import { type EpochOrNone, homeOf, isNewer, newest } from './epochs.ts';

export class Allegiance {
  /** The newest epoch that is known to have begun. */
  known: EpochOrNone = '';
  /** The home of the known epoch, where it is another server. */
  leader: ServerId | undefined;
  /** The newest epoch that was known or promised: nothing older is obeyed. */
  promised: EpochOrNone = '';
  /** The standby of the known epoch, as far as was heard. */
  standby: ServerId | undefined;
  readonly #self: ServerId;

  constructor(self: ServerId) {
    this.#self = self;
  }

  /** Whether what `server` says of the room counts. */
  isOwedTo(server: ServerId): boolean {
    return server === this.leader && !isNewer(this.promised, this.known);
  }

  /** `epoch` has begun. */
  know(epoch: EpochOrNone): void {
    this.known = newest(epoch, this.known);
    const home = this.known === '' ? undefined : homeOf(this.known);
    this.leader = home === this.#self ? undefined : home;
    this.promise(epoch);
  }

  /** Nothing older than `epoch` is obeyed any more. */
  promise(epoch: EpochOrNone): void {
    this.promised = newest(epoch, this.promised);
  }
}
