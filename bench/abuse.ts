// bun bench/abuse.ts [stall|churn|mixed] [--pace N] [--visits N]: what the server's other users feel of a thousand readers
// that stop, of twenty thousand connections that come and go, and of everything else that is no conversation, at full
// size. `--pace` is how many connections of `mixed` come a second (2500), `--visits` how many come in all (100000). Figures
// go to stdout. The same attacks run small in the tests; this is where the numbers of docs/SECURITY.md come from.

import { parseArgs } from 'node:util';
import { percentile } from '../test/support/hall.ts';
import { type Felt, measureMixed } from '../test/support/mixed.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { ServerProcess } from '../test/support/server.ts';
import { measureStall } from '../test/support/stall.ts';
import { visit } from '../test/support/visit.ts';
import { helpIfAsked } from './help.ts';

const MIB = 1024 * 1024;

/** An attack lasts so long or longer, so that a slow registration comes to its end in it. */
const ATTACK_S = 8;
const MOST_ATTACKS = 5;
/** Rounds of peace in all. */
const PEACE_ROUNDS = 250;

interface Churn {
  readonly pace: number;
  readonly visits: number;
}

const KINDS: Readonly<Record<string, (churn: Churn) => Promise<void>>> = { stall, churn, mixed };

/** All kinds, or one; resolves to the exit code. */
async function main(): Promise<number> {
  const options = { pace: { type: 'string', default: '2500' }, visits: { type: 'string', default: '100000' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [only] = positionals;
  const wanted = Object.keys(KINDS).filter((kind) => only === undefined || kind === only);
  const churn = { pace: Number(values.pace), visits: Number(values.visits) };
  const problem =
    wanted.length === 0
      ? `${only} is none of ${Object.keys(KINDS).join(', ')}`
      : Object.values(churn).every((count) => Number.isSafeInteger(count) && count > 0)
        ? undefined
        : '--pace and --visits take whole numbers';
  if (problem !== undefined) {
    process.stderr.write(`bench/abuse.ts: ${problem}\n`);
    return 2;
  }
  for (const kind of wanted) await KINDS[kind]?.(churn);
  return 0;
}

/** A thousand members who never read, a thousand who talk; a room's memory that is soon overtaken. */
async function stall(): Promise<void> {
  const flags = ['--presence', '4000', '--room-messages', '256', '--room-bytes', '256KiB'];
  const shape = { stalled: 1000, talkers: 1000, rounds: 120, burst: 8, bytes: 900, flags };
  const { p99AloneMs, p99Ms, grewAlone, grew, recovered, faults } = await measureStall(shape);
  say(`stalled readers: ${shape.stalled} beside ${shape.talkers} who talk, ${shape.rounds * shape.burst} messages`);
  say(`  p99 ${p99Ms.toFixed(1)} ms, without them ${p99AloneMs.toFixed(1)} ms`);
  say(`  memory grew ${mib(grew)} MiB, without them ${mib(grewAlone)} MiB`);
  say(`  told where they go on, and every frame whole: ${recovered} of ${shape.stalled}`);
  for (const fault of faults.slice(0, 5)) say(`  FAULT ${fault}`);
}

/** Connections in every state that end in every way, as fast as they can be made. */
async function churn(): Promise<void> {
  const rounds = 100;
  const atOnce = 200;
  await using server = await ServerProcess.start('--log-level', 'error');
  using ann = await RawClient.register(server.port, 'ann');
  const files = server.files();
  const latencies: number[] = [];
  let before = 0;
  const started = performance.now();
  for (let round = 0; round < rounds; round++) {
    await Promise.all(Array.from({ length: atOnce }, (_, i) => visit(server.port, i)));
    const asked = performance.now();
    ann.send('<PING,still>');
    await ann.until('<PONG,still>');
    latencies.push(performance.now() - asked);
    if (round === rounds / 2) before = await server.rss();
  }
  const perSecond = (rounds * atOnce * 1000) / (performance.now() - started);
  say(`churn: ${rounds * atOnce} connections, ${perSecond.toFixed(0)} a second`);
  say(
    `  an ordinary client's answer: p50 ${percentile(latencies, 0.5).toFixed(2)} ms, p99 ${percentile(latencies, 0.99).toFixed(2)} ms`,
  );
  say(
    `  memory of the second half: ${mib((await server.rss()) - before)} MiB more; files at the end ${server.files() - files} more`,
  );
}

/** Everything at once: slow registrations, garbage, floods, frames without end, stalled readers, and churn. */
async function mixed({ pace, visits }: Churn): Promise<void> {
  const attacks = Math.min(MOST_ATTACKS, Math.max(1, Math.floor(visits / pace / ATTACK_S)));
  const hall = { talkers: 200, burst: 8, bytes: 200, rounds: PEACE_ROUNDS / attacks, everyMs: 100 };
  const { abuse, attack, peace, grew, tookMs } = await measureMixed({
    ...hall,
    attacks,
    visits: Math.ceil(visits / attacks),
    pace,
  });
  const perSecond = (abuse.visits * 1000) / tookMs;
  say(`mixed abuse: ${abuse.visits} visits, ${perSecond.toFixed(0)} a second of ${pace}`);
  say(`  ${abuse.floods} floods, ${abuse.slow} slow registrations, ${abuse.stalled} stalled readers`);
  sayFelt(`${hall.talkers} ordinary clients under attack`, attack);
  sayFelt('the same in peace', peace);
  say(`  p99 ${(attack.p99Ms / peace.p99Ms).toFixed(2)} x; memory grew ${mib(grew)} MiB at the most`);
}

function sayFelt(who: string, { p50Ms, p99Ms, loop50Ms, loop99Ms, busy }: Felt): void {
  say(
    `  ${who}: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms; ` +
      `loop delay half <= ${loop50Ms} ms, 99 % <= ${loop99Ms} ms; server at ${(busy * 100).toFixed(0)} % of a core`,
  );
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (import.meta.main) {
  helpIfAsked(import.meta.path);
  process.exit(await main());
}
