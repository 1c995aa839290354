// The load generator: many clients at a fixed rate, and a count of everything lost, doubled or out of order
// (`bun run load`). The rate is kept open-loop: message n is due at n / rate, whatever became of those before it, and
// its latency counts from there.
// It always ends by itself: sending by its time, connecting and the wait for what is still on its way by bounds of
// their own. It exits with 0 when all is well, with 1 when it is not, with 2 for a wrong flag, and with 130 when a
// second Ctrl-C ends it without a table.

import { createHistogram } from 'node:perf_hooks';
import { fdLimit } from '../../ops/fd-limit.ts';
import { accessOrExit } from '../access.ts';
import { optionsOrExit } from '../flags.ts';
import { Crowd, messagesOf } from './crowd.ts';
import { type LoadOptions, readLoadFlags } from './options.ts';
import { type Usage, usageOf } from './process.ts';
import { jsonOf, percentilesOf, progressOf, type Result, tableOf, verdictOf } from './report.ts';

const TICK_MS = 1;
/** At most so many messages in a row before what comes in is looked at. */
const MOST_AT_ONCE = 2_000;
const PROGRESS_MS = 1_000;
/** How long to wait for the last answers and deliveries beyond the patience with them; and when it was ended early. */
const DRAIN_MS = 5_000;
const DRAIN_EARLY_MS = 1_500;
/** How long to look whether more comes: after the last expected delivery; without ids; when some are missing. */
const QUIET_MS = 300;
const QUIET_BARE_MS = 1_000;
const QUIET_MISSING_MS = 3_000;
/** How long connecting may take: this, and so much a client. */
const GATHER_MS = 15_000;
const GATHER_MS_A_CLIENT = 20;
const DISPERSE_MS = 2_000;
const LATENCY = { lowest: 1, highest: 3_600_000_000, figures: 3 } as const;

