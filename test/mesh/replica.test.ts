// A replica in the situations that it was made for, one by one.

import { describe, expect, test } from 'bun:test';
import { serverId } from '../../src/base/ids.ts';
import type { Group } from '../../src/mesh/group.ts';
import { type ServerFact, writeServerFact } from '../../src/mesh/server-fact.ts';
import { FrameWriter } from '../../src/wire/writer.ts';
import { type Server, START, World } from './world.ts';

/** Servers 1 … n, linked as the pairs say. */
function network(n: number, pairs: readonly (readonly [number, number])[], options = {}): World {
  const world = new World(7, options);
  for (let id = 1; id <= n; id++) world.start(id);
  for (const [a, b] of pairs) world.connect(world.get(a), world.get(b));
  world.quiet();
  return world;
}

const LINE: readonly (readonly [number, number])[] = [
  [1, 2],
  [2, 3],
];

function nicks(server: Server, of: number): string[] {
  const users = server.state.parts.get(serverId(of))?.users.values() ?? [];
  return [...users].map(({ nick }) => nick).sort();
}

describe('a line of three', () => {
  test('is one network', () => {
    const world = network(3, LINE);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    a.join('ann', START, 'dev');
    c.join('cid', START, 'dev');
    world.quiet();
    expect(world.disagreement()).toBeUndefined();
    expect(nicks(c, 1)).toEqual(['ann']);
    const hops = [1, 2, 3].map((id) => a.replica.topology.hopcount(serverId(id)));
    expect(hops).toEqual([0, 0, 1]);
    expect(a.replica.topology.nextHop(c.id)).toBe(b.id);
    expect(a.replica.topology.nextHop(a.id)).toBeUndefined();
  });

  test('loses an end when a link breaks, after the hold, on every server of the other side', () => {
    const world = network(3, LINE);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    c.join('cid', START, 'dev');
    world.quiet();
    world.cut(b, c, 'Connection reset');
    world.pass(2999);
    expect(nicks(a, 3)).toEqual(['cid']);
    expect(a.events.at(-1)).toBe('lost s3');
    world.pass(1);
    for (const server of [a, b]) {
      const why = { kind: 'split', near: 's2', far: 's3', comment: 'Connection reset' } as const;
      expect(server.state.forgotten).toEqual([{ origin: c.id, why }]);
    }
    expect(c.state.forgotten.map(({ origin }) => origin as number).sort()).toEqual([1, 2]);
    expect(c.state.forgotten[0]?.why).toMatchObject({ near: 's3', far: 's2' });
    expect(world.disagreement()).toBeUndefined();
  });

  test('shows nothing of a link that is back within the hold', () => {
    const world = network(3, LINE);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    const uid = c.join('cid', START, 'dev');
    world.quiet();
    world.cut(b, c);
    world.pass(2500);
    c.say(['NICK', uid, 'sid', START + 9]);
    const snapshots = (): number => a.replica.counters.snapshots + b.replica.counters.snapshots;
    const before = snapshots();
    const applied: string[] = [];
    a.state.onApply = (_, verb) => applied.push(verb);
    world.connect(b, c);
    world.pass(10_000);
    expect(world.disagreement()).toBeUndefined();
    expect([...a.state.forgotten, ...b.state.forgotten, ...c.state.forgotten]).toEqual([]);
    // Only what was missed came: two facts of links, and the nickname.
    expect(snapshots()).toBe(before);
    expect(applied.filter((verb) => verb !== 'SQUIT')).toEqual(['NICK']);
  });

  test('without a hold a loss is told at once', () => {
    const world = network(3, LINE, { holdMs: 0 });
    world.cut(world.get(2), world.get(3));
    world.quiet();
    expect(world.get(1).state.forgotten.map(({ origin }) => origin as number)).toEqual([3]);
    world.connect(world.get(2), world.get(3));
    world.quiet();
    expect(world.disagreement()).toBeUndefined();
  });

  test('a state of it that comes late, from somebody who had not heard of the loss, is held back no longer than it', () => {
    const world = network(3, [[2, 3]]);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    c.join('cid', START, 'dev');
    world.quiet();
    world.connect(a, b);
    const late: Group[] = [];
    do {
      for (const { queue } of world.wires) {
        for (const group of queue) if (group.verb === 'SNAPSHOT' && group.args[0] === '3') late.push(group);
      }
    } while (world.step());
    world.cut(b, c);
    world.pass(3000);
    expect(nicks(a, 3)).toEqual([]);
    a.replica.receive([...a.wires.keys()][0] as never, late[0] as Group, world.now);
    world.quiet();
    expect(nicks(a, 3)).toEqual(['cid']);
    world.pass(3000);
    expect(nicks(a, 3)).toEqual([]);
    expect(world.disagreement()).toBeUndefined();
  });

  test('of two servers lost with one link each is told by the name of that link, whichever is forgotten first', () => {
    const world = network(3, LINE, { holdMs: 0 });
    world.cut(world.get(1), world.get(2), 'Connection reset');
    world.quiet();
    const why = { kind: 'split', near: 's1', far: 's2', comment: 'Connection reset' } as const;
    expect(world.get(1).state.forgotten.map((loss) => loss.why)).toEqual([why, why]);
  });

  test('a server that began anew is named itself, not the link through which it was lost', () => {
    const world = network(3, LINE);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    world.cut(a, b);
    world.crash(c);
    world.pass(1000);
    world.connect(a, world.start(3));
    world.quiet();
    expect(a.state.forgotten.map(({ origin }) => origin)).toEqual([c.id]);
    expect(a.state.forgotten[0]?.why).toMatchObject({ kind: 'restarted', server: 's3' });
  });

  test('a server that leaves is not waited for, and its late facts bring nothing back', () => {
    const world = network(3, LINE);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    c.join('cid', START, 'dev');
    world.quiet();
    const writer = new FrameWriter();
    writeServerFact(writer, a.replica.topology.server(c.id) as ServerFact);
    const args = [c.id, c.incarnation, 1, 1].map(String);
    const first = { args, count: 1, bytes: writer.bytes.slice(0, writer.length) };
    c.replica.leave('Shutting down');
    c.join('ghost', START);
    world.quiet();
    for (const server of [a, b]) {
      expect(server.state.forgotten.map(({ why }) => why)).toEqual([
        { kind: 'left', server: 's3', comment: 'Shutting down' },
      ]);
      expect(server.state.parts.has(c.id)).toBe(false);
    }
    const link = [...a.wires.keys()][0] as never;
    for (const verb of ['FACT', 'HAS']) {
      expect(a.replica.receive(link, { ...first, verb }, world.now)).toBeUndefined();
    }
    expect([a.replica.kept.origins, a.replica.kept.asked]).toEqual([2, 0]);
    world.crash(c);
    world.start(3);
    world.connect(b, world.get(3));
    world.quiet();
    expect(world.disagreement()).toBeUndefined();
  });
});

