// Attacks by connections: too many, too fast, half of one, none that speaks, and ends of every kind. Who is served
// stays served, every state has its deadline, and what ended leaves nothing behind.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { medianAnswerMs } from '../support/latency.ts';
import { NARROW } from '../support/narrow-socket.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { TlsFiles } from '../support/tls-files.ts';
import { visit } from '../support/visit.ts';

// The machine may be busy with other things.
setDefaultTimeout(20_000);

const MIB = 1024 * 1024;
const PROMPT_MS = 50;

const connectMany = (port: number, count: number): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => RawClient.connect(port)));

/** Resolves to the first `count` that the server ends. */
function firstToEnd(clients: readonly RawClient[], count: number): Promise<RawClient[]> {
  const ended: RawClient[] = [];
  return new Promise((resolve, reject) => {
    for (const client of clients) {
      const note = (): void => {
        if (ended.push(client) === count) resolve(ended);
      };
      client.ended().then(note, reject);
    }
  });
}

/** Registers as soon as there is a place. */
async function registerLater(port: number, nick: string): Promise<RawClient> {
  for (let tries = 0; tries < 200; tries++) {
    const client = await RawClient.connect(port);
    client.send(`<NICK,${nick}><USER,${nick},0,*,x>`);
    if (!(await client.until('<')).startsWith('<ERR_SERVERFULL')) return client;
    await client.ended();
    client[Symbol.dispose]();
  }
  throw new Error('the server stays full');
}

describe('more connections than files', () => {
  test('are told so; who is there is served, at no cost, and the next one when somebody leaves', async () => {
    await using server = await ServerProcess.startAs({ files: 128 }, '--log-format', 'json');
    using ann = await RawClient.register(server.port, 'ann');
    for (let round = 0; round < 2; round++) {
      // Stopped, the server finds all of them at once: more than the files that it holds back.
      server.process.kill('SIGSTOP');
      const crowd = await connectMany(server.port, 300);
      server.process.kill('SIGCONT');
      expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
      const refused = crowd.length - (128 - 64 - 1);
      const full = await firstToEnd(crowd, refused);
      expect(crowd.filter((client) => client.closed)).toHaveLength(refused);
      for (const { lines } of full) {
        expect(lines[0]).toStartWith('<ERR_SERVERFULL,*,*,');
        expect(lines[1]).toStartWith('<ERROR,');
      }
      const used = await server.cpuMs();
      await Bun.sleep(300);
      expect((await server.cpuMs()) - used).toBeLessThan(150);
      for (const client of crowd) client.reset();
      using late = await registerLater(server.port, `late${round}`);
      expect(await medianAnswerMs(late, 3)).toBeLessThan(PROMPT_MS);
    }
    const { log } = await server.stop('SIGKILL');
    // Who knocks does not write the log: a line at once, and one a second with the number.
    expect(log.split('\n').filter((line) => line.includes('refused')).length).toBeLessThan(12);
  });
});

