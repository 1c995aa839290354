// The whole screen of a terminal, lent to one program: its keys come as they are pressed, lines are drawn where they
// changed, and whatever way the program ends the terminal is as it was. It knows no program and no key.

import { writeSync } from 'node:fs';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H\u001b[2J';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[0m\u001b[?1049l';
const CLEAR_LINE = '\u001b[2K';
const CLEAR_DOWN = '\u001b[J';

export interface FullScreenEvents {
  /** Keys that were pressed, as the terminal sends them. */
  keys(text: string): void;
  /** It has another size, or is back: what is on it has to be drawn. */
  resized(): void;
}

export class FullScreen {
  readonly #events: FullScreenEvents;
  #drawn: readonly string[] = [];
  #isOpen = false;

  constructor(events: FullScreenEvents) {
    this.#events = events;
    process.on('exit', () => this.close());
    process.on('SIGCONT', () => this.open());
    process.stdout.on('resize', () => {
      this.#drawn = [];
      this.#events.resized();
    });
    process.stdin.on('data', (chunk) => this.#events.keys(chunk.toString()));
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns = 80, rows = 24 } = process.stdout;
    return { columns: Math.max(1, columns), rows: Math.max(1, rows) };
  }

  /** Takes the screen. */
  open(): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
    this.#isOpen = true;
    this.#drawn = [];
    process.stdout.write(ENTER);
    this.#events.resized();
  }

  /** Shows these lines, none wider than the screen, and nothing else. */
  draw(lines: readonly string[]): void {
    // A terminal that does not keep up gets the next one.
    if (!this.#isOpen || process.stdout.writableNeedDrain) return;
    let text = '';
    for (const [i, line] of lines.entries()) {
      if (line !== this.#drawn[i]) text += `\u001b[${i + 1};1H${CLEAR_LINE}${line}`;
    }
    if (lines.length < this.#drawn.length) text += `\u001b[${lines.length + 1};1H${CLEAR_DOWN}`;
    this.#drawn = lines;
    if (text !== '') process.stdout.write(text);
  }

  /** Gives the screen back, at once: nothing may run behind this. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    try {
      writeSync(1, LEAVE);
    } catch {
      // The terminal is gone, and there is nothing left to restore.
    }
  }

  /** Lets the shell have the terminal, until it continues all of its job. */
  suspend(): void {
    this.close();
    process.kill(0, 'SIGTSTP');
  }
}
