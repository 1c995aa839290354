// The whole screen of a terminal, lent to one program: its keys come as they are pressed, lines are drawn where they
// changed, the cursor stands where it is wanted or nowhere, and whatever way the program ends the terminal is as it was.
// It knows no program and no key.

import { writeSync } from 'node:fs';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[H\u001b[2J';
const LEAVE = '\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[0m\u001b[?1049l';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[2K';
const CLEAR_DOWN = '\u001b[J';

export interface FullScreenEvents {
  /** Keys that were pressed, as the terminal sends them; what is pasted stands between ESC [200~ and ESC [201~. */
  keys(text: string): void;
  /** What is on it has to be drawn: it has another size, is back, or takes more again. */
  redraw(): void;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Both from 0. */
export interface Cursor {
  readonly column: number;
  readonly row: number;
}

export class FullScreen {
  readonly #events: FullScreenEvents;
  readonly #decoder = new TextDecoder();
  #drawn: readonly string[] = [];
  #cursor = '';
  #isOpen = false;

  constructor(events: FullScreenEvents) {
    this.#events = events;
    process.on('exit', () => this.close());
    process.on('SIGCONT', () => this.open());
    process.on('SIGTSTP', () => this.#stop());
    process.stdout.on('resize', () => this.redrawAll());
    process.stdout.on('drain', () => this.#events.redraw());
    process.stdin.on('data', (chunk: Uint8Array) => this.#events.keys(this.#decoder.decode(chunk, { stream: true })));
  }

  get size(): ScreenSize {
    const { columns = 80, rows = 24 } = process.stdout;
    return { columns: Math.max(1, columns), rows: Math.max(1, rows) };
  }

  /** Takes the screen. */
  open(): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
    this.#isOpen = true;
    process.stdout.write(ENTER);
    this.redrawAll();
  }

  /** Draws everything anew, whatever stood there. */
  redrawAll(): void {
    this.#drawn = [];
    this.#cursor = '';
    this.#events.redraw();
  }

  /** Shows these lines, none wider than the screen, and nothing else. */
  draw(lines: readonly string[], cursor?: Cursor): void {
    // A terminal that does not keep up gets the next one.
    if (!this.#isOpen || process.stdout.writableNeedDrain) return;
    let text = '';
    for (const [i, line] of lines.entries()) {
      if (line !== this.#drawn[i]) text += `\u001b[${i + 1};1H${CLEAR_LINE}${line}`;
    }
    if (lines.length < this.#drawn.length) text += `\u001b[${lines.length + 1};1H${CLEAR_DOWN}`;
    this.#drawn = lines;
    const place = cursor === undefined ? '' : `\u001b[${cursor.row + 1};${cursor.column + 1}H${SHOW_CURSOR}`;
    if (text === '' && place === this.#cursor) return;
    this.#cursor = place;
    process.stdout.write(HIDE_CURSOR + text + place);
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
    // Before the others of the job stop: the shell has the terminal as soon as they have.
    this.close();
    process.kill(0, 'SIGTSTP');
  }

  /** We are to stop, by the key or by somebody else: the terminal is given back before. */
  #stop(): void {
    this.close();
    process.kill(process.pid, 'SIGSTOP');
  }
}
