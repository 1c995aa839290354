// What a run came to, as a page: one HTML file with everything in it, plots too, that asks nobody for anything. It has no
// script; its colours are those that the reader's system prefers, light or dark. The numbers stand in it once more, as
// the JSON that programs read.

import { RUN } from '../../ops/options/invocation.ts';
import { barPlot, escapeHtml, linePlot, type Tick } from './plot.ts';
import { BINS_A_DECADE, jsonOf, type Result, type Spread, verdictOf, warningsOf } from './result.ts';
import { count, shapeOf, tableOf } from './table.ts';

const STYLE = `
:root { color-scheme: light dark; --paper: #fbfbfa; --card: #fff; --ink: #1c1f23; --quiet: #676d75; --grid: #e4e5e7;
  --good: #15803d; --bad: #c81e1e; --s1: #2563eb; --s2: #d97706; --s3: #9333ea; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --card: #1c1f24; --ink: #e6e8eb; --quiet: #969da6;
  --grid: #31353c; --good: #4ade80; --bad: #f87171; --s1: #6ea8fe; --s2: #fbb040; --s3: #c79bff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 28px 20px 48px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
h1 { font-size: 24px; margin: 0; display: flex; gap: 14px; align-items: center; flex-wrap: wrap; }
h2 { font-size: 15px; margin: 0 0 2px; }
p { margin: 4px 0; color: var(--quiet); }
.badge { font-size: 14px; padding: 2px 12px; border-radius: 999px; color: var(--card); }
.good { background: var(--good); } .bad { background: var(--bad); }
.warning { color: var(--s2); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: 12px; margin: 20px 0; }
.tiles div, section { background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: 12px 14px; }
.tiles div { padding: 12px; }
.tiles b { display: block; white-space: nowrap; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tiles .wrong b { color: var(--bad); }
.tiles span, .legend { color: var(--quiet); font-size: 13px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 14px; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin: 0 5px 3px 12px; }
svg { display: block; width: 100%; height: auto; margin-top: 6px; }
svg text { fill: var(--quiet); font-size: 13px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--grid); } .bar { fill: var(--s1); }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
path.s1 { stroke: var(--s1); } path.s2 { stroke: var(--s2); } path.s3 { stroke: var(--s3); }
i.s1 { background: var(--s1); } i.s2 { background: var(--s2); } i.s3 { background: var(--s3); }
.spot { fill: transparent; } .spot:hover { fill: var(--quiet); fill-opacity: .15; }
pre { margin: 6px 0 0; overflow-x: auto; font: 13px/1.45 ui-monospace, "SF Mono", "Liberation Mono", monospace; }
section.all { margin-top: 14px; }
section.wide { grid-column: 1 / -1; }
/* Where there are two columns a plot across both is drawn larger, and what is written in it is not. */
@media (min-width: 1084px) { .wide svg text { font-size: 8px; } .wide .line { stroke-width: 1.1; } }
@media print { body { max-width: none; padding: 0; } section { break-inside: avoid; } }
`;

