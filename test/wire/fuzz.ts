// `bun run fuzz --seconds N [--seed S]`: holds the scanner against the reference parser for as long as it is told, on
// streams that a seed decides. Says now and then how far it is; prints a failing stream, made short, and exits 1.

import { parseArgs } from 'node:util';
import { describeCase, difference, generateCase, minimise } from './differential.ts';
import { seeded } from './generate.ts';

const BATCH = 500;
const REPORT_MS = 5_000;

const USAGE = `Usage: bun run fuzz [--seconds N] [--seed S]

  --seconds N  how long (10)
  --seed S     the streams of another run again (by the clock)
  --help       this text`;
const { seconds, seed } = readFlags(process.argv.slice(2));
process.exit(fuzz(seconds * 1000, seed));

function readFlags(args: readonly string[]): { readonly seconds: number; readonly seed: number } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { seconds: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      console.log(USAGE);
      process.exit(0);
    }
    const seconds = Number(values.seconds ?? '10');
    const seed = Number(values.seed ?? String(Date.now() % 0x7fffffff));
    if (seconds > 0 && seconds < Number.POSITIVE_INFINITY && Number.isSafeInteger(seed)) return { seconds, seed };
  } catch {
    // A flag that there is not: the usage says which there are.
  }
  console.error(USAGE);
  process.exit(2);
}

function fuzz(lengthMs: number, seed: number): number {
  console.log(`fuzzing the scanner for ${lengthMs / 1000} s, seed ${seed}`);
  const random = seeded(seed);
  const started = performance.now();
  let reportMs = REPORT_MS;
  let streams = 0;
  for (;;) {
    for (let i = 0; i < BATCH; i++, streams++) {
      const generated = generateCase(random);
      if (difference(generated) === undefined) continue;
      console.log(`stream ${streams} of seed ${seed} fails; made short:\n${describeCase(minimise(generated))}`);
      return 1;
    }
    const elapsedMs = performance.now() - started;
    if (elapsedMs >= lengthMs) break;
    if (elapsedMs < reportMs) continue;
    reportMs += REPORT_MS;
    console.log(`${streams} streams in ${Math.round(elapsedMs / 1000)} s, no difference`);
  }
  console.log(`${streams} streams, no difference`);
  return 0;
}
