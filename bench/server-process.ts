// A server in a process of its own, as the benches with sockets need it: started on a free port, measured by what the
// kernel says of it, and ended.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RawClient } from '../test/support/raw-client.ts';

const MAIN = join(import.meta.dir, '../src/main.ts');
/** Ticks of /proc a second: fixed for programs, whatever the kernel's own are. */
const TICKS = 100;
const STOP_MS = 5_000;

/** The flags of every server here, unless others are given. A crowd answers no PING. */
const USUAL = [
  ['--clients', '127.0.0.1:0'],
  ['--web', '127.0.0.1:0'],
  ['--flood', 'off'],
  ['--per-ip', 'off'],
  ['--log-level', 'warn'],
  ['--idle-ping-ms', '30m'],
  ['--idle-timeout-ms', '1h'],
] as const;

/** Seconds of processor time, in the program and in the kernel for it. */
export interface ProcessorTime {
  readonly user: number;
  readonly system: number;
}

/** What servers are started with beside that: a program that each runs in, and flags. */
export interface Around {
  readonly under?: readonly string[];
  readonly flags?: readonly string[];
}

export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  /** Where it listens for clients, as it says itself; the first is `port`. */
  readonly clients: readonly string[];
  /** Where WebSockets connect. */
  readonly web: number;
  /** Where other servers link; '' for one that is alone. */
  readonly links: string;
  /** Where operators look; '' where that is off. */
  readonly http: string;
  readonly #child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, clients: readonly string[], line: string) {
    this.#child = child;
    this.port = portOf(clients[0] as string);
    this.clients = clients;
    this.web = portOf(saidIn(line, 'web'));
    this.links = saidIn(line, 'links');
    this.http = saidIn(line, 'http');
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
    { under = [], flags: all = [] }: Around = {},
  ): Promise<ServerProcess[]> {
    if (count === 1) return [stack.use(await ServerProcess.#start(under, '', all))];
    const secret = crypto.randomUUID() + crypto.randomUUID();
    const servers: ServerProcess[] = [];
    for (let i = 1; i <= count; i++) {
      const peers = servers.flatMap(({ links }) => ['--peers', links]);
      const flags = [
        '--name',
        `mesh${i}`,
        '--id',
        `${i}`,
        '--links',
        '127.0.0.1:0',
        '--discovery',
        'off',
        ...peers,
        ...all,
      ];
      servers.push(stack.use(await ServerProcess.#start(under, secret, flags)));
    }
    for (const { port } of servers) await whole(port, count);
    return servers;
  }

  static async #start(under: readonly string[], secret: string, flags: readonly string[]): Promise<ServerProcess> {
    const given = new Set(flags.filter((flag) => flag.startsWith('--')));
    const usual = USUAL.filter(([flag]) => !given.has(flag) || flag === '--clients').flat();
    const child = Bun.spawn([...under, process.execPath, MAIN, ...usual, ...flags], {
      // A log that was asked for is written, and read by nobody.
      stdio: ['ignore', 'pipe', given.has('--log-level') ? 'ignore' : 'inherit'],
      env: { ...process.env, CHORUS_SECRET: secret },
    });
    const line = await firstLine(child.stdout);
    const clients = /"clients":\["([^\]]+)"\]/.exec(line)?.[1]?.split('","');
    if (clients === undefined) {
      child.kill();
      throw new Error('the server did not say where it listens');
    }
    return new ServerProcess(child, clients, line);
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

/** An address of the line that a server says when it listens; '' where it has none. */
function saidIn(line: string, name: string): string {
  return new RegExp(`"${name}":"([^"]+)"`).exec(line)?.[1] ?? '';
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