describe('coming and going', () => {
  test('2,000 connections that end in every way leave nothing', async () => {
    await using server = await ServerProcess.start('--log-level', 'error', '--shutdown-ms', '500');
    using ann = await RawClient.register(server.port, 'ann');
    const round = (): Promise<unknown> => Promise.all(Array.from({ length: 100 }, (_, i) => visit(server.port, i)));
    const files = server.files();
    for (let i = 0; i < 5; i++) await round();
    const before = await server.rss();
    for (let i = 0; i < 15; i++) await round();
    expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
    expect((await server.rss()) - before).toBeLessThan(24 * MIB);
    // The last were reset; the server hears of it within its next batches.
    for (let tries = 0; tries < 100 && server.files() > files; tries++) await medianAnswerMs(ann, 1);
    expect(server.files()).toBe(files);
  });

  test('who breaks off before being accepted is nobody, at every port, and fills no log', async () => {
    using files = new TlsFiles();
    const secret = files.write('secret', 'x'.repeat(40));
    const places = ['--clients', '127.0.0.1:0', '--web', '127.0.0.1:0', '--links', '127.0.0.1:0', '--discovery', 'off'];
    await using server = await ServerProcess.start(...files.server(), ...places, '--secret-file', secret);
    const { clients, web, links } = server.ready;
    const ports = [...clients, web, links].map((address) => Number(address?.split(':').at(-1)));
    const plain = ports[1] as number;
    using ann = await RawClient.register(plain, 'ann');
    const open = server.files();
    for (let round = 0; round < 5; round++) {
      server.process.kill('SIGSTOP');
      for (const port of ports) for (const knock of await connectMany(port, 40)) knock.reset();
      server.process.kill('SIGCONT');
      await medianAnswerMs(ann, 1);
    }
    for (let tries = 0; tries < 100 && server.files() > open; tries++) await medianAnswerMs(ann, 1);
    expect(server.files()).toBe(open);
    const { code, log } = await server.stop();
    expect(code).toBe(0);
    // What it says of itself at the start and at the end, and of nobody who came.
    expect(log).not.toContain('ERROR');
    expect(log).not.toContain('link.');
  });

  test('a process that is killed is gone for the others at once', async () => {
    await using server = await ServerProcess.start('--log-level', 'error');
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    const script = `
      import { RawClient } from ${JSON.stringify(join(import.meta.dir, '../support/raw-client.ts'))};
      for (let i = 0; i < 30; i++) {
        const client = await RawClient.register(${server.port}, 'k' + i);
        client.send('<JOINROOM,dev><CSEND,unfinished');
        await client.until('<RPL_WELCOME,dev');
      }
      console.log('here');
    `;
    const victim = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
    for (let i = 0; i < 30; i++) await ann.until(`<JOINROOM,dev,k${i}!`);
    victim.kill('SIGKILL');
    const quits = await ann.take(30);
    expect(quits.map((line) => /^<QUIT,(k\d+)!/.exec(line)?.[1]).sort()).toEqual(
      Array.from({ length: 30 }, (_, i) => `k${i}`).sort(),
    );
    await victim.exited;
  });

  test('half a connection is answered to its end', async () => {
    await using server = await ServerProcess.start('--log-level', 'error');
    using client = await RawClient.connect(server.port);
    client.send('<NICK,ann><USER,a,0,*,x><PING,last><PING,unfin');
    client.finish();
    await client.until('<PONG,last>');
    await client.ended();
    expect(server.files()).toBeLessThan(20);
  });
});

describe.concurrent('every state has its deadline', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    const waits = ['--registration-ms', '500', '--idle-ping-ms', '1s', '--idle-timeout-ms', '2s'];
    server = await ServerProcess.start(...waits, '--write-deadline-ms', '1s', '--shutdown-ms', '1s', '--flood', 'off');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('silence before registration', async () => {
    using client = await RawClient.connect(server.port);
    expect(await client.until('<')).toBe(
      '<ERROR,Registration timed out; connect again and send NICK and USER at once>',
    );
    await client.ended();
  });

  test('a byte now and then before registration', async () => {
    using client = await RawClient.connect(server.port);
    const timer = setInterval(() => client.send('\n'), 50);
    expect(await client.until('<')).toBe(
      '<ERROR,Registration timed out; connect again and send NICK and USER at once>',
    );
    clearInterval(timer);
    await client.ended();
  });

  test('silence after it: a PING, then the end; an answer keeps it', async () => {
    using silent = await RawClient.register(server.port, 'silent');
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    silent.send('<JOINROOM,dev>');
    await ann.until('<JOINROOM,dev,silent!');
    const answering = (async (): Promise<void> => {
      for (;;) {
        await ann.until('<PING,');
        ann.send('<PONG>');
      }
    })();
    answering.catch(() => {});
    expect(await silent.until('<PING,')).toBe(`<PING,${server.ready.name}>`);
    expect(await silent.until('<ERROR,')).toBe('<ERROR,Ping timeout>');
    await silent.ended();
    expect(ann.closed).toBe(false);
  });

  test.skipIf(!NARROW)('output that nobody takes (needs sockets with small buffers)', async () => {
    using ann = await RawClient.register(server.port, 'bea');
    ann.send('<CREATEROOM,out><JOINROOM,out>');
    await ann.until('<RPL_WELCOME,out');
    const stuck = await RawClient.connectNarrow(server.port);
    stuck.send('<NICK,stuck><USER,s,0,*,x><JOINROOM,out>');
    await ann.until('<JOINROOM,out,stuck!');
    stuck.pause();
    stuck.send(`<PING,${'x'.repeat(4000)}>`.repeat(50));
    const quit = ann.until('<QUIT,stuck!');
    const alive = setInterval(() => ann.send('<PONG>'), 200);
    expect(await quit).toEndWith(',Write timeout>');
    clearInterval(alive);
    stuck.reset();
  });

  test('an end that is not answered', async () => {
    await using own = await ServerProcess.start('--shutdown-ms', '500');
    const files = own.files();
    // It hears ERROR and the end, says nothing, and would stay for ever.
    const stays = await RawClient.connect(own.port);
    stays.send('<QUIT>');
    await stays.ended();
    expect(own.files()).toBe(files + 1);
    for (let tries = 0; tries < 300 && own.files() > files; tries++) await Bun.sleep(10);
    expect(own.files()).toBe(files);
    stays.reset();
  });
});

