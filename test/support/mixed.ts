// Ordinary clients beside every kind of abuse: a hall that talks on one server, in peace and while a process of abusers is
// at that server, in turn. The server has the limits that it has for everybody; loopback is spared the cap on connections
// of one address, and no other. Where all of them share a few cores, what clients feel is also what the abusers take from
// them and not from the server: so the server's own share of a core and the delay of its loop stand beside it.

import { join } from 'node:path';
import { type Buckets, between, quantile, Scrape } from '../../src/base/prometheus.ts';
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
  /** Connections that come and go in each attack, and how many of them a second. */
  readonly visits: number;
  readonly pace: number;
}

/** What was felt in peace, or under attack. */
export interface Felt {
  /** Latency of a delivery in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What half and 99 % of the server's loop delays were at the most, in ms, of those that it tells its operators. */
  readonly loop50Ms: number;
  readonly loop99Ms: number;
  /** The server's share of a core, from 0 to 1. */
  readonly busy: number;
}

export interface MixedFigures {
  readonly peace: Felt;
  readonly attack: Felt;
  /** Bytes of resident memory at the most under attack, over what it was in peace. */
  readonly grew: number;
  /** How long the attacks went on, in ms. */
  readonly tookMs: number;
  readonly abuse: Abuse;
}

/** Measures; the server ends with it. Rejects when a talker is closed or the abusers fail. */
export async function measureMixed(shape: MixedShape): Promise<MixedFigures> {
  await using server = await ServerProcess.start('--log-level', 'error', '--http', '127.0.0.1:0');
  const hall = await Hall.gather(server.port, shape);
  await hall.settle();
  await talk(hall, shape);
  hall.latencies.length = 0;
  const quiet = await server.rss();
  const [peace, attack] = [new Spell(server, hall), new Spell(server, hall)];
  const abuse = { visits: 0, floods: 0, slow: 0, stalled: 0 };
  let most = quiet;
  for (let i = 0; i < shape.attacks; i++) {
    await peace.during(() => talk(hall, shape));
    await attack.during(async () => {
      const abusers = startAbusers(server.port, shape, i);
      while (abusers.exitCode === null) {
        await paced(hall, shape.everyMs);
        most = Math.max(most, await server.rss());
      }
      if (abusers.exitCode !== 0) throw new Error(`the abusers ended with ${abusers.exitCode}`);
      const done = (await new Response(abusers.stdout).json()) as Abuse;
      for (const kind of ['visits', 'floods', 'slow', 'stalled'] as const) abuse[kind] += done[kind];
    });
  }
  hall.leave();
  return { peace: peace.felt, attack: attack.felt, grew: most - quiet, tookMs: attack.tookMs, abuse };
}

/** Times of one kind, peace or attack, and what was felt in all of them together. */
class Spell {
  tookMs = 0;
  readonly #server: ServerProcess;
  readonly #hall: Hall;
  readonly #latencies: number[] = [];
  #cpuMs = 0;
  #delays: Buckets = [];

  constructor(server: ServerProcess, hall: Hall) {
    this.#server = server;
    this.#hall = hall;
  }

  async during(work: () => Promise<void>): Promise<void> {
    const delays = await loopDelays(this.#server);
    const cpuMs = await this.#server.cpuMs();
    const began = performance.now();
    await work();
    this.tookMs += performance.now() - began;
    this.#cpuMs += (await this.#server.cpuMs()) - cpuMs;
    this.#latencies.push(...this.#hall.latencies.splice(0));
    const more = between(delays, await loopDelays(this.#server));
    this.#delays = more.map(([atMost, count], i) => [atMost, count + (this.#delays[i]?.[1] ?? 0)]);
  }

  get felt(): Felt {
    const delay = (part: number): number => 1000 * (quantile(this.#delays, part) ?? Number.NaN);
    return {
      p50Ms: percentile(this.#latencies, 0.5),
      p99Ms: percentile(this.#latencies, 0.99),
      loop50Ms: delay(0.5),
      loop99Ms: delay(0.99),
      busy: this.#cpuMs / this.tookMs,
    };
  }
}

async function loopDelays({ ready }: ServerProcess): Promise<Buckets> {
  const answer = await fetch(`http://${ready.http}/metrics`);
  return new Scrape(await answer.text()).buckets('chorus_loop_delay_seconds');
}

/** The abusers yield the processor to the server and its clients, as machines of their own would. */
function startAbusers(
  port: number,
  { visits, pace }: MixedShape,
  attack: number,
): Bun.Subprocess<'ignore', 'pipe', 'inherit'> {
  const args = [port, visits, pace, attack].map(String);
  const command = ['nice', '-n', '19', process.execPath, ABUSERS, ...args];
  return Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
}

async function talk(hall: Hall, shape: MixedShape): Promise<void> {
  for (let i = 0; i < shape.rounds; i++) await paced(hall, shape.everyMs);
}

/** One round, and what is left of its time. */
async function paced(hall: Hall, everyMs: number): Promise<void> {
  const rest = Bun.sleep(everyMs);
  await hall.round();
  await rest;
}
