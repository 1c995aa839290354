// One room over several servers: a few hundred seeds of weather, judged by checkers that see frames and outcomes alone.

import { expect, test } from 'bun:test';
import { World } from './network/world.ts';

const long = process.env.CHORUS_TEST_LONG === '1';
const SEEDS = long ? 20_000 : 250;
/** What must not be rare, or the checkers have seen nothing. */
const SOMETIMES = [
  'epoch read',
  'merge read',
  'crash',
  'split',
  'oneWay',
  'leave',
  'resume',
  'sent without id',
  'before',
];

test(`${SEEDS} seeds keep every promise`, () => {
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const world = new World({ seed });
    try {
      world.run();
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`);
    }
    for (const [name, count] of [...world.counts, ...Object.entries(world.tally())]) {
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
  }
  for (const name of SOMETIMES) expect([name, counts.get(name) ?? 0]).toEqual([name, expect.any(Number)]);
  for (const name of SOMETIMES) expect(counts.get(name) ?? 0).toBeGreaterThan(100);
}, 600_000);

test('a room that forgets early says so, and keeps its order', () => {
  let lagged = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const world = new World({ seed, memory: { slots: 8, bytes: 1_024 } });
    try {
      world.run();
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`);
    }
    lagged += world.counts.get('lagged') ?? 0;
  }
  expect(lagged).toBeGreaterThan(10);
}, 600_000);
