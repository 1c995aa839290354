// How a run goes, while it goes: on a terminal one line with a bar that is drawn again and again, elsewhere a line now
// and then. It says what it is given, and takes no time of its own.

import { fit } from '../cells.ts';
import { ms } from './result.ts';
import { barOf, count, type Look } from './table.ts';
import type { Point } from './timeline.ts';

const BAR_WIDTH = 24;
/** Without a terminal: the first second is told, and then so many seconds pass between two lines. */
const PLAIN_EVERY_S = 5;

/** The part of a terminal that is needed. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class Progress {
  readonly #stream: ProgressStream;
  readonly #look: Look;
  readonly #seconds: number;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** Of a run that sends for `seconds`. */
  constructor(stream: ProgressStream, look: Look, seconds: number) {
    this.#stream = stream;
    this.#look = look;
    this.#seconds = seconds;
  }

  /** So many of the clients are connected; `trouble` stands in the way of others. */
  connecting(connected: number, clients: number, trouble = ''): void {
    if (this.#stream.isTTY !== true) return;
    this.#draw(`${this.#bar(connected / clients)} ${count(connected)} of ${count(clients)} connected${trouble}`);
  }

  /** What the last stretch was like; `alarms` are faults until now, `notes` what else there is. */
  stretch(point: Point, notes: readonly string[], alarms: readonly string[]): void {
    const isTTY = this.#stream.isTTY === true;
    if (!isTTY && point.at < this.#saidAt + PLAIN_EVERY_S - 0.5) return;
    this.#saidAt = point.at;
    const parts = [
      `${count(Math.round(point.sent / point.seconds))} sent/s`,
      `${count(Math.round(point.delivered / point.seconds))} delivered/s`,
      `p50 ${ms(point.p50)}`,
      `p99 ${ms(point.p99)} ms`,
      ...alarms,
      ...notes,
    ];
    const time = `${point.at.toFixed(0).padStart(4)} of ${this.#seconds} s`;
    if (isTTY) this.#draw([`${this.#bar(point.at / this.#seconds)} ${time}`, ...parts].join('  '));
    else this.#stream.write(`${[time, ...parts].join('  ')}\n`);
  }

  /** A line that stays. */
  say(line: string): void {
    this.clear();
    this.#stream.write(`${line}\n`);
  }

  /** Takes the drawn line away. */
  clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write('\r\u001b[K');
  }

  #bar(share: number): string {
    const { unicode } = this.#look;
    const bar = barOf(Math.min(share, 1), BAR_WIDTH, unicode);
    return `${bar}${(unicode ? '░' : '.').repeat(BAR_WIDTH - bar.length)}`;
  }

  #draw(line: string): void {
    // A line as wide as the terminal would begin the next one.
    const shown = fit(line, (this.#stream.columns ?? 80) - 1, this.#look.unicode ? '…' : '~');
    const bar = shown.slice(0, BAR_WIDTH);
    this.#stream.write(`\r${this.#look.good(bar)}${shown.slice(BAR_WIDTH)}\u001b[K`);
  }
}
