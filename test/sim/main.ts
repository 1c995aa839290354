// bun run sim: many seeds, one seed again, or every planted bug; --help lists its flags. It exits 1 when something failed, and prints what it takes to see it again; 2 for flags that it does not know.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type ManyOptions, runMany, type SeedReport, type Summary, seedReports } from './many.ts';
import { runSeed } from './run.ts';
import type { Violation } from './violation.ts';

const PROGRESS_MS = 2_000;
const DEFAULT_SEEDS = 200;

const USAGE = `Usage: bun run sim [--seeds N] [--from S]      many seeds; ends at the first that fails
       bun run sim --seed S [--trace]          one seed again
       bun run sim --mutants [--only TEXT]     whether each planted bug is found

  --seeds N    how many seeds (${DEFAULT_SEEDS})
  --from S     the first of them (1)
  --all        go on behind seeds that fail
  --jobs N     so many processes (one for each core)
  --json       one line of JSON instead of words
  --trace      every event of the seed, a line each
  --servers N  so many servers, 1 to 5, or \`many\`: two or more (drawn from the seed)
  --cores N    so many client cores, which lose their connections all the time
  --only TEXT  those whose name has the text in it
  --help       this text`;
const values = readFlags(process.argv.slice(2));
const servers = values.servers === 'many' ? 'many' : values.servers === undefined ? undefined : Number(values.servers);
const cores = values.cores === undefined ? undefined : Number(values.cores);
const options = {
  count: Number(values.seeds ?? DEFAULT_SEEDS),
  from: Number(values.from ?? 1),
  servers,
  cores,
  all: values.all === true,
} as const;

if (values.mutants === true) {
  const { runMutants } = await import('./mutants.ts');
  process.exit((await runMutants(values.only ?? '')) ? 0 : 1);
}
if (values.part !== undefined) part(values.part);
else if (values.seed !== undefined) one(Number(values.seed));
else if (values.json === true) await silently();
else await many();

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        from: { type: 'string' },
        seed: { type: 'string' },
        servers: { type: 'string' },
        jobs: { type: 'string' },
        cores: { type: 'string' },
        part: { type: 'string' },
        only: { type: 'string' },
        trace: { type: 'boolean' },
        mutants: { type: 'boolean' },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) {
      console.log(USAGE);
      process.exit(0);
    }
    // No number would be no seed, and no seed fails.
    const numbers = [values.seeds, values.from, values.seed, values.jobs, values.cores].filter(
      (text) => text !== undefined,
    );
    const isCount = values.servers === undefined || /^(many|[1-5])$/.test(values.servers);
    if (isCount && numbers.every((text) => /^[1-9][0-9]{0,14}$/.test(text))) return values;
  } catch {
    // A flag that there is not: the usage says which there are.
  }
  console.error(USAGE);
  process.exit(2);
}

function one(seed: number): never {
  const onLine = values.trace === true ? (line: string) => console.log(line) : undefined;
  const result = runSeed(seed, { servers, cores, onLine });
  report(result);
  console.log(`seed ${seed}: hash ${result.hash}, ${result.events} events, ${result.frames} frames`);
  process.exit(result.violations.length === 0 ? 0 : 1);
}

/** What another process of ours asked for: a line for each seed. */
function part(which: string): never {
  const [first = 0, step = 1] = which.split('/').map(Number);
  for (const seed of seedReports(options, first, step)) console.log(JSON.stringify(seed));
  process.exit(0);
}

/** One line at the end; for mutants, which have one process each. */
async function silently(): Promise<never> {
  const { firstFailed } = await runMany({ ...options, jobs: 1, onSeed: () => {} });
  const { seed, violations = [] } = firstFailed ?? {};
  console.log(JSON.stringify({ seed, violations }));
  process.exit(violations.length === 0 ? 0 : 1);
}

async function many(): Promise<never> {
  const started = performance.now();
  const minutes = (): number => (performance.now() - started) / 60_000;
  let shownAt = started;
  let done = 0;
  let events = 0;
  /** Connections that cores lost, moved, or had under a server that went. */
  let breaks = 0;
  const onSeed = (seed: SeedReport): void => {
    done++;
    events += seed.events;
    for (const [event, times] of seed.sometimes) if (event.startsWith('core: ')) breaks += times;
    report(seed);
    if (performance.now() - shownAt < PROGRESS_MS) return;
    shownAt = performance.now();
    const pace = `${Math.round(done / minutes())} a minute`;
    console.log(`${done} of ${options.count} seeds, ${pace}, ${events} events, ${breaks} breaks of client cores`);
  };
  const jobs = Number(values.jobs ?? availableParallelism());
  const summary = await runMany({ ...options, jobs: Math.min(jobs, options.count), onSeed } satisfies ManyOptions);
  conclude(summary, minutes());
  process.exit(summary.failed === 0 ? 0 : 1);
}

function conclude({ seeds, failed, events, frames, elapsedMs, sometimes }: Summary, minutes: number): void {
  console.log(`\nsometimes:\n${sometimes.lines().join('\n')}`);
  const hours = (elapsedMs / 3_600_000).toFixed(1);
  const pace = `${Math.round(seeds / minutes)} seeds a minute, ${Math.round(events / seeds)} events a seed`;
  console.log(`\n${seeds} seeds, ${hours} simulated hours, ${frames} frames, ${pace}, ${failed} failed`);
}

function report({ seed, violations }: { readonly seed: number; readonly violations: readonly Violation[] }): void {
  if (violations.length === 0) return;
  console.log(`\nseed ${seed} fails:`);
  for (const { invariant, at, what } of violations)
    console.log(`  ${invariant} at ${(at / 1000).toFixed(3)} s: ${what.slice(0, 300).replaceAll('\n', '␊')}`);
  const fixed =
    (servers === undefined ? '' : ` --servers ${servers}`) + (cores === undefined ? '' : ` --cores ${cores}`);
  console.log(`  again: bun run sim --seed ${seed}${fixed} --trace\n`);
}
