// A server in a process of its own, on a leash: started by the ordinary program with flags, ended with the program that
// holds it, also when that is killed. What it logs is given line by line, and the last lines are kept to be shown when
// it dies. It runs in a session of its own, so that Ctrl-C reaches it through its holder alone.
// This file decides nothing about servers; it knows processes.

import { join } from 'node:path';
import type { Ready } from '../../ops/life.ts';

/** The executable is all programs; from source they are one file. */
const CHORUS = [process.execPath, ...(Bun.isStandaloneExecutable ? [] : [join(import.meta.dir, '../../chorus.ts')])];
const TAIL_LINES = 8;
/** What one line of the log may have; what is longer is cut. */
const LINE_MAX = 4_096;
/** Beyond what a server itself takes to stop. */
const STOP_MS = 8_000;

/** A line of the log: its event, its level and the rest. */
export interface LogEntry {
  readonly event: string;
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ServerEvents {
  ready(ready: Ready): void;
  logged(entry: LogEntry): void;
  /** `how`: `exit code 1` or the name of a signal; called once, after everything that was logged. */
  ended(how: string): void;
}

export class LeashedServer {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  /** The last lines that it wrote to its log, as they are. */
  readonly tail: string[] = [];
  readonly #process: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  readonly #events: ServerEvents;

  /** Starts it; `secret` is the network's, and goes where other users of the machine cannot see it. */
  constructor(flags: readonly string[], secret: string, events: ServerEvents) {
    this.#events = events;
    const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('CHORUS_'));
    this.#process = Bun.spawn([...CHORUS, 'leashed', ...flags, '--log-format', 'json'], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...Object.fromEntries(ours), CHORUS_SECRET: secret },
      detached: true,
    });
    this.pid = this.#process.pid;
    this.gone = this.#run();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Lets it take its leave, and kills it when it does not; resolves when it is gone. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    await this.gone;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const out = eachLine(this.#process.stdout, (line) => this.#said(line));
    const log = eachLine(this.#process.stderr, (line) => this.#logged(line));
    await Promise.all([out, log, this.#process.exited]);
    const { signalCode, exitCode } = this.#process;
    this.#events.ended(signalCode === null ? `exit code ${exitCode}` : String(signalCode));
  }

  #said(line: string): void {
    const value = objectIn(line);
    if (value?.ready === true) this.#events.ready(value as unknown as Ready);
  }

  #logged(line: string): void {
    if (line.trim() === '') return;
    this.tail.push(line);
    if (this.tail.length > TAIL_LINES) this.tail.shift();
    const { event, level, time: _, ...fields } = objectIn(line) ?? {};
    if (typeof event === 'string' && typeof level === 'string') this.#events.logged({ event, level, fields });
  }
}

/** The object that a line of JSON is; undefined when it is none. */
export function objectIn(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

async function eachLine(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_MAX);
    for (const line of lines) take(line);
  }
  if (rest !== '') take(rest);
}
