// Watching a real server over HTTP: its health, its figures while people talk, and what does not get through.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { TestNetwork } from '../support/network.ts';
import { Contract } from '../support/openapi.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess, spawnServer } from '../support/server.ts';
import { settled } from '../support/settled.ts';

// Many servers start at once.
setDefaultTimeout(60_000);

const HTTP = ['--http', '127.0.0.1:0'] as const;
const TOKEN = 'a-token-for-tests-of-draining';

function get(server: ServerProcess, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://${server.ready.http}${path}`, init);
}

/** The value of one line of a scrape. */
async function figure(server: ServerProcess, line: string): Promise<number> {
  const text = await (await get(server, '/metrics')).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? Number.NaN : Number(found.split(' ').at(-1));
}

/** Sends raw bytes and resolves to all that comes back, when the server has closed. */
async function raw(server: ServerProcess, ...pieces: readonly (string | Uint8Array)[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  const port = Number(server.ready.http?.split(':').at(-1));
  const socket = await Bun.connect({
    ...{ hostname: '127.0.0.1', port },
    socket: {
      data: (_socket, bytes) => {
        text += bytes.toString('latin1');
      },
      close: () => resolve(text),
    },
  });
  for (const piece of pieces) socket.write(piece);
  return promise;
}

describe('where', () => {
  test('an address that was asked for and is taken ends the start, and is named', async () => {
    await using server = await ServerProcess.start(...HTTP);
    const second = spawnServer('--clients', '127.0.0.1:0', '--http', server.ready.http as string);
    expect(await second.exited).toBe(2);
    expect(await new Response(second.stderr).text()).toContain(`--http ${server.ready.http}: the port is taken`);
  });

  test('the usual one is for who comes first: the second server starts without, and says so', async () => {
    // Somebody else on this machine may have it, too.
    await using first = await ServerProcess.startAs({ usualHttp: true });
    await using second = await ServerProcess.startAs({ usualHttp: true });
    await second.logged('http.off');
    expect(second.ready.http).toBeUndefined();
    if (first.ready.http !== undefined) expect(first.ready.http).toBe('127.0.0.1:7480');
    using ann = await RawClient.register(second.port, 'ann');
    ann.send('<PING,1>');
    await ann.until('<PONG,1>');
  });

  test('off is off', async () => {
    await using server = await ServerProcess.start('--http', 'off');
    expect(server.ready.http).toBeUndefined();
  });
});

describe.concurrent('health', () => {
  test('a server that is alone is alive and ready at once', async () => {
    await using server = await ServerProcess.start(...HTTP);
    for (const path of ['/healthz', '/readyz']) expect((await get(server, path)).status).toBe(200);
  });

  test('a server that looks for others says that it joins, and is ready when it has found them or nobody', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...HTTP);
    const first = await get(alpha, '/readyz');
    expect([first.status, first.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
    expect(await first.text()).toContain('joining');
    expect((await get(alpha, '/healthz')).status).toBe(200);
    const beta = await network.start('beta', ...HTTP);
    await settled(async () => (await get(beta, '/readyz')).status, 200);
    expect(await figure(beta, 'chorus_links')).toBe(1);
    expect(await figure(beta, 'chorus_servers')).toBe(2);
    expect(await figure(beta, 'chorus_vector_distance_facts')).toBe(0);
    await settled(async () => (await get(alpha, '/readyz')).status, 200);
  });
});

describe.concurrent('draining', () => {
  test('not ready any more, with the reason, while it still lives', async () => {
    await using server = await ServerProcess.start(...HTTP);
    using ann = await RawClient.register(server.port, 'ann');
    const stopped = server.stop();
    await ann.until('<ERROR,');
    const answer = await get(server, '/readyz');
    expect([answer.status, await answer.json()]).toMatchObject([503, { detail: expect.stringContaining('draining') }]);
    expect((await get(server, '/healthz')).status).toBe(200);
    ann.finish();
    expect((await stopped).code).toBe(0);
  });

  test('clients are told where else to go, a few at a time, and talk on until then', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...HTTP, '--drain-ms', '2s');
    const beta = await network.start('beta', ...HTTP);
    await settled(async () => (await get(alpha, '/readyz')).status, 200);
    await settled(() => figure(alpha, 'chorus_servers'), 2);
    const crowd = await Promise.all(Array.from({ length: 60 }, (_, i) => RawClient.register(alpha.port, `c${i}`)));
    using bob = await RawClient.register(beta.port, 'bob');
    await settled(() => figure(beta, 'chorus_network_users'), 61);
    const last = crowd.at(-1) as RawClient;
    const stopped = alpha.stop();
    const [first, ...others] = crowd as [RawClient, ...RawClient[]];
    expect(await first.until('<RPL_SERVERS,')).toBe(`<RPL_SERVERS,${beta.ready.clients[0]}>`);
    // Who was not told yet is served, and reaches the other server.
    last.send('<LSEND,still here,bob>');
    expect(await bob.until('<LMSG,c59')).toContain('still here');
    await first.until('<ERROR,');
    first.finish();
    for (const client of others) {
      expect(await client.until('<RPL_SERVERS,')).toBe(`<RPL_SERVERS,${beta.ready.clients[0]}>`);
      expect(await client.until('<ERROR,')).toContain('SIGTERM');
      client.finish();
    }
    expect((await stopped).code).toBe(0);
    await settled(() => figure(beta, 'chorus_network_users'), 1);
    await beta.logged('why=left');
    for (const client of crowd) client[Symbol.dispose]();
  });

  test('its rooms go on at another server, with every message', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...HTTP, '--api-token-file', network.secret('token', TOKEN));
    const beta = await network.start('beta', ...HTTP);
    for (const server of [alpha, beta]) await settled(() => figure(server, 'chorus_servers'), 2);
    using ann = await RawClient.register(alpha.port, 'ann');
    using bob = await RawClient.register(beta.port, 'bob');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    await settled(() => figure(beta, 'chorus_rooms'), 1);
    bob.send('<JOINROOM,dev>');
    await bob.until('<RPL_WELCOME,dev');
    ann.send('<CSEND,before,,,message-of-ann>');
    expect(await bob.until('<CMSG,dev')).toContain(',1,ann,');
    await ann.until('<RPL_SENT,dev');
    await new Contract(alpha.ready.http as string, TOKEN).post('/api/drain', { comment: 'moving' });
    expect(await ann.until('<ERROR,')).toContain('moving');
    ann.finish();
    bob.send('<CSEND,after,,,message-of-bob>');
    expect(await bob.until('<EPOCH,dev')).toBeString();
    expect(await bob.until('<CMSG,dev')).toContain(',2,bob,');
    expect(await alpha.process.exited).toBe(0);
  });
});

