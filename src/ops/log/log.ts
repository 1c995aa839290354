// The log: one line an event, with a stable name and fields, for a person (`pretty`) or a machine (`json`). Everything
// that came from outside is made visible first, so no line can colour, move or turn what stands beside it, and none is
// two. Callers give no secret and no text of a message. Logging never waits and never throws.

import type { LogLevel } from '../../node/ports.ts';
import { LineWriter, writeToFd } from './line-writer.ts';
import { visible } from './visible.ts';

export type LogFormat = 'pretty' | 'json';

/** What is said of an event. A field that is undefined is left out. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>;

/** Writes an event: a name that stays the same between versions, as in `client.connected`, and its fields. */
type Say = (event: string, fields?: LogFields) => void;

export interface Log {
  readonly debug: Say;
  readonly info: Say;
  readonly warn: Say;
  readonly error: Say;
  /** Resolves when all lines are written or lost, at the latest after `ms`; true when none was left waiting. */
  flush(ms: number): Promise<boolean>;
}

/** Where lines go: a LineWriter, or an array's push in a test. */
export interface LogSink {
  write(line: string): void;
  flush(ms: number): Promise<boolean>;
}

export interface LineOptions {
  readonly format: LogFormat;
  readonly colour: boolean;
}

const SEVERITY = { debug: 0, info: 1, warn: 2, error: 3 } as const satisfies Record<LogLevel, number>;
const COLOUR = { debug: '\x1b[2m', info: '\x1b[32m', warn: '\x1b[33m', error: '\x1b[31m' } as const;
const DIM = '\x1b[2m';
const BOLD = '\x1b[1m';
const PLAIN = '\x1b[0m';
const LONGEST_VALUE = 1024;
const LONGEST_NAME = 64;
const QUEUE_BYTES = 1024 * 1024;
/** The keys that a JSON line has of its own; a field of that name gets a `_` behind it. */
const OWN_KEYS: ReadonlySet<string> = new Set(['time', 'level', 'event']);

/** One line of the log, without its newline. */
export function logLine(level: LogLevel, event: string, fields: LogFields, at: number, options: LineOptions): string {
  const time = new Date(at).toISOString();
  return options.format === 'json'
    ? jsonLine(time, level, event, fields)
    : prettyLine(time, level, event, fields, options.colour);
}

function jsonLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  let line = `{"time":"${time}","level":"${level}","event":${JSON.stringify(visible(event, LONGEST_NAME))}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const key = JSON.stringify(OWN_KEYS.has(name) ? `${name}_` : visible(name, LONGEST_NAME));
    line += `,${key}:${jsonValue(value)}`;
  }
  return `${line}}`;
}

function jsonValue(value: NonNullable<LogFields[string]> | null): string {
  if (typeof value === 'string') return JSON.stringify(visible(value, LONGEST_VALUE));
  if (typeof value === 'bigint') return `"${value}"`;
  // JSON has no NaN and no Infinity: stringify makes them null.
  return JSON.stringify(value);
}

function prettyLine(time: string, level: LogLevel, event: string, fields: LogFields, colour: boolean): string {
  const paint = (code: string, text: string): string => (colour ? `${code}${text}${PLAIN}` : text);
  const word = paint(COLOUR[level], level.toUpperCase().padEnd(5));
  let line = `${paint(DIM, time)} ${word} ${paint(BOLD, visible(event, LONGEST_NAME))}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line += ` ${paint(DIM, `${visible(name, LONGEST_NAME)}=`)}${prettyValue(value)}`;
  }
  return line;
}

function prettyValue(value: NonNullable<LogFields[string]> | null): string {
  if (typeof value !== 'string') return String(value);
  const text = visible(value, LONGEST_VALUE);
  // Quotes where a reader could not tell where the value ends. Backslashes stay single: \u{…} is to be read as such.
  return text === '' || /[\s"=]/.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text;
}

export interface LogOptions extends LineOptions {
  /** Events below it are not written. */
  readonly level: LogLevel;
  readonly sink: LogSink;
  /** Unix ms. */
  readonly now: () => number;
}

/** A log over a sink. Its options are looked up at every line: who made them may change them. */
export function createLog(options: LogOptions): Log {
  const { sink, now } = options;
  const say =
    (level: LogLevel): Say =>
    (event, fields = {}) => {
      if (SEVERITY[level] >= SEVERITY[options.level]) sink.write(logLine(level, event, fields, now(), options));
    };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    flush: (ms) => sink.flush(ms),
  };
}

/** A log whose lines can become others while it is written. */
export interface AdjustableLog extends Log {
  adjust(level: LogLevel, format: LogFormat): void;
}

/** The log of this process, on stderr; in colour on a terminal, unless NO_COLOR is set. */
export function stderrLog(level: LogLevel, format: LogFormat): AdjustableLog {
  const colour = process.stderr.isTTY === true && !process.env.NO_COLOR;
  const sink = new LineWriter({
    write: writeToFd(2),
    maxBytes: QUEUE_BYTES,
    dropped: (lines) => logLine('warn', 'log.dropped', { lines }, Date.now(), options),
  });
  const options = { level, format, colour, sink, now: Date.now };
  return {
    ...createLog(options),
    adjust: (newLevel, newFormat) => {
      options.level = newLevel;
      options.format = newFormat;
    },
  };
}
