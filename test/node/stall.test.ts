// A server that stood still: its rooms hear of it at the time at which it goes on, before anything else happens.

import { expect, test } from 'bun:test';
import { Cluster } from '../sim/cluster.ts';
import { Random } from '../sim/random.ts';
import { Record } from '../sim/record.ts';
import { Sometimes } from '../sim/sometimes.ts';
import { drawWeather } from '../sim/weather.ts';
import { World } from '../sim/world.ts';

test('rooms are told of a pause at the time at which it is over, and of nothing shorter', () => {
  const world = new World(1);
  const weather = drawWeather(new Random(1), 2);
  const cluster = new Cluster(world, weather, new Record({ ...weather.facts }), new Sometimes());
  for (const host of cluster.hosts) host.start();
  world.run(5_000);
  const node = cluster.hosts[0]?.server?.node;
  if (node?.links === undefined) throw new Error('no server that links');
  const told: number[] = [];
  // What they ask of the others then has a deadline that counts from this time.
  node.links.rooms.stalled = () => told.push(node.now);
  const woken = node.now + 20_000;
  node.tick(woken);
  node.tick(woken + 1_000);
  expect(told).toEqual([woken]);
});
