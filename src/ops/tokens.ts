// Resume tokens: an HMAC over a uid, so that nothing has to be stored to know a token again, and nobody can make one.
// The key is random at the start unless one is given.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const KEY_BYTES = 32;

/** The key that all servers of a network make from its secret, so that each knows the tokens of all. */
export function tokenKey(secret: string): Uint8Array {
  return createHmac('sha256', secret).update('the key of resume tokens').digest();
}

export class Tokens {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array = randomBytes(KEY_BYTES)) {
    this.#key = key;
  }

  /** The token of a uid: 43 characters of A–Z a–z 0–9 - _. */
  token(uid: string): string {
    return this.#mac(uid).toString('base64url');
  }

  /** Whether `token` is the uid's; takes equally long for every wrong token of the right length. */
  isToken(uid: string, token: string): boolean {
    const right = Buffer.from(this.token(uid));
    const given = Buffer.from(token);
    return given.length === right.length && timingSafeEqual(given, right);
  }

  #mac(uid: string): Buffer {
    // The label keeps a token from being anything else that is ever made with the same key.
    return createHmac('sha256', this.#key).update('resume,').update(uid).digest();
  }
}
