// bun bench/abuse.ts [stall|churn|mixed]: what the server's other users feel of a thousand readers that stop, of twenty
// thousand connections that come and go, and of everything else that is no conversation, at full size. Figures go to
// stdout. The same attacks run small in the tests; this is where the numbers of docs/SECURITY.md come from.

import { percentile } from '../test/support/hall.ts';
import { measureMixed } from '../test/support/mixed.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { ServerProcess } from '../test/support/server.ts';
import { measureStall } from '../test/support/stall.ts';
import { visit } from '../test/support/visit.ts';
import { helpIfAsked } from './help.ts';

const MIB = 1024 * 1024;

const KINDS: Readonly<Record<string, () => Promise<void>>> = { stall, churn, mixed };

/** All kinds, or one; resolves to the exit code. */
async function main(only: string | undefined): Promise<number> {
  const wanted = Object.keys(KINDS).filter((kind) => only === undefined || kind === only);
  if (wanted.length === 0) {
    process.stderr.write(`bench/abuse.ts: ${only} is none of ${Object.keys(KINDS).join(', ')}\n`);
    return 2;
  }
  for (const kind of wanted) await KINDS[kind]?.();
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
async function mixed(): Promise<void> {
  const shape = { talkers: 200, burst: 8, bytes: 200, rounds: 50, everyMs: 100, attacks: 5, visits: 20_000 };
  const figures = await measureMixed(shape);
  const { abuse, p50Ms, p50PeaceMs, p99Ms, p99PeaceMs } = figures;
  say(
    `mixed abuse: ${abuse.visits} visits, ${abuse.floods} floods, ${abuse.slow} slow registrations, ` +
      `${abuse.stalled} stalled readers in ${(figures.tookMs / 1000).toFixed(0)} s`,
  );
  say(`  ${shape.talkers} ordinary clients: p50 ${p50Ms.toFixed(2)} ms, without it ${p50PeaceMs.toFixed(2)} ms`);
  say(`  p99 ${p99Ms.toFixed(2)} ms, without it ${p99PeaceMs.toFixed(2)} ms: ${(p99Ms / p99PeaceMs).toFixed(2)} x`);
  say(`  memory grew ${mib(figures.grew)} MiB at the most`);
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (import.meta.main) {
  helpIfAsked(import.meta.path);
  process.exit(await main(process.argv[2]));
}
