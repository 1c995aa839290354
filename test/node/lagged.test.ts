// Whoever is overtaken in a ring is told the epoch of what it lost, and not the one that the room is in by now.

import { expect, test } from 'bun:test';
import { utf8 } from '../../src/base/bytes.ts';
import type { RoomKey } from '../../src/base/ids.ts';
import { encodeFrame } from '../../src/wire/writer.ts';
import { Cluster } from '../sim/cluster.ts';
import { Random } from '../sim/random.ts';
import { Record } from '../sim/record.ts';
import { Sometimes } from '../sim/sometimes.ts';
import { drawWeather } from '../sim/weather.ts';
import { World } from '../sim/world.ts';

test('RPL_LAGGED names the epoch of the slots that are gone', () => {
  const world = new World(1);
  const weather = drawWeather(new Random(1), 2);
  const cluster = new Cluster(world, weather, new Record({ ...weather.facts }), new Sometimes());
  const [host] = cluster.hosts;
  host?.start();
  const channel = host?.server?.node.rooms.open('lobby' as RoomKey, 'Lobby', world.now);
  if (channel === undefined) throw new Error('a server without rooms');
  const lagged = (from: number, to: number): string => {
    const bytes = channel.ring.lagged(from, to);
    return utf8(bytes, 0, bytes.length).trim();
  };
  expect(lagged(2, 3)).toBe(`<RPL_LAGGED,Lobby,${channel.order.epoch},2,3>`);
  channel.turn(encodeFrame('EPOCH', 'Lobby', 'b.2', 5, 'a.1', 4));
  channel.turn(encodeFrame('EPOCH', 'Lobby', 'c.3', 9, 'b.2', 8));
  expect(lagged(2, 3)).toBe('<RPL_LAGGED,Lobby,a.1,2,3>');
  expect(lagged(2, 6)).toBe('<RPL_LAGGED,Lobby,b.2,2,6>');
  expect(lagged(9, 12)).toBe('<RPL_LAGGED,Lobby,c.3,9,12>');
});
