// Installing against an installer of our own, so that no test needs a network: it writes a package as the real one
// would, and keeps a journal of when it began and ended.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InstallError, type InstallOptions, install, missing, type Scope } from '../../src/cli/install.ts';

const INSTALL = resolve(import.meta.dir, '../../src/cli/install.ts');

/** Writes every wanted package; `--production` leaves the development tools out. The journal shows overlaps. */
const INSTALLER = `
  import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  const wanted = { ...manifest.dependencies, ...(process.argv.includes('--production') ? {} : manifest.devDependencies) };
  appendFileSync('journal', 'begin\\n');
  await Bun.sleep(30);
  for (const [name, version] of Object.entries(wanted)) {
    mkdirSync('node_modules/' + name, { recursive: true });
    writeFileSync('node_modules/' + name + '/package.json', JSON.stringify({ name, version }));
  }
  appendFileSync('journal', 'end\\n');
`;
const FAILING = "console.error('error: no such host'); process.exit(7);";
const WARNING = `${INSTALLER} console.error('warn: DNSResolveFailed downloading tarball tool-linux@1.0.0');`;
const HANGING = 'await Bun.sleep(20_000);';

let root: string;
let said: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chorus-install-'));
  said = [];
  writeManifest({ devDependencies: { tool: '1.0.0', '@scope/tool': '2.0.0' } });
  writeFileSync(join(root, 'bun.lock'), 'the first lock file');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function writeManifest(manifest: object): void {
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
}

function run(scope: Scope = 'tools', program = INSTALLER, limits: Partial<InstallOptions> = {}): Promise<boolean> {
  writeFileSync(join(root, 'installer.ts'), program);
  const command = [process.execPath, 'installer.ts', ...(scope === 'server' ? ['--production'] : [])];
  const say = (line: string): number => said.push(line);
  return install({ root, scope, command, waitMs: 5000, installMs: 5000, say, ...limits });
}

const journal = (): string[] => {
  const path = join(root, 'journal');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
};

async function failure(work: Promise<unknown>): Promise<InstallError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InstallError);
  return error as InstallError;
}

describe('what is there', () => {
  test('a first run installs, says so, and the next has nothing to do', async () => {
    expect(missing(root, 'tools')).toBe('they were not installed yet');
    expect(await run()).toBe(true);
    expect(said[0]).toContain('Installing the development tools (they were not installed yet)');
    expect(said[1]).toMatch(/^Installed in \d+\.\d s\.$/);
    expect(missing(root, 'tools')).toBeUndefined();
    said = [];
    expect(await run()).toBe(false);
    expect(said).toEqual([]);
    expect(journal()).toEqual(['begin', 'end']);
  });

  test('a server without run-time dependencies installs nothing and leaves no trace', async () => {
    expect(missing(root, 'server')).toBeUndefined();
    expect(await run('server')).toBe(false);
    expect(existsSync(join(root, 'node_modules'))).toBe(false);
  });

  test('a server with run-time dependencies installs these alone, and tools come when they are needed', async () => {
    writeManifest({ dependencies: { library: '3.0.0' }, devDependencies: { tool: '1.0.0' } });
    expect(await run('server')).toBe(true);
    expect(existsSync(join(root, 'node_modules/tool'))).toBe(false);
    expect(missing(root, 'server')).toBeUndefined();
    expect(missing(root, 'tools')).toBe('the development tools are missing');
    expect(await run('tools')).toBe(true);
    expect(missing(root, 'server')).toBeUndefined();
  });

  test('another lock file, another manifest, a lost or a wrong package: each means another install', async () => {
    const spoil: readonly (readonly [string, () => void])[] = [
      ['package.json or bun.lock has changed', () => writeFileSync(join(root, 'bun.lock'), 'the second lock file')],
      ['package.json or bun.lock has changed', () => writeManifest({ devDependencies: { tool: '1.0.1' } })],
      ['tool is missing', () => rmSync(join(root, 'node_modules/tool'), { recursive: true })],
      ['tool is not 1.0.1', () => writeFileSync(join(root, 'node_modules/tool/package.json'), '{"version":"0.9.0"}')],
      ['they were not installed yet', () => rmSync(join(root, 'node_modules/.chorus-installed'))],
    ];
    await run();
    for (const [reason, harm] of spoil) {
      harm();
      expect(missing(root, 'tools')).toBe(reason);
      expect(await run()).toBe(true);
      expect(missing(root, 'tools')).toBeUndefined();
    }
  });

  test('is told in little time', async () => {
    await run();
    const started = performance.now();
    for (let i = 0; i < 20; i++) missing(root, 'tools');
    expect((performance.now() - started) / 20).toBeLessThan(15);
  });
});

