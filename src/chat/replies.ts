// Replies: every frame that chat says, and every text for people in one. Each function writes one frame, or one row of
// them, behind what the writer holds already; to whom it goes is the caller's business.
//
// An error's text says what to do next. The subject is the offending argument as it was sent, '*' where there is none
// or where it is a secret.

import type { Epoch, Uid } from '../base/ids.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { ChatConfig, ServerIdentity } from './config.ts';
import type { ServerRow } from './ports.ts';
import type { Room } from './rooms.ts';
import type { User } from './users.ts';

/** User modes: `o` for operators. */
const USER_MODES = 'o';
/** Rooms have no modes. */
const ROOM_MODES = '-';

export const ERRORS = {
  ERR_ALREADYREGISTERED: 'You are registered already; this belongs before USER',
  ERR_BADARGUMENT: 'An argument is not of the form that the protocol gives it',
  ERR_BADNICK:
    'A nickname has 1 to 32 ASCII letters, digits or _-[]{}^| and begins with neither digit nor -; send another NICK',
  ERR_BADROOMNAME: 'A room name has 1 to 64 letters, digits or _-.#; choose another',
  ERR_BADTOKEN: 'No user is remembered for this uid and token; go on with NICK and USER',
  ERR_BADUSER: 'A user name has 1 to 32 ASCII letters, digits or _-.; send USER again',
  ERR_FLOODING: 'Too fast, and not done; wait a little and send it again',
  ERR_NEEDMOREPARAMS: 'Something required is missing or empty; send it again with all arguments',
  ERR_NICKINUSE: 'The nickname is in use; send another NICK',
  ERR_NOPRIVILEGES: 'Only operators with this right may do that; send OPER first',
  ERR_NOSUCHNICK: 'Nobody has or lately had that nickname; look at ULIST',
  ERR_NOSUCHROOM: 'There is no such room; make it with CREATEROOM or look at LISTROOMS',
  ERR_NOSUCHSEQUENCE: 'This number was not given out yet; wait for it',
  ERR_NOSUCHSERVER: 'No such server is within reach; look at MAP',
  ERR_NOTINROOM: 'You are not in that room; send JOINROOM first',
  ERR_NOTREGISTERED: 'Register with NICK and USER first',
  ERR_PASSWDMISMATCH: 'The password is missing or wrong; send it again',
  ERR_ROOMEXISTS: 'The room exists already; send JOINROOM',
  ERR_ROOMUNAVAILABLE: 'The room cannot take it now; whether it was taken is unknown; send it again with the same id',
  ERR_SEQUENCEEXPIRED: 'You hold no such number, or no longer; ask with GETSEQUENCE or send without one',
  ERR_SEQUENCEGONE: 'This is kept no longer; go on at the floor of the epoch named here',
  ERR_SERVERFULL: 'There is no place; try another server or come back later',
  ERR_TEXTTOOLONG: 'The text is longer than the limit `text` of RPL_LIMITS; divide it',
  ERR_TOOMANYROOMS: 'No more rooms; leave one or use one that is there',
  ERR_TOOMANYTARGETS: 'More targets than the limit `targets` of RPL_LIMITS, none was sent; divide the list',
  ERR_UNKNOWNCOMMAND: 'There is no such command; docs/PROTOCOL.md has a table of all',
} as const;
export type ErrorName = keyof typeof ERRORS;

/** More exact texts for ERR_BADARGUMENT and others. */
export const TEXTS = {
  seq: 'A sequence number is a decimal number from 1 on',
  count: 'A count is a decimal number from 1 on',
  id: 'A message id has 8 to 64 printable ASCII characters',
  idReused: 'This id was used for another text; send it again with a new id',
  epoch: 'An epoch is written as the server wrote it',
  position: 'A position is an epoch and the last sequence number read, 0 for none',
  scope: 'A scope is clients, servers or all',
  roomsFull: 'The server has as many rooms as it may; use one that is there',
  userRoomsFull: 'You are in as many rooms as you may; leave one first',
  noJoin: 'The server that keeps the room cannot be reached now; join again later',
  noNumber: 'The room cannot give a number now; ask again later',
  collision: 'Somebody on another server had this nickname before; connect again with another one',
  checks: 'Too many passwords are being checked; wait a little and send it again',
} as const;

