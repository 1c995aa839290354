// Event streams: what a reader is told, what one is told that did not keep up, and how many there may be.

import { afterEach, expect, test } from 'bun:test';
import type { HttpStream } from '../../../src/net/http.ts';
import { EventStreams } from '../../../src/ops/http/event-stream.ts';
import type { Log } from '../../../src/ops/log/log.ts';
import { LogEvents } from '../../../src/ops/log/log-events.ts';

const MOST_WAITING = 256;
const NOTHING = (): void => {};
const SILENT: Log = { debug: NOTHING, info: NOTHING, warn: NOTHING, error: NOTHING, flush: async () => true };

const log = new LogEvents(SILENT);
const streams: EventStreams[] = [];
afterEach(() => {
  for (const each of streams.splice(0)) each.close();
});

function opened(): EventStreams {
  const made = new EventStreams(log);
  streams.push(made);
  return made;
}

/** A reader that takes what comes until it is told to stop. */
class Reader {
  takes = true;
  said: string[] = [];
  ended = false;
  readonly stream: HttpStream;

  constructor(from: EventStreams) {
    this.stream = from.open({
      write: (text) => {
        this.said.push(text);
        return this.takes;
      },
      end: () => {
        this.ended = true;
      },
    });
  }

  /** Takes again; what it was told since the last time, names of events alone. */
  catchUp(): string[] {
    this.said = [];
    this.takes = true;
    this.stream.drained();
    return this.said.map((text) => /^(?:id: \d+\n)?event: (\S+)/.exec(text)?.[1] ?? text);
  }
}

test('every event comes with a number, its name and its line, but for those of debug', () => {
  const reader = new Reader(opened());
  log.debug('route.unreachable');
  log.warn('clock.skew', { server: 'beta\n' });
  expect(reader.said[0]).toBe(':\n\n');
  expect(reader.said).toHaveLength(2);
  const [, id, data] = /^id: (\d+)\nevent: clock\.skew\ndata: (.*)\n\n$/.exec(reader.said[1] ?? '') ?? [];
  expect(id).toBe('1');
  expect(JSON.parse(data ?? '')).toMatchObject({ level: 'warn', event: 'clock.skew', server: expect.any(String) });
});

test('who does not keep up loses the oldest, is told how many, and starts to count anew', () => {
  const reader = new Reader(opened());
  for (const lost of [3, 1, 0]) {
    reader.takes = false;
    // The one behind which it takes no more has been written.
    log.info('first.one');
    for (let i = 0; i < MOST_WAITING + lost; i++) log.info(`e.${i < lost ? 'lost' : 'kept'}`);
    const [first, ...rest] = reader.catchUp();
    if (lost > 0) {
      expect(first).toBe('events.lost');
      expect(reader.said[0]).toContain(`"count":${lost}}`);
    } else expect(first).toBe('e.kept');
    expect(rest).toEqual(Array.from({ length: MOST_WAITING - (lost > 0 ? 0 : 1) }, () => 'e.kept'));
  }
});

test('so many listen and no more; who goes makes room, and all are ended at the end', () => {
  const all = opened();
  const readers = Array.from({ length: 8 }, () => {
    expect(all.full).toBe(false);
    return new Reader(all);
  });
  expect(all.full).toBe(true);
  readers[0]?.stream.closed();
  expect(all.full).toBe(false);
  all.close();
  expect(readers.map(({ ended }) => ended)).toEqual([false, true, true, true, true, true, true, true]);
  log.info('after.all');
  expect(readers[1]?.said).toEqual([':\n\n']);
});
