// TLS for clients: listeners beside plain ones, certificates that are renewed while people come and talk, and what the
// programs make of a server that is not who it should be. Every certificate is made here.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { resolve } from 'node:path';
import { Authority } from '../support/certificates.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { TlsFiles } from '../support/tls-files.ts';

setDefaultTimeout(30_000);

const CHAT = resolve(import.meta.dir, '../../src/cli/chat/chat.ts');
const LOAD = resolve(import.meta.dir, '../../src/cli/load/load.ts');
const DAY_MS = 86_400_000;

/** Connects until `holds` of what it is shown. */
async function shownUntil(port: number, ca: string, holds: (name: string) => boolean): Promise<void> {
  for (;;) {
    using client = await RawClient.connectTls(port, ca);
    if (holds(client.shown)) return;
  }
}

async function run(program: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const child = Bun.spawn([process.execPath, program, ...args], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out, err };
}

describe.concurrent('a tls:// listener', () => {
  test('stands beside a plain one, and both lead into the same rooms', async () => {
    using files = new TlsFiles();
    await using server = await ServerProcess.start('--clients', '127.0.0.1:0', ...files.server());
    const [plain = '', secure = ''] = server.ready.clients;
    expect(plain).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(secure).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
    using ann = await RawClient.register(server.port, 'ann');
    using bob = await RawClient.registerTls(Number(secure.split(':').at(-1)), 'bob', files.authority.cert);
    ann.send('<CREATEROOM,lobby><JOINROOM,lobby>');
    await ann.until('<RPL_WELCOME,lobby');
    bob.send('<JOINROOM,lobby>');
    await bob.until('<RPL_WELCOME,lobby');
    bob.send('<CSEND,from bob>');
    expect(await ann.until('<CMSG')).toContain(',bob,');
    ann.send('<CSEND,from ann>');
    expect(await bob.until('<CMSG')).toContain('from bob');
    expect(await bob.until('<CMSG')).toContain('from ann');
  });

  test('shows a renewed certificate after SIGHUP; nobody is refused and nobody is dropped', async () => {
    using files = new TlsFiles();
    const ca = files.authority.cert;
    await using server = await ServerProcess.start(...files.server('first'), '--flood', 'off', '--per-ip', 'off');
    using ann = await RawClient.registerTls(server.port, 'ann', ca);
    expect(ann.shown).toBe('first');
    // Somebody connects all the time: any connection that is refused or cut ends this with an error.
    let over = false;
    const seen = new Map<string, number>();
    const coming = Promise.all(
      [1, 2, 3].map(async () => {
        while (!over) {
          using client = await RawClient.connectTls(server.port, ca);
          client.send('<PING,x>');
          expect(await client.take(1)).toEqual(['<PONG,x>']);
          seen.set(client.shown, (seen.get(client.shown) ?? 0) + 1);
        }
      }),
    );
    const renewals = 5;
    for (let i = 1; i <= renewals; i++) {
      files.issue('server', `renewed ${i}`);
      server.process.kill('SIGHUP');
      await server.logged('options.reloaded', i);
      await shownUntil(server.port, ca, (name) => name === `renewed ${i}`);
      ann.send(`<PING,${i}>`);
      expect(await ann.take(1)).toEqual([`<PONG,${i}>`]);
    }
    over = true;
    await coming;
    expect([...seen.values()].reduce((sum, count) => sum + count)).toBeGreaterThan(renewals);
    const { log } = await server.stop();
    expect(log).toContain('options.changed option=tls-cert from=');
    expect(log).not.toContain('PRIVATE');
  });

  test('keeps its certificate when the new one is no good', async () => {
    using files = new TlsFiles();
    await using server = await ServerProcess.start(...files.server('first'));
    files.issue('server', 'over', { from: Date.now() - 2 * DAY_MS, until: Date.now() - DAY_MS });
    server.process.kill('SIGHUP');
    await server.logged('options.kept mistakes=1');
    using ann = await RawClient.connectTls(server.port, files.authority.cert);
    expect(ann.shown).toBe('first');
    expect((await server.stop()).log).toMatch(/--tls-cert .*server\.crt: expired on /);
  });
});

describe.concurrent('the programs of the terminal', () => {
  const chat = (address: string, ...more: readonly string[]) =>
    run(CHAT, '--server', address, '--nick', 'ann', '--room', 'lobby', ...more);

  test('chat and load speak TLS, with an authority of the network', async () => {
    using files = new TlsFiles();
    await using server = await ServerProcess.start(...files.server(), '--flood', 'off');
    const address = server.ready.clients[0] as string;
    const { code, err } = await chat(address, '--tls-ca', files.ca);
    expect(code).toBe(0);
    expect(err).toContain(`connected to ${address} as ann`);
    const flags = ['--clients', '10', '--rooms', '2', '--rate', '50', '--seconds', '1', '--json'];
    const loaded = await run(LOAD, '--servers', address, '--tls-ca', files.ca, ...flags);
    expect(loaded.code).toBe(0);
  });

  test('chat says what is wrong with a server', async () => {
    using files = new TlsFiles();
    await using server = await ServerProcess.start('--clients', '127.0.0.1:0', ...files.server());
    const [plain = '', secure = ''] = server.ready.clients;
    const other = files.write('other.crt', new Authority('Another').cert);
    const untrusted = 'its certificate is not signed by an authority that is trusted here';
    expect(await firstTrouble(secure, '--tls-ca', other)).toContain(untrusted);
    expect(await firstTrouble(secure)).toContain(untrusted);
    expect(await firstTrouble(`tls://${plain}`, '--tls-ca', files.ca)).toContain('it does not speak TLS there');
    expect(await firstTrouble(secure.slice('tls://'.length))).toContain('it speaks TLS there');
    files.issue('server', 'x', { names: ['elsewhere.example'] });
    server.process.kill('SIGHUP');
    await server.logged('options.reloaded');
    expect(await firstTrouble(secure, '--tls-ca', files.ca)).toContain('its certificate is for another host');
  });
});

/** Why chat cannot reach a server, in the first line that says so. */
async function firstTrouble(address: string, ...flags: readonly string[]): Promise<string> {
  const args = ['--server', address, '--nick', 'ann', ...flags];
  const child = Bun.spawn([process.execPath, CHAT, ...args], { stdin: 'pipe', stdout: 'ignore', stderr: 'pipe' });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of child.stderr) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('cannot reach')) break;
  }
  child.kill();
  await child.exited;
  return text;
}
