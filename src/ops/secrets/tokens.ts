// Resume tokens: an HMAC over a uid, so that nothing has to be stored to know a token again, and nobody can make one.
// The key is random at the start unless keys are given: two while the network's secret is being changed, so that no
// session is lost to that. The first makes tokens, all are accepted.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { assert } from '../../base/assert.ts';

const KEY_BYTES = 32;

/** The key that all servers of a network make from its secret, so that each knows the tokens of all. */
export function tokenKey(secret: string): Uint8Array {
  return createHmac('sha256', secret).update('the key of resume tokens').digest();
}

export class Tokens {
  #keys: readonly Uint8Array[];

  /** One key or more; a random one where none is given. */
  constructor(keys: readonly Uint8Array[] = []) {
    this.#keys = keys.length > 0 ? keys : [randomBytes(KEY_BYTES)];
  }

  /** Takes other keys, one or more: tokens that none of them makes are not known any more. */
  use(keys: readonly Uint8Array[]): void {
    assert(keys.length > 0, 'tokens without a key');
    this.#keys = keys;
  }

  /** The token of a uid: 43 characters of A–Z a–z 0–9 - _. */
  token(uid: string): string {
    return tokenOf(this.#keys[0] as Uint8Array, uid);
  }

  /** Whether `token` is the uid's under any key; takes equally long for every wrong token of the right length. */
  isToken(uid: string, token: string): boolean {
    const given = Buffer.from(token);
    // All are tried, whichever fits: how long it takes tells nothing.
    let fits = false;
    for (const key of this.#keys) {
      const right = Buffer.from(tokenOf(key, uid));
      if (given.length === right.length && timingSafeEqual(given, right)) fits = true;
    }
    return fits;
  }
}

function tokenOf(key: Uint8Array, uid: string): string {
  // The label keeps a token from being anything else that is ever made with the same key.
  return createHmac('sha256', key).update('resume,').update(uid).digest().toString('base64url');
}
