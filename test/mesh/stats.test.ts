// Figures flood the network once each, whatever loops it has, and leave with their server.

import { expect, test } from 'bun:test';
import { type ConnectionId, connectionId, serverId } from '../../src/base/ids.ts';
import { type Figures, Stats } from '../../src/mesh/stats.ts';
import { groupsIn } from './world.ts';

const FIGURES: Figures = {
  ...{ users: 3, rooms: 2, inRate: 10, outRate: 200 },
  trips: new Map([
    [serverId(2), 150],
    [serverId(3), 9000],
  ]),
};

/** Servers 1 … n, everybody linked with everybody; the number of a link is that of its other end. */
function mesh(n: number): { all: Map<number, Stats>; known: Map<number, number>; sent: () => number } {
  const all = new Map<number, Stats>();
  const known = new Map(Array.from({ length: n }, (_, i) => [i + 1, 1000]));
  let sent = 0;
  for (const self of known.keys()) {
    all.set(
      self,
      new Stats(serverId(self), 1000, {
        incarnation: (id) => known.get(id),
        *relays(origin, from): Iterable<ConnectionId> {
          for (const id of known.keys()) if (id !== self && id !== origin && id !== from) yield connectionId(id);
        },
        send: (link, bytes, start, end) => {
          sent++;
          for (const group of groupsIn(bytes, start, end)) {
            expect(all.get(link)?.receive(connectionId(self), group)).toBe(true);
          }
        },
      }),
    );
  }
  return { all, known, sent: () => sent };
}

test('figures reach everybody, and end', () => {
  const { all, sent } = mesh(5);
  all.get(1)?.tell(FIGURES);
  for (const one of all.values()) expect(one.of(serverId(1))).toEqual(FIGURES);
  expect(sent()).toBeLessThanOrEqual(4 * 4);
  all.get(1)?.tell({ ...FIGURES, users: 4 });
  expect(all.get(5)?.of(serverId(1))?.users).toBe(4);
});

test('what is old, of another incarnation, of ourselves or of nobody in reach is dropped', () => {
  const { all, known, sent } = mesh(3);
  const one = all.get(1) as Stats;
  const receive = (...args: readonly (string | number)[]): boolean =>
    one.receive(connectionId(3), { verb: 'STATS', args: args.map(String), count: 0, bytes: new Uint8Array(0) });
  expect(receive(2, 1000, 5, 7, 1, 1, 1, '')).toBe(true);
  const before = sent();
  for (const args of [
    [2, 1000, 5, 8, 1, 1, 1, ''],
    [2, 1000, 4, 8, 1, 1, 1, ''],
    [2, 1001, 6, 8, 1, 1, 1, ''],
    [1, 1000, 99, 8, 1, 1, 1, ''],
    [77, 1000, 6, 8, 1, 1, 1, ''],
  ]) {
    expect(receive(...args)).toBe(true);
  }
  expect([one.of(serverId(2))?.users, one.of(serverId(1)), one.size, sent()]).toEqual([7, undefined, 1, before]);
  known.set(2, 2000);
  expect(one.of(serverId(2))).toBeUndefined();
  expect(receive(2, 2000, 1, 9, 1, 1, 1, '')).toBe(true);
  expect(one.of(serverId(2))?.users).toBe(9);
  one.forget(serverId(2));
  expect(one.size).toBe(0);
});

test.each([
  [[2, 1000, 5, 7, 1, 1, 1]],
  [[2, 1000, 0, 7, 1, 1, 1, '']],
  [[2, 1000, 5, 'many', 1, 1, 1, '']],
  [[2, 1000, 5, 7, 1, 1, 1, '3:x']],
  [[2, 1000, 5, 7, 1, 1, 1, '3:1 3:2']],
  [[0, 1000, 5, 7, 1, 1, 1, '']],
])('%j could be written by no server', (args) => {
  const { all } = mesh(3);
  const group = { verb: 'STATS', args: args.map(String), count: 0, bytes: new Uint8Array(0) };
  expect(all.get(1)?.receive(connectionId(3), group)).toBe(false);
});