test('a line of five carries each fact over each link once, and never back', () => {
  const world = network(5, [...LINE, [3, 4], [4, 5]]);
  world.crossings.clear();
  for (let i = 0; i < 20; i++) world.get((i % 5) + 1).say(['BMSG', i]);
  world.quiet();
  const crossings = [...world.crossings].map(([key, times]) => {
    const [id, , n, , from, to] = key.split(' ').map(Number) as [number, number, number, number, number, number];
    return `${id} ${n} ${Math.min(from, to)} ${times}`;
  });
  expect(crossings.length).toBe(20 * 4);
  expect(new Set(crossings).size).toBe(20 * 4);
});

describe('redundant links', () => {
  const RING: readonly (readonly [number, number])[] = [...LINE, [1, 3]];

  test('a cut that leaves another way loses nobody', () => {
    const world = network(3, RING);
    const [a, b] = [world.get(1), world.get(2)];
    world.cut(a, b);
    a.join('ann', START);
    world.pass(20_000);
    expect(world.disagreement()).toBeUndefined();
    expect(nicks(b, 1)).toEqual(['ann']);
    for (const server of world.servers.values()) expect(server.state.forgotten).toEqual([]);
    expect(a.replica.topology.hopcount(b.id)).toBe(1);
  });

  test('what a silent link swallowed comes another way as soon as one end knows, without any timer', () => {
    const world = network(3, RING);
    const [a, b] = [world.get(1), world.get(2)];
    for (const wire of world.wires) if (wire.from === a && wire.to === b) wire.deaf = true;
    a.join('ann', START);
    world.quiet();
    expect(nicks(b, 1)).toEqual([]);
    // Only the far end notices.
    const wire = [...b.wires.values()].find(({ to }) => to === a);
    b.replica.linkDown(wire?.out as never, 'Ping timeout', world.now);
    world.quiet();
    expect(nicks(b, 1)).toEqual(['ann']);
    a.join('abe', START);
    world.quiet();
    expect(nicks(b, 1)).toEqual(['abe', 'ann']);
  });
});

