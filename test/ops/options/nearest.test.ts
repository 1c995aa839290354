import { expect, test } from 'bun:test';
import { editDistance, nearest } from '../../../src/ops/options/nearest.ts';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', '', 3],
  ['name', 'nmae', 1],
  ['name', 'names', 1],
  ['name', 'nam', 1],
  ['name', 'game', 1],
  ['kitten', 'sitting', 3],
])('%p and %p are %i edits apart', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the nearest word is one near enough to be meant', () => {
  expect(nearest('roms', ['room', 'rooms', 'ring'])).toBe('rooms');
  expect(nearest('xyzzy', ['room', 'rooms'])).toBeUndefined();
  expect(nearest('x'.repeat(10_000), ['room'])).toBeUndefined();
});
