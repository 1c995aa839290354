// Opens the private fields of what a small world is made of, by taking the `#` from their names as the sources are loaded,
// so that canonical.ts sees the whole state of a server. Nothing else is changed, but where CHORUS_MUTANT names a bug: that
// one is planted. To be loaded before any of those sources.

import { resolve } from 'node:path';
import { plugin } from 'bun';
import { changed, pathOf } from '../../support/mutants.ts';
import { MUTANTS } from './mutants.ts';

const ROOT = resolve(import.meta.dir, '../../..');
const SOURCES = new RegExp(`^${ROOT}/(src/(base|wire|order)|test/order/network)/.*\\.ts$`);
/** The beginning of a private name, which is never within a text. */
const PRIVATE = /(?<![\w'"`])#(?=[A-Za-z])/g;

const mutant = MUTANTS.find(({ name }) => name === process.env.CHORUS_MUTANT);

plugin({
  name: 'open fields',
  setup(build) {
    build.onLoad({ filter: SOURCES }, async ({ path }) => {
      const isChanged = mutant !== undefined && path === pathOf(mutant);
      const source = isChanged ? await changed(mutant) : await Bun.file(path).text();
      return { contents: source.replace(PRIVATE, '_'), loader: 'ts' };
    });
  },
});
