// WebSockets of real servers: the same rooms as over TCP, in the same order; messages of whole frames however much there is
// to say; ends that say why; who may come; and where the server listens for them.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';

import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import { rejection } from '../support/rejection.ts';
import { ServerProcess } from '../support/server.ts';
import { TlsFiles } from '../support/tls-files.ts';
import { clientFrame, upgradeRequest, WebClient } from '../support/web-client.ts';

setDefaultTimeout(30_000);

const WEB = ['--web', '127.0.0.1:0', '--flood', 'off'] as const;

/** Both are in the room, which the first one makes. */
async function meet(ann: RawClient | WebClient, bob: WebClient): Promise<void> {
  ann.send('<CREATEROOM,lobby><JOINROOM,lobby>');
  await ann.until('<RPL_WELCOME,lobby');
  bob.send('<JOINROOM,lobby>');
  await bob.until('<RPL_WELCOME,lobby');
}

describe.concurrent('a client over WebSocket', () => {
  test('is the standard one: it registers, talks, and is told why it ends', async () => {
    await using server = await ServerProcess.start(...WEB);
    const socket = new WebSocket(`ws://127.0.0.1:${server.webPort}/ws`, 'chorus.1');
    socket.binaryType = 'arraybuffer';
    const { promise, resolve } = Promise.withResolvers<CloseEvent>();
    let heard = '';
    socket.onopen = () => {
      socket.send('<NICK,ann><USER,ann,0,*,Ann>');
      socket.send(new TextEncoder().encode('<CREATEROOM,lobby><JOINROOM,lobby><CSEND,grüße>'));
    };
    socket.onmessage = ({ data }) => {
      heard += new TextDecoder().decode(data as ArrayBuffer);
      if (heard.includes('<CMSG,lobby') && !heard.includes('<ERROR')) socket.send('<QUIT,bye>');
    };
    socket.onclose = resolve;
    const { code, reason, wasClean } = await promise;
    expect([code, reason, wasClean]).toEqual([1000, 'Quit: bye', true]);
    expect([socket.protocol, socket.extensions]).toEqual(['chorus.1', '']);
    expect(heard).toContain(',grüße>\n');
    expect(heard).toEndWith('<ERROR,Quit: bye>\n');
  });

  test('sees the order that one over TCP sees, whoever speaks', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await RawClient.register(server.port, 'ann');
    using bob = await WebClient.register(server.webPort, 'bob');
    await meet(ann, bob);
    await ann.until('<JOINROOM,lobby,bob');
    for (let i = 0; i < 500; i++) {
      ann.send(`<CSEND,from ann ${i}>`);
      bob.send(`<CSEND,from bob ${i}>`);
    }
    const seen = await ann.take(1000);
    await bob.wait(() => bob.lines.length >= 1000, '1,000 messages');
    expect(bob.lines).toEqual(seen);
    expect(seen.filter((line) => line.startsWith('<CMSG'))).toHaveLength(1000);
  });

  test('may send its frames in whatever pieces', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await WebClient.register(server.webPort, 'ann');
    // One message of two kinds of pieces with a ping within, byte by byte; then several frames in one.
    const pieces = Buffer.concat([
      clientFrame(1, '<PING,a', { final: false }),
      clientFrame(9, 'still there?'),
      clientFrame(0, 'b', { final: false }),
      clientFrame(0, 'c'),
      clientFrame(2, '>'),
    ]);
    for (const byte of pieces) ann.raw(new Uint8Array([byte]));
    expect(await ann.until('<PONG')).toBe('<PONG,abc>');
    expect(ann.pongs).toEqual(['still there?']);
    ann.send('<PING,1><PING,2>\n<PING,3>');
    expect(await ann.upTo('<PONG,3>')).toEqual(['<PONG,1>', '<PONG,2>', '<PONG,3>']);
  });

  test('gets answers of one length each as its own', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await WebClient.register(server.webPort, 'ann');
    for (const word of ['one', 'two', 'six', 'ten']) {
      ann.send(`<PING,${word}>`);
      expect(await ann.until('<PONG')).toBe(`<PONG,${word}>`);
    }
  });

  test('may send its first frames with the request', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await WebClient.dial(server.webPort);
    const request = Buffer.concat([
      Buffer.from(upgradeRequest(server.webPort)),
      clientFrame(2, '<NICK,a><USER,a,0,*,a>'),
    ]);
    for (const byte of request) ann.raw(new Uint8Array([byte]));
    await ann.until('<RPL_LIMITS');
    expect(ann.status).toBe(101);
  });

  test('gets much in many messages, each of whole frames and none too long', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await WebClient.register(server.webPort, 'ann');
    using bob = await WebClient.register(server.webPort, 'bob');
    await meet(ann, bob);
    const text = `${'\\>\n'.repeat(1000)}x`;
    ann.send(`<CSEND,${text}>`.repeat(40).replaceAll('\n', ' '));
    ann.send('<PING,end>');
    await ann.until('<PONG,end>');
    await bob.wait(() => bob.lines.filter((line) => line.startsWith('<CMSG')).length >= 40, '40 messages');
    expect(Math.max(...bob.sizes)).toBeGreaterThan(8_192);
    expect(Math.max(...bob.sizes)).toBeLessThanOrEqual(16_384);
  });

  test('speaks TLS, and is shown a renewed certificate', async () => {
    using files = new TlsFiles();
    const flags = files.server('first').filter((_, i, all) => all[i] !== '--clients' && all[i - 1] !== '--clients');
    await using server = await ServerProcess.start(...flags, '--web', 'tls://127.0.0.1:0');
    expect(server.ready.web).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
    const dial = { ca: files.authority.cert };
    using ann = await WebClient.register(server.webPort, 'ann', dial);
    files.issue('server', 'renewed');
    server.process.kill('SIGHUP');
    await server.logged('options.reloaded');
    using bob = await WebClient.register(server.webPort, 'bob', dial);
    expect([ann.shown, bob.shown]).toEqual(['first', 'renewed']);
    ann.send('<PING,x>');
    expect(await ann.until('<PONG')).toBe('<PONG,x>');
  });
});