export function error(to: FrameWriter, name: ErrorName, verb: string, subject: string, text: string): FrameWriter {
  return to.begin(name).arg(verb).arg(subject).arg(text);
}

export function badFrame(to: FrameWriter, verb: string, offset: number, reason: string): void {
  to.begin('ERR_BADFRAME').arg(verb).arg(offset).arg(reason).end();
}

export function frameTooLong(to: FrameWriter, limit: number): void {
  to.begin('ERR_FRAMETOOLONG').arg('*').arg(limit).arg('A frame is longer than the limit; connect again').end();
}

/** All of the welcome but RPL_SERVERS and RPL_LIMITS, which come behind it. */
export function welcome(to: FrameWriter, server: ServerIdentity, user: User, token: string): void {
  const { name, version, birth } = server;
  to.begin('RPL_WELCOME').arg('*').arg(user.ident).arg(user.uid).arg(token).end();
  to.begin('RPL_YOURHOST').arg(name).arg(version).end();
  to.begin('RPL_CREATED').arg(new Date(birth).toISOString()).end();
  to.begin('RPL_MYINFO').arg(name).arg(version).arg(USER_MODES).arg(ROOM_MODES).end();
}

/** Where else clients may connect. */
export function servers(to: FrameWriter, addresses: readonly string[]): void {
  to.begin('RPL_SERVERS');
  for (const address of addresses) to.arg(address);
  to.end();
}

export function limits(to: FrameWriter, announced: ChatConfig['announcedLimits']): void {
  to.begin('RPL_LIMITS');
  for (const [limit, value] of announced) to.arg(`${limit}=${value}`);
  to.end();
}

export function nick(to: FrameWriter, ident: string, name: string): void {
  to.begin('NICK').arg(ident).arg(name).end();
}

export function quit(to: FrameWriter, ident: string, reason: string): void {
  to.begin('QUIT').arg(ident).arg(reason).end();
}

export function roomCreated(to: FrameWriter, room: Room): void {
  to.begin('RPL_ROOMCREATED').arg(room.name).arg(room.port.order.epoch).end();
}

export function joined(to: FrameWriter, room: Room, ident: string): void {
  to.begin('JOINROOM').arg(room.name).arg(ident).end();
}

export function left(to: FrameWriter, room: Room, ident: string): void {
  to.begin('LEAVEROOM').arg(room.name).arg(ident).end();
}

/** `recovered`: '' when no position was given, else 1 or 0. There is no multicast address: that argument is empty. */
export function roomWelcome(to: FrameWriter, room: Room, user: User, recovered: '' | 0 | 1): void {
  const { epoch, next, floor } = room.port.order;
  to.begin('RPL_WELCOME').arg(room.name).arg(user.ident).arg(user.uid);
  to.arg(epoch).arg(next).arg(floor).arg(recovered).arg('').end();
}

export function members(to: FrameWriter, room: Room): void {
  to.begin('RPL_MEMBERS').arg(room.name).arg(room.members.size).end();
}

export function roomUser(to: FrameWriter, room: string, ident: string, uid: Uid, server: string): void {
  to.begin('RPL_ULIST').arg(room).arg(ident).arg(uid).arg(server).end();
}

export function endOfUsers(to: FrameWriter, room: string, count: number): void {
  to.begin('RPL_ENDOFULIST').arg(room).arg(count).end();
}

export function room(to: FrameWriter, name: string, count: number, epoch: Epoch, next: number): void {
  to.begin('RPL_ROOM').arg(name).arg(count).arg(epoch).arg(next).end();
}

export function endOfRooms(to: FrameWriter, count: number): void {
  to.begin('RPL_ENDOFROOMS').arg(count).end();
}

