// What a run came to, as numbers: whether anything was wrong, what to be wary of, and the result as JSON. This file
// counts nothing; it adds up. Times are in ms where nothing else is said.

import { type Bin, between, decades, type Histogram } from './histogram.ts';
import type { Account } from './ledger.ts';
import type { LoadOptions } from './options.ts';
import type { Point } from './timeline.ts';
import type { WireFaults } from './wire.ts';

/** Of the meaning of all keys; it rises when one changes its meaning or goes. */
const VERSION = 1;

export interface Percentiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** How times are spread: bins that rise, 20 a decade, and the times that a percentage of all were not above. */
export interface Spread {
  readonly bins: readonly Bin[];
  readonly quantiles: readonly (readonly [percent: number, ms: number])[];
}

export interface ProcessReport {
  readonly pid: number;
  /** During the run; undefined when it is not known. */
  readonly cpuMs: number | undefined;
  readonly rssBytes: number | undefined;
}

export interface Result {
  readonly options: LoadOptions;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Whether it was ended early. */
  readonly interrupted: boolean;
  /** How long connecting took. */
  readonly connectingMs: number;
  /** From the first message to the last delivery that was waited for. */
  readonly elapsedMs: number;
  readonly sendingMs: number;
  readonly account: Account;
  readonly wire: WireFaults;
  readonly failures: Readonly<Record<string, number>>;
  /** Connections that were lost, those that were cut among them. */
  readonly disconnects: number;
  readonly cuts: number;
  readonly reconnects: number;
  readonly resumed: number;
  readonly epochsTold: number;
  /** The longest time for which a room took nothing of what was sent to it. */
  readonly outageMs: number;
  readonly gaps: number;
  readonly reservationsRefused: number;
  readonly delivery: Percentiles;
  readonly acknowledgement: Percentiles;
  readonly lateness: Percentiles;
  /** By how much this program's own loop was late. */
  readonly loop: Percentiles;
  readonly spread: { readonly delivery: Spread; readonly acknowledgement: Spread };
  readonly timeline: readonly Point[];
  readonly generator: { readonly cpuMs: number; readonly rssBytes: number; readonly bytesAClient: number };
  readonly servers: readonly ProcessReport[];
}

/** A histogram of microseconds in milliseconds. */
export function percentilesOf(histogram: Histogram): Percentiles {
  const at = (percent: number): number => histogram.percentile(percent) / 1_000;
  const { count, mean, max } = histogram;
  return { count, mean: mean / 1_000, p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: max / 1_000 };
}

export const BINS_A_DECADE = 20;
const STEPS = Array.from({ length: BINS_A_DECADE }, (_, i) => 10 ** (i / BINS_A_DECADE));
/** 0, 50, 75, … and ten more between each and the next. */
const PERCENTS = Array.from({ length: 60 }, (_, i) => 100 - 100 / 10 ** (i / 10));

export function spreadOf(histogram: Histogram): Spread {
  const { count, max } = histogram;
  if (count === 0) return { bins: [], quantiles: [] };
  const bins = between(histogram.bins(), [0, ...decades(100, max, STEPS)]).map(({ from, to, count: each }) => ({
    from: from / 1_000,
    to: to / 1_000,
    count: each,
  }));
  const first = bins.findIndex((bin) => bin.count > 0);
  // What fewer than one would be above says nothing.
  const shown = PERCENTS.filter((percent) => (1 - percent / 100) * count >= 1);
  const quantiles = shown.map((percent) => [percent, histogram.percentile(percent) / 1_000] as const);
  return { bins: bins.slice(first, bins.findLastIndex((bin) => bin.count > 0) + 1), quantiles };
}

export interface Verdict {
  readonly lost: number;
  /** Of those, the ones that never came. */
  readonly neverCame: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  readonly good: boolean;
}

export function verdictOf({ account, wire }: Pick<Result, 'account' | 'wire'>): Verdict {
  const neverCame = account.expected - account.delivered;
  const lost = neverCame + wire.foundAgain;
  const doubled = account.doubled + wire.doubled;
  const outOfOrder = account.outOfOrder + wire.outOfOrder;
  const good = lost + doubled + outOfOrder + wire.bad === 0 && account.accepted > 0;
  return { lost, neverCame, doubled, outOfOrder, good };
}

/** Messages a second: over the whole of the sending, and in the best second of it. */
export function maximumOf({ account, sendingMs, timeline }: Result): { readonly mean: number; readonly best: number } {
  const mean = sendingMs === 0 ? 0 : (account.acknowledged * 1_000) / sendingMs;
  const rates = timeline.filter(({ seconds }) => seconds >= 0.9).map((point) => point.acknowledged / point.seconds);
  return { mean, best: Math.max(mean, ...rates) };
}

const LATE_MS = 10;
const BUSY_SHARE = 0.9;
const BEHIND_SHARE = 1.02;

/** What makes the figures say less than they seem to: a generator at its own limit, or clients who are not in them. */
export function warningsOf(result: Result): string[] {
  const { options, loop, lateness, generator, elapsedMs, sendingMs, timeline } = result;
  const warnings: string[] = [];
  if (loop.p99 >= LATE_MS)
    warnings.push(
      `its own loop was late: p99 ${ms(loop.p99)} ms, worst ${ms(loop.max)} ms; so much of a latency may be its own`,
    );
  if (options.rate !== 'max' && lateness.p99 >= LATE_MS)
    warnings.push(`it sent late: p99 ${ms(lateness.p99)} ms, which the latencies have in them`);
  const busy = generator.cpuMs / Math.max(elapsedMs, 1);
  if (busy >= BUSY_SHARE)
    warnings.push(`it was busy for ${(busy * 100).toFixed(0)} % of the time: this is its own limit, not the servers'`);
  if (options.rate !== 'max' && sendingMs > options.seconds * 1_000 * BEHIND_SHARE + LATE_MS)
    warnings.push(`it could not send at this rate: what ${options.seconds} s were for took ${ms(sendingMs / 1_000)} s`);
  const offline = timeline.at(-1)?.offline ?? 0;
  if (offline > 0) warnings.push(`at the end ${offline} of ${options.clients} clients had no connection`);
  return warnings;
}

/** The result as one line of JSON. */
export function jsonOf(result: Result): string {
  const { options, ...rest } = result;
  return JSON.stringify({
    version: VERSION,
    verdict: verdictOf(result),
    warnings: warningsOf(result),
    options,
    ...rest,
  });
}

/** Three digits that mean something. */
export function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
