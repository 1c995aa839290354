// A ration: so many a second are told, and of the rest how many they were, in the second in which they came.

import { expect, test } from 'bun:test';
import { Ration } from '../../src/node/ration.ts';

const NEVER = Number.POSITIVE_INFINITY;

function ration(most: number) {
  const rest: number[] = [];
  return { rest, of: new Ration(most, (count) => rest.push(count)) };
}

test('up to the ration all are told, and nothing is left to tell', () => {
  const { of, rest } = ration(3);
  expect([0, 400, 999].map((now) => of.take(now))).toEqual([true, true, true]);
  expect(of.deadline).toBe(NEVER);
  expect([1000, 1001, 1002, 1003].map((now) => of.take(now))).toEqual([true, true, true, false]);
  expect(rest).toEqual([]);
});

test('what is more is counted, and told when the second is over', () => {
  const { of, rest } = ration(1);
  expect([5000, 5001, 5999].map((now) => of.take(now))).toEqual([true, false, false]);
  expect(of.deadline).toBe(6000);
  of.tick(5999);
  expect(rest).toEqual([]);
  of.tick(6000);
  expect(rest).toEqual([2]);
  expect(of.deadline).toBe(NEVER);
  of.tick(7000);
  expect(rest).toEqual([2]);
});

test('nobody has to tick: the next one of another second tells what was left before', () => {
  const { of, rest } = ration(1);
  for (const now of [0, 1, 2, 3]) of.take(now);
  expect(of.take(2500)).toBe(true);
  expect(rest).toEqual([3]);
  expect(of.take(2501)).toBe(false);
  expect(of.take(9000)).toBe(true);
  expect(rest).toEqual([3, 1]);
});