describe.concurrent('figures', () => {
  test('while people talk', async () => {
    await using server = await ServerProcess.start(...HTTP, '--flood', 'off');
    using ann = await RawClient.register(server.port, 'ann');
    using bob = await RawClient.register(server.port, 'bob');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    bob.send('<JOINROOM,dev><GETSEQUENCE,dev>');
    await bob.until('<NEWSEQUENCE,');
    const scrapes: Promise<number>[] = [];
    for (let i = 0; i < 500; i++) {
      ann.send(`<CSEND,a${i}>`);
      if (i % 50 === 0) scrapes.push(figure(server, 'chorus_connections'));
    }
    bob.send('<LEAVEROOM,dev><NONSENSE>');
    await bob.until('<ERR_UNKNOWNCOMMAND');
    await ann.until('<SKIPSEQUENCE');
    expect(await Promise.all(scrapes)).toEqual(scrapes.map(() => 2));
    await settled(() => figure(server, 'chorus_commands_total{verb="CSEND"}'), 500);
    await settled(() => figure(server, 'chorus_messages_total'), 500);
    const deliveries = await figure(server, 'chorus_deliveries_total');
    expect(deliveries).toBeGreaterThanOrEqual(500);
    expect(deliveries).toBeLessThanOrEqual(1000);
    await settled(() => figure(server, 'chorus_commands_total{verb="unknown"}'), 1);
    await settled(() => figure(server, 'chorus_errors_total{error="ERR_UNKNOWNCOMMAND"}'), 1);
    await settled(() => figure(server, 'chorus_reservations_total'), 1);
    await settled(() => figure(server, 'chorus_skips_total'), 1);
    await settled(() => figure(server, 'chorus_epochs_total'), 1);
    await settled(() => figure(server, 'chorus_users'), 2);
    await settled(async () => (await figure(server, 'chorus_received_bytes_total')) > 5000, true);
    for (const name of ['chorus_written_bytes_total', 'chorus_write_size_bytes_sum']) {
      await settled(async () => (await figure(server, name)) >= ann.received + bob.received, true);
    }
    expect(await figure(server, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
  });

  test('what waited for another server is counted with its time', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...HTTP);
    const beta = await network.start('beta', ...HTTP);
    for (const server of [alpha, beta]) await settled(() => figure(server, 'chorus_servers'), 2);
    using ann = await RawClient.register(alpha.port, 'ann');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    for (let i = 0; i < 20; i++) {
      ann.send(`<CSEND,words,,,message-${i}-of-ann>`);
      await ann.until(`<RPL_SENT,dev`);
    }
    await settled(() => figure(alpha, 'chorus_commit_seconds_count'), 20);
    expect(await figure(alpha, 'chorus_commit_seconds_sum')).toBeLessThan(60);
    expect(await figure(alpha, 'chorus_commit_seconds_bucket{le="+Inf"}')).toBe(20);
    expect(await figure(alpha, 'chorus_epochs_total')).toBe(1);
    expect(await figure(beta, 'chorus_epochs_total')).toBe(0);
  });

  test('what connections that are gone had counted stays', async () => {
    await using server = await ServerProcess.start(...HTTP);
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<QUIT>');
    await ann.until('<ERROR');
    ann.finish();
    await settled(() => figure(server, 'chorus_connections'), 0);
    await settled(() => figure(server, 'chorus_connections_opened_total'), 1);
    await settled(() => figure(server, 'chorus_written_bytes_total'), ann.received);
  });
});

