// The load generator as a process beside a test or a bench: started, ended early, and its result read.

import { resolve } from 'node:path';
import type { Result, Verdict } from '../../src/cli/load/result.ts';

const LOAD = resolve(import.meta.dir, '../../src/cli/load/load.ts');

export type LoadResult = Result & { readonly code: number; readonly verdict: Verdict };

export class LoadProcess implements Disposable {
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>;
  readonly #out: Promise<string>;
  #progress = '';

  /** Starts it; resolves when it sends. */
  static async start(servers: readonly string[], ...flags: readonly string[]): Promise<LoadProcess> {
    const load = new LoadProcess(servers, flags);
    const reader = load.#child.stderr.getReader();
    const decoder = new TextDecoder();
    while (!load.#progress.includes(' sent/s')) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the load did not start: ${load.#progress}`);
      load.#progress += decoder.decode(value, { stream: true });
    }
    void (async () => {
      for (let { done } = await reader.read(); !done; { done } = await reader.read());
    })();
    return load;
  }

  /** Runs it to its end. */
  static async toEnd(servers: readonly string[], ...flags: readonly string[]): Promise<LoadResult> {
    using load = new LoadProcess(servers, flags);
    void new Response(load.#child.stderr).text();
    return await load.result();
  }

  private constructor(servers: readonly string[], flags: readonly string[]) {
    const command = [process.execPath, LOAD, '--servers', servers.join(','), '--json', ...flags];
    this.#child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    this.#out = new Response(this.#child.stdout).text();
  }

  /** Ends it early; resolves to what it found. */
  end(): Promise<LoadResult> {
    this.#child.kill('SIGINT');
    return this.result();
  }

  /** Resolves to what it found, when it has ended. */
  async result(): Promise<LoadResult> {
    const [out, code] = [await this.#out, await this.#child.exited];
    if (!out.startsWith('{')) throw new Error(`no result: ${code} ${out}`);
    return { ...(JSON.parse(out) as Result & { verdict: Verdict }), code };
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
