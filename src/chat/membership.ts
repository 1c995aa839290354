// Membership: making rooms, joining them, leaving them, and ending those that stay empty. A member hears of another
// once and in order: of its coming before anything that it says, of its going after everything.

import type { Epoch, RoomKey } from '../base/ids.ts';
import { parseEpoch, roomKey } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import { vacate } from './departure.ts';
import { parseCount } from './numbers.ts';
import { countLater, tellCount } from './presence.ts';
import { joined, left, roomCreated, roomWelcome, TEXTS } from './replies.ts';
import { Room } from './rooms.ts';
import type { Session } from './session.ts';
import type { User } from './users.ts';

export function createRoom(context: Context, session: Session, frame: Frame, now: number): void {
  const name = frame.arg(0);
  const key = roomKey(name) as RoomKey | undefined;
  const { rooms, out } = context;
  const { limits } = context.config;
  if (key === undefined || [...name].length > limits.roomLength) {
    return context.refuse(session, frame, now, 'ERR_BADROOMNAME', name);
  }
  if (rooms.get(key) !== undefined) return context.refuse(session, frame, now, 'ERR_ROOMEXISTS', name);
  if (rooms.size >= limits.rooms) {
    return context.refuse(session, frame, now, 'ERR_TOOMANYROOMS', name, TEXTS.roomsFull);
  }
  if (!context.spend(session, frame, 2, now)) return;
  const room = new Room(key, name, out.openRoom(key, name, now), now);
  rooms.add(room);
  context.elsewhere.opened(room);
  room.port.wakeAt(now + limits.roomIdleMs);
  roomCreated(context.begin(), room);
  context.reply(session);
}

export function joinRoom(context: Context, session: Session, frame: Frame, now: number): void {
  const name = frame.arg(0);
  const epoch = frame.arg(1);
  const position = frame.arg(2);
  const last = position === '' ? 0 : parseCount(position);
  if (epoch !== '' && parseEpoch(epoch) === undefined) {
    return context.refuse(session, frame, now, 'ERR_BADARGUMENT', epoch, TEXTS.epoch);
  }
  if (last < 0 || (epoch === '') !== (position === '')) {
    return context.refuse(session, frame, now, 'ERR_BADARGUMENT', position || epoch, TEXTS.position);
  }
  const room = context.rooms.find(name);
  if (room === undefined) return context.refuse(session, frame, now, 'ERR_NOSUCHROOM', name);
  const user = session.user as User;
  const isNew = !room.members.has(user);
  if (isNew && user.rooms.length >= context.config.limits.roomsPerUser) {
    return context.refuse(session, frame, now, 'ERR_TOOMANYROOMS', name, TEXTS.userRoomsFull);
  }
  const ready = room.port.ready?.(session, epoch as Epoch | '', last) ?? 'yes';
  if (ready === 'later') return context.hold(session, frame, 'again');
  if (ready === 'no') return context.refuse(session, frame, now, 'ERR_ROOMUNAVAILABLE', name, TEXTS.noJoin);
  if (!context.spend(session, frame, 1, now)) return;
  if (isNew) enter(context, user, room, now);
  session.current = room;
  greet(context, session, user, room, epoch as Epoch | '', last);
}

/** The user, of whichever server, is in the room from now on. */
export function enter(context: Context, user: User, room: Room, now: number): void {
  const quiet = room.members.size + 1 > context.config.limits.presence;
  if (!quiet && room.here > 0) {
    const frames = context.begin();
    joined(frames, room, user.ident);
    room.port.announce(frames.bytes, 0, frames.length);
  }
  room.admit(user);
  user.enter(room);
  if (quiet) countLater(room, now);
  if (user.session === undefined) return;
  room.port.subscribe(user.session.connection);
  context.tell('JOINROOM', user.uid, room.key);
}

/** Answers who joined, and says what it missed: behind its position, or what is decided above an undecided slot. */
function greet(context: Context, session: Session, user: User, room: Room, epoch: Epoch | '', last: number): void {
  const { order } = room.port;
  const missed = epoch === '' ? undefined : order.resume(epoch, last);
  roomWelcome(context.begin(), room, user, epoch === '' ? '' : missed === undefined ? 0 : 1);
  context.reply(session);
  room.port.welcomed?.(session.connection);
  const source = missed ?? order.ahead();
  if (source !== undefined) context.out.stream(session.connection, source);
}

export function leaveRoom(context: Context, session: Session, frame: Frame, now: number): void {
  const room = context.rooms.find(frame.arg(0));
  if (room === undefined) return context.refuse(session, frame, now, 'ERR_NOSUCHROOM', frame.arg(0));
  const user = session.user as User;
  if (!room.members.has(user)) return context.refuse(session, frame, now, 'ERR_NOTINROOM', frame.arg(0));
  if (!context.spend(session, frame, 1, now)) return;
  // First, and told by itself: the last that the leaver hears of the room, whatever becomes of a number that it held.
  room.port.unsubscribe(session.connection);
  if (session.current === room) session.current = undefined;
  withdraw(context, user, room, now);
  context.tell('LEAVEROOM', user.uid, room.key);
}

/** The user, of whichever server, is not in the room any more; those who are hear of it, and the user itself. */
export function withdraw(context: Context, user: User, room: Room, now: number): void {
  const frames = context.begin();
  left(frames, room, user.ident);
  if (user.session !== undefined) context.reply(user.session);
  if (room.here > 0 && room.members.size <= context.config.limits.presence)
    room.port.announce(frames.bytes, 0, frames.length);
  user.leave(room);
  vacate(context, room, user, now);
}

/** Does what is due in `room`: tells the number of members, or ends a room in which nobody is. */
export function roomDue(context: Context, room: Room, now: number): void {
  if (room.members.size > 0) return tellCount(context, room, now);
  // A room that is at home elsewhere ends there.
  if (room.port.elsewhere === true) return;
  const endsAt = room.emptySince + context.config.limits.roomIdleMs;
  if (now < endsAt) return room.port.wakeAt(endsAt);
  context.rooms.remove(room);
  room.port.close();
}
