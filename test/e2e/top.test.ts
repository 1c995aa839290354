// Top with real servers: on a terminal, by what stands on the screen, and on paper.

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fixedAddresses, TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { Terminal } from '../support/terminal.ts';
import { requireTool } from '../support/tools.ts';

// Several servers and a terminal, on a machine that may be busy.
setDefaultTimeout(90_000);

const TOP = resolve(import.meta.dir, '../../src/cli/top/top.ts');
const TOKEN = 'a-token-for-tests-of-top';
const FOLDER = mkdtempSync(join(tmpdir(), 'chorus-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function file(text: string): string {
  const path = join(FOLDER, crypto.randomUUID());
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const TOKEN_FILE = file(`${TOKEN}\n`);
const API = ['--http', '127.0.0.1:0', '--api-token-file', TOKEN_FILE] as const;
const SIZE = { columns: 110, rows: 36 };

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Top on paper, with no CHORUS_ variable but those given. */
async function top(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('CHORUS_'));
  const child = Bun.spawn([process.execPath, TOP, ...flags], {
    env: { ...Object.fromEntries(ours), LC_ALL: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

const tmux = requireTool('tmux');

function terminal(env: string, ...flags: readonly string[]): Terminal {
  return new Terminal(tmux as string, `env ${env} ${process.execPath} ${TOP} ${flags.join(' ')}`, SIZE);
}

describe.skipIf(tmux === undefined)('top on a terminal (needs tmux)', () => {
  test('shows the network as it is, obeys its keys and the size, and leaves the terminal as it was', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...API);
    const beta = await network.start('beta', ...API);
    await alpha.logged('server.synced server=beta');
    using ann = await RawClient.register(alpha.port, 'ann');
    using _bob = await RawClient.register(beta.port, 'bob');
    ann.send('<CREATEROOM,lively><CREATEROOM,quiet><JOINROOM,quiet><JOINROOM,lively>');
    await ann.until('<RPL_WELCOME,lively');
    const talking = setInterval(() => ann.send('<CSEND,x,lively>'), 50);
    using screen = terminal(
      '',
      '--interval',
      '0.5',
      '--api-token-file',
      TOKEN_FILE,
      '--http',
      alpha.ready.http as string,
    );
    try {
      await screen.until(/^ alpha {2}\S+ {2}up .* {2}ready/m);
      await screen.until(/^ messages +\d[\d.,]*\/s +.*[█▇]/m);
      await screen.until(/^ beta +linked +1 +2 +/m);
      await screen.until(/^ beta +[\d.]+ ms +0 B +[\d.]+ (B|KiB)\/s +[\d.]+ (B|KiB)\/s/m);
      const whole = await screen.until(/^ lively +[\d.]+ █{12} +1 +1 +0 alpha [\s\S]*^ quiet +0 /m);
      expect(whole).toMatch(/^>Rooms 2, the fastest in front ─+$/m);
      expect(whole).not.toContain(TOKEN);
      expect(screen.state('alternate_on')).toBe('1');
      screen.keys('s', 's');
      await screen.until(/^>Rooms 2, by name[\s\S]*^ lively[\s\S]*^ quiet[\s\S]*s sort: name/m);
      screen.keys('h');
      await screen.until(/sort rooms by rate, members or name/);
      screen.keys('q');
      await screen.until(/^>Rooms 2/m);
      screen.keys('p');
      await screen.until(/^ paused; p goes on/m);
      screen.keys('p', '-');
      await screen.until(/every 1 s/);
      screen.resize({ columns: 70, rows: 22 });
      await screen.until(/^>Rooms 2, by name ─{40,52}$/m);
      expect(screen.screen().trimEnd().split('\n').length).toBeLessThanOrEqual(22);
      screen.keys('Tab', 'Tab');
      await screen.until(/^>Events/m);
      await beta.stop('SIGKILL');
      await screen.until(/warn {2}server\.lost/);
      screen.resize(SIZE);
      await screen.until(/^ beta +lost [\d.]+ s ago/m);
    } finally {
      clearInterval(talking);
    }
    screen.keys('q');
    await screen.until(/EXIT 0/);
    expect([screen.state('alternate_on'), screen.state('cursor_flag')]).toEqual(['0', '1']);
    expect(screen.screen()).not.toContain('Rooms');
  });

  test('outlives its server: says that it is away and why, and goes on when it is back', async () => {
    const http = fixedAddresses()[1] as string;
    const flags = ['--name', 'alpha', ...fixedAddresses().slice(0, 2), '--http', http, '--api-token-file', TOKEN_FILE];
    await using server = await ServerProcess.start(...flags);
    using screen = terminal(`CHORUS_API_TOKEN=${TOKEN} NO_COLOR=1`, '--http', http, '--interval', '0.5');
    await screen.until(/^ alpha .* ready/m);
    expect(screen.screen(true)).not.toContain('\u001b[');
    await server.stop('SIGKILL');
    const away = await screen.until(/ is away: ECONNREFUSED; again in [\d.]+ m?s \(try [2-9]\)/);
    expect(away).toMatch(/^ alpha /m);
    await using _again = await ServerProcess.start(...flags);
    await screen.until(/^ alpha .* ready.*\n clients /m);
  });

  test('gives the terminal back when it is ended by a signal, and when it is refused while it runs', async () => {
    const path = file(`${TOKEN}\n`);
    const config = file(`api-token-file = ${JSON.stringify(path)}\n`);
    await using server = await ServerProcess.start('--http', '127.0.0.1:0', '--config', config);
    const http = server.ready.http as string;
    using first = terminal('', '--http', http, '--api-token-file', path, '--interval', '0.5');
    await first.until(/^>Rooms 0, /m);
    const shell = first.state('pane_pid');
    const child = await Bun.file(`/proc/${shell}/task/${shell}/children`).text();
    process.kill(Number(child), 'SIGTERM');
    await first.until(/EXIT 0/);
    expect([first.state('alternate_on'), first.state('cursor_flag')]).toEqual(['0', '1']);
    using second = terminal('', '--http', http, '--api-token-file', path, '--interval', '0.5');
    await second.until(/^>Rooms 0, /m);
    writeFileSync(path, 'another-token-for-tests-of-top\n');
    server.process.kill('SIGHUP');
    expect(await second.until(/EXIT 2/)).toMatch(/top: http:\/\/\S+ refuses the token: give that of/);
    expect(second.state('alternate_on')).toBe('0');
  });
});

describe.concurrent('top on paper', () => {
  test('looks once and ends: every row, without colour', async () => {
    await using server = await ServerProcess.start(...API, '--name', 'alpha');
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    const flags = ['--http', server.ready.http as string, '--interval', '0.2'];
    const { code, out, err } = await top(flags, { CHORUS_API_TOKEN: TOKEN });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ alpha {2}\S+ {2}up /);
    expect(out).toMatch(/^ dev +[\d.]+ +█* *1 +1 +0 alpha/m);
    expect(out).not.toContain('\u001b');
  });

  test('is one JSON object when that is asked for', async () => {
    await using server = await ServerProcess.start(...API, '--name', 'alpha');
    const flags = ['--json', '--http', server.ready.http as string, '--interval', '0.2'];
    const { code, out } = await top(flags, { CHORUS_API_TOKEN_FILE: TOKEN_FILE });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      server: 'alpha',
      isReady: true,
      rates: { messages: { now: 0 } },
      rooms: [],
    });
  });

  test('without a token shows what everybody may see, and says how to see the rest', async () => {
    await using server = await ServerProcess.start(...API, '--name', 'alpha');
    const { code, out } = await top(['--once', '--http', server.ready.http as string, '--interval', '0.2']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ clients 0 /m);
    expect(out).toContain('--api-token-file FILE');
    await using open = await ServerProcess.start('--http', '127.0.0.1:0');
    const closed = await top(['--once', '--http', open.ready.http as string, '--interval', '0.2'], {
      CHORUS_API_TOKEN: TOKEN,
    });
    expect(closed.out).toContain('The API is off');
  });

  test('a wrong token, a wrong place and a wrong flag end it with 2, nobody there with 1; no token is shown', async () => {
    await using server = await ServerProcess.start(...API);
    const http = server.ready.http as string;
    const wrong = await top(['--once', '--http', http], { CHORUS_API_TOKEN: 'quite-another-token' });
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('refuses the token');
    expect(wrong.err).not.toContain('quite-another-token');
    expect((await top(['--once', '--http', `127.0.0.1:${server.port}`])).code).toBe(1);
    await server.stop('SIGKILL');
    expect(await top(['--once', '--http', http])).toMatchObject({
      code: 1,
      err: expect.stringContaining('ECONNREFUSED'),
    });
    for (const flags of [['--http', 'nowhere'], ['--interval', '0'], ['--sort', 'age'], ['--token', 'x'], ['x']]) {
      const { code, err } = await top(flags);
      expect({ flags, code }).toEqual({ flags, code: 2 });
      expect(err).toStartWith('top: ');
    }
    expect((await top(['--help'])).out).toContain('CHORUS_API_TOKEN_FILE');
  });

  test('asks no proxy, which would be given the token', async () => {
    await using server = await ServerProcess.start(...API, '--name', 'alpha');
    const proxy = 'http://127.0.0.1:9';
    const env = { CHORUS_API_TOKEN: TOKEN, HTTP_PROXY: proxy, http_proxy: proxy };
    expect((await top(['--once', '--http', server.ready.http as string, '--interval', '0.2'], env)).code).toBe(0);
  });
});
