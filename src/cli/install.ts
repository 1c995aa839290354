// Install: sees to it that the packages a script needs are there before the script runs, exactly as the lock file
// names them. Runs first in every script of package.json (`bun src/cli/install.ts [server|tools] && …`).
// When everything is there it does nothing and says nothing. A receipt in node_modules tells what was installed: a
// fingerprint of package.json and bun.lock, so another lock file means another install. Several first runs at once
// take turns under a lock that the kernel drops when its holder dies, so no lock outlives its process.
// It refuses to change the lock file, to install in part, and to wait for ever. It needs no package itself.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What is wanted: `server` the packages of a running server, `tools` these and all that tests and checks use. */
export type Scope = 'server' | 'tools';

export interface InstallOptions {
  /** The directory of package.json. */
  readonly root: string;
  readonly scope: Scope;
  /** The command that installs; it runs in `root`. */
  readonly command: readonly string[];
  /** How long to wait for another install, and how long one may take. */
  readonly waitMs: number;
  readonly installMs: number;
  readonly say: (line: string) => void;
}

interface Package {
  readonly version?: string;
  readonly packageManager?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const RECEIPT = 'node_modules/.chorus-installed';
const LOCK = 'node_modules/.chorus-installing';
const HOLDER = 'node_modules/.chorus-installer';
const POLL_MS = 50;
/** The most of the installer's output that is looked at for a package that was left out. */
const OUTPUT_TAIL = 64 * 1024;

/** Why an install is needed for `scope`, in words; undefined when everything is there. */
export function missing(root: string, scope: Scope): string | undefined {
  const manifest = readPackage(join(root, 'package.json'));
  const wanted = Object.entries({ ...manifest.dependencies, ...(scope === 'tools' ? manifest.devDependencies : {}) });
  if (wanted.length === 0) return undefined;
  const receipt = readText(join(root, RECEIPT));
  if (receipt === undefined) return 'they were not installed yet';
  const [installed, fingerprint] = receipt.trim().split(' ');
  if (fingerprint !== fingerprintOf(root)) return 'package.json or bun.lock has changed';
  if (installed !== 'tools' && scope === 'tools') return 'the development tools are missing';
  for (const [name, version] of wanted) {
    const found = readText(join(root, 'node_modules', name, 'package.json'));
    if (found === undefined) return `${name} is missing`;
    if ((JSON.parse(found) as Package).version !== version) return `${name} is not ${version}`;
  }
  return undefined;
}

/** Installs what is missing for the scope; throws InstallError when that fails. Resolves to whether it installed. */
export async function install(options: InstallOptions): Promise<boolean> {
  const { root, scope, say } = options;
  if (missing(root, scope) === undefined) return false;
  makeFolder(join(root, 'node_modules'));
  using _lock = await takeLock(options);
  // Whoever held the lock before may have done the work.
  const reason = missing(root, scope);
  if (reason === undefined) return false;
  const started = performance.now();
  say(`Installing ${scope === 'tools' ? 'the development tools' : 'what the server needs'} (${reason}) …`);
  rmSync(join(root, RECEIPT), { force: true });
  await runInstaller(options);
  writeFileSync(join(root, RECEIPT), `${scope} ${fingerprintOf(root)}\n`);
  const left = missing(root, scope);
  if (left !== undefined) throw new InstallError(`The install ended well, and yet ${left}.`);
  say(`Installed in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
  return true;
}

/** An install that could not be done; its message says why and what to do next. */
export class InstallError extends Error {
  override name = 'InstallError';
}

async function runInstaller(options: InstallOptions): Promise<void> {
  const { root, command, installMs, say } = options;
  const child = Bun.spawn([...command], { cwd: root, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  const stop = (): void => child.kill();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, installMs);
  try {
    const output = await relay(child.stderr, say);
    const code = await child.exited;
    if (late) throw failed(`it was not done after ${installMs / 1000} s`, options);
    if (child.signalCode !== null) throw failed(`it was stopped by ${child.signalCode}`, options);
    if (code !== 0) throw failed(`exit code ${code}`, options);
    // A package for this platform that cannot be fetched is a warning to the installer, and a broken tool to us.
    if (/^warn: .*downloading/m.test(output)) throw failed('a package could not be fetched', options);
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Says line by line what comes from `stream`; returns the last of it. */
async function relay(stream: ReadableStream<Uint8Array>, say: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let output = '';
  let line = '';
  for await (const chunk of stream) {
    const lines = (line + decoder.decode(chunk, { stream: true })).split('\n');
    line = lines.pop() ?? '';
    for (const whole of lines) if (whole.trim() !== '') say(whole);
    output = `${output}${lines.join('\n')}\n`.slice(-OUTPUT_TAIL);
  }
  if (line.trim() !== '') say(line);
  return output + line;
}

function failed(why: string, { root, command }: InstallOptions): InstallError {
  const byHand = command.map((part) => (part === process.execPath ? 'bun' : part)).join(' ');
  return new InstallError(
    `Installing failed: ${why}; what the installer said is above.\n` +
      'Next: see that this machine reaches the package registry (a proxy goes into HTTPS_PROXY, a mirror into\n' +
      `NPM_CONFIG_REGISTRY) and that ${root} is writable, then run the same command again.\nBy hand: ${byHand}`,
  );
}

/**
 * Takes the lock of `root`, waiting for its holder at most waitMs. It is an exclusive transaction on an empty SQLite
 * file: SQLite's file locks work alike on every system, and the kernel drops them when the process ends.
 */
async function takeLock({ root, waitMs, say }: InstallOptions): Promise<Disposable> {
  const { Database } = await import('bun:sqlite');
  const database = new Database(join(root, LOCK));
  const deadline = performance.now() + waitMs;
  for (let waiting = false; ; waiting = true) {
    try {
      database.run('BEGIN EXCLUSIVE');
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    }
    const holder = readText(join(root, HOLDER)) || 'of unknown number';
    if (!waiting) say(`Waiting for another install (process ${holder}) …`);
    if (performance.now() >= deadline) {
      database.close();
      throw new InstallError(
        `Another install (process ${holder}) was not done after ${waitMs / 1000} s.\n` +
          'Next: see what that process is doing; when it is ended, its lock is gone, and this command can run again.',
      );
    }
    await Bun.sleep(POLL_MS);
  }
  writeFileSync(join(root, HOLDER), String(process.pid));
  return {
    [Symbol.dispose]() {
      rmSync(join(root, HOLDER), { force: true });
      database.close();
    },
  };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    // A folder can exist and still refuse files (another user's, a read-only mount): say so before anything else.
    closeSync(openSync(join(path, '.chorus-installer'), 'a'));
  } catch (error) {
    throw new InstallError(`${path} cannot be written: ${(error as Error).message}\nNext: make it writable.`);
  }
}

function fingerprintOf(root: string): string {
  const hash = new Bun.CryptoHasher('sha256');
  for (const name of ['package.json', 'bun.lock']) hash.update(readText(join(root, name)) ?? '').update('\0');
  return hash.digest('hex');
}

function readPackage(path: string): Package {
  return JSON.parse(readFileSync(path, 'utf8')) as Package;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const root = resolve(import.meta.dir, '../..');
  const scope = process.argv[2] === 'server' ? 'server' : 'tools';
  const command = [process.execPath, 'install', '--frozen-lockfile', '--no-progress'];
  if (scope === 'server') command.push('--production');
  const say = (line: string): void => console.error(line);
  const pinned = readPackage(join(root, 'package.json')).packageManager?.replace('bun@', '');
  if (Bun.version !== pinned)
    say(`This is Bun ${Bun.version}; Chorus is tested with ${pinned} (npx -y bun@${pinned} …).`);
  try {
    await install({ root, scope, command, waitMs: 180_000, installMs: 120_000, say });
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    say(error.message);
    process.exit(1);
  }
}
