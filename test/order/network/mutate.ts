// Preloaded to plant a bug in the ordering: patches one source as it is loaded. Which one, CHORUS_MUTANT names.

import { plugin } from 'bun';
import { MUTANTS, patched, pathOf } from './mutants.ts';

const name = process.env.CHORUS_MUTANT ?? '';
const mutant = MUTANTS.find((one) => one.name === name);
if (mutant === undefined) throw new Error(`there is no mutant ${name}`);

plugin({
  name: 'mutant',
  setup(build) {
    const path = pathOf(mutant);
    const filter = new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
    build.onLoad({ filter }, async () => ({ contents: patched(mutant, await Bun.file(path).text()), loader: 'ts' }));
  },
});
