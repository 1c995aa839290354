// The load generator against a real server: a clean run is good, and every planted fault is found and counted.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Socket } from 'bun';
import type { Result, Verdict } from '../../src/cli/load/result.ts';
import { type Change, Relay } from '../support/relay.ts';
import { ServerProcess } from '../support/server.ts';

setDefaultTimeout(40_000);

const LOAD = resolve(import.meta.dir, '../../src/cli/load/load.ts');

/** What a test has begun; ended with it. Tests run side by side. */
class Scope implements Disposable {
  readonly #ends: (() => unknown)[] = [];

  defer(end: () => unknown): void {
    this.#ends.push(end);
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends.reverse()) end();
  }
}

function spawn(scope: Scope, ...args: string[]) {
  const child = Bun.spawn([process.execPath, LOAD, ...args], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  scope.defer(() => child.kill('SIGKILL'));
  return child;
}

/** Resolves when a run has told how it goes. */
async function underWay({ stderr }: ReturnType<typeof spawn>): Promise<void> {
  const reader = stderr.getReader();
  let text = '';
  while (!text.includes(' sent/s')) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it never began:\n${text}`);
    text += new TextDecoder().decode(value);
  }
}

/** A run to its end. */
async function load(scope: Scope, port: number, ...args: string[]) {
  const child = spawn(scope, '--servers', `127.0.0.1:${port}`, '--json', ...args);
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await child.exited;
  if (!out.startsWith('{')) throw new Error(`no result: ${code} ${out} ${err}`);
  return { code, ...(JSON.parse(out) as Result & { verdict: Verdict }) };
}

function quiet(...flags: string[]): Promise<ServerProcess> {
  return ServerProcess.start('--flood', 'off', '--per-ip', 'off', '--log-level', 'error', ...flags);
}

/** What a proxy makes of the next message on its way to a client; '' for nothing. */
type Fault = (frame: string) => string;

/** A proxy that lets one of its connections suffer: `fault` is called for each message on its way to that client. */
function proxy(scope: Scope, port: number, fault: Fault): number {
  const relay = new Relay(port, (connection) => (connection === 1 ? changeBy(fault) : (chunk) => chunk));
  scope.defer(() => relay[Symbol.dispose]());
  return relay.port;
}

function changeBy(fault: Fault): Change {
  let rest = '';
  const decoder = new TextDecoder();
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    const changed = lines.map((line) => (line.startsWith('<CMSG,') ? fault(`${line}\n`) : `${line}\n`));
    return new TextEncoder().encode(changed.join(''));
  };
}

/** Treats message 20, 40 and 60 so, and no other. */
function thrice(treat: (frame: string) => string): Fault {
  let count = 0;
  return (frame) => (++count % 20 === 0 && count <= 60 ? treat(frame) : frame);
}

const SMALL = ['--clients', '6', '--rooms', '2', '--rate', '300', '--seconds', '1'];

// One at a time: these expect that nothing is late.
describe('a run without faults', () => {
  test('is good, and every message reaches every member', async () => {
    using scope = new Scope();
    await using server = await quiet();
    const flags = `--clients 50 --rooms 5 --rate 400 --seconds 1 --pid ${server.ready.pid}`;
    const result = await load(scope, server.port, ...flags.split(' '));
    expect(result).toMatchObject({
      code: 0,
      interrupted: false,
      account: { sent: 400, acknowledged: 400, failed: 0, unanswered: 0, delivered: 4_000, expected: 4_000 },
      verdict: { lost: 0, doubled: 0, outOfOrder: 0, good: true },
      reconnects: 0,
    });
    expect(result.delivery.p50).toBeGreaterThan(0);
    expect(result.delivery.max).toBeGreaterThanOrEqual(result.delivery.p99);
    expect(result.servers[0]?.rssBytes).toBeGreaterThan(1_000_000);
  });

  test('with reserved numbers, with a window, and without ids', async () => {
    using scope = new Scope();
    await using server = await quiet();
    const reserved = await load(scope, server.port, ...SMALL, '--reserve', '0.3');
    expect(reserved).toMatchObject({ code: 0, account: { acknowledged: 300, delivered: 900 } });
    // No more than a client may have unsent, however slow this machine is.
    const flags = '--clients 1 --rate 900 --seconds 1 --window 64';
    const windowed = await load(scope, server.port, ...flags.split(' '));
    expect(windowed).toMatchObject({ code: 0, account: { acknowledged: 900, delivered: 900 } });
    const bare = await load(scope, server.port, ...SMALL, '--ids', 'off');
    expect(bare).toMatchObject({ code: 0, account: { acknowledged: 0, accepted: 300, delivered: 900, expected: 900 } });
  });

  test('refused for sending too fast, windows lose nothing and keep the order', async () => {
    using scope = new Scope();
    await using server = await ServerProcess.start('--flood', '100:20', '--log-level', 'error');
    const args = ['--clients', '4', '--rooms', '1', '--rate', '640', '--seconds', '1', '--window', '8'];
    const result = await load(scope, server.port, ...args);
    expect(result).toMatchObject({ code: 0, verdict: { lost: 0, doubled: 0, outOfOrder: 0 } });
    // Whoever sends faster than is allowed waits, and is seen to.
    expect(result.acknowledgement.max).toBeGreaterThan(300);
  });
});

describe('a run of another kind', () => {
  test('a closed loop finds what is taken, in order and without a loss', async () => {
    using scope = new Scope();
    await using server = await quiet();
    const flags = '--rooms 2 --members 3 --publishers 2 --rate max --window 4 --seconds 1 --ramp 0.3';
    const result = await load(scope, server.port, ...flags.split(' '));
    const { sent } = result.account;
    expect(result).toMatchObject({ code: 0, account: { acknowledged: sent, delivered: 3 * sent, expected: 3 * sent } });
    expect(sent).toBeGreaterThan(100);
  });

  test('clients whose connections are cut come back, take their sessions over, and miss nothing', async () => {
    using scope = new Scope();
    await using server = await quiet();
    const flags = '--clients 12 --rooms 2 --rate 300 --seconds 2 --churn 15 --reserve 0.1';
    const result = await load(scope, server.port, ...flags.split(' '));
    expect(result).toMatchObject({ code: 0, verdict: { lost: 0, doubled: 0, outOfOrder: 0 } });
    expect(result.account.acknowledged + result.account.failed).toBe(600);
    expect(result.cuts).toBeGreaterThan(5);
    expect(result.disconnects).toBeGreaterThanOrEqual(result.cuts);
    expect(result.reconnects).toBeGreaterThan(5);
    expect(result.resumed).toBeGreaterThan(0);
  });

  test('by WebSocket, with a rate that rises, and with a report of it', async () => {
    using scope = new Scope();
    await using server = await quiet('--web', '127.0.0.1:0');
    const folder = mkdtempSync(join(tmpdir(), 'chorus-load-'));
    scope.defer(() => rmSync(folder, { recursive: true }));
    const report = join(folder, 'report.html');
    const port = server.webPort;
    const result = await load(scope, port, '--web', ...SMALL, '--ramp', '0.5', '--churn', '4', '--report', report);
    expect(result).toMatchObject({ code: 0, account: { sent: 225, acknowledged: 225, delivered: 675 } });
    expect(result.options.servers).toEqual([`ws://127.0.0.1:${port}/ws`]);
    expect(result.timeline.reduce((sum, { sent }) => sum + sent, 0)).toBe(225);
    expect(await Bun.file(report).text()).toContain('<span class="badge good">good</span>');
  });

  test.each(['/nowhere/at/all.html', tmpdir()])(
    'a report that cannot be %s ends it before anything is done',
    async (path) => {
      using scope = new Scope();
      const child = spawn(scope, '--report', path);
      expect(await new Response(child.stderr).text()).toContain(`--report "${path}"`);
      expect(await child.exited).toBe(2);
    },
  );
});