describe.concurrent('an end', () => {
  const ends = async (act: (client: WebClient) => void, flags: readonly string[] = []): Promise<WebClient> => {
    await using server = await ServerProcess.start(...WEB, ...flags);
    const client = await WebClient.register(server.webPort, 'ann');
    act(client);
    await client.wait(() => client.end !== undefined, 'a close frame');
    // We say the same, and the server ends the socket.
    client.raw(clientFrame(8, ''));
    await client.ended();
    return client;
  };

  test('says 1009 where a frame is too long', async () => {
    const { end, lines } = await ends((client) => client.send(`<CSEND,${'x'.repeat(100_000)}>`));
    expect(end?.code).toBe(1009);
    expect(lines.at(-1)).toStartWith('<ERROR,');
  });

  test('says 1008 where somebody may not stay', async () => {
    const { end, lines } = await ends((client) => client.send('<OPER,a,b>'.repeat(3)), ['--password-failures', '1']);
    expect(end?.code).toBe(1008);
    expect(lines.at(-1)).toBe(`<ERROR,${end?.reason}>`);
  });

  test('says 1002 and 1007 where the rules of WebSocket are broken', async () => {
    const unmasked = await ends((client) => client.raw(clientFrame(2, '<PING>', { masked: false })));
    expect(unmasked.end).toEqual({ code: 1002, reason: 'WebSocket: a frame has no mask' });
    expect(unmasked.lines.at(-1)).toBe('<ERROR,WebSocket: a frame has no mask>');
    const text = await ends((client) => client.raw(clientFrame(1, Buffer.from([0x3c, 0xff, 0x3e]))));
    expect(text.end).toEqual({ code: 1007, reason: 'WebSocket: a text is no UTF-8' });
  });

  test('says 1001 where the server stops', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await WebClient.register(server.webPort, 'ann');
    const stopped = server.stop();
    await ann.wait(() => ann.end !== undefined, 'a close frame');
    expect(ann.end?.code).toBe(1001);
    ann.raw(clientFrame(8, Buffer.from([0x03, 0xe9])));
    expect((await stopped).code).toBe(0);
  });

  test('of a client comes behind what it sent, and is answered with its code', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await RawClient.register(server.port, 'ann');
    using bob = await WebClient.register(server.webPort, 'bob');
    ann.send('<CREATEROOM,lobby><JOINROOM,lobby>');
    await ann.until('<RPL_WELCOME,lobby');
    bob.raw(Buffer.concat([clientFrame(2, '<JOINROOM,lobby><CSEND,last>'), clientFrame(8, Buffer.from([0x0f, 0xa0]))]));
    await bob.ended();
    expect(bob.end?.code).toBe(4000);
    expect((await ann.upTo('<QUIT')).map((line) => line.split(',')[0])).toEqual(['<JOINROOM', '<CMSG', '<QUIT']);
  });

  test('without a word of WebSocket is one, too', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await WebClient.register(server.webPort, 'ann');
    ann.send('<PING,last>');
    ann.finish();
    await ann.ended();
    expect(ann.lines).toContain('<PONG,last>');
    expect(ann.end?.code).toBe(1000);
    using again = await WebClient.register(server.webPort, 'ann');
    again.reset();
    using third = await WebClient.register(server.webPort, 'carl');
    expect(third.status).toBe(101);
  });
});

