// What the panels of top call worth a look: clients that stand still, links that are slow, silent or behind.

import { expect, test } from 'bun:test';
import { firstUi, type Panel } from '../../../src/cli/top/keys.ts';
import { TopModel, type View } from '../../../src/cli/top/model.ts';
import { tableOf } from '../../../src/cli/top/panels.ts';
import type { Tables } from '../../../src/cli/top/source.ts';
import { ASCII } from '../../../src/cli/top/text.ts';
import { link, look, STARTED, tables } from './world.ts';

/** The tones of a panel's rows. */
function tones(panel: Panel, given: Partial<Tables>): string[] {
  const model = new TopModel();
  model.take(look(0, {}, { tables: tables(given) }));
  const { rows } = tableOf(panel, model.view(STARTED * 1000) as View, firstUi(2000, 'rate'), ASCII);
  return rows.map(({ tone }) => tone);
}

test('a client that takes nothing is worth a look, and wrong after ten seconds', () => {
  const laggards = [0, 1, 9_999, 10_000].map((stalledMs) => ({
    ...{ nick: 'ann', host: 'h', waitingBytes: 0, behindBytes: 1, stalledMs, lags: 0 },
  }));
  expect(tones('laggards', { laggards })).toEqual(['usual', 'warn', 'warn', 'bad']);
});

test('a link is worth a look when it is slow, and wrong when it is silent or behind', () => {
  const usual = link('beta', 8, 1);
  const links = [
    usual,
    { ...usual, roundTripMs: 249 },
    { ...usual, roundTripMs: 250 },
    { ...usual, silentMs: 14_999 },
    { ...usual, silentMs: 15_000 },
    { ...usual, waitingBytes: 1 << 20 },
  ];
  expect(tones('links', { links })).toEqual(['usual', 'usual', 'warn', 'usual', 'bad', 'bad']);
});
