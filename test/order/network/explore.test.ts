// Small worlds, every course of them; of the two where a server is cut off from both others as much as takes a few
// seconds. A long run, as `bun test/order/network/explore.ts`, looks at all of those, too.

import { beforeAll, describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { runPlanted } from '../../support/mutants.ts';
import type { Found } from './explore.ts';
import { SMALL_WORLDS } from './small-worlds.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';
const MOST = LONG ? 'Infinity' : '20000';
/** More states than a short run looks at. */
const LARGE = ['the home is cut off', 'a follower is cut off'];
const LONG_MS = 20 * 60_000;
const PROGRAM = resolve(import.meta.dir, 'explore.ts');

describe('every course keeps every promise where', () => {
  const found = new Map<string, Found>();

  // A process of its own, as its sources are loaded with their fields open.
  beforeAll(async () => {
    const child = Bun.spawn([process.execPath, PROGRAM, '', MOST, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = (await child.stdout.text()).trim().split('\n');
    for (const line of lines) {
      const one = JSON.parse(line) as Found;
      found.set(one.name, one);
    }
  }, LONG_MS);

  for (const { name } of SMALL_WORLDS) {
    test(name, () => {
      const { broken, isWhole, states = 0, ends = 0, courses = 0 } = found.get(name) ?? {};
      expect(broken).toBe('');
      expect(isWhole).toBe(LONG || !LARGE.includes(name));
      expect(states).toBeGreaterThan(100);
      expect(ends).toBeGreaterThan(0);
      expect(courses).toBeGreaterThan(ends);
    });
  }
});

test('a planted bug is found, with the choices that lead there', async () => {
  const name = 'a successor forgets what was decided before it';
  const { out } = await runPlanted(name, resolve(import.meta.dir, 'open.ts'), PROGRAM, ['the home crashes']);
  expect(out).toMatch(/O6: .* again at/);
  expect(out).toMatch(/say 1, .*trouble, .*time, /);
}, 60_000);
