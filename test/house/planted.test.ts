// Every bug that is planted somewhere, to be found, has something to change: its text stands in its source, once. Who
// moves that code sees it here, and not when the long run looks for a bug that was never there.

import { expect, test } from 'bun:test';
import { MUTANTS as OF_ONE_ROOM } from '../order/network/mutants.ts';
import { MUTANTS as OF_SERVERS } from '../sim/mutant-list.ts';
import { type Change, changed } from '../support/mutants.ts';
import { PLANTS } from '../support/plants.ts';

test.each([
  ['rooms', OF_ONE_ROOM],
  ['servers', OF_SERVERS],
  ['real servers', PLANTS],
] as const)('bugs planted in %s have something to change', async (_, changes: readonly Change[]) => {
  for (const change of changes) expect(await changed(change)).toContain(change.to);
});

test('where there is nothing to change, or more than one place, nothing is planted', async () => {
  const refusal = (from: string): Promise<string> => changed({ file: 'chat/text.ts', from, to: '' }).catch(String);
  expect(await refusal('no such text')).toBe('Error: chat/text.ts does not hold once: no such text');
  expect(await refusal('e')).toBe('Error: chat/text.ts does not hold once: e');
});
