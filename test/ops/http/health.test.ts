// `server health`: well only when the server says 200, and an answer in words for everything else.

import { describe, expect, test } from 'bun:test';
import { healthCommand } from '../../../src/ops/http/health.ts';

async function ask(port: number, host = '127.0.0.1', waitMs?: number): Promise<[number, string[]]> {
  const said: string[] = [];
  const code = await healthCommand({ host, port }, (line) => said.push(line), waitMs);
  return [code, said];
}

/** Something that answers every connection with these bytes, and closes it. */
function answering(bytes: string) {
  return Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket) {
        socket.end(bytes);
      },
    },
  });
}

describe('the answer', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\n\r\nok', 0, 'HTTP/1.1 200 OK'],
    ['HTTP/1.1 503 Service Unavailable\r\n\r\n', 1, 'HTTP/1.1 503 Service Unavailable'],
    ['HTTP/1.1 2000 Odd\r\n\r\n', 1, 'HTTP/1.1 2000 Odd'],
    ['<PONG,1>\r\n', 1, '<PONG,1>'],
    ['no line', 1, 'closed without an answer'],
    ['', 1, 'closed without an answer'],
  ])('%j ends with %d', async (bytes, code, words) => {
    using server = answering(bytes);
    expect(await ask(server.port)).toEqual([code, [`127.0.0.1:${server.port}: ${words}`]]);
  });

  test('of a server that listens everywhere is asked for on this machine', async () => {
    using server = answering('HTTP/1.1 200 OK\r\n\r\n');
    expect(await ask(server.port, '0.0.0.0')).toEqual([0, [`127.0.0.1:${server.port}: HTTP/1.1 200 OK`]]);
  });

  test('of nobody is no', async () => {
    const server = answering('');
    const { port } = server;
    server.stop(true);
    expect(await ask(port)).toEqual([
      1,
      [`127.0.0.1:${port}: nobody listens there; is the server up, and this its --http?`],
    ]);
  });

  test('of one that keeps silent is not waited for for long', async () => {
    using server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    expect(await ask(server.port, '127.0.0.1', 100)).toEqual([1, [`127.0.0.1:${server.port}: no answer in 0.1 s`]]);
  });
});

test('where nobody can be asked, it says why', async () => {
  const said: string[] = [];
  expect(await healthCommand('off', (line) => said.push(line))).toBe(1);
  expect(await healthCommand({ host: '127.0.0.1', port: 0 }, (line) => said.push(line))).toBe(1);
  expect(said.map((line) => line.split(':')[0])).toEqual(['--http is off', '--http has port 0']);
});