describe('an install that fails', () => {
  test('gives the reason and what to do next, and is no receipt', async () => {
    const { message } = await failure(run('tools', FAILING));
    expect(said).toContain('error: no such host');
    expect(message).toContain('exit code 7');
    expect(message).toContain('Next:');
    expect(message).toContain(root);
    expect(missing(root, 'tools')).toBe('they were not installed yet');
    expect(await run()).toBe(true);
  });

  test('is one too when only a package for this platform could not be fetched', async () => {
    expect((await failure(run('tools', WARNING))).message).toContain('a package could not be fetched');
    expect(missing(root, 'tools')).toBeDefined();
  });

  test('is one too when packages are not there afterwards', async () => {
    expect((await failure(run('tools', ''))).message).toContain('tool is missing');
  });

  test('does not keep the receipt of an earlier one', async () => {
    await run();
    writeFileSync(join(root, 'bun.lock'), 'the second lock file');
    await failure(run('tools', FAILING));
    writeFileSync(join(root, 'bun.lock'), 'the first lock file');
    expect(missing(root, 'tools')).toBe('they were not installed yet');
  });

  test('ends when it takes too long', async () => {
    expect((await failure(run('tools', HANGING, { installMs: 100 }))).message).toContain('not done after 0.1 s');
  });

  test('says so when node_modules cannot be made', async () => {
    writeFileSync(join(root, 'node_modules'), 'a file in its place');
    const { message } = await failure(run());
    expect(message).toContain('cannot be written');
    expect(message).toContain('Next:');
  });
});

describe('several at once', () => {
  /** Another process that installs here with the same installer. */
  function other(program: string, waitMs = 5000): Bun.Subprocess<'ignore', 'inherit', 'pipe'> {
    writeFileSync(join(root, 'installer.ts'), program);
    const code = `
      import { install } from ${JSON.stringify(INSTALL)};
      const command = [process.execPath, 'installer.ts'];
      const say = (line) => console.error(line);
      await install({ root: ${JSON.stringify(root)}, scope: 'tools', command, waitMs: ${waitMs}, installMs: 60000, say });
    `;
    return Bun.spawn([process.execPath, '-e', code], { cwd: root, stdio: ['ignore', 'inherit', 'pipe'] });
  }

  /** Resolves when that process has the lock: it says so before it does anything with it. */
  async function begun(process: Bun.Subprocess<'ignore', 'inherit', 'pipe'>): Promise<void> {
    const decoder = new TextDecoder();
    const reader = process.stderr.getReader();
    for (let text = ''; !text.includes('Installing'); ) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`it ended before it had the lock: ${text}`);
      text += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
  }

  const holder = (): string => {
    const path = join(root, 'node_modules/.chorus-installer');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };

  test('one installs, the others wait for it and find everything there', async () => {
    const processes = Array.from({ length: 4 }, () => other(INSTALLER));
    expect(await Promise.all(processes.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
    expect(journal()).toEqual(['begin', 'end']);
    expect(missing(root, 'tools')).toBeUndefined();
  });

  test('who waits says for whom, and gives up at its deadline', async () => {
    const first = other(HANGING);
    await begun(first);
    expect(holder()).toBe(String(first.pid));
    const { message } = await failure(run('tools', HANGING, { waitMs: 120 }));
    expect(said).toEqual([`Waiting for another install (process ${first.pid}) …`]);
    expect(message).toContain(`(process ${first.pid}) was not done after 0.12 s`);
    expect(message).toContain('Next:');
    first.kill();
    expect(await first.exited).not.toBe(0);
  });

  test('the lock of a killed process is free', async () => {
    const first = other("await Bun.sleep(1000); console.error('the orphan ends');");
    await begun(first);
    first.kill('SIGKILL');
    await first.exited;
    expect(holder()).toBe(String(first.pid));
    expect(await run('tools', INSTALLER, { waitMs: 0 })).toBe(true);
    expect(said.some((line) => line.startsWith('Waiting'))).toBe(false);
  });
});
