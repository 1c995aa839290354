// A histogram of times in whole microseconds, log-linear as HDR histograms are: to 1,023 every value has a class of its
// own, above that every power of two is cut into 512 classes, so that a percentile is never off by more than 1/512.
// Its memory is the same for one value and for a billion. Values above 35 minutes count as that; the largest and the sum
// are kept as they were.

const SUB_BITS = 9;
const LINEAR = 1 << (SUB_BITS + 1);
const MOST = 2 ** 31 - 1;
const CLASSES = classOf(MOST) + 1;

/** Values of one class, or of several that were put together: at least `from`, below `to`. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export class Histogram {
  readonly #counts = new Float64Array(CLASSES);
  /** Classes from here on are empty. */
  #end = 0;
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Counts one value, rounded; one below 0 counts as 0. */
  record(value: number): void {
    const whole = Math.min(Math.max(Math.round(value), 0), MOST);
    const at = classOf(whole);
    this.#counts[at] = (this.#counts[at] as number) + 1;
    if (at >= this.#end) this.#end = at + 1;
    this.#count++;
    this.#sum += whole;
    if (whole > this.#max) this.#max = whole;
  }

  /** The value that `percent` % of all are not above, as the end of its class; 0 where there are none. */
  percentile(percent: number): number {
    const rank = Math.max(Math.ceil((percent / 100) * this.#count), 1);
    let seen = 0;
    for (let at = 0; at < this.#end; at++) {
      seen += this.#counts[at] as number;
      if (seen >= rank) return Math.min(lowest(at + 1) - 1, this.#max);
    }
    return this.#max;
  }

  /** The classes that are not empty, from the lowest on. */
  *bins(): Generator<Bin> {
    for (let at = 0; at < this.#end; at++) {
      const count = this.#counts[at] as number;
      if (count > 0) yield { from: lowest(at), to: lowest(at + 1), count };
    }
  }

  reset(): void {
    this.#counts.fill(0, 0, this.#end);
    this.#end = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#max = 0;
  }
}

/** Puts bins together into those between `edges`, which rise; a bin goes to where it begins. */
export function between(bins: Iterable<Bin>, edges: readonly number[]): Bin[] {
  const counts = new Array<number>(Math.max(edges.length - 1, 0)).fill(0);
  let at = 0;
  for (const { from, count } of bins) {
    while (at + 1 < counts.length && from >= (edges[at + 1] as number)) at++;
    if (counts.length > 0) counts[at] = (counts[at] as number) + count;
  }
  return counts.map((count, i) => ({ from: edges[i] as number, to: edges[i + 1] as number, count }));
}

/** Edges that rise by the same factors in every decade, from below `least` to above `most`, both above 0. */
export function decades(least: number, most: number, steps: readonly number[]): number[] {
  const edges: number[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(least)); ; decade *= 10) {
    for (const step of steps) {
      const edge = decade * step;
      if (edge <= least) edges.length = 0;
      edges.push(edge);
      if (edge > most) return edges;
    }
  }
}

function classOf(value: number): number {
  if (value < LINEAR) return value;
  const shift = 31 - SUB_BITS - Math.clz32(value);
  return (shift << SUB_BITS) + (value >> shift);
}

/** The least value of a class. */
function lowest(at: number): number {
  if (at < LINEAR) return at;
  const shift = (at >> SUB_BITS) - 1;
  return (at - (shift << SUB_BITS)) * 2 ** shift;
}
