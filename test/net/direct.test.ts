import { afterAll, expect, test } from 'bun:test';
import type { Socket } from 'bun';
import { DirectSend } from '../../src/net/direct.ts';

/** Two ends of one connection; what came to the far one. */
async function pair() {
  const opened = Promise.withResolvers<Socket>();
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open: (socket) => opened.resolve(socket), data: () => {} },
  });
  const received: Uint8Array[] = [];
  const heard: (() => void)[] = [];
  const far = await Bun.connect({
    hostname: '127.0.0.1',
    port: listener.port,
    socket: {
      data: (_socket, chunk) => {
        received.push(chunk);
        for (const tell of heard.splice(0)) tell();
      },
    },
  });
  const near = await opened.promise;
  const length = (): number => received.reduce((sum, chunk) => sum + chunk.length, 0);
  return {
    near,
    far,
    stop: () => listener.stop(true),
    received: async (bytes: number): Promise<Buffer> => {
      while (length() < bytes) await new Promise<void>((resolve) => heard.push(resolve));
      return Buffer.concat(received);
    },
  };
}

const direct = DirectSend.open();
const ends = await pair();
afterAll(() => ends.stop());

test.skipIf(process.platform !== 'linux')('there is a direct send on Linux', () => {
  expect(direct).toBeDefined();
});

test.skipIf(direct === undefined)('sends a part of an array, from wherever it lies', async () => {
  const sender = direct as DirectSend;
  const bytes = Buffer.from('0123456789');
  const other = new Uint8Array(100_000).fill(0x61);
  expect(sender.send(ends.near.fd, bytes, 3, 7)).toBe(4);
  expect(sender.send(ends.near.fd, other, 99_990, 99_995)).toBe(5);
  expect(sender.send(ends.near.fd, bytes, 0, 10)).toBe(10);
  sender.forget();
  expect(sender.send(ends.near.fd, bytes.subarray(2), 0, 2)).toBe(2);
  expect((await ends.received(21)).toString()).toBe('3456aaaaa012345678923');
});

test.skipIf(direct === undefined)('takes what there is room for, and says -1 when there is none', async () => {
  const sender = direct as DirectSend;
  const { near, far, received, stop } = await pair();
  far.pause();
  const bytes = new Uint8Array(1 << 20).fill(0x78);
  let sent = 0;
  let last = 0;
  do {
    last = sender.send(near.fd, bytes, 0, bytes.length);
    if (last > 0) sent += last;
  } while (last > 0);
  expect(last).toBe(-1);
  far.resume();
  expect(await received(sent)).toHaveLength(sent);
  stop();
});

test.skipIf(direct === undefined)('a descriptor that is nobody’s takes nothing', () => {
  expect((direct as DirectSend).send(-1, new Uint8Array(10), 0, 10)).toBe(-1);
});

test.skipIf(direct === undefined)('a peer that has gone does not end the process', async () => {
  const sender = direct as DirectSend;
  const { near, far, stop } = await pair();
  const { fd } = near;
  far.terminate();
  const bytes = new Uint8Array(10);
  expect([10, -1]).toContain(sender.send(fd, bytes, 0, 10));
  stop();
});
