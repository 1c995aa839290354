// Metrics: the table as Prometheus reads it. The figures are kept elsewhere, as plain numbers; they are copied when
// somebody scrapes, so a server that nobody watches pays nothing. Scrapes within a moment of each other get one text,
// so nobody can make it look at everything without end. prom-client is loaded with the first of these.

import { statSync } from 'node:fs';
import type { Gauge, Registry } from 'prom-client';
import { fdLimit } from '../fd-limit.ts';
import { type Distribution, METRICS, type Metric, type Sample, type Value } from './metric-table.ts';

/** So old a text may be. */
const FRESH_MS = 250;

export class Metrics {
  readonly contentType: string;
  readonly #registry: Registry;
  readonly #sample: () => Sample;
  #last: Sample | undefined;
  #text: Promise<string> | undefined;
  #takenAt = 0;

  /** `sample` is asked for what a scrape tells. */
  static async load(sample: () => Sample): Promise<Metrics> {
    const { Registry } = await import('prom-client');
    return new Metrics(new Registry(), sample);
  }

  private constructor(registry: Registry, sample: () => Sample) {
    this.#registry = registry;
    this.#sample = sample;
    this.contentType = registry.contentType;
    for (const metric of METRICS) registry.registerMetric(this.#bridge(metric));
  }

  /** All metrics in the text format. */
  scrape(): Promise<string> {
    const now = performance.now();
    if (this.#text === undefined || now - this.#takenAt >= FRESH_MS) {
      this.#takenAt = now;
      this.#last = this.#sample();
      this.#text = this.#registry.metrics();
    }
    return this.#text;
  }

  /** What the registry asks of a metric: its name, and its values when it is scraped. */
  #bridge(metric: Metric): Gauge {
    const { name, help, type } = metric;
    const values = (): object[] => {
      const sample = this.#last as Sample;
      return metric.type === 'histogram'
        ? bucketed(name, metric.read(sample))
        : metric.read(sample).map((value) => labelled(metric.labels, value));
    };
    return { name, get: async () => ({ name, help, type, aggregator: 'sum', values: values() }) } as unknown as Gauge;
  }
}

function labelled(names: readonly string[], [value, ...labels]: Value): object {
  return { value, labels: Object.fromEntries(names.map((name, i) => [name, labels[i]])) };
}

function bucketed(name: string, { buckets, count, sum }: Distribution): object[] {
  const bucket = (le: number | string, value: number): object => ({
    ...{ metricName: `${name}_bucket`, labels: { le }, value },
  });
  return [
    ...buckets.map(([atMost, upTo]) => bucket(atMost, upTo)),
    bucket('+Inf', count),
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}

/** What the system says of this process. */
export function processFigures(): Sample['process'] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapBytes: heapUsed,
    openFiles: openFiles(),
    mostFiles: fdLimit(),
  };
}

/** Linux tells it as the size of a folder, from 6.2 on; to read the folder would take a busy server milliseconds. */
function openFiles(): number {
  try {
    return statSync('/proc/self/fd').size;
  } catch {
    return 0;
  }
}
