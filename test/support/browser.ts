// A real browser for tests of pages: Chromium, without a window, one for all tests of a file. What a page says on its
// console as an error, and what it throws, ends the test that looks: pages are silent.

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { requireTool } from './tools.ts';

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
];
/** A machine may be busy. */
const PATIENCE_MS = 30_000;

/** Where Chromium is; undefined: it is not installed. */
export const chromiumPath = requireTool('chromium', 'chromium-browser', 'google-chrome');

/** A task of a page's main thread: how long it took, and how long of that it ran. */
export interface Task {
  readonly ms: number;
  readonly threadMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #faults: string[] = [];

  static async start(): Promise<TestBrowser> {
    return new TestBrowser(await chromium.launch({ executablePath: chromiumPath as string, args: FLAGS }));
  }

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** A page of its own, which shares nothing with another. */
  async page(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.#faults.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // Whoever loses its server hears of it from the browser, too.
      if (message.type() === 'error' && !/WebSocket connection|ERR_CONNECTION|ERR_INCOMPLETE/.test(message.text())) {
        this.#faults.push(message.text());
      }
    });
    return page;
  }

  /** From now on what the page does is traced. */
  async trace(page: Page): Promise<void> {
    await this.#browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] });
  }

  /** Every task of the main thread of the page that was traced, and the end of the trace. */
  async tasks(): Promise<Task[]> {
    const { traceEvents } = JSON.parse((await this.#browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
    const tasks = traceEvents.filter(({ name, ph }) => ph === 'X' && name.endsWith('RunTask'));
    const ofMain = (event: TraceEvent) => mains.some(({ pid, tid }) => pid === event.pid && tid === event.tid);
    return tasks.filter(ofMain).map(({ dur = 0, tdur = 0 }) => ({ ms: dur / 1000, threadMs: tdur / 1000 }));
  }

  /** What pages have thrown or complained of until now. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
