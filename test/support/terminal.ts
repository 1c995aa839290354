// A program in a terminal of its own, by tmux: keys are typed at it, and what stands on the screen is read. It ends with
// the scope that holds it, and where that was killed, after some minutes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DEADLINE_MS = 20_000;
const AGAIN_MS = 30;
const LONGEST_S = 300;

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export class Terminal implements Disposable {
  readonly #tmux: string;
  /** Where tmux is spoken to. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'chorus-tmux-'));

  /** Runs a command line of the shell; `EXIT code` follows behind it. `tmux`: the path of that program. */
  constructor(tmux: string, command: string, { columns, rows }: TerminalSize) {
    this.#tmux = tmux;
    const line = `timeout --foreground ${LONGEST_S} ${command}; echo EXIT $?; sleep ${LONGEST_S}`;
    this.#run('-u', 'new-session', '-d', '-x', String(columns), '-y', String(rows), line);
  }

  /** Types keys, by the names that tmux has for them. */
  keys(...keys: readonly string[]): void {
    this.#run('send-keys', ...keys);
  }

  /** Pastes a text, as the terminal marks it for programs that asked for that. */
  paste(text: string): void {
    this.#run('set-buffer', text);
    this.#run('paste-buffer', '-p');
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#run('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** What stands on the screen; with its colours where `coloured`. */
  screen(coloured = false): string {
    return this.#run('capture-pane', '-p', ...(coloured ? ['-e'] : []));
  }

  /** What of the terminal's state tmux tells under such a name, as in `alternate_on`. */
  state(name: string): string {
    return this.#run('display-message', '-p', `#{${name}}`).trim();
  }

  /** The process that runs the command. */
  async child(): Promise<number> {
    const shell = this.state('pane_pid');
    const [timeout = ''] = (await Bun.file(`/proc/${shell}/task/${shell}/children`).text()).split(' ');
    return Number((await Bun.file(`/proc/${timeout}/task/${timeout}/children`).text()).trim());
  }

  /** Resolves to the screen as soon as it fits; rejects with what is there when it never does. */
  async until(pattern: RegExp): Promise<string> {
    for (const deadline = performance.now() + DEADLINE_MS; ; await Bun.sleep(AGAIN_MS)) {
      const screen = this.screen();
      if (pattern.test(screen)) return screen;
      if (performance.now() > deadline) throw new Error(`no ${pattern} on the screen:\n${screen}`);
    }
  }

  [Symbol.dispose](): void {
    this.#run('kill-server');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...args: readonly string[]): string {
    const command = [this.#tmux, '-S', join(this.#folder, 'socket'), '-f', '/dev/null', ...args];
    return Bun.spawnSync(command, { env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' } }).stdout.toString();
  }
}
