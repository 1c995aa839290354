// bun run bench: measures what is said to be fast, beside the least that could be done.
//
//   wire, fanout, order   what runs in nanoseconds, by mitata
//   client                what a client pays for the messages that it receives, by mitata
//   allocations           collections counted while millions of frames are taken
//   sockets               a server and its clients over TCP, by tinybench
//   mesh                  three servers that share a room, beside one
//   load                  end to end, by the load generator
//
// With --peers also redis and nats on the same work as ours, where they are installed.
//
// Tables go to stdout, what is being done to stderr. It exits 2 on a wrong argument, 1 when a bench fails.

import { allocations } from './allocations.ts';
import { client } from './client.ts';
import { type Command, HELP, readCommand, type SuiteName } from './command.ts';
import { fanout } from './fanout.ts';
import { FULL_LOAD, load, SMOKE_LOAD } from './load.ts';
import { machineLine, thisMachine } from './machine.ts';
import { FULL_MESH, mesh, SMOKE_MESH } from './mesh.ts';
import { order } from './order.ts';
import { peers } from './peers.ts';
import { type Reporter, resultsJson, type Table, tableText } from './report.ts';
import { FULL_SOCKETS, SMOKE_SOCKETS, sockets } from './sockets.ts';
import { FULL, SMOKE } from './timing.ts';
import { wire } from './wire.ts';

const ALLOCATION_FRAMES = 10_000_000;
const SMOKE_FRAMES = 10_000;

async function main(argv: readonly string[]): Promise<number> {
  const read = readCommand(argv);
  if ('help' in read) return say(HELP, 0);
  if ('problems' in read) {
    for (const problem of read.problems) process.stderr.write(`bench: ${problem}\n`);
    process.stderr.write(HELP);
    return 2;
  }
  const machine = thisMachine();
  const { command } = read;
  say(`${machineLine(machine)}\n`, 0);
  if (command.smoke) say('A smoke run: it shows that every bench runs. Its figures mean nothing.\n', 0);
  const tables: Table[] = [];
  const reporter = reporterTo(tables);
  for (const name of command.suites) await run(name, command, reporter);
  if (command.peers) await peers(command.smoke ? SMOKE_SOCKETS : FULL_SOCKETS, reporter);
  if (command.json !== undefined) {
    await Bun.write(command.json, resultsJson({ machine, smoke: command.smoke, tables }));
  }
  return 0;
}

function run(name: SuiteName, { smoke }: Command, reporter: Reporter): Promise<void> {
  const effort = smoke ? SMOKE : FULL;
  switch (name) {
    case 'wire':
      return wire(effort, reporter);
    case 'fanout':
      return fanout(effort, reporter);
    case 'order':
      return order(effort, reporter);
    case 'client':
      return client(effort, reporter);
    case 'allocations':
      return allocations(smoke ? SMOKE_FRAMES : ALLOCATION_FRAMES, reporter);
    case 'sockets':
      return sockets(smoke ? SMOKE_SOCKETS : FULL_SOCKETS, reporter);
    case 'mesh':
      return mesh(smoke ? SMOKE_MESH : FULL_MESH, reporter);
    case 'load':
      return load(smoke ? SMOKE_LOAD : FULL_LOAD, reporter);
    default:
      return name satisfies never;
  }
}

function reporterTo(tables: Table[]): Reporter {
  return {
    progress: (text) => process.stderr.write(`… ${text}\n`),
    table: (table) => {
      tables.push(table);
      say(`\n${tableText(table)}\n`, 0);
    },
  };
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

process.exitCode = await main(process.argv.slice(2));
