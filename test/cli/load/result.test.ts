// What shows a run: its verdict and warnings, the JSON, the table, the histogram, the page, the line while it runs.

import { describe, expect, test } from 'bun:test';
import { LoopLag } from '../../../src/cli/load/loop-lag.ts';
import { pageOf } from '../../../src/cli/load/page.ts';
import { linearTicks, linePlot, logTicks } from '../../../src/cli/load/plot.ts';
import { Progress } from '../../../src/cli/load/progress.ts';
import { jsonOf, maximumOf, percentilesOf, spreadOf, verdictOf, warningsOf } from '../../../src/cli/load/result.ts';
import { barOf, histogramOf, lookFor, PLAIN, tableOf } from '../../../src/cli/load/table.ts';
import { Timeline } from '../../../src/cli/load/timeline.ts';
import { noFaults } from '../../../src/cli/load/wire.ts';
import { histogramWith, optionsOf, pointAt, resultWith } from './sample.ts';

const BAD = resultWith({
  options: optionsOf('--reserve', '0.5', '--pid', '99'),
  account: {
    ...resultWith().account,
    acknowledged: 1,
    accepted: 1,
    expected: 1_234_567,
    delivered: 1_234_560,
    epochs: 2,
  },
  wire: { ...noFaults(), foundAgain: 1 },
  failures: { TIMEOUT: 2 },
  disconnects: 4,
  reconnects: 3,
  resumed: 2,
  epochsTold: 12,
  outageMs: 3_456,
  servers: [{ pid: 99, cpuMs: undefined, rssBytes: undefined }],
});

describe('the table', () => {
  test('shows what is wrong', () => {
    const table = tableOf(BAD).join('\n');
    expect(table).toMatch(/^lost +8 +7 never came, 1 only when asked for$/m);
    expect(table).toMatch(/^expected +1,234,567$/m);
    expect(table).toMatch(/^reconnects +3 +4 connections lost, 2 sessions taken over$/m);
    expect(table).toMatch(/^epochs +2 +members were told 12 times$/m);
    expect(table).toMatch(/^outage +3\.46 s +the longest of any room$/m);
    expect(table).toMatch(/^server 99 +not known$/m);
    expect(table).toMatch(/^verdict +BAD$/m);
  });

  test('has the maximum of a closed loop, and the warnings', () => {
    const options = optionsOf('--rate', 'max');
    const timeline = [pointAt(1), pointAt(2, { acknowledged: 250 }), pointAt(2.1, { seconds: 0.1, acknowledged: 90 })];
    const result = resultWith({ options, timeline, loop: percentilesOf(histogramWith(40)) });
    expect(maximumOf(result)).toEqual({ mean: 100, best: 250 });
    const table = tableOf(result).join('\n');
    expect(table).toMatch(/^maximum +100\/s +best second 250\/s$/m);
    expect(table).toMatch(/^warning +its own loop was late: p99 40\.0 ms/m);
    expect(table).not.toContain('sent late');
  });

  test('a run with bytes that are no frame is not good', () => {
    expect(verdictOf(resultWith({ wire: { ...resultWith().wire, bad: 1 } }))).toMatchObject({ lost: 0, good: false });
  });

  test('a run in which nothing was accepted is not good', () => {
    const account = { ...resultWith().account, accepted: 0, expected: 0, delivered: 0 };
    expect(verdictOf(resultWith({ account }))).toMatchObject({ lost: 0, good: false });
  });

  test('has colours on a terminal alone, unless they are not wanted', () => {
    const utf8 = { LANG: 'C.UTF-8' };
    expect(tableOf(BAD, lookFor(true, utf8)).at(-1)).toContain('\u001b[1;31mBAD');
    for (const look of [lookFor(false, utf8), lookFor(true, { ...utf8, NO_COLOR: '1' })])
      expect([...tableOf(BAD, look), ...histogramOf(BAD, look)].join('')).not.toContain('\u001b');
  });
});