describe('who was ended', () => {
  test('may go on sending, and is not read for long', async () => {
    await using server = await ServerProcess.start('--log-level', 'error', '--shutdown-ms', '1s');
    using ann = await RawClient.register(server.port, 'ann');
    const files = server.files();
    const deaf = await RawClient.connect(server.port);
    deaf.send(' '.repeat(2000));
    await deaf.ended();
    // Behind the first megabytes the server reads nothing: the rest stays with the sender until its time is over.
    const used = await server.cpuMs();
    deaf.send(new Uint8Array(256 * MIB).fill(0x20));
    expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
    for (let tries = 0; tries < 300 && server.files() > files; tries++) await Bun.sleep(10);
    expect(server.files()).toBe(files);
    expect(deaf.unsent).toBeGreaterThan(200 * MIB);
    expect((await server.cpuMs()) - used).toBeLessThan(200);
    deaf.reset();
  });
});

describe('guessing passwords', () => {
  test('is slow, bounded, and not felt by others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chorus-'));
    const path = join(folder, 'operators');
    const hash = await Bun.password.hash('right', { algorithm: 'argon2id', memoryCost: 16_384, timeCost: 2 });
    writeFileSync(path, `root:${hash}\n`, { mode: 0o600 });
    const few = ['--password-queue', '4', '--password-wait-max-ms', '0', '--operators', path, '--flood', 'off'];
    await using server = await ServerProcess.start(...few);
    rmSync(folder, { recursive: true });
    using ann = await RawClient.register(server.port, 'ann');
    const before = await server.rss();
    const guessers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => RawClient.register(server.port, `guesser${i}`)),
    );
    for (const client of guessers)
      client.send('<OPER,root,wrong><OPER,nobody,wrong><OPER,root,wrong><OPER,root,wrong>');
    expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
    expect((await server.rss()) - before).toBeLessThan((2 * 64 + 32) * MIB);
    const heard = await Promise.all(guessers.map(async (client) => client.upTo('<ERR_')));
    const refused = heard.filter((lines) => lines[0]?.startsWith('<ERR_FLOODING,OPER,'));
    // Two run and four wait; the others are refused at once.
    expect(refused.length).toBeGreaterThanOrEqual(10);
    const [first] = guessers as [RawClient];
    // Whose guesses were refused unchecked guesses on.
    for (;;) {
      first.send('<OPER,root,wrong>');
      const answer = await first.until('<ERR');
      if (answer.startsWith('<ERROR,')) {
        expect(answer).toBe('<ERROR,Too many wrong passwords>');
        break;
      }
    }
    ann.send('<OPER,root,right>');
    for (;;) {
      const answer = await ann.until('<');
      if (answer === '<RPL_YOUREOPER,root>') break;
      expect(answer).toStartWith('<ERR_FLOODING,OPER,');
      ann.send('<OPER,root,right>');
    }
    await server.logged('operator.refused');
    const { log } = await server.stop('SIGKILL');
    expect(log).not.toContain('wrong');
    for (const client of guessers) client.reset();
  });
});
