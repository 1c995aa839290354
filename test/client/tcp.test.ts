// The driver and TCP on real sockets, those of Bun and those of Node, with peers that stall, refuse and hang up.

import { afterEach, describe, expect, jest, setDefaultTimeout, test } from 'bun:test';
import type { Socket } from 'bun';
import type { ClientEvent } from '../../src/client/client-events.ts';
import type { ClientOptions } from '../../src/client/client-options.ts';
import { Client, type Dialler } from '../../src/client/transport/driver.ts';
import { nodeTcpDialler } from '../../src/client/transport/node-tcp.ts';
import { tcpDialler } from '../../src/client/transport/tcp.ts';
import { encodeFrame } from '../../src/wire/writer.ts';
import { rejection } from '../support/rejection.ts';

// Real connections, on a machine that may be busy.
setDefaultTimeout(60_000);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const WELCOME = Buffer.concat([
  encodeFrame('RPL_WELCOME', '*', 'ann!u@h', '1.1', 't'),
  encodeFrame('RPL_LIMITS', 'text=4096'),
]);

/** A server that lets anybody in at once; `take` gets what comes. */
function listen(take: (socket: Socket, chunk: Uint8Array) => void = () => {}) {
  const sockets: Socket[] = [];
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        sockets.push(socket);
        socket.write(WELCOME);
      },
      data: take,
    },
  });
  cleanups.push(() => listener.stop(true));
  return { address: `127.0.0.1:${listener.port}`, sockets };
}

function connectBy(dialler: Dialler, servers: string[], options: Partial<ClientOptions> = {}) {
  const waiting: { look: (event: ClientEvent) => boolean; resolve: (event: ClientEvent) => void }[] = [];
  const client = new Client({ servers, nick: 'ann', ...options }, dialler, (event) => {
    for (const each of [...waiting]) if (each.look(event)) each.resolve(event);
  });
  cleanups.push(() => client.quit());
  const next = (kind: ClientEvent['kind']): Promise<ClientEvent> =>
    new Promise((resolve) => waiting.push({ look: (event) => event.kind === kind, resolve }));
  return { client, next };
}

describe.each([
  ['Bun', tcpDialler()],
  ['Node', nodeTcpDialler()],
])('a client over TCP, by the sockets of %s', (_, dialler) => {
  const connect = (servers: string[], options: Partial<ClientOptions> = {}) => connectBy(dialler, servers, options);

  test('short writes lose nothing and keep their order', async () => {
    let received = 0;
    let wrong = 0;
    const all = Promise.withResolvers<void>();
    const parts: Uint8Array[] = [];
    const frames = 1_000;
    const body = 'x'.repeat(6_000);
    const size = encodeFrame('X', '0000', body).length;
    const { address, sockets } = listen((_, chunk) => {
      parts.push(chunk);
      received += chunk.length;
      if (received > size * frames) all.resolve();
    });
    const { client, next } = connect([address]);
    await next('online');
    sockets[0]?.pause();
    for (let i = 0; i < frames; i++) client.frame('X', String(i).padStart(4, '0'), body);
    // When somebody else has come and gone, this server has had its turn to read what it is not to read yet.
    await connect([address]).next('online');
    expect(received).toBeLessThan(size * frames);
    sockets[0]?.resume();
    await all.promise;
    const text = Buffer.concat(parts).toString();
    const numbers = [...text.matchAll(/<X,(\d{4}),x{6000}>/g)].map((match) => Number(match[1]));
    for (let i = 0; i < frames; i++) if (numbers[i] !== i) wrong++;
    expect([numbers.length, wrong]).toEqual([frames, 0]);
  });

  test('a server that takes nothing is left before memory runs out', async () => {
    const { address, sockets } = listen();
    const { client, next } = connect([address]);
    await next('online');
    sockets[0]?.pause();
    const offline = next('offline');
    const body = 'x'.repeat(60_000);
    for (let i = 0; i < 400 && client.online; i++) client.frame('X', body);
    expect(await offline).toMatchObject({ reason: 'the server takes nothing' });
  });

  test('the next server is tried when one refuses', async () => {
    const { address } = listen();
    const { next } = connect(['127.0.0.1:1', address], { limits: { retryMs: 10 } });
    expect(await next('offline')).toMatchObject({ server: '127.0.0.1:1', reason: 'nobody is listening there' });
    expect(await next('online')).toMatchObject({ server: address });
  });

  test('a server that hangs up half-way is left and dialled again', async () => {
    const { address, sockets } = listen();
    const { next } = connect([address], { limits: { retryMs: 10 } });
    await next('online');
    sockets[0]?.end();
    expect(await next('offline')).toMatchObject({ wasOnline: true });
    await next('online');
    expect(sockets).toHaveLength(2);
  });
});

