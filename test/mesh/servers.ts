// Servers for tests of discovery and links: identities, macs and chance from a seed, and frames as text.

import { createHmac } from 'node:crypto';
import { serverId } from '../../src/base/ids.ts';
import type { Identity } from '../../src/mesh/identity.ts';
import type { Chance, Secrets } from '../../src/mesh/secrets.ts';
import { HmacSecrets } from '../../src/ops/secrets/secrets.ts';
import { Random } from '../sim/random.ts';

export const SECRET = 'a secret of the whole network';
export const NETWORK = 'testnet';
/** Where test time begins. */
export const START = 1_800_000_000_000;

export function identity(id: number, more: Partial<Identity> = {}): Identity {
  const name = `s${id}.example`;
  return {
    name,
    id: serverId(id),
    ip: `10.0.0.${id}`,
    port: 7401,
    incarnation: START,
    info: `server ${id}`,
    clients: [`${name}:7400`],
    ...more,
  };
}

export function secrets(...lines: string[]): Secrets {
  return new HmacSecrets(lines.length === 0 ? [SECRET] : lines);
}

/** A secret that costs nothing, for tests that try thousands of orders. */
export const CHEAP: Secrets = {
  mac: (text) => {
    let sum = 0x811c9dc5;
    for (const byte of text) sum = Math.imul(sum ^ byte, 0x01000193);
    return (sum >>> 0).toString(16).padStart(64, '0');
  },
  verify: (text, mac) => CHEAP.mac(text) === mac,
};

export class SeededChance implements Chance {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  random(): number {
    return this.#random.u32() / 2 ** 32;
  }

  nonce(): string {
    return Array.from({ length: 4 }, () => this.#random.u32().toString(16).padStart(8, '0')).join('');
  }
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

export function bytes(string: string): Uint8Array {
  return new Uint8Array(Buffer.from(string, 'utf8'));
}

/** The mac of a text as anybody with the secret makes it, without any code of the server. */
export function hmac(string: string, secret = SECRET): string {
  return createHmac('sha256', secret).update(string, 'utf8').digest('hex');
}
