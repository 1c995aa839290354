// Fan-out over real sockets: a server in its own process, crowds of several shapes, and what a delivery costs the
// server. A delivery is one message that reached one member. The crowd runs in this process, in JavaScript: deliveries
// a second are as much its own figure as the server's, processor time is the server's alone.

import { Bench } from 'tinybench';
import { Crowd, deliveries, type Shape, type Way } from './crowd.ts';
import type { Reporter, Row } from './report.ts';
import { type ProcessorTime, ServerProcess } from './server-process.ts';

/** How long each shape is measured. */
export interface SocketEffort {
  readonly shapes: readonly Shape[];
  readonly warmUpWaves: number;
  readonly shapeMs: number;
}

export const FULL_SOCKETS: SocketEffort = {
  shapes: [
    { rooms: 1, members: 10, publishers: 1, window: 1 },
    { rooms: 1, members: 200, publishers: 1, window: 1 },
    { rooms: 1, members: 200, publishers: 1, window: 16 },
    { rooms: 10, members: 20, publishers: 1, window: 16 },
    { rooms: 4, members: 50, publishers: 50, window: 1 },
  ],
  warmUpWaves: 300,
  shapeMs: 3_000,
};
export const SMOKE_SOCKETS: SocketEffort = {
  shapes: [
    { rooms: 1, members: 3, publishers: 1, window: 2 },
    { rooms: 2, members: 2, publishers: 2, window: 1 },
  ],
  warmUpWaves: 1,
  shapeMs: 0,
};

export async function sockets(effort: SocketEffort, reporter: Reporter): Promise<void> {
  await using server = await ServerProcess.start();
  const rows: Row[] = [];
  for (const [i, shape] of effort.shapes.entries()) {
    const name = nameOf(shape);
    reporter.progress(`sockets: ${name}`);
    const { delivered, deliveriesASecond, waveMs, wave99Ms, each } = await measureShape(server, shape, `s${i}`, effort);
    const sum = each === undefined ? undefined : each.user + each.system;
    rows.push({ name, values: [delivered, deliveriesASecond, waveMs, wave99Ms, sum, each?.user, each?.system] });
  }
  reporter.table({
    suite: 'sockets',
    title: 'rooms x members, publishers a room x messages a wave; texts of 100 bytes',
    columns: ['deliveries', 'deliveries/s', 'ms a wave', 'p99', 'server ns/delivery', 'user', 'system'],
    rows,
    note: 'Processor time comes in ticks of 10 ms; a wave ends when everybody has everything.',
  });
}

export function nameOf({ rooms, members, publishers, window }: Shape): string {
  return `${rooms} x ${members}, ${publishers} x ${window}`;
}

/** Whatever listens and works. */
export interface Measured {
  readonly port: number;
  processorTime(): ProcessorTime | undefined;
}

export interface ShapeFigures {
  readonly delivered: number;
  readonly deliveriesASecond: number;
  readonly waveMs: number;
  readonly wave99Ms: number;
  /** Nanoseconds of the server's a delivery; undefined where the system does not say. */
  readonly each: ProcessorTime | undefined;
}

/** Measures waves of a shape against a server; `name` is the beginning of all names in it. */
export async function measureShape(
  server: Measured,
  shape: Shape,
  name: string,
  effort: Omit<SocketEffort, 'shapes'>,
  how: Way = {},
): Promise<ShapeFigures> {
  await using crowd = await Crowd.gather([server.port], shape, name, how);
  for (let i = 0; i < effort.warmUpWaves; i++) await crowd.wave();
  const bench = new Bench({ warmup: false, time: effort.shapeMs, iterations: 3, throws: true });
  bench.add(name, () => crowd.wave(), { async: true });
  const before = server.processorTime();
  const [task] = await bench.run();
  const after = server.processorTime();
  const result = task?.result;
  if (result === undefined || !('latency' in result)) throw new Error('a shape was not measured');
  const { latency, totalTime } = result;
  const delivered = latency.samplesCount * deliveries(shape);
  const deliveriesASecond = (delivered / totalTime) * 1_000;
  const each = perDelivery(before, after, delivered);
  return { delivered, deliveriesASecond, waveMs: latency.p50, wave99Ms: latency.p99, each };
}

/** Nanoseconds a delivery; undefined where the system says nothing, or too little to mean anything. */
function perDelivery(
  before: ProcessorTime | undefined,
  after: ProcessorTime | undefined,
  delivered: number,
): ProcessorTime | undefined {
  if (before === undefined || after === undefined) return undefined;
  const user = after.user - before.user;
  const system = after.system - before.system;
  if (user + system < 0.1) return undefined;
  return { user: (user * 1e9) / delivered, system: (system * 1e9) / delivered };
}
