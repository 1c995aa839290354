// bun bench/instructions.ts [--servers N] [--calls] [--web] [--bare|--watched] [SHAPE …]: instructions of a server in user space, a delivery,
// counted by valgrind's callgrind under a crowd over TCP; of N servers with the members of each room spread over them,
// summed. A SHAPE is ROOMSxMEMBERSxWINDOW, or ROOMSxMEMBERSxPUBLISHERSxWINDOW where a room has not one publisher.
// It needs valgrind and some minutes a shape: what is counted runs fifty times slower, and only what was compiled to the
// end is worth counting. Where the processor has counters that may be read, `perf stat -e instructions:u,instructions:k
// -p PID` says the same, with the kernel's part, in two seconds.
//
// `--calls` counts system calls a delivery instead, at full speed, with `perf`, and says what they cost in the kernel.
//
// `--web` has the crowd come by WebSocket.
//
// `--bare` has no HTTP and no log, `--watched` has both, and its figures are read once a second: what all of that costs a
// delivery is the difference. Counted, a second lasts a minute; so how many messages a server gives to such a crowd in
// one second is found first, at full speed, and /metrics is read once for as many.
//
// How to read it: a figure is steady to a few percent on any machine, however busy; work done by the clock (sweeps,
// collections) weighs more than in a server at full speed. A block that is moved is counted by its bytes where a
// processor counts one instruction: a busy room's memory moves about once, so some ten of a delivery in rooms of 20
// are not real. By parts: `javascript` is compiled code, `runtime` Bun, `library` the C library.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Crowd, deliveries, type Shape } from './crowd.ts';
import { helpIfAsked } from './help.ts';
import { machineLine, thisMachine } from './machine.ts';
import { ServerProcess } from './server-process.ts';
import { type Calls, costOf, systemCalls } from './system-calls.ts';

const SHAPES = ['1x200x16', '50x20x16'];
/** Messages until everything is compiled for good, and messages that are counted. */
const WARM_MESSAGES = 400_000;
const COUNTED_MESSAGES = 40_000;
/** Waves until a server at full speed is as it stays, and waves whose calls are counted. */
const WARM_WAVES = 500;
const COUNTED_WAVES = 2_000;
/** How long it is looked how many messages a server at full speed gives out. */
const PACE_MS = 3_000;
/** So often its figures are read while it is counted. */
const SCRAPES = 4;

/** Nothing but the server; and what operators have of it, its log on. */
const BARE = ['--http', 'off', '--log-level', 'error'];
const WATCHED = ['--http', '127.0.0.1:0', '--log-level', 'info', '--log-format', 'json'];

interface Setting {
  readonly servers: number;
  readonly web: boolean;
  readonly bare: boolean;
  readonly watched: boolean;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      servers: { type: 'string', default: '1' },
      calls: { type: 'boolean', default: false },
      web: { type: 'boolean', default: false },
      bare: { type: 'boolean', default: false },
      watched: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const servers = Number(values.servers);
  if (!Number.isInteger(servers) || servers < 1 || servers > 9) return fail('--servers takes 1 to 9');
  if (values.bare && values.watched) return fail('--bare and --watched are two runs');
  const setting = { ...values, servers };
  const shapes = (positionals.length > 0 ? positionals : SHAPES).map((name) => ({ name, shape: readShape(name) }));
  const wrong = shapes.find(({ shape }) => shape === undefined);
  if (wrong !== undefined) return fail(`not ROOMSxMEMBERSx[PUBLISHERSx]WINDOW: ${wrong.name}`);
  const program = values.calls ? 'perf' : 'valgrind';
  if (Bun.which(program) === null) return fail(`needs ${program}`);
  process.stdout.write(`${machineLine(thisMachine())}\n`);
  for (const { name, shape } of shapes) {
    const figures = await (values.calls ? countCalls : countInstructions)(shape as Shape, setting);
    process.stdout.write(`${name}${nameOf(setting)}: ${figures}\n`);
  }
  return 0;
}

function nameOf({ servers, bare, watched }: Setting): string {
  return `${servers === 1 ? '' : ` at ${servers} servers`}${bare ? ', bare' : ''}${watched ? ', watched' : ''}`;
}

function flagsOf({ bare, watched }: Setting): readonly string[] {
  return bare ? BARE : watched ? WATCHED : [];
}

