// Attacks on a port with TLS: what is no TLS, handshakes that never end or end early, a stream that somebody spoils, and
// readers who stop. Nobody else feels any of it, and nothing of it stays.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { connect as connectTcp, createServer, type Socket as TcpSocket } from 'node:net';
import { NARROW } from '../support/narrow-socket.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { TlsFiles } from '../support/tls-files.ts';

setDefaultTimeout(30_000);

/** A ClientHello of TLS 1.2 and 1.3, as far as its length: a server waits for the rest. */
const HALF_HELLO = Buffer.from('16030100c8010000c40303'.padEnd(120, '0'), 'hex');
const ALERT = 0x15;

let files: TlsFiles;
let server: ServerProcess;
let ca: string;
beforeAll(async () => {
  files = new TlsFiles();
  ca = files.authority.cert;
  // Nobody who never finished a handshake is waited for until it has heard why it ends.
  const patience = ['--registration-ms', '1000', '--shutdown-ms', '1m'];
  server = await ServerProcess.start(...files.server(), '--flood', 'off', ...patience);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  files[Symbol.dispose]();
});

interface Knock {
  readonly socket: TcpSocket;
  /** What came back, when the other side has ended it. */
  readonly heard: Promise<Buffer>;
}

/** A connection without TLS that says `bytes`. */
async function knock(port: number, bytes: Uint8Array | string): Promise<Knock> {
  const socket = connectTcp(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  socket.on('error', () => {});
  const heard = new Promise<Buffer>((resolve) => {
    for (const over of ['end', 'close']) socket.on(over, () => resolve(Buffer.concat(chunks)));
  });
  // Who is closed as soon as it is accepted may hear of nothing but that.
  await Promise.race([new Promise<void>((resolve) => socket.on('connect', () => resolve())), heard]);
  if (bytes.length > 0) socket.write(bytes);
  return { socket, heard };
}

/** Somebody who goes on as before. */
async function served(): Promise<void> {
  using ann = await RawClient.connectTls(server.port, ca);
  ann.send('<PING,x>');
  expect(await ann.take(1)).toEqual(['<PONG,x>']);
}

/** Resolves when the server has so many files open, or fewer. */
async function filesAtMost(most: number): Promise<void> {
  while (server.files() > most) await Bun.sleep(20);
}

describe('a port with TLS', () => {
  test('answers what is no TLS with an alert, and reads none of it', async () => {
    for (const bytes of [
      '<NICK,eve><USER,eve,0,*,Eve>\n',
      'GET / HTTP/1.1\r\n\r\n',
      '\0'.repeat(64),
      '\x16\x03\x01\xff\xff'.repeat(20),
    ]) {
      const heard = await (await knock(server.port, bytes)).heard;
      expect(heard.toString('latin1')).not.toContain('<');
      if (heard.length > 0) expect(heard[0]).toBe(ALERT);
    }
    await served();
  });

  test('gives handshakes that do not go on the time to register, and no more', async () => {
    const before = server.files();
    const silent = await Promise.all(Array.from({ length: 20 }, () => knock(server.port, '')));
    const half = await Promise.all(Array.from({ length: 20 }, () => knock(server.port, HALF_HELLO)));
    const slow = await Promise.all(Array.from({ length: 20 }, () => knock(server.port, HALF_HELLO.subarray(0, 1))));
    let at = 1;
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write(HALF_HELLO.subarray(at, at + 1));
      at++;
    }, 50);
    await served();
    const heard = await Promise.all([...silent, ...half, ...slow].map((each) => each.heard));
    clearInterval(drip);
    for (const bytes of heard) expect(bytes.toString('latin1')).not.toContain('<');
    await filesAtMost(before);
    await served();
  });

  test('keeps nothing of connections that are cut during their handshake', async () => {
    const before = server.files();
    for (let round = 0; round < 10; round++) {
      const cut = await Promise.all(Array.from({ length: 30 }, () => knock(server.port, HALF_HELLO)));
      for (const { socket } of cut) socket.resetAndDestroy();
    }
    await filesAtMost(before);
    await served();
  });

  test('without a place to give ends a connection before its handshake, and serves the next when there is one', async () => {
    await using small = await ServerProcess.start(...files.server(), '--max-clients', '2');
    const places = await Promise.all(['a', 'b'].map((nick) => RawClient.registerTls(small.port, nick, ca)));
    const refused = await Promise.all(Array.from({ length: 20 }, () => knock(small.port, '')));
    for (const { heard } of refused) expect((await heard).length).toBe(0);
    const full = small.files();
    for (const place of places) place.reset();
    while (small.files() > full - places.length) await Bun.sleep(20);
    using _ = await RawClient.registerTls(small.port, 'c', ca);
  });

  test('ends a connection whose stream was spoilt; the others hear a QUIT and nothing half', async () => {
    const between: TcpSocket[] = [];
    const relay = createServer((near) => {
      const far = connectTcp(server.port, '127.0.0.1');
      between.push(far);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', () => resolve()));
    const address = relay.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    using ann = await RawClient.registerTls(server.port, 'ann', ca);
    using eve = await RawClient.registerTls(port, 'eve', ca);
    ann.send('<CREATEROOM,spoilt><JOINROOM,spoilt>');
    await ann.until('<RPL_WELCOME,spoilt');
    eve.send('<JOINROOM,spoilt>');
    await eve.until('<RPL_WELCOME,spoilt');
    await ann.until('<JOINROOM,spoilt');
    between[0]?.write('<CSEND,I am in the middle>\n');
    expect(await ann.until('<')).toMatch(/^<QUIT,eve!eve@\S+,Connection failed \(TLS\)>$/);
    await eve.ended();
    relay.close();
  });
});

test.skipIf(Bun.which('openssl') === null)(
  'renegotiation is refused, and ends who asks for it (needs openssl)',
  async () => {
    const args = ['s_client', '-tls1_2', '-connect', `127.0.0.1:${server.port}`, '-CAfile', files.ca];
    const client = Bun.spawn(['openssl', ...args], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    // R by itself asks for it, once the handshake is over.
    for await (const chunk of client.stdout) if (chunk.toString().length > 0) break;
    const asking = setInterval(() => {
      client.stdin.write('R\n');
      client.stdin.flush();
    }, 100);
    expect(await new Response(client.stderr).text()).toContain('no renegotiation');
    clearInterval(asking);
    expect(await client.exited).not.toBe(0);
    await served();
  },
);

test('a port without TLS takes a ClientHello for garbage', async () => {
  await using plain = await ServerProcess.start();
  const { socket, heard } = await knock(plain.port, HALF_HELLO);
  socket.end();
  expect((await heard).toString('latin1')).toStartWith('<ERR_BADFRAME,');
  using ann = await RawClient.register(plain.port, 'ann');
  ann.send('<PING,x>');
  expect(await ann.take(1)).toEqual(['<PONG,x>']);
});

describe.skipIf(!NARROW)('readers with TLS who stop in a busy room (needs sockets with small buffers)', () => {
  test('cost nobody anything, and go on at the floor with every frame whole', async () => {
    const memory = ['--room-messages', '64', '--room-bytes', '64KiB'];
    await using busy = await ServerProcess.start(...files.server(), '--flood', 'off', ...memory);
    using ann = await RawClient.registerTls(busy.port, 'ann', ca);
    ann.send('<CREATEROOM,busy><JOINROOM,busy>');
    await ann.until('<RPL_WELCOME,busy');
    const stalled = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const client = await RawClient.connectTls(busy.port, ca, true);
        client.send(`<NICK,s${i}><USER,s,0,*,x><JOINROOM,busy>`);
        await client.until('<RPL_WELCOME,busy');
        client.pause();
        return client;
      }),
    );
    const text = 'x'.repeat(900);
    const rounds = 600;
    for (let i = 0; i < rounds; i++) {
      ann.send(`<CSEND,${i} ${text}>`);
      // Who reads gets each at once: nobody waits for those who do not.
      expect(await ann.until('<CMSG')).toContain(`,${i} ${text}`);
    }
    for (const client of stalled) client.resume();
    ann.send('<CSEND,the end>');
    for (const client of stalled) {
      const lines = (await client.upTo('<CMSG,busy,')).concat();
      while (!lines.at(-1)?.includes('the end')) lines.push(...(await client.take(1)));
      const lagged = lines.filter((line) => line.startsWith('<RPL_LAGGED,busy,'));
      expect(lagged.length).toBeGreaterThan(0);
      for (const line of lines)
        expect(line).toMatch(/^<(JOINROOM,busy,|RPL_LAGGED,busy,|CMSG,busy,[^,]+,\d+,ann,\d+,(\d+ x{900}|the end)>)/);
      // What it was given and what it was told to lack are all there is.
      const seqs = lines.filter((line) => line.startsWith('<CMSG')).map((line) => Number(line.split(',')[3]));
      const left = lagged.map((line) => line.slice(1, -1).split(',').slice(3).map(Number) as [number, number]);
      const missing = left.reduce((sum, [from, to]) => sum + to - from + 1, 0);
      expect(seqs.length + missing).toBe(rounds + 1);
      client.reset();
    }
  });
});
