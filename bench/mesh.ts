// What it costs that a room's members are at three servers and not at one: processor time a delivery, summed over the
// servers, in turns with the single server in one run; and how long a message takes from one server to another while
// nothing else happens. A delivery is one message that reached one member.

import { RawClient } from '../test/support/raw-client.ts';
import { Crowd, deliveries, type Shape } from './crowd.ts';
import type { Reporter, Row } from './report.ts';
import { type ProcessorTime, ServerProcess } from './server-process.ts';

export interface MeshEffort {
  /** How long both are busy before anything is measured: until their code is compiled for good. */
  readonly warmMs: number;
  readonly shapes: readonly Shape[];
  /** The one and the three are measured in so many turns, each so long. */
  readonly turns: number;
  readonly turnMs: number;
  /** Messages whose way is timed, and the pause between them. */
  readonly messages: number;
  readonly pauseMs: number;
}

export const FULL_MESH: MeshEffort = {
  warmMs: 8_000,
  shapes: [
    { rooms: 1, members: 50, publishers: 1, window: 1 },
    { rooms: 1, members: 50, publishers: 1, window: 16 },
    { rooms: 1, members: 50, publishers: 50, window: 1 },
    { rooms: 1, members: 200, publishers: 1, window: 1 },
    { rooms: 1, members: 200, publishers: 1, window: 16 },
  ],
  turns: 5,
  turnMs: 1_500,
  messages: 500,
  pauseMs: 10,
};
export const SMOKE_MESH: MeshEffort = {
  warmMs: 0,
  shapes: [{ rooms: 1, members: 6, publishers: 1, window: 2 }],
  turns: 1,
  turnMs: 0,
  messages: 3,
  pauseMs: 0,
};

const SERVERS = 3;

export async function mesh(effort: MeshEffort, reporter: Reporter): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const single = stack.use(await ServerProcess.start());
  const servers = await ServerProcess.startAll(stack, SERVERS);
  for (const side of [[single], servers]) await warm(side, effort, reporter);
  await price(single, servers, effort, reporter);
  await crossing(servers, effort, reporter);
}

/** Takes servers through what is measured later. */
async function warm(servers: readonly ServerProcess[], effort: MeshEffort, reporter: Reporter): Promise<void> {
  const { shapes, warmMs } = effort;
  reporter.progress(`mesh: ${servers.length === 1 ? 'one' : 'three'}, until all is compiled`);
  const ports = servers.map(({ port }) => port);
  for (const [i, shape] of shapes.slice(0, 3).entries()) {
    await using crowd = await Crowd.gather(ports, shape, `warm${servers.length}${i}`);
    await turnOf(crowd, shape, warmMs / 3);
  }
}

async function price(
  single: ServerProcess,
  servers: readonly ServerProcess[],
  effort: MeshEffort,
  reporter: Reporter,
): Promise<void> {
  const rows: Row[] = [];
  for (const [i, shape] of effort.shapes.entries()) {
    const { rooms, members, publishers, window } = shape;
    const name = `${rooms}×${members}, ${publishers}×${window}`;
    reporter.progress(`mesh: ${name}`);
    await using one = await Crowd.gather([single.port], shape, `one${i}`);
    const ports = servers.map(({ port }) => port);
    await using three = await Crowd.gather(ports, shape, `three${i}`);
    const sides = [
      { crowd: one, servers: [single], spent: 0, delivered: 0 },
      { crowd: three, servers, spent: 0, delivered: 0 },
    ];
    for (let turn = 0; turn <= effort.turns; turn++) {
      for (const side of sides) {
        const before = spent(side.servers);
        const delivered = await turnOf(side.crowd, shape, effort.turnMs);
        // The first turn warms up.
        if (turn === 0 && effort.turns > 1) continue;
        side.spent += spent(side.servers) - before;
        side.delivered += delivered;
      }
    }
    const [alone, spread] = sides.map((side) => (side.spent * 1e9) / side.delivered) as [number, number];
    rows.push({ name, values: [alone, spread, alone > 0 ? spread / alone : undefined] });
  }
  reporter.table({
    suite: 'mesh',
    title: 'processor time a delivery, members at one server and spread over three',
    columns: ['one: ns', 'three, summed: ns', 'x'],
    rows,
    note: 'rooms × members, publishers × window; one and three in turns. Programs and kernel together.',
  });
}

