// Several servers, random people, facts that come in any order, splits, returns and restarts: everybody who hears
// everything knows the same, and no client is told anything twice or in vain.

import { describe, expect, test } from 'bun:test';
import type { Session } from '../../src/chat/session.ts';
import { REGISTERED } from '../../src/chat/session.ts';
import { foldNick } from '../../src/wire/names.ts';
import { chance } from './chance.ts';
import { Cluster, type Site } from './cluster.ts';

const SEEDS = process.env.CHORUS_TEST_LONG === undefined ? 40 : 1000;
const STEPS = 600;
const LONG_MS = 120_000;

/** What a server knows of everybody. */
function dump(cluster: Cluster, at: number): unknown {
  const site = cluster.sites[at] as Site;
  const { chat } = site;
  const parts = cluster.sites.map(({ id }) => site.part(id).sort());
  const rooms = [...chat.rooms.all()].map(({ key, name, members }) => {
    return [key, name, [...members].map(({ uid }) => uid).sort()];
  });
  const owners = [...chat.users.all()].map(({ folded, nick }) => [folded, chat.owner(nick)?.uid]);
  return { parts, rooms: rooms.sort(), owners: owners.sort() };
}

/** Whoever of ours is here owns its nickname, and rooms and users agree. */
function check(cluster: Cluster): void {
  for (const { chat, clients } of cluster.sites) {
    for (const { session } of clients.values()) {
      const { state, user } = session as Session;
      if (state !== REGISTERED || user === undefined) continue;
      if (chat.owner(user.nick) !== user) throw new Error(`${user.ident} is here and does not own its nickname`);
    }
    for (const user of chat.users.all()) {
      if (user.folded !== foldNick(user.nick)) throw new Error('a nickname folded wrongly');
      for (const room of user.rooms) if (!room.members.has(user)) throw new Error('a room without its member');
    }
    for (const room of chat.rooms.all()) {
      for (const user of room.members) if (!user.rooms.includes(room)) throw new Error('a member without its room');
    }
  }
}

/** What clients have heard is what is. */
function checkViewers(cluster: Cluster): void {
  for (const [client, { rooms, over }] of cluster.viewers) {
    if (over) continue;
    const heard = [...rooms].map(([room, idents]) => [room, [...idents].sort()]).sort();
    const is = (client.session.user?.rooms ?? []).map(({ key, members }) => [
      key,
      [...members].map(({ ident }) => ident).sort(),
    ]);
    expect(heard).toEqual(is.sort());
  }
}

function run(seed: number): Cluster {
  const cluster = new Cluster(2 + (seed % 3), chance(seed * 7919));
  for (let i = 0; i < STEPS; i++) {
    cluster.step();
    check(cluster);
  }
  cluster.heal();
  check(cluster);
  return cluster;
}

describe('a network that hears everything', () => {
  const counts: Record<string, number> = {};

  test(
    `knows the same everywhere, ${SEEDS} times`,
    () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        try {
          const cluster = run(seed);
          const first = dump(cluster, 0);
          for (let at = 1; at < cluster.sites.length; at++) expect(dump(cluster, at)).toEqual(first);
          checkViewers(cluster);
          for (const [name, count] of Object.entries(cluster.counts)) counts[name] = (counts[name] ?? 0) + count;
          cluster.empty();
          for (const { chat, id } of cluster.sites) {
            chat.owner('nobody');
            const { former, gone, ...kept } = chat.kept;
            const nothing = { users: 0, rooms: 0, claims: 0, resumed: 0, servers: 0, waiting: 0 };
            expect({ id, ...kept }).toEqual({ id, ...nothing });
            expect(former + gone).toBeLessThan(500);
          }
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`);
        }
      }
    },
    LONG_MS,
  );

  test('went through everything', () => {
    for (const [name, count] of Object.entries(counts)) expect([name, count > SEEDS / 8]).toEqual([name, true]);
  });
});

test('the same seed says the same', () => {
  expect(JSON.stringify(dump(run(3), 0))).toBe(JSON.stringify(dump(run(3), 0)));
});
