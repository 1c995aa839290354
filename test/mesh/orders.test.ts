// Every order of eight facts of three servers, at a replica that gets them from three sides: one state, one vector, one
// digest, one owner of each nickname. What comes too early is asked for again, of the side that named it.

import { expect, test } from 'bun:test';
import { connectionId, serverId } from '../../src/base/ids.ts';
import { factBytes } from '../../src/mesh/facts.ts';
import type { Group } from '../../src/mesh/group.ts';
import { Replica } from '../../src/mesh/replica.ts';
import type { Watcher } from '../../src/mesh/replica-ports.ts';
import { ReferenceState } from './reference-state.ts';
import { framesOf, groupsIn, START, World } from './world.ts';

const SERVERS = [2, 3, 4];

/** The facts of three servers that are linked with server 1 and with each other, three, three and two of them. */
function facts(): Group[] {
  const user = (id: number, nick: string, time: number): (string | number)[] => {
    return ['USER', `${id}.${(START + id) * 1000}`, nick, 'u', 'h', 'r', time];
  };
  const uid = (id: number): string => `${id}.${(START + id) * 1000}`;
  const said: Readonly<Record<number, readonly (readonly (readonly (string | number)[])[])[]>> = {
    2: [[user(2, 'Ann', 20)], [['JOINROOM', uid(2), 'dev']]],
    3: [[user(3, 'ann', 10), ['JOINROOM', uid(3), 'dev']], [['NICK', uid(3), 'bob', 30]]],
    4: [[user(4, 'BOB', 30)]],
  };
  return SERVERS.flatMap((id) => {
    const neighbours = [1, ...SERVERS.filter((other) => other !== id)].join(' ');
    const server = ['SERVER', `s${id}`, 0, id, '', '127.0.0.1', 7000 + id, START + id, neighbours, '', 1];
    return [[server], ...(said[id] ?? [])].flatMap((frames, i) => {
      const { bytes, count } = framesOf(...frames);
      const head = { id: serverId(id), incarnation: START + id, n: i + 1 };
      return groupsIn(factBytes(head, count, bytes, 0, bytes.length));
    });
  });
}

/** Feeds the facts in that order, each over its server's link, and answers what is asked. Says what came of it. */
function outcome(order: readonly Group[], all: readonly Group[], watcher: Watcher): string {
  const state = new ReferenceState();
  const asked: { readonly link: number; readonly group: Group }[] = [];
  const out = {
    send: (link: number, bytes: Uint8Array, start: number, end: number): boolean => {
      if (bytes[start + 1] !== 'W'.charCodeAt(0)) return true;
      for (const group of groupsIn(bytes, start, end)) asked.push({ link, group });
      return true;
    },
  };
  const about = { name: 's1', id: serverId(1), info: '', ip: '127.0.0.1', port: 7001, clients: [], protocol: 1 };
  const limits = { log: { facts: 100, bytes: 1e6 }, logBytes: 1e6, snapshotBytes: 1e6, servers: 9 };
  const times = { holdMs: 3000, unseenMs: 5000, vectorMs: 30_000, answerMs: 5000 };
  const config = { server: { ...about, incarnation: START }, ...limits, ...times };
  const replica = new Replica(config, state, watcher, out, START);
  for (const id of SERVERS) replica.linkUp(connectionId(id), serverId(id), START);
  for (const group of order) {
    const refused = replica.receive(connectionId(Number(group.args[0])), group, START);
    if (refused !== undefined) throw new Error(refused);
  }
  for (let ask = asked.shift(); ask !== undefined; ask = asked.shift()) {
    const [id, , n] = ask.group.args;
    for (const group of all) {
      if (group.args[0] !== id || Number(group.args[2]) <= Number(n)) continue;
      replica.receive(connectionId(ask.link), group, START);
    }
  }
  const vector = [...replica.vector(true)].map(([id, at]) =>
    [id, at.incarnation, at.n, id === 1 ? '' : at.digest].join(),
  );
  const owners = [...state.owners()].sort().join(' ');
  return [...vector.sort(), owners, ...SERVERS.map((id) => state.text(serverId(id)))].join('\n');
}

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield items;
  for (const [i, item] of items.entries()) {
    for (const rest of permutations([...items.slice(0, i), ...items.slice(i + 1)])) yield [item, ...rest];
  }
}

test('every order of eight facts gives one state', () => {
  const all = facts();
  expect(all.length).toBe(8);
  const watcher = new World(1).start(1);
  const outcomes = new Map<string, number>();
  for (const order of permutations(all)) {
    const one = outcome(order, all, watcher);
    outcomes.set(one, (outcomes.get(one) ?? 0) + 1);
  }
  expect([...outcomes.values()]).toEqual([40_320]);
  const [text] = outcomes.keys();
  const uid = (id: number): string => `${id}.${(START + id) * 1000}`;
  // The first ann has become bob, at the time when 4 claimed it too: the lower uid has it.
  expect(text).toContain(`ann,${uid(2)} bob,${uid(3)}`);
}, 60_000);