describe('who is behind', () => {
  test('gets the facts while they are kept, and a snapshot when they are not', () => {
    for (const [facts, snapshots] of [
      [4000, 0],
      [4200, 1],
    ] as const) {
      const world = network(2, [[1, 2]], { holdMs: 3_600_000 });
      const [a, b] = [world.get(1), world.get(2)];
      const uid = a.join('ann', START);
      world.quiet();
      world.cut(a, b);
      for (let i = 0; i < facts; i++) a.say(['NICK', uid, `n${i}`, START + i]);
      const before = b.replica.counters.snapshots;
      world.connect(a, b);
      world.quiet();
      expect(b.replica.counters.snapshots - before).toBe(snapshots);
      expect(world.disagreement()).toBeUndefined();
      expect(nicks(b, 1)).toEqual([`n${facts - 1}`]);
    }
  });

  test('a large snapshot comes in parts, and what is said meanwhile comes behind it', () => {
    const world = network(2, []);
    world.capacity = 3;
    const [a, b] = [world.get(1), world.get(2)];
    for (let i = 0; i < 3000; i++) a.join(`n${i}`, START, 'dev');
    world.connect(a, b);
    let most = 0;
    let late = 0;
    while (world.step()) {
      // The last of them comes while the first parts are on their way, and the others are not sent.
      if (b.replica.kept.intakeBytes === 0 && !b.state.parts.has(a.id)) a.join(`late${late++}`, START);
      most = Math.max(most, ...world.wires.map(({ queue }) => queue.length));
    }
    expect(world.disagreement()).toBeUndefined();
    expect(late).toBeGreaterThan(2);
    expect(nicks(b, 1).length).toBe(3000 + late);
    expect(b.replica.counters.snapshots).toBe(1);
    // Nothing queues up for a slow link but what it is given at once.
    expect(most).toBeLessThan(40);
  });

  test('an incarnation that is over never comes back', () => {
    const world = network(3, LINE);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    a.join('old', START);
    world.quiet();
    // What 2 has to pass on of the old incarnation is still on its way to 3 when the new one is known there.
    a.join('older', START);
    const late = [...a.wires.values()][0]?.queue.slice() ?? [];
    world.crash(a);
    world.pass(1000);
    const again = world.start(1);
    again.join('new', START);
    world.connect(again, c);
    world.quiet();
    expect(b.events).toContain('restarted s1');
    expect(b.state.forgotten.map(({ why }) => why.kind)).toEqual(['restarted']);
    expect(nicks(b, 1)).toEqual(['new']);
    for (const group of late) {
      const wire = [...c.wires.values()].find(({ to }) => to === b);
      c.replica.receive(wire?.out as never, group, world.now);
    }
    world.pass(60_000);
    expect(late.length).toBeGreaterThan(0);
    expect(nicks(c, 1)).toEqual(['new']);
    expect(world.disagreement()).toBeUndefined();
  });

  test('gets nothing from a snapshot that is older than what it has', () => {
    const world = network(2, []);
    const [a, b] = [world.get(1), world.get(2)];
    a.join('ann', START);
    world.connect(a, b);
    const snapshots: Group[] = [];
    while (world.wires.some(({ queue }) => queue.length > 0)) {
      for (const { queue } of world.wires)
        snapshots.push(...queue.filter(({ verb, args }) => verb === 'SNAPSHOT' && args[0] === '1'));
      world.step();
    }
    a.join('abe', START);
    world.quiet();
    const link = [...b.wires.keys()][0] as never;
    expect(b.replica.receive(link, snapshots[0] as Group, world.now)).toBeUndefined();
    expect(nicks(b, 1)).toEqual(['abe', 'ann']);
    expect(b.replica.counters.wasted).toBe(1);
    world.quiet();
    expect(world.disagreement()).toBeUndefined();
  });

  test('asks somebody else when the link that it asked on is lost, or when nobody answers', () => {
    for (const silent of [false, true]) {
      const world = network(4, [
        [1, 2],
        [1, 3],
      ]);
      world.get(1).join('ann', START);
      world.quiet();
      const [asker, one, other] = [world.get(4), world.get(2), world.get(3)];
      world.connect(asker, one);
      world.connect(asker, other);
      const there = world.wires.find(({ from, to }) => from === asker && to === one);
      const back = world.wires.find(({ from, to }) => from === one && to === asker);
      while ((back?.queue.length ?? 0) > 0) world.deliver(back as never);
      expect(asker.replica.kept.asked).toBeGreaterThan(0);
      if (there !== undefined) there.queue.length = 0;
      if (silent) {
        for (const wire of [there, back]) if (wire !== undefined) wire.deaf = true;
        world.quiet();
        expect(nicks(asker, 1)).toEqual([]);
        world.pass(6000);
      } else {
        world.quiet();
        world.cut(asker, one);
        world.quiet();
      }
      expect(nicks(asker, 1)).toEqual(['ann']);
    }
  });

  test('does not ask others for what its neighbour is about to tell it', () => {
    const world = network(3, [...LINE, [1, 3]]);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    world.now += 30_000;
    a.join('ann', START);
    const wire = (from: Server, to: Server) => world.wires.find((one) => one.from === from && one.to === to) as never;
    world.deliver(wire(a, b));
    b.replica.tick(world.now);
    world.deliver(wire(b, c));
    expect(nicks(b, 1)).toEqual(['ann']);
    expect([nicks(c, 1), c.replica.kept.asked]).toEqual([[], 0]);
    world.quiet();
    expect(world.disagreement()).toBeUndefined();
  });

  test('hears of a restart through others while the link to the ghost is still up', () => {
    const world = network(3, [...LINE, [1, 3]]);
    const [a, b, ghost] = [world.get(1), world.get(2), world.get(3)];
    ghost.join('old', START);
    world.quiet();
    for (const wire of world.wires) if (wire.from === ghost || wire.to === ghost) wire.deaf = true;
    world.cut(b, ghost);
    ghost.alive = false;
    const again = world.start(3);
    again.join('new', START);
    world.connect(again, b);
    world.quiet();
    expect(nicks(b, 3)).toEqual(['new']);
    expect(nicks(a, 3)).toEqual(['new']);
  });

  test('a later incarnation of ourselves is reported, and facts that we never said end the link', () => {
    const world = network(2, [[1, 2]]);
    const [a, b] = [world.get(1), world.get(2)];
    const link = [...a.wires.keys()][0] as never;
    const tell = (incarnation: number, n: number): string | undefined =>
      a.replica.receive(
        link,
        { verb: 'HAS', args: ['1', String(incarnation), String(n)], count: 0, bytes: new Uint8Array(0) },
        world.now,
      );
    expect(tell(a.incarnation + 5, 1)).toBeUndefined();
    expect(a.events).toContain(`usurped ${a.incarnation + 5}`);
    expect(tell(a.incarnation, 1)).toBeUndefined();
    expect(tell(a.incarnation, 1000)).toBe('bad HAS');
    expect(b.state.forgotten).toEqual([]);
  });
});

