// A network of real servers on this machine, for tests: a secret, a multicast group and ports of its own, so that
// networks of several tests never hear each other.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient } from './raw-client.ts';
import { type How, ServerProcess } from './server.ts';

/** What a row of MAP says. */
export interface MapRow {
  readonly server: string;
  readonly hopcount: number;
  readonly via: string;
  readonly users: number;
}

export class TestNetwork implements AsyncDisposable {
  readonly servers: ServerProcess[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'chorus-'));
  readonly #group: string;

  constructor() {
    const [a, b] = crypto.getRandomValues(new Uint8Array(2)) as Uint8Array & [number, number];
    this.#group = `239.192.${a}.${b}:${freePort()}`;
    this.secret('secret', crypto.randomUUID() + crypto.randomUUID());
  }

  /** Writes a file with a secret, or several lines; its path. */
  secret(name: string, ...lines: readonly string[]): string {
    const path = join(this.#folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    return path;
  }

  /** Starts a server of this network; later flags win over the usual ones. */
  start(name: string, ...flags: readonly string[]): Promise<ServerProcess> {
    return this.startAs({}, name, ...flags);
  }

  /** The same, under a limit or with a fault planted in it. */
  async startAs(how: How, name: string, ...flags: readonly string[]): Promise<ServerProcess> {
    const given = new Set(flags.filter((flag) => flag.startsWith('--')));
    const usual = [
      ['--name', name],
      ['--links', '127.0.0.1:0'],
      ['--discovery', this.#group],
      ['--secret-file', join(this.#folder, 'secret')],
      ['--flood', 'off'],
    ].filter(([flag]) => !given.has(flag as string));
    const server = await ServerProcess.startAs(how, ...usual.flat(), ...flags);
    this.servers.push(server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
    rmSync(this.#folder, { recursive: true });
  }
}

/** What a server knows of the network: itself first. */
export async function mapOf(server: ServerProcess): Promise<MapRow[]> {
  using client = await RawClient.register(server.port, `m${crypto.randomUUID().slice(0, 8)}`);
  client.send('<MAP>');
  const rows: MapRow[] = [];
  for (;;) {
    const [line] = (await client.take(1)) as [string];
    const [verb, name, , hopcount, via, users] = line.slice(1, -1).split(',') as [string, string, ...string[]];
    if (verb === 'RPL_ENDOFMAP') return rows;
    if (verb === 'RPL_MAP')
      rows.push({ server: name, hopcount: Number(hopcount), via: via ?? '', users: Number(users) });
  }
}

/** Flags for a server that will be started again where it was. */
export function fixedAddresses(): string[] {
  return ['--clients', `127.0.0.1:${freePort()}`, '--links', `127.0.0.1:${freePort()}`];
}

/**
 * A port that was free a moment ago, where the system picks none for connections: it stays free while nobody else asks
 * for this very one.
 */
function freePort(): number {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // Somebody has it: another one.
    }
  }
}
