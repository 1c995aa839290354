// Top: what a server does, at a terminal (`bun run top`). It looks again and again at what the server has for operators
// over HTTP, and shows it until it is ended. A server that is away is asked again, less and less often, and what was seen
// last stays on the screen meanwhile. It changes nothing anywhere.
// It exits with 0 when it was ended, with 1 when --once finds nobody, and with 2 for a wrong flag or token.

import { optionsOrExit } from '../flags.ts';
import { FullScreen } from '../full-screen.ts';
import { type Effect, firstUi, keysIn, press, type Ui } from './keys.ts';
import { TopModel, type View } from './model.ts';
import { readTopFlags, type TopOptions } from './options.ts';
import { COLOURED, COLOURLESS, draw, type Reach, snapshot } from './screen.ts';
import { Refused, TopSource } from './source.ts';
import { ASCII, BLOCKS } from './text.ts';

const RETRY_MS = 500;
const RETRY_MAX_MS = 10_000;
/** The clock and what is waited for are drawn so often. */
const REDRAW_MS = 1000;
const PLAIN_COLUMNS = 120;

const isUtf8 = /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '');
const glyphs = isUtf8 ? BLOCKS : ASCII;
const hasColour = (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
const paint = hasColour ? COLOURED : COLOURLESS;

/** One of the servers that were given, and what is known of it. */
class Watch {
  readonly address: string;
  readonly source: TopSource;
  readonly model = new TopModel();
  reach: Reach = { kind: 'connecting' };
  retryAt = 0;
  #listening: AbortController | undefined;

  constructor(base: string, token: string | undefined) {
    this.address = base.replace(/^http:\/\//, '');
    this.source = new TopSource(base, token);
  }

  /** Hears of events, unless it does already. */
  listen(onEvent: () => void): void {
    if (this.#listening !== undefined) return;
    const listening = new AbortController();
    this.#listening = listening;
    const hear = this.source.listen((event) => {
      this.model.happened(event);
      onEvent();
    }, listening.signal);
    // Whatever ends it, the next look that succeeds begins it again.
    const over = (): void => {
      if (this.#listening === listening) this.#listening = undefined;
    };
    void hear.then(over, over);
  }

  leave(): void {
    this.#listening?.abort();
    this.#listening = undefined;
  }
}

class TopProgram {
  readonly #watches: readonly Watch[];
  readonly #screen: FullScreen;
  #ui: Ui;
  #page = 1;
  /** What is shown while it is paused. */
  #frozen: View | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Watch | undefined;

  constructor({ bases, token, intervalMs, sort }: TopOptions) {
    this.#watches = bases.map((base) => new Watch(base, token));
    this.#ui = firstUi(intervalMs, sort);
    this.#screen = new FullScreen({ keys: (text) => this.#pressed(text), redraw: () => this.#draw() });
  }

  run(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(0));
    process.on('uncaughtException', (error) => this.#quit(1, String(error.stack ?? error)));
    process.on('unhandledRejection', (error) => this.#quit(1, String(error)));
    process.stdout.on('error', () => process.exit(0));
    this.#screen.open();
    setInterval(() => this.#draw(), REDRAW_MS);
    void this.#look();
  }

  get #watch(): Watch {
    return this.#watches[this.#ui.source] as Watch;
  }

  /** Looks now, and again when the time for that has come. */
  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const watch = this.#watch;
    if (this.#looking === watch || this.#ui.isPaused) return;
    this.#looking = watch;
    let waitMs: number;
    try {
      watch.model.take(await watch.source.look(this.#ui.sort, () => performance.now()));
      watch.reach = { kind: 'live' };
      watch.listen(() => this.#draw());
      waitMs = this.#ui.intervalMs;
    } catch (error) {
      if (error instanceof Refused) return this.#quit(2, error.message);
      waitMs = this.#missed(watch, error instanceof Error ? error.message : String(error));
    }
    // Another server may have been chosen meanwhile.
    if (this.#looking !== watch) return;
    this.#looking = undefined;
    this.#timer = setTimeout(() => void this.#look(), waitMs);
    this.#draw();
  }

  /** It did not answer; in how many ms it is asked again. */
  #missed(watch: Watch, reason: string): number {
    const tries = watch.reach.kind === 'away' ? watch.reach.tries + 1 : 1;
    const waitMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (tries - 1));
    watch.retryAt = performance.now() + waitMs;
    watch.reach = { kind: 'away', reason, tries, retryInMs: waitMs };
    return waitMs;
  }

  #pressed(text: string): void {
    for (const key of keysIn(text)) {
      const before = this.#ui;
      const { ui, effect } = press(before, key, this.#watches.length, this.#page);
      this.#ui = ui;
      if (before.source !== ui.source) this.#watches[before.source]?.leave();
      if (before.isPaused !== ui.isPaused) this.#frozen = ui.isPaused ? this.#view() : undefined;
      this.#obey(effect);
    }
    this.#draw();
  }

  #obey(effect: Effect): void {
    if (effect === 'quit') process.exit(0);
    if (effect === 'suspend') this.#screen.suspend();
    if (effect === 'look') void this.#look();
  }

  #view(): View | undefined {
    return this.#frozen ?? this.#watch.model.view(Date.now());
  }

  #draw(): void {
    const { address, reach, retryAt } = this.#watch;
    const shown = reach.kind === 'away' ? { ...reach, retryInMs: retryAt - performance.now() } : reach;
    const scene = { view: this.#view(), reach: shown, ui: this.#ui, address, sources: this.#watches.length };
    const { lines, ui, page } = draw({ ...scene, now: Date.now() }, this.#screen.size, paint, glyphs);
    this.#ui = ui;
    this.#page = page;
    this.#screen.draw(lines);
  }

  #quit(code: number, message: string): void {
    this.#screen.close();
    process.stderr.write(`top: ${message}\n`);
    process.exit(code);
  }
}

/** Looks for one interval, and prints what was seen. Resolves to the exit code. */
async function once({ bases, token, intervalMs, sort, json }: TopOptions): Promise<number> {
  let found = 0;
  for (const base of bases) {
    const { source, model, address } = new Watch(base, token);
    const look = async (): Promise<void> => model.take(await source.look(sort, () => performance.now()));
    try {
      await look();
      await Bun.sleep(intervalMs);
      await look();
    } catch (error) {
      process.stderr.write(`top: ${address}: ${error instanceof Error ? error.message : String(error)}\n`);
      if (error instanceof Refused) return 2;
      continue;
    }
    found++;
    const now = Date.now();
    const view = model.view(now) as View;
    const ui = firstUi(intervalMs, sort);
    const scene = { view, reach: { kind: 'live' } as const, ui, address, sources: bases.length, now };
    const columns = process.stdout.columns ?? PLAIN_COLUMNS;
    const text = json ? JSON.stringify({ address, ...view }) : snapshot(scene, columns, glyphs).join('\n');
    process.stdout.write(`${text}\n`);
  }
  return found === bases.length ? 0 : 1;
}

// A proxy would be given the token, and has nothing to do with what is asked here.
for (const name of ['HTTP_PROXY', 'http_proxy']) delete process.env[name];
const options = optionsOrExit('top', readTopFlags(process.argv.slice(2), process.env));
if (options.once || !process.stdout.isTTY) {
  const code = await once(options);
  process.stdout.write('', () => process.exit(code));
} else new TopProgram(options).run();
