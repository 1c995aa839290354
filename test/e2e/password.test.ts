// The server's password: who does not know it is not let in and waits after some guesses; it changes under a server that
// runs, and the programs of the terminal know it without a command line.

import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';

setDefaultTimeout(30_000);

const CHAT = resolve(import.meta.dir, '../../src/cli/chat/chat.ts');
const folder = mkdtempSync(join(tmpdir(), 'chorus-password-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

/** A cheap one, as a check is not what is tried here. */
function hashOf(password: string): string {
  return Bun.password.hashSync(password, { algorithm: 'bcrypt', cost: 4 });
}

/** What registering with these frames before it comes to: the first line of it. */
async function first(port: number, frames: string): Promise<string> {
  using client = await RawClient.connect(port);
  client.send(`${frames}<NICK,ann><USER,ann,0,*,Ann>`);
  return (await client.take(1))[0] as string;
}

test('is asked for by PASS, and changes with a reload', async () => {
  const path = write('hash', hashOf('sesame'));
  await using server = await ServerProcess.start('--password-file', path);
  expect(await first(server.port, '')).toStartWith('<ERR_PASSWDMISMATCH,USER,*,');
  expect(await first(server.port, '<PASS,open>')).toStartWith('<ERR_PASSWDMISMATCH,PASS,*,');
  expect(await first(server.port, '<PASS,sesame>')).toStartWith('<RPL_WELCOME,*,');
  using bob = await RawClient.connect(server.port);
  bob.send('<PASS,sesame><NICK,bob><USER,bob,0,*,Bob>');
  await bob.until('<RPL_LIMITS');
  write('hash', hashOf('barley'));
  server.process.kill('SIGHUP');
  await server.logged('options.reloaded');
  expect(await first(server.port, '<PASS,sesame>')).toStartWith('<ERR_PASSWDMISMATCH,PASS,*,');
  expect(await first(server.port, '<PASS,barley>')).toStartWith('<RPL_WELCOME,*,');
  bob.send('<PING,still here>');
  expect(await bob.take(1)).toEqual(['<PONG,still here>']);
  const { log } = await server.stop();
  expect(log).toContain('options.changed option=password from=one to=one');
  expect(log).toContain('password.refused from=127.0.0.1 count=1');
  for (const secret of ['sesame', 'open', 'barley', '$2b$']) expect(log).not.toContain(secret);
});

test('cannot be guessed fast', async () => {
  await using server = await ServerProcess.start('--password-file', write('slow', hashOf('sesame')), '--flood', 'off');
  const answers: string[] = [];
  while (!answers.at(-1)?.startsWith('<ERR_FLOODING')) answers.push(await first(server.port, '<PASS,guess>'));
  expect(answers).toHaveLength(11);
  expect(await first(server.port, '<PASS,sesame>')).toMatch(
    /^<ERR_FLOODING,PASS,\*,Too many wrong passwords from your/,
  );
  // The wait is over some time; then the right one is right again.
  let line = '';
  while (!line.startsWith('<RPL_WELCOME')) line = await first(server.port, '<PASS,sesame>');
});

test('chat sends it from a file or the environment', async () => {
  await using server = await ServerProcess.start('--password-file', write('chat', hashOf('sesame')));
  const chat = async (env: Record<string, string>, ...flags: readonly string[]) => {
    const args = ['--server', `127.0.0.1:${server.port}`, '--nick', 'ann', ...flags];
    const options = { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', env: { ...process.env, ...env } } as const;
    const child = Bun.spawn([process.execPath, CHAT, ...args], options);
    return { err: await new Response(child.stderr).text(), code: await child.exited };
  };
  const [asked, file, variable, wrong] = await Promise.all([
    chat({}),
    chat({}, '--password-file', write('mine', 'sesame')),
    chat({ CHORUS_PASSWORD: 'sesame' }),
    chat({}, '--password-file', join(folder, 'none')),
  ]);
  expect(asked.code).toBe(1);
  expect(file.err).toContain('connected to');
  expect(variable.err).toContain('connected to');
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--password-file')]);
});