describe.concurrent('what does not get through', () => {
  test('garbage, other names, other methods, bodies and headers without end', async () => {
    await using server = await ServerProcess.start(...HTTP);
    expect(await raw(server, 'GARBAGE\r\n\r\n')).toStartWith('HTTP/1.1 400');
    expect(await raw(server, new Uint8Array(1000))).not.toStartWith('HTTP/1.1 2');
    expect(await raw(server, `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 4\d\d|^$/,
    );
    const rebound = raw(server, 'GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    expect(await rebound).toStartWith('HTTP/1.1 421');
    const proxied = 'GET http://localhost/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    expect(await raw(server, proxied)).toStartWith('HTTP/1.1 400');
    const encoded = raw(server, 'GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await encoded).toStartWith('HTTP/1.1 400');
    expect((await get(server, '/metrics', { method: 'POST', body: '{}' })).status).toBe(405);
    expect(
      (await get(server, '/healthz', { method: 'OPTIONS' })).headers.get('access-control-allow-origin'),
    ).toBeNull();
    const large = await get(server, '/healthz', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(large.status).toBe(413);
    expect((await get(server, '/healthz')).status).toBe(200);
  });

  test('half a request ends in time, and many of them keep nobody out for long', async () => {
    await using server = await ServerProcess.start(...HTTP);
    const half = Array.from({ length: 100 }, () => raw(server, 'GET /healthz HTTP/1.1\r\nHost: local'));
    using ann = await RawClient.register(server.port, 'ann');
    await Promise.all(half);
    await settled(async () => (await get(server, '/healthz')).status, 200);
    ann.send('<PING,1>');
    expect(await ann.until('<PONG')).toBe('<PONG,1>');
    expect(server.files()).toBeLessThan(40);
  });

  test('ten thousand requests leave nothing behind', async () => {
    await using server = await ServerProcess.start(...HTTP);
    const round = async (requests: number): Promise<number> => {
      for (let i = 0; i < requests; i += 10) {
        const some = Array.from({ length: 10 }, (_, n) => get(server, n === 0 ? '/metrics' : '/readyz'));
        for (const response of await Promise.all(some)) await response.text();
      }
      return server.rss();
    };
    const early = await round(3000);
    const late = await round(10_000);
    expect(late - early).toBeLessThan(32 * 1024 * 1024);
  });
});
