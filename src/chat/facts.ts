// Facts: what servers tell each other of their users, one frame a fact, and how it is read and judged. A server tells
// what has happened on it and nothing else:
//
//   <USER,uid,nick,user,host,realname,time[,resumed-uid]>   <NICK,uid,nick,time>   <QUIT,uid,message>
//   <JOINROOM,uid,room>   <LEAVEROOM,uid,room>              <BMSG,nick,scope,time,text>
//
// The time is that of the claim to the nickname. A room is named by its key, so that one state has one spelling. What a
// frame may say is judged without looking at any state, as strictly as what a client says, and everywhere alike; a
// frame that a server could not have written is `bad`, one that this version does not know is `unknown`.

import type { RoomKey, ServerId, Uid } from '../base/ids.ts';
import { isNick, isUser, parseUid, roomKey } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import { textArg } from './text.ts';
import type { User } from './users.ts';

/** The most users of one server that others take note of. */
export const MOST_USERS = 1 << 18;
/** The most rooms of one user that others take note of. */
export const MOST_ROOMS = 1 << 12;
/** A real name is told to others up to here. */
const REALNAME_LENGTH = 256;
const HOST = /^[^\s\p{Cc}]{0,255}$/u;
const KEY = /^[\p{L}\p{M}\p{Nd}_.#-]{1,256}$/u;
const NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;
const TEXT_BYTES = 32 * 1024;

export interface UserFact {
  readonly kind: 'user';
  readonly uid: Uid;
  readonly nick: string;
  readonly user: string;
  readonly host: string;
  readonly realname: string;
  readonly time: number;
  /** The user whose place it takes. */
  readonly resumes: Uid | undefined;
}

export interface NickFact {
  readonly kind: 'nick';
  readonly uid: Uid;
  readonly nick: string;
  readonly time: number;
}

export interface RoomFact {
  readonly kind: 'join' | 'leave';
  readonly uid: Uid;
  readonly room: RoomKey;
}

export interface QuitFact {
  readonly kind: 'quit';
  readonly uid: Uid;
  readonly message: string;
}

/** Somebody says something to all; it changes nothing. */
export interface BroadcastFact {
  readonly kind: 'broadcast';
  readonly nick: string;
  readonly scope: Scope;
  readonly time: number;
  /** Canonical. */
  readonly text: Uint8Array;
  /** What it says. */
  readonly words: string;
}

export type Fact = UserFact | NickFact | RoomFact | QuitFact | BroadcastFact;
/** What of facts makes a state. */
export type StateFact = Exclude<Fact, BroadcastFact>;

const SCOPES = ['clients', 'servers', 'all'] as const;
/** Whom a broadcast is for. */
export type Scope = (typeof SCOPES)[number];

export function isScope(word: string): word is Scope {
  return (SCOPES as readonly string[]).includes(word);
}

const LEAST_ARGS: Readonly<Record<string, number>> = { USER: 6, NICK: 3, JOINROOM: 2, LEAVEROOM: 2, QUIT: 2, BMSG: 4 };

/** What `frame` says of a user of `origin`, whose uids of this life begin at a thousand times `incarnation`. */
export function readFact(origin: ServerId, incarnation: number, frame: Frame): Fact | 'unknown' | 'bad' {
  const verb = frame.verb();
  if (!Object.hasOwn(LEAST_ARGS, verb)) return 'unknown';
  if (frame.argc < (LEAST_ARGS[verb] as number)) return 'bad';
  if (verb === 'BMSG') return readBroadcast(frame) ?? 'bad';
  const id = frame.arg(0);
  const parts = parseUid(id);
  if (parts === undefined || parts.id !== origin || parts.counter < incarnation * 1000) return 'bad';
  return readOf(verb, id as Uid, frame) ?? 'bad';
}

function readOf(verb: string, uid: Uid, frame: Frame): StateFact | undefined {
  switch (verb) {
    case 'USER':
      return readUser(uid, frame);
    case 'NICK':
      return readNick(uid, frame);
    case 'QUIT':
      return { kind: 'quit', uid, message: frame.arg(1) };
    default: {
      const room = readKey(frame.arg(1));
      return room === undefined ? undefined : { kind: verb === 'JOINROOM' ? 'join' : 'leave', uid, room };
    }
  }
}

function readUser(uid: Uid, frame: Frame): UserFact | undefined {
  const [nick, user, host, realname] = [frame.arg(1), frame.arg(2), frame.arg(3), frame.arg(4)];
  const time = readNumber(frame.arg(5));
  const resumes = frame.argc > 6 ? frame.arg(6) : '';
  if (!isNick(nick) || !isUser(user) || !HOST.test(host) || realname.length > REALNAME_LENGTH || time < 0) {
    return undefined;
  }
  if (resumes !== '' && (parseUid(resumes) === undefined || resumes === uid)) return undefined;
  return {
    kind: 'user',
    uid,
    nick,
    user,
    host,
    realname,
    time,
    resumes: resumes === '' ? undefined : (resumes as Uid),
  };
}

function readNick(uid: Uid, frame: Frame): NickFact | undefined {
  const nick = frame.arg(1);
  const time = readNumber(frame.arg(2));
  return isNick(nick) && time >= 0 ? { kind: 'nick', uid, nick, time } : undefined;
}

function readBroadcast(frame: Frame): BroadcastFact | undefined {
  const [nick, scope] = [frame.arg(0), frame.arg(1)];
  const time = readNumber(frame.arg(2));
  const text = textArg(frame, 3);
  if (!isNick(nick) || !isScope(scope) || time < 0 || !isText(text)) return undefined;
  return { kind: 'broadcast', nick, scope, time, text, words: frame.arg(3) };
}

/** Whether a server can have let `text`, canonical bytes, pass. */
export function isText(text: Uint8Array): boolean {
  return text.length > 0 && text.length <= TEXT_BYTES;
}

/** A decimal number in the one way it is written; -1 for anything else. */
export function readNumber(text: string): number {
  const value = NUMBER.test(text) ? Number(text) : -1;
  return Number.isSafeInteger(value) ? value : -1;
}

/** A room's key, which is its own key; a few have more letters than a name may have. */
function readKey(text: string): RoomKey | undefined {
  if (roomKey(text) === text) return text as RoomKey;
  if (text.length <= 64 || !KEY.test(text) || text.normalize('NFC') !== text) return undefined;
  return [...text].every((point) => point.toLowerCase() === point) ? (text as RoomKey) : undefined;
}

/** Writes a fact, or any frame of servers. */
export function writeFact(to: FrameWriter, verb: string, ...args: readonly (string | number)[]): void {
  to.begin(verb);
  for (const arg of args) to.arg(arg);
  to.end();
}

/** The arguments of the fact that `user` is here. */
export function userArgs(user: User, resumes: Uid | undefined): readonly (string | number)[] {
  const realname = user.realname.slice(0, REALNAME_LENGTH);
  const args = [user.uid, user.nick, user.user, user.host, realname, user.claimedAt];
  return resumes === undefined ? args : [...args, resumes];
}
