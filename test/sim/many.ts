// Many seeds, on several cores: each core has a process that runs every so-many-th seed and says one line of JSON about
// each. What a seed does depends on nothing but the seed, so it makes no difference which process ran it.

import { resolve } from 'node:path';
import { type Result, runSeed } from './run.ts';
import { Sometimes } from './sometimes.ts';
import type { Violation } from './violation.ts';

const MAIN = resolve(import.meta.dir, 'main.ts');

export interface ManyOptions {
  readonly count: number;
  readonly from: number;
  readonly servers: number | 'many' | undefined;
  /** Client cores on rough lines. */
  readonly cores?: number | undefined;
  /** Processes; 1: all of it here. */
  readonly jobs: number;
  /** Goes on behind seeds that fail. */
  readonly all: boolean;
  readonly onSeed: (seed: SeedReport) => void;
}

/** What is told of one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly events: number;
  readonly elapsedMs: number;
  readonly frames: number;
  readonly sometimes: readonly (readonly [string, number])[];
}

export interface Summary {
  seeds: number;
  failed: number;
  /** The lowest one that failed. */
  firstFailed: SeedReport | undefined;
  events: number;
  frames: number;
  elapsedMs: number;
  readonly sometimes: Sometimes;
}

/** Every `step`-th seed of `count` from `from` on, until one fails or all are done. */
export function* seedReports(
  { count, from, servers, cores, all }: Omit<ManyOptions, 'jobs' | 'onSeed'>,
  first = 0,
  step = 1,
): Generator<SeedReport> {
  for (let i = first; i < count; i += step) {
    const report = reportOf(runSeed(from + i, { servers, cores }));
    yield report;
    if (report.violations.length > 0 && !all) return;
  }
}

function reportOf({ seed, hash, violations, events, elapsedMs, frames, sometimes }: Result): SeedReport {
  return { seed, hash, violations, events, elapsedMs, frames, sometimes: [...sometimes.counts] };
}

export async function runMany(options: ManyOptions): Promise<Summary> {
  const summary: Summary = {
    seeds: 0,
    failed: 0,
    firstFailed: undefined,
    events: 0,
    frames: 0,
    elapsedMs: 0,
    sometimes: new Sometimes(),
  };
  const take = (report: SeedReport): void => {
    add(summary, report);
    options.onSeed(report);
  };
  if (options.jobs === 1) for (const report of seedReports(options)) take(report);
  else await Promise.all(Array.from({ length: options.jobs }, (_, job) => runJob(options, job, take)));
  return summary;
}

function add(summary: Summary, report: SeedReport): void {
  summary.seeds++;
  summary.events += report.events;
  summary.frames += report.frames;
  summary.elapsedMs += report.elapsedMs;
  for (const [event, times] of report.sometimes) summary.sometimes.count(event, times);
  if (report.violations.length === 0) return;
  summary.failed++;
  if (report.seed < (summary.firstFailed?.seed ?? Number.POSITIVE_INFINITY)) summary.firstFailed = report;
}

async function runJob(options: ManyOptions, job: number, take: (report: SeedReport) => void): Promise<void> {
  const { count, from, servers, cores, all, jobs } = options;
  const flags = ['--seeds', String(count), '--from', String(from), '--part', `${job}/${jobs}`];
  if (servers !== undefined) flags.push('--servers', String(servers));
  if (cores !== undefined) flags.push('--cores', String(cores));
  if (all) flags.push('--all');
  const child = Bun.spawn([process.execPath, MAIN, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  let rest = '';
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(JSON.parse(line) as SeedReport);
  }
  if ((await child.exited) !== 0) throw new Error(`a process that ran seeds ended with ${child.exitCode}`);
}
