// Presence: how others hear of a user. Whoever shares a room with somebody hears of its new nickname or its end once,
// however many rooms they share; large rooms hear numbers only, and not too often.

import type { FrameWriter } from '../wire/writer.ts';
import type { Context } from './context.ts';
import { members, nick as nickFrame } from './replies.ts';
import type { Room } from './rooms.ts';
import { REGISTERED } from './session.ts';
import type { User } from './users.ts';

/** At most one RPL_MEMBERS a room in this time. */
const COUNT_EVERY_MS = 1000;

/**
 * Says `frames` once to everybody who shares a room with `user` in which presence is announced, and to the user
 * itself if it is there. Returns whether the user was among them.
 */
export function tellPeers(context: Context, user: User, frames: FrameWriter): boolean {
  const most = context.config.limits.presence;
  let only: Room | undefined;
  let announcing = 0;
  for (const room of user.rooms) {
    if (room.here === 0 || room.members.size > most) continue;
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
    if (room.here === 0 || room.members.size > most) continue;
    for (const member of room.members) tellOnce(context, member, round);
  }
  return true;
}

function tellOnce(context: Context, member: User, round: number): void {
  if (member.mark === round) return;
  member.mark = round;
  if (member.session !== undefined && member.session.state === REGISTERED) context.reply(member.session);
}

/** Gives `user` another nickname, and tells it. Returns whether the user itself was told. */
export function changeNick(context: Context, user: User, nick: string, now: number): boolean {
  const frames = context.begin();
  nickFrame(frames, user.ident, nick);
  context.nicknames.rename(user, nick, now);
  return tellPeers(context, user, frames);
}

/** Has the number of members told soon: at once when that was not done lately. */
export function countLater(room: Room, now: number): void {
  if (room.countDue !== 0) return;
  room.countDue = Math.max(now, room.countTold + COUNT_EVERY_MS);
  room.port.wakeAt(room.countDue);
}

/** Tells the number of members when that is due. */
export function tellCount(context: Context, room: Room, now: number): void {
  if (room.countDue === 0) return;
  if (now < room.countDue) return room.port.wakeAt(room.countDue);
  room.countDue = 0;
  room.countTold = now;
  if (room.here === 0) return;
  const frames = context.begin();
  members(frames, room);
  room.port.announce(frames.bytes, 0, frames.length);
}
