// Planted bugs that show soon are found, by an invariant that can find them.
// `bun test/order/network/mutants.ts` looks for all of them.

import { describe, expect, test } from 'bun:test';
import { hunt, isFound, MUTANTS } from './mutants.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';
/** Found within a few seeds, and each by another checker. */
const QUICK = [
  'a home that stood still decides at once',
  'numbers are used again in the next epoch',
  'a successor forgets what was decided before it',
  'readers are told what is not committed',
  'a standby that is lost is waited for',
  'a home that reaches nobody waits for nobody',
  'readers are not told of an epoch',
  'a resume leaves out the turns',
];

describe('planted bugs are found', () => {
  for (const mutant of MUTANTS.filter(({ name }) => LONG || QUICK.includes(name))) {
    test(mutant.name, async () => {
      const verdict = await hunt(mutant);
      expect(isFound(mutant, verdict) ? 'found' : verdict).toBe('found');
    }, 120_000);
  }
});
