// People: messages to some or all of them by nickname, and where somebody is. A name means its owner, else who had it
// last and is still here.

import { utf8 } from '../base/bytes.ts';
import type { ServerId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import { type BroadcastFact, isScope, type Scope } from './facts.ts';
import { doer } from './operators.ts';
import { broadcast, broadcastSent, ERRORS, error, listSent, location, TEXTS, wasLocation } from './replies.ts';
import { isPresent, message } from './routes.ts';
import type { Session } from './session.ts';
import { textArg } from './text.ts';
import type { User } from './users.ts';

export function lsend(context: Context, session: Session, frame: Frame, now: number): void {
  const text = textOf(context, session, frame, 0, now);
  if (text === undefined) return;
  const { targets } = context.config.limits;
  if (frame.argc - 1 > targets) {
    return context.refuse(session, frame, now, 'ERR_TOOMANYTARGETS', frame.arg(targets + 1));
  }
  if (!context.spend(session, frame, frame.argc - 1, now)) return;
  const found = new Set<User>();
  const unknown = new Set<string>();
  for (let i = 1; i < frame.argc; i++) {
    const name = frame.arg(i);
    const target = context.nicknames.find(name, now);
    if (!isPresent(target)) unknown.add(name);
    else if (!found.has(target) && message(context, target, (session.user as User).nick, now, text)) found.add(target);
    else if (!found.has(target)) unknown.add(name);
  }
  const frames = context.begin();
  for (const name of unknown) error(frames, 'ERR_NOSUCHNICK', 'LSEND', name, ERRORS.ERR_NOSUCHNICK).end();
  listSent(frames, found.size);
  context.reply(session);
}

export function bsend(context: Context, session: Session, frame: Frame, now: number): void {
  const scope = frame.arg(0);
  if (!isScope(scope)) return context.refuse(session, frame, now, 'ERR_BADARGUMENT', scope, TEXTS.scope);
  const text = textOf(context, session, frame, 1, now);
  if (text === undefined || !context.spend(session, frame, 2, now)) return;
  const { nick } = session.user as User;
  sayToAll(context, nick, scope, now, text);
  const words = scope === 'clients' ? {} : { text: frame.arg(1) };
  context.out.log('operator.broadcast', { ...doer(session), scope, ...words });
  context.tell('BMSG', nick, scope, now, frame.arg(1));
  broadcastSent(context.begin(), scope);
  context.reply(session);
}

/** A broadcast of another server: its clients have heard it there. */
export function hearBroadcast(context: Context, origin: ServerId, fact: BroadcastFact): void {
  const { nick, scope, time, text } = fact;
  sayToAll(context, nick, scope, time, text);
  if (scope === 'clients') return;
  context.out.log('operator.broadcast', { by: nick, server: context.peers.nameOf(origin), scope, text: fact.words });
}

/** Says a broadcast to the clients of this server, if it is for clients. */
function sayToAll(context: Context, nick: string, scope: Scope, time: number, text: Uint8Array): void {
  if (scope === 'servers') return;
  context.sayToAll((frames) => broadcast(frames, nick, scope, time, text));
}

/** Argument `i`, a text, in canonical bytes; refused when it is too long. */
function textOf(
  context: Context,
  session: Session,
  frame: Frame,
  i: number,
  now: number,
): Uint8Array<ArrayBufferLike> | undefined {
  const text = textArg(frame, i);
  if (text.length <= context.config.limits.textBytes) return text;
  context.refuse(session, frame, now, 'ERR_TEXTTOOLONG', utf8(text, 0, text.length));
  return undefined;
}

export function locate(context: Context, session: Session, frame: Frame, now: number): void {
  const { nicknames, network } = context;
  const name = frame.arg(0);
  const owner = nicknames.owner(name);
  const former = owner === undefined ? nicknames.former(name, now) : undefined;
  if (owner === undefined && former === undefined) {
    return context.refuse(session, frame, now, 'ERR_NOSUCHNICK', name);
  }
  if (!context.spend(session, frame, 1, now)) return;
  const frames = context.begin();
  if (owner !== undefined) location(frames, owner, network.hopcount(owner.server));
  else if (former !== undefined) {
    // Whoever took the user's place by RESUME is the same person.
    let user = former.user;
    while (user.successor !== undefined) user = user.successor;
    wasLocation(frames, former.nick, user.endedAt === 0 ? user.nick : '', user, former.time);
  }
  context.reply(session);
}
