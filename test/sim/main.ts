// bun run sim: many seeds, one seed again, or every planted bug.
//
//   --seeds N [--from S]     N seeds from S (1) on; ends at the first that fails
//   --seed S [--trace]       one seed; with its trace, every event a line
//   --all                    goes on behind seeds that fail
//   --json                   one line of JSON instead of words
//   --mutants                each planted bug has to be found
//
// It exits 1 when something failed, and prints what it takes to see it again; 2 for flags that it does not know.

import { parseArgs } from 'node:util';
import { type Result, runSeed } from './run.ts';
import { Sometimes } from './sometimes.ts';

const PROGRESS_MS = 2_000;
const DEFAULT_SEEDS = 200;

const USAGE = 'usage: bun run sim [--seeds N] [--from S] [--all] [--json] | --seed S [--trace] | --mutants';
const values = readFlags(process.argv.slice(2));
const servers = values.servers === 'many' ? 'many' : values.servers === undefined ? undefined : Number(values.servers);

if (values.mutants === true) {
  const { runMutants } = await import('./mutants.ts');
  process.exit((await runMutants()) ? 0 : 1);
}
if (values.seed !== undefined) one(Number(values.seed));
else many(Number(values.seeds ?? DEFAULT_SEEDS), Number(values.from ?? 1));

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        from: { type: 'string' },
        seed: { type: 'string' },
        servers: { type: 'string' },
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
    const numbers = [values.seeds, values.from, values.seed].filter((text) => text !== undefined);
    const isCount = values.servers === undefined || /^(many|[1-5])$/.test(values.servers);
    if (isCount && numbers.every((text) => /^[1-9][0-9]{0,14}$/.test(text))) return values;
  } catch {
    // A flag that there is not: the usage says which there are.
  }
  console.error(USAGE);
  process.exit(2);
}

function one(seed: number): never {
  const result = runSeed(seed, { servers, onLine: values.trace === true ? (line) => console.log(line) : undefined });
  report(result);
  console.log(`seed ${seed}: hash ${result.hash}, ${result.events} events, ${result.frames} frames`);
  process.exit(result.violations.length === 0 ? 0 : 1);
}

function many(count: number, from: number): never {
  const sometimes = new Sometimes();
  const started = performance.now();
  let shownAt = started;
  let failed = 0;
  let virtualMs = 0;
  let frames = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = runSeed(seed, { servers });
    sometimes.add(result.sometimes);
    virtualMs += result.elapsedMs;
    frames += result.frames;
    if (result.violations.length > 0) {
      failed++;
      if (values.json === true) {
        console.log(JSON.stringify({ seed, violations: result.violations }));
        process.exit(1);
      }
      report(result);
      if (values.all !== true) break;
    }
    if (performance.now() - shownAt < PROGRESS_MS || values.json === true) continue;
    shownAt = performance.now();
    console.log(`${seed - from + 1} of ${count} seeds, ${rate(seed - from + 1)} a second, ${frames} frames`);
  }
  if (values.json === true) {
    console.log(JSON.stringify({ violations: [] }));
    process.exit(0);
  }
  console.log(`\nsometimes:\n${sometimes.lines().join('\n')}`);
  const hours = (virtualMs / 3_600_000).toFixed(1);
  console.log(
    `\n${count} seeds, ${hours} simulated hours, ${frames} frames, ${rate(count)} seeds a second, ${failed} failed`,
  );
  process.exit(failed === 0 ? 0 : 1);

  function rate(done: number): string {
    return ((done * 1000) / (performance.now() - started)).toFixed(1);
  }
}

function report({ seed, violations }: Result): void {
  if (violations.length === 0) return;
  console.log(`\nseed ${seed} fails:`);
  for (const { invariant, at, what } of violations)
    console.log(`  ${invariant} at ${(at / 1000).toFixed(3)} s: ${what.slice(0, 300).replaceAll('\n', '␊')}`);
  console.log(`  again: bun run sim --seed ${seed} --trace\n`);
}
