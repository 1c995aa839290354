// Log events: each reaches the log, the count, and who watches for as long as they do.

import { expect, test } from 'bun:test';
import { createLog } from '../../../src/ops/log/log.ts';
import { LogEvents } from '../../../src/ops/log/log-events.ts';

test('events are written, counted and watched', () => {
  const lines: string[] = [];
  const sink = { write: (line: string) => lines.push(line), flush: async () => true };
  const log = new LogEvents(createLog({ format: 'json', colour: false, level: 'warn', sink, now: () => 0 }));
  const heard: string[] = [];
  const stop = log.watch((level, event, fields) => heard.push(`${level} ${event} ${JSON.stringify(fields)}`));
  log.info('link.up', { server: 'beta' });
  log.warn('server.lost', { server: 'beta' });
  stop();
  log.error('state.mismatch');
  log.debug('route.unreachable');
  expect(heard).toEqual(['info link.up {"server":"beta"}', 'warn server.lost {"server":"beta"}']);
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(['server.lost', 'state.mismatch']);
  expect(Object.fromEntries(log.counts)).toEqual({
    ...{ 'info link.up': 1, 'warn server.lost': 1, 'error state.mismatch': 1, 'debug route.unreachable': 1 },
  });
});
