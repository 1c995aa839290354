// The configuration of a real server: checked without starting it, and read anew while people are connected.

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess, spawnServer } from '../support/server.ts';

// Processes, on a machine that may be busy.
setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'chorus-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  return path;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function check(...flags: readonly string[]): Promise<Ended> {
  const process = spawnServer('check', ...flags);
  const [out, err] = await Promise.all([new Response(process.stdout).text(), new Response(process.stderr).text()]);
  return { code: await process.exited, out, err };
}

describe('check', () => {
  test('shows every value with where it comes from, and starts nothing', async () => {
    await using server = await ServerProcess.start();
    // An address that is taken would be refused by a server that starts.
    const path = write('good.toml', 'name = "alpha"', 'per-ip = 3', `clients = ["127.0.0.1:${server.port}"]`);
    const { code, out, err } = await check('--config', path, '--per-ip', '7');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^name = "alpha" +# .*good\.toml:1:8$/m);
    expect(out).toMatch(/^per-ip = 7 +# --per-ip$/m);
    expect(out).toMatch(/^ttl-ms = "5s" +# preset$/m);
    expect(out).toMatch(/^#secret-file +# none$/m);
  });

  test('tells every mistake, also those in the files that are named', async () => {
    const operators = write('operators', 'ada');
    const secret = write('secret', 'a', 'b', 'c');
    const path = write('bad.toml', 'nmae = "x"', `operators = "${operators}"`, 'id = "7"');
    const { code, out, err } = await check('--config', path, '--secret-file', secret, '--flood', 'much');
    expect([code, out]).toEqual([2, '']);
    expect(err.trim().split('\n')).toEqual([
      `server: ${path}:1:1: unknown option nmae: did you mean name?`,
      `server: ${path}:3:6: id is a text in quotes: expected a whole number from 1 to 4294967295`,
      expect.stringMatching(/^server: --flood "much": expected off, or RATE:BURST/),
      `server: ${operators}:1: expected name:hash or name:hash:grants`,
      `server: ${secret}: expected one line, or two while it is being changed, found 3`,
    ]);
  });

  test('warns of what a server would warn of', async () => {
    const { code, err } = await check('--secret-file', write('short', 'short'));
    expect(code).toBe(0);
    expect(err).toMatch(/^server: warning: secret 1 in .*short has fewer than 16 characters/);
  });
});

test('a server is set by a file, and does not start with a bad one', async () => {
  await using server = await ServerProcess.start('--config', write('start.toml', 'name = "filed"', 'links = "off"'));
  expect(server.ready.name).toBe('filed');
  const refused = spawnServer('--config', write('refused.toml', 'name = 5', 'x = 1'));
  expect(await refused.exited).toBe(2);
  expect((await new Response(refused.stderr).text()).trim().split('\n')).toHaveLength(2);
});

/** Has the server read its file anew; resolves when the log has `words`. */
async function reload(server: ServerProcess, words: string): Promise<void> {
  server.process.kill('SIGHUP');
  await server.logged(words);
}

/** Somebody who hears of no reload: whatever is asked next is answered next. */
async function undisturbed(client: RawClient, word: string): Promise<void> {
  client.send(`<PING,${word}>`);
  expect(await client.take(1)).toEqual([`<PONG,${word}>`]);
}

describe('SIGHUP', () => {
  test('changes limits at once under somebody who does not notice, and says what waits', async () => {
    const path = write('good.toml', 'rooms-per-user = 1', 'name = "before"', 'rooms = 40');
    await using server = await ServerProcess.start('--config', path, '--flood', 'off');
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,one><JOINROOM,one>');
    await ann.until('<RPL_WELCOME,one');
    write('good.toml', 'rooms-per-user = 1', 'name = "after"', 'rooms = 1', 'flood = "1:1"');
    await reload(server, 'options.reloaded changed=1 waiting=1');
    await undisturbed(ann, '1');
    ann.send('<CREATEROOM,two>');
    expect(await ann.until('<ERR_TOOMANYROOMS,CREATEROOM,two')).toBeString();
    write('good.toml', 'rooms-per-user = 1', 'name = "before"', 'rooms = 2');
    await reload(server, 'options.reloaded changed=1 waiting=0');
    await undisturbed(ann, '2');
    ann.send('<CREATEROOM,two>');
    expect(await ann.take(1)).toEqual([expect.stringContaining('<RPL_ROOMCREATED,two')]);
    const { code, log } = await server.stop();
    expect(code).toBe(0);
    expect(log).toContain(`options.changed option=--rooms from=40 to=1 origin=${path}:3:9`);
    expect(log).toContain(`options.waiting option=--name runs=before given=after origin=${path}:2:8`);
    // A flag wins over the file, now as at the start.
    expect(log).not.toContain('--flood');
  });

  test('keeps everything when there is a mistake, and logs all of them', async () => {
    const path = write('spoilt.toml', 'text-bytes = 100');
    await using server = await ServerProcess.start('--config', path);
    using ann = await RawClient.register(server.port, 'ann');
    write('spoilt.toml', 'text-bytes = 5', 'nmae = "x"', 'id = "7"');
    await reload(server, 'options.kept mistakes=2');
    write('spoilt.toml', 'text-bytes = 5', 'name = x');
    await reload(server, 'options.kept mistakes=1');
    await undisturbed(ann, '1');
    ann.send('<CREATEROOM,r><JOINROOM,r><CSEND,more than five>');
    expect(await ann.until('<CMSG,r')).toEndWith(',more than five>');
    const { log } = await server.stop();
    expect(log).toContain(`problem="${path}:2:1: unknown option nmae: did you mean name?"`);
    expect(log).toContain(`problem="${path}:3:6: id is a text in quotes: expected a whole number`);
    expect(log).toContain(`problem="${path}:2:8: expected name = value`);
    expect(log).not.toContain('options.reloaded');
  });

  test('tells everybody what RPL_LIMITS says anew', async () => {
    const path = write('told.toml', 'text-bytes = 100');
    await using server = await ServerProcess.start('--config', path);
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,r><JOINROOM,r>');
    await ann.until('<RPL_WELCOME,r');
    write('told.toml', 'text-bytes = 5');
    await reload(server, 'options.reloaded changed=1');
    expect(await ann.take(1)).toEqual([expect.stringMatching(/^<RPL_LIMITS,.*,text=5,.*,ack=home>$/)]);
    ann.send('<CSEND,more than five>');
    expect(await ann.take(1)).toEqual([expect.stringContaining('<ERR_TEXTTOOLONG,')]);
  });

  test('dismisses operators who are none any more, and takes new ones', async () => {
    const hash = await Bun.password.hash('pass', { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 });
    const operators = write('ops', `ada:${hash}`, `bob:${hash}`);
    const path = write('ops.toml', `operators = "${operators}"`);
    await using server = await ServerProcess.start('--config', path);
    using ada = await RawClient.register(server.port, 'ada');
    using bob = await RawClient.register(server.port, 'bob');
    for (const [name, client] of [['ada', ada] as const, ['bob', bob] as const]) {
      client.send(`<OPER,${name},pass>`);
      await client.until('<RPL_YOUREOPER');
    }
    write('ops', `bob:${hash}:BSEND`, `eve:${hash}`);
    await reload(server, 'option=operators from="ada bob" to="bob eve"');
    await server.logged('operator.dismissed name=ada');
    for (const client of [ada, bob]) {
      client.send('<KILL,eve,x>');
      expect(await client.take(1)).toEqual([expect.stringContaining('<ERR_NOPRIVILEGES,KILL')]);
    }
    ada.send('<OPER,eve,pass><KILL,bob,now>');
    expect(await ada.until('<RPL_KILLED,bob')).toBeString();
  });

  test('changes what no node knows: the log, what is shown of addresses, how long stopping takes', async () => {
    const path = write('edge.toml', 'shutdown-ms = "1m"');
    await using server = await ServerProcess.start('--config', path);
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,r><JOINROOM,r>');
    await ann.until('<RPL_WELCOME,r');
    const shown = async (nick: string): Promise<string> => {
      using client = await RawClient.register(server.port, nick);
      client.send('<JOINROOM,r>');
      await client.until('<RPL_WELCOME,r');
      return ann.until(`<JOINROOM,r,${nick}!`);
    };
    expect(await shown('bob')).toEndWith('.hidden>');
    write('edge.toml', 'shutdown-ms = 300', 'show-hosts = true', 'log-level = "warn"', 'log-format = "json"', 'id = 7');
    await reload(server, '"event":"options.waiting","option":"--id"');
    expect(await shown('eve')).toEndWith('@127.0.0.1>');
    ann.pause();
    const { code, log } = await server.stop();
    expect(code).toBe(0);
    expect(log).not.toContain('options.reloaded');
    expect(log).not.toContain('server.stopping');
  });

  test('changes the token of the API', async () => {
    const [old, next] = ['o'.repeat(32), 'n'.repeat(32)];
    const token = write('token', old);
    const path = write('api.toml', `api-token-file = "${token}"`);
    await using server = await ServerProcess.start('--http', '127.0.0.1:0', '--config', path);
    const status = async (bearer: string): Promise<number> => {
      const headers = { authorization: `Bearer ${bearer}` };
      return (await fetch(`http://${server.ready.http}/api/servers`, { headers })).status;
    };
    expect([await status(old), await status(next)]).toEqual([200, 401]);
    write('token', next, old);
    await reload(server, 'option=api-tokens from=1 to=2');
    expect([await status(old), await status(next)]).toEqual([200, 200]);
    write('token', next);
    await reload(server, 'option=api-tokens from=2 to=1');
    expect([await status(old), await status(next)]).toEqual([401, 200]);
  });

  test('changes the secret of a network, and no link breaks', async () => {
    const [old, next] = ['o'.repeat(32), 'n'.repeat(32)];
    await using network = new TestNetwork();
    network.secret('secret', old);
    const config = write('secret.toml', 'drain-ms = "1h"');
    const alpha = await network.start('alpha', '--config', config);
    const beta = await network.start('beta', '--config', config);
    await alpha.logged('server.synced server=beta');
    using ann = await RawClient.register(alpha.port, 'ann');
    for (const [lines, words] of [
      [[old, next], 'option=secrets from=1 to=2'],
      [[next, old], 'option=secrets from=2 to=2'],
      [[next], 'option=secrets from=2 to=1'],
    ] as const) {
      network.secret('secret', ...lines);
      await reload(alpha, words);
      await reload(beta, words);
    }
    await undisturbed(ann, '1');
    const gamma = await network.start('gamma');
    await gamma.logged('server.synced server=alpha');
    await gamma.logged('server.synced server=beta');
    // Clients could go elsewhere, and would be sent there for an hour.
    write('secret.toml', 'drain-ms = 0');
    await reload(alpha, 'option=--drain-ms from=1h to=0');
    const [before = ''] = (await alpha.stop()).log.split('server.stopping');
    expect(before).not.toMatch(/link\.down|server\.lost|n{32}|o{32}/);
  });
});
