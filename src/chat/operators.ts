// What operators alone may do to others: close a connection, a link, a server. Each act leaves a line in the log.
// Whether somebody may do it was decided before, by the command's row.

import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import * as replies from './replies.ts';
import { REGISTERED, type Session } from './session.ts';
import type { User } from './users.ts';

export function kill(context: Context, session: Session, frame: Frame, now: number): void {
  const name = frame.arg(0);
  const comment = frame.arg(1);
  const victim = context.nicknames.find(name, now);
  const target = victim?.session;
  if (victim === undefined || target === undefined || target.state !== REGISTERED) {
    return context.refuse(session, frame, now, 'ERR_NOSUCHNICK', name);
  }
  if (!context.spend(session, frame, 1, now)) return;
  const { nick, ident } = session.user as User;
  context.out.log('operator.kill', {
    by: ident,
    operator: session.operator?.name ?? '',
    victim: victim.ident,
    comment,
  });
  replies.killed(context.begin(), victim.nick);
  context.reply(session);
  replies.kill(context.begin(), victim.nick, comment);
  context.reply(target);
  context.close(target, `Killed by ${nick}: ${comment}`, now);
}

export function closeServer(context: Context, session: Session, frame: Frame, now: number): void {
  const server = frame.arg(0);
  const comment = frame.arg(1);
  const peer = frame.arg(2);
  if (!context.network.servers().some(({ name }) => name === server)) {
    return context.refuse(session, frame, now, 'ERR_NOSUCHSERVER', server);
  }
  if (!context.spend(session, frame, 1, now)) return;
  const verdict = context.network.close(server, peer, comment);
  if (verdict === 'no-such-server') return context.refuse(session, frame, now, 'ERR_NOSUCHSERVER', server);
  if (verdict === 'no-such-peer') return context.refuse(session, frame, now, 'ERR_NOSUCHSERVER', peer);
  const { nick, ident } = session.user as User;
  context.out.log('operator.sclose', { by: ident, operator: session.operator?.name ?? '', server, peer, comment });
  replies.serverClosed(context.begin(), server);
  context.reply(session);
  if (verdict === 'self') context.out.stop(`Closed by ${nick}: ${comment}`);
}