describe.concurrent('who may come', () => {
  test('is who asks for /ws, the subprotocol, and from a page that may', async () => {
    const config = join(tmpdir(), `chorus-web-${crypto.randomUUID()}.toml`);
    writeFileSync(config, '');
    try {
      await using server = await ServerProcess.start(...WEB, '--config', config, '--http', '127.0.0.1:0');
      const port = server.webPort;
      const status = async (headers: Record<string, string>, path = '/ws'): Promise<number> => {
        using client = await WebClient.connect(port, { headers, path });
        return client.status;
      };
      expect(await status({}, '/')).toBe(200);
      expect(await status({}, '/ws/')).toBe(404);
      expect(await status({ host: 'evil.example' }, '/')).toBe(421);
      expect(await status({ 'sec-websocket-protocol': 'soap' })).toBe(400);
      expect(await status({ origin: `http://127.0.0.1:${port}` })).toBe(101);
      const page = { origin: 'https://chat.example' };
      expect(await status(page)).toBe(403);
      writeFileSync(config, 'web-origins = ["https://chat.example"]\n');
      server.process.kill('SIGHUP');
      await server.logged('options.reloaded');
      expect(await status(page)).toBe(101);
      const figures = await (await fetch(`http://${server.ready.http}/metrics`)).text();
      const counted = figures.matchAll(/^chorus_web_requests_total\{status="(\d+)"\} (\d+)$/gm);
      expect(Object.fromEntries([...counted].map(([, code, count]) => [code, count]))).toEqual({
        ...{ 101: '2', 200: '1', 400: '1', 403: '1', 404: '1', 421: '1' },
      });
    } finally {
      rmSync(config, { force: true });
    }
  });

  test('is answered and let go where it asks for something else', async () => {
    await using server = await ServerProcess.start(...WEB);
    const answer = await fetch(`http://127.0.0.1:${server.webPort}/nothing`);
    expect([answer.status, await answer.text()]).toEqual([
      404,
      'There is nothing here; the page is at /, and the WebSocket at /ws\n',
    ]);
    using garbage = await WebClient.dial(server.webPort);
    garbage.raw('<NICK,ann><USER,ann,0,*,ann>\r\n\r\n');
    await garbage.ended();
    expect(garbage.status).toBe(400);
  });
});

describe('in a network', () => {
  test('it is told of the WebSockets of the others, and their pages may come', async () => {
    await using net = new TestNetwork();
    const [alpha, beta] = await Promise.all([net.start('alpha', ...WEB), net.start('beta', ...WEB)]);
    using ann = await WebClient.register(alpha.webPort, 'ann');
    const there = `ws://127.0.0.1:${beta.webPort}/ws`;
    await ann.wait(() => ann.lines.includes(`<RPL_SERVERS,${there}>`), 'the other server');
    const page = { origin: `http://127.0.0.1:${beta.webPort}` };
    using visitor = await WebClient.connect(alpha.webPort, { headers: page });
    expect(visitor.status).toBe(101);
    await beta.stop();
    await ann.wait(() => ann.lines.at(-1) === '<RPL_SERVERS>', 'word that it is gone');
    using stranger = await WebClient.connect(alpha.webPort, { headers: page });
    expect(stranger.status).toBe(403);
  });
});

describe('the usual place', () => {
  test('is one for all servers of a machine: who finds it taken does without', async () => {
    await using first = await ServerProcess.startAs({ usualWeb: true });
    await using second = await ServerProcess.startAs({ usualWeb: true });
    expect(second.ready.web).toBeUndefined();
    await second.logged('web.off');
    // Another server on this machine may have it before either.
    expect([undefined, '127.0.0.1:7490']).toContain(first.ready.web);
  });

  test('is had, or the start ends, where somebody asks for it', async () => {
    await using first = await ServerProcess.start('--web', '127.0.0.1:0');
    const second = ServerProcess.start('--web', first.ready.web as string);
    expect((await rejection(second)).message).toContain(`--web ${first.ready.web}`);
    await using none = await ServerProcess.start('--web', 'off');
    expect(none.ready.web).toBeUndefined();
  });
});
