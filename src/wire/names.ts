// Names: what may be called what, which two names are the same, and how ids are spelled. All of it stands here, so
// that no two places fold a name differently. Everything in this file is a pure function of its arguments.

import { assert } from '../base/assert.ts';

const NICK = /^[A-Za-z_[\]{}^|][A-Za-z0-9_[\]{}^|-]{0,31}$/;
const USER = /^[A-Za-z0-9_.-]{1,32}$/;
const ROOM = /^[\p{L}\p{M}\p{Nd}_.#-]{1,64}$/u;
/** A key has the letters of a name, but composing it can make it longer than the name was. */
const ROOM_KEY = /^[\p{L}\p{M}\p{Nd}_.#-]+$/u;
const MESSAGE_ID = /^[\x20-\x7e]{8,64}$/;
const EPOCH = /^(0|[1-9a-z][0-9a-z]{0,10})\.(0|[1-9][0-9]{0,15})$/;
const UID = /^(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,15})$/;

/** What an epoch says: when its numbering began, in Unix milliseconds, and which server gives its numbers out. */
export interface EpochParts {
  readonly ms: number;
  readonly id: number;
}

/** What a uid says: the id of the server that the user came to, and that server's count. */
export interface UidParts {
  readonly id: number;
  readonly counter: number;
}

/** Whether `name` may be a nickname. */
export function isNick(name: string): boolean {
  return NICK.test(name);
}

/** What two nicknames have in common that are the same: A–Z as a–z, and nothing else folded. */
export function foldNick(nick: string): string {
  return nick.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Whether `name` may be a user name. */
export function isUser(name: string): boolean {
  return USER.test(name);
}

/**
 * What two names of one room have in common: composed (NFC), each code point lower-cased by itself, so that no letter
 * depends on its neighbours, and composed again. Undefined when `name` may not be a room's.
 */
export function roomKey(name: string): string | undefined {
  if (!ROOM.test(name)) return undefined;
  let lower = '';
  for (const point of name.normalize('NFC')) lower += point.toLowerCase();
  const key = lower.normalize('NFC');
  return ROOM_KEY.test(key) ? key : undefined;
}

/** Whether `text` may be a message id. */
export function isMessageId(text: string): boolean {
  return MESSAGE_ID.test(text);
}

/** The epoch that `text` spells in the one way it is spelled; undefined for anything else. */
export function parseEpoch(text: string): EpochParts | undefined {
  const match = EPOCH.exec(text);
  if (match === null) return undefined;
  const ms = Number.parseInt(match[1] as string, 36);
  const id = Number(match[2]);
  return isCount(ms) && isCount(id) ? { ms, id } : undefined;
}

/** Negative, 0 or positive as epoch `a` is before, the same as, or after `b`: by time, then by server. */
export function compareEpochs(a: string, b: string): number {
  const left = epochOf(a);
  const right = epochOf(b);
  return left.ms - right.ms || left.id - right.id;
}

/** The uid that `text` spells in the one way it is spelled; undefined for anything else. */
export function parseUid(text: string): UidParts | undefined {
  const match = UID.exec(text);
  if (match === null) return undefined;
  const id = Number(match[1]);
  const counter = Number(match[2]);
  return isCount(id) && isCount(counter) ? { id, counter } : undefined;
}

function epochOf(text: string): EpochParts {
  const epoch = parseEpoch(text);
  assert(epoch !== undefined, `not an epoch: ${text}`);
  return epoch;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