export function newSequence(to: FrameWriter, of: Room, seq: number, ttlMs: number): void {
  to.begin('NEWSEQUENCE').arg(of.name).arg(of.port.order.epoch).arg(seq).arg(ttlMs).end();
}

export function pending(to: FrameWriter, of: Room, epoch: string, seq: number, ms: number): void {
  to.begin('RPL_PENDING').arg(of.name).arg(epoch).arg(seq).arg(ms).end();
}

export function sent(to: FrameWriter, of: Room, epoch: Epoch, seq: number, id: string): void {
  to.begin('RPL_SENT').arg(of.name).arg(epoch).arg(seq).arg(id).end();
}

export function endOfHistory(to: FrameWriter, of: Room, epoch: string, next: number): void {
  to.begin('RPL_ENDOFHISTORY').arg(of.name).arg(epoch).arg(next).end();
}

/** `text` is canonical. */
export function listMessage(to: FrameWriter, from: string, time: number, text: Uint8Array): void {
  to.begin('LMSG').arg(from).arg(time).raw(text, 0, text.length).end();
}

/** The same for the server of the user `to`, who is to get it. */
export function listMessageTo(to: FrameWriter, user: Uid, from: string, time: number, text: Uint8Array): void {
  to.begin('LMSG').arg(user).arg(from).arg(time).raw(text, 0, text.length).end();
}

export function listSent(to: FrameWriter, count: number): void {
  to.begin('RPL_LSENT').arg(count).end();
}

/** `text` is canonical. */
export function broadcast(to: FrameWriter, from: string, scope: string, time: number, text: Uint8Array): void {
  to.begin('BMSG').arg(from).arg(scope).arg(time).raw(text, 0, text.length).end();
}

export function broadcastSent(to: FrameWriter, scope: string): void {
  to.begin('RPL_BSENT').arg(scope).end();
}

export function location(to: FrameWriter, user: User, hopcount: number): void {
  to.begin('RPL_LOCATION').arg(user.nick).arg(user.ident).arg(user.uid).arg(user.server).arg(hopcount).end();
}

/** `now`: the nickname of today, '' when the user has gone. */
export function wasLocation(to: FrameWriter, old: string, now: string, user: User, time: number): void {
  to.begin('RPL_WASLOCATION').arg(old).arg(now).arg(user.uid).arg(user.server).arg(time).end();
}

export function server(to: FrameWriter, row: ServerRow): void {
  to.begin('RPL_MAP').arg(row.name).arg(row.id).arg(row.hopcount).arg(row.via).arg(row.users).arg(row.info).end();
}

export function endOfMap(to: FrameWriter, count: number): void {
  to.begin('RPL_ENDOFMAP').arg(count).end();
}

export function youAreOperator(to: FrameWriter, name: string): void {
  to.begin('RPL_YOUREOPER').arg(name).end();
}

export function killed(to: FrameWriter, name: string): void {
  to.begin('RPL_KILLED').arg(name).end();
}

export function kill(to: FrameWriter, name: string, comment: string): void {
  to.begin('KILL').arg(name).arg(comment).end();
}

/** For the server of `user`, who is to be ended in the name of `by`. */
export function killUser(to: FrameWriter, user: Uid, comment: string, by: string): void {
  to.begin('KILL').arg(user).arg(comment).arg(by).end();
}

export function serverClosed(to: FrameWriter, name: string): void {
  to.begin('RPL_SCLOSED').arg(name).end();
}

/** Why a connection is closed; what stands in ERROR, and in the QUIT where there is one. */
export const REASONS = {
  flooding: 'Excess flooding; send more slowly',
  registration: 'Too many frames before registration; connect again and send NICK and USER first',
  frame: 'A frame was too long',
  passwords: 'Too many wrong passwords',
  resumed: 'Resumed by a new connection',
  collision: 'The nickname belongs to somebody else',
  /** A user of another server went while that could not be heard. */
  missed: 'Gone meanwhile',
  /** Behind the name of a server, of which all users are gone. */
  left: 'has left the network',
  restarted: 'was started again',
} as const;
