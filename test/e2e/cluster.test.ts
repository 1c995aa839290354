// The cluster as a process: it brings a network up, shows it, heals it when asked, and leaves nothing behind.

import { describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { RawClient } from '../support/raw-client.ts';

const CLUSTER = resolve(import.meta.dir, '../../src/cli/cluster/cluster.ts');

/** The program with its input and output in pipes; ended with the scope, and its servers with it. */
class Program implements Disposable {
  readonly child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  text = '';
  readonly #end: Promise<void>;
  #wake = (): void => {};

  constructor(...args: readonly string[]) {
    this.child = Bun.spawn([process.execPath, CLUSTER, ...args], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    this.#end = Promise.all([this.#read(this.child.stdout), this.#read(this.child.stderr)]).then(() => this.#wake());
  }

  type(line: string): void {
    this.child.stdin.write(`${line}\n`);
    this.child.stdin.flush();
  }

  /** Resolves to the first match behind what was shown when it was called, or behind `from`. */
  async until(pattern: RegExp, from = this.text.length): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text.slice(from));
      if (match !== null) return match;
      const more = new Promise<boolean>((wake) => {
        this.#wake = () => wake(true);
      });
      if (!(await Promise.race([more, this.#end.then(() => false)]))) throw new Error(`no ${pattern}:\n${this.text}`);
    }
  }

  /** Resolves to the exit code, when everything that it showed is here. */
  async over(): Promise<number> {
    await this.#end;
    return this.child.exited;
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
  }
}

/** The port of each server in the order of their numbers, once all of them are up: whichever was up first. */
async function ports(program: Program): Promise<number[]> {
  await program.until(/Ctrl-C ends all/, 0);
  const lines = [...program.text.matchAll(/(\d) \w+ +is up at 127\.0\.0\.1:(\d+)/g)];
  return lines.sort(([, a], [, b]) => Number(a) - Number(b)).map(([, , port]) => Number(port));
}

const pidOf = (program: Program, name: string): number =>
  Number([...program.text.matchAll(new RegExp(`${name} +is up at \\S+, pid (\\d+)`, 'g'))].at(-1)?.[1]);

describe.concurrent('the cluster', () => {
  test('comes up, is shown, and heals: one is killed and started again', async () => {
    using program = new Program('--servers', '3');
    const [port] = await ports(program);
    expect(program.text).toMatch(/\w+ +found \w+: linked/);
    expect(program.text).toMatch(/^ {2}\w+ +127\.0\.0\.1:\d+ {2}nobody\n {2}├─ .*\n {2}└─ .*$/m);
    expect(program.text.match(/^ {2}.* chat --server 127\.0\.0\.1:\d+ --nick \w+$/gm)).toHaveLength(3);
    expect(program.text).not.toContain('\u001b');
    using client = await RawClient.register(port as number, 'ann');
    client.send('<CREATEROOM,hall><JOINROOM,hall>');
    await program.until(/is home of room hall/);
    program.type('k 2');
    await program.until(/beta +is gone \(SIGKILL\)/);
    await program.until(/beta +down; s 2 starts it again/);
    program.type('k 2');
    await program.until(/! beta is down/);
    program.type('kill 2');
    await program.until(/! there is no "kill"; \? lists what there is/);
    program.type('?');
    await program.until(/^s N {3}start server N again$/m);
    program.type('s 2');
    await program.until(/alpha +sees beta in a new life/);
    await program.until(/[├└]─ \w+ .*\n {2}[├└]─ \w+/);
    program.child.kill('SIGINT');
    expect(await program.over()).toBe(0);
    expect(program.text.match(/has left$/gm)).toHaveLength(3);
  }, 30_000);

  test('a server that dies is named with its last words, and the others go on', async () => {
    using program = new Program('--servers', '2');
    const [first] = await ports(program);
    process.kill(pidOf(program, 'beta'), 'SIGKILL');
    await program.until(/beta +died: SIGKILL\n +info \S+/);
    using client = await RawClient.register(first as number, 'ann');
    client.send('<MAP>');
    await client.until('<RPL_ENDOFMAP,1>');
    process.kill(pidOf(program, 'alpha'), 'SIGKILL');
    expect(await program.over()).toBe(1);
    expect(program.text).toContain('No server is left');
  }, 30_000);

  test.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
    'nothing outlives its %s',
    async (signal) => {
      using program = new Program('--servers', '2');
      const clients = await Promise.all((await ports(program)).map((port) => RawClient.register(port, `u${port}`)));
      program.child.kill(signal);
      // Each server takes its leave: who is connected is told, and the connection ends.
      for (const client of clients) await client.until('<ERROR,Server stopping');
      for (const client of clients) await client.ended();
      expect(await program.child.exited).toBe(signal === 'SIGKILL' ? 137 : 0);
    },
    30_000,
  );

  test('one server is a network too, and input that ends ends nothing', async () => {
    using program = new Program('--servers', '1');
    await program.child.stdin.end();
    const [port] = await ports(program);
    using client = await RawClient.register(port as number, 'ann');
    client.send('<MAP>');
    await client.until('<RPL_ENDOFMAP,1>');
    program.child.kill('SIGTERM');
    expect(await program.over()).toBe(0);
  }, 30_000);

  test('a wrong flag ends it with 2, in one line that says what was expected', async () => {
    using program = new Program('--servers', '10');
    expect(await program.over()).toBe(2);
    expect(program.text).toBe('cluster: --servers "10" is not a whole number from 1 to 9 (--help shows the flags)\n');
  });
});
