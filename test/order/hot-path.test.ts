// Sending allocates nothing: the collector has nothing to do while a million messages are decided and published.

import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { collections } from '../support/collections.ts';

const PROGRAM = join(import.meta.dir, 'hot-path.ts');

test('a million sends make no garbage', async () => {
  expect(await collections(PROGRAM)).toBe(0);
}, 30_000);

test('one object a message would be seen', async () => {
  expect(await collections(PROGRAM, 'leaky')).toBeGreaterThan(0);
}, 30_000);
