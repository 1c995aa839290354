// Registration: from a connection to a user. NICK and RESUME are noted, USER completes; after a USER that failed for
// its nickname the next free NICK completes. Nothing here changes what others see before all of it is right.

import { assert } from '../base/assert.ts';
import type { Uid } from '../base/ids.ts';
import { isNick, isUser, parseUid } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import { userArgs } from './facts.ts';
import { checkPassword } from './passwords.ts';
import { changeNick } from './presence.ts';
import { limits, nick as nickFrame, REASONS, servers, welcome } from './replies.ts';
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
  const id = frame.arg(0) as Uid;
  const proved = parseUid(id) !== undefined && context.out.isToken(id, frame.arg(1));
  if (!proved || remembered(context, id, now) === undefined) {
    return context.refuse(session, frame, now, 'ERR_BADTOKEN', id);
  }
  if (context.spend(session, frame, 1, now)) noted(session).resumes = id;
}

export function nick(context: Context, session: Session, frame: Frame, now: number): void {
  const wanted = frame.arg(0);
  if (!isAllowed(context, wanted)) return context.refuse(session, frame, now, 'ERR_BADNICK', wanted);
  if (session.state === NEW) return chooseNick(context, session, frame, wanted, now);
  const user = session.user as User;
  const owner = context.nicknames.owner(wanted);
  if (owner !== undefined && owner !== user) return context.refuse(session, frame, now, 'ERR_NICKINUSE', wanted);
  if (!context.spend(session, frame, 2, now)) return;
  const before = user.ident;
  const told = user.nick !== wanted && changeNick(context, user, wanted, now);
  if (!told) {
    nickFrame(context.begin(), before, wanted);
    context.reply(session);
  }
  if (user.ident !== before) context.tell('NICK', user.uid, wanted, user.claimedAt);
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
  context.hold(session, frame, 'answered');
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
  const { nicknames, config, out } = context;
  const identity = {
    user: data[0] as string,
    host: session.host,
    realname: data[3] as string,
    server: config.server.name,
  };
  const inherits = before !== undefined && nicknames.owner(wanted) === before;
  const made = new User(context.users.nextUid(), session, wanted, identity, inherits ? before.claimedAt : now);
  context.users.add(made);
  nicknames.claim(made, before?.uid);
  session.user = made;
  session.state = REGISTERED;
  session.registration = undefined;
  context.tell('USER', ...userArgs(made, before?.uid));
  if (before !== undefined) context.elsewhere.succeed(before.uid, made, now);
  const frames = context.begin();
  welcome(frames, config.server, made, out.token(made.uid));
  servers(frames, context.places.by(session.way));
  limits(frames, context.limits);
  context.reply(session);
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
