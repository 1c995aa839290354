// What a run came to, for people at a terminal: a table, a line each, and a histogram drawn below it. It formats; what is
// good or bad is said elsewhere.

import type { Bin } from './histogram.ts';
import type { Percentiles, ProcessReport, Result, Verdict } from './result.ts';
import { BINS_A_DECADE, maximumOf, ms, verdictOf, warningsOf } from './result.ts';
import type { WireFaults } from './wire.ts';

/** How lines look. */
export interface Look {
  /** Whether more than ASCII can be shown. */
  readonly unicode: boolean;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly wary: (text: string) => string;
  readonly quiet: (text: string) => string;
}

export const PLAIN: Look = { unicode: true, good: same, bad: same, wary: same, quiet: same };

/** How lines look on a stream: in colours on a terminal unless NO_COLOR is set, in ASCII where the locale is not UTF-8. */
export function lookFor(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): Look {
  const unicode = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
  if (!isTTY || (env.NO_COLOR ?? '') !== '') return { ...PLAIN, unicode };
  return { unicode, good: paint('32'), bad: paint('1;31'), wary: paint('33'), quiet: paint('2') };
}

const NAME_WIDTH = 14;
const VALUE_WIDTH = 28;

type Row = readonly [name: string, value: string, more?: string, tone?: 'good' | 'bad' | 'wary'];

/** The result as a table, a line each. */
export function tableOf(result: Result, look: Look = PLAIN): string[] {
  const rows = [...whatRan(result), ...whatBecame(result), ...howLong(result), ...whatItTook(result)];
  const verdict = verdictOf(result);
  if (result.options.reserve > 0)
    rows.push(['no number', count(result.reservationsRefused), 'sent without one instead']);
  if (result.wire.bad > 0) rows.push(['bad frames', count(result.wire.bad), '', 'bad']);
  if (result.account.foreign > 0) rows.push(['of others', count(result.account.foreign)]);
  for (const warning of warningsOf(result)) rows.push(['warning', warning, '', 'wary']);
  const why = result.account.accepted === 0 ? 'BAD: nothing was accepted' : 'BAD';
  rows.push(['verdict', verdict.good ? 'good' : why, '', verdict.good ? 'good' : 'bad']);
  return rows.map(([name, value, more = '', tone]) => {
    const shown = tone === undefined ? value : look[tone](value);
    const gap = ' '.repeat(Math.max(VALUE_WIDTH - value.length, 0));
    return `${name.padEnd(NAME_WIDTH)}${shown}${more === '' ? '' : `${gap}  ${look.quiet(more)}`}`.trimEnd();
  });
}

/** Who does what, in two lines. */
export function shapeOf({ options }: Result): readonly [who: string, what: string] {
  const { clients, rooms, publishers, rate, window, seconds, ramp, size, reserve, churn } = options;
  const members = Math.ceil(clients / rooms);
  const where = `${rooms === 1 ? 'one room' : `${count(rooms)} rooms`} x ${count(members)}`;
  const who = publishers === members ? 'all of them send' : `${count(publishers)} of each send`;
  const parts = [
    `${rate === 'max' ? `closed loop, window ${window}` : `${rate}/s`} for ${seconds} s`,
    `${size} bytes`,
    ...(ramp > 0 ? [`ramp ${ramp} s`] : []),
    ...(reserve > 0 ? [`${reserve * 100} % reserve`] : []),
    ...(churn > 0 ? [`churn ${churn}/s`] : []),
  ];
  return [`${count(clients)} clients, ${where}, ${who}`, parts.join(', ')];
}

function whatRan(result: Result): Row[] {
  const { options, interrupted, connectingMs } = result;
  const [who, what] = shapeOf(result);
  return [
    ['run', who, interrupted ? 'ended early' : ''],
    ['', what],
    ['servers', count(options.servers.length), options.servers.join(' ')],
    ['connected', `${(connectingMs / 1_000).toFixed(1)} s`],
  ];
}

function whatBecame(result: Result): Row[] {
  const { options, account, wire, failures } = result;
  const verdict = verdictOf(result);
  const sendingS = result.sendingMs / 1_000;
  const failed = Object.entries(failures).map(([code, each]) => `${code} ${each}`);
  const wanted = options.rate === 'max' ? '' : ` wanted ${options.rate}/s`;
  const { mean, best } = maximumOf(result);
  return [
    ['sent', count(account.sent), `${perSecond(account.sent, sendingS)}${wanted}`],
    options.ids
      ? ['acknowledged', count(account.acknowledged), `${account.unanswered} unanswered`]
      : ['accepted', count(account.accepted), 'without ids nothing is acknowledged'],
    ...(options.rate === 'max'
      ? [['maximum', `${count(Math.round(mean))}/s`, `best second ${count(Math.round(best))}/s`] as const]
      : []),
    ['failed', count(account.failed), failed.join(', ')],
    ['delivered', count(account.delivered), perSecond(account.delivered, sendingS)],
    [
      'expected',
      count(account.expected),
      account.unexpected === 0 ? '' : `and ${count(account.unexpected)} of failed ones`,
    ],
    fault('lost', verdict.lost, lostWords(verdict, wire, result.gaps)),
    fault('doubled', verdict.doubled),
    fault('out of order', verdict.outOfOrder),
    [
      'reconnects',
      count(result.reconnects),
      result.disconnects === 0
        ? ''
        : `${count(result.disconnects)} connections lost, ${count(result.resumed)} sessions taken over`,
    ],
    ...(result.cuts === 0 ? [] : [['churn', count(result.cuts), 'connections cut on purpose'] as const]),
    [
      'epochs',
      count(account.epochs),
      account.epochs === 0 ? '' : `members were told ${count(result.epochsTold)} times`,
    ],
  ];
}

