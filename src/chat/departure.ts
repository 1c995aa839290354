// Departure: how a session and its user end, and how others hear of a user. Whoever shares a room with somebody hears
// of its new nickname or its end once, however many rooms they share; large rooms hear numbers only.
//
// A user leaves behind what it said before: while a send of it is unanswered its QUIT waits, though its connection is
// gone. Until then it is still a member, and hears nothing.

import { assert } from '../base/assert.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { Context } from './context.ts';
import { members, quit } from './replies.ts';
import type { Room } from './rooms.ts';
import { ENDED, REGISTERED, type Session } from './session.ts';
import type { User } from './users.ts';

/** At most one RPL_MEMBERS a room in this time. */
const COUNT_EVERY_MS = 1000;

/** The session ends: its connection is gone, or was told to close. */
export function end(context: Context, session: Session, reason: string, now: number): void {
  if (session.state === ENDED) return;
  session.state = ENDED;
  session.registration = undefined;
  session.operator = undefined;
  session.current = undefined;
  session.checking = undefined;
  session.held = undefined;
  const user = session.user;
  if (user === undefined) return;
  for (const room of user.rooms) room.port.unsubscribe(session.connection);
  if (session.unanswered > 0) session.parting = reason;
  else part(context, user, reason, now);
}

/** Keeps a command for later; the session's input waits. */
export function hold(context: Context, session: Session, frame: Frame): void {
  assert(session.held === undefined, 'a frame while the input waits');
  session.held = frame.bytes.slice(frame.start, frame.end);
  context.out.pause(session.connection);
}

/** The user leaves the network, and those who share a room with it hear `reason`. */
export function part(context: Context, user: User, reason: string, now: number): void {
  const session = user.session;
  assert(session === undefined || session.state === ENDED, 'a user that goes while its session stays');
  const frames = context.begin();
  quit(frames, user.ident, reason);
  tellPeers(context, user, frames);
  const rooms = user.rooms;
  user.leaveAll();
  for (const room of rooms) vacate(context, room, user, now);
  context.nicknames.release(user, now);
  context.users.remove(user);
  if (session !== undefined) session.user = undefined;
  user.session = undefined;
}

/** Ends what `user` holds in `room`: its reservation and its membership. */
export function vacate(context: Context, room: Room, user: User, now: number): void {
  room.port.order.release(user.uid, now);
  const before = room.members.size;
  room.members.delete(user);
  if (room.members.size === 0) {
    room.emptySince = now;
    room.port.wakeAt(now + context.config.limits.roomIdleMs);
  } else if (before > context.config.limits.presence) {
    countLater(room, now);
  }
}

/**
 * Says `frames` once to everybody who shares a room with `user` in which presence is announced, and to the user
 * itself if it is there. Returns whether the user was among them.
 */
export function tellPeers(context: Context, user: User, frames: FrameWriter): boolean {
  const most = context.config.limits.presence;
  let only: Room | undefined;
  let announcing = 0;
  for (const room of user.rooms) {
    if (room.members.size > most) continue;
    only = room;
    announcing++;
  }
  if (only === undefined) return false;
  const round = ++context.round;
  // Who is there itself must hear it whatever a room's memory overtakes: then everybody is told alone.
  if (announcing === 1 && user.session?.state !== REGISTERED) {
    only.port.announce(frames.bytes, 0, frames.length);
    return true;
  }
  for (const room of user.rooms) {
    if (room.members.size > most) continue;
    for (const member of room.members) tellOnce(context, member, round);
  }
  return true;
}

function tellOnce(context: Context, member: User, round: number): void {
  if (member.mark === round) return;
  member.mark = round;
  if (member.session !== undefined && member.session.state === REGISTERED) context.reply(member.session);
}

/** Has the number of members told soon: at once when that was not done lately. */
export function countLater(room: Room, now: number): void {
  if (room.countDue !== 0) return;
  room.countDue = Math.max(now, room.countTold + COUNT_EVERY_MS);
  room.port.wakeAt(room.countDue);
}

/** Does what is due in `room`: tells the number of members, or ends a room in which nobody is. */
export function roomDue(context: Context, room: Room, now: number): void {
  if (room.members.size === 0) {
    const endsAt = room.emptySince + context.config.limits.roomIdleMs;
    if (now < endsAt) return room.port.wakeAt(endsAt);
    context.rooms.remove(room);
    return room.port.close();
  }
  if (room.countDue === 0) return;
  if (now < room.countDue) return room.port.wakeAt(room.countDue);
  room.countDue = 0;
  room.countTold = now;
  const frames = context.begin();
  members(frames, room);
  room.port.announce(frames.bytes, 0, frames.length);
}
