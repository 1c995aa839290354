// People: messages to some or all of them by nickname, and where somebody is. A name means its owner, else who had it
// last and is still here.

import { utf8 } from '../base/bytes.ts';
import { canonicalize } from '../wire/canonical.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import {
  broadcast,
  broadcastSent,
  ERRORS,
  error,
  listMessage,
  listSent,
  location,
  TEXTS,
  wasLocation,
} from './replies.ts';
import { REGISTERED, type Session } from './session.ts';
import type { User } from './users.ts';

export function lsend(context: Context, session: Session, frame: Frame, now: number): void {
  const text = textOf(context, session, frame, 0, now);
  if (text === undefined) return;
  const { targets } = context.config.limits;
  if (frame.argc - 1 > targets) {
    return context.refuse(session, frame, now, 'ERR_TOOMANYTARGETS', frame.arg(targets + 1));
  }
  if (!context.spend(session, frame, frame.argc - 1, now)) return;
  const found = new Set<Session>();
  const unknown = new Set<string>();
  for (let i = 1; i < frame.argc; i++) {
    const name = frame.arg(i);
    const target = context.nicknames.find(name, now)?.session;
    if (target === undefined || target.state !== REGISTERED) unknown.add(name);
    else found.add(target);
  }
  listMessage(context.begin(), (session.user as User).nick, now, text);
  for (const target of found) context.reply(target);
  const frames = context.begin();
  for (const name of unknown) error(frames, 'ERR_NOSUCHNICK', 'LSEND', name, ERRORS.ERR_NOSUCHNICK).end();
  listSent(frames, found.size);
  context.reply(session);
}

export function bsend(context: Context, session: Session, frame: Frame, now: number): void {
  const scope = frame.arg(0);
  if (scope !== 'clients' && scope !== 'servers' && scope !== 'all') {
    return context.refuse(session, frame, now, 'ERR_BADARGUMENT', scope, TEXTS.scope);
  }
  const text = textOf(context, session, frame, 1, now);
  if (text === undefined || !context.spend(session, frame, 2, now)) return;
  const user = session.user as User;
  if (scope !== 'servers') {
    broadcast(context.begin(), user.nick, scope, now, text);
    for (const { session: reader } of context.users.all()) if (reader !== undefined) context.reply(reader);
  }
  const words = scope === 'clients' ? {} : { text: frame.arg(1) };
  context.out.log('operator.broadcast', { by: user.ident, operator: session.operator?.name ?? '', scope, ...words });
  broadcastSent(context.begin(), scope);
  context.reply(session);
}

/** Argument `i`, a text, in canonical bytes; refused when it is too long. */
function textOf(
  context: Context,
  session: Session,
  frame: Frame,
  i: number,
  now: number,
): Uint8Array<ArrayBufferLike> | undefined {
  const start = frame.argStart[i] as number;
  const end = frame.argEnd[i] as number;
  const text = frame.argEscaped[i] === 0 ? frame.bytes.slice(start, end) : canonicalize(frame.bytes, start, end);
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
