// Planted bugs: each is one change to a source, made as it is loaded by a program that is started for it, and has to be
// found there by a checker that can find it. A change that finds nothing to change stops the program, so that no mutant
// is ever the code as it is.

import { resolve } from 'node:path';
import { plugin } from 'bun';

/** One change to one source. */
export interface Change {
  /** Below src. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant extends Change {
  readonly name: string;
  /** What may find it. */
  readonly by: readonly string[];
}

/** The source that is changed. */
export const pathOf = ({ file }: Change): string => resolve(import.meta.dir, '../../src', file);

/** The source, changed. Throws where there is nothing to change, or more than one place. */
export async function changed(change: Change): Promise<string> {
  const text = await Bun.file(pathOf(change)).text();
  const { file, from, to } = change;
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
  return text.replace(from, () => to);
}

/** To be called by a preload: plants the one of `mutants` that CHORUS_MUTANT names. */
export function plant(mutants: readonly Mutant[]): void {
  const name = process.env.CHORUS_MUTANT ?? '';
  const mutant = mutants.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  plantChange(mutant);
}

/** To be called by a preload: makes the change when its source is loaded. */
export function plantChange(change: Change): void {
  plugin({
    name: 'planted',
    setup(build) {
      const filter = new RegExp(`^${pathOf(change).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
      build.onLoad({ filter }, async () => ({ contents: await changed(change), loader: 'ts' }));
    },
  });
}

/** Runs a program with the mutant planted by `preload`: what it printed. */
export async function runPlanted(name: string, preload: string, program: string, args: readonly string[]) {
  const child = Bun.spawn([process.execPath, '--preload', preload, program, ...args], {
    env: { ...process.env, CHORUS_MUTANT: name },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, error };
}
