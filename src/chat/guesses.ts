// Guesses: who gave wrong passwords waits before another one of his is looked at. The wait begins when some were wrong,
// doubles with each that follows, and is forgotten some time after the last. It is kept for each address; for an account
// as well, where it holds for those addresses alone that have been wrong themselves: so who guesses at an account from
// everywhere is slowed, and its owner, who comes from elsewhere and is right, is not kept out. It reads no clock, and
// what it keeps is bounded: the longest untouched goes first.

/** So many may be wrong before there is a wait: people mistype, and several share an address. */
export const FREE_GUESSES = 10;
const FIRST_WAIT_MS = 1000;
const FORGET_MS = 10 * 60_000;
const MOST_KEPT = 4096;
/** Of what is said to be an account; those that are one have fewer. */
const MOST_LETTERS = 40;

interface Wrong {
  count: number;
  /** Unix ms. */
  at: number;
  until: number;
}

export class Guesses {
  readonly #wrong = new Map<string, Wrong>();

  /** Records that are kept. */
  get kept(): number {
    return this.#wrong.size;
  }

  /**
   * How long a guess at `account` from `address` has to wait, in ms; 0: it is looked at. The account is '' for what is
   * nobody's, the server's own password.
   */
  waitMs(account: string, address: string, now: number): number {
    const own = this.#find(addressKey(address), now);
    if (own === undefined) return 0;
    const all = account === '' ? undefined : this.#find(accountKey(account), now);
    return Math.max(own.until, all?.until ?? 0, now) - now;
  }

  /** A guess was wrong. Answers how many of the address were until now, and how long the next one waits. */
  failed(account: string, address: string, mostMs: number, now: number): { count: number; waitMs: number } {
    if (account !== '') this.#count(accountKey(account), mostMs, now);
    const { count } = this.#count(addressKey(address), mostMs, now);
    return { count, waitMs: this.waitMs(account, address, now) };
  }

  /** The account's owner was there: what came before is forgotten. */
  right(account: string, address: string): void {
    this.#wrong.delete(accountKey(account));
    this.#wrong.delete(addressKey(address));
  }

  #find(key: string, now: number): Wrong | undefined {
    const wrong = this.#wrong.get(key);
    return wrong === undefined || now >= Math.max(wrong.at + FORGET_MS, wrong.until) ? undefined : wrong;
  }

  #count(key: string, mostMs: number, now: number): Wrong {
    const count = (this.#find(key, now)?.count ?? 0) + 1;
    const doubled = FIRST_WAIT_MS * 2 ** Math.min(count - FREE_GUESSES, 30);
    const wrong = { count, at: now, until: now + (count < FREE_GUESSES ? 0 : Math.min(doubled, mostMs)) };
    this.#wrong.delete(key);
    this.#wrong.set(key, wrong);
    const [oldest] = this.#wrong.keys();
    if (this.#wrong.size > MOST_KEPT && oldest !== undefined) this.#wrong.delete(oldest);
    return wrong;
  }
}

function addressKey(address: string): string {
  return `from ${address}`;
}

function accountKey(account: string): string {
  return `at ${account.slice(0, MOST_LETTERS)}`;
}
