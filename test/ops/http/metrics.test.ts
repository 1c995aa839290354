// The table of metrics: names by the conventions, the documents hold to it, and a scrape tells every row.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverId } from '../../../src/base/ids.ts';
import { DROPS } from '../../../src/mesh/discovery.ts';
import { WriteSizes } from '../../../src/net/write-sizes.ts';
import type { MeshFigures } from '../../../src/node/view.ts';
import { METRICS, metricsMarkdown, type Sample } from '../../../src/ops/http/metric-table.ts';
import { Metrics } from '../../../src/ops/http/metrics.ts';
import { DELAY_BOUNDS, LoopDelay } from '../../../src/ops/loop-delay.ts';
import { withTable } from '../../../src/ops/options/option-text.ts';
import { settled } from '../../support/settled.ts';

// One waits for a loop that stands still, on a machine that may be busy.
setDefaultTimeout(60_000);

const ROOT = join(import.meta.dir, '..', '..', '..');

const MESH: MeshFigures = {
  ...{ links: 2, servers: 3, facts: { applied: 7, old: 1, gaps: 0 }, distance: 4, logBytes: 99, snapshots: 1 },
  ...{ mismatches: 0, skews: new Map(), trips: new Map([[serverId(9), 2]]) },
  drops: Object.fromEntries(Object.keys(DROPS).map((reason) => [reason, 1])) as MeshFigures['drops'],
};

function sampleOf(loop: LoopDelay, mesh: MeshFigures | undefined): Sample {
  return {
    server: { name: 'al"pha\n', id: 7, version: '1', startedAt: 1500 },
    ready: true,
    figures: {
      ...{ clients: 1, usersHere: 1, users: 2, rooms: 3, opened: 4, refused: 0, received: 5, written: 6, lags: 0 },
      ...{ commands: [['CSEND', 9]], errors: new Map([['ERR_FLOODING', 2]]), reservations: 0 },
      ...{
        messages: 8,
        skips: 0,
        deliveries: 16,
        epochs: 1,
        commits: new Float64Array(14),
        commitMs: 0,
        laggards: 2,
        ringBytes: 10,
        ids: 0,
        mesh,
      },
    },
    writes: new WriteSizes(),
    handshakes: { clients: { done: 4, failed: 1 } },
    upgrades: new Map([
      [101, 3],
      [403, 2],
    ]),
    loop,
    events: new Map([['warn link.refused', 3]]),
    process: { cpuSeconds: 0.5, residentBytes: 1, heapBytes: 1, openFiles: 1, mostFiles: 2 },
  };
}

async function scrape(mesh: MeshFigures | undefined): Promise<string> {
  using loop = new LoopDelay();
  loop.note(0.003);
  const metrics = await Metrics.load(() => sampleOf(loop, mesh));
  return metrics.scrape();
}

describe('the table', () => {
  test('names are by the conventions, once each', () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
    for (const { name, type, help } of METRICS) {
      expect(name).toMatch(/^(chorus|process)_[a-z][a-z0-9_]*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(name).not.toMatch(/_(ms|millis|kb|kib)(_|$)/);
      expect(help).toEndWith('.');
    }
  });

  test('docs/OPERATING.md has it (bun src/ops/options/options-docs.ts writes it)', () => {
    const page = readFileSync(join(ROOT, 'docs', 'OPERATING.md'), 'utf8');
    expect(page).toBe(withTable(page, 'metrics', metricsMarkdown()) as string);
  });
});

describe('a scrape', () => {
  test('tells every row', async () => {
    const text = await scrape(MESH);
    for (const { name, type } of METRICS) expect(text).toContain(`# TYPE ${name} ${type}\n`);
    const told = new Set([...text.matchAll(/^([a-z_]+)(?:\{.*\})? \S+$/gm)].map(([, name]) => name));
    const silent = METRICS.filter(({ name }) => !told.has(name) && !told.has(`${name}_count`)).map(({ name }) => name);
    expect(silent).toEqual(['chorus_clock_skew_seconds']);
    expect(text).toContain('chorus_info{server="al\\"pha\\n",id="7",version="1"} 1\n');
    expect(text).toContain('chorus_commands_total{verb="CSEND"} 9\n');
    expect(text).toContain('chorus_log_events_total{level="warn",event="link.refused"} 3\n');
    expect(text).toContain('chorus_discovery_dropped_total{reason="mac"} 1\n');
    expect(text).toContain('chorus_tls_handshakes_total{with="clients",outcome="failed"} 1\n');
    expect(text).toContain('chorus_web_requests_total{status="403"} 2\n');
    expect(text).toContain('process_start_time_seconds 1.5\n');
  });

  test('a distribution has all its buckets, each with those below it', async () => {
    const text = await scrape(undefined);
    const buckets = [...text.matchAll(/^chorus_loop_delay_seconds_bucket\{le="(.+)"\} (\d+)$/gm)];
    expect(buckets.map(([, le]) => le)).toEqual([...DELAY_BOUNDS.map(String), '+Inf']);
    expect(buckets.map(([, , count]) => Number(count))).toEqual([0, ...Array(DELAY_BOUNDS.length).fill(1)]);
    expect(text).toContain('chorus_loop_delay_seconds_sum 0.003\n');
  });

  test('a server that is alone tells nothing of a network', async () => {
    expect(await scrape(undefined)).not.toMatch(/^chorus_(links|servers|facts_total|discovery_dropped_total)\b/m);
  });

  test('scrapes within a moment look once', async () => {
    using loop = new LoopDelay();
    let looks = 0;
    const metrics = await Metrics.load(() => {
      looks++;
      return sampleOf(loop, undefined);
    });
    const texts = await Promise.all([metrics.scrape(), metrics.scrape()]);
    expect(texts[0]).toBe(texts[1] as string);
    expect(looks).toBe(1);
  });
});

test('a delay is counted where the bound is not below it, and one that was early is none', () => {
  using loop = new LoopDelay();
  for (const delay of [-1, 0.001, 0.0011, 10, 11]) loop.note(delay);
  expect([...loop.counts]).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  expect(loop.sum).toBeCloseTo(21.0021);
});

test('a loop that stands still shows, once', async () => {
  const began = performance.now();
  using loop = new LoopDelay();
  await new Promise((resolve) => setTimeout(resolve, 250));
  const until = performance.now() + 400;
  while (performance.now() < until);
  await settled(() => loop.counts.reduce((sum, count) => sum + count) > 3, true);
  expect(loop.sum).toBeGreaterThan(0.1);
  expect(loop.sum).toBeLessThan((performance.now() - began) / 1000);
});
