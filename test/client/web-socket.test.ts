// WebSocket with peers that take nothing, say text, speak something else and hang up.

import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ServerWebSocket } from 'bun';
import type { Transport } from '../../src/client/transport/driver.ts';
import { webSocketDialler } from '../../src/client/transport/web-socket.ts';

// Real connections, on a machine that may be busy.
setDefaultTimeout(60_000);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server that does `open` with each connection, and keeps what it is told. */
function listen(open: (peer: ServerWebSocket<undefined>) => void) {
  const heard: string[] = [];
  const closed = Promise.withResolvers<number>();
  const listener = Bun.serve<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, server) => {
      const asked = request.headers.get('Sec-WebSocket-Protocol');
      if (asked === 'chorus.1' && server.upgrade(request, { headers: { 'Sec-WebSocket-Protocol': 'chorus.1' } }))
        return;
      return new Response('no', { status: 400 });
    },
    websocket: {
      open,
      message: (_, message) => void heard.push(typeof message === 'string' ? message : `${message.length} bytes`),
      close: (_, code) => closed.resolve(code),
    },
  });
  cleanups.push(() => listener.stop(true));
  return { address: `ws://127.0.0.1:${listener.port}/ws`, heard, closed: closed.promise };
}

/** The address of a server that shakes hands with this header, and reads no further; who learns of ends reads on. */
function shakeHands(header: string, ended?: () => void): string {
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, chunk) {
        const key = /Sec-WebSocket-Key: (\S+)/i.exec(chunk.toString())?.[1];
        if (key === undefined) return;
        const hash = new Bun.CryptoHasher('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', header];
        socket.write([...lines, `Sec-WebSocket-Accept: ${hash}`, '', ''].join('\r\n'));
        if (ended === undefined) socket.pause();
      },
      close: () => ended?.(),
    },
  });
  cleanups.push(() => listener.stop(true));
  return `ws://127.0.0.1:${listener.port}/ws`;
}

/** Dials; what it was told of, as words, and its end. */
function dial(address: string) {
  const told: string[] = [];
  const opened = Promise.withResolvers<void>();
  const over = Promise.withResolvers<string>();
  const transport: Transport = webSocketDialler(address, {
    open: () => {
      told.push('open');
      opened.resolve();
    },
    data: (chunk) => told.push(new TextDecoder().decode(chunk)),
    closed: (reason) => {
      told.push('closed');
      over.resolve(reason);
    },
  });
  cleanups.push(() => transport.close());
  return { transport, told, opened: opened.promise, over: over.promise };
}

describe('a transport over WebSocket', () => {
  test('passes bytes on, and says why the server hung up', async () => {
    const { address } = listen((peer) => {
      peer.send(new TextEncoder().encode('<A>\n'));
      peer.close(1001, 'the server goes');
    });
    const { told, over } = dial(address);
    expect(await over).toBe('the server goes');
    expect(told).toEqual(['open', '<A>\n', 'closed']);
  });

  test('says what it was given before it closes, and tells nothing after that', async () => {
    const { address, heard, closed } = listen(() => {});
    const { transport, told, opened } = dial(address);
    await opened;
    transport.send(new Uint8Array(1_000_000));
    transport.close();
    transport.send(new Uint8Array(1));
    expect(await closed).toBe(1000);
    expect(heard).toEqual(['1000000 bytes']);
    expect(told).toEqual(['open']);
  });

  test('is over when the server says text', async () => {
    const { address, closed } = listen((peer) => void peer.send('<A>'));
    const { told, over } = dial(address);
    expect(await over).toBe('the server sent text where bytes belong');
    expect(told).toEqual(['open', 'closed']);
    await closed;
  });

  test.each([['Sec-WebSocket-Protocol: mqtt'], ['X-Nothing: of it']])('never opens with %s', async (header) => {
    const { told, over } = dial(shakeHands(header));
    await over;
    expect(told).toEqual(['closed']);
  });

  test('is over where nobody listens', async () => {
    const { told, over } = dial('ws://127.0.0.1:1/ws');
    await over;
    expect(told).toEqual(['closed']);
  });

  test('closes where the server never does', async () => {
    const closed = Promise.withResolvers<void>();
    const { transport, opened } = dial(shakeHands('Sec-WebSocket-Protocol: chorus.1', () => closed.resolve()));
    await opened;
    transport.close();
    await closed.promise;
  });

  test('gives a server up that takes nothing, before memory runs out', async () => {
    const { transport, told, opened, over } = dial(shakeHands('Sec-WebSocket-Protocol: chorus.1'));
    await opened;
    for (let i = 0; i < 400 && told.length === 1; i++) transport.send(new Uint8Array(60_000));
    expect(await over).toBe('the server takes nothing');
  });
});
