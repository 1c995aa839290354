// docs/grafana-dashboard.json against the table of metrics: it asks for nothing that is not told, and shows all of it.

import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../../src/ops/http/metric-table.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const { panels } = JSON.parse(
  readFileSync(join(import.meta.dir, '..', '..', 'docs', 'grafana-dashboard.json'), 'utf8'),
) as { readonly panels: readonly Panel[] };
const EXPRESSIONS = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const NAMED = EXPRESSIONS.flatMap((expr) => expr.match(/\b(?:chorus|process)_\w+/g) ?? []);
/** Shown by nothing but their labels. */
const LABELS_ALONE = ['chorus_info'];

test('every metric that it names is told', () => {
  const told = METRICS.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  );
  expect([...new Set(NAMED)].filter((name) => !told.includes(name))).toEqual([]);
});

test('every metric that is told is on it', () => {
  const shown = new Set(NAMED.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  expect(METRICS.map(({ name }) => name).filter((name) => !shown.has(name) && !LABELS_ALONE.includes(name))).toEqual(
    [],
  );
});

test('what only rises is shown as a rate, but for what must stay 0', () => {
  for (const { name, type } of METRICS) {
    if (type !== 'counter' || name === 'chorus_digest_mismatches_total') continue;
    for (const expr of EXPRESSIONS.filter((each) => each.includes(name))) expect(expr).toContain(`rate(${name}{`);
  }
});

test('no two panels are one, or lie upon each other', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});
