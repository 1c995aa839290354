// A real server process for a test: started on a port that the system picks, ended with the scope that holds it.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Ready } from '../../src/ops/life.ts';
import type { Change } from './mutants.ts';

const MAIN = join(import.meta.dir, '..', '..', 'src', 'main.ts');

/** How a server is started, beside its flags. */
export interface How {
  /** The most files that it may open. */
  readonly files?: number;
  /** A fault planted in its source. */
  readonly plant?: Change;
  /** It listens for operators where nobody has asked it to. */
  readonly usualHttp?: boolean;
  /** It listens for WebSockets where nobody has asked it to. */
  readonly usualWeb?: boolean;
}

export class ServerProcess implements AsyncDisposable {
  readonly process: Bun.Subprocess<'ignore', 'pipe', 'pipe'>;
  readonly ready: Ready;
  readonly #log: Log;

  private constructor(process: Bun.Subprocess<'ignore', 'pipe', 'pipe'>, ready: Ready, log: Log) {
    this.process = process;
    this.ready = ready;
    this.#log = log;
  }

  /** Starts a server with these flags; resolves when it listens, rejects with its log when it ends before. */
  static start(...flags: readonly string[]): Promise<ServerProcess> {
    return ServerProcess.startAs({}, ...flags);
  }

  /** The same, under a limit or with a fault planted in it. */
  static async startAs(how: How, ...flags: readonly string[]): Promise<ServerProcess> {
    const clients = flags.includes('--clients') ? [] : ['--clients', '127.0.0.1:0'];
    const process = spawnAs(how, ...clients, ...flags);
    const log = new Log(process.stderr);
    const reader = process.stdout.getReader();
    let text = '';
    while (!text.includes('\n')) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the server did not start: ${await log.whole}`);
      text += new TextDecoder().decode(value);
    }
    reader.releaseLock();
    return new ServerProcess(process, JSON.parse(text.slice(0, text.indexOf('\n'))) as Ready, log);
  }

  get port(): number {
    return Number((this.ready.clients[0] as string).split(':').at(-1));
  }

  /** Where WebSockets connect. */
  get webPort(): number {
    return Number((this.ready.web as string).split(':').at(-1));
  }

  /** Processor time used until now, in ms. */
  async cpuMs(): Promise<number> {
    const stat = await Bun.file(`/proc/${this.process.pid}/stat`).text();
    // Behind the name, which may hold anything: user and system time are the 14th and 15th of all fields, in ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Files that it has open. */
  files(): number {
    return readdirSync(`/proc/${this.process.pid}/fd`).length;
  }

  /** Resident memory in bytes. */
  async rss(): Promise<number> {
    const status = await Bun.file(`/proc/${this.process.pid}/status`).text();
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  /** Resolves when the log has `words` so often: it is written beside the work, and who is killed writes no more of it. */
  logged(words: string, times = 1): Promise<void> {
    return this.#log.until(words, times);
  }

  /** Ends it and resolves to its exit code and everything that it logged. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number; log: string }> {
    this.process.kill(signal);
    return { code: await this.process.exited, log: await this.#log.whole };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null) await this.stop('SIGKILL');
  }
}

/** What a process writes to its log, as it comes. */
class Log {
  /** All of it, when the process has ended. */
  readonly whole: Promise<string>;
  #text = '';
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.whole = this.#read(stream);
  }

  async until(words: string, times: number): Promise<void> {
    while (this.#text.split(words).length <= times) {
      if (this.#ended) throw new Error(`no ${words} in the log:\n${this.#text}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<string> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
    return this.#text;
  }
}

/** The server's process with exactly these flags, and no CHORUS_ variable of ours. */
export function spawnServer(...flags: readonly string[]): Bun.Subprocess<'ignore', 'pipe', 'pipe'> {
  return spawnAs({}, ...flags);
}

function spawnAs(
  { files, plant, usualHttp, usualWeb }: How,
  ...flags: readonly string[]
): Bun.Subprocess<'ignore', 'pipe', 'pipe'> {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('CHORUS_'));
  const env = {
    ...Object.fromEntries(ours),
    // The usual places are one for all servers of a machine: tests say where they want them.
    CHORUS_HTTP: usualHttp === true ? '' : 'off',
    CHORUS_WEB: usualWeb === true ? '' : 'off',
    ...(plant === undefined ? {} : { PLANT: JSON.stringify(plant) }),
  };
  const limit = files === undefined ? [] : ['sh', '-c', `ulimit -n ${files} && exec "$0" "$@"`];
  const before = plant === undefined ? [] : [`--preload=${join(import.meta.dir, 'plant.ts')}`];
  const command = [...limit, process.execPath, ...before, MAIN, ...flags];
  return Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env });
}
