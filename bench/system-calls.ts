// System calls by kind: what servers ask of the kernel while something runs, counted by `perf` at the kernel's own trace
// points, so that what is counted does not run slower. It needs a `perf` that may read them.

import { readSync, writeSync } from 'node:fs';

/** The kinds that are told apart; `other` is all the rest. */
const NAMES = {
  send: ['sendto', 'write', 'writev', 'sendmsg'],
  receive: ['recvfrom', 'read', 'recvmsg'],
  wait: ['epoll_pwait2', 'epoll_pwait', 'epoll_wait'],
} as const;
type Named = keyof typeof NAMES;
export type Kind = Named | 'other';
export type Calls = Readonly<Record<Kind, number>>;

/**
 * About how many instructions of the kernel one call is: a send of a few kB over loopback as `perf` counts them on
 * processors that can, the others by the time that they take beside it (a wait that sleeps, a receive that answers).
 */
export const COSTS: Calls = { send: 9_000, receive: 3_000, wait: 4_000, other: 1_500 };

const ALL = 'raw_syscalls:sys_enter';
const EVENT = 'syscalls:sys_enter_';
const ACKNOWLEDGED = 'ack\n';
/** How often its answer is looked for. */
const TRIES = 1_000;
const TRY_MS = 5;

/** Calls of some processes while `work` runs. */
export async function systemCalls(pids: readonly number[], work: () => Promise<void>): Promise<Calls> {
  const events = [ALL, ...Object.values(NAMES).flatMap((names) => names.map((name) => EVENT + name))];
  const stdio = ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] as const;
  // It begins when it is told to, and says when it has.
  const args = ['stat', '-x,', '-D', '-1', '--control', 'fd:3,4', '-e', events.join(), '-p', pids.join()];
  const perf = Bun.spawn(['perf', ...args], { stdio: [...stdio] });
  const [, , , control, answers] = perf.stdio as unknown as (number | null)[];
  if (typeof control !== 'number' || typeof answers !== 'number') throw new Error('no pipes to perf');
  await tell(control, answers, 'enable');
  await work();
  await tell(control, answers, 'disable');
  perf.kill('SIGINT');
  return byKind(await new Response(perf.stderr).text());
}

async function tell(control: number, answers: number, word: string): Promise<void> {
  writeSync(control, `${word}\n`);
  const said = Buffer.alloc(16);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      if (readSync(answers, said) > 0 && said.toString().startsWith(ACKNOWLEDGED)) return;
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    await Bun.sleep(TRY_MS);
  }
  throw new Error(`perf does not ${word}`);
}

/** What `perf stat -x,` says, summed by kind. */
function byKind(text: string): Calls {
  const counted = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [count = '', , event] = line.split(',');
    if (event !== undefined && /^\d+$/.test(count)) counted.set(event, Number(count));
  }
  const of = (kind: Named): number =>
    NAMES[kind].reduce((sum: number, name) => sum + (counted.get(EVENT + name) ?? 0), 0);
  const [send, receive, wait] = [of('send'), of('receive'), of('wait')];
  return { send, receive, wait, other: (counted.get(ALL) ?? 0) - send - receive - wait };
}

/** What calls cost in the kernel, in instructions. */
export function costOf(calls: Calls): number {
  return Object.entries(calls).reduce((sum, [kind, count]) => sum + count * COSTS[kind as Kind], 0);
}
