// All programs behind one name, from source and as the executable. What is the same for both is tested with both: the
// executable is built with all tests (it takes 110 MB of disk), from source the same holds every time.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pkg from '../../package.json' with { type: 'json' };
import type { Ready } from '../../src/ops/life.ts';
import { RawClient } from '../support/raw-client.ts';
import { Terminal } from '../support/terminal.ts';
import { requireTool } from '../support/tools.ts';

const ROOT = resolve(import.meta.dir, '../..');
const LONG = process.env.CHORUS_TEST_LONG === '1';
const BUILT_MS = 120_000;
/** What a process may take to say something on a busy machine. */
const PATIENCE_MS = 60_000;

const tmux = requireTool('tmux');

let folder = '';
/** Empty, and so it stays: nothing is looked for in the folder where a program is started, and nothing is left there. */
let empty = '';
const executable = (): string => join(folder, 'chorus');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chorus-programs-'));
  empty = join(folder, 'empty');
  mkdirSync(empty);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function start(command: readonly string[], env: Record<string, string> = {}, cwd = empty) {
  return Bun.spawn([...command], { cwd, env, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
}

async function run(command: readonly string[], input = '', env: Record<string, string> = {}): Promise<Ended> {
  const child = start(command, env);
  child.stdin.write(input);
  child.stdin.end();
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of stream.values({ preventCancel: true })) {
    text += new TextDecoder().decode(chunk);
    if (text.includes('\n')) break;
  }
  return text.slice(0, text.indexOf('\n'));
}

/** A port that was free a moment ago. */
function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

/** What holds for `program`, the words that start it; it calls itself `run`. */
function behaves(program: () => readonly string[], called: () => string): void {
  const chorus = (...args: readonly string[]): Promise<Ended> => run([...program(), ...args]);

  test(
    'without a program, or with an unknown one, it says what there is',
    async () => {
      for (const args of [[], ['nope'], ['toString']]) {
        const { code, out, err } = await chorus(...args);
        expect([code, out]).toEqual([2, '']);
        expect(err).toContain(`Usage: ${called()} PROGRAM`);
        for (const name of ['server', 'chat', 'cluster', 'load', 'top']) expect(err).toContain(`\n  ${name} `);
        expect(err).not.toContain('leashed');
      }
      const { code, out, err } = await chorus('--help');
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(`Usage: ${called()} PROGRAM`);
    },
    PATIENCE_MS,
  );

  test(
    '--version says the version, and the commit in a form that can be looked up',
    async () => {
      for (const args of [['--version'], ['server', '--version']]) {
        const { code, out } = await chorus(...args);
        expect(code).toBe(0);
        expect(out).toMatch(
          new RegExp(`^chorus ${pkg.version.replaceAll('.', '\\.')}( \\(commit [0-9a-f]{12,40}(-dirty)?\\))?\n$`),
        );
      }
    },
    PATIENCE_MS,
  );

  test.each(['server', 'server hash', 'chat', 'cluster', 'load', 'top'])(
    '%s has a --help that says how it is called here',
    async (name) => {
      const { code, out } = await chorus(...name.split(' '), '--help');
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^Usage: ${RegExp.escape(`${called()} ${name}`)}[ \n]`));
    },
    PATIENCE_MS,
  );

  test(
    'mistakes have the words and exit codes of the programs',
    async () => {
      expect(await chorus('server', '--nmae', 'x')).toEqual({
        code: 2,
        out: '',
        err: 'server: unknown option --nmae: did you mean --name?\n',
      });
      writeFileSync(join(folder, 'bad.toml'), 'nmae = "x"\n');
      const checked = await chorus('server', 'check', '--config', join(folder, 'bad.toml'));
      expect(checked.code).toBe(2);
      expect(checked.err).toContain('bad.toml:1:1: unknown option nmae: did you mean name?');
      expect((await chorus('chat', '--nick', '!')).code).toBe(2);
      expect((await chorus('cluster', '--servers', '99')).code).toBe(2);
    },
    PATIENCE_MS,
  );

  test(
    'a server starts, is healthy, is talked on and ends, out of an empty folder and environment',
    async () => {
      const http = `127.0.0.1:${freePort()}`;
      const server = start([...program(), 'server', '--clients', '127.0.0.1:0', '--web', 'off', '--http', http]);
      try {
        const ready = JSON.parse(await firstLine(server.stdout)) as Ready;
        expect(ready).toMatchObject({ ready: true, pid: server.pid, http, version: pkg.version });
        expect((await chorus('server', 'health', '--http', http)).out).toBe(`${http}: HTTP/1.1 200 OK\n`);
        expect(await (await fetch(`http://${http}/metrics`)).text()).toContain('\nchorus_users 0\n');
        const [address = ''] = ready.clients;
        using ann = await RawClient.register(Number(address.split(':')[1]), 'ann');
        ann.send('<CREATEROOM,lobby><JOINROOM,lobby>');
        await ann.until('<RPL_WELCOME,lobby,');
        const chat = await run([...program(), 'chat', '--server', address, '--nick', 'bob'], 'hello from bob\n');
        expect(chat.code).toBe(0);
        expect(await ann.until('<CMSG,lobby,')).toContain('hello from bob');
        server.kill('SIGTERM');
        expect(await ann.until('<ERROR,')).toContain('SIGTERM');
        ann.finish();
        expect(await server.exited).toBe(0);
        expect(await server.stderr.text()).toContain('server.stopped');
        const health = await chorus('server', 'health', '--http', http);
        expect([health.code, health.out]).toEqual([
          1,
          `${http}: nobody listens there; is the server up, and this its --http?\n`,
        ]);
        expect(readdirSync(empty)).toEqual([]);
      } finally {
        server.kill('SIGKILL');
      }
    },
    PATIENCE_MS,
  );

  test.skipIf(tmux === undefined)(
    'the chat takes the whole screen of a terminal (needs tmux)',
    async () => {
      const server = start([...program(), 'server', '--clients', '127.0.0.1:0', '--web', 'off', '--http', 'off']);
      try {
        const [address = ''] = (JSON.parse(await firstLine(server.stdout)) as Ready).clients;
        const command = [...program(), 'chat', '--server', address, '--nick', 'ann'].join(' ');
        using screen = new Terminal(tmux as string, command, { columns: 80, rows: 24 });
        await screen.until(/^ \[1:lobby\] ─+ ann ─$[\s\S]*you are in lobby, alone/m);
        screen.keys('hello', 'Enter');
        await screen.until(/ <ann> hello /);
        screen.keys('C-c');
        await screen.until(/EXIT 0/);
      } finally {
        server.kill('SIGKILL');
      }
    },
    PATIENCE_MS,
  );

  test(
    'a cluster starts servers that are the same program',
    async () => {
      const cluster = start([...program(), 'cluster', '--servers', '2']);
      try {
        let shown = '';
        for await (const chunk of cluster.stdout.values({ preventCancel: true })) {
          shown += new TextDecoder().decode(chunk);
          if (shown.includes('Talk on each of them')) break;
        }
        expect(shown).toContain('└─ ');
        cluster.stdin.write('q\n');
        cluster.stdin.end();
        expect(await cluster.exited).toBe(0);
      } finally {
        cluster.kill('SIGTERM');
      }
    },
    PATIENCE_MS,
  );
}

