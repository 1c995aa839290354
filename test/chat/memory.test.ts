// What chat costs in memory: an idle user in a room, and a message, which costs nothing.

import { heapStats } from 'bun:jsc';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { collections } from '../support/collections.ts';
import { crowd } from './crowd.ts';

function heap(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

test('an idle user in a room takes less than a kilobyte', () => {
  crowd(500);
  const before = heap();
  const kept = crowd(5000);
  const each = (heap() - before) / kept.sessions.length;
  expect(kept.chat.users.size).toBe(5000);
  expect(each).toBeGreaterThan(300);
  expect(each).toBeLessThan(1024);
});

/** Takes a million of such frames. */
const PROGRAM = join(import.meta.dir, 'hot-path.ts');

test.each([
  ['in the current room', '<CSEND,some words>'],
  ['in a room that is named', '<CSEND,some words,r1>'],
  ['with escapes', '<CSEND,some\\, words,r1>'],
  ['with a number', '<CSEND,some words,r1,17>'],
])('a message %s makes no garbage', async (_, text) => {
  expect(await collections(PROGRAM, text)).toBe(0);
});

test('one object a message would be seen', async () => {
  expect(await collections(PROGRAM, '<CSEND,some words>', 'leaky')).toBeGreaterThan(0);
});
