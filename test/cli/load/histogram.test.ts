// The histogram against exact percentiles, whatever was counted.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { between, decades, Histogram } from '../../../src/cli/load/histogram.ts';
import { spreadOf } from '../../../src/cli/load/result.ts';

const times = fc.array(fc.oneof(fc.nat(2_000), fc.nat(1_000_000), fc.nat(2 ** 31 - 1)), {
  minLength: 1,
  maxLength: 300,
});

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram', () => {
  test('has every percentile, never below the exact one and by no more than a 512th above it', () => {
    const percents = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(times, percents, (values, percent) => {
        const sorted = values.toSorted((a, b) => a - b);
        const rank = Math.max(Math.ceil((percent / 100) * values.length), 1);
        const exact = sorted[rank - 1] as number;
        const found = filled(values).percentile(percent);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 512));
      }),
    );
  });

  test('has every value in a bin of its own size, and the bins rise', () => {
    fc.assert(
      fc.property(times, (values) => {
        const bins = [...filled(values).bins()];
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
        for (const value of values) expect(bins.some(({ from, to }) => from <= value && value < to)).toBe(true);
        for (const [i, { from, to }] of bins.entries()) {
          expect(to - from).toBeLessThanOrEqual(Math.max(from / 512, 1));
          expect(from).toBeGreaterThanOrEqual(bins[i - 1]?.to ?? 0);
        }
      }),
    );
  });

  test('has count, mean and largest; nothing before the first and after a reset', () => {
    const histogram = filled([3, 1, 2, 4_000_000]);
    expect([histogram.count, histogram.mean, histogram.max]).toEqual([4, 1_000_001.5, 4_000_000]);
    histogram.reset();
    expect([histogram.count, histogram.mean, histogram.max, histogram.percentile(99)]).toEqual([0, 0, 0, 0]);
    expect([...histogram.bins()]).toEqual([]);
  });

  test('takes what is below nothing and above everything', () => {
    const histogram = filled([-5, 1e15]);
    expect([histogram.percentile(1), histogram.max]).toEqual([0, 2 ** 31 - 1]);
  });
});

test('decades begin at or below the least and end above the most', () => {
  expect(decades(3, 30, [1, 2, 5])).toEqual([2, 5, 10, 20, 50]);
  expect(decades(1, 9, [1, 2, 5])).toEqual([1, 2, 5, 10]);
});

test('bins that are put together lose none', () => {
  fc.assert(
    fc.property(times, (values) => {
      const edges = [0, ...decades(100, 2 ** 31, [1, 2, 5])];
      const bins = between(filled(values).bins(), edges);
      expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      const { bins: spread, quantiles } = spreadOf(filled(values));
      expect(spread.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      const rising = quantiles.map(([, ms]) => ms);
      expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    }),
  );
});