describe('chorus from source', () => {
  behaves(
    () => [process.execPath, join(ROOT, 'src/chorus.ts')],
    () => 'bun run',
  );
});

describe('what a clone has beside the programs', () => {
  test.each(['src/cli/build.ts', 'test/run.ts'])(
    '%s says what it is asked with --help, refuses other flags, and does nothing then',
    async (file) => {
      const tool = [process.execPath, join(ROOT, file)];
      expect(await run([...tool, '--help'])).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Usage: /),
        err: '',
      });
      expect(await run([...tool, '--nope'])).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('--nope'),
      });
      expect(readdirSync(empty)).toEqual([]);
    },
    PATIENCE_MS,
  );
});

const asExecutable = (): void => {
  beforeAll(async () => {
    const built = Bun.spawn([process.execPath, join(ROOT, 'src/cli/build.ts'), executable()], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    expect(await built.stdout.text()).toStartWith(`${executable()}  `);
    expect(await built.exited).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('chorus'))).toEqual(['chorus']);
  }, BUILT_MS);

  behaves(() => [executable()], executable);

  test(
    'it takes no settings from the folder that it is started in',
    async () => {
      const trap = join(folder, 'trap');
      mkdirSync(trap);
      writeFileSync(join(trap, '.env'), 'CHORUS_NAME=trapped\n');
      writeFileSync(join(trap, 'bunfig.toml'), 'preload = ["./no-such-file.ts"]\n');
      const child = start([executable(), 'server', 'check'], {}, trap);
      expect(await child.stdout.text()).not.toContain('trapped');
      expect(await child.exited).toBe(0);
    },
    PATIENCE_MS,
  );
};

if (LONG) describe('chorus, the executable', asExecutable);
else test.skipIf(!LONG)('chorus, the executable (needs test:long: it is 110 MB)', asExecutable);
