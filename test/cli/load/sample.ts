// A result as runs make them, for tests of what shows it.

import { Histogram } from '../../../src/cli/load/histogram.ts';
import { type LoadOptions, readLoadFlags } from '../../../src/cli/load/options.ts';
import { percentilesOf, type Result, spreadOf } from '../../../src/cli/load/result.ts';
import type { Point } from '../../../src/cli/load/timeline.ts';
import { noFaults } from '../../../src/cli/load/wire.ts';

export function optionsOf(...args: readonly string[]): LoadOptions {
  const flags = readLoadFlags(args, 20_000);
  if (!('options' in flags)) throw new Error(JSON.stringify(flags));
  return flags.options;
}

/** A histogram of these times in ms. */
export function histogramWith(...times: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const time of times) histogram.record(time * 1_000);
  return histogram;
}

export function pointAt(at: number, more: Partial<Point> = {}): Point {
  const figures = { sent: 100, acknowledged: 100, delivered: 1_000, p50: 1, p99: 5, max: 9 };
  return { at, seconds: 1, ...figures, offline: 0, unanswered: 2, loopMs: 0.5, ...more };
}

/** A good run of 10 s with 1,000 messages, but for `more`. */
export function resultWith(more: Partial<Result> = {}): Result {
  const delivery = histogramWith(...Array.from({ length: 1_000 }, (_, i) => 0.5 + i / 100), 250);
  const little = histogramWith(0.1, 0.2);
  return {
    options: optionsOf('--servers', 'a:1,b:2'),
    startedAt: '2026-01-02T03:04:05.678Z',
    interrupted: false,
    connectingMs: 1_234,
    elapsedMs: 10_300,
    sendingMs: 10_000,
    account: {
      ...{ sent: 1_000, acknowledged: 1_000, failed: 0, unanswered: 0, accepted: 1_000 },
      ...{ delivered: 10_000, expected: 10_000, unexpected: 0, doubled: 0, outOfOrder: 0, foreign: 0, epochs: 0 },
    },
    wire: noFaults(),
    failures: {},
    disconnects: 0,
    cuts: 0,
    reconnects: 0,
    resumed: 0,
    epochsTold: 0,
    outageMs: 12,
    gaps: 0,
    reservationsRefused: 0,
    delivery: percentilesOf(delivery),
    acknowledgement: percentilesOf(delivery),
    lateness: percentilesOf(little),
    loop: percentilesOf(little),
    spread: { delivery: spreadOf(delivery), acknowledgement: spreadOf(delivery) },
    timeline: Array.from({ length: 10 }, (_, i) => pointAt(i + 1)),
    generator: { cpuMs: 1_000, rssBytes: 64 * 1_048_576, bytesAClient: 20_480 },
    servers: [],
    ...more,
  };
}
