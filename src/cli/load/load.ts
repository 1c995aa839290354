// The load generator: many clients that send at a fixed rate or as fast as they are answered, and a count of everything
// lost, doubled or out of order (`bun run load`). In an open loop message n is due by the schedule, whatever became of
// those before it, and its latency counts from there.
// It always ends by itself: sending by its time, connecting and the wait for what is still on its way by bounds of
// their own. It exits with 0 when all is well, with 1 when it is not, with 2 for a wrong flag, and with 130 when a
// second Ctrl-C ends it without a table.

import { accessSync, closeSync, constants, openSync, statSync, unlinkSync } from 'node:fs';
import { fdLimit } from '../../ops/fd-limit.ts';
import { accessOrExit } from '../access.ts';
import { optionsOrExit, shown } from '../flags.ts';
import { plain } from '../terminal-text.ts';
import { Crowd } from './crowd.ts';
import { LoopLag } from './loop-lag.ts';
import { type LoadOptions, MOST_MESSAGES, readLoadFlags } from './options.ts';
import { pageOf } from './page.ts';
import { type Usage, usageOf } from './process.ts';
import { Progress } from './progress.ts';
import { jsonOf, percentilesOf, type Result, spreadOf, verdictOf } from './result.ts';
import { Sampler } from './sampler.ts';
import { Schedule } from './schedule.ts';
import { churn, sendOnAnswer, sendOnTime } from './senders.ts';
import { count, histogramOf, lookFor, tableOf } from './table.ts';
import type { Point } from './timeline.ts';

/** Stretches of the timeline, and how often the progress of connecting is shown. */
const STRETCH_MS = 1_000;
const CONNECTING_MS = 100;
/** How long to wait for the last answers and deliveries beyond the patience with them; and when it was ended early. */
const DRAIN_MS = 5_000;
const DRAIN_EARLY_MS = 1_500;
/** How long to look whether more comes: after the last expected delivery; without ids; when some are missing. */
const QUIET_MS = 300;
const QUIET_BARE_MS = 1_000;
const QUIET_MISSING_MS = 3_000;
/** How long connecting may take: this, so much a client, and what it was to take. */
const GATHER_MS = 15_000;
const GATHER_MS_A_CLIENT = 20;
const DISPERSE_MS = 2_000;

class LoadRun {
  readonly #options: LoadOptions;
  readonly #crowd: Crowd;
  readonly #interrupted = new AbortController();
  readonly #progress: Progress;

