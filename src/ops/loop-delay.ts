// Loop delay: how late the event loop is. A timer notes by how much it comes too late; nothing else shows a loop that
// stands still, as everything that could tell stands still with it.

const EVERY_MS = 200;
/** Upper bounds of the buckets, in seconds; one more is for all above. */
export const DELAY_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export class LoopDelay implements Disposable {
  /** Delays by bucket, each counted in one. */
  readonly counts = new Float64Array(DELAY_BOUNDS.length + 1);
  /** All of them together, in seconds. */
  sum = 0;
  #due: number;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    this.#due = performance.now() + EVERY_MS;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.note((now - this.#due) / 1000);
      this.#due = now + EVERY_MS;
    }, EVERY_MS);
    this.#timer.unref();
  }

  /** One delay in seconds; a timer that came early was not late. */
  note(delay: number): void {
    const late = Math.max(0, delay);
    const bucket = DELAY_BOUNDS.findIndex((bound) => late <= bound);
    (this.counts[bucket < 0 ? DELAY_BOUNDS.length : bucket] as number)++;
    this.sum += late;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
