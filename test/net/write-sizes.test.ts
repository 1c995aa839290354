// Write sizes: each write is in the one bucket of its power of two, and nothing taken is apart.

import { expect, test } from 'bun:test';
import { WriteSizes } from '../../src/net/write-sizes.ts';

test('a write counts for every bound that it does not exceed', () => {
  const sizes = new WriteSizes();
  for (const taken of [1, 2, 3, 64, 65, 1_048_576]) sizes.count(taken);
  expect([1, 2, 4, 32, 64, 128, 1_048_576].map((bound) => sizes.upTo(bound))).toEqual([1, 2, 3, 3, 4, 5, 6]);
  expect(sizes.bytes).toBe(1 + 2 + 3 + 64 + 65 + 1_048_576);
  expect(sizes.refused).toBe(0);
});

test('a full and a lost connection took nothing', () => {
  const sizes = new WriteSizes();
  for (const taken of [0, -1, 8]) sizes.count(taken);
  expect([sizes.refused, sizes.upTo(2 ** 31), sizes.bytes]).toEqual([2, 1, 8]);
});
