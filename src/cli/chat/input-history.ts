// What was typed before, to be typed again: a bounded list, and a place in it while one looks through. What was being
// typed when the looking began comes back at its end.

const MOST_LINES = 200;

export class InputHistory {
  readonly #lines: string[] = [];
  #at = 0;
  #draft = '';

  /** Keeps a line that was said, and ends the looking. */
  add(line: string): void {
    if (line !== '' && line !== this.#lines.at(-1)) this.#lines.push(line);
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
    this.#at = this.#lines.length;
  }

  /** The line before; undefined when there is none. `typed` stands there now. */
  older(typed: string): string | undefined {
    if (this.#at === 0) return undefined;
    if (this.#at === this.#lines.length) this.#draft = typed;
    this.#at--;
    return this.#lines[this.#at];
  }

  /** The line behind it, at last what was being typed; undefined when nothing is looked through. */
  newer(): string | undefined {
    if (this.#at === this.#lines.length) return undefined;
    this.#at++;
    return this.#lines[this.#at] ?? this.#draft;
  }
}
