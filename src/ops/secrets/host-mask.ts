// What users see of each other's addresses: a keyed hash, the same for one address as long as the key lives, so that
// people can be told apart and nobody can be found. An IPv4 address is the same in its IPv6 form.

import { createHmac, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
const DIGITS = 16;
/** Masks kept at a time. */
const REMEMBERED = 1024;
const MAPPED_V4 = /^::ffff:(?=\d+\.)/i;

/** An address without its zone, IPv4 in its own form, lower case. */
export function plainAddress(address: string): string {
  return address.replace(/%.*$/, '').replace(MAPPED_V4, '').toLowerCase();
}

export class HostMask {
  readonly #key: Uint8Array;
  /** The masks of the addresses that came last: many connections come from few. */
  readonly #known = new Map<string, string>();

  constructor(key: Uint8Array = randomBytes(KEY_BYTES)) {
    this.#key = key;
  }

  /** The name that stands for an address: 16 hex digits and `.hidden`. */
  mask(address: string): string {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', this.#key).update('host,').update(plainAddress(address)).digest('hex');
    const mask = `${digest.slice(0, DIGITS)}.hidden`;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(address, mask);
    return mask;
  }
}
