// Write sizes: how many writes to connections there were, by how much each took, in buckets of powers of two. The more
// a write takes the less a delivery costs. Counting is two additions; whoever wants to know reads the arrays.

/** Bucket n counts writes of at most 2 ** n bytes; the last one writes of which nothing was taken. */
const BUCKETS = 33;

export class WriteSizes {
  readonly counts = new Float64Array(BUCKETS);
  /** Bytes in all. */
  bytes = 0;
  /** Flushes: batches that had something to write. */
  flushes = 0;

  /** `taken`: bytes, 0 or less for nothing; `times`: by so many writes each. */
  count(taken: number, times = 1): void {
    (this.counts[32 - Math.clz32(taken - 1)] as number) += times;
    if (taken > 0) this.bytes += taken * times;
  }

  /** Writes of which nothing was taken. */
  get refused(): number {
    return this.counts[BUCKETS - 1] as number;
  }

  /** Writes of at most `bytes`, a power of two. */
  upTo(bytes: number): number {
    let sum = 0;
    for (let i = 0; i < BUCKETS - 1 && 2 ** i <= bytes; i++) sum += this.counts[i] as number;
    return sum;
  }
}
