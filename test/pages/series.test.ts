// The figures that are plotted: rates between two looks, and none where a server began anew.

import { expect, test } from 'bun:test';
import { Scrape } from '../../src/base/prometheus.ts';
import { Series } from '../../src/pages/admin/model/series.ts';
import { ago, bytes, count, ms, short } from '../../src/pages/admin/model/words.ts';

function scrape(messages: number, late: readonly [number, number, number] = [0, 0, 0]): Scrape {
  const [ms1, ms10, all] = late;
  return new Scrape(
    [
      `chorus_messages_total ${messages}`,
      'chorus_connections 7',
      `chorus_loop_delay_seconds_bucket{le="0.001"} ${ms1}`,
      `chorus_loop_delay_seconds_bucket{le="0.01"} ${ms10}`,
      `chorus_loop_delay_seconds_bucket{le="+Inf"} ${all}`,
    ].join('\n'),
  );
}

test('rates and delays are those between two looks', () => {
  const series = new Series();
  series.take(scrape(100, [5, 5, 5]), 1000);
  expect(series.times).toEqual([]);
  series.take(scrape(300, [5, 105, 105]), 3000);
  expect(series.last).toMatchObject({ messages: 100, connections: 7, loopMs: 10 });
  series.take(scrape(300, [5, 105, 105]), 4000);
  expect(series.of('messages')).toEqual([100, 0]);
  expect(series.of('loopMs')).toEqual([10, null]);
  series.take(scrape(2), 5000);
  expect(series.of('messages')).toEqual([100, 0, null]);
});

test('as many points are kept as there is room for, the newest', () => {
  const series = new Series(10);
  for (let i = 0; i <= 25; i++) series.take(scrape(i), i * 1000);
  expect(series.times).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  expect(series.of('messages')).toHaveLength(10);
});

test.each([
  [short(0), '0'],
  [short(3.149), '3.1'],
  [short(999), '999'],
  [short(12_345), '12 k'],
  [short(4_560_000), '4.6 M'],
  [bytes(0), '0 B'],
  [bytes(0.4), '0.4 B'],
  [bytes(1500), '1.5 kB'],
  [bytes(87_000_000), '87 MB'],
  [ms(0.25), '0.25 ms'],
  [ms(2500), '2.5 s'],
  [count(1, 'user'), '1 user'],
  [count(2, 'user'), '2 users'],
  [ago(0, 59_000), '59 s'],
  [ago(0, 61_000), '1 min'],
  [ago(0, 7_300_000), '2 h'],
])('%s is %s', (words, expected) => expect(words).toBe(expected));
