// A server in a process of its own, as the benches with sockets need it: started on a free port, measured by what the
// kernel says of it, and ended.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RawClient } from '../test/support/raw-client.ts';

const MAIN = join(import.meta.dir, '../src/main.ts');
/** Ticks of /proc a second: fixed for programs, whatever the kernel's own are. */
const TICKS = 100;
const STOP_MS = 5_000;

/** Seconds of processor time, in the program and in the kernel for it. */
export interface ProcessorTime {
  readonly user: number;
  readonly system: number;
}

export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  /** Where it listens for clients, as it says itself; the first is `port`. */
  readonly clients: readonly string[];
  /** Where WebSockets connect. */
  readonly web: number;
  /** Where other servers link; '' for one that is alone. */
  readonly links: string;
  readonly #child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, clients: readonly string[], web: string, links: string) {
    this.#child = child;
    this.port = portOf(clients[0] as string);
    this.clients = clients;
    this.web = portOf(web);
    this.links = links;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Starts one that is alone, with these flags beside the usual ones. */
  static start(...flags: readonly string[]): Promise<ServerProcess> {
    return ServerProcess.#start([], '', flags);
  }

  /** Starts one, and with more than one a network of them that all reach each other, each in the program `under`. */
  static async startAll(
    stack: AsyncDisposableStack,
    count: number,
    ...under: readonly string[]
  ): Promise<ServerProcess[]> {
    if (count === 1) return [stack.use(await ServerProcess.#start(under, '', []))];
    const secret = crypto.randomUUID() + crypto.randomUUID();
    const servers: ServerProcess[] = [];
    for (let i = 1; i <= count; i++) {
      const peers = servers.flatMap(({ links }) => ['--peers', links]);
      const flags = ['--name', `mesh${i}`, '--id', `${i}`, '--links', '127.0.0.1:0', '--discovery', 'off', ...peers];
      servers.push(stack.use(await ServerProcess.#start(under, secret, flags)));
    }
    for (const { port } of servers) await whole(port, count);
    return servers;
  }

  static async #start(under: readonly string[], secret: string, flags: readonly string[]): Promise<ServerProcess> {
    // A crowd answers no PING.
    const idle = ['--idle-ping-ms', '30m', '--idle-timeout-ms', '1h'];
    const limits = ['--web', '127.0.0.1:0', '--flood', 'off', '--per-ip', 'off', '--log-level', 'warn', ...idle];
    const child = Bun.spawn([...under, process.execPath, MAIN, '--clients', '127.0.0.1:0', ...limits, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CHORUS_SECRET: secret },
    });
    const line = await firstLine(child.stdout);
    const clients = /"clients":\["([^\]]+)"\]/.exec(line)?.[1]?.split('","');
    if (clients === undefined) {
      child.kill();
      throw new Error('the server did not say where it listens');
    }
    const web = /"web":"([^"]+)"/.exec(line)?.[1] ?? '';
    return new ServerProcess(child, clients, web, /"links":"([^"]+)"/.exec(line)?.[1] ?? '');
  }

  /** What it has used until now; undefined where the system does not say. */
  processorTime(): ProcessorTime | undefined {
    return processorTimeOf(this.#child.pid);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return end(this.#child);
  }
}

/** Has a process take its leave, and kills it when it does not; resolves when it is gone. */
export async function end(child: Bun.Subprocess): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await child.exited;
  clearTimeout(timer);
}

/** What a process has used until now; undefined where the system does not say. */
export function processorTimeOf(pid: number): ProcessorTime | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  // Behind the name, which may hold anything: utime and stime are the 14th and 15th of all fields.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) / TICKS, system: Number(fields[12]) / TICKS };
}

/** The port of an address that a server says it listens on. */
export function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}

/** Resolves when a server reaches all of so many. */
async function whole(port: number, count: number): Promise<void> {
  using client = await RawClient.register(port, `whole-${port}`);
  const all = `<RPL_ENDOFMAP,${count}>`;
  for (let end = ''; end !== all; ) {
    client.send('<MAP>');
    end = await client.until('<RPL_ENDOFMAP');
    if (end !== all) await Bun.sleep(20);
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const reader = stream.getReader();
  while (!text.includes('\n')) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text;
}
