// Planted bugs: each is one change to the server's source, made as it is loaded, and has to be found by some checker
// within some seeds. What finds none of them checks nothing.

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { runPlanted } from '../support/mutants.ts';
import { MUTANTS, type SimMutant } from './mutant-list.ts';

const MAIN = resolve(import.meta.dir, 'main.ts');
const PRELOAD = resolve(import.meta.dir, 'mutate.ts');
const SEEDS = 200;

interface Report {
  readonly seed?: number;
  readonly violations: readonly { readonly invariant: string; readonly what: string }[];
}

/** Runs seeds with one bug planted; the report of the first seed that fails, or why there is none. */
export async function runMutant({ name, servers }: SimMutant, seeds = SEEDS): Promise<Report | string> {
  const flags = ['--seeds', String(seeds), '--servers', servers ?? '1', '--json'];
  const { out, error } = await runPlanted(name, PRELOAD, MAIN, flags);
  const last = out.trim().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as Report) : `no report: ${error.slice(0, 500)}`;
}

/** Whether a report shows that the bug was found, by what should find it. */
export function isFound(mutant: SimMutant, report: Report | string): boolean {
  return typeof report !== 'string' && report.violations.some(({ invariant }) => mutant.by.includes(invariant));
}

/** Runs every mutant whose name has `text` in it and says what found it. Returns whether all were found. */
export async function runMutants(text: string): Promise<boolean> {
  const mutants = MUTANTS.filter(({ name }) => name.includes(text));
  const waiting = [...mutants];
  let missed = 0;
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const report = await runMutant(mutant);
      const found = isFound(mutant, report);
      if (!found) missed++;
      console.log(`${found ? 'found' : 'MISSED'}  ${mutant.name.padEnd(66)} ${describe(report)}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  console.log(`\n${mutants.length} mutants, ${missed} missed`);
  return missed === 0;
}

function describe(report: Report | string): string {
  if (typeof report === 'string') return report;
  const invariants = [...new Set(report.violations.map(({ invariant }) => invariant))].sort();
  const seeds = report.seed === 1 ? '1 seed' : `${report.seed} seeds`;
  return invariants.length === 0 ? 'by nothing' : `by ${invariants.join(' ')} in ${seeds}`;
}
