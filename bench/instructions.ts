// bun bench/instructions.ts [ROOMSxMEMBERSxWINDOW …]: instructions of the server in user space, a delivery, counted by
// valgrind's callgrind under a crowd over TCP. It needs valgrind and some minutes a shape: what is counted runs fifty
// times slower, and only what was compiled to the end is worth counting. Where the processor has counters that may be
// read, `perf stat -e instructions:u,instructions:k -p PID` says the same, with the kernel's part, in two seconds.
//
// How to read it: a figure is steady to a few percent on any machine, however busy; work done by the clock (sweeps,
// collections) weighs more than in a server at full speed. A block that is moved is counted by its bytes where a
// processor counts one instruction: a busy room's memory moves about once, so some ten of a delivery in rooms of 20
// are not real. By parts: `javascript` is compiled code, `runtime` Bun, `library` the C library.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Crowd, deliveries, type Shape } from './crowd.ts';
import { machineLine, thisMachine } from './machine.ts';
import { ServerProcess } from './server-process.ts';

const SHAPES = ['1x200x16', '50x20x16'];
/** Messages until everything is compiled for good, and messages that are counted. */
const WARM_MESSAGES = 400_000;
const COUNTED_MESSAGES = 40_000;

async function main(shapes: readonly string[]): Promise<number> {
  if (Bun.which('valgrind') === null) {
    process.stderr.write('bench/instructions.ts: needs valgrind\n');
    return 2;
  }
  process.stdout.write(`${machineLine(thisMachine())}\n`);
  for (const name of shapes) {
    const [rooms = 0, members = 0, window = 0] = name.split('x').map(Number);
    if (![rooms, members, window].every((count) => Number.isSafeInteger(count) && count > 0)) {
      process.stderr.write(`bench/instructions.ts: not ROOMSxMEMBERSxWINDOW: ${name}\n`);
      return 2;
    }
    process.stdout.write(`${name}: ${await count({ rooms, members, publishers: 1, window })}\n`);
  }
  return 0;
}

/** Counts one shape; the figures as text. */
async function count(shape: Shape): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-instructions-'));
  const out = join(folder, 'counts');
  // Code that is compiled while it runs changes under valgrind's eyes.
  const valgrind = ['valgrind', '-q', '--tool=callgrind', '--instr-atstart=no', '--smc-check=all-non-file'];
  try {
    await using server = await ServerProcess.startUnder(...valgrind, `--callgrind-out-file=${out}`);
    await using crowd = await Crowd.gather([server.port], shape, 'c');
    const messages = shape.rooms * shape.window;
    for (let sent = 0; sent < WARM_MESSAGES; sent += messages) await crowd.wave();
    control('-i', 'on', server.pid);
    let delivered = 0;
    for (let sent = 0; sent < COUNTED_MESSAGES; sent += messages) {
      await crowd.wave();
      delivered += deliveries(shape);
    }
    control('-i', 'off', server.pid);
    control('-d', '', server.pid);
    return report(instructions(folder), delivered);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function control(what: string, argument: string, pid: number): void {
  const args = argument === '' ? [what] : [what, argument];
  const { exitCode, stderr } = Bun.spawnSync(['callgrind_control', ...args, String(pid)]);
  if (exitCode !== 0) throw new Error(`callgrind_control: ${stderr.toString()}`);
}

/** Instructions by the file that they stand in; '???' is what was compiled while the server ran. */
function instructions(folder: string): Map<string, number> {
  const counted = new Map<string, number>();
  for (const file of readdirSync(folder)) addFile(readFileSync(join(folder, file), 'latin1'), counted);
  return counted;
}

/** Adds what one of callgrind's files says: its own lines, not the sums of calls that follow `calls=`. */
function addFile(text: string, counted: Map<string, number>): void {
  const objects = new Map<string, string>();
  let object = '';
  let isCall = false;
  for (const line of text.split('\n')) {
    const named = /^c?ob=\((\d+)\)(?: (.*))?$/.exec(line);
    if (named !== null) {
      const [, id = '', name] = named;
      if (name !== undefined) objects.set(id, name);
      if (line.startsWith('ob=')) object = objects.get(id) ?? '';
    } else if (line.startsWith('calls=')) isCall = true;
    else if (/^[+\-*\d]/.test(line)) {
      if (!isCall) counted.set(object, (counted.get(object) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
      isCall = false;
    }
  }
}

function report(counted: ReadonlyMap<string, number>, delivered: number): string {
  const parts = { javascript: 0, runtime: 0, library: 0 };
  for (const [object, count] of counted) {
    if (object === '???' || object === '') parts.javascript += count;
    else if (/\/bun[^/]*$/.test(object)) parts.runtime += count;
    else parts.library += count;
  }
  const { javascript, runtime, library } = parts;
  const each = (count: number): string => (count / delivered).toFixed(1);
  const all = each(javascript + runtime + library);
  return `${all} instructions a delivery (javascript ${each(javascript)}, runtime ${each(runtime)}, library ${each(library)})`;
}

process.exitCode = await main(process.argv.length > 2 ? process.argv.slice(2) : SHAPES);
