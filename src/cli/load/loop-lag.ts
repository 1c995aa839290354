// How late the loop of this very program is. A load generator that is busy reads late what came in time, and would take
// its own lateness for the server's: what it measures is worth no more than this says.
// A delay counts for every tick that it swallowed, as whatever came meanwhile waited as well.

import { Histogram } from './histogram.ts';

const EVERY_MS = 10;
/** Of a longer stop the rest counts once. */
const MOST_TICKS = 1_000;

export class LoopLag implements Disposable {
  /** Delays in microseconds. */
  readonly all = new Histogram();
  #worstMs = 0;
  #before = performance.now();
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.note(now - this.#before - EVERY_MS);
    this.#before = now;
  }, EVERY_MS);

  /** One tick that came so many ms late; one that came early was not late. */
  note(lateMs: number): void {
    const late = Math.max(lateMs, 0);
    this.#worstMs = Math.max(this.#worstMs, late);
    const ticks = Math.min(Math.floor(late / EVERY_MS), MOST_TICKS);
    for (let tick = 0; tick <= ticks; tick++) this.all.record((late - tick * EVERY_MS) * 1_000);
  }

  /** The worst since this was asked last, ms. */
  takeWorst(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
