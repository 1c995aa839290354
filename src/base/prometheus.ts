// The text format of Prometheus, read: what a server tells at /metrics, as values by name and labels. It takes what such
// servers write (a sample a line, `name{label="value"} number`) and passes over what it does not know; of a name that is
// not there the value is undefined, so that an older server lacks a figure and nothing breaks.

/** A histogram's buckets, each with all below it. */
export type Buckets = readonly (readonly [atMost: number, count: number])[];

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const TYPE = /^# TYPE ([a-zA-Z_:][\w:]*) /;
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED: Readonly<Record<string, string>> = { n: '\n' };

export class Scrape {
  readonly #samples = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, typed] = TYPE.exec(line) ?? [];
      if (typed !== undefined) this.#samples.set(typed, []);
      const [, name, labels = '', number = ''] = LINE.exec(line) ?? [];
      const value = numberOf(number);
      if (name === undefined || value === undefined) continue;
      const samples = this.#samples.get(name) ?? [];
      this.#samples.set(name, samples);
      samples.push({ labels: labelsOf(labels), value });
    }
  }

  /** The value of a name that has one. */
  value(name: string): number | undefined {
    return this.#samples.get(name)?.[0]?.value;
  }

  /** All values of a name together, 0 where none was counted yet; undefined where nobody has heard of it. */
  sum(name: string): number | undefined {
    return this.#samples.get(name)?.reduce((sum, { value }) => sum + value, 0);
  }

  /** A label of a name that has one value. */
  label(name: string, label: string): string | undefined {
    return this.#samples.get(name)?.[0]?.labels[label];
  }

  /** The buckets of a histogram, in rising order. */
  buckets(name: string): Buckets {
    const samples = this.#samples.get(`${name}_bucket`) ?? [];
    return samples
      .map(({ labels, value }) => [numberOf(labels.le ?? '') ?? Number.NaN, value] as const)
      .filter(([atMost]) => !Number.isNaN(atMost))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function labelsOf(text: string): Record<string, string> {
  const unescaped = (value: string): string => value.replace(/\\(.)/g, (_, one: string) => ESCAPED[one] ?? one);
  return Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name, value = '']) => [name as string, unescaped(value)]),
  );
}

function numberOf(text: string): number | undefined {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

/** What was counted between two looks at one histogram; all of `after` where `before` is of another life. */
export function between(before: Buckets, after: Buckets): Buckets {
  const counts = after.map(([atMost, count], i) => [atMost, count - (before[i]?.[1] ?? 0)] as const);
  return counts.some(([, count]) => count < 0) ? after : counts;
}

/** The bound below which a part (0 to 1) of what was counted lies; undefined when nothing was. */
export function quantile(buckets: Buckets, part: number): number | undefined {
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all <= 0) return undefined;
  return buckets.find(([, count]) => count >= all * part)?.[0];
}
