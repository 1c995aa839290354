// The schedule of an open loop: when each message is to be sent, whatever became of those before it. The rate rises
// evenly from nothing during the ramp, and stays as it is then. Times are in ms since the beginning; it knows no clock.

export class Schedule {
  /** How many messages there are. */
  readonly messages: number;
  /** Messages a millisecond, behind the ramp. */
  readonly #rate: number;
  readonly #rampMs: number;
  readonly #endMs: number;
  /** Messages of the ramp. */
  readonly #ramped: number;

  /** `rate` messages a second for `seconds`, of which the first `rampSeconds` are the ramp. */
  constructor(rate: number, seconds: number, rampSeconds: number) {
    this.#rate = rate / 1_000;
    this.#rampMs = rampSeconds * 1_000;
    this.#endMs = seconds * 1_000;
    this.#ramped = (this.#rate * this.#rampMs) / 2;
    this.messages = Math.max(Math.round(this.#dueUntil(this.#endMs)), 1);
  }

  /** When message `number`, counted from 0, is to be sent; behind the last one it is the end. */
  dueAt(number: number): number {
    if (number >= this.messages) return this.#endMs;
    if (number >= this.#ramped) return this.#rampMs + (number - this.#ramped) / this.#rate;
    return Math.sqrt((2 * number * this.#rampMs) / this.#rate);
  }

  /** How many messages are due at `ms`. */
  dueBy(ms: number): number {
    return Math.min(Math.floor(this.#dueUntil(ms)) + 1, this.messages);
  }

  /** The integral of the rate. */
  #dueUntil(ms: number): number {
    if (ms >= this.#rampMs) return this.#ramped + this.#rate * (ms - this.#rampMs);
    return (this.#rate * ms * ms) / (2 * this.#rampMs);
  }
}
