// Passwords: made into hashes, and checked against them. A check costs a tenth of a second and 64 MiB, so only a few
// run at a time, off the thread of the event loop, and a bounded number waits; more are refused. Whatever is wrong with
// a hash, the answer is no. Nothing here is logged.

import { RUN } from '../options/invocation.ts';

/** Checks one password; rejects or throws when the hash is none. */
export type Verify = (password: string, hash: string) => Promise<boolean>;

interface Check {
  readonly password: string;
  readonly hash: string;
  readonly done: (ok: boolean) => void;
}

/** The longest password, in bytes of UTF-8: with its frame it fits what is read before registration. */
export const MOST_PASSWORD_BYTES = 512;
/** What a hash may make a check cost, so that a file of hashes cannot stop the server. */
const MOST_ARGON2 = { memoryKib: 256 * 1024, passes: 64, lanes: 16 };
const MOST_BCRYPT_COST = 15;

const ARGON2 = /^\$argon2(?:id|i|d)\$v=\d+\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]+={0,2}\$[A-Za-z0-9+/]+={0,2}$/;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** Makes an argon2id hash with a salt of its own. */
export function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(password, { algorithm: 'argon2id', memoryCost: 65_536, timeCost: 2 });
}

/** Why `password` cannot be used, in words that do not show it; undefined when it can. */
export function passwordProblem(password: string): string | undefined {
  if (password === '') return 'the password is empty';
  if (Buffer.byteLength(password) > MOST_PASSWORD_BYTES) return `the password is over ${MOST_PASSWORD_BYTES} bytes`;
  return /\p{Cc}/u.test(password) ? 'the password has control characters' : undefined;
}

/** Why `hash` cannot be used, in words that do not show it; undefined when it can. */
export function hashProblem(hash: string): string | undefined {
  const argon2 = ARGON2.exec(hash);
  if (argon2 !== null) {
    const [memoryKib, passes, lanes] = argon2.slice(1).map(Number) as [number, number, number];
    const costly = memoryKib > MOST_ARGON2.memoryKib || passes > MOST_ARGON2.passes || lanes > MOST_ARGON2.lanes;
    return costly ? 'the hash makes a check too costly (at most m=262144, t=64, p=16)' : undefined;
  }
  const bcrypt = BCRYPT.exec(hash);
  if (bcrypt === null) return `expected a hash as \`${RUN} server hash\` makes it`;
  return Number(bcrypt[1]) > MOST_BCRYPT_COST ? 'the hash makes a check too costly (bcrypt: at most 15)' : undefined;
}

/** Runs password checks: `limit` at a time, at most `queueLimit` waiting. */
export class PasswordChecks {
  #limit: number;
  #queueLimit: number;
  readonly #verify: Verify;
  readonly #onFault: (error: unknown) => void;
  readonly #queue: Check[] = [];
  #running = 0;

  /** `onFault` hears of what `done` throws, which stops no other check. */
  constructor(
    limit: number,
    queueLimit: number,
    onFault: (error: unknown) => void,
    verify: Verify = (password, hash) => Bun.password.verify(password, hash),
  ) {
    this.#limit = limit;
    this.#queueLimit = queueLimit;
    this.#onFault = onFault;
    this.#verify = verify;
  }

  /** From now on so many run and wait; those that do already go on. */
  allow(limit: number, queueLimit: number): void {
    this.#limit = limit;
    this.#queueLimit = queueLimit;
    this.#start();
  }

  /** Checks that run or wait. */
  get pending(): number {
    return this.#running + this.#queue.length;
  }

  /** Calls `done` later, once, in the order of asking as far as checks take equally long; false when too many wait. */
  check(password: string, hash: string, done: (ok: boolean) => void): boolean {
    if (this.#running >= this.#limit && this.#queue.length >= this.#queueLimit) return false;
    this.#queue.push({ password, hash, done });
    this.#start();
    return true;
  }

  #start(): void {
    while (this.#running < this.#limit) {
      const check = this.#queue.shift();
      if (check === undefined) return;
      this.#running++;
      void this.#run(check);
    }
  }

  async #run({ password, hash, done }: Check): Promise<void> {
    let ok = false;
    try {
      // The async function makes a throw a rejection, so `done` is never called before check() has returned.
      ok = await (async () => this.#verify(password, hash))();
    } catch {
      // Not a hash: nothing matches it.
    }
    this.#running--;
    try {
      done(ok);
    } catch (error) {
      this.#onFault(error);
    }
    this.#start();
  }
}
