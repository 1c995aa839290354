// The watch over a room's home: since when it is out of reach, whether it may come back, and when somebody is to take
// its place. Servers do that one after the other, so that mostly one tries.

/** Between two servers that try to succeed a home. */
const RANK_MS = 1_000;
const NEVER = Number.POSITIVE_INFINITY;

export class HomeWatch {
  readonly #holdMs: number;
  #lostAt = NEVER;
  #isForEver = false;

  /** `holdMs`: how long a home that may come back is waited for. */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  get isThere(): boolean {
    return this.#lostAt === NEVER;
  }

  /** Another home, lost at `lostAt` (Unix ms) already, or Infinity. */
  begin(lostAt: number): void {
    this.#lostAt = lostAt;
    this.#isForEver = false;
  }

  /** It is out of reach; `forEver` when it left, or is another incarnation now. */
  lost(forEver: boolean, now: number): void {
    if (this.isThere) this.#lostAt = now;
    if (forEver) this.#isForEver = true;
  }

  /** It is within reach again: whether it still is the one that was lost. */
  found(): boolean {
    if (this.#isForEver) return false;
    this.#lostAt = NEVER;
    return true;
  }

  /** When the server with so many others in front of it is to take its place. */
  succeedAt(rank: number): number {
    return this.isThere ? NEVER : this.#lostAt + (this.#isForEver ? 0 : this.#holdMs) + rank * RANK_MS;
  }
}
