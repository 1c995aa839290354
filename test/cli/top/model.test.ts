// What top makes of looks, at times that the test gives: rates, histories, delays, and servers that were there.

import { describe, expect, test } from 'bun:test';
import { Scrape } from '../../../src/base/prometheus.ts';
import { TopModel, type View } from '../../../src/cli/top/model.ts';
import type { Look } from '../../../src/cli/top/source.ts';
import { link, look, metrics, room, STARTED, server, tables } from './world.ts';

const NOW = (STARTED + 3600) * 1000;

function seen(...looks: readonly Look[]): View {
  const model = new TopModel();
  for (const each of looks) model.take(each);
  return model.view(NOW) as View;
}

describe('rates', () => {
  test('are what came between two looks, by the time between them', () => {
    const { messages } = seen(
      look(1000, { chorus_messages_total: 100 }),
      look(3000, { chorus_messages_total: 300 }),
      look(3500, { chorus_messages_total: 310 }),
    ).rates;
    expect(messages).toEqual({ now: 20, history: [100, 20] });
  });

  test('are not known after one look, nor where a figure is missing', () => {
    expect(seen(look(0, { chorus_messages_total: 5 })).rates.messages).toEqual({ now: undefined, history: [] });
    expect(seen(look(0), look(1000)).rates.messages.now).toBeUndefined();
  });

  test('begin anew with another life of the server, whose counters began at 0', () => {
    const another = new Scrape(metrics({ chorus_messages_total: 1 }, STARTED + 60));
    const before = [look(0, { chorus_messages_total: 10 }), look(1000, { chorus_messages_total: 20 })];
    expect(seen(...before, look(2000, {}, { scrape: another })).rates.messages).toEqual({
      now: undefined,
      history: [],
    });
  });

  test('are kept so far back and no further', () => {
    const looks = Array.from({ length: 500 }, (_, i) => look(i * 1000, { chorus_messages_total: i * i }));
    const { history } = seen(...looks).rates.messages;
    expect(history).toHaveLength(240);
    expect(history.at(-1)).toBe(499 ** 2 - 498 ** 2);
  });
});

test('how long it is up follows from the time of day', () => {
  expect(seen(look(0)).upMs).toBe(3_600_000);
});

describe('links', () => {
  test('have their traffic between two looks at one and the same link', () => {
    const at = (ms: number, bytes: number, life = 1): Look =>
      look(ms, {}, { tables: tables({ links: [link('beta', 8, bytes, life)] }) });
    expect(seen(at(0, 100)).links[0]).toMatchObject({ server: 'beta', writtenRate: undefined });
    expect(seen(at(0, 100), at(2000, 300)).links[0]).toMatchObject({ writtenRate: 100, receivedRate: 200 });
    expect(seen(at(0, 100), at(2000, 300, 2)).links[0]?.writtenRate).toBeUndefined();
    expect(seen(at(0, 100), at(2000, 50)).links[0]?.writtenRate).toBeUndefined();
  });
});

describe('rooms', () => {
  const at = (ms: number, sort: Look['sort'], ...rooms: readonly ReturnType<typeof room>[]): Look =>
    look(ms, {}, { sort, tables: tables({ rooms }) });

  test('are as fast as their numbers rose, the fastest in front', () => {
    const { rooms } = seen(
      at(0, 'rate', room('slow', 10), room('fast', 10)),
      at(2000, 'rate', room('slow', 12), room('fast', 50)),
    );
    expect(rooms.map(({ name, rate }) => [name, rate])).toEqual([
      ['fast', 20],
      ['slow', 1],
    ]);
  });

  test('stay in the order that was asked for', () => {
    const { rooms } = seen(at(0, 'name', room('a', 1), room('b', 1)), at(1000, 'name', room('a', 1), room('b', 9)));
    expect(rooms.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('in another epoch are as fast as the server says', () => {
    const { rooms } = seen(at(0, 'rate', room('r', 10)), at(1000, 'rate', room('r', 2, 'mwsl.8', 4)));
    expect(rooms[0]).toMatchObject({ rate: 4, home: '8' });
  });

  test('have the name of their home where that is known', () => {
    const servers = [server('alpha', 7, 0, ''), server('beta', 8)];
    const rooms = [room('r', 1, 'mwsk.8')];
    expect(seen(look(0, {}, { tables: tables({ servers, rooms }) })).rooms[0]?.home).toBe('beta');
  });
});

describe('servers', () => {
  test('the one that is looked at has the load that it tells, and where it is alone and tells none, what is seen', () => {
    const figures = (rooms: number, messages: number, deliveries: number) => ({
      ...{ chorus_rooms: rooms, chorus_messages_total: messages, chorus_deliveries_total: deliveries },
    });
    const looks = (row: ReturnType<typeof server>): Look[] => [
      look(0, figures(3, 10, 100), { tables: tables({ servers: [row] }) }),
      look(2000, figures(4, 20, 300), { tables: tables({ servers: [row] }) }),
    ];
    const { load, ...silent } = server('alpha', 7, 0, '');
    expect(seen(...looks(silent)).servers[0]?.load).toEqual({ rooms: 4, inRate: 5, outRate: 100 });
    expect(seen(...looks(silent).slice(0, 1)).servers[0]?.load).toBeUndefined();
    expect(seen(...looks(server('alpha', 7, 0, ''))).servers[0]?.load).toEqual(load as NonNullable<typeof load>);
    expect(seen(...looks({ ...silent, id: 8 })).servers[0]?.load).toBeUndefined();
  });

  const both = [server('alpha', 7, 0, ''), server('beta', 8)];
  const at = (ms: number, servers: readonly ReturnType<typeof server>[]): Look =>
    look(ms, {}, { tables: tables({ servers }) });

  test('that are not there any more are shown for a while, as lost', () => {
    const { servers } = seen(at(0, both), at(5000, both.slice(0, 1)));
    expect(servers.map(({ name, goneMs }) => [name, goneMs])).toEqual([
      ['alpha', undefined],
      ['beta', 5000],
    ]);
    expect(seen(at(0, both), at(121_000, both.slice(0, 1))).servers).toHaveLength(1);
  });

  test('that are back are there', () => {
    expect(seen(at(0, both), at(5000, both.slice(0, 1)), at(6000, both)).servers[1]?.goneMs).toBeUndefined();
  });
});

test('delays are those of the last looks', () => {
  const at = (ms: number, fast: number, slow: number): Look => {
    const text = `${metrics({})}\nchorus_loop_delay_seconds_bucket{le="0.001"} ${fast}\nchorus_loop_delay_seconds_bucket{le="+Inf"} ${fast + slow}`;
    return look(ms, {}, { scrape: new Scrape(text) });
  };
  // The slow ones lie further back than is looked.
  const looks = [at(0, 0, 50), ...Array.from({ length: 6 }, (_, i) => at(i * 1000 + 1000, 10 * (i + 1), 50))];
  expect(seen(...looks).loop).toEqual({ half: 0.001, p99: 0.001 });
  expect(seen(...looks.slice(0, 1)).loop.p99).toBe(Number.POSITIVE_INFINITY);
});

test('nothing is shown before the first look', () => {
  expect(new TopModel().view(NOW)).toBeUndefined();
});