class LoadRun {
  readonly #options: LoadOptions;
  readonly #timings = {
    delivery: createHistogram(LATENCY),
    recent: createHistogram(LATENCY),
    acknowledgement: createHistogram(LATENCY),
    lateness: createHistogram(LATENCY),
  };
  readonly #crowd: Crowd;
  readonly #interrupted = new AbortController();
  readonly #live = process.stderr.isTTY;

  constructor(options: LoadOptions) {
    this.#options = options;
    const name = `load${Math.floor(Math.random() * 36 ** 6).toString(36)}`;
    this.#crowd = new Crowd(options, this.#timings, name, accessOrExit('load', options));
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
    if (!(await this.#gather())) return 1;
    const bytesAClient = Math.max(process.memoryUsage.rss() - rssBefore, 0) / this.#crowd.size;
    const before = this.#usages();
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    this.#crowd.startedAt = startedAt;
    const progress = setInterval(() => this.#progress(), PROGRESS_MS);
    await this.#send();
    const sendingMs = performance.now() - startedAt;
    await this.#drain();
    clearInterval(progress);
    if (this.#live) process.stderr.write('\r\u001b[K');
    const elapsedMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpuBefore);
    const rssBytes = process.memoryUsage.rss();
    const generator = { cpuMs: (user + system) / 1_000, rssBytes, bytesAClient };
    const result = this.#result(sendingMs, elapsedMs, generator, before);
    process.stdout.write(this.#options.json ? `${jsonOf(result)}\n` : `${tableOf(result).join('\n')}\n`);
    await Promise.race([this.#crowd.disperse(), Bun.sleep(DISPERSE_MS)]);
    return verdictOf(result).good ? 0 : 1;
  }

  async #gather(): Promise<boolean> {
    const { clients } = this.#options;
    const startedAt = performance.now();
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`only ${this.#crowd.online} of ${clients} clients are connected`)),
      GATHER_MS + clients * GATHER_MS_A_CLIENT,
    );
    try {
      await this.#crowd.gather(AbortSignal.any([this.#interrupted.signal, late.signal]));
    } catch (error) {
      this.#say(`load: the clients could not be connected: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    } finally {
      clearTimeout(timer);
    }
    this.#say(`${clients} clients connected in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    return true;
  }

  /** Sends every message at its time; resolves when the last one was sent, or at the interruption. */
  async #send(): Promise<void> {
    const messages = messagesOf(this.#options);
    const { rate } = this.#options;
    const { signal } = this.#interrupted;
    let next = 0;
    while (next < messages && !signal.aborted) {
      const due = Math.min(Math.floor(((performance.now() - this.#crowd.startedAt) * rate) / 1_000) + 1, messages);
      const until = Math.min(due, next + MOST_AT_ONCE);
      while (next < until) this.#crowd.send(next++);
      if (until < due) await new Promise((resolve) => setImmediate(resolve));
      else await Bun.sleep(Math.max(this.#crowd.intendedAt(next) - performance.now(), TICK_MS));
    }
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

  #lastAt = 0;
  #lastSent = 0;
  #lastDeliveries = 0;

  #progress(): void {
    const { ledger, faults } = this.#crowd;
    const now = performance.now();
    const seconds = (now - Math.max(this.#lastAt, this.#crowd.startedAt)) / 1_000;
    const { recent } = this.#timings;
    const notes: string[] = [];
    const note = (count: number, what: string): void => {
      if (count > 0) notes.push(`${count} ${what}`);
    };
    note(this.#crowd.size - this.#crowd.online, 'offline');
    note(this.#options.ids ? ledger.unanswered : 0, 'unanswered');
    note(ledger.failed, 'failed');
    note(ledger.epochs, ledger.epochs === 1 ? 'epoch' : 'epochs');
    note(faults.foundAgain, 'LOST');
    note(ledger.doubled + faults.doubled, 'DOUBLED');
    note(ledger.outOfOrder + faults.outOfOrder, 'OUT OF ORDER');
    const line = progressOf(
      (now - this.#crowd.startedAt) / 1_000,
      (ledger.sent - this.#lastSent) / seconds,
      (ledger.deliveries - this.#lastDeliveries) / seconds,
      percentilesOf(recent),
      notes,
    );
    recent.reset();
    this.#lastAt = now;
    this.#lastSent = ledger.sent;
    this.#lastDeliveries = ledger.deliveries;
    process.stderr.write(this.#live ? `\r${line}\u001b[K` : `${line}\n`);
  }

  #result(
    sendingMs: number,
    elapsedMs: number,
    generator: Result['generator'],
    before: ReadonlyMap<number, Usage | undefined>,
  ): Result {
    const crowd = this.#crowd;
    crowd.finish();
    const after = this.#usages();
    return {
      options: this.#options,
      interrupted: this.#interrupted.signal.aborted,
      elapsedMs,
      sendingMs,
      account: crowd.ledger.close((message) => crowd.held(message)),
      wire: crowd.faults,
      failures: Object.fromEntries(crowd.failures),
      disconnects: crowd.disconnects,
      reconnects: crowd.reconnects,
      resumed: crowd.resumed,
      epochsTold: crowd.epochsTold,
      outageMs: crowd.longestOutageMs,
      gaps: crowd.gaps,
      reservationsRefused: crowd.reservationsRefused,
      delivery: percentilesOf(this.#timings.delivery),
      acknowledgement: percentilesOf(this.#timings.acknowledgement),
      lateness: percentilesOf(this.#timings.lateness),
      generator,
      servers: this.#options.pids.map((pid) => {
        const [start, end] = [before.get(pid), after.get(pid)];
        const cpuMs = start === undefined || end === undefined ? undefined : end.cpuMs - start.cpuMs;
        return { pid, cpuMs, rssBytes: end?.rssBytes };
      }),
    };
  }

  #usages(): Map<number, Usage | undefined> {
    return new Map(this.#options.pids.map((pid) => [pid, usageOf(pid)]));
  }

  #say(line: string): void {
    process.stderr.write(`${line}\n`);
  }
}

const code = await new LoadRun(optionsOrExit('load', readLoadFlags(process.argv.slice(2), fdLimit()))).run();
// What is written to a pipe is written for good only when its callback says so.
process.stdout.write('', () => process.exit(code));
