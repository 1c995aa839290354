// Where a program of the terminal reads lines and shows them. On a terminal a prompt stays at the bottom, with what is
// being typed in it, while lines appear above; without one, or on one that can do no more than print, lines come from
// stdin, what happens goes to stdout and the program's own notices to stderr.

import { createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';

export interface Screen {
  /** Shows what happens. */
  show(line: string): void;
  /** Shows what the program has to say. */
  notice(line: string): void;
  prompt(text: string): void;
  /** Lines as they are typed, until the end of input. */
  lines(): AsyncIterable<string>;
  /** Ends reading, and leaves the terminal as it was. */
  close(): void;
}

const CLEAR_DOWN = '\u001b[J';
/** Far more than a message may have. */
const LINE_MAX = 64 * 1024;

/** The screen for this process. `interrupt` is called for Ctrl-C on a terminal. */
export function openScreen(interrupt: () => void): Screen {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb';
  return isTerminal ? new TerminalScreen(interrupt) : new PipeScreen();
}

class TerminalScreen implements Screen {
  readonly #reader: Interface;
  #open = true;

  constructor(interrupt: () => void) {
    this.#reader = createInterface({ input: process.stdin, output: process.stdout, historySize: 200 });
    this.#reader.on('SIGINT', interrupt);
    this.#reader.on('close', () => {
      this.#open = false;
    });
    this.prompt('> ');
  }

  show(line: string): void {
    if (!this.#open) {
      process.stdout.write(`${line}\n`);
      return;
    }
    // What is typed may take several rows: go up to the first one before clearing.
    const { rows } = this.#reader.getCursorPos();
    moveCursor(process.stdout, 0, -rows);
    cursorTo(process.stdout, 0);
    process.stdout.write(`${CLEAR_DOWN}${line}\n`);
    this.#reader.prompt(true);
  }

  notice(line: string): void {
    this.show(line);
  }

  prompt(text: string): void {
    this.#reader.setPrompt(text);
    if (this.#open) this.#reader.prompt(true);
  }

  async *lines(): AsyncIterable<string> {
    for await (const line of this.#reader) {
      this.#eraseTyped(line);
      yield line;
    }
  }

  close(): void {
    if (this.#open) moveCursor(process.stdout, 0, -this.#reader.getCursorPos().rows);
    cursorTo(process.stdout, 0);
    process.stdout.write(CLEAR_DOWN);
    this.#reader.close();
  }

  /** Takes the typed line off the screen: it appears again in its place among the others. */
  #eraseTyped(line: string): void {
    if (!this.#open) return;
    const columns = Math.max(process.stdout.columns ?? 80, 1);
    const width = Bun.stringWidth(this.#reader.getPrompt() + line);
    moveCursor(process.stdout, 0, -(Math.floor(width / columns) + 1));
    cursorTo(process.stdout, 0);
    process.stdout.write(CLEAR_DOWN);
    this.#reader.prompt();
  }
}

class PipeScreen implements Screen {
  show(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  notice(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  prompt(): void {}

  async *lines(): AsyncIterable<string> {
    process.stdin.setEncoding('utf8');
    let held = '';
    for await (const chunk of process.stdin) {
      const lines = (held + chunk).split('\n');
      // A line beyond any limit is cut there: it is refused, and takes no more memory than that.
      held = (lines.pop() ?? '').slice(0, LINE_MAX);
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    if (held !== '') yield held;
  }

  close(): void {
    process.stdin.destroy();
  }
}
