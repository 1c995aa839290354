// The standby: which server holds a room's entries beside its home, and in which order servers try to succeed a home
// that is lost. Every server comes to the same order from the same facts: those with members first, then by a hash of
// the room and the server, so that the rooms of a network spread over its servers.

import type { RoomKey, ServerId } from '../base/ids.ts';

/** A hash of text that all servers share, as text of one length. */
export type Hash = (text: string) => string;

/** `servers` in the order in which they serve as a room's standby. */
export function standbyOrder(
  key: RoomKey,
  servers: readonly ServerId[],
  hasMembers: (server: ServerId) => boolean,
  hash: Hash,
): ServerId[] {
  const rows = servers.map((server) => ({ server, hash: hash(`${key},${server}`), hasMembers: hasMembers(server) }));
  rows.sort((a, b) => {
    if (a.hasMembers !== b.hasMembers) return a.hasMembers ? -1 : 1;
    return a.hash === b.hash ? 0 : a.hash > b.hash ? -1 : 1;
  });
  return rows.map(({ server }) => server);
}
