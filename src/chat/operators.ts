// What operators alone may do to others, on whichever server: close a connection, a link, a server. Each act leaves a line in the log.
// Whether somebody may do it was decided before, by the command's row.

import type { ConnectionId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import * as replies from './replies.ts';
import { end, isPresent } from './routes.ts';
import { REGISTERED, Session } from './session.ts';
import { User } from './users.ts';

/** What people see of an operator who gives a command without a connection. */
const NICK = 'operator';

export function kill(context: Context, session: Session, frame: Frame, now: number): void {
  const name = frame.arg(0);
  const comment = frame.arg(1);
  const victim = context.nicknames.find(name, now);
  if (!isPresent(victim)) return context.refuse(session, frame, now, 'ERR_NOSUCHNICK', name);
  if (!context.spend(session, frame, 1, now)) return;
  const who = doer(session);
  const { ident } = session.user as User;
  const { nick } = victim;
  const remote = victim.session === undefined;
  if (remote && !end(context, victim, comment, ident, now)) {
    return context.refuse(session, frame, now, 'ERR_NOSUCHNICK', name);
  }
  context.out.log('operator.kill', { ...who, victim: victim.ident, comment });
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
  const { nick } = session.user as User;
  context.out.log('operator.sclose', { ...doer(session), server, peer, comment });
  replies.serverClosed(context.begin(), server);
  context.reply(session);
  if (verdict === 'self') context.out.stop(`Closed by ${nick}: ${comment}`);
}

/** An operator asked for what its grants do not name. */
export function denied(context: Context, session: Session, verb: string): void {
  context.out.log('operator.denied', { ...doer(session), verb });
}

/** Who does something, for the log: the user, the account, and whence. */
export function doer(session: Session): { readonly by: string; readonly operator: string; readonly from: string } {
  return { by: session.user?.ident ?? session.host, operator: session.operator?.name ?? '', from: session.address };
}

/** A session for one command of an operator who has no connection of its own. Nobody sees its user, which owns no name. */
export function operatorSession(context: Context, connection: ConnectionId, name: string, now: number): Session {
  const { server, limits } = context.config;
  const session = new Session(connection, server.name, name, limits.flood?.burst ?? 0, now);
  const identity = { user: name, host: server.name, realname: '', server: server.name };
  session.user = new User(context.users.nextUid(), session, NICK, identity, now);
  session.state = REGISTERED;
  session.registration = undefined;
  session.operator = { name, hash: '', grants: 'all' };
  return session;
}
