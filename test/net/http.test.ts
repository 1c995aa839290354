// The HTTP listener on real sockets: what it bounds, and that who does what is right is not bounded.

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type HttpHandler, type HttpLimits, HttpListener, type HttpSink } from '../../src/net/http.ts';
import { narrowSocket } from '../support/narrow-socket.ts';
import { settled } from '../support/settled.ts';

setDefaultTimeout(60_000);

const LIMITS: HttpLimits = { connections: 8, headerBytes: 4096, bodyBytes: 1000, requestMs: 1000, idleMs: 800 };
const LARGE = 'x'.repeat(16 * 1024 * 1024);

const open: Disposable[] = [];
afterAll(() => {
  for (const each of open.splice(0)) each[Symbol.dispose]();
});

/** What a test sees of a stream that the server writes. */
class Stream {
  sink: HttpSink | undefined;
  drains = 0;
  closed = false;
}

async function listen(stream = new Stream()): Promise<number> {
  const handler: HttpHandler = {
    handle: ({ path, method, body }) => {
      if (path === '/fault') throw new Error('planted');
      if (path === '/large') return { status: 200, headers: {}, body: LARGE };
      if (path !== '/stream') return { status: 200, headers: {}, body: `${method} ${path} ${body}` };
      const begin = (sink: HttpSink) => {
        stream.sink = sink;
        return {
          drained: () => stream.drains++,
          closed: () => {
            stream.closed = true;
          },
        };
      };
      return { status: 200, headers: {}, body: begin };
    },
    refuse: (status, reason) => ({ status, headers: {}, body: reason }),
    failed: (error) => ({ status: 500, headers: {}, body: (error as Error).message }),
  };
  const listener = await HttpListener.listen({ host: '127.0.0.1', port: 0 }, LIMITS, handler);
  open.push({ [Symbol.dispose]: () => listener.close() });
  return listener.address.port;
}

/** A client that types what it likes. */
class Peer {
  text = '';
  received = 0;
  closed = false;
  socket: Bun.Socket | undefined;

  static async connect(port: number, narrow = false): Promise<Peer> {
    const peer = new Peer();
    const to = narrow ? { fd: narrowSocket(port) } : { hostname: '127.0.0.1', port };
    peer.socket = await Bun.connect({
      ...(to as { hostname: string; port: number }),
      socket: {
        data: (_socket, bytes) => {
          peer.received += bytes.length;
          if (peer.text.length < 10_000) peer.text += bytes.toString('latin1');
        },
        close: () => {
          peer.closed = true;
        },
      },
    });
    open.push({ [Symbol.dispose]: () => peer.socket?.terminate() });
    return peer;
  }

  ask(path: string): void {
    this.socket?.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }
}

test('a request comes in whole, one after the other on one connection', async () => {
  const port = await listen();
  const url = `http://127.0.0.1:${port}`;
  expect(await (await fetch(`${url}/a%20b?c=d`, { method: 'POST', body: 'ünf' })).text()).toBe('POST /a b ünf');
  const peer = await Peer.connect(port);
  for (const path of ['/1', '/2']) {
    peer.ask(path);
    await settled(() => peer.text.includes(`GET ${path} `), true);
  }
});

test('the answer to HEAD has no body, and no stream begins for it', async () => {
  const stream = new Stream();
  const peer = await Peer.connect(await listen(stream));
  peer.socket?.write('HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  peer.ask('/after');
  await settled(() => peer.text.includes('GET /after '), true);
  expect(peer.text).toContain(`content-length: ${'HEAD /x '.length}\r\n`);
  expect(peer.text).not.toContain('HEAD /x ');
  expect(peer.text.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(3);
  expect(stream.sink).toBeUndefined();
});

test('a fault of ours is an answer, and the next request is served', async () => {
  const url = `http://127.0.0.1:${await listen()}`;
  const answer = await fetch(`${url}/fault`);
  expect([answer.status, await answer.text()]).toEqual([500, 'planted']);
  expect((await fetch(`${url}/fine`)).status).toBe(200);
});

describe.concurrent('bounds', () => {
  test('a body, with its length and without', async () => {
    const url = `http://127.0.0.1:${await listen()}/x`;
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(1000) })).status).toBe(200);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(1001) })).status).toBe(413);
    const pieces = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 3; i++) controller.enqueue(new TextEncoder().encode('y'.repeat(400)));
        controller.close();
      },
    });
    expect((await fetch(url, { method: 'POST', body: pieces, duplex: 'half' } as RequestInit)).status).toBe(413);
  });

  test('who says nothing, or half of something, is closed', async () => {
    const port = await listen();
    const [silent, half] = [await Peer.connect(port), await Peer.connect(port)];
    half.socket?.write('POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc');
    await settled(() => [silent.closed, half.closed], [true, true]);
  });

  test('more connections than there may be', async () => {
    const port = await listen();
    const peers = await Promise.all(Array.from({ length: 30 }, () => Peer.connect(port)));
    // Each asks, so that none is closed for its silence.
    const asking = setInterval(() => {
      for (const peer of peers) if (!peer.closed) peer.ask('/x');
    }, 200);
    try {
      await settled(() => peers.filter(({ closed }) => !closed).length <= LIMITS.connections, true);
    } finally {
      clearInterval(asking);
    }
  });

  test('who does not read an answer is closed', async () => {
    const peer = await Peer.connect(await listen(), true);
    peer.ask('/large');
    await settled(() => peer.text !== '', true);
    peer.socket?.pause();
    await Bun.sleep(LIMITS.idleMs * 3);
    peer.socket?.resume();
    await settled(() => peer.closed, true);
    expect(peer.received).toBeLessThan(LARGE.length);
  });
});

describe.concurrent('a stream', () => {
  test('is told when to hold back and when to go on', async () => {
    const stream = new Stream();
    const peer = await Peer.connect(await listen(stream), true);
    peer.ask('/stream');
    await settled(() => stream.sink !== undefined, true);
    peer.socket?.pause();
    let written = 0;
    while (written < 4096 && stream.sink?.write('x'.repeat(16_384)) === true) written++;
    expect(written).toBeLessThan(4096);
    peer.socket?.resume();
    await settled(() => stream.drains, 1);
  });

  test('stays for as long as it is read and something is said', async () => {
    const stream = new Stream();
    const peer = await Peer.connect(await listen(stream));
    peer.ask('/stream');
    await settled(() => stream.sink !== undefined, true);
    for (let i = 0; i < 12; i++) {
      stream.sink?.write(`word ${i}\n`);
      await Bun.sleep(200);
    }
    expect([peer.closed, stream.closed]).toEqual([false, false]);
    await settled(() => peer.text.includes('word 11'), true);
    stream.sink?.end();
    await settled(() => stream.closed, true);
  });

  test('whose reader has gone, or stands still, is over', async () => {
    const [gone, still] = [new Stream(), new Stream()];
    const leaving = await Peer.connect(await listen(gone));
    leaving.ask('/stream');
    await settled(() => gone.sink !== undefined, true);
    leaving.socket?.end();
    await settled(() => gone.closed, true);
    const stalling = await Peer.connect(await listen(still), true);
    stalling.ask('/stream');
    await settled(() => still.sink !== undefined, true);
    stalling.socket?.pause();
    // What the system takes on its behalf goes first; then nothing goes any more.
    const filling = setInterval(() => still.sink?.write('x'.repeat(65_536)), 10);
    try {
      await settled(() => still.closed, true);
    } finally {
      clearInterval(filling);
    }
  });
});
