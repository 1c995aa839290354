// The text format of Prometheus: what the server's own table writes is read back, and what nobody wrote is passed over.

import { describe, expect, test } from 'bun:test';
import { between, quantile, Scrape } from '../../src/base/prometheus.ts';

const TEXT = `# HELP chorus_info Always 1.
# TYPE chorus_info gauge
chorus_info{server="al\\"pha",id="7",version="0.1.0"} 1
chorus_commands_total{verb="CSEND"} 40
chorus_commands_total{verb="PING"} 2
# TYPE chorus_errors_total counter
chorus_ready 1
delay_bucket{le="0.01"} 90
delay_bucket{le="0.001"} 50
delay_bucket{le="+Inf"} 100
delay_sum 1.5
delay_count 100
broken{ 1
nonsense
empty NaN
timed 7 1700000000000
`;

describe('a scrape', () => {
  const scrape = new Scrape(TEXT);

  test('has values, labels and sums by name', () => {
    expect(scrape.value('chorus_ready')).toBe(1);
    expect(scrape.label('chorus_info', 'server')).toBe('al"pha');
    expect(scrape.sum('chorus_commands_total')).toBe(42);
    expect(scrape.value('timed')).toBe(7);
    expect(scrape.sum('chorus_errors_total')).toBe(0);
    expect(scrape.value('chorus_errors_total')).toBeUndefined();
  });

  test('has buckets in rising order', () => {
    expect(scrape.buckets('delay')).toEqual([
      [0.001, 50],
      [0.01, 90],
      [Number.POSITIVE_INFINITY, 100],
    ]);
  });

  test('knows nothing of what is not there', () => {
    for (const name of ['nobody', 'broken', 'nonsense', 'empty']) expect(scrape.value(name)).toBeUndefined();
    expect(scrape.sum('nobody')).toBeUndefined();
    expect(scrape.label('chorus_ready', 'server')).toBeUndefined();
    expect(scrape.buckets('nobody')).toEqual([]);
  });
});

describe('quantiles', () => {
  const before = [[1, 10] as const, [5, 20] as const, [Number.POSITIVE_INFINITY, 20] as const];
  const after = [[1, 10] as const, [5, 118] as const, [Number.POSITIVE_INFINITY, 120] as const];

  test('are of what came between two looks', () => {
    const counted = between(before, after);
    expect(counted.map(([, count]) => count)).toEqual([0, 98, 100]);
    expect([0.5, 0.98, 0.99].map((part) => quantile(counted, part))).toEqual([5, 5, Number.POSITIVE_INFINITY]);
  });

  test('are of all where it began anew, and of nothing where nothing was counted', () => {
    expect(between(after, before)).toEqual(before);
    expect(quantile(between(before, before), 0.5)).toBeUndefined();
    expect(quantile([], 0.5)).toBeUndefined();
  });
});
