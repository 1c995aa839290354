// What is shown of a connection is of the one that there is, never of the one before it.

import { expect, test } from 'bun:test';
import { Connection } from '../../../src/cli/chat/connection.ts';

test('what was measured on a connection is forgotten with it', () => {
  const connection = new Connection();
  const online = {
    kind: 'online',
    server: 'a:1',
    name: 'alpha',
    nick: 'ann',
    resumed: false,
    replicated: true,
  } as const;
  connection.take(online);
  connection.latencyMs = 1.2;
  connection.askedAt = 5_000;
  connection.take({ kind: 'offline', server: 'a:1', reason: 'gone', retryAt: 6_000, wasOnline: true });
  const { state, latencyMs, askedAt, replicated, tries } = connection;
  expect([state, latencyMs, askedAt, replicated, tries]).toEqual(['waiting', undefined, undefined, undefined, 0]);
});
