// Log events: what the log is told, counted and handed to those who watch, whatever level is written. A watcher hears
// each event behind the log, and can change nothing about it.

import type { LogLevel } from '../../node/ports.ts';
import type { Log, LogFields } from './log.ts';

export type Watch = (level: LogLevel, event: string, fields: LogFields) => void;

export class LogEvents implements Log {
  /** `level event` → how often, since the start. Events are names in the source, so there are few. */
  readonly counts = new Map<string, number>();
  readonly #log: Log;
  readonly #watchers = new Set<Watch>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Hears every event until what this returns is called. */
  watch(watch: Watch): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#say('debug', event, fields);
  }

  info(event: string, fields: LogFields = {}): void {
    this.#say('info', event, fields);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#say('warn', event, fields);
  }

  error(event: string, fields: LogFields = {}): void {
    this.#say('error', event, fields);
  }

  flush(ms: number): Promise<boolean> {
    return this.#log.flush(ms);
  }

  #say(level: LogLevel, event: string, fields: LogFields): void {
    this.#log[level](event, fields);
    const key = `${level} ${event}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    for (const watch of this.#watchers) watch(level, event, fields);
  }
}
