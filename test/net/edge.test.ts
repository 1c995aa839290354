// The edge: what it does with chunks that the node is done with. Everything else of it is tried with whole servers, in
// test/e2e.

import { expect, test } from 'bun:test';
import { type ConnectionId, connectionId } from '../../src/base/ids.ts';
import { Edge } from '../../src/net/edge.ts';
import type { Node } from '../../src/node/node.ts';

const MIB = 1024 * 1024;
const LONG = 16_384;

/** The long chunks of a MiB in one connection that lives, or ends (`closingAt`), when the node has had all of them. */
async function chunksOf(closingAt: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const lengths: number[] = [];
  const all = Promise.withResolvers<void>();
  let received = 0;
  const node = {
    deadline: Number.POSITIVE_INFINITY,
    connections: { count: 1, at: () => ({ closingAt }) },
    connected: () => connectionId(0),
    receive: (_: ConnectionId, chunk: Uint8Array) => {
      chunks.push(chunk);
      lengths.push(chunk.length);
      received += chunk.length;
      if (received === MIB) all.resolve();
    },
    inputOver: () => {},
    closed: () => {},
  };
  const edge = new Edge((address) => address, all.reject);
  edge.attach(node as unknown as Node);
  const { port } = edge.listen({ host: '127.0.0.1', port: 0 });
  let left = new Uint8Array(MIB);
  const more = (socket: Bun.Socket<undefined>): void => {
    left = left.subarray(Math.max(0, socket.write(left)));
  };
  await Bun.connect({ hostname: '127.0.0.1', port, socket: { open: more, drain: more, data: () => {} } });
  await all.promise;
  await new Promise(setImmediate);
  edge.close();
  return chunks.filter((_, i) => (lengths[i] as number) >= LONG);
}

test('what came of a connection that ends gives its memory back', async () => {
  const long = await chunksOf(1);
  expect(long.length).toBeGreaterThan(0);
  expect(long.filter(({ length }) => length > 0)).toEqual([]);
});

test('what came of one that lives stays', async () => {
  const long = await chunksOf(0);
  expect(long.length).toBeGreaterThan(0);
  expect(long.filter(({ length }) => length < LONG)).toEqual([]);
});
