// Ordinary clients beside every kind of abuse: a hall that talks on one server, in peace and while a process of abusers is
// at that server, in turn. The server has the limits that it has for everybody; loopback is spared the cap on connections
// of one address, and no other.

import { join } from 'node:path';
import type { Abuse } from './abusers.ts';
import { Hall, type HallShape, percentile } from './hall.ts';
import { ServerProcess } from './server.ts';

const ABUSERS = join(import.meta.dir, 'abusers.ts');

export interface MixedShape extends HallShape {
  /** Rounds in peace before each attack. */
  readonly rounds: number;
  /** Time from one round to the next, in ms. */
  readonly everyMs: number;
  /** Attacks with peace between them, so that whatever else the machine does strikes both alike. */
  readonly attacks: number;
  /** Connections that come and go in each attack. */
  readonly visits: number;
}

export interface MixedFigures {
  /** Latency of a delivery in ms: in peace, and under attack. */
  readonly p50PeaceMs: number;
  readonly p99PeaceMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Bytes of resident memory at the most under attack, over what it was in peace. */
  readonly grew: number;
  /** How long the attacks went on, in ms. */
  readonly tookMs: number;
  readonly abuse: Abuse;
}

/** Measures; the server ends with it. Rejects when a talker is closed or the abusers fail. */
export async function measureMixed(shape: MixedShape): Promise<MixedFigures> {
  await using server = await ServerProcess.start('--log-level', 'error');
  const hall = await Hall.gather(server.port, shape);
  await hall.settle();
  await peace(hall, shape);
  const quiet = await server.rss();
  const inPeace: number[] = [];
  const attacked: number[] = [];
  const abuse = { visits: 0, floods: 0, slow: 0, stalled: 0 };
  let most = quiet;
  let tookMs = 0;
  for (let i = 0; i < shape.attacks; i++) {
    inPeace.push(...(await peace(hall, shape)));
    const started = performance.now();
    const abusers = startAbusers(server.port, shape.visits, i);
    while (abusers.exitCode === null) {
      await paced(hall, shape.everyMs);
      most = Math.max(most, await server.rss());
    }
    tookMs += performance.now() - started;
    attacked.push(...hall.latencies.splice(0));
    if (abusers.exitCode !== 0) throw new Error(`the abusers ended with ${abusers.exitCode}`);
    const done = (await new Response(abusers.stdout).json()) as Abuse;
    for (const kind of ['visits', 'floods', 'slow', 'stalled'] as const) abuse[kind] += done[kind];
  }
  hall.leave();
  return {
    p50PeaceMs: percentile(inPeace, 0.5),
    p99PeaceMs: percentile(inPeace, 0.99),
    p50Ms: percentile(attacked, 0.5),
    p99Ms: percentile(attacked, 0.99),
    grew: most - quiet,
    tookMs,
    abuse,
  };
}

/** The abusers yield the processor to the server and its clients, as machines of their own would. */
function startAbusers(port: number, visits: number, attack: number): Bun.Subprocess<'ignore', 'pipe', 'inherit'> {
  const command = ['nice', '-n', '19', process.execPath, ABUSERS, String(port), String(visits), String(attack)];
  return Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
}

async function peace(hall: Hall, shape: MixedShape): Promise<number[]> {
  for (let i = 0; i < shape.rounds; i++) await paced(hall, shape.everyMs);
  return hall.latencies.splice(0);
}

/** One round, and what is left of its time. */
async function paced(hall: Hall, everyMs: number): Promise<void> {
  const rest = Bun.sleep(everyMs);
  await hall.round();
  await rest;
}
