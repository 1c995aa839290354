// Looks at a crowd again and again, and says what it was like since it looked last: the points of a timeline.

import type { Crowd } from './crowd.ts';
import type { LoopLag } from './loop-lag.ts';
import { percentilesOf } from './result.ts';
import { type Point, Timeline } from './timeline.ts';

export class Sampler {
  readonly timeline = new Timeline();
  readonly #crowd: Crowd;
  readonly #lag: LoopLag;
  readonly #startedAt = performance.now();
  #before = { at: 0, sent: 0, acknowledged: 0, delivered: 0 };

  /** Its time begins now. */
  constructor(crowd: Crowd, lag: LoopLag) {
    this.#crowd = crowd;
    this.#lag = lag;
  }

  /** Since the beginning. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** What it was like since the last call. */
  take(): Point {
    const { ledger, timings, size, online } = this.#crowd;
    const at = this.elapsedMs / 1_000;
    const before = this.#before;
    this.#before = { at, sent: ledger.sent, acknowledged: ledger.acknowledged, delivered: ledger.deliveries };
    const { p50, p99, max } = percentilesOf(timings.recent);
    timings.recent.reset();
    const point: Point = {
      at,
      seconds: at - before.at,
      sent: ledger.sent - before.sent,
      acknowledged: ledger.acknowledged - before.acknowledged,
      delivered: ledger.deliveries - before.delivered,
      ...{ p50, p99, max },
      offline: size - online,
      unanswered: ledger.unanswered,
      loopMs: this.#lag.takeWorst(),
    };
    this.timeline.add(point);
    return point;
  }
}
