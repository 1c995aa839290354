// The configuration of a real server: checked without starting it, and read anew while people are connected.

import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess, spawnServer } from '../support/server.ts';

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