/** The page, whole. */
export function pageOf(result: Result): string {
  const { good } = verdictOf(result);
  const { startedAt, options } = result;
  const many = options.servers.length;
  const title = `Load on ${many === 1 ? 'one server' : `${many} servers`}`;
  const when = `${startedAt.slice(0, 19).replace('T', ' ')} UTC`;
  const warnings = warningsOf(result).map((warning) => `<p class="warning">${escapeHtml(warning)}</p>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}, ${startedAt}</title><style>${STYLE}</style></head><body>
<h1>${title} <span class="badge ${good ? 'good' : 'bad'}">${good ? 'good' : 'BAD'}</span></h1>
<p>${escapeHtml([when, ...shapeOf(result)].join(' · '))}</p>
<p>${escapeHtml(options.servers.join(' '))}</p>
${warnings.join('\n')}
<div class="tiles">${tilesOf(result).join('')}</div>
<div class="plots">
${[...overTime(result), ...spreads(result)].join('\n')}
</div>
<section class="all"><h2>All figures</h2><pre>${escapeHtml(tableOf(result).join('\n'))}</pre></section>
<script type="application/json" id="result">${jsonOf(result).replaceAll('<', '\\u003c')}</script>
<p>Made by <code>${RUN} load</code>. Where a pointer rests on a plot its values are told.</p>
</body></html>
`;
}

function tilesOf(result: Result): string[] {
  const { account, delivery, sendingMs } = result;
  const { lost, doubled, outOfOrder } = verdictOf(result);
  const seconds = Math.max(sendingMs / 1_000, 1e-3);
  const tile = (value: string, name: string, wrong = false): string =>
    `<div${wrong ? ' class="wrong"' : ''}><b>${value}</b><span>${name}</span></div>`;
  const accepted = result.options.ids ? account.acknowledged : account.accepted;
  return [
    tile(count(accepted), result.options.ids ? 'acknowledged' : 'accepted'),
    tile(count(account.delivered), 'delivered'),
    tile(count(Math.round(account.delivered / seconds)), 'delivered/s'),
    tile(count(lost), 'lost', lost > 0),
    tile(count(doubled), 'doubled', doubled > 0),
    tile(count(outOfOrder), 'out of order', outOfOrder > 0),
    tile(time(delivery.p50), 'p50 latency'),
    tile(time(delivery.p99), 'p99 latency'),
  ];
}

/** A plot of the timeline. */
function overTime(result: Result): string[] {
  const { timeline, options } = result;
  const x = timeline.map(({ at }) => at);
  const xTicks = timeTicks(x.at(-1) ?? 0);
  const plot = (
    title: string,
    note: string,
    series: Parameters<typeof section>[2],
    log = false,
    wide = false,
  ): string => {
    const value = log ? time : short;
    return section(title, note, series, linePlot({ x, xTicks, series, log, place: clock, value }), wide);
  };
  const rate = (what: 'sent' | 'acknowledged' | 'delivered'): number[] =>
    timeline.map((point) => (point.seconds === 0 ? 0 : point[what] / point.seconds));
  const each = (what: 'p50' | 'p99' | 'max' | 'offline' | 'unanswered' | 'loopMs'): number[] =>
    timeline.map((point) => point[what]);
  const answered = options.ids ? [{ name: 'acknowledged', values: rate('acknowledged') }] : [];
  const since = options.rate === 'max' ? 'from its sending' : 'from the time it was to be sent';
  return [
    plot(
      'Latency of deliveries',
      `${since} to the member`,
      [
        { name: 'p50', values: each('p50') },
        { name: 'p99', values: each('p99') },
        { name: 'max', values: each('max') },
      ],
      true,
      true,
    ),
    plot('Messages a second', 'over all clients', [{ name: 'sent', values: rate('sent') }, ...answered]),
    plot('Deliveries a second', 'a delivery is one message at one member', [
      { name: 'delivered', values: rate('delivered') },
    ]),
    plot('On their way', 'messages without an answer, clients without a connection', [
      { name: 'messages', values: each('unanswered') },
      { name: 'clients', values: each('offline') },
    ]),
    plot(
      'This program itself',
      'by how much its loop was late: latencies below this say little',
      [{ name: 'late', values: each('loopMs').map((late) => Math.max(late, 0.1)) }],
      true,
    ),
  ];
}

function spreads(result: Result): string[] {
  const { delivery, acknowledgement } = result.spread;
  const all = result.delivery.count;
  const bars = delivery.bins.map(({ from, to, count: each }) => ({
    label: isRound(from) ? short(round(from)) : '',
    value: each,
    title: `${short(from)} to ${short(to)} ms: ${count(each)} (${((each / all) * 100).toFixed(2)} %)`,
  }));
  const spread = section('How long deliveries took, ms', 'each bar spans the same factor', [], barPlot(bars, short));
  const series = [
    { name: 'delivery', values: delivery.quantiles.map(([, time]) => time) },
    ...(acknowledgement.quantiles.length > 0 ? [{ name: 'answer', values: alongside(acknowledgement, delivery) }] : []),
  ];
  const x = delivery.quantiles.map(([percent]) => nines(percent));
  const last = x.at(-1) ?? 0;
  const ticks = ['0 %', '90 %', '99 %', '99.9 %', '99.99 %', '99.999 %', '99.9999 %'];
  const xTicks = ticks.map((label, at) => ({ at, label })).filter(({ at }) => at <= last);
  const place = (at: number): string => `${(100 - 100 / 10 ** at).toFixed(Math.max(Math.ceil(at) - 1, 0) + 1)} %`;
  const curve = linePlot({ x, xTicks, series, log: true, place, value: time });
  return [spread, section('Latency by percentile', 'so many were not above', series, curve)];
}

/** The times of `spread` at the percentages of `other`, as far as it has them. */
function alongside(spread: Spread, other: Spread): number[] {
  return other.quantiles.map((_, i) => spread.quantiles[i]?.[1] ?? Number.NaN);
}

function nines(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

function section(
  title: string,
  note: string,
  series: readonly { name: string; values: number[] }[],
  plot: string,
  wide = false,
): string {
  const names = series.map(({ name }, i) => `<i class="s${i + 1}"></i>${escapeHtml(name)}`).join('');
  const legend = series.length > 1 ? ` <span class="legend">${names}</span>` : '';
  const head = `<h2>${escapeHtml(title)}</h2><p>${escapeHtml(note)}${legend}</p>`;
  return `<section${wide ? ' class="wide"' : ''}>${head}${plot}</section>`;
}

/** Whether a bin begins at 1, 2 or 5 of a decade, or as near to it as bins come. */
function isRound(from: number): boolean {
  const place = Math.round(Math.log10(from) * BINS_A_DECADE);
  return [0, 6, 14].includes(((place % BINS_A_DECADE) + BINS_A_DECADE) % BINS_A_DECADE);
}

function round(value: number): number {
  return Number(value.toPrecision(1));
}

/** Some six round times up to `seconds`. */
function timeTicks(seconds: number): Tick[] {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 3_600, 7_200, 14_400];
  const step = steps.find((each) => seconds / each <= 8) ?? 28_800;
  return Array.from({ length: Math.floor(seconds / step) }, (_, i) => ({
    at: (i + 1) * step,
    label: clock((i + 1) * step),
  }));
}

/** Seconds as people write them. */
function clock(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = String(Math.floor(seconds % 60)).padStart(2, '0');
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** So many ms. */
function time(value: number): string {
  return value >= 1_000 ? `${short(value / 1_000)} s` : `${short(value)} ms`;
}

/** A value in few characters. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}
