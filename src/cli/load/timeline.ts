// How a run went, second by second, for plots: so many points at most, however long it lasts. When there are too many,
// neighbours become one, that is as long as both and has their sums; of what is no sum it has the worse of both, so
// that no peak is lost.

/** One stretch of a run. */
export interface Point {
  /** When it ended, in seconds since the first message. */
  readonly at: number;
  /** How long it was. */
  readonly seconds: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** Of deliveries, ms. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** At its end: clients without a connection, and messages without an outcome. */
  readonly offline: number;
  readonly unanswered: number;
  /** By how much this program's own loop was late at worst, ms. */
  readonly loopMs: number;
}

const MOST_POINTS = 300;

export class Timeline {
  #points: Point[] = [];
  /** So many seconds become one point. */
  #step = 1;
  /** Points given since the last one that was entered. */
  #open: Point | undefined;
  #given = 0;

  /** From the first to the last. */
  get points(): readonly Point[] {
    return this.#open === undefined ? this.#points : [...this.#points, this.#open];
  }

  add(point: Point): void {
    this.#open = this.#open === undefined ? point : joined(this.#open, point);
    if (++this.#given < this.#step) return;
    this.#points.push(this.#open);
    this.#open = undefined;
    this.#given = 0;
    if (this.#points.length < MOST_POINTS) return;
    this.#points = this.#points.flatMap((each, i) => {
      const next = this.#points[i + 1];
      return i % 2 === 1 ? [] : [next === undefined ? each : joined(each, next)];
    });
    this.#step *= 2;
  }
}

function joined(a: Point, b: Point): Point {
  return {
    at: b.at,
    seconds: a.seconds + b.seconds,
    sent: a.sent + b.sent,
    acknowledged: a.acknowledged + b.acknowledged,
    delivered: a.delivered + b.delivered,
    p50: Math.max(a.p50, b.p50),
    p99: Math.max(a.p99, b.p99),
    max: Math.max(a.max, b.max),
    offline: Math.max(a.offline, b.offline),
    unanswered: Math.max(a.unanswered, b.unanswered),
    loopMs: Math.max(a.loopMs, b.loopMs),
  };
}
