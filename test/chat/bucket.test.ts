// The token bucket, alone.

import { expect, test } from 'bun:test';
import { charge, take } from '../../src/chat/bucket.ts';

const FLOOD = { rate: 2, burst: 4 };

test('fills with time up to the burst', () => {
  const bucket = { tokens: 0, filledAt: 1000 };
  expect(take(bucket, 1, FLOOD, 1499)).toBe(false);
  expect(take(bucket, 1, FLOOD, 1500)).toBe(true);
  expect(take(bucket, 4, FLOOD, 60_000)).toBe(true);
  expect(take(bucket, 1, FLOOD, 60_000)).toBe(false);
});

test('takes nothing when it refuses, and a burst for whatever costs more', () => {
  const bucket = { tokens: 4, filledAt: 0 };
  expect(take(bucket, 3, FLOOD, 0)).toBe(true);
  expect(take(bucket, 2, FLOOD, 0)).toBe(false);
  expect(bucket.tokens).toBe(1);
  bucket.tokens = 4;
  expect(take(bucket, 1000, FLOOD, 0)).toBe(true);
  expect(bucket.tokens).toBe(0);
});

test('goes into debt until a whole burst, and pays it back with time', () => {
  const bucket = { tokens: 0, filledAt: 0 };
  expect([1, 2, 3, 4].map(() => charge(bucket, 1, FLOOD, 0))).toEqual([true, true, true, false]);
  expect(take(bucket, 1, FLOOD, 2000)).toBe(false);
  expect(take(bucket, 1, FLOOD, 2500)).toBe(true);
});

test('a clock that goes back adds nothing', () => {
  const bucket = { tokens: 0, filledAt: 1000 };
  expect(take(bucket, 1, FLOOD, 0)).toBe(false);
  expect(bucket.tokens).toBe(0);
});
