// Registration: from a connection to a user. NICK and RESUME are noted, USER completes; after a USER that failed for
// its nickname the next free NICK completes. Nothing here changes what others see before all of it is right.

import { assert } from '../base/assert.ts';
import type { Uid } from '../base/ids.ts';
import { isNick, isUser, parseUid } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import { checkPassword } from './passwords.ts';
import { tellPeers } from './presence.ts';
import { nick as nickFrame, REASONS, welcome } from './replies.ts';
import { NEW, REGISTERED, type Registration, type Session } from './session.ts';
import { User } from './users.ts';

/** Arguments of USER: user, mode, unused, realname. */
const USER_ARGS = 4;

export function pass(context: Context, session: Session, frame: Frame, now: number): void {
  const hash = context.config.passwordHash;
  if (!context.spend(session, frame, 1, now) || hash === undefined) return;
  checkPassword(context, session, frame, '', frame.arg(0), hash, now);
}

export function resume(context: Context, session: Session, frame: Frame, now: number): void {
  const id = frame.arg(0);
  const known = parseUid(id) !== undefined && context.out.isToken(id as Uid, frame.arg(1));
  if (!known || remembered(context, id as Uid, now) === undefined) {
    return context.refuse(session, frame, now, 'ERR_BADTOKEN', id);
  }
  if (context.spend(session, frame, 1, now)) noted(session).resumes = id as Uid;
}

export function nick(context: Context, session: Session, frame: Frame, now: number): void {
  const wanted = frame.arg(0);
  if (!isAllowed(context, wanted)) return context.refuse(session, frame, now, 'ERR_BADNICK', wanted);
  if (session.state === NEW) return chooseNick(context, session, frame, wanted, now);
  const user = session.user as User;
  const owner = context.nicknames.owner(wanted);
  if (owner !== undefined && owner !== user) return context.refuse(session, frame, now, 'ERR_NICKINUSE', wanted);
  if (!context.spend(session, frame, 2, now)) return;
  const same = user.nick === wanted;
  const frames = context.begin();
  nickFrame(frames, user.ident, wanted);
  if (same) return context.reply(session);
  context.nicknames.rename(user, wanted, now);
  if (!tellPeers(context, user, frames)) context.reply(session);
}

function chooseNick(context: Context, session: Session, frame: Frame, wanted: string, now: number): void {
  const registration = noted(session);
  if (!context.spend(session, frame, 1, now)) return;
  registration.nick = wanted;
  // Its USER may follow although it was answered already: one that says the same is let pass.
  if (registration.data !== undefined && complete(context, session, frame, registration, now)) {
    session.registration = registration;
  }
}

export function user(context: Context, session: Session, frame: Frame, now: number): void {
  const registration = noted(session);
  const name = frame.arg(0);
  if (!isUser(name)) return context.refuse(session, frame, now, 'ERR_BADUSER', name);
  if (!context.spend(session, frame, 1, now)) return;
  registration.data = [name, frame.arg(1), frame.arg(2), frame.arg(3)];
  complete(context, session, frame, registration, now);
}

/** Whether `frame`, a USER, says what `registration` was made with. */
export function isRepeated(registration: Registration, frame: Frame): boolean {
  const { data } = registration;
  if (data === undefined || frame.argc < USER_ARGS) return false;
  return data.every((value, i) => frame.arg(i) === value);
}

function complete(context: Context, session: Session, frame: Frame, registration: Registration, now: number): boolean {
  const { nicknames, config } = context;
  if (config.passwordHash !== undefined && !registration.passed) {
    context.refuse(session, frame, now, 'ERR_PASSWDMISMATCH', '*');
    return false;
  }
  const data = registration.data as readonly string[];
  const before = registration.resumes === undefined ? undefined : remembered(context, registration.resumes, now);
  const wanted = registration.nick || before?.nick || (data[0] as string);
  if (!isAllowed(context, wanted)) {
    context.refuse(session, frame, now, 'ERR_BADNICK', wanted);
    return false;
  }
  const owner = nicknames.owner(wanted);
  if (owner !== undefined && owner !== before) {
    context.refuse(session, frame, now, 'ERR_NICKINUSE', wanted);
    return false;
  }
  if (before?.session !== undefined && before.session.unanswered > 0) {
    succeedLater(context, session, frame, before.session, now);
    return false;
  }
  begin(context, session, wanted, data, before, now);
  return true;
}

/** A ghost leaves behind what it said before, so who takes its place waits, and its frame is obeyed then. */
function succeedLater(context: Context, session: Session, frame: Frame, ghost: Session, now: number): void {
  ghost.heir = session;
  context.hold(session, frame);
  context.close(ghost, REASONS.resumed, now);
}

/** Everything is right: the session becomes a user, in the place of `before` if that is given. */
function begin(
  context: Context,
  session: Session,
  wanted: string,
  data: readonly string[],
  before: User | undefined,
  now: number,
): void {
  const { users, nicknames, config, out } = context;
  const identity = {
    user: data[0] as string,
    host: session.host,
    realname: data[3] as string,
    server: config.server.name,
  };
  const inherits = before !== undefined && nicknames.owner(wanted) === before;
  const made = new User(users.nextUid(), session, wanted, identity, inherits ? before.claimedAt : now);
  users.add(made);
  nicknames.claim(made);
  session.user = made;
  session.state = REGISTERED;
  session.registration = undefined;
  if (before !== undefined) takeOver(context, before, made, now);
  welcome(context.begin(), config, made, out.token(made.uid));
  context.reply(session);
}

/** Ends the ghost of a user whose place `made` has taken, if it is still there. */
function takeOver(context: Context, before: User, made: User, now: number): void {
  before.successor = made;
  if (before.session !== undefined) context.close(before.session, REASONS.resumed, now);
}

/** Who `id` is today: the user itself, or who took its place, here or gone and remembered. */
function remembered(context: Context, id: Uid, now: number): User | undefined {
  let found = context.users.byUid(id) ?? context.nicknames.gone(id, now);
  while (found?.successor !== undefined) found = found.successor;
  return found;
}

function isAllowed(context: Context, wanted: string): boolean {
  return isNick(wanted) && wanted.length <= context.config.limits.nickLength;
}

function noted(session: Session): Registration {
  assert(session.registration !== undefined, 'a session that registers has its registration');
  return session.registration;
}