/** A small run of which one client suffers so. */
async function suffering(fault: Fault) {
  using scope = new Scope();
  await using server = await quiet();
  return await load(scope, proxy(scope, server.port, fault), ...SMALL);
}

/** Hands on every twentieth message behind the one that follows it. */
function swapping(): Fault {
  let held = '';
  const hold = thrice((frame) => {
    held = frame;
    return '';
  });
  return (frame) => {
    const before = held;
    const now = hold(frame);
    if (before === '') return now;
    held = '';
    return now + before;
  };
}

/** Hands on all but the message of this number. */
function without(number: number): Fault {
  let count = 0;
  return (frame) => (++count === number ? '' : frame);
}

describe('a fault on the way to one client', () => {
  test.each<[string, Fault, Partial<Verdict>]>([
    ['three lost messages are found and counted', thrice(() => ''), { lost: 3, doubled: 0, outOfOrder: 0 }],
    ['three doubled ones', thrice((frame) => frame + frame), { lost: 0, doubled: 3, outOfOrder: 0 }],
    ['three pairs that changed places', swapping(), { lost: 0, doubled: 0, outOfOrder: 3 }],
    // Each of three members in a room sees 150 messages.
    ['the last message of all, which nothing comes behind', without(150), { lost: 1, neverCame: 1 }],
  ])('%s', async (_what, fault, verdict) => {
    expect(await suffering(fault)).toMatchObject({ code: 1, verdict });
  });
});

