// The API of a real server: every path and answer against docs/openapi.json, what it does to real clients, and who has
// no access.

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { narrowSocket } from '../support/narrow-socket.ts';
import { TestNetwork } from '../support/network.ts';
import { Contract, DOCUMENT } from '../support/openapi.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess, spawnServer } from '../support/server.ts';
import { settled } from '../support/settled.ts';

// Many servers start at once.
setDefaultTimeout(60_000);

const TOKEN = 'a-token-for-tests-of-the-api';

const FOLDER = mkdtempSync(join(tmpdir(), 'chorus-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function file(text: string): string {
  const path = join(FOLDER, crypto.randomUUID());
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const FLAGS = ['--http', '127.0.0.1:0', '--api-token-file', file(`${TOKEN}\nanother-token-meanwhile\n`)] as const;

function contract(server: ServerProcess): Contract {
  return new Contract(server.ready.http as string, TOKEN);
}

async function people(server: ServerProcess, ...nicks: readonly string[]): Promise<RawClient[]> {
  return Promise.all(nicks.map((nick) => RawClient.register(server.port, nick)));
}

describe.concurrent('access', () => {
  test('without a token the API is off, and says so', async () => {
    await using server = await ServerProcess.start('--http', '127.0.0.1:0');
    const { status, body } = await new Contract(server.ready.http as string, TOKEN).get('/api/servers');
    expect(status).toBe(403);
    expect(body.detail).toContain('--api-token-file');
  });

  test('a missing, wrong, cut or empty token is refused; both of the file are taken', async () => {
    await using server = await ServerProcess.start(...FLAGS);
    const api = contract(server);
    for (const token of [undefined, 'wrong', TOKEN.slice(0, -1), `${TOKEN}x`, '', `${TOKEN},${TOKEN}`]) {
      expect((await api.as(token).get('/api/rooms')).status).toBe(401);
      expect((await api.as(token).post('/api/drain', { comment: 'x' })).status).toBe(401);
    }
    for (const token of [TOKEN, 'another-token-meanwhile'])
      expect((await api.as(token).get('/api/rooms')).status).toBe(200);
  });

  test('a token that can be guessed ends the start, and is not shown', async () => {
    const server = spawnServer('--clients', '127.0.0.1:0', '--api-token-file', file('hunter2\n'));
    expect(await server.exited).toBe(2);
    const said = await new Response(server.stderr).text();
    expect(said).toContain('at least 16 characters');
    expect(said).not.toContain('hunter2');
  });
});

describe.concurrent('what is shown', () => {
  test('servers, links, rooms and clients, as documented', async () => {
    await using server = await ServerProcess.start(...FLAGS, '--name', 'alpha', '--flood', 'off');
    const api = contract(server);
    const [ann, bob, cat] = (await people(server, 'ann', 'bob', 'cat')) as [RawClient, RawClient, RawClient];
    ann.send('<CREATEROOM,Dev><JOINROOM,dev><CREATEROOM,empty><CREATEROOM,second><JOINROOM,second><CSEND,hi,dev>');
    bob.send('<JOINROOM,dev>');
    await bob.until('<RPL_WELCOME,Dev');
    expect((await api.get('/api/servers')).body.servers).toMatchObject([{ name: 'alpha', users: 3, via: '' }]);
    expect((await api.get('/api/links')).body).toEqual({ links: [] });
    const names = async (query: string) =>
      (await api.get(`/api/rooms${query}`)).body.rooms.map(({ name }: { name: string }) => name);
    expect(await names('')).toEqual(['Dev', 'second', 'empty']);
    expect(await names('?sort=name')).toEqual(['Dev', 'empty', 'second']);
    expect(await names('?sort=name&offset=1&limit=1')).toEqual(['empty']);
    expect(await names('?search=E')).toEqual(['Dev', 'second', 'empty']);
    expect((await api.get('/api/rooms?search=sec&limit=1')).body).toMatchObject({ total: 1 });
    const dev = (await api.get('/api/rooms/DEV')).body;
    expect(dev).toMatchObject({ name: 'Dev', members: 2, here: 2, next: 2, floor: 1 });
    expect(dev.clients.map(({ nick }: { nick: string }) => nick).sort()).toEqual(['ann', 'bob']);
    expect((await api.get('/api/rooms/nowhere')).status).toBe(404);
    const found = (await api.get('/api/clients?search=AN')).body;
    expect([found.total, found.clients[0].nick]).toEqual([1, 'ann']);
    expect((await api.get('/api/clients?server=beta')).body.total).toBe(0);
    const one = (await api.get('/api/clients/ANN')).body;
    expect(one).toMatchObject({ nick: 'ann', server: 'alpha', in: ['Dev', 'second'], connection: { lags: 0 } });
    expect((await api.get(`/api/clients/${one.uid}`)).body.nick).toBe('ann');
    for (const none of ['nobody', '1.1']) expect((await api.get(`/api/clients/${none}`)).status).toBe(404);
    for (const bad of ['limit=0', 'limit=201', 'limit=x', 'offset=951', 'sort=age', 'page=2', 'limit=1e1']) {
      expect((await api.get(`/api/rooms?${bad}`)).status).toBe(400);
    }
    cat.finish();
  });

  test('the fastest rooms in front', async () => {
    await using server = await ServerProcess.start(...FLAGS, '--flood', 'off');
    const api = contract(server);
    const [ann] = (await people(server, 'ann')) as [RawClient];
    ann.send('<CREATEROOM,slow><CREATEROOM,fast><JOINROOM,fast>');
    const talking = setInterval(() => ann.send('<CSEND,x>'), 50);
    try {
      await settled(async () => {
        const { rooms } = (await api.get('/api/rooms?sort=rate')).body;
        return [rooms[0].name, rooms[0].rate > 1, rooms[1].rate];
      }, ['fast', true, 0]);
    } finally {
      clearInterval(talking);
    }
  });

  test('who does not take what is said, and what it lacks', async () => {
    await using server = await ServerProcess.start(...FLAGS, '--flood', 'off');
    const api = contract(server);
    const [ann] = (await people(server, 'ann')) as [RawClient];
    using slow = await RawClient.connectNarrow(server.port);
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    slow.send('<NICK,slow><USER,slow,0,*,slow><JOINROOM,dev>');
    await slow.until('<RPL_WELCOME,dev');
    expect((await api.get('/api/laggards')).body).toEqual({ laggards: [], total: 0 });
    slow.pause();
    const text = `<CSEND,${'x'.repeat(4000)}>`.repeat(50);
    await settled(async () => {
      ann.send(text);
      await ann.flushed();
      return (await api.get('/api/laggards')).body.total;
    }, 1);
    const [lag] = (await api.get('/api/laggards?search=LO')).body.laggards;
    expect(lag.nick).toBe('slow');
    expect(lag.behindBytes + lag.waitingBytes).toBeGreaterThan(0);
    expect((await api.get('/api/laggards?search=ann')).body.total).toBe(0);
    expect(await (await fetch(`http://${server.ready.http}/metrics`)).text()).toMatch(/^chorus_laggards\S* 1$/m);
    expect((await api.get('/api/rooms/dev')).body).toMatchObject({ here: 2, behind: 1 });
    slow.resume();
    ann.send('<CSEND,the end>');
    await slow.until('<CMSG,dev,');
    await settled(async () => (await api.get('/api/rooms/dev')).body.behind, 0);
  });
});

describe.concurrent('what is done', () => {
  test('a kill reaches its client, by nickname and by uid, and is logged', async () => {
    await using server = await ServerProcess.start(...FLAGS);
    const api = contract(server);
    const [ann, bob] = (await people(server, 'ann', 'bob')) as [RawClient, RawClient];
    expect((await api.post('/api/kill', { target: 'ann', comment: 'spam, <again>' })).body).toEqual({
      ...{ reply: 'RPL_KILLED', about: 'ann' },
    });
    expect(await ann.until('<KILL,')).toBe('<KILL,ann,spam\\, \\<again\\>>');
    expect(await ann.until('<ERROR,')).toStartWith('<ERROR,Killed by operator');
    const { uid } = (await api.get('/api/clients/bob')).body;
    expect((await api.post('/api/kill', { target: uid, comment: 'bye' })).status).toBe(200);
    await bob.until('<KILL,bob,bye>');
    await settled(async () => (await api.post('/api/kill', { target: 'nobody', comment: 'x' })).status, 404);
    expect((await api.post('/api/kill', { target: uid, comment: 'x' })).status).toBe(404);
    await server.logged('operator=api');
  });

  test('broadcasts and closing; what is wrong changes nothing', async () => {
    await using server = await ServerProcess.start(...FLAGS, '--name', 'alpha');
    const api = contract(server);
    const [ann] = (await people(server, 'ann')) as [RawClient];
    expect((await api.post('/api/broadcast', { scope: 'all', text: 'hear' })).body.reply).toBe('RPL_BSENT');
    expect(await ann.until('<BMSG,')).toMatch(/^<BMSG,operator,all,\d+,hear>$/);
    expect((await api.post('/api/broadcast', { scope: 'everybody', text: 'x' })).status).toBe(400);
    expect((await api.post('/api/broadcast', { scope: 'all', text: 'x'.repeat(5000) })).status).toBe(413);
    expect((await api.post('/api/broadcast', { scope: 'all', text: 'x'.repeat(9000) })).status).toBe(413);
    expect((await api.post('/api/sclose', { server: 'beta', comment: 'x' })).status).toBe(404);
    expect((await api.post('/api/sclose', { server: 'alpha', peer: 'beta', comment: 'x' })).status).toBe(404);
    const bad = [{}, [], 'x', null, { target: 'ann' }, { target: 'ann', comment: 7 }, { target: 'ann', comment: '' }];
    for (const body of [...bad, { target: 'ann', comment: 'x', more: 'y' }, { target: 'ann', comment: 'a\0b' }]) {
      expect((await api.post('/api/kill', body)).status).toBe(400);
    }
    ann.send('<PING,still>');
    await ann.until('<PONG,still>');
  });

  test('in a network: kills reach other servers, links are listed and closed', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...FLAGS);
    const beta = await network.start('beta', ...FLAGS);
    const api = contract(alpha);
    await settled(
      async () => (await api.get('/api/links')).body.links.map(({ server }: { server: string }) => server),
      ['beta'],
    );
    const [bob] = (await people(beta, 'bob')) as [RawClient];
    const [link] = (await api.get('/api/links')).body.links;
    expect(Math.min(link.writtenBytes, link.receivedBytes)).toBeGreaterThan(0);
    await settled(async () => (await api.get('/api/clients?search=bob')).body.total, 1);
    expect((await api.get('/api/clients/bob')).body.connection).toBeUndefined();
    expect((await api.post('/api/kill', { target: 'bob', comment: 'from afar' })).status).toBe(200);
    await bob.until('<KILL,bob,from afar>');
    await beta.logged('operator.kill');
    expect((await api.post('/api/sclose', { server: 'alpha', peer: 'beta', comment: 'apart' })).status).toBe(200);
    await settled(async () => (await api.get('/api/links')).body.links.length, 0);
  });

  test('a drain stops the server', async () => {
    await using server = await ServerProcess.start(...FLAGS);
    const [ann] = (await people(server, 'ann')) as [RawClient];
    expect((await contract(server).post('/api/drain', { comment: 'new version' })).status).toBe(200);
    expect(await ann.until('<ERROR,')).toContain('new version');
    ann.finish();
    expect(await server.process.exited).toBe(0);
  });

  test('every documented answer of success was seen', async () => {
    await using server = await ServerProcess.start(...FLAGS, '--name', 'alpha');
    const api = contract(server);
    const [ann] = (await people(server, 'ann')) as [RawClient];
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    for (const path of Object.keys(DOCUMENT.paths)) {
      if (path === '/api/events' || DOCUMENT.paths[path]?.get === undefined) continue;
      await api.get(path.replace('{name}', path.includes('rooms') ? 'dev' : 'ann'));
    }
    await api.post('/api/kill', { target: 'ann', comment: 'x' });
    await api.post('/api/broadcast', { scope: 'servers', text: 'x' });
    await api.post('/api/sclose', { server: 'alpha', comment: 'x' });
    const good = [...api.seen].filter((each) => each.endsWith(' 200')).map((each) => each.slice(0, -4));
    const documented = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.filter((each) => !good.includes(each)).sort()).toEqual(['GET /api/events', 'POST /api/drain']);
    expect(await server.process.exited).toBe(0);
  });
});