describe('the histogram', () => {
  test('is drawn with a row for every range, and the bars are in proportion', () => {
    const delivery = histogramWith(...Array<number>(300).fill(1.5), ...Array<number>(100).fill(15), 250);
    const spread = { delivery: spreadOf(delivery), acknowledgement: spreadOf(delivery) };
    const [heading, ...rows] = histogramOf(resultWith({ spread }));
    expect(heading).toContain('401');
    const bars = rows.map((row) => row.split('█').length - 1);
    expect([Math.max(...bars), bars.filter((bar) => bar > 0).sort((a, b) => a - b)]).toEqual([40, [13, 40]]);
    const counts = rows.map((row) => Number(/([\d,]+) +[\d.]+ %$/.exec(row)?.[1]?.replace(',', '')));
    expect(counts.reduce((a, b) => a + b)).toBe(401);
    expect(rows.length).toBeLessThanOrEqual(16);
  });

  test('has whole blocks and eighths, or ASCII where there is nothing else', () => {
    expect([barOf(1, 4, true), barOf(0.5, 4, true), barOf(1 / 32, 4, true)]).toEqual(['████', '██', '▏']);
    expect([barOf(1e-9, 4, true), barOf(0, 4, true), barOf(0.6, 4, false)]).toEqual(['▏', '', '##']);
    expect(histogramOf(resultWith(), { ...PLAIN, unicode: false }).join('')).toMatch(/^[ -~]+$/);
    expect([lookFor(true, { LC_ALL: 'C', LANG: 'C.UTF-8' }).unicode, lookFor(true, {}).unicode]).toEqual([
      false,
      false,
    ]);
  });

  test('of nothing is nothing', () => {
    const spread = { delivery: { bins: [], quantiles: [] }, acknowledgement: { bins: [], quantiles: [] } };
    expect(histogramOf(resultWith({ spread }))).toEqual([]);
  });
});

test('a busy generator is warned of', () => {
  expect(warningsOf(resultWith())).toEqual([]);
  const generator = { cpuMs: 10_200, rssBytes: 1, bytesAClient: 1 };
  expect(warningsOf(resultWith({ generator }))).toEqual([expect.stringContaining('99 % of the time')]);
  expect(warningsOf(resultWith({ lateness: percentilesOf(histogramWith(50)) }))).toHaveLength(1);
  expect(warningsOf(resultWith({ sendingMs: 12_000 }))).toEqual([expect.stringContaining('took 12.0 s')]);
});

test('clients who never came back are warned of', () => {
  const away = [pointAt(1, { offline: 3 }), pointAt(2)];
  expect(warningsOf(resultWith({ timeline: away }))).toEqual([]);
  expect(warningsOf(resultWith({ timeline: away.reverse() }))).toEqual([
    'at the end 3 of 100 clients had no connection',
  ]);
});

test('the JSON has keys that stay', () => {
  const json = JSON.parse(jsonOf(resultWith())) as Record<string, Record<string, unknown>>;
  expect(Object.keys(json).sort()).toEqual(
    [
      ...['account', 'acknowledgement', 'connectingMs', 'cuts', 'delivery', 'disconnects', 'elapsedMs', 'epochsTold'],
      ...['failures', 'gaps', 'generator', 'interrupted', 'lateness', 'loop', 'options', 'outageMs', 'reconnects'],
      ...['reservationsRefused', 'resumed', 'sendingMs', 'servers', 'spread', 'startedAt', 'timeline', 'verdict'],
      ...['version', 'warnings', 'wire'],
    ].sort(),
  );
  expect(json.version as unknown).toBe(1);
  expect(Object.keys(json.delivery ?? {})).toEqual(['count', 'mean', 'p50', 'p90', 'p99', 'p999', 'max']);
  expect(Object.keys(json.verdict ?? {})).toEqual(['lost', 'neverCame', 'doubled', 'outOfOrder', 'good']);
  expect(Object.keys((json.timeline as unknown as object[])[0] ?? {})).toEqual(Object.keys(pointAt(1)));
});

