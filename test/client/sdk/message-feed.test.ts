// What one reader gets of a room that talks faster than it reads, from servers that keep more or less of it.

import { describe, expect, test } from 'bun:test';
import { ClientError } from '../../../src/client/client-error.ts';
import { compareSlots, type HistoryPage } from '../../../src/client/sdk/history-page.ts';
import { MessageFeed } from '../../../src/client/sdk/message-feed.ts';
import type { RoomMessage, Slot } from '../../../src/client/sdk/room-types.ts';

const QUEUE = 3;

function message(seq: number, epoch = 'b.1'): RoomMessage {
  return { room: 'dev', epoch, seq, nick: 'ann', time: 7, text: `${epoch} ${seq}`, id: '' };
}

/** A room in which `last` messages were said, at servers that keep it from some slot on. */
class Room {
  readonly feed: MessageFeed;
  readonly told: string[] = [];
  readonly kept: RoomMessage[];
  /** From where on each question in turn is answered; the last of them goes for all that follow. */
  readonly floors: Slot[];

  constructor(last: number, ...floors: readonly Slot[]) {
    this.kept = [
      ...[1, 2].map((seq) => message(seq, 'a.1')),
      ...Array.from({ length: last }, (_, i) => message(i + 1)),
    ];
    this.floors = [...floors];
    const room = this;
    const slot = ({ epoch, seq }: Slot): string => `${epoch} ${seq}`;
    this.feed = new MessageFeed(
      {
        get head() {
          return room.kept.at(-1);
        },
        page: async (since, count) => room.page(since, count),
        pause: async () => {},
        lagged: (from) => void this.told.push(`lagged ${slot(from)}`),
        lost: (from, next) => void this.told.push(`lost ${slot(from)} to ${slot(next)}`),
      },
      QUEUE,
    );
  }

  page(since: Slot | undefined, count: number): HistoryPage {
    const floor = this.floors.length > 1 ? this.floors.shift() : this.floors[0];
    const kept = this.kept.filter((each) => compareSlots(each, floor as Slot) >= 0);
    const isGone = since !== undefined && compareSlots(kept[0] as Slot, { ...since, seq: since.seq + 1 }) > 0;
    if (isGone) throw new ClientError('ERR_SEQUENCEGONE', 'it is kept no longer');
    const messages = kept.filter((each) => since === undefined || compareSlots(each, since) > 0).slice(0, count);
    const [first = { epoch: 'b.1', seq: this.kept.length }] = messages;
    const { epoch, seq } = messages.at(-1) ?? first;
    return { messages, first, next: { epoch, seq: seq + 1 } };
  }

  /** Reads when everything was said. */
  async read(count: number): Promise<string[]> {
    for (const each of this.kept.filter(({ epoch }) => epoch === 'b.1')) this.feed.push(each);
    const texts: string[] = [];
    while (texts.length < count) texts.push((await this.feed.next())?.text ?? 'the end');
    return texts;
  }
}

const said = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `b.1 ${from + i}`);
const at = (seq: number, epoch = 'b.1'): Slot => ({ epoch, seq });

describe('a reader that is slow', () => {
  test('gets what did not fit from the server', async () => {
    const room = new Room(12, at(1));
    expect(await room.read(12)).toEqual(said(1, 12));
    expect(room.told).toEqual(['lagged b.1 4']);
  });

  test('is told which it cannot have, and goes on behind them', async () => {
    const room = new Room(12, at(9));
    expect(await room.read(7)).toEqual([...said(1, 3), ...said(9, 12)]);
    expect(room.told).toEqual(['lagged b.1 4', 'lost b.1 4 to b.1 9']);
  });

  test('is told of nothing where another server answers that keeps just what follows', async () => {
    const room = new Room(12, at(9), at(4));
    expect(await room.read(12)).toEqual(said(1, 12));
    expect(room.told).toEqual(['lagged b.1 4']);
  });

  test.each([[at(1)], [at(2)], [at(1, 'a.1')]])(
    'gets nothing twice where another server answers that keeps more, from %j on',
    async (floor) => {
      const room = new Room(12, at(9), floor);
      expect(await room.read(12)).toEqual(said(1, 12));
      expect(room.told).toEqual(['lagged b.1 4']);
    },
  );
});