describe.concurrent('events', () => {
  const open = (server: ServerProcess): Promise<Response> =>
    fetch(`http://${server.ready.http}/api/events`, { headers: { authorization: `Bearer ${TOKEN}` } });

  test('what the log is told arrives', async () => {
    await using server = await ServerProcess.start(...FLAGS);
    const response = await open(server);
    expect(response.headers.get('content-type')).toStartWith('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = '';
    const until = async (words: string): Promise<void> => {
      while (!text.includes(words)) text += decoder.decode((await reader.read()).value, { stream: true });
    };
    await until(':\n\n');
    const [_ann] = await people(server, 'ann');
    await contract(server).post('/api/kill', { target: 'ann', comment: 'a\nb' });
    await until('\n\nid: ');
    await until('"comment":"a\\\\u{a}b"');
    const event = /event: operator\.kill\ndata: (\{.*\})\n\n/.exec(text);
    expect(JSON.parse(event?.[1] as string)).toMatchObject({ event: 'operator.kill', level: 'info', operator: 'api' });
    await reader.cancel();
  });

  test('who listened with a token that counts no more is sent away', async () => {
    const path = file(`${TOKEN}\n`);
    const config = file(`api-token-file = ${JSON.stringify(path)}\n`);
    await using server = await ServerProcess.start('--http', '127.0.0.1:0', '--config', config);
    const reader = ((await open(server)).body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    writeFileSync(path, 'a-new-token-for-tests-of-the-api\n');
    server.process.kill('SIGHUP');
    await server.logged('options.reloaded');
    while (!(await reader.read()).done);
    expect((await contract(server).get('/api/rooms')).status).toBe(401);
  });

  test('so many listen and no more, and who goes makes room', async () => {
    await using server = await ServerProcess.start(...FLAGS);
    const streams = await Promise.all(Array.from({ length: 8 }, () => open(server)));
    expect(streams.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect((await open(server)).status).toBe(429);
    await streams[0]?.body?.cancel();
    await settled(async () => {
      const again = await open(server);
      await again.body?.cancel();
      return again.status;
    }, 200);
    for (const stream of streams.slice(1)) await stream.body?.cancel();
  });

  test('who does not read costs a bounded piece of memory, and is told what was lost', async () => {
    await using server = await ServerProcess.start(...FLAGS, '--log-level', 'error', '--flood', 'off');
    const api = contract(server);
    const port = Number(server.ready.http?.split(':').at(-1));
    let text = '';
    const socket = await Bun.connect({
      ...({ fd: narrowSocket(port) } as unknown as { hostname: string; port: number }),
      socket: {
        data: (_socket, bytes) => {
          text += bytes.toString('latin1');
        },
      },
    });
    socket.write(`GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    await settled(() => text.includes('text/event-stream'), true);
    socket.pause();
    const words = 'x'.repeat(1000);
    const many = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await api.post('/api/broadcast', { scope: 'servers', text: `${i} ${words}` });
    };
    await many(1000);
    const before = await server.rss();
    await many(3000);
    expect((await server.rss()) - before).toBeLessThan(24 * 1024 * 1024);
    socket.resume();
    await settled(() => /event: events\.lost\ndata: .*"count":\d{3,}/.test(text), true);
    await settled(() => text.includes(`2999 ${words}`), true);
    socket.end();
  });
});