describe('digests', () => {
  test('a state that went wrong is found within the period and replaced from where its origin is', () => {
    const world = network(3, LINE);
    const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
    a.join('ann', START, 'dev');
    world.quiet();
    for (const server of [b, c]) server.state.part(a.id).users.clear();
    // What was made of the state before it went wrong is used until the next fact.
    a.say(['BMSG', 'hello']);
    world.quiet();
    expect(world.disagreement()).toContain('of s1');
    world.pass(61_000);
    expect(b.events).toContain('mismatch s1 s1');
    expect(nicks(b, 1)).toEqual(['ann']);
    expect(nicks(c, 1)).toEqual(['ann']);
    expect(a.state.text(a.id)).toContain('ann');
    const before = [a, b, c].map(({ replica }) => replica.counters.mismatches);
    world.pass(120_000);
    expect([a, b, c].map(({ replica }) => replica.counters.mismatches)).toEqual(before);
  });

  test('equal states have no mismatch, whatever way they came', () => {
    const world = network(3, LINE);
    world.get(1).join('ann', START, 'dev', 'ops');
    world.pass(90_000);
    for (const { replica } of world.servers.values()) expect(replica.counters.mismatches).toBe(0);
  });
});

test('facts of a later protocol are kept and passed on', () => {
  const world = network(3, LINE);
  const [a, b, c] = [world.get(1), world.get(2), world.get(3)];
  a.say(['TOPIC', 'dev', 'anything']);
  a.join('ann', START);
  world.quiet();
  expect(world.disagreement()).toBeUndefined();
  expect(b.replica.counters.unknown).toBe(1);
  expect(c.replica.counters.unknown).toBe(1);
});

