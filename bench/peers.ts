// Chorus beside others that deliver messages, on the same work: the same rooms, members, publishers and sizes, by the
// same clients, one after the other in each shape. A room is a channel of redis and a subject of nats, which keep no
// order over servers, no numbers and no history; what that costs is what is asked here.

import { PEERS, PeerProcess } from './peer-process.ts';
import type { Reporter, Row } from './report.ts';
import { ServerProcess } from './server-process.ts';
import { type Measured, measureShape, nameOf, type ShapeFigures, type SocketEffort } from './sockets.ts';

export async function peers(effort: SocketEffort, reporter: Reporter): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const chorus = stack.use(await ServerProcess.start());
  const others: PeerProcess[] = [];
  const missing: string[] = [];
  for (const kind of PEERS) {
    const peer = await PeerProcess.start(kind);
    if (peer !== undefined) others.push(stack.use(peer));
    else missing.push(kind.program);
  }
  const left = missing.map((program) => `There is no ${program} here, so it is left out.`);
  for (const line of left) reporter.progress(`peers: ${line}`);
  const rows: Row[] = [];
  for (const [i, shape] of effort.shapes.entries()) {
    const shown = nameOf(shape);
    reporter.progress(`peers: ${shown}`);
    const measure = (server: Measured, how = {}): Promise<ShapeFigures> =>
      measureShape(server, shape, `p${i}`, effort, how);
    const ours = await measure(chorus);
    rows.push(rowOf(`${shown}  chorus`, ours, ours));
    for (const peer of others) {
      const { name, dialect } = peer.kind;
      rows.push(rowOf(`${shown}  ${name}`, await measure(peer, { dialect }), ours));
    }
  }
  const words = '"of chorus": deliveries/s and processor time of the server as multiples of what Chorus has.';
  reporter.table({
    suite: 'peers',
    title: 'rooms x members, publishers a room x messages a wave; texts of 100 bytes; all through the same clients',
    columns: ['deliveries/s', 'of chorus', 'ms a wave', 'p99', 'server ns/delivery', 'of chorus'],
    rows,
    note: [words, ...left].join(' '),
  });
}

function rowOf(name: string, figures: ShapeFigures, ours: ShapeFigures): Row {
  const { deliveriesASecond, waveMs, wave99Ms } = figures;
  const [mine, theirs] = [sumOf(ours), sumOf(figures)];
  const ratio = mine === undefined || theirs === undefined ? undefined : theirs / mine;
  const rate = deliveriesASecond / ours.deliveriesASecond;
  return { name, values: [deliveriesASecond, rate, waveMs, wave99Ms, theirs, ratio] };
}

function sumOf({ each }: ShapeFigures): number | undefined {
  return each === undefined ? undefined : each.user + each.system;
}
