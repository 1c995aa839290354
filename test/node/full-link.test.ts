// A link that was given as much as may wait for one gets the rest, although its socket took all of it at once and so
// never said that there is room again.

import { expect, test } from 'bun:test';
import { Cluster } from '../sim/cluster.ts';
import { encode } from '../sim/frames.ts';
import { Random } from '../sim/random.ts';
import { Record } from '../sim/record.ts';
import { Sometimes } from '../sim/sometimes.ts';
import { drawWeather, PROMPT_WAY } from '../sim/weather.ts';
import { World } from '../sim/world.ts';

const USERS = 40;

test('everybody is told to a server, however much of it comes at once', () => {
  const world = new World(1);
  const drawn = drawWeather(new Random(1), 2);
  const mesh = { ...drawn.network.mesh, fullBytes: 300 };
  const ways = { linkBufferBytes: 1_048_576, linkDelayMs: 0, linkJitterMs: 0, linkCuts: 0 };
  const weather = { ...drawn, network: { ...drawn.network, ...ways, peers: [[1], []], clocks: [0, 0], mesh } };
  const cluster = new Cluster(world, weather, new Record({ ...weather.facts }), new Sometimes());
  for (const host of cluster.hosts) host.start();
  world.run(5_000);
  const [first, second] = cluster.hosts;
  if (first === undefined || second === undefined) throw new Error('too few servers');
  for (let i = 0; i < USERS; i++) {
    const end = cluster.connect(first, `c${i}s1`, `10.0.0.${i}`, PROMPT_WAY, PROMPT_WAY, new Random(i));
    const password = weather.base.node.chat.passwordHash;
    const hello = password === undefined ? [] : [encode('PASS', [password])];
    for (const bytes of [...hello, encode('USER', [`user${i}`, '0', '*', 'x'.repeat(80)])]) {
      end.write(bytes, 0, bytes.length);
    }
  }
  world.run(1_000);
  expect(first.server?.node.chat.users.size).toBe(USERS);
  expect(second.server?.node.chat.users.size).toBe(USERS);
  expect(cluster.violations).toEqual([]);
});
