// The simulator: seeds hold, a seed is one run, planted bugs are found, and what is rare does happen.

import { describe, expect, test } from 'bun:test';
import { mutated } from '../support/mutants.ts';
import { MUTANTS } from './mutant-list.ts';
import { isFound, runMutant } from './mutants.ts';
import { type Result, runSeed } from './run.ts';
import { EXPECTED, Sometimes } from './sometimes.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';
const SEEDS = LONG ? 1_500 : 90;
const LONG_MS = 20 * 60_000;
const SHORT_MS = 60_000;
/** Found soon, and each by another checker. */
const QUICK = [
  'ids are forgotten',
  'a skip is not published',
  'resume begins one slot late',
  'a torn frame is not finished',
  'a user quits once a room',
];
/** Too rare for a short run. */
const RARE = ['closed: Killed', 'server: connection.abandoned (Output limit exceeded)'];

describe('seeds', () => {
  const sometimes = new Sometimes();

  test(
    `${SEEDS} of them hold`,
    () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const result = runSeed(seed);
        sometimes.add(result.sometimes);
        expect(failure(result)).toBe('');
      }
    },
    LONG ? LONG_MS : SHORT_MS,
  );

  test('what is rare happened', () => {
    const expected = LONG ? EXPECTED : EXPECTED.filter((event) => !RARE.includes(event));
    expect(expected.filter((event) => sometimes.missing.includes(event))).toEqual([]);
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

  test('each where there is something to change', async () => {
    for (const mutant of MUTANTS) expect(await mutated(mutant)).toContain(mutant.to);
  });

  test('and only where there is something to change', async () => {
    const report = await runMutant({ name: 'no such mutant', file: '', from: '', to: '', by: [] }, 1);
    expect(report).toContain('there is no mutant no such mutant');
  });
});

/** What failed, and what it takes to see it again; '' for nothing. */
function failure({ seed, violations }: Result): string {
  const [first] = violations;
  return first === undefined ? '' : `${first.invariant}: ${first.what} (again: bun run sim --seed ${seed} --trace)`;
}
