// chorus: all programs behind one name, as the executable has them (`chorus server --name alpha`, `chorus chat`).
// It chooses the program and takes its name out of the arguments; from there on everything is as when that program was
// started by itself. A program is loaded when it is chosen, and no other is. It decides nothing else.
//
// Without a program, or with one that is not there, it says what there is and exits with 2.

import { RUN } from './ops/options/invocation.ts';
import { versionText } from './ops/version.ts';

interface Program {
  /** Empty: nothing that people start. */
  readonly help: string;
  readonly start: () => Promise<unknown>;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  server: { help: 'a chat server; `server check`, `hash` and `health` beside it', start: () => import('./main.ts') },
  chat: { help: 'talk, in a terminal', start: () => import('./cli/chat/chat.ts') },
  cluster: {
    help: 'a network of servers on this machine, to look at',
    start: () => import('./cli/cluster/cluster.ts'),
  },
  load: { help: 'many clients, and a count of what is lost', start: () => import('./cli/load/load.ts') },
  top: { help: 'what a server does, in a terminal', start: () => import('./cli/top/top.ts') },
  leashed: { help: '', start: () => import('./cli/cluster/leash.ts').then(() => import('./main.ts')) },
};

function usage(): string {
  const shown = Object.entries(PROGRAMS).filter(([, { help }]) => help !== '');
  const rows = shown.map(([name, { help }]) => `  ${name.padEnd(7)}  ${help}`);
  return [`Usage: ${RUN} PROGRAM [OPTION VALUE]…`, '', ...rows, '', 'Each has a --help of its own.'].join('\n');
}

const name = process.argv[2] ?? '';
const program = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
if (program !== undefined) {
  process.argv.splice(2, 1);
  await program.start();
} else if (name === '--version') {
  process.stdout.write(`${versionText()}\n`);
} else if (name === '--help' || name === '-h') {
  process.stdout.write(`${usage()}\n`);
} else {
  process.stderr.write(`${name === '' ? '' : `chorus: there is no program ${JSON.stringify(name)}\n`}${usage()}\n`);
  process.exitCode = 2;
}
