// Since when a home is lost, and when who takes its place.

import { expect, test } from 'bun:test';
import { HomeWatch } from '../../src/order/home-watch.ts';

const NEVER = Number.POSITIVE_INFINITY;

function watch(): HomeWatch {
  const made = new HomeWatch(3_000);
  made.begin(NEVER);
  return made;
}

test('one that is there is succeeded by nobody', () => {
  const home = watch();
  expect([home.isThere, home.succeedAt(0)]).toEqual([true, NEVER]);
});

test('one that is lost is waited for, counted from the first time that it was, then they try a second apart', () => {
  const home = watch();
  home.lost(false, 10_000);
  home.lost(false, 12_000);
  expect([home.isThere, home.succeedAt(0), home.succeedAt(2)]).toEqual([false, 13_000, 15_000]);
  expect(home.found()).toBe(true);
  expect(home.succeedAt(0)).toBe(NEVER);
  home.lost(false, 20_000);
  expect(home.succeedAt(0)).toBe(23_000);
});

test('one that has left is not waited for, and whoever comes in its place is not the one that was lost', () => {
  const home = watch();
  home.lost(false, 10_000);
  home.lost(true, 11_000);
  expect([home.succeedAt(0), home.succeedAt(1)]).toEqual([10_000, 11_000]);
  expect(home.found()).toBe(false);
  expect(home.isThere).toBe(false);
  home.begin(NEVER);
  expect([home.isThere, home.found()]).toEqual([true, true]);
});