test('a fact that comes while another is applied goes out behind it', () => {
  const world = network(2, [[1, 2]]);
  const [a, b] = [world.get(1), world.get(2)];
  b.state.onApply = (origin, verb) => {
    if (origin === a.id && verb === 'USER') b.say(['BMSG', 'seen']);
  };
  a.join('ann', START, 'dev');
  world.quiet();
  expect(a.state.heard).toEqual(['seen']);
  expect(world.disagreement()).toBeUndefined();
});

test('a link says SYNCED once, when everything that the other side told is here', () => {
  const world = network(2, []);
  const [a, b] = [world.get(1), world.get(2)];
  for (let i = 0; i < 2000; i++) a.join(`n${i}`, START);
  world.connect(a, b);
  while (!a.events.includes('synced s2')) expect(world.step()).toBe(true);
  expect(nicks(b, 1).length).toBe(2000);
  world.pass(100_000);
  expect(a.events.filter((event) => event === 'synced s2').length).toBe(1);
});

test('16 servers in a full mesh that start together know each other, without timers', () => {
  const world = new World(3);
  for (let id = 1; id <= 16; id++) world.start(id).join(`n${id}`, START, 'dev');
  for (let a = 1; a <= 16; a++) for (let b = a + 1; b <= 16; b++) world.connect(world.get(a), world.get(b));
  world.quiet();
  expect(world.disagreement()).toBeUndefined();
  // One of them that comes again gets the state of each server once or so, not from everybody.
  world.crash(world.get(5));
  const again = world.start(5);
  for (let id = 1; id <= 16; id++) if (id !== 5) world.connect(again, world.get(id));
  world.quiet();
  expect(world.disagreement()).toBeUndefined();
  expect(again.replica.counters.snapshots + again.replica.counters.wasted).toBeLessThan(20);
});
