// Preloaded to plant a bug: patches one source of the server as it is loaded. Which one, CHORUS_MUTANT names. A patch
// that finds nothing to change stops the run, so that no mutant is ever the server as it is.

import { resolve } from 'node:path';
import { plugin } from 'bun';
import { MUTANTS } from './mutants.ts';

const SRC = resolve(import.meta.dir, '../../src');
const name = process.env.CHORUS_MUTANT ?? '';
const mutant = MUTANTS.find((one) => one.name === name);
if (mutant === undefined) throw new Error(`there is no mutant ${name}`);

plugin({
  name: 'mutant',
  setup(build) {
    const path = resolve(SRC, mutant.file);
    const filter = new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
    build.onLoad({ filter }, async () => {
      const text = await Bun.file(path).text();
      if (text.split(mutant.from).length !== 2) throw new Error(`${mutant.file} does not hold once: ${mutant.from}`);
      return { contents: text.replace(mutant.from, () => mutant.to), loader: 'ts' };
    });
  },
});
