// bun bench/tls.ts: what TLS costs the server beside plain text, as ratios of processor time: connections that come and
// go, and deliveries. One server listens with both; the two are measured in turns, so that what else the machine does
// strikes both. Handshakes are whole ones (nothing is resumed), with a certificate on P-256.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../test/support/certificates.ts';
import { Crowd, deliveries, type Shape } from './crowd.ts';
import { helpIfAsked } from './help.ts';
import { type Row, tableText } from './report.ts';
import { portOf, ServerProcess } from './server-process.ts';

const ROUNDS = 5;
const CONNECTIONS = 1000;
const AT_ONCE = 20;
/** How long one shape is measured in one round. */
const SHAPE_MS = 1500;
const WARM_WAVES = 200;
const SHAPES: readonly Shape[] = [
  { rooms: 1, members: 50, publishers: 1, window: 1 },
  { rooms: 1, members: 200, publishers: 1, window: 1 },
  { rooms: 1, members: 200, publishers: 1, window: 16 },
];

/** One of the two ways to speak to the server. */
interface Way {
  readonly port: number;
  readonly ca?: string;
}

/** What was measured: how often, how long, and the server's processor time for it. */
interface Measured {
  count: number;
  ms: number;
  cpuMs: number;
}

helpIfAsked(import.meta.path);
const authority = new Authority('The authority of the bench');
const folder = mkdtempSync(join(tmpdir(), 'chorus-bench-'));
try {
  const { cert, key } = authority.issue('bench');
  const file = join(folder, 'server.pem');
  writeFileSync(file, cert + key, { mode: 0o600 });
  await using server = await ServerProcess.start('--clients', 'tls://127.0.0.1:0', '--tls-cert', file);
  const [plain = '', secure = ''] = server.clients;
  const ways = [{ port: portOf(plain) }, { port: portOf(secure), ca: authority.cert }];
  const rows = [await compare('connections', (way, into) => connections(server, way, into), ways)];
  for (const [i, shape] of SHAPES.entries()) {
    const { members, window } = shape;
    const name = `deliveries, room of ${members}, ${window} a write`;
    rows.push(await compare(name, (way, into) => waves(server, way, shape, `t${i}`, into), ways));
  }
  const columns = ['plain/s', 'TLS/s', 'plain us', 'TLS us', 'TLS : plain'];
  const title = 'the server’s processor time for one, and how many there were a second';
  process.stdout.write(`${tableText({ suite: 'tls', title, columns, rows })}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Measures both ways in turns. */
async function compare(
  name: string,
  measure: (way: Way, into: Measured) => Promise<void>,
  ways: readonly Way[],
): Promise<Row> {
  const all = ways.map((): Measured => ({ count: 0, ms: 0, cpuMs: 0 }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, way] of ways.entries()) await measure(way, all[i] as Measured);
  }
  const [plain, tls] = all as [Measured, Measured];
  const perSecond = ({ count, ms }: Measured): number => (count * 1000) / ms;
  const each = ({ count, cpuMs }: Measured): number => (cpuMs * 1000) / count;
  return { name, values: [perSecond(plain), perSecond(tls), each(plain), each(tls), each(tls) / each(plain)] };
}

/** Adds what `work` took to `into`; it answers how many there were. */
async function timed(server: ServerProcess, into: Measured, work: () => Promise<number>): Promise<void> {
  const before = server.processorTime();
  const start = performance.now();
  into.count += await work();
  into.ms += performance.now() - start;
  const after = server.processorTime();
  if (before === undefined || after === undefined) throw new Error('this system does not tell processor time');
  into.cpuMs += (after.user + after.system - before.user - before.system) * 1000;
}

/** Connections that are greeted by a PONG, and go. */
async function connections(server: ServerProcess, way: Way, into: Measured): Promise<void> {
  await timed(server, into, async () => {
    let left = CONNECTIONS;
    const come = async (): Promise<void> => {
      while (left-- > 0) await visit(way);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, come));
    return CONNECTIONS;
  });
}

async function visit({ port, ca }: Way): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ping = '<PING,x>';
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    ...(ca === undefined ? {} : { tls: { ca } }),
    socket: {
      // With TLS this is when the handshake is over.
      open: (each) => void each.write(ping),
      data: () => resolve(),
      close: () => reject(new Error('the server closed a connection')),
    },
  });
  await promise;
  socket.terminate();
}

async function waves(
  server: ServerProcess,
  { port, ca }: Way,
  shape: Shape,
  name: string,
  into: Measured,
): Promise<void> {
  await using crowd = await Crowd.gather([port], shape, `${name}${ca === undefined ? 'p' : 's'}${into.count}`, {
    ...(ca !== undefined && { ca }),
  });
  for (let i = 0; i < WARM_WAVES; i++) await crowd.wave();
  await timed(server, into, async () => {
    let count = 0;
    for (const until = performance.now() + SHAPE_MS; performance.now() < until; count++) await crowd.wave();
    return count * deliveries(shape);
  });
}
