// The mesh at its edge: dials by TCP, datagrams by UDP, macs with the network's secret, and chance.

import { createHash, randomBytes } from 'node:crypto';
import type { Edge } from '../net/edge.ts';
import { Udp } from '../net/udp.ts';
import type { MeshPorts } from '../node/mesh.ts';
import type { Log } from './log/log.ts';
import type { Options } from './options/option-table.ts';
import { HmacSecrets } from './secrets/secrets.ts';

const NONCE_BYTES = 16;

/** What the mesh asks for; datagrams go nowhere until `udp()` has opened its sockets. */
export class MeshEdge implements MeshPorts {
  readonly secrets: HmacSecrets;
  readonly chance = { random: Math.random, nonce: () => randomBytes(NONCE_BYTES).toString('hex') };
  readonly #edge: Edge;
  readonly #log: Log;
  readonly #beginAnew: (incarnation: number) => void;
  #udp: Udp | undefined;

  /** `beginAnew` is called when the present call is over. */
  constructor(edge: Edge, secrets: readonly string[], log: Log, beginAnew: (incarnation: number) => void) {
    this.#edge = edge;
    this.#log = log;
    this.#beginAnew = beginAnew;
    this.secrets = new HmacSecrets(secrets);
  }

  hash(text: string): string {
    return createHash('sha256').update(text).digest('hex');
  }

  /** Opens the sockets of discovery, if it is on; rejects with what the system says. */
  async open(options: Options, ownIp: string): Promise<void> {
    if (options.discovery === 'off') return;
    const config = { group: options.discovery, interface: options.interface ?? ownIp };
    this.#udp = await Udp.open(config, {
      datagram: (bytes, ip, port) => {
        this.#edge.answer((node, now) => node.links?.datagram(bytes, ip, port, now));
      },
      failed: (error) => this.#log.warn('discovery.failed', { reason: error.message }),
    });
  }

  dial(number: number, to: { readonly host: string; readonly port: number }): void {
    this.#edge.dial(number, to);
  }

  cancelDial(number: number): void {
    this.#edge.cancelDial(number);
  }

  datagram(bytes: Uint8Array, to: { readonly host: string; readonly port: number } | 'group'): void {
    this.#udp?.send(bytes, to);
  }

  beginAnew(incarnation: number): void {
    setImmediate(() => this.#beginAnew(incarnation));
  }

  close(): void {
    this.#udp?.close();
    this.#udp = undefined;
  }
}
