// Whoever is overtaken in a ring is told the epoch of what it lost, and not the one that the room is in by now, and of
// every epoch that began meanwhile.

import { expect, test } from 'bun:test';
import { utf8 } from '../../src/base/bytes.ts';
import type { RoomKey } from '../../src/base/ids.ts';
import type { Channel } from '../../src/node/rooms.ts';
import { encodeFrame } from '../../src/wire/writer.ts';
import { Cluster } from '../sim/cluster.ts';
import { Random } from '../sim/random.ts';
import { Record } from '../sim/record.ts';
import { Sometimes } from '../sim/sometimes.ts';
import { drawWeather } from '../sim/weather.ts';
import { World } from '../sim/world.ts';

function lobby(): { channel: Channel; lagged: (from: number, to: number, cursor: number) => string } {
  const world = new World(1);
  const weather = drawWeather(new Random(1), 2);
  const cluster = new Cluster(world, weather, new Record({ ...weather.facts }), new Sometimes());
  const [host] = cluster.hosts;
  host?.start();
  const channel = host?.server?.node.rooms.open('lobby' as RoomKey, 'Lobby', world.now);
  if (channel === undefined) throw new Error('a server without rooms');
  const lagged = (...lost: [number, number, number]): string => {
    const bytes = channel.ring.lagged(...lost);
    return utf8(bytes, 0, bytes.length);
  };
  return { channel, lagged };
}

const B = encodeFrame('EPOCH', 'Lobby', 'b.2', 5, 'a.1', 4);
const C = encodeFrame('EPOCH', 'Lobby', 'c.3', 9, 'b.2', 7);

test('RPL_LAGGED names the epoch of the slots that are gone', () => {
  const { channel, lagged } = lobby();
  expect(lagged(2, 3, 0)).toBe(`<RPL_LAGGED,Lobby,${channel.order.epoch},2,3>\n`);
  channel.turn(B);
  channel.turn(C);
  expect(lagged(2, 3, 0)).toBe('<RPL_LAGGED,Lobby,a.1,2,3>\n');
  expect(lagged(2, 6, 0)).toBe('<RPL_LAGGED,Lobby,b.2,2,6>\n');
  expect(lagged(9, 12, 0)).toBe('<RPL_LAGGED,Lobby,c.3,9,12>\n');
});

test('whoever misses that an epoch began is told of it all the same, in its place', () => {
  const { channel, lagged } = lobby();
  const { ring } = channel;
  channel.turn(B);
  const between = ring.tape.head;
  channel.turn(C);
  ring.age(Number.POSITIVE_INFINITY);
  const [b, c] = [B, C].map((bytes) => utf8(bytes, 0, bytes.length));
  expect(lagged(3, 10, 0)).toBe(
    `<RPL_LAGGED,Lobby,a.1,3,4>\n${b}<RPL_LAGGED,Lobby,b.2,5,7>\n${c}<RPL_LAGGED,Lobby,c.3,9,10>\n`,
  );
  // It had the first of them, and of the slots all but those of the second epoch.
  expect(lagged(6, 7, between)).toBe(`<RPL_LAGGED,Lobby,b.2,6,7>\n${c}`);
  // It lacks no slot, but news of presence.
  expect(lagged(8, 7, between)).toBe(`${c}<RPL_MEMBERS,Lobby,0>\n`);
  expect(lagged(9, 8, ring.tape.head)).toBe('<RPL_MEMBERS,Lobby,0>\n');
});

test('nor are slots passed over in silence that the copy here never had', () => {
  const { channel, lagged } = lobby();
  const gone = encodeFrame('RPL_LAGGED', 'Lobby', 'a.1', 3, 9);
  channel.turn(gone);
  channel.ring.age(Number.POSITIVE_INFINITY);
  expect(lagged(3, 2, 0)).toStartWith('<RPL_LAGGED,Lobby,a.1,3,9>\n');
});
