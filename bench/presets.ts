// The options of a server that is told nothing but `flags`: what benches measure is what a server does by default.

import type { Options } from '../src/ops/options/option-table.ts';
import { parseOptions } from '../src/ops/options/options.ts';

/** The options on a machine of no consequence. */
export function presets(...flags: string[]): Options {
  const parsed = parseOptions([...flags, '--name', 'bench'], {}, { hostname: 'bench', fdLimit: 20_000 });
  if (!('options' in parsed)) throw new Error('the options of the bench are wrong');
  return parsed.options;
}
