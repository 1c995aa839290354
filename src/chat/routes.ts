// Routes: what one server asks another to do to one user there. The user is named by uid, resolved once where it was
// asked for, so nothing ever reaches somebody who took the name since; it follows who resumed that user, as that is the
// same person.
//
//   <LMSG,uid,nick,time,text>    a message of LSEND, from the user of that nickname
//   <KILL,uid,comment,by>        an operator ends the user; `by` is the operator's ident
//
// Whoever is not here any more is passed over, as nobody waits for an answer.

import type { ServerId, Uid } from '../base/ids.ts';
import { isNick, parseUid } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import { isText, readNumber } from './facts.ts';
import * as replies from './replies.ts';
import { REGISTERED } from './session.ts';
import { textArg } from './text.ts';
import type { User } from './users.ts';

/** What became of a frame of another server. */
export type Verdict = 'good' | 'unknown' | 'bad';

/** Does what the server `from` asks for. */
export function route(context: Context, from: ServerId, frame: Frame, now: number): Verdict {
  switch (frame.verb()) {
    case 'LMSG':
      return routeMessage(context, frame, now);
    case 'KILL':
      return routeKill(context, from, frame, now);
    default:
      return 'unknown';
  }
}

function routeMessage(context: Context, frame: Frame, now: number): Verdict {
  const [id, nick] = [frame.arg(0), frame.arg(1)];
  const time = readNumber(frame.arg(2));
  if (frame.argc < 4 || parseUid(id) === undefined || !isNick(nick) || time < 0) return 'bad';
  const text = textArg(frame, 3);
  if (!isText(text)) return 'bad';
  const user = follow(context, id as Uid, now);
  if (user !== undefined) message(context, user, nick, time, text);
  return 'good';
}

function routeKill(context: Context, from: ServerId, frame: Frame, now: number): Verdict {
  const [id, comment, by] = [frame.arg(0), frame.arg(1), frame.arg(2)];
  if (frame.argc < 3 || parseUid(id) === undefined || !isNick(nickOf(by))) return 'bad';
  const user = follow(context, id as Uid, now);
  if (user === undefined) return 'good';
  if (user.session !== undefined) {
    const server = context.peers.nameOf(from);
    context.out.log('operator.kill', { by, server, victim: user.ident, comment });
  }
  end(context, user, comment, by, now);
  return 'good';
}

/** Whether something may be said to the user, or done to it: it is here and listens, or is on another server. */
export function isPresent(user: User | undefined): user is User {
  return user !== undefined && user.endedAt === 0 && (user.session === undefined || user.session.state === REGISTERED);
}

/** Says `text`, canonical bytes, to one user. False: it cannot be reached. */
export function message(context: Context, user: User, nick: string, time: number, text: Uint8Array): boolean {
  const { session } = user;
  const frames = context.begin();
  if (session === undefined) {
    replies.listMessageTo(frames, user.uid, nick, time, text);
    return context.peers.to(user.home, frames.bytes, 0, frames.length);
  }
  replies.listMessage(frames, nick, time, text);
  context.reply(session);
  return true;
}

/** Ends a user in the name of `by`, an ident. False: it cannot be reached. */
export function end(context: Context, user: User, comment: string, by: string, now: number): boolean {
  const { session } = user;
  const frames = context.begin();
  if (session === undefined) {
    replies.killUser(frames, user.uid, comment, by);
    return context.peers.to(user.home, frames.bytes, 0, frames.length);
  }
  replies.kill(frames, user.nick, comment);
  context.reply(session);
  context.close(session, `Killed by ${nickOf(by)}: ${comment}`, now);
  return true;
}

/** Who the user `id` is today, if it is present. */
function follow(context: Context, id: Uid, now: number): User | undefined {
  let user = context.users.byUid(id) ?? context.nicknames.gone(id, now);
  while (user?.successor !== undefined) user = user.successor;
  return isPresent(user) ? user : undefined;
}

function nickOf(ident: string): string {
  const end = ident.indexOf('!');
  return end < 0 ? ident : ident.slice(0, end);
}