function fail(complaint: string): number {
  process.stderr.write(`bench/instructions.ts: ${complaint}\n`);
  return 2;
}

function readShape(name: string): Shape | undefined {
  const counts = name.split('x').map(Number);
  if (counts.length === 3) counts.splice(2, 0, 1);
  if (counts.length !== 4 || !counts.every((count) => Number.isSafeInteger(count) && count > 0)) return undefined;
  const [rooms, members, publishers, window] = counts as [number, number, number, number];
  return publishers > members ? undefined : { rooms, members, publishers, window };
}

/** Counts the instructions of one shape; the figures as text. */
async function countInstructions(shape: Shape, setting: Setting): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-instructions-'));
  const out = join(folder, 'counts.%p');
  // Code that is compiled while it runs changes under valgrind's eyes.
  const valgrind = ['valgrind', '-q', '--tool=callgrind', '--instr-atstart=no', '--smc-check=all-non-file'];
  const under = [...valgrind, `--callgrind-out-file=${out}`];
  const second = setting.watched ? await messagesASecond(shape, setting) : Number.POSITIVE_INFINITY;
  try {
    await using stack = new AsyncDisposableStack();
    const servers = await ServerProcess.startAll(stack, setting.servers, { under, flags: flagsOf(setting) });
    const crowd = stack.use(await gather(servers, shape, setting.web));
    const wave = shape.rooms * shape.publishers * shape.window;
    let scrapes = 0;
    /** Sends so many messages, and reads the figures once for each second of them. */
    const send = async (messages: number): Promise<number> => {
      let waves = 0;
      for (let unread = 0; waves * wave < messages; waves++) {
        await crowd.wave();
        unread += wave;
        if (unread < second) continue;
        unread -= second;
        scrapes++;
        for (const { http } of servers) await (await fetch(`http://${http}/metrics`)).text();
      }
      return waves * deliveries(shape);
    };
    await send(WARM_MESSAGES);
    scrapes = 0;
    for (const { pid } of servers) control('-i', 'on', pid);
    const delivered = await send(setting.watched ? Math.max(COUNTED_MESSAGES, SCRAPES * second) : COUNTED_MESSAGES);
    for (const { pid } of servers) control('-i', 'off', pid);
    for (const { pid } of servers) control('-d', '', pid);
    const read = setting.watched ? `, read ${scrapes} times, once for ${second.toFixed(0)} messages` : '';
    return report(instructions(folder), delivered) + read;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The messages that a server at full speed gives out in a second. */
async function messagesASecond(shape: Shape, { servers: count, web }: Setting): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const crowd = stack.use(await gather(await ServerProcess.startAll(stack, count, { flags: BARE }), shape, web));
  for (let i = 0; i < WARM_WAVES; i++) await crowd.wave();
  const began = performance.now();
  let waves = 0;
  for (; performance.now() - began < PACE_MS; waves++) await crowd.wave();
  return (waves * shape.rooms * shape.publishers * shape.window * 1000) / (performance.now() - began);
}

/** Counts the system calls of one shape; the figures as text. */
async function countCalls(shape: Shape, setting: Setting): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const servers = await ServerProcess.startAll(stack, setting.servers, { flags: flagsOf(setting) });
  const crowd = stack.use(await gather(servers, shape, setting.web));
  const waves = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await crowd.wave();
  };
  await waves(WARM_WAVES);
  const calls = await systemCalls(
    servers.map(({ pid }) => pid),
    () => waves(COUNTED_WAVES),
  );
  return reportCalls(calls, COUNTED_WAVES, deliveries(shape));
}

function gather(servers: readonly ServerProcess[], shape: Shape, web: boolean): Promise<Crowd> {
  const ports = servers.map((server) => (web ? server.web : server.port));
  return Crowd.gather(ports, shape, 'c', { web });
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

function reportCalls(calls: Calls, waves: number, deliveredInWave: number): string {
  const each = Object.entries(calls).map(([kind, count]) => `${kind} ${(count / waves).toFixed(1)}`);
  const cost = (costOf(calls) / waves / deliveredInWave).toFixed(1);
  return `about ${cost} instructions of the kernel a delivery; calls a wave: ${each.join(', ')}`;
}

helpIfAsked(import.meta.path);
process.exitCode = await main();