test.each([
  ['never shakes hands', () => {}],
  ['answers with what no handshake is', (peer: Socket) => void peer.write('<ERROR,what is that?>')],
])('a server with TLS that %s is left behind by the sockets of Bun', async (_, answer) => {
  const [greeted, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(peer) {
        answer(peer);
        greeted.resolve();
      },
      close: () => closed.resolve(),
    },
  });
  cleanups.push(() => listener.stop(true));
  const transport = tcpDialler()(`tls://127.0.0.1:${listener.port}`, { open() {}, data() {}, closed() {} });
  await greeted.promise;
  transport.close();
  await closed.promise;
});

test('a server that answers with an alert of TLS is left at once, and told to be one', async () => {
  const closed = Promise.withResolvers<void>();
  const over = Promise.withResolvers<string>();
  const open = (peer: Socket): void => void peer.write(new Uint8Array([0x15, 3, 1, 0, 2, 2, 40]));
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open, data() {}, close: () => closed.resolve() },
  });
  cleanups.push(() => listener.stop(true));
  tcpDialler()(`127.0.0.1:${listener.port}`, { open() {}, data() {}, closed: over.resolve });
  expect(await over.promise).toContain('tls://');
  await closed.promise;
});

describe('the driver', () => {
  const connect = (servers: string[], options: Partial<ClientOptions> = {}) =>
    connectBy(tcpDialler(), servers, options);

  test('events can be read in a loop, which ends with the client', async () => {
    const { address } = listen();
    const { client } = connect([address], { limits: { quitMs: 50 } });
    const kinds: string[] = [];
    for await (const event of client.events()) {
      kinds.push(event.kind);
      if (event.kind === 'online') void client.quit('enough');
    }
    expect(kinds).toEqual(['dialling', 'online', 'closed']);
    expect(await rejection(client.send('lobby', 'x'))).toMatchObject({ code: 'CLOSED', retriable: false });
    await client.quit();
  });

  test('goes on to the next server where the runtime refuses an address', async () => {
    const { address } = listen();
    const dialler: Dialler = (server, events) => {
      if (server !== address) throw new TypeError('no such thing');
      return tcpDialler()(server, events);
    };
    const { next } = connectBy(dialler, ['127.0.0.1:1', address], { limits: { retryMs: 10 } });
    expect(await next('offline')).toMatchObject({ server: '127.0.0.1:1', reason: 'no such thing' });
    expect(await next('online')).toMatchObject({ server: address });
  });

  test('keeps its deadlines when the clock is set back', async () => {
    jest.useFakeTimers({ now: 1_000_000_000 });
    cleanups.push(() => jest.useRealTimers());
    const client = new Client({ servers: ['a:1'], nick: 'ann' }, () => ({ send() {}, close() {} }));
    const asked = rejection(client.request('LISTROOMS'));
    jest.setSystemTime(10_000_000);
    client.frame('X');
    jest.advanceTimersByTime(20_000);
    expect(await asked).toMatchObject({ code: 'TIMEOUT' });
    expect(client.closed).toBe(false);
    await client.quit();
  });

  test('events that nobody reads are kept up to a bound, and the reader is told that there were more', async () => {
    const { address, sockets } = listen();
    const { client, next } = connect([address], { limits: { quitMs: 50 } });
    const events = client.events();
    expect((await events.next()).value).toMatchObject({ kind: 'dialling' });
    await next('online');
    sockets[0]?.write(`${'<X>'.repeat(100_001)}<LMSG,eve,0,that was it>`);
    await next('told');
    expect((await rejection(events.next())).message).toContain('100000 events were not read');
  });
});