describe.concurrent('a run with trouble', () => {
  test('ends early at SIGINT, with its table', async () => {
    using scope = new Scope();
    await using server = await quiet();
    const flags = `--servers 127.0.0.1:${server.port} --clients 5 --rooms 1 --seconds 600`;
    const child = spawn(scope, ...flags.split(' '));
    await underWay(child);
    child.kill('SIGINT');
    const out = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(out).toContain('ended early');
    expect(out).toMatch(/^lost +0$/m);
    expect(out).not.toContain('\u001b');
  });

  test('a result that nobody can have ends it with 1, whatever it was', async () => {
    using scope = new Scope();
    await using server = await quiet();
    const full = openSync('/dev/full', 'w');
    scope.defer(() => closeSync(full));
    const args = ['--servers', `127.0.0.1:${server.port}`, ...SMALL];
    const child = Bun.spawn([process.execPath, LOAD, ...args], { stdin: 'ignore', stdout: full, stderr: 'pipe' });
    scope.defer(() => child.kill('SIGKILL'));
    expect(await new Response(child.stderr).text()).toMatch(/\nload: the result could not be printed: .*\n$/);
    expect(await child.exited).toBe(1);
  });

  test.each(['', '/proc/report', import.meta.dir])(
    'a report at %j is refused before anything is done',
    async (path) => {
      using scope = new Scope();
      const child = spawn(scope, '--servers', '127.0.0.1:1', '--report', path);
      expect(await new Response(child.stderr).text()).toContain('no file can be made there');
      expect(await child.exited).toBe(2);
    },
  );

  test('clients that are not let in end it with 1', async () => {
    using scope = new Scope();
    const refusal = '<ERR_BADNICK,NICK,x,no such names here>\n';
    const socket = { open: (peer: Socket) => void peer.write(refusal), data: () => {} };
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket });
    scope.defer(() => listener.stop(true));
    const child = spawn(scope, '--servers', `127.0.0.1:${listener.port}`, '--clients', '5');
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect(await child.exited).toBe(1);
    expect([out, err]).toEqual(['', expect.stringContaining('could not be connected')]);
  });

  test('a server that dies with its memory: what was acknowledged and not delivered is lost, and said so', async () => {
    using scope = new Scope();
    const first = await quiet();
    const port = first.port;
    const args = ['--clients', '20', '--rooms', '2', '--rate', '1000', '--seconds', '3', '--json'];
    const child = spawn(scope, '--servers', `127.0.0.1:${port}`, ...args);
    await underWay(child);
    await first.stop('SIGKILL');
    await using _second = await quiet('--clients', `127.0.0.1:${port}`);
    const { account, verdict, reconnects, gaps } = JSON.parse(await new Response(child.stdout).text()) as Result & {
      verdict: Verdict;
    };
    expect(account.sent).toBe(3_000);
    expect(account.acknowledged + account.failed).toBe(3_000);
    expect(reconnects).toBeGreaterThanOrEqual(20);
    expect(gaps).toBeGreaterThanOrEqual(20);
    expect(verdict).toMatchObject({ doubled: 0, outOfOrder: 0, good: verdict.lost === 0 });
    expect(verdict.lost).toBe(account.expected - account.delivered);
    expect(await child.exited).toBe(verdict.lost === 0 ? 0 : 1);
  }, 45_000);

  test('reconnects are legal: a cut line loses nothing', async () => {
    using scope = new Scope();
    await using server = await quiet();
    let victims = 0;
    const cut: Fault = (frame) => {
      // What is no frame makes nobody close; a server that says ERROR does.
      victims++;
      return victims === 30 ? `<ERROR,cut>\n${frame}` : frame;
    };
    const result = await load(scope, proxy(scope, server.port, cut), ...SMALL);
    expect(result).toMatchObject({ reconnects: 1, verdict: { lost: 0, doubled: 0, outOfOrder: 0 }, code: 0 });
  });
});