describe('the page', () => {
  test('stands alone: it asks nobody for anything and runs nothing', () => {
    const page = pageOf(resultWith());
    expect(page).toStartWith('<!doctype html>');
    expect(page).not.toMatch(/(?:src|href|url\(|@import|https?:)/);
    expect(page.match(/<script[^>]*>/g)).toEqual(['<script type="application/json" id="result">']);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page.match(/<svg/g)).toHaveLength(7);
    expect(page).not.toContain('NaN');
  });

  test('says whether it was good, and has the numbers that programs read', () => {
    expect(pageOf(resultWith())).toContain('<span class="badge good">good</span>');
    const page = pageOf(BAD);
    expect(page).toContain('<span class="badge bad">BAD</span>');
    const json = /id="result">(.*?)<\/script>/.exec(page)?.[1] ?? '';
    expect(JSON.parse(json)).toEqual(JSON.parse(jsonOf(BAD)));
  });

  test('nothing that was given can become a part of it', () => {
    const options = { ...optionsOf(), servers: ['</script><b>&"'] };
    const page = pageOf(resultWith({ options, failures: { '<i>': 1 } }));
    expect(page).not.toMatch(/<b>&|<i>/);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
  });

  test('can be made of a run in which nothing happened', () => {
    const none = percentilesOf(histogramWith());
    const spread = { delivery: spreadOf(histogramWith()), acknowledgement: spreadOf(histogramWith()) };
    const page = pageOf(resultWith({ timeline: [], spread, delivery: none, acknowledgement: none }));
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('plots', () => {
  test('have round ticks that hold what is drawn', () => {
    expect(linearTicks(97)).toEqual([0, 50, 100]);
    expect(linearTicks(0.03)).toEqual([0, 0.01, 0.02, 0.03]);
    expect(linearTicks(0)).toHaveLength(2);
    expect(logTicks(0.3, 900)).toEqual([0.1, 1, 10, 100, 1_000]);
    expect(logTicks(5, 6)).toEqual([1, 10]);
  });

  test('leave a gap where there is nothing', () => {
    const value = String;
    const series = [{ name: 'p50', values: [1, 0, 10, 100] }];
    const plot = linePlot({ x: [1, 2, 3, 4], xTicks: [], series, log: true, place: value, value });
    expect(plot).toMatch(/<path class="line s1" d="M[\d. ]+M[\d. ]+L[\d. ]+"\/>/);
    expect(plot).toContain('<title>3: p50 10</title>');
  });
});

describe('a timeline', () => {
  test('keeps sums and peaks, however long it becomes', () => {
    const timeline = new Timeline();
    const SECONDS = 10_000;
    const PEAK = { p50: 333, p99: 555, max: 777, offline: 5, unanswered: 9, loopMs: 99 };
    for (let at = 1; at <= SECONDS; at++) timeline.add(pointAt(at, at === 4_321 ? PEAK : {}));
    const { points } = timeline;
    expect(points.length).toBeLessThanOrEqual(300);
    const sum = (what: 'seconds' | 'sent'): number => points.reduce((all, point) => all + point[what], 0);
    expect([sum('seconds'), sum('sent')]).toEqual([SECONDS, 100 * SECONDS]);
    const peaks = points.filter((point) => Object.entries(PEAK).every(([key, value]) => point[key as 'max'] === value));
    expect(peaks).toHaveLength(1);
    expect(points.at(-1)?.at).toBe(SECONDS);
    const times = points.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

describe('while it runs', () => {
  /** What a progress writes to a stream like this one. */
  function written(stream: { isTTY?: boolean; columns?: number }, seconds: number): string[] {
    const texts: string[] = [];
    const progress = new Progress({ ...stream, write: (text) => texts.push(text) }, PLAIN, 60);
    progress.connecting(5, 10);
    for (let at = 1; at <= seconds; at++) progress.stretch(pointAt(at), ['3 offline'], at === 2 ? ['1 LOST'] : []);
    progress.say('done');
    return texts;
  }

  test('a terminal has one line that is drawn again, no wider than it is', () => {
    const texts = written({ isTTY: true, columns: 70 }, 12);
    expect(texts).toHaveLength(1 + 12 + 2);
    for (const text of texts.slice(0, -1)) {
      expect([text.startsWith('\r'), text.endsWith('\u001b[K'), text.includes('\n')]).toEqual([true, true, false]);
      expect(Bun.stringWidth(text)).toBeLessThan(70);
    }
    expect(texts[1]).toContain('1 of 60 s  100 sent/s  1,000');
    expect(texts[12]?.split('█')).toHaveLength(1 + 4);
  });

  test('anything else has whole lines, now and then', () => {
    const texts = written({}, 12);
    expect(texts).toHaveLength(1 + 2 + 1);
    for (const text of texts) expect(text).toMatch(/^[ -~]*\n$/);
    expect(texts[0]).toContain('1 of 60 s  100 sent/s  1,000 delivered/s  p50 1.00  p99 5.00 ms  3 offline');
  });
});

test('a loop that stands still is late for everything that it kept waiting', () => {
  using lag = new LoopLag();
  lag.note(-3);
  lag.note(55);
  expect([lag.all.count, lag.all.max / 1_000]).toEqual([7, 55]);
  expect([lag.takeWorst(), lag.takeWorst()]).toEqual([55, 0]);
});
