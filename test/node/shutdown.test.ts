// A server that stops says ERROR to all, and nothing behind it: not even the answer that somebody still waits for.

import { expect, test } from 'bun:test';
import type { RoomKey } from '../../src/base/ids.ts';
import { encodeFrame } from '../../src/wire/writer.ts';
import { Cluster } from '../sim/cluster.ts';
import { encode, FrameReader } from '../sim/frames.ts';
import { Random } from '../sim/random.ts';
import { Record } from '../sim/record.ts';
import { Sometimes } from '../sim/sometimes.ts';
import { drawWeather, PROMPT_WAY } from '../sim/weather.ts';
import { World } from '../sim/world.ts';
import { Stage } from './mesh/stage.ts';

test('an answer that comes when the server stops is not said behind ERROR', () => {
  for (let seed = 1; seed < 20; seed++) {
    const world = new World(seed);
    const weather = drawWeather(new Random(seed), 2);
    const cluster = new Cluster(world, weather, new Record({ ...weather.facts }), new Sometimes());
    const [host] = cluster.hosts;
    if (host === undefined) throw new Error('a cluster of nobody');
    host.start();
    const end = cluster.connect(host, 'c1s1', '10.0.0.9', PROMPT_WAY, PROMPT_WAY, new Random(seed));
    const heard: string[] = [];
    const reader = new FrameReader();
    end.handlers = {
      data: (chunk) => heard.push(...reader.read(chunk).map(({ verb }) => verb)),
      drain: () => {},
      end: () => end.end(),
      close: () => {},
    };
    const say = (verb: string, ...args: string[]): void => {
      const bytes = encode(verb, args);
      end.write(bytes, 0, bytes.length);
    };
    if (weather.base.node.chat.passwordHash !== undefined) say('PASS', weather.base.node.chat.passwordHash);
    say('USER', 'ann', '0', '*', 'Ann');
    world.run(500);
    say('OPER', weather.operator.name, weather.operator.password);
    // The check begins, and takes longer than this.
    world.run(9);
    host.stop('it is time');
    world.run(900);
    expect(heard).toContain('RPL_LIMITS');
    expect(heard.at(-1)).toBe('ERROR');
  }
});

test('who is told that the server stops hears nothing more of a room, though its JOINROOM is answered only now', () => {
  const world = new World(1);
  const weather = drawWeather(new Random(1), 2);
  const cluster = new Cluster(world, weather, new Record({ ...weather.facts }), new Sometimes());
  const [host] = cluster.hosts;
  host?.start();
  const node = host?.server?.node;
  if (host === undefined || node === undefined) throw new Error('a cluster of nobody');
  const end = cluster.connect(host, 'c1s1', '10.0.0.9', PROMPT_WAY, PROMPT_WAY, new Random(1));
  const heard: string[] = [];
  const reader = new FrameReader();
  end.handlers = {
    data: (chunk) => heard.push(...reader.read(chunk).map(({ verb }) => verb)),
    drain: () => {},
    end: () => end.end(),
    close: () => {},
  };
  const [connection] = [...node.connections].filter(({ link }) => !link);
  if (connection === undefined) throw new Error('nobody was let in');
  const channel = node.rooms.open('lobby' as RoomKey, 'Lobby', world.now);
  node.shutdown('it is time', world.now);
  channel.subscribe(connection.id);
  const news = encodeFrame('JOINROOM', 'Lobby', 'ann!ann@host');
  channel.announce(news, 0, news.length);
  world.run(100);
  expect(heard).toEqual(['ERROR']);
});

test('a link that gets the place of a client which was sent away hears nothing that was meant for that one', () => {
  const stage = new Stage(2);
  stage.room('lobby', 'ann', 'bob');
  const node = stage.host(0).server?.node;
  const lobby = node?.chat.rooms.find('lobby');
  const [client] = [...(node?.connections ?? [])].filter(({ session }) => session !== undefined);
  if (node?.links === undefined || client === undefined || lobby === undefined) throw new Error('nobody is there');
  const now = stage.world.now;
  node.shutdown('it is time', now);
  node.flush(now);
  // Its rooms are still to be handed over.
  node.closed(client.id, 'gone', now);
  const link = node.connections.at(node.links.accepted('10.0.0.8', now));
  expect([link?.id, link?.closingAt]).toEqual([client.id, 0]);
  node.chat.serversChanged(['10.0.0.7:7400'], now);
  const news = encodeFrame('JOINROOM', 'lobby', 'cat!cat@host');
  lobby.port.announce(news, 0, news.length);
  expect(link?.outbox.empty).toBe(true);
  // Others see it until they hear that the server has left.
  expect(lobby.members.size).toBe(2);
});
