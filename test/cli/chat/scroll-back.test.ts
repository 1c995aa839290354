// What was said before the oldest line, from a server that keeps a part of it.

import { describe, expect, test } from 'bun:test';
import { type AskHistory, readBefore } from '../../../src/cli/chat/scroll-back.ts';
import { ClientError } from '../../../src/client/client-error.ts';
import type { Lines } from '../../../src/client/requests.ts';
import type { Slot } from '../../../src/client/sdk/room-types.ts';
import { rejection } from '../../support/rejection.ts';

interface Kept {
  readonly epoch: string;
  readonly floor: number;
  /** The slot behind the last one. */
  end: number;
}

/** A server that keeps these epochs of one room and gives `most` slots at a time; each third one holds nothing. */
function server(kept: Kept[], most = 256): { ask: AskHistory; asked: string[] } {
  const asked: string[] = [];
  const gone = () => new ClientError('ERR_SEQUENCEGONE', 'kept no longer');
  const ask: AskHistory = async (epoch, from, count) => {
    asked.push(`${epoch} ${from} ${count}`);
    const found = kept.find((each) => each.epoch === epoch);
    const first = from === '' ? (found?.floor ?? 0) : Number(from);
    if (found === undefined || first < found.floor) throw gone();
    const end = Math.min(found.end, first + Math.min(Number(count), most));
    const slots: (readonly string[])[] = [];
    for (let seq = first; seq < end; seq++) {
      const place = ['dev', epoch, String(seq)];
      slots.push(seq % 3 === 0 ? place : [...place, 'ann', '1000', `text ${seq}`]);
    }
    // A live message comes in between.
    slots.splice(1, 0, ['dev', epoch, String(found.end + 5), 'ann', '1000', 'live']);
    const lines: Lines = [...slots, ['dev', epoch, String(end)]];
    return lines;
  };
  return { ask, asked };
}

const NOTHING = () => undefined;

/** Reads back until there is nothing more. */
async function all(slot: Slot, ask: AskHistory, before: (epoch: string) => Slot | undefined): Promise<string[]> {
  const texts: string[] = [];
  for (let at: Slot | undefined = slot; at !== undefined; ) {
    const { messages, reached } = await readBefore(at, ask, before);
    texts.unshift(...messages.map(({ text }) => text));
    at = reached;
  }
  return texts;
}

const texts = (from: number, end: number): string[] =>
  Array.from({ length: end - from }, (_, i) => from + i)
    .filter((seq) => seq % 3 !== 0)
    .map((seq) => `text ${seq}`);

describe('reading back', () => {
  test.each([256, 7])('gives everything that is kept once, in order, %i slots at a time', async (most) => {
    const { ask } = server([{ epoch: '1.7', floor: 1, end: 500 }], most);
    expect(await all({ epoch: '1.7', seq: 451 }, ask, NOTHING)).toEqual(texts(1, 451));
  });

  test('ends at the first slot that is kept', async () => {
    const { ask, asked } = server([{ epoch: '1.7', floor: 390, end: 500 }]);
    expect(await all({ epoch: '1.7', seq: 451 }, ask, NOTHING)).toEqual(texts(390, 451));
    expect(asked).toEqual(['1.7 251 200', '1.7  1', '1.7 390 61']);
  });

  test('asks nothing where nothing was said, and says so where nothing is kept', async () => {
    const { ask, asked } = server([]);
    expect(await all({ epoch: '1.7', seq: 1 }, ask, NOTHING)).toEqual([]);
    expect(asked).toEqual([]);
    expect(await readBefore({ epoch: '1.7', seq: 1 }, ask, NOTHING)).toMatchObject({ isBeginning: true });
    expect(await readBefore({ epoch: '1.7', seq: 9 }, ask, NOTHING)).toMatchObject({ isBeginning: false });
    expect(await all({ epoch: '1.7', seq: 9 }, ask, NOTHING)).toEqual([]);
  });

  test('goes on in the epoch before, where it is known', async () => {
    const { ask } = server([
      { epoch: '1.7', floor: 1, end: 21 },
      { epoch: '2.9', floor: 31, end: 40 },
    ]);
    const before = (epoch: string) => (epoch === '2.9' ? { epoch: '1.7', seq: 21 } : undefined);
    expect(await all({ epoch: '2.9', seq: 38 }, ask, before)).toEqual([...texts(1, 21), ...texts(31, 38)]);
  });

  test('a server that gives more than it was asked for makes nothing double', async () => {
    const { ask } = server([{ epoch: '1.7', floor: 1, end: 40 }]);
    const generous: AskHistory = (epoch, from) => ask(epoch, from, '256');
    expect(await all({ epoch: '1.7', seq: 20 }, generous, NOTHING)).toEqual(texts(1, 20));
  });

  test('any other error is the caller’s', async () => {
    const ask = () => Promise.reject(new ClientError('ERR_FLOODING', 'too fast'));
    const error = await rejection(readBefore({ epoch: '1.7', seq: 9 }, ask, NOTHING));
    expect(error).toMatchObject({ code: 'ERR_FLOODING' });
  });
});
