// Small worlds, every course of them: as much as takes a few seconds. `bun test/order/network/explore.ts` looks at all.

import { describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { runPlanted } from '../../support/mutants.ts';
import { explore, SMALL_WORLDS } from './explore.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';
const MOST = LONG ? Number.POSITIVE_INFINITY : 400;

describe('every course keeps every promise where', () => {
  for (const world of SMALL_WORLDS) {
    test(
      world.name,
      () => {
        const { states, ends, broken } = explore(world, MOST);
        expect(broken).toBe('');
        expect(ends).toBeGreaterThan(0);
        expect(states).toBeGreaterThan(100);
      },
      20 * 60_000,
    );
  }
});

test('a planted bug is found, with the choices that lead there', async () => {
  const folder = import.meta.dir;
  const name = 'a successor forgets what was decided before it';
  const args = ['the home crashes', '2000'];
  const { out } = await runPlanted(name, resolve(folder, 'mutate.ts'), resolve(folder, 'explore.ts'), args);
  expect(out).toMatch(/O6: .* again at/);
  expect(out).toMatch(/say 1, deliver 1 0/);
}, 60_000);
