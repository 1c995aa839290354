// Other servers that do the same work, each in a process of its own on 127.0.0.1, in a folder of its own, without
// anything that it would keep: started, measured by what the kernel says of it, and ended. Which there are is looked up
// where programs are; none is installed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dialect, NATS, REDIS } from './dialect.ts';
import { end, type ProcessorTime, processorTimeOf } from './server-process.ts';

/** A kind of server. */
export interface PeerKind {
  readonly name: string;
  readonly program: string;
  readonly dialect: Dialect;
  flags(port: number, folder: string): readonly string[];
}

export const PEERS: readonly PeerKind[] = [
  {
    name: 'redis',
    program: 'redis-server',
    dialect: REDIS,
    flags: (port, folder) => {
      const keeps = ['--save', '', '--appendonly', 'no', '--dir', folder];
      // A wave of a large room is more than what its preset lets wait for one reader.
      const limits = ['--client-output-buffer-limit', 'pubsub 0 0 0'];
      return ['--bind', '127.0.0.1', '--port', String(port), ...keeps, ...limits, '--loglevel', 'warning'];
    },
  },
  {
    name: 'nats',
    program: 'nats-server',
    dialect: NATS,
    flags: (port, folder) => ['--addr', '127.0.0.1', '--port', String(port), '--log', join(folder, 'log')],
  },
];

const START_MS = 10_000;
const AGAIN_MS = 20;

export class PeerProcess implements AsyncDisposable {
  readonly kind: PeerKind;
  readonly port: number;
  readonly #child: Bun.Subprocess;
  readonly #folder: string;

  private constructor(kind: PeerKind, port: number, child: Bun.Subprocess, folder: string) {
    this.kind = kind;
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  /** Starts one; undefined where it is not installed. Rejects when it does not listen. */
  static async start(kind: PeerKind): Promise<PeerProcess | undefined> {
    // Where services are kept, which the path of a user may not have.
    const program = Bun.which(kind.program, { PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin` });
    if (program === null) return undefined;
    const folder = mkdtempSync(join(tmpdir(), 'chorus-peer-'));
    const port = freePort();
    const child = Bun.spawn([program, ...kind.flags(port, folder)], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const peer = new PeerProcess(kind, port, child, folder);
    try {
      await peer.#listens();
      return peer;
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      throw error;
    }
  }

  processorTime(): ProcessorTime | undefined {
    return processorTimeOf(this.#child.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listens(): Promise<void> {
    const startedAt = performance.now();
    while (performance.now() - startedAt < START_MS && this.#child.exitCode === null) {
      const knock = Bun.connect({ hostname: '127.0.0.1', port: this.port, socket: { data() {} } });
      const isThere = await knock.then(
        (socket) => {
          socket.end();
          return true;
        },
        () => false,
      );
      if (isThere) return;
      await Bun.sleep(AGAIN_MS);
    }
    throw new Error(`${this.kind.program} does not listen`);
  }
}

/** A port that was free a moment ago: these programs do not all say which one they took. */
function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}
