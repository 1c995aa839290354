// Faults of our own, planted in the source of a real server: each ends the connection that it struck, with a word where
// one can still be said and a line in the log, and nobody else's. And ends by signal, while many are connected and some
// take nothing.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { NARROW } from '../support/narrow-socket.ts';
import { FAULTS, UNCAUGHT } from '../support/plants.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';

// The machine may be busy with other things.
setDefaultTimeout(20_000);

const INTERNAL = '<ERROR,Internal error; please tell the operator>';

/** What brings each fault about, and the last word that its victim hears, if any. */
const CAUSES: Record<keyof typeof FAULTS, readonly [string, string | undefined]> = {
  'in a command': ['<LOCATE,boom>', INTERNAL],
  'in what a bad frame is answered': ['<>', INTERNAL],
  'in the node, before a frame is read': ['<Z>', undefined],
  'in a list that is written as it is taken': ['<LISTROOMS>', INTERNAL],
  'in the flush of one outbox': [`<PING,${'x'.repeat(92)}>`, undefined],
  'in the sweep': ['<NICK,boom>', INTERNAL],
  'in the answer to a password': ['<OPER,boom,x>', INTERNAL],
};

describe.concurrent('a fault of ours', () => {
  for (const [where, plant] of Object.entries(FAULTS)) {
    const [cause, lastWord] = CAUSES[where as keyof typeof FAULTS];
    test(`${where} strikes one connection`, async () => {
      await using server = await ServerProcess.startAs({ plant }, '--log-format', 'json');
      using ann = await RawClient.register(server.port, 'ann');
      using victim = await RawClient.register(server.port, 'victim');
      ann.send('<CREATEROOM,dev><JOINROOM,dev>');
      await ann.until('<RPL_WELCOME,dev');
      victim.send('<JOINROOM,dev>');
      await ann.until('<JOINROOM,dev,victim!');
      const files = server.files();
      victim.send(cause);
      await victim.ended();
      if (lastWord !== undefined) expect(victim.lines.at(-1)).toBe(lastWord);
      expect(await ann.until('<QUIT,')).toMatch(/^<QUIT,(victim|boom)!.*,Internal error>$/);
      victim.finish();
      ann.send('<CSEND,still here>');
      await ann.until('<CMSG,');
      using next = await RawClient.register(server.port, 'victim');
      next.send('<QUIT>');
      await next.until('<ERROR');
      expect(server.files()).toBeLessThanOrEqual(files);
      await server.logged('internal.error');
      const { log } = await server.stop('SIGKILL');
      const faults = log.split('\n').filter((line) => line.includes('internal.error'));
      expect(faults).toHaveLength(1);
      expect(faults[0]).toContain('Error: planted');
    });
  }
});

describe.concurrent('a fault that no connection is to blame for', () => {
  for (const [what, plant] of Object.entries(UNCAUGHT)) {
    test(`${what}: everybody is told, the log has it, exit 1`, async () => {
      await using server = await ServerProcess.startAs({ plant });
      using ann = await RawClient.register(server.port, 'ann');
      using bob = await RawClient.register(server.port, 'bob');
      bob.send('<LOCATE,ann>');
      expect(await ann.until('<ERROR,')).toBe('<ERROR,Internal error; the server stops>');
      await bob.until('<ERROR,');
      ann.finish();
      bob.finish();
      expect(await server.process.exited).toBe(1);
      const { log } = await server.stop();
      expect(log.split('\n').filter((line) => line.includes('process.fault'))).toHaveLength(1);
      expect(log).toContain('Error: planted');
    });
  }
});

describe.skipIf(!NARROW).concurrent('a signal under load (needs sockets with small buffers)', () => {
  /** A server with 200 in one room, of whom 20 take nothing. */
  async function busy(
    shutdownMs: number,
  ): Promise<{ server: ServerProcess; talkers: RawClient[]; stalled: RawClient[] }> {
    const server = await ServerProcess.start('--flood', 'off', '--shutdown-ms', `${shutdownMs}`);
    const talkers: RawClient[] = [];
    const stalled: RawClient[] = [];
    for (let i = 0; i < 200; i++) {
      const client = i < 20 ? await RawClient.connectNarrow(server.port) : await RawClient.connect(server.port);
      client.send(`<NICK,n${i}><USER,n,0,*,x><CREATEROOM,dev><JOINROOM,dev><PING,in>`);
      await client.until('<PONG,in>');
      if (i < 20) client.pause();
      (i < 20 ? stalled : talkers).push(client);
    }
    const [first] = talkers as [RawClient];
    first.send(`<CSEND,${'x'.repeat(2000)}>`.repeat(50));
    for (const client of talkers) while (!(await client.until('<CMSG,dev')).includes(',50,')) void 0;
    return { server, talkers, stalled };
  }

  test('ends within its time with 0; one heard twice is one', async () => {
    const { server, talkers, stalled } = await busy(1000);
    await using _ = server;
    const started = performance.now();
    server.process.kill('SIGTERM');
    server.process.kill('SIGTERM');
    const last = await Promise.all(talkers.map((client) => client.until('<ERROR,')));
    expect(new Set(last)).toEqual(new Set(['<ERROR,Server stopping (SIGTERM)>']));
    // Again, and not yet a second later.
    server.process.kill('SIGTERM');
    const { code } = await server.stop('SIGTERM');
    expect(code).toBe(0);
    expect(performance.now() - started).toBeLessThan(1000 + 1500);
    for (const client of [...talkers, ...stalled]) client.reset();
  });

  test('a second one, a second later, ends at once', async () => {
    const { server, talkers, stalled } = await busy(30_000);
    await using _ = server;
    server.process.kill('SIGTERM');
    await talkers[0]?.until('<ERROR,');
    await Bun.sleep(1100);
    expect(server.process.exitCode).toBeNull();
    const again = performance.now();
    expect((await server.stop('SIGTERM')).code).toBe(1);
    expect(performance.now() - again).toBeLessThan(1000);
    for (const client of [...talkers, ...stalled]) client.reset();
  });
});
