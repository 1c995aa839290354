// What a run came to: as numbers, as a table for people, and whether anything was wrong. Also the line that tells how
// it goes. This file counts nothing; it adds up and formats.

import type { Account } from './ledger.ts';
import type { LoadOptions } from './options.ts';
import type { WireFaults } from './wire.ts';

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface ProcessReport {
  readonly pid: number;
  /** During the run; undefined when it is not known. */
  readonly cpuMs: number | undefined;
  readonly rssBytes: number | undefined;
}

export interface Result {
  readonly options: LoadOptions;
  /** Whether it was ended early. */
  readonly interrupted: boolean;
  /** From the first message to the last delivery that was waited for. */
  readonly elapsedMs: number;
  readonly sendingMs: number;
  readonly account: Account;
  readonly wire: WireFaults;
  readonly failures: Readonly<Record<string, number>>;
  readonly disconnects: number;
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
  readonly generator: { readonly cpuMs: number; readonly rssBytes: number; readonly bytesAClient: number };
  readonly servers: readonly ProcessReport[];
}

/** A histogram of microseconds in milliseconds. Its percentiles are ends of classes, which its largest may lie below. */
export function percentilesOf(histogram: { count: number; max: number; percentile(p: number): number }): Percentiles {
  const max = histogram.count === 0 ? 0 : histogram.max / 1_000;
  const at = (p: number): number => (histogram.count === 0 ? 0 : Math.min(histogram.percentile(p) / 1_000, max));
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max };
}

export interface Verdict {
  readonly lost: number;
  /** Of those, the ones that never came. */
  readonly neverCame: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  readonly good: boolean;
}

export function verdictOf({ account, wire }: Result): Verdict {
  const neverCame = account.expected - account.delivered;
  const lost = neverCame + wire.foundAgain;
  const doubled = account.doubled + wire.doubled;
  const outOfOrder = account.outOfOrder + wire.outOfOrder;
  const good = lost + doubled + outOfOrder + wire.bad === 0 && account.accepted > 0;
  return { lost, neverCame, doubled, outOfOrder, good };
}

/** The result as one line of JSON. */
export function jsonOf(result: Result): string {
  return JSON.stringify({ ...result, verdict: verdictOf(result) });
}

/** The result as a table, a line each. */
export function tableOf(result: Result): string[] {
  const { options, account, wire, failures, generator, servers } = result;
  const verdict = verdictOf(result);
  const { clients, rooms, rate, seconds, size } = options;
  const sendingS = result.sendingMs / 1_000;
  const failed = Object.entries(failures).map(([code, count]) => `${code} ${count}`);
  const rows: (readonly [string, string, string?])[] = [
    ['run', `${clients} clients, ${rooms} rooms, ${rate}/s for ${seconds} s, ${size} bytes`, early(result)],
    ['servers', count(options.servers.length), options.servers.join(' ')],
    ['sent', count(account.sent), `${perSecond(account.sent, sendingS)} wanted ${rate}/s`],
    options.ids
      ? ['acknowledged', count(account.acknowledged), `${account.unanswered} unanswered`]
      : ['accepted', count(account.accepted), 'without ids nothing is acknowledged'],
    ['failed', count(account.failed), failed.join(', ')],
    ['delivered', count(account.delivered), `${perSecond(account.delivered, sendingS)}`],
    [
      'expected',
      count(account.expected),
      account.unexpected === 0 ? '' : `and ${count(account.unexpected)} of failed ones`,
    ],
    ['lost', count(verdict.lost), lostWords(verdict, wire, result.gaps)],
    ['doubled', count(verdict.doubled)],
    ['out of order', count(verdict.outOfOrder)],
    [
      'reconnects',
      count(result.reconnects),
      result.disconnects === 0
        ? ''
        : `${count(result.disconnects)} connections lost, ${count(result.resumed)} sessions taken over`,
    ],
    [
      'epochs',
      count(account.epochs),
      account.epochs === 0 ? '' : `members were told ${count(result.epochsTold)} times`,
    ],
    ...(options.ids
      ? ([['outage', `${(result.outageMs / 1_000).toFixed(2)} s`, 'the longest of any room']] as const)
      : []),
    ['delivery ms', percentiles(result.delivery), 'from the intended time'],
    ...(options.ids ? ([['answer ms', percentiles(result.acknowledgement), 'likewise']] as const) : []),
    ['sent late ms', percentiles(result.lateness), 'by this program itself'],
    [
      'this program',
      cpu(generator.cpuMs, result),
      `${mib(generator.rssBytes)}, ${kib(generator.bytesAClient)} a client`,
    ],
    ...servers.map((server) => serverRow(server, result)),
  ];
  if (options.reserve > 0) rows.push(['no number', count(result.reservationsRefused), 'sent without one instead']);
  if (wire.bad > 0) rows.push(['bad frames', count(wire.bad)]);
  if (account.foreign > 0) rows.push(['of others', count(account.foreign)]);
  rows.push(['verdict', verdict.good ? 'good' : account.accepted === 0 ? 'BAD: nothing was accepted' : 'BAD']);
  return rows.map(([name, value, more]) => {
    const line = `${name.padEnd(14)}${value}`;
    return more === undefined || more === '' ? line : `${line.padEnd(14 + 28)}  ${more}`.trimEnd();
  });
}

/** How a run goes, in one line: `recent` is of the deliveries since the last one. */
export function progressOf(
  seconds: number,
  sentASecond: number,
  deliveredASecond: number,
  recent: Percentiles,
  notes: readonly string[],
): string {
  const parts = [
    `${seconds.toFixed(0).padStart(4)} s`,
    `${count(Math.round(sentASecond))} sent/s`,
    `${count(Math.round(deliveredASecond))} delivered/s`,
    `p50 ${ms(recent.p50)}`,
    `p99 ${ms(recent.p99)} ms`,
  ];
  return [...parts, ...notes].join('  ');
}

function lostWords({ lost, neverCame }: Verdict, wire: WireFaults, gaps: number): string {
  const words: string[] = [];
  if (lost > 0) words.push(`${count(neverCame)} never came, ${count(wire.foundAgain)} only when asked for`);
  if (gaps > 0) words.push(`clients were told of ${count(gaps)} gaps`);
  if (wire.lagged > 0) words.push(`servers left out ${count(wire.lagged)} for slow readers`);
  return words.join('; ');
}

function serverRow({ pid, cpuMs, rssBytes }: ProcessReport, result: Result): readonly [string, string, string] {
  if (cpuMs === undefined || rssBytes === undefined) return [`server ${pid}`, 'not known', ''];
  const deliveries = result.account.delivered + result.account.unexpected;
  const each = deliveries === 0 ? '' : `, ${((cpuMs * 1_000) / deliveries).toFixed(2)} µs a delivery`;
  return [`server ${pid}`, cpu(cpuMs, result), `${mib(rssBytes)}${each}`];
}

function early({ interrupted }: Result): string {
  return interrupted ? 'ended early' : '';
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

function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}

function kib(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