function howLong(result: Result): Row[] {
  const { options, delivery, acknowledgement, lateness, loop } = result;
  const open = options.rate !== 'max';
  const since = open ? 'from the intended time' : 'from its sending';
  const rows: Row[] = [['delivery ms', percentiles(delivery), since]];
  if (options.ids) {
    rows.unshift(['outage', `${(result.outageMs / 1_000).toFixed(2)} s`, 'the longest of any room']);
    rows.push(['answer ms', percentiles(acknowledgement), 'likewise']);
  }
  if (open) rows.push(['sent late ms', percentiles(lateness), 'by this program itself']);
  rows.push(['own loop ms', percentiles(loop), 'late, of this program itself']);
  return rows;
}

function whatItTook(result: Result): Row[] {
  const { cpuMs, rssBytes, bytesAClient } = result.generator;
  return [
    ['this program', cpu(cpuMs, result), `${mib(rssBytes)}, ${kib(bytesAClient)} a client`],
    ...result.servers.map((server) => serverRow(server, result)),
  ];
}

const BAR_WIDTH = 40;
const MOST_ROWS = 16;
/** How many bins become a row, from fine to coarse: the first that gives few enough rows is taken. */
const BINS_A_ROW = [2, 4, 5, 10, 20];
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** How deliveries are spread over latencies, as bars; nothing where there was none. */
export function histogramOf(result: Result, look: Look = PLAIN): string[] {
  const { bins } = result.spread.delivery;
  if (bins.length === 0) return [];
  const rows = rowsOf(bins);
  const most = Math.max(...rows.map((row) => row.count));
  const all = rows.reduce((sum, row) => sum + row.count, 0);
  const lines = rows.map(({ from, to, count: each }) => {
    const bar = barOf(each / most, BAR_WIDTH, look.unicode);
    const share = ((each / all) * 100).toFixed(2).padStart(6);
    const range = `${edge(from).padStart(6)} ${look.unicode ? '–' : '-'} ${edge(to).padEnd(6)}`;
    return `${range} ${look.good(bar)}${' '.repeat(BAR_WIDTH - bar.length)} ${count(each).padStart(11)} ${look.quiet(`${share} %`)}`;
  });
  return [`how long deliveries took, ms (${count(all)} of them)`, ...lines];
}

/** Bins put together, so that whole powers of ten stay edges. */
function rowsOf(bins: readonly Bin[]): Bin[] {
  let rows: Bin[] = [];
  for (const many of BINS_A_ROW) {
    rows = [];
    for (const bin of bins) {
      const row = rows.at(-1);
      const isEdge = Math.round(Math.log10(bin.from) * BINS_A_DECADE) % many === 0;
      if (row === undefined || isEdge || row.from === 0) rows.push(bin);
      else rows[rows.length - 1] = { from: row.from, to: bin.to, count: row.count + bin.count };
    }
    if (rows.length <= MOST_ROWS) break;
  }
  return rows;
}

/** A bar `share` of `width` long; what is there at all is seen. */
export function barOf(share: number, width: number, unicode: boolean): string {
  if (!(share > 0)) return '';
  if (!unicode) return '#'.repeat(Math.max(Math.round(share * width), 1));
  const eighths = Math.max(Math.round(share * width * 8), 1);
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

function edge(value: number): string {
  return value >= 10_000 ? `${Number((value / 1_000).toPrecision(2))}s` : String(Number(value.toPrecision(2)));
}

function fault(name: string, number: number, more = ''): Row {
  return number === 0 ? [name, '0', more] : [name, count(number), more, 'bad'];
}

function lostWords({ lost, neverCame }: Verdict, wire: WireFaults, gaps: number): string {
  const words: string[] = [];
  if (lost > 0) words.push(`${count(neverCame)} never came, ${count(wire.foundAgain)} only when asked for`);
  if (gaps > 0) words.push(`clients were told of ${count(gaps)} gaps`);
  if (wire.lagged > 0) words.push(`servers left out ${count(wire.lagged)} for slow readers`);
  return words.join('; ');
}

function serverRow({ pid, cpuMs, rssBytes }: ProcessReport, result: Result): Row {
  if (cpuMs === undefined || rssBytes === undefined) return [`server ${pid}`, 'not known', ''];
  const deliveries = result.account.delivered + result.account.unexpected;
  const each = deliveries === 0 ? '' : `, ${((cpuMs * 1_000) / deliveries).toFixed(2)} µs a delivery`;
  return [`server ${pid}`, cpu(cpuMs, result), `${mib(rssBytes)}${each}`];
}

function percentiles({ p50, p90, p99, p999, max }: Percentiles): string {
  return `p50 ${ms(p50)}  p90 ${ms(p90)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)}`;
}

function cpu(cpuMs: number, { elapsedMs }: Result): string {
  return `${(cpuMs / 1_000).toFixed(2)} s of processor time (${((cpuMs / Math.max(elapsedMs, 1)) * 100).toFixed(0)} %)`;
}

function perSecond(number: number, seconds: number): string {
  return seconds <= 0 ? '' : `${count(Math.round(number / seconds))}/s`;
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}

function kib(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}

/** A whole number, in groups of three. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

function paint(code: string): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`);
}

function same(text: string): string {
  return text;
}
