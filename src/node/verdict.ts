// What time has to say about a connection: every state has its deadline. It only judges; the node acts.

import { NEW } from '../chat/session.ts';
import type { Connection } from './connection.ts';

export interface ConnectionDeadlines {
  /** A registration may take so long. */
  readonly registrationMs: number;
  /** A connection that is full and takes nothing for so long is lost. */
  readonly writeDeadlineMs: number;
  /** A registered client that is silent for so long is sent a PING, and is gone after the second. */
  readonly idlePingMs: number;
  readonly idleTimeoutMs: number;
  /** A connection that was told to end has so long to take what was said. */
  readonly lingerMs: number;
}

export type Verdict = 'fine' | 'ping' | 'silent' | 'unregistered' | 'stuck' | 'lingering';

/** The verdict on a connection at `now`. */
export function judge(connection: Connection, deadlines: ConnectionDeadlines, now: number): Verdict {
  const { outbox, session, closingAt, heardAt, openedAt, pinged } = connection;
  if (closingAt !== 0) return now - closingAt >= deadlines.lingerMs ? 'lingering' : 'fine';
  // A link has deadlines of its own.
  if (connection.link) return 'fine';
  if (outbox.blocked && now - outbox.takenAt >= deadlines.writeDeadlineMs) return 'stuck';
  if (session === undefined) return 'fine';
  if (session.state === NEW) return now - openedAt >= deadlines.registrationMs ? 'unregistered' : 'fine';
  // Nobody is gone who was not asked.
  if (!pinged) return now - heardAt >= deadlines.idlePingMs ? 'ping' : 'fine';
  return now - heardAt >= deadlines.idleTimeoutMs ? 'silent' : 'fine';
}
