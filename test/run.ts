// The test run: types, lint and format, then every test, one step after the other with its time. The tests run in three
// processes side by side: one computes, two start servers and wait for them most of the time, a few files after another.
//
//   bun run test [filter…]   everything; filters choose test files
//   bun run test:long        the same, where tests with more to give give it (CHORUS_TEST_LONG=1)
//   bun run check            types, lint and format alone
//
// --help says so and runs nothing; any other flag is refused with 2.
// The last line is `N passed, N failed` and, when there are any, `, N skipped`; the exit code is 0 only when nothing
// failed. Each check counts as one. It never hangs: a run over its time is stopped and counted as failed.

import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { add, judge, NONE, type Tally, tallyLine } from './support/report.ts';

const ROOT = resolve(import.meta.dir, '..');
const BUN = process.execPath;
const TSC = [BUN, 'node_modules/typescript/bin/tsc', '-p'];
const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['types', [...TSC, 'tsconfig.json']],
  ['types of the pure folders', [...TSC, 'src/tsconfig.pure.json']],
  ['types of the pages', [...TSC, 'src/pages/tsconfig.json']],
  ['lint and format', [BUN, 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings']],
];
const LIMIT_MS = 175_000;
/** Processes side by side for tests that wait for other processes, and the files that one takes at a time. */
const LANES = 2;
const PIECE = 3;
/** What takes a browser or servers long, beside tests of the same parts that run each time. */
const LONG_ONLY = ['test/e2e/pages-edges.test.ts', 'test/e2e/sdk-kills.test.ts'];
/** What a test may take that names no deadline of its own: on a busy machine all of them are slow. */
const TEST_MS = 60_000;
/** What a step may take to end after a signal. */
const GRACE_MS = 1000;
const LONG_LIMIT_MS = 30 * 60_000;

interface Mode {
  readonly tests: boolean;
  readonly long: boolean;
}
const ALL: Mode = { tests: true, long: false };
const MODES = new Map<string | undefined, Mode>([
  ['check', { ...ALL, tests: false }],
  ['long', { ...ALL, long: true }],
]);

const USAGE = `Usage: bun run test [FILTER…]       types, lint and format, then all tests, or those in files named like a FILTER
       bun run test:long [FILTER…]  the same, where tests with more to give give it
       bun run check                types, lint and format alone`;

const named = MODES.get(process.argv[2]);
const mode = named ?? ALL;
/** Choose test files. */
const filters = process.argv.slice(named === undefined ? 2 : 3);
const flag = filters.find((filter) => filter.startsWith('-'));
if (flag !== undefined) {
  const help = flag === '--help' || flag === '-h';
  console[help ? 'log' : 'error'](help ? USAGE : `test: there is no flag ${JSON.stringify(flag)}\n${USAGE}`);
  process.exit(help ? 0 : 2);
}
const deadline = performance.now() + (mode.long ? LONG_LIMIT_MS : LIMIT_MS);

const running = new Set<Bun.Subprocess>();
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));

let tally: Tally = NONE;
for (const [name, command] of CHECKS) tally = add(tally, await step(name, () => check(command)));
if (mode.tests) tally = add(tally, await step('tests', test));
console.log(`\n${tallyLine(tally)}`);
process.exit(tally.failed === 0 ? 0 : 1);

/** Passes a signal on to what runs; a test may hold signals back, so more force follows. */
function stop(signal: NodeJS.Signals): void {
  stopped = true;
  for (const child of running) {
    child.kill(signal);
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
  }
}

async function step(name: string, work: () => Promise<Tally>): Promise<Tally> {
  if (stopped) return { ...NONE, failed: 1 };
  const started = performance.now();
  console.log(`── ${name}`);
  const result = await work();
  const verdict = result.failed === 0 ? 'ok' : 'FAILED';
  console.log(`── ${name}: ${verdict} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return result;
}

async function check(command: readonly string[]): Promise<Tally> {
  return (await run(command)) === 0 ? { ...NONE, passed: 1 } : { ...NONE, failed: 1 };
}

/** Every test, or those in files whose names contain a filter. */
async function test(): Promise<Tally> {
  const wanted = (file: string) => filters.length === 0 || filters.some((filter) => file.includes(filter));
  const due = (file: string) => mode.long || filters.length > 0 || !LONG_ONLY.includes(file);
  const files = [...new Bun.Glob('test/**/*.test.ts').scanSync(ROOT)]
    .filter((file) => wanted(file) && due(file))
    .sort();
  if (files.length === 0) {
    console.log(`(fail) no file of tests is called anything like ${filters.join(' or ')}`);
    return { ...NONE, failed: 1 };
  }
  // Whoever is done takes the next few files, so that nobody is left alone with the long ones at the end.
  const pieces = inPieces(files.filter(isWaiting));
  const take = async (share: readonly string[] | undefined, later: boolean): Promise<Tally> => {
    if (share === undefined || stopped) return NONE;
    const tally = share.length > 0 ? await testFiles(share, later) : NONE;
    return add(tally, await take(pieces.shift(), true));
  };
  const computing = files.filter((file) => !isWaiting(file));
  const lanes = [take(computing, false), ...Array.from({ length: LANES }, () => take(pieces.shift(), true))];
  return (await Promise.all(lanes)).reduce(add, NONE);
}

/** Files a few at a time, those with a browser first and all in one piece: two browsers at once would starve the rest. */
function inPieces(files: readonly string[]): string[][] {
  const browsing = files.filter((file) => file.includes('/pages-'));
  const others = files.filter((file) => !browsing.includes(file));
  const pieces = Array.from({ length: Math.ceil(others.length / PIECE) }, (_, i) =>
    others.filter((_file, at) => at % Math.ceil(others.length / PIECE) === i),
  );
  return [browsing, ...pieces].filter(({ length }) => length > 0);
}

/** Whether the tests of a file wait for other processes most of the time. */
function isWaiting(file: string): boolean {
  return ['test/e2e/', 'test/cli/', 'test/docs/protocol'].some((start) => file.startsWith(start));
}

/** `later`: its output is shown when it is over. */
async function testFiles(files: readonly string[], later: boolean): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-test-'));
  try {
    const path = join(folder, 'report.xml');
    const output = later ? join(folder, 'output') : undefined;
    const command = [
      BUN,
      'test',
      `--timeout=${TEST_MS}`,
      '--reporter=junit',
      `--reporter-outfile=${path}`,
      ...files.map((file) => `./${file}`),
    ];
    const code = await run(command, mode.long ? { CHORUS_TEST_LONG: '1' } : {}, output);
    if (output !== undefined) process.stdout.write(await Bun.file(output).text());
    const report = Bun.file(path);
    const [result, troubles] = judge((await report.exists()) ? await report.text() : undefined, code, files);
    for (const trouble of troubles) console.log(`(fail) ${trouble}`);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command to its end or the deadline; its output goes to a file or where ours goes. Returns the exit code. */
async function run(command: readonly string[], extra: Record<string, string> = {}, output?: string): Promise<number> {
  const file = output === undefined ? undefined : openSync(output, 'w');
  const child = Bun.spawn([...command], {
    cwd: ROOT,
    env: { ...process.env, ...extra },
    stdio: ['ignore', file ?? 'inherit', file ?? 'inherit'],
  });
  if (file !== undefined) closeSync(file);
  running.add(child);
  const timer = setTimeout(() => {
    console.log('(fail) stopped: the run is over its time');
    child.kill('SIGKILL');
  }, deadline - performance.now());
  const code = await child.exited;
  clearTimeout(timer);
  running.delete(child);
  return code;
}
