// Whose clock is off is said once, again when it is off by much more or less, and never to fill the log.

import { expect, test } from 'bun:test';
import { serverId } from '../../src/base/ids.ts';
import { Skews } from '../../src/mesh/skews.ts';

const [TWO, THREE] = [serverId(2), serverId(3)];

test('a second is worth a word, once', () => {
  const skews = new Skews();
  expect(skews.heard(TWO, 999, 0)).toBe(false);
  expect(skews.heard(TWO, -1000, 0)).toBe(true);
  expect(skews.heard(THREE, 1000, 0)).toBe(true);
  for (let minute = 1; minute < 60; minute++) expect(skews.heard(TWO, -1400, minute * 60_000)).toBe(false);
});

test('a change by half is said, after a minute at the soonest', () => {
  const skews = new Skews();
  expect(skews.heard(TWO, 10_000, 0)).toBe(true);
  expect(skews.heard(TWO, 3_600_000, 59_999)).toBe(false);
  expect(skews.heard(TWO, 3_600_000, 60_000)).toBe(true);
  expect(skews.heard(TWO, 2_000_000, 120_000)).toBe(false);
  expect(skews.heard(TWO, 1_800_000, 180_000)).toBe(true);
});

test('the oldest of too many is forgotten', () => {
  const skews = new Skews();
  for (let id = 1; id <= 10_000; id++) expect(skews.heard(serverId(id), 5000, 0)).toBe(true);
  expect(skews.heard(serverId(10_000), 5000, 60_000)).toBe(false);
  expect(skews.heard(serverId(1), 5000, 60_000)).toBe(true);
});

test('who was spoken of again is not the oldest any more', () => {
  const skews = new Skews();
  for (let id = 1; id <= 256; id++) skews.heard(serverId(id), 5000, 0);
  expect(skews.heard(serverId(1), 50_000, 60_000)).toBe(true);
  skews.heard(serverId(257), 5000, 60_000);
  expect(skews.heard(serverId(1), 50_000, 120_000)).toBe(false);
  expect(skews.heard(serverId(2), 5000, 120_000)).toBe(true);
});
