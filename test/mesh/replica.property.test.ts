// Replicas over any network, through anything that links and servers do to them: when it is over and they can reach
// each other, they all know the same, and what each knows of a server is what that server knows of itself.

import { describe, expect, test } from 'bun:test';
import { type Server, World } from './world.ts';

const ROOMS = ['dev', 'ops', 'Room', 'ärger'];

/** Something that a server has to say. */
function speak(world: World, server: Server): void {
  const { random } = world;
  const part = server.state.part(server.id);
  const uids = [...part.users.keys()];
  const uid = uids.length > 0 ? random.pick(uids) : undefined;
  const room = random.pick(ROOMS);
  const what = random.weighted({ user: 4, nick: 2, join: 4, leave: 1, quit: 1, room: 1, noroom: 1, bmsg: 1 });
  if (what === 'user' || uid === undefined) server.join(`n${random.below(20)}`, world.now - random.below(1000), room);
  else if (what === 'nick') server.say(['NICK', uid, `n${random.below(20)}`, world.now]);
  else if (what === 'join') server.say(['JOINROOM', uid, room]);
  else if (what === 'leave') server.say(['LEAVEROOM', uid, room]);
  else if (what === 'quit') server.say(['QUIT', uid, 'Quit: <bye>']);
  else if (what === 'room') server.say(['ROOM', room, `${world.now.toString(36)}.${server.id}`, 2, '', '']);
  else if (what === 'noroom') server.say(['NOROOM', room, part.rooms.get(room)?.[0] ?? `a.${server.id}`]);
  else server.say(['BMSG', 'all of you']);
}

/** A connected graph of servers 1 … n: a random tree, and some links more. */
function graph(world: World, n: number, extra: number): [number, number][] {
  const edges: [number, number][] = [];
  for (let id = 2; id <= n; id++) edges.push([world.random.between(1, id - 1), id]);
  for (let i = 0; i < extra; i++) {
    const [a, b] = [world.random.between(1, n), world.random.between(1, n)];
    if (a !== b && !edges.some(([x, y]) => (x === a && y === b) || (x === b && y === a))) edges.push([a, b]);
  }
  return edges;
}

function connectAll(world: World, edges: readonly (readonly [number, number])[]): void {
  for (const [a, b] of edges) {
    const [one, other] = [world.get(a), world.get(b)];
    if (!world.linked(one, other)) world.connect(one, other);
  }
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

describe('over any connected graph', () => {
  test.each(seeds(60))('seed %d: what is said while links come up is known everywhere', (seed) => {
    const world = new World(seed);
    const n = world.random.between(2, 8);
    for (let id = 1; id <= n; id++) world.start(id);
    const edges = graph(world, n, world.random.below(n));
    for (const edge of edges) {
      for (let i = world.random.below(10); i > 0; i--) speak(world, world.get(world.random.between(1, n)));
      connectAll(world, [edge]);
      for (let i = world.random.below(20); i > 0; i--) world.step();
    }
    for (let i = 0; i < 100; i++) {
      speak(world, world.get(world.random.between(1, n)));
      if (world.random.chance(0.7)) world.step();
    }
    world.quiet();
    // Not a millisecond has passed: nothing of this needed a timer.
    expect(world.disagreement()).toBeUndefined();
    for (const server of world.servers.values()) {
      for (const wire of server.wires.values()) expect(server.events).toContain(`synced s${wire.to.id}`);
    }
  });

  test.each(seeds(40))('seed %d: lost and repeated groups, slow links and short logs are healed', (seed) => {
    const world = new World(seed, { log: { facts: 8, bytes: 4096 }, logBytes: 32 << 10 });
    const n = world.random.between(2, 6);
    for (let id = 1; id <= n; id++) world.start(id);
    world.loss = 0.05;
    world.repetition = 0.1;
    world.capacity = world.random.between(2, 6);
    connectAll(world, graph(world, n, world.random.below(n)));
    for (let i = 0; i < 200; i++) {
      speak(world, world.get(world.random.between(1, n)));
      for (let k = world.random.below(4); k > 0; k--) world.step();
    }
    world.loss = 0;
    world.pass(120_000);
    expect(world.disagreement()).toBeUndefined();
  });
});

describe('through what breaks', () => {
  test.each(seeds(80))('seed %d: cuts, silence, partitions, crashes and restarts end in one state', (seed) => {
    const world = new World(seed, { log: { facts: 32, bytes: 1 << 20 } });
    const { random } = world;
    const n = random.between(2, 7);
    for (let id = 1; id <= n; id++) world.start(id);
    const edges = graph(world, n, random.below(2 * n));
    connectAll(world, edges);
    world.capacity = random.pick([4, 20, Number.POSITIVE_INFINITY]);
    for (let i = 0; i < 150; i++) {
      const servers = [...world.servers.values()];
      const one = random.pick(servers);
      const what = random.weighted({
        speak: 20,
        cut: 3,
        connect: 6,
        mute: 2,
        crash: 1,
        restart: 3,
        wait: 4,
        leave: 0.5,
      });
      if (what === 'speak') speak(world, one);
      else if (what === 'cut' && world.wires.length > 0) cutAny(world);
      else if (what === 'mute' && world.wires.length > 0) random.pick(world.wires).deaf = true;
      else if (what === 'connect')
        connectAll(
          world,
          [random.pick(edges)].filter((edge) => edge.every((id) => world.get(id))),
        );
      else if (what === 'crash' && servers.length > 1) world.crash(one);
      else if (what === 'leave' && servers.length > 1) {
        one.replica.leave('Shutting down');
        world.quiet();
        world.crash(one);
      } else if (what === 'restart') restart(world, n);
      else if (what === 'wait') world.pass(random.pick([100, 1000, 4000, 10_000]));
      for (let k = random.below(30); k > 0; k--) world.step();
    }
    // Links that were silent are noticed, everybody is started, and all links come back.
    for (const wire of world.wires.filter(({ deaf }) => deaf)) world.cut(wire.from, wire.to, 'Ping timeout');
    for (let id = 1; id <= n; id++) if (world.get(id) === undefined) world.start(id);
    connectAll(world, edges);
    world.pass(5000);
    expect(world.disagreement()).toBeUndefined();
    world.pass(100_000);
    expect(world.disagreement()).toBeUndefined();
    expect(world.refusals).toEqual([]);
    const owners = [...world.servers.values()].map(({ state }) => JSON.stringify([...state.owners()].sort()));
    expect(new Set(owners).size).toBe(1);
  });
});

function cutAny(world: World): void {
  const wire = world.random.pick(world.wires);
  world.cut(wire.from, wire.to);
}

function restart(world: World, n: number): void {
  const down = seeds(n).filter((id) => world.get(id) === undefined);
  if (down.length > 0) world.start(world.random.pick(down));
}

test('a full mesh carries each fact over each link at most once, and only from its origin', () => {
  const world = new World(1);
  for (let id = 1; id <= 6; id++) world.start(id);
  for (let a = 1; a <= 6; a++) for (let b = a + 1; b <= 6; b++) world.connect(world.get(a), world.get(b));
  world.quiet();
  world.crossings.clear();
  for (let i = 0; i < 300; i++) {
    speak(world, world.get(world.random.between(1, 6)));
    for (let k = world.random.below(4); k > 0; k--) world.step();
  }
  world.pass(61_000);
  expect(world.disagreement()).toBeUndefined();
  expect(world.crossings.size).toBe(300 * 5);
  for (const [key, times] of world.crossings) {
    expect(times).toBe(1);
    expect(key.split(' ')[0]).toBe(key.split(' ')[4]);
  }
});
