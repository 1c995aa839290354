// The mesh as the node has it: what servers tell each other of themselves, what their clients are told of it, and what
// the log says.

import { describe, expect, test } from 'bun:test';
import { type ConnectionId, connectionId } from '../../src/base/ids.ts';
import { bytes, identity, START } from '../mesh/servers.ts';
import { type Member, Meshes } from './mesh.ts';

function pair(delayMs = 0): { net: Meshes; a: Member; b: Member } {
  const net = new Meshes();
  net.delayMs = delayMs;
  const [a, b] = [net.add(identity(1)), net.add(identity(2))];
  net.run(1500);
  expect([...a.mesh.links.peers()]).toHaveLength(1);
  return { net, a, b };
}

describe('figures', () => {
  test('are told every two seconds, as counts and as rates', () => {
    const { net, a, b } = pair();
    a.now = { users: 3, rooms: 2, said: 0, delivered: 0 };
    net.run(2000);
    expect(b.mesh.pulse.of(a.self.id)).toMatchObject({ users: 3, rooms: 2, inRate: 0, outRate: 0 });
    a.now = { users: 4, rooms: 2, said: 21, delivered: 200 };
    net.run(2000);
    expect(b.mesh.pulse.of(a.self.id)).toMatchObject({ users: 4, rooms: 2, inRate: 11, outRate: 100 });
    expect(a.mesh.pulse.of(a.self.id)?.users).toBe(4);
  });

  test('have the way to each neighbour and back', () => {
    const { net, a, b } = pair(20);
    net.run(6000);
    expect(a.mesh.links.trips()).toEqual(new Map([[b.self.id, 40]]));
    expect(a.mesh.pulse.of(b.self.id)?.trips).toEqual(new Map([[a.self.id, 40_000]]));
  });

  test('are dropped with their server, and not told on a link that takes no more', () => {
    const { net, a, b } = pair();
    net.run(4000);
    expect(a.mesh.pulse.size).toBe(2);
    a.held = 2000;
    // Known with the next thing that is sent.
    net.run(2000);
    a.sent.length = 0;
    net.run(10_000);
    expect(a.sent.filter(({ text }) => text.startsWith('<STATS'))).toEqual([]);
    b.mesh.leave('bye', net.now);
    net.members.splice(1);
    net.run(10_000);
    expect(a.mesh.pulse.size).toBe(1);
  });

  test('that no server could have written end the link', () => {
    const { net, a } = pair();
    const [link] = [...a.mesh.links.peers()];
    a.mesh.links.receive(link?.connection ?? connectionId(0), bytes('<STATS,2,x,1,1,1,1,1,>'), net.now);
    expect(a.lines.join()).toContain('bad STATS');
    net.run(0);
  });
});

describe('where else clients may connect', () => {
  test('a server that is back in time was never gone', () => {
    const { net, a } = pair();
    const told = a.addresses.length;
    expect(a.addresses.at(-1)).toBe('s2.example:7400');
    net.cut();
    expect([...a.mesh.replica.topology.reachable()]).toEqual([a.self.id]);
    net.run(2500);
    expect([...a.mesh.links.peers()]).toHaveLength(1);
    expect(a.addresses.slice(told).every((each) => each === 's2.example:7400')).toBe(true);
  });

  test('one that is not is', () => {
    const { net, a } = pair();
    net.members.splice(1);
    net.cut();
    net.run(2999);
    expect(a.addresses.at(-1)).toBe('s2.example:7400');
    net.run(1);
    expect(a.addresses.at(-1)).toBe('');
  });
});

test('a clock that is off is named with its size, from a datagram of a server that no link is up to too', () => {
  const { net, a, b } = pair();
  a.mesh.unheard({ ...b.self, incarnation: START }, 45_000, net.now);
  expect(a.lines.at(-1)).toBe('warn clock.skew {"server":"s2.example","id":2,"ms":45000}');
  const lines = a.lines.length;
  for (let i = 0; i < 100; i++) a.mesh.unheard(b.self, 45_000 + i, net.now + i * 1000);
  expect(a.lines).toHaveLength(lines);
});

// Else entries that come by one link are taken for those of a stream that another one has begun to bring.
test('of two links that bring words of one server at a time the one that began first is not listened to any more', () => {
  const net = new Meshes();
  const [a] = [1, 2, 3].map((id) => net.add(identity(id))) as [Member];
  net.run(1500);
  const [one, other] = [...a.mesh.links.peers()].map(({ connection }) => connection) as [ConnectionId, ConnectionId];
  const hear = (link: ConnectionId, text: string): void => a.mesh.links.receive(link, bytes(text), net.now);
  hear(one, '<ROUTE,1,2,31,4><A><B>');
  hear(other, '<ROUTE,1,3,31,2><X>');
  hear(one, '<C');
  hear(other, '<Y><ROUTE,1,2,32,3><E>');
  hear(one, '><D><ROUTE,1,3,31,1><Z>');
  hear(other, '<F>');
  hear(one, '<ROUTE,1,2,31,1><G>');
  hear(other, '<H>');
  expect(a.words).toEqual(['2 A', '2 B', '3 X', '3 Y', '2 E', '3 Z', '2 F', '2 G']);
  hear(other, '<ROUTE,1,2,32,1><I>');
  expect(a.words.at(-1)).toBe('2 I');
  expect([...a.mesh.links.peers()]).toHaveLength(2);
});

test('a link that does not take what it is sent ends, and is there again when it does', () => {
  const { net, a, b } = pair();
  a.held = 9001;
  net.run(2000);
  expect(a.lines.join()).toContain('"detail":"it does not take what it is sent"');
  expect([...b.mesh.links.peers()]).toEqual([]);
  a.held = 0;
  net.run(3000);
  expect([...a.mesh.links.peers()]).toHaveLength(1);
});
