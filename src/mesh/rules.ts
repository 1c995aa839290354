// The rules of linking: who may stay when a peer has proved who it is. Both ends of a link ask them apart, of what each
// knows itself, and have to come to one answer; so they look at nothing that only one end can know, but how long it has
// had its link. Everything here is a pure function of its arguments.

import type { ServerId } from '../base/ids.ts';
import { type Contact, clashes, dialsFirst, foldName, sameLife, sameServer } from './identity.ts';
import type { Link } from './link.ts';

/** The servers that are alive and reachable as this one knows, itself left out. */
export interface LiveServers {
  /** By its folded name. */
  byName(name: string): Contact | undefined;
  byId(id: ServerId): Contact | undefined;
  /** The latest incarnation that a server of that id ever had as far as is known, out of reach or gone too; 0 for none. */
  latest(id: ServerId): number;
}

/**
 * Longer than a dialler takes for a whole handshake. Whoever verifies a second link later than this behind the first
 * knows that it was dialled when the first one was up here, so that it was no longer up there.
 */
export const CROSSING_MS = 5000;

export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'self' }
  /** The peer is told that its name or id belongs to a server of this incarnation. */
  | { readonly kind: 'registered'; readonly incarnation: number };

/** Whether a server that has proved itself may be in this network at all, as far as we know. */
export function judge(self: Contact, peer: Contact, live: LiveServers): Verdict {
  if (sameLife(self, peer)) return { kind: 'self' };
  for (const holder of [self, live.byName(foldName(peer.name)), live.byId(peer.id)]) {
    if (holder === undefined) continue;
    const taken = holder === self ? sameServer(self, peer) || clashes(self, peer) : clashes(holder, peer);
    const ghost = sameServer(holder, peer) && peer.incarnation < holder.incarnation;
    if (taken || ghost) return { kind: 'registered', incarnation: holder.incarnation };
  }
  // Nothing that it says of itself would be heard by who remembers a later life.
  const latest = live.latest(peer.id);
  if (peer.incarnation < latest) return { kind: 'registered', incarnation: latest };
  return { kind: 'accept' };
}

/**
 * Whether a second link between us and one life of a peer takes the place of the first, which is up.
 * Dialled by the same side: the one dialled later, on that side's own clock. Dialled crosswise: the one dialled by the
 * lower id, unless the first is so old that the other side must have lost it.
 */
export function replaces(second: Link, first: Link, self: Contact, peer: Contact, now: number): boolean {
  if (second.role === first.role) {
    if (second.dialledAt !== first.dialledAt) return second.dialledAt > first.dialledAt;
    return second.dialNonce > first.dialNonce;
  }
  if (dialledByLower(second, self, peer)) return true;
  return now - first.upAt >= CROSSING_MS;
}

function dialledByLower(link: Link, self: Contact, peer: Contact): boolean {
  return dialsFirst(self, peer) === (link.role === 'dialler');
}
