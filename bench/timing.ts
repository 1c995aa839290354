// Timing of what runs in nanoseconds: cases that do the same work, measured by mitata one after the other and that
// several times over, so that what else the machine does meets all of them. A case is a function that does many
// operations; results are nanoseconds an operation.

import { measure } from 'mitata';
import type { Reporter, Table } from './report.ts';

export interface Case {
  readonly name: string;
  /** Operations that one call does. */
  readonly operations: number;
  /** Answers something that depends on the work, so that none of it can be left out. */
  readonly run: () => number;
}

export interface Group {
  readonly suite: string;
  readonly title: string;
  /** What an operation is: `frame`. */
  readonly unit: string;
  /** The first is the baseline. */
  readonly cases: readonly Case[];
  readonly note?: string;
}

/** How long a case is measured, and how often in turn with the others. */
export interface Effort {
  readonly rounds: number;
  readonly caseMs: number;
}

export const FULL: Effort = { rounds: 5, caseMs: 150 };
export const SMOKE: Effort = { rounds: 1, caseMs: 0 };

/** Measures every case of a group and hands over its table. */
export async function time(group: Group, effort: Effort, reporter: Reporter): Promise<void> {
  const { suite, title, unit, cases, note } = group;
  reporter.progress(`${suite}: ${title}`);
  const medians: number[][] = cases.map(() => []);
  let best = cases.map(() => Number.POSITIVE_INFINITY);
  // Once without a record: the compiler has seen every case before the first one counts.
  for (let round = effort.rounds > 1 ? -1 : 0; round < effort.rounds; round++) {
    for (const [i, one] of cases.entries()) {
      const { p50, min } = await sample(one, effort);
      if (round < 0) continue;
      medians[i]?.push(p50);
      best = best.with(i, Math.min(best[i] as number, min));
    }
  }
  const base = medians[0] as number[];
  const rows = cases.map(({ name }, i) => {
    const mine = medians[i] as number[];
    const ratios = mine.map((ns, round) => ns / (base[round] as number));
    return { name, values: [median(mine), best[i], i === 0 ? 1 : median(ratios)] };
  });
  const table: Table = { suite, title, columns: [`ns a ${unit}`, 'at best', 'ratio'], rows };
  reporter.table(note === undefined ? table : { ...table, note });
}

/** Nanoseconds an operation of one case. */
async function sample({ operations, run }: Case, { caseMs }: Effort): Promise<{ p50: number; min: number }> {
  const { p50, min } = await measure(run, {
    // A call does many operations: it is timed alone, never in a batch whose length mitata would choose.
    batch_threshold: 0,
    min_cpu_time: caseMs * 1e6,
    min_samples: caseMs === 0 ? 2 : 12,
    warmup_samples: 1,
    // Nothing that is measured here leaves much behind; a full collection before each case would take longer than it.
    gc: false,
  });
  return { p50: p50 / operations, min: min / operations };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
