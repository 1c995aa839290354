// The simulator: seeds hold, a seed is one run, planted bugs are found, and what is rare does happen.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { runMany, type SeedReport } from './many.ts';
import { MUTANTS } from './mutant-list.ts';
import { isFound, runMutant } from './mutants.ts';
import { runSeed } from './run.ts';
import { Sometimes } from './sometimes.ts';

// Whole runs of the simulator, as much work as a busy machine gives them time for.
setDefaultTimeout(60_000);

const LONG = process.env.CHORUS_TEST_LONG === '1';
const SEEDS = LONG ? 2_000 : 200;
const LONG_MS = 20 * 60_000;
const SHORT_MS = 170_000;
/** Found soon, and each by another checker. */
const QUICK = [
  'ids are forgotten',
  'a skip is not published',
  'resume begins one slot late',
  'a torn frame is not finished',
  'a user quits once a room',
  'whoever connects is believed to know the secret',
  'the tails of a split are not spoken of',
];

describe('seeds', () => {
  const sometimes = new Sometimes();

  test(
    `${SEEDS} of them hold`,
    async () => {
      const options = { count: SEEDS, from: 1, servers: undefined, jobs: 2, all: true, onSeed: () => {} };
      const summary = await runMany(options);
      sometimes.add(summary.sometimes);
      expect(failure(summary.firstFailed)).toBe('');
      expect(summary.seeds).toBe(SEEDS);
    },
    LONG ? LONG_MS : SHORT_MS,
  );

  test('what is rare happened', () => {
    expect(sometimes.below(SEEDS / 20)).toEqual([]);
  });

  // A server that stops ended its clients at once; a link got the place of one, and heard what was meant for it.
  // A home whose log owed it a skip asked for what it had refused, and refused it again, for as long as that took.
  test('what was found once stays mended', () => {
    for (const seed of [501_201, 700_730]) expect(runSeed(seed).violations).toEqual([]);
  });

  test('a seed is one run, traced or not', () => {
    const hashes = [4, 5, 6].map((seed) => runSeed(seed).hash);
    let lines = 0;
    expect([4, 5, 6].map((seed) => runSeed(seed, { onLine: () => lines++ }).hash)).toEqual(hashes);
    expect(new Set(hashes).size).toBe(3);
    expect(lines).toBeGreaterThan(1_000);
  });
});

describe('planted bugs are found', () => {
  for (const mutant of MUTANTS.filter(({ name }) => LONG || QUICK.includes(name))) {
    test(
      mutant.name,
      async () => {
        const report = await runMutant(mutant);
        expect(isFound(mutant, report) ? 'found' : report).toBe('found');
      },
      SHORT_MS,
    );
  }

  test('and only where there is something to change', async () => {
    const report = await runMutant({ name: 'no such mutant', file: '', from: '', to: '', by: [] }, 1);
    expect(report).toContain('there is no mutant no such mutant');
  });
});

/** What failed, and what it takes to see it again; '' for nothing. */
function failure(report: SeedReport | undefined): string {
  const { seed, violations } = report ?? { seed: 0, violations: [] };
  const [first] = violations;
  return first === undefined ? '' : `${first.invariant}: ${first.what} (again: bun run sim --seed ${seed} --trace)`;
}
