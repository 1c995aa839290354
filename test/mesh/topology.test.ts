// Reachability from neighbours alone, against the plainest way to compute it, and the changes that are told.

import { describe, expect, test } from 'bun:test';
import { type ServerId, serverId } from '../../src/base/ids.ts';
import type { ServerFact } from '../../src/mesh/server-fact.ts';
import { Topology } from '../../src/mesh/topology.ts';
import { Random } from '../sim/random.ts';

function fact(id: number, ...neighbours: readonly number[]): ServerFact {
  const about = { name: `s${id}`, id: serverId(id), info: '', ip: '127.0.0.1', port: 7000 + id, clients: [] };
  return { ...about, incarnation: 1, neighbours: neighbours.map(serverId), protocol: 1 };
}

/** Distances in links from server 1 over links that both ends name, by trying until nothing gets shorter. */
function distances(facts: ReadonlyMap<number, readonly number[]>): Map<number, number> {
  const found = new Map([[1, 0]]);
  for (let changed = true; changed; ) {
    changed = false;
    for (const [a, near] of facts) {
      for (const b of near) {
        const reach = found.get(a);
        if (reach === undefined || !facts.get(b)?.includes(a) || (found.get(b) ?? 99) <= reach + 1) continue;
        found.set(b, reach + 1);
        changed = true;
      }
    }
  }
  return found;
}

describe('a topology', () => {
  test('follows from the facts, in whatever order they came', () => {
    const random = new Random(11);
    for (let round = 0; round < 300; round++) {
      const topology = new Topology(serverId(1));
      const facts = new Map<number, readonly number[]>();
      const reached = new Set<ServerId>();
      for (let step = 0; step < 30; step++) {
        const id = step === 0 ? 1 : random.between(1, 7);
        if (step > 0 && id !== 1 && random.chance(0.1)) {
          topology.drop(serverId(id));
          facts.delete(id);
        } else {
          const near = [1, 2, 3, 4, 5, 6, 7].filter((other) => other !== id && random.chance(0.4));
          topology.put(fact(id, ...near));
          facts.set(id, near);
        }
        if (random.chance(0.5)) {
          const changes = topology.changes();
          for (const one of changes.lost) expect(reached.delete(one)).toBe(true);
          for (const one of changes.reached) expect(reached.has(one)).toBe(false);
          for (const one of changes.reached) reached.add(one);
          expect([...reached].sort()).toEqual([...topology.reachable()].sort());
        }
        const expected = distances(facts);
        expect([...topology.reachable()].map(Number).sort()).toEqual([...expected.keys()].sort());
        for (const [one, links] of expected) {
          expect(topology.hopcount(serverId(one))).toBe(Math.max(links - 1, 0));
          const via = topology.nextHop(serverId(one));
          // A neighbour on the way brings it one link nearer.
          if (one === 1) expect(via).toBeUndefined();
          else expect(via !== undefined && facts.get(1)?.includes(via) && facts.get(via)?.includes(1)).toBe(true);
        }
      }
    }
  });

  test('counts a link only when both ends name it', () => {
    const topology = new Topology(serverId(1));
    topology.put(fact(1, 2));
    topology.put(fact(2));
    expect(topology.reaches(serverId(2))).toBe(false);
    topology.put(fact(2, 1, 3));
    topology.put(fact(3));
    expect(topology.changes()).toEqual({ reached: [serverId(1), serverId(2)], lost: [], cuts: [] });
    expect(topology.linked(serverId(2), serverId(3))).toBe(false);
  });

  test('names the link through which a server was lost, and the links that were cut', () => {
    const topology = new Topology(serverId(1));
    for (const one of [fact(1, 2), fact(2, 1, 3), fact(3, 2, 4), fact(4, 3)]) topology.put(one);
    topology.changes();
    topology.put(fact(2, 1));
    const changes = topology.changes();
    expect(changes.lost.map(Number)).toEqual([3, 4]);
    expect(changes.cuts).toEqual([[serverId(2), serverId(3)]]);
    expect(topology.split(serverId(4))).toEqual(['s2', 's3']);
    expect(topology.hopcount(serverId(4))).toBeUndefined();
    topology.drop(serverId(4));
    expect(topology.split(serverId(4))).toBeUndefined();
    expect(topology.split(serverId(3))).toEqual(['s2', 's3']);
    topology.put(fact(2, 1, 3));
    expect(topology.split(serverId(3))).toBeUndefined();
  });

  test('tells nothing of what was lost and found again in between', () => {
    const topology = new Topology(serverId(1));
    for (const one of [fact(1, 2), fact(2, 1)]) topology.put(one);
    topology.changes();
    topology.put(fact(1));
    topology.put(fact(1, 2));
    expect(topology.changes()).toEqual({ reached: [], lost: [], cuts: [] });
  });

  test('an isolated server is out of reach whatever others say, until it speaks again', () => {
    const topology = new Topology(serverId(1));
    for (const one of [fact(1, 2), fact(2, 1)]) topology.put(one);
    topology.isolate(serverId(2));
    topology.put(fact(1, 2, 3));
    expect(topology.reaches(serverId(2))).toBe(false);
    expect(topology.named('s2')?.id).toBe(serverId(2));
    topology.put(fact(2, 1));
    expect(topology.reaches(serverId(2))).toBe(true);
  });
});
