// `hash`: makes the hash of a password, for the file of operators or that of the server's own. On a terminal it asks twice and shows nothing of what
// is typed; otherwise it reads one line from stdin. The hash alone goes to stdout, questions and errors to stderr. A
// password is never taken from the command line, where every user of the machine could read it.

import { RUN } from '../options/invocation.ts';
import { hashPassword, MOST_PASSWORD_BYTES, passwordProblem } from './passwords.ts';

const USAGE = `Usage: ${RUN} server hash

Asks for a password twice, or reads one line from a pipe, and prints its hash: for a line of --operators,
name:hash[:grants], or the one line of --password-file. It takes nothing from the command line, where every user of the
machine could read it.`;

/** What the command speaks with. */
export interface HashIo {
  readonly input: AsyncIterable<Uint8Array>;
  /** Stops and starts the terminal's echo; undefined when input is no terminal. */
  readonly echo: ((on: boolean) => void) | undefined;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Ended by the person at the terminal. */
const INTERRUPTED = Symbol('interrupted');
type Line = string | typeof INTERRUPTED | undefined;

const EXIT = { done: 0, refused: 1, usage: 2, interrupted: 130 } as const;

/** Runs the command with the words behind `hash`; resolves to the exit code. */
export async function hashCommand(argv: readonly string[], io: HashIo = processIo()): Promise<number> {
  if (argv[0] === '--help' || argv[0] === '-h') {
    io.out(`${USAGE}\n`);
    return EXIT.done;
  }
  if (argv.length > 0) {
    io.err('hash takes nothing from the command line: type the password when asked, or pipe it in\n');
    return EXIT.usage;
  }
  io.echo?.(false);
  try {
    const password = await ask(io);
    if (password === INTERRUPTED) return EXIT.interrupted;
    const problem = typeof password === 'string' ? passwordProblem(password) : password.problem;
    if (problem !== undefined) {
      io.err(`${problem}\n`);
      return EXIT.refused;
    }
    io.out(`${await hashPassword(password as string)}\n`);
    return EXIT.done;
  } catch (error) {
    io.err(`${error instanceof TypeError ? 'the password is not UTF-8' : String(error)}\n`);
    return EXIT.refused;
  } finally {
    io.echo?.(true);
  }
}

async function ask(io: HashIo): Promise<string | typeof INTERRUPTED | { readonly problem: string }> {
  const typed = io.echo !== undefined;
  const lines = new HiddenLines(io.input, typed);
  if (typed) io.err('Password: ');
  const first = await lines.next();
  if (typed) io.err('\n');
  if (first === INTERRUPTED) return INTERRUPTED;
  if (first === undefined) return { problem: 'no password was given' };
  if (!typed || passwordProblem(first) !== undefined) return first;
  io.err('Again: ');
  const second = await lines.next();
  io.err('\n');
  if (second === INTERRUPTED) return INTERRUPTED;
  return second === first ? first : { problem: 'the two passwords differ' };
}

/** Lines of input; what is typed can be corrected as usual. Stops at a length that no password has. */
class HiddenLines {
  readonly #input: AsyncIterator<Uint8Array>;
  readonly #typed: boolean;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #rest: string[] = [];

  constructor(input: AsyncIterable<Uint8Array>, typed: boolean) {
    this.#input = input[Symbol.asyncIterator]();
    this.#typed = typed;
  }

  /** The next line without its end; undefined when there is none. */
  async next(): Promise<Line> {
    const line: string[] = [];
    while (line.length <= MOST_PASSWORD_BYTES) {
      const character = await this.#character();
      if (character === undefined || (this.#typed && character === '\x04'))
        return line.length > 0 ? line.join('') : undefined;
      if (character === '\n' || (this.#typed && character === '\r')) break;
      if (this.#typed && character === '\x03') return INTERRUPTED;
      if (this.#typed && (character === '\x7f' || character === '\b')) line.pop();
      else if (this.#typed && character === '\x15') line.length = 0;
      else line.push(character);
    }
    if (!this.#typed && line.at(-1) === '\r') line.pop();
    return line.join('');
  }

  async #character(): Promise<string | undefined> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#input.next();
      if (done === true) return undefined;
      this.#rest = [...this.#decoder.decode(value, { stream: true })];
    }
    return this.#rest.shift();
  }
}

function processIo(): HashIo {
  const { stdin } = process;
  return {
    input: stdin,
    echo: stdin.isTTY ? (on) => void stdin.setRawMode(!on) : undefined,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
}
