// End to end: the load generator against servers in processes of their own, with clients of the ordinary kind. An open
// loop says what latency is like at a rate that holds, a closed one how much is taken. The generator costs more than the
// servers do, so its own delays stand beside the figures. A run that lost, doubled or misplaced anything fails the bench.

import { LoadProcess, type LoadResult } from '../test/support/load.ts';
import type { Reporter, Row } from './report.ts';
import { ServerProcess } from './server-process.ts';

interface LoadCase {
  readonly name: string;
  readonly servers: number;
  readonly web?: true;
  /** Flags of the load generator. */
  readonly flags: string;
}

export interface LoadEffort {
  readonly seconds: number;
  readonly cases: readonly LoadCase[];
}

const OPEN = '--rooms 10 --members 20 --publishers 5 --rate 500';
const CLOSED = '--rooms 10 --members 20 --publishers 2 --rate max --window 4';

export const FULL_LOAD: LoadEffort = {
  seconds: 5,
  cases: [
    { name: 'one server, open loop', servers: 1, flags: OPEN },
    { name: 'one server, open loop, WebSocket', servers: 1, web: true, flags: OPEN },
    { name: 'one server, closed loop', servers: 1, flags: CLOSED },
    { name: 'three servers, open loop', servers: 3, flags: OPEN },
    { name: 'three servers, closed loop', servers: 3, flags: CLOSED },
  ],
};
export const SMOKE_LOAD: LoadEffort = {
  seconds: 0.3,
  cases: [{ name: 'one server, closed loop', servers: 1, flags: '--rooms 2 --members 2 --rate max' }],
};

export async function load({ seconds, cases }: LoadEffort, reporter: Reporter): Promise<void> {
  const rows: Row[] = [];
  for (const one of cases) {
    reporter.progress(`load: ${one.name}`);
    rows.push({ name: one.name, values: valuesOf(await run(one, seconds)) });
  }
  reporter.table({
    suite: 'load',
    title: '10 rooms x 20; open: 5 of each send, 500 messages/s; closed: 2 of each, 4 on their way; texts of 100 bytes',
    columns: [
      'messages/s',
      'deliveries/s',
      'delivery p50 ms',
      'p99',
      'answer p50 ms',
      'p99',
      'own loop p99',
      'µs/delivery',
    ],
    rows,
    note: 'µs/delivery is processor time of all servers; "own loop" is how late the generator itself was.',
  });
}

async function run({ name, servers, web, flags }: LoadCase, seconds: number): Promise<LoadResult> {
  await using stack = new AsyncDisposableStack();
  const all = await ServerProcess.startAll(stack, servers);
  const addresses = all.map((server) => (web ? `ws://127.0.0.1:${server.web}/ws` : `127.0.0.1:${server.port}`));
  const pids = ['--pid', all.map(({ pid }) => pid).join(',')];
  const result = await LoadProcess.toEnd(addresses, ...flags.split(' '), '--seconds', String(seconds), ...pids);
  const { lost, doubled, outOfOrder, good } = result.verdict;
  if (!good) throw new Error(`${name}: ${lost} lost, ${doubled} doubled, ${outOfOrder} out of order`);
  return result;
}

function valuesOf({
  account,
  sendingMs,
  delivery,
  acknowledgement,
  loop,
  servers,
}: LoadResult): (number | undefined)[] {
  const seconds = sendingMs / 1_000;
  const cpuMs = servers.reduce<number | undefined>(
    (sum, server) => (sum === undefined || server.cpuMs === undefined ? undefined : sum + server.cpuMs),
    0,
  );
  return [
    ...[account.acknowledged / seconds, account.delivered / seconds],
    ...[delivery.p50, delivery.p99, acknowledgement.p50, acknowledgement.p99, loop.p99],
    cpuMs === undefined ? undefined : (cpuMs * 1_000) / account.delivered,
  ];
}
