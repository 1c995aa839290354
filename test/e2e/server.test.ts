// The server as a process: what it prints, how it refuses to start, how it ends, and that people can talk on it.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess, spawnServer } from '../support/server.ts';

// Processes, on a machine that may be busy.
setDefaultTimeout(60_000);

describe('starting', () => {
  test('one JSON line on stdout says where it listens', async () => {
    await using server = await ServerProcess.start('--name', 'alpha', '--id', '7');
    const { ready } = server;
    expect(ready).toMatchObject({ ready: true, pid: server.process.pid, name: 'alpha', id: 7, protocol: 1 });
    expect(ready.clients).toEqual([`127.0.0.1:${server.port}`]);
    expect(Math.abs(Date.now() - ready.incarnation)).toBeLessThan(60_000);
  });

  test('a port that is taken is one line that names it, and exit 2', async () => {
    await using server = await ServerProcess.start();
    const second = spawnServer('--clients', `127.0.0.1:${server.port}`);
    expect(await second.exited).toBe(2);
    const said = await new Response(second.stderr).text();
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(said).toContain(`--clients 127.0.0.1:${server.port}`);
    expect(await new Response(second.stdout).text()).toBe('');
  });

  test('every bad flag is a line, and exit 2', async () => {
    const server = spawnServer('--flood', 'much', '--nmae', 'x');
    expect(await server.exited).toBe(2);
    const lines = (await new Response(server.stderr).text()).trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).toContain('--flood');
    expect(lines.join('\n')).toContain('--name');
  });

  test('it listens on several addresses', async () => {
    await using server = await ServerProcess.start('--clients', '127.0.0.1:0', '--clients', '127.0.0.1:0');
    expect(server.ready.clients).toHaveLength(2);
    for (const address of server.ready.clients) {
      using client = await RawClient.register(Number(address.split(':')[1]), 'ann');
      client.send('<QUIT>');
      await client.until('<ERROR,');
    }
  });
});

describe('ending', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`${signal}: ERROR to all, then exit 0`, async () => {
      await using server = await ServerProcess.start();
      using ann = await RawClient.register(server.port, 'ann');
      using fresh = await RawClient.connect(server.port);
      fresh.send('<PING,1>');
      await fresh.until('<PONG,1>');
      const stopped = server.stop(signal);
      expect(await ann.until('<ERROR,')).toContain(signal);
      expect(await fresh.until('<ERROR,')).toContain(signal);
      await ann.ended();
      ann.finish();
      fresh.finish();
      expect((await stopped).code).toBe(0);
    });
  }

  test('a client that has read its end and stays keeps it for a moment only', async () => {
    await using server = await ServerProcess.start('--shutdown-ms', '1m');
    using ann = await RawClient.register(server.port, 'ann');
    const started = performance.now();
    const stopped = server.stop();
    await ann.until('<ERROR,');
    await ann.ended();
    expect((await stopped).code).toBe(0);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('a client that takes nothing does not keep it alive', async () => {
    await using server = await ServerProcess.start('--shutdown-ms', '300');
    using ann = await RawClient.register(server.port, 'ann');
    ann.pause();
    expect((await server.stop()).code).toBe(0);
  });
});

describe('talking', () => {
  test('two people hear one order', async () => {
    await using server = await ServerProcess.start();
    using ann = await RawClient.register(server.port, 'ann');
    using bob = await RawClient.register(server.port, 'bob');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    bob.send('<JOINROOM,dev>');
    await bob.until('<RPL_WELCOME,dev');
    expect(await ann.until('<JOINROOM,dev,bob!bob@')).toBeString();
    for (let i = 0; i < 100; i++) {
      ann.send(`<CSEND,a${i}>`);
      bob.send(`<CSEND,b${i}>`);
    }
    const [heardByAnn, heardByBob] = await Promise.all([ann.take(200), bob.take(200)]);
    expect(heardByAnn).toEqual(heardByBob);
    expect(heardByAnn.map((line) => line.split(',')[3])).toEqual(Array.from({ length: 200 }, (_, i) => `${i + 1}`));
  });

  test('what was typed before the end of input is answered', async () => {
    await using server = await ServerProcess.start();
    using ann = await RawClient.connect(server.port);
    ann.send('<NICK,ann><USER,ann,0,*,Ann>\r\n<CREATEROOM,dev> <JOINROOM,dev>\n<CSEND,hi>\n');
    ann.finish();
    expect(await ann.until('<CMSG,dev')).toEndWith(',hi>');
    await ann.ended();
  });
});

describe('two servers that differ in their address alone', () => {
  test('have two ids', async () => {
    await using one = await ServerProcess.start('--name', 'same');
    await using two = await ServerProcess.start('--name', 'same');
    expect(one.ready.id).not.toBe(two.ready.id);
  });
});
