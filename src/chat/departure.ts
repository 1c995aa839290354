// Departure: how a session and its user end, and what becomes of what they held.
//
// A user leaves behind what it said before: while a send of it is unanswered its QUIT waits, though its connection is
// gone. Until then it is still a member, and hears nothing.

import { assert } from '../base/assert.ts';
import type { Context } from './context.ts';
import { countLater, tellPeers } from './presence.ts';
import { quit } from './replies.ts';
import type { Room } from './rooms.ts';
import { ENDED, type Session } from './session.ts';
import type { User } from './users.ts';

/** The session ends: its connection is gone, or was told to close. */
export function end(context: Context, session: Session, reason: string, now: number): void {
  if (session.state === ENDED) return;
  silence(session);
  const user = session.user;
  if (user === undefined) return;
  if (session.unanswered > 0) session.parting = reason;
  else part(context, user, reason, now);
}

/**
 * The session is over: nothing is said to it any more, nor waits for it, and whoever has its connection's place hears
 * nothing of its rooms. Its user stays.
 */
export function silence(session: Session): void {
  session.state = ENDED;
  session.registration = undefined;
  session.operator = undefined;
  session.current = undefined;
  session.checking = undefined;
  session.held = undefined;
  for (const room of session.user?.rooms ?? []) room.port.unsubscribe(session.connection);
}

/** The user leaves the network, and those who share a room with it hear `reason`. */
export function part(context: Context, user: User, reason: string, now: number): void {
  const session = user.session;
  assert(session === undefined || session.state === ENDED, 'a user that goes while its session stays');
  depart(context, user, reason, now);
  context.tell('QUIT', user.uid, reason);
  if (session !== undefined) session.user = undefined;
  user.session = undefined;
}

/** Ends a session that others have taken the place of: its user does not wait for what it said before. */
export function endNow(context: Context, session: Session, reason: string, now: number): void {
  context.close(session, reason, now);
  const { user, parting } = session;
  if (user !== undefined) part(context, user, parting ?? reason, now);
}

/** A user, of whichever server, is no more. */
export function depart(context: Context, user: User, reason: string, now: number): void {
  vanish(context, user, reason, now);
  const freed = context.nicknames.release(user, now);
  context.users.remove(user);
  if (freed !== undefined) context.elsewhere.reappear(freed, now);
}

/** Those who share a room with the user hear `reason`, and it is in no room any more. */
export function vanish(context: Context, user: User, reason: string, now: number): void {
  const frames = context.begin();
  quit(frames, user.ident, reason);
  tellPeers(context, user, frames);
  const rooms = user.rooms;
  user.leaveAll();
  for (const room of rooms) vacate(context, room, user, now);
}

/** Ends what `user` holds in `room`: its reservation and its membership. */
export function vacate(context: Context, room: Room, user: User, now: number): void {
  // Of users elsewhere every server hears, and the room's home sees to it.
  if (user.session !== undefined || room.port.elsewhere !== true) room.port.order.release(user.uid, now);
  const before = room.members.size;
  room.dismiss(user);
  if (room.members.size === 0) {
    room.emptySince = now;
    room.port.wakeAt(now + context.config.limits.roomIdleMs);
  } else if (before > context.config.limits.presence) {
    countLater(room, now);
  }
}
