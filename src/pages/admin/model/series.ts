// Series: the figures of one server over the last minutes, a point for each look. Rates are made of what was counted between
// two looks; a server that began anew begins a new rate.

import { between, quantile, type Scrape } from '../../../base/prometheus.ts';

/** What is plotted: rates a second, delays in milliseconds. */
export const FIGURES = [
  'messages',
  'deliveredBytes',
  'commands',
  'commitMs',
  'loopMs',
  'connections',
  'memory',
] as const;
export type Figure = (typeof FIGURES)[number];
export type Point = Readonly<Record<Figure, number | undefined>>;

const COUNTERS = {
  messages: 'chorus_messages_total',
  deliveredBytes: 'chorus_written_bytes_total',
  commands: 'chorus_commands_total',
} as const;
const DELAYS = { commitMs: 'chorus_commit_seconds', loopMs: 'chorus_loop_delay_seconds' } as const;
const PART = 0.99;

export class Series {
  readonly #most: number;
  /** Unix seconds, rising. */
  readonly times: number[] = [];
  readonly #points: Point[] = [];
  #before: { readonly at: number; readonly scrape: Scrape } | undefined;

  constructor(most = 300) {
    this.#most = most;
  }

  get last(): Point | undefined {
    return this.#points.at(-1);
  }

  /** The values of a figure, one for each time; null where there is none. */
  of(figure: Figure): (number | null)[] {
    return this.#points.map((point) => point[figure] ?? null);
  }

  /** Takes a look at `now`, in Unix milliseconds. */
  take(scrape: Scrape, now: number): void {
    const before = this.#before;
    this.#before = { at: now, scrape };
    if (before === undefined || now <= before.at) return;
    const seconds = (now - before.at) / 1000;
    const rate = (name: string): number | undefined => {
      const [was, is] = [before.scrape.sum(name), scrape.sum(name)];
      return was === undefined || is === undefined || is < was ? undefined : (is - was) / seconds;
    };
    const delay = (name: string): number | undefined => {
      const bound = quantile(between(before.scrape.buckets(name), scrape.buckets(name)), PART);
      return bound === undefined || bound === Number.POSITIVE_INFINITY ? undefined : bound * 1000;
    };
    this.times.push(now / 1000);
    this.#points.push({
      messages: rate(COUNTERS.messages),
      deliveredBytes: rate(COUNTERS.deliveredBytes),
      commands: rate(COUNTERS.commands),
      commitMs: delay(DELAYS.commitMs),
      loopMs: delay(DELAYS.loopMs),
      connections: scrape.value('chorus_connections'),
      memory: scrape.value('process_resident_memory_bytes'),
    });
    if (this.times.length > this.#most) {
      this.times.shift();
      this.#points.shift();
    }
  }
}
