// An attempt to open the next epoch of a room: which servers were asked to seal, what each of them holds, and what
// follows from that. It is the same for a home that was lost and for two sides of a split that see each other again.
// The newest epoch's longest copy is the main line; whatever anybody holds beside it becomes a tail.
//
//   sealing ── all have answered, or the deadline ──> fetching ── all is here, or the deadline ──> opened
//      └─────────────── a newer epoch was promised somewhere ─────────────────┴─────> given up
//
// This file compares; it sends nothing and changes no segment.

import type { Epoch, ServerId } from '../base/ids.ts';
import { isNewer } from './epochs.ts';
import type { Held, Holding } from './opening.ts';
import type { Segment } from './segment.ts';

/** A part of an epoch that is fetched from a server that holds it, for the own line or to stand beside it. */
export interface Part {
  readonly kind: 'line' | 'tail';
  /** Where it goes. */
  readonly segment: Segment;
  readonly until: number;
  /** Who is asked for it, and up to which position; 0 when nobody is any more. */
  from: ServerId;
  upTo: number;
}

/** Somebody's tail: entries (base, position] of an epoch, which `server` holds. */
export interface Found extends Held {
  readonly server: ServerId;
  readonly base: number;
}

/** What all the holdings together come to. */
export interface Plan {
  readonly main: Holding;
  readonly tails: readonly Found[];
  /** The part of the main line that stands behind the first fork, the oldest first; empty without tails. */
  readonly forked: readonly Held[];
  /** Above every number that was given out anywhere. */
  readonly first: number;
}

export class Attempt {
  readonly epoch: Epoch;
  readonly waiting: Set<ServerId>;
  readonly holdings = new Map<ServerId, Holding>();
  deadline: number;
  /** When what has come is gone on with, whatever is still on its way. */
  fetchUntil = Number.POSITIVE_INFINITY;
  /** Set once nothing more is asked of the sealed. */
  plan: Plan | undefined;
  /** Those who are asked for nothing any more: lost, or they sent nothing of what they said that they hold. */
  readonly silent = new Set<ServerId>();
  /** What there was of the parts that are fetched, all positions together, when that was looked at last. */
  got = 0;

  constructor(epoch: Epoch, asked: readonly ServerId[], deadline: number) {
    this.epoch = epoch;
    this.waiting = new Set(asked);
    this.deadline = deadline;
  }

  answered(holding: Holding): void {
    this.holdings.set(holding.server, holding);
    this.waiting.delete(holding.server);
  }

  /** Who holds most of an epoch, of those who still can be asked, and up to which position. */
  holderOf(of: Epoch): { readonly server: ServerId; readonly position: number } | undefined {
    let most: { readonly server: ServerId; readonly position: number } | undefined;
    for (const { server, line, branches } of this.holdings.values()) {
      if (this.silent.has(server)) continue;
      for (const { epoch, position } of [...line, ...branches]) {
        if (epoch === of && position > (most?.position ?? 0)) most = { server, position };
      }
    }
    return most;
  }
}

/** Whether everything of `epoch` up to `position` is known to have been joined long ago. */
export type IsPast = (epoch: Epoch, position: number) => boolean;

/** Compares what the servers hold. `own` comes first where copies are equally long. */
export function planOf(own: Holding, others: Iterable<Holding>, isPast: IsPast): Plan {
  const holdings = [own, ...others];
  const main = holdings.reduce((best, one) => (isLonger(one, best) ? one : best));
  const places = new Map(main.line.map((held, index) => [held.epoch, index]));
  const tails = new Map<Epoch, Found>();
  let fork = main.line.length;
  let first = 1;
  for (const { server, line } of holdings) {
    for (const held of line) first = Math.max(first, held.last + 1, held.first);
    // An epoch that both have was opened once: whatever lies before it was joined then.
    const common = line.findLastIndex(({ epoch }) => places.has(epoch));
    for (let i = Math.max(0, common); i < line.length; i++) {
      const held = line[i] as Held;
      const place = places.get(held.epoch);
      if (place === undefined && isPast(held.epoch, held.position)) continue;
      const base = place === undefined ? 0 : (main.line[place] as Held).position;
      const goesOn = i + 1 < line.length;
      if (place === undefined) fork = common < 0 ? 0 : fork;
      else if (held.position < base && goesOn) fork = Math.min(fork, place);
      else if (held.position > base || goesOn) fork = Math.min(fork, place + 1);
      // An epoch of its own is spoken of even when nothing was decided in it, so that who is in it can leave it.
      if (held.position < base || (place !== undefined && held.position === base)) continue;
      if ((tails.get(held.epoch)?.position ?? -1) < held.position) tails.set(held.epoch, { ...held, server, base });
    }
  }
  return { main, tails: [...tails.values()], forked: main.line.slice(fork), first };
}

/** Whether the newest epoch of `a`, or its copy of it, goes further than that of `b`. */
function isLonger(a: Holding, b: Holding): boolean {
  const [one, other] = [a.line.at(-1), b.line.at(-1)];
  if (one === undefined || other === undefined) return one !== undefined && other === undefined;
  if (one.epoch !== other.epoch) return isNewer(one.epoch, other.epoch);
  return one.position > other.position;
}
