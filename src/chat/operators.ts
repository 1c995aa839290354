// What operators alone may do to others, on whichever server: close a connection, a link, a server. Each act leaves a line in the log.
// Whether somebody may do it was decided before, by the command's row.

import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import * as replies from './replies.ts';
import { end, isPresent } from './routes.ts';
import type { Session } from './session.ts';
import type { User } from './users.ts';

export function kill(context: Context, session: Session, frame: Frame, now: number): void {
  const name = frame.arg(0);
  const comment = frame.arg(1);
  const victim = context.nicknames.find(name, now);
  if (!isPresent(victim)) return context.refuse(session, frame, now, 'ERR_NOSUCHNICK', name);
  if (!context.spend(session, frame, 1, now)) return;
  const { ident } = session.user as User;
  const { nick } = victim;
  const remote = victim.session === undefined;
  if (remote && !end(context, victim, comment, ident, now)) {
    return context.refuse(session, frame, now, 'ERR_NOSUCHNICK', name);
  }
  const operator = session.operator?.name ?? '';
  context.out.log('operator.kill', { by: ident, operator, victim: victim.ident, comment });
  replies.killed(context.begin(), nick);
  context.reply(session);
  if (!remote) end(context, victim, comment, ident, now);
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