/** Waves for so long, at least one; deliveries. */
async function turnOf(crowd: Crowd, shape: Shape, forMs: number): Promise<number> {
  const end = performance.now() + forMs;
  let delivered = 0;
  do {
    await crowd.wave();
    delivered += deliveries(shape);
  } while (performance.now() < end);
  return delivered;
}

/** Seconds of processor time until now. */
function spent(servers: readonly ServerProcess[]): number {
  return servers
    .map((server) => server.processorTime())
    .reduce((sum, time: ProcessorTime | undefined) => sum + (time?.user ?? 0) + (time?.system ?? 0), 0);
}

async function crossing(servers: readonly ServerProcess[], effort: MeshEffort, reporter: Reporter): Promise<void> {
  reporter.progress('mesh: from one server to another');
  const [home, ...others] = servers.map(({ port }) => port) as [number, ...number[]];
  const room = 'quiet';
  await using stack = new AsyncDisposableStack();
  const clients: RawClient[] = [];
  for (const port of [home, home, ...others]) {
    const client = stack.use(await RawClient.register(port, `quiet${clients.length}`));
    if (clients.length === 0) client.send(`<CREATEROOM,${room}>`);
    for (let welcome = ''; !welcome.startsWith('<RPL_WELCOME'); ) {
      client.send(`<JOINROOM,${room}><PING,in>`);
      welcome = (await client.upTo('<PONG,in>')).find((line) => line.startsWith('<RPL_WELCOME,')) ?? '';
      if (welcome === '') await Bun.sleep(20);
    }
    clients.push(client);
  }
  const [atHome, besides, atSecond, atThird] = clients as [RawClient, RawClient, RawClient, RawClient];
  const ways: readonly (readonly [string, RawClient, RawClient])[] = [
    ['within the home', atHome, besides],
    ['home to another', atHome, atThird],
    ['another to home', atSecond, atHome],
    ['another to a third', atSecond, atThird],
  ];
  const rows: Row[] = [];
  for (const [name, from, to] of ways) rows.push({ name, values: await way(from, to, effort) });
  reporter.table({
    suite: 'mesh',
    title: 'one message through a quiet network',
    columns: ['delivered p50: ms', 'p99: ms', 'RPL_SENT p50: ms', 'p99: ms'],
    rows,
    note: 'From the write of CSEND until a member of the room has it, and until its sender has the answer.',
  });
}

async function way(from: RawClient, to: RawClient, { messages, pauseMs }: MeshEffort): Promise<number[]> {
  const delivered: number[] = [];
  const answered: number[] = [];
  for (let i = 0; i < messages; i++) {
    const text = crypto.randomUUID();
    const began = performance.now();
    from.send(`<CSEND,${text},,,${text}>`);
    const given = timeOf(to, text, '<CMSG', began);
    const answer = timeOf(from, text, '<RPL_SENT', began);
    delivered.push(await given);
    answered.push(await answer);
    if (pauseMs > 0) await Bun.sleep(pauseMs);
  }
  return [
    percentile(delivered, 0.5),
    percentile(delivered, 0.99),
    percentile(answered, 0.5),
    percentile(answered, 0.99),
  ];
}

/** How long it took from `began` until a frame with this verb and text came. */
async function timeOf(client: RawClient, text: string, verb: string, began: number): Promise<number> {
  for (;;) if ((await client.until(verb)).includes(text)) return performance.now() - began;
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}
