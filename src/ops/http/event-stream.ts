// Event streams: what the log is told, as server-sent events, for as long as somebody listens. Who reads slowly loses
// the oldest that wait and is told how many; nobody waits for a reader, and each costs a bounded piece of memory.
//
//   id: 17
//   event: link.up
//   data: {"time":"…","level":"info","event":"link.up","server":"beta",…}

import type { HttpSink, HttpStream } from '../../net/http.ts';
import type { LogLevel } from '../../node/ports.ts';
import { type LogFields, logLine } from '../log/log.ts';
import type { LogEvents } from '../log/log-events.ts';

/** Readers at a time. */
const MOST_READERS = 8;
/** Events that wait for one reader. */
const MOST_WAITING = 256;
/** A word now and then, so that whoever stands between does not take silence for death. */
const HEARTBEAT_MS = 10_000;

const FORMAT = { format: 'json', colour: false } as const;

export class EventStreams {
  readonly #log: LogEvents;
  readonly #readers = new Set<Reader>();
  readonly #stopWatching: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #last = 0;

  constructor(log: LogEvents) {
    this.#log = log;
    this.#stopWatching = this.#log.watch((level, event, fields) => this.#tell(level, event, fields));
    this.#timer = setInterval(() => {
      for (const reader of this.#readers) reader.beat();
    }, HEARTBEAT_MS);
    this.#timer.unref();
  }

  /** Whether one more may listen. */
  get full(): boolean {
    return this.#readers.size >= MOST_READERS;
  }

  /** Somebody listens from now on. */
  open(sink: HttpSink): HttpStream {
    const reader = new Reader(sink, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    reader.beat();
    return reader;
  }

  /** Nobody listens any more. */
  end(): void {
    for (const reader of this.#readers) reader.end();
  }

  close(): void {
    this.#stopWatching();
    clearInterval(this.#timer);
    this.end();
  }

  #tell(level: LogLevel, event: string, fields: LogFields): void {
    if (level === 'debug') return;
    const id = ++this.#last;
    if (this.#readers.size === 0) return;
    const text = `id: ${id}\nevent: ${event}\ndata: ${logLine(level, event, fields, Date.now(), FORMAT)}\n\n`;
    for (const reader of this.#readers) reader.say(text);
  }
}

class Reader implements HttpStream {
  readonly #sink: HttpSink;
  readonly #onClosed: () => void;
  #waiting: string[] = [];
  #lost = 0;
  #full = false;

  constructor(sink: HttpSink, onClosed: () => void) {
    this.#sink = sink;
    this.#onClosed = onClosed;
  }

  say(text: string): void {
    if (!this.#full) return this.#write(text);
    this.#waiting.push(text);
    if (this.#waiting.length <= MOST_WAITING) return;
    this.#waiting.shift();
    this.#lost++;
  }

  beat(): void {
    if (!this.#full) this.#write(':\n\n');
  }

  drained(): void {
    this.#full = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#lost > 0) this.#write(`event: events.lost\ndata: {"event":"events.lost","count":${this.#lost}}\n\n`);
    this.#lost = 0;
    for (const text of waiting) this.say(text);
  }

  end(): void {
    this.#sink.end();
  }

  closed(): void {
    this.#onClosed();
  }

  #write(text: string): void {
    this.#full = !this.#sink.write(text);
  }
}