  constructor(options: LoadOptions) {
    this.#options = options;
    const name = `load${Math.floor(Math.random() * 36 ** 6).toString(36)}`;
    this.#crowd = new Crowd(options, name, accessOrExit('load', options));
    this.#progress = new Progress(process.stderr, lookFor(process.stderr.isTTY, process.env), options.seconds);
    const interrupt = (): void => {
      if (this.#interrupted.signal.aborted) process.exit(130);
      this.#interrupted.abort(new Error('ended early'));
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
  }

  /** Runs to the end; resolves to the exit code. */
  async run(): Promise<number> {
    const rssBefore = process.memoryUsage.rss();
    const startedAt = performance.now();
    if (!(await this.#gather())) return 1;
    const connectingMs = performance.now() - startedAt;
    const seconds = (connectingMs / 1_000).toFixed(1);
    this.#progress.say(`${count(this.#crowd.size)} clients connected in ${seconds} s`);
    const bytesAClient = Math.max(process.memoryUsage.rss() - rssBefore, 0) / this.#crowd.size;
    const result = await this.#measure(connectingMs, bytesAClient);
    const told = await this.#tell(result);
    await Promise.race([this.#crowd.disperse(), Bun.sleep(DISPERSE_MS)]);
    return told && verdictOf(result).good ? 0 : 1;
  }

  /** What stands in the way of connections, to be put behind something else. */
  get #trouble(): string {
    return this.#crowd.trouble === '' ? '' : `; ${plain(this.#crowd.trouble)}`;
  }

  async #gather(): Promise<boolean> {
    const { clients, connect } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`only ${this.#crowd.online} of ${clients} clients are connected${this.#trouble}`)),
      GATHER_MS + clients * (GATHER_MS_A_CLIENT + (connect === undefined ? 0 : 1_000 / connect)),
    );
    const progress = setInterval(
      () => this.#progress.connecting(this.#crowd.online, clients, this.#trouble),
      CONNECTING_MS,
    );
    try {
      await this.#crowd.gather(AbortSignal.any([this.#interrupted.signal, late.signal]));
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#progress.say(`load: the clients could not be connected: ${why}`);
      return false;
    } finally {
      clearTimeout(timer);
      clearInterval(progress);
    }
  }

  /** Sends, waits for what is on its way, and closes the books. */
  async #measure(connectingMs: number, bytesAClient: number): Promise<Result> {
    const crowd = this.#crowd;
    const before = this.#usages();
    const cpuBefore = process.cpuUsage();
    const startedAt = new Date().toISOString();
    using lag = new LoopLag();
    const sampler = new Sampler(crowd, lag);
    const looking = setInterval(() => this.#show(sampler.take()), STRETCH_MS);
    await this.#send();
    const sendingMs = sampler.elapsedMs;
    await this.#drain();
    clearInterval(looking);
    this.#progress.clear();
    const elapsedMs = sampler.elapsedMs;
    sampler.take();
    const { user, system } = process.cpuUsage(cpuBefore);
    const after = this.#usages();
    crowd.finish();
    const { delivery, acknowledgement, lateness } = crowd.timings;
    const { disconnects, cuts, reconnects, resumed, epochsTold, gaps, reservationsRefused } = crowd;
    return {
      options: this.#options,
      startedAt,
      interrupted: this.#interrupted.signal.aborted,
      connectingMs,
      elapsedMs,
      sendingMs,
      account: crowd.ledger.close((message) => crowd.held(message)),
      wire: crowd.faults,
      failures: Object.fromEntries(crowd.failures),
      ...{ disconnects, cuts, reconnects, resumed, epochsTold, gaps, reservationsRefused },
      outageMs: crowd.longestOutageMs,
      delivery: percentilesOf(delivery),
      acknowledgement: percentilesOf(acknowledgement),
      lateness: percentilesOf(lateness),
      loop: percentilesOf(lag.all),
      spread: { delivery: spreadOf(delivery), acknowledgement: spreadOf(acknowledgement) },
      timeline: sampler.timeline.points,
      generator: { cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss(), bytesAClient },
      servers: this.#options.pids.map((pid) => {
        const [start, end] = [before.get(pid), after.get(pid)];
        const cpuMs = start === undefined || end === undefined ? undefined : end.cpuMs - start.cpuMs;
        return { pid, cpuMs, rssBytes: end?.rssBytes };
      }),
    };
  }

  /** Resolves when the last message was sent, or at the interruption. Connections are cut as long as it sends. */
  async #send(): Promise<void> {
    const { rate, seconds, ramp, window } = this.#options;
    const over = new AbortController();
    churn(this.#crowd, this.#options.churn, over.signal);
    const { signal } = this.#interrupted;
    if (rate === 'max') {
      const loop = { window, seconds, rampSeconds: ramp, mostMessages: MOST_MESSAGES };
      await sendOnAnswer(this.#crowd, loop, signal);
    } else {
      await sendOnTime(this.#crowd, new Schedule(rate, seconds, ramp), signal);
    }
    over.abort();
  }

  /** Waits until everything that is promised has come, no longer than it may take. */
  async #drain(): Promise<void> {
    const { ledger } = this.#crowd;
    const startedAt = performance.now();
    let quietSince = startedAt;
    let before = -1;
    for (;;) {
      const now = performance.now();
      const patience = this.#interrupted.signal.aborted ? DRAIN_EARLY_MS : this.#options.patienceMs + DRAIN_MS;
      if (now - startedAt >= patience) return;
      const deliveries = ledger.deliveries;
      if (deliveries !== before) quietSince = now;
      before = deliveries;
      const { ids } = this.#options;
      const settled = !ids || ledger.unanswered === 0;
      const missing = this.#crowd.online < this.#crowd.size || (ids && deliveries < ledger.promised);
      const quietMs = missing ? QUIET_MISSING_MS : ids ? QUIET_MS : QUIET_BARE_MS;
      if (settled && now - quietSince >= quietMs) return;
      await Bun.sleep(20);
    }
  }

  #show(point: Point): void {
    const { ledger, faults } = this.#crowd;
    const notes: string[] = [];
    const alarms: string[] = [];
    const note = (where: string[], number: number, what: string): void => {
      if (number > 0) where.push(`${count(number)} ${what}`);
    };
    note(notes, point.offline, 'offline');
    note(notes, this.#options.ids ? point.unanswered : 0, 'unanswered');
    note(notes, ledger.failed, 'failed');
    note(notes, ledger.epochs, ledger.epochs === 1 ? 'epoch' : 'epochs');
    note(alarms, faults.foundAgain, 'LOST');
    note(alarms, ledger.doubled + faults.doubled, 'DOUBLED');
    note(alarms, ledger.outOfOrder + faults.outOfOrder, 'OUT OF ORDER');
    this.#progress.stretch(point, notes, alarms);
  }

  /** Says what it came to; false when that, or the report, could not be written. */
  async #tell(result: Result): Promise<boolean> {
    const look = lookFor(process.stdout.isTTY, process.env);
    const lines = this.#options.json ? [jsonOf(result)] : [...tableOf(result, look), '', ...histogramOf(result, look)];
    const unprinted = await print(`${lines.join('\n')}\n`);
    if (unprinted !== undefined) this.#progress.say(`load: the result could not be printed: ${unprinted.message}`);
    const { report } = this.#options;
    if (report === undefined) return unprinted === undefined;
    try {
      await Bun.write(report, pageOf(result));
      return unprinted === undefined;
    } catch (error) {
      this.#progress.say(`load: --report ${shown(report)}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  #usages(): Map<number, Usage | undefined> {
    return new Map(this.#options.pids.map((pid) => [pid, usageOf(pid)]));
  }
}

/** Resolves when all was written for good: to why not, unless somebody reads no further. */
function print(text: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const ended = (error: NodeJS.ErrnoException | null | undefined): void =>
      resolve(error == null || error.code === 'EPIPE' ? undefined : error);
    process.stdout.on('error', ended);
    process.stdout.write(text, ended);
  });
}

/** A report that cannot be written is no report: that is found before anything is done. */
function reportOrExit(path: string | undefined): void {
  if (path === undefined) return;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new Error('a folder');
    if (there !== undefined) return accessSync(path, constants.W_OK);
    closeSync(openSync(path, 'wx'));
    unlinkSync(path);
  } catch {
    process.stderr.write(`load: --report ${shown(path)}: no file can be made there (--help shows the flags)\n`);
    process.exit(2);
  }
}

const options = optionsOrExit('load', readLoadFlags(process.argv.slice(2), fdLimit()));
reportOrExit(options.report);
process.exit(await new LoadRun(options).run());
