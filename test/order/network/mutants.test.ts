// Every planted bug is found, by an invariant that can find it.

import { expect, test } from 'bun:test';
import { hunt, MUTANTS } from './mutants.ts';

const SEEDS = 1_000;

for (const mutant of MUTANTS) {
  test.concurrent(mutant.name, async () => {
    const output = await hunt(mutant.name, SEEDS);
    const found = /^seed \d+: (\w+):/m.exec(output)?.[1];
    expect(found === undefined ? `nothing found it${output}` : found).toBeOneOf([...mutant.by]);
  }, 60_000);
}
