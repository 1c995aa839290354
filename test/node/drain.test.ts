// Drain: clients are told a few at a time, each once, and the network is left behind the last of them.

import { describe, expect, test } from 'bun:test';
import type { Connection } from '../../src/node/connection.ts';
import type { Connections } from '../../src/node/connections.ts';
import { Drain } from '../../src/node/drain.ts';

interface Sketch {
  readonly id: number;
  link: boolean;
  closingAt: number;
}

class World {
  readonly said: string[] = [];
  readonly drain: Drain;
  readonly connections: Sketch[];
  now = 1000;

  constructor(count: number, elsewhere: boolean) {
    this.connections = Array.from({ length: count }, (_, id) => ({ id, link: false, closingAt: 0 }));
    const say = (what: string, connection: Connection): void => {
      this.said.push(`${what} ${connection.id}`);
      connection.closingAt = this.now;
    };
    this.drain = new Drain({
      connections: {
        [Symbol.iterator]: () => this.connections.values(),
        at: (id: number) => this.connections.find((each) => each.id === id),
      } as unknown as Connections,
      elsewhere: () => elsewhere,
      sendAway: (connection) => say('away', connection),
      end: (connection) => say('end', connection),
      leave: (reason) => this.said.push(`leave ${reason}`),
    });
  }

  /** Ticks when it is wanted, until it is not any more; at what times. */
  run(): number[] {
    const times: number[] = [];
    while (this.drain.deadline < Number.POSITIVE_INFINITY) {
      this.now = this.drain.deadline;
      times.push(this.now);
      this.drain.tick(this.now);
    }
    return times;
  }
}

describe('with another server to go to', () => {
  test('a thousand are spread over the time, in the order in which they came, and the network is left last', () => {
    const world = new World(1000, true);
    expect(world.drain.begin('bye', 2000, world.now)).toBe(1900);
    expect(world.said).toHaveLength(50);
    expect(world.run()).toHaveLength(19);
    expect(world.said).toEqual([...Array.from({ length: 1000 }, (_, id) => `away ${id}`), 'leave bye']);
  });

  test('a few are told at once', () => {
    const world = new World(20, true);
    expect(world.drain.begin('bye', 10_000, world.now)).toBe(0);
    expect(world.said).toHaveLength(21);
    expect(world.drain.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('nobody is there', () => {
    const world = new World(0, true);
    expect(world.drain.begin('bye', 10_000, world.now)).toBe(0);
    expect(world.said).toEqual(['leave bye']);
  });

  test('links, and who goes meanwhile, are passed over', () => {
    const world = new World(45, true);
    (world.connections[0] as Sketch).link = true;
    world.drain.begin('bye', 1000, world.now);
    (world.connections[30] as Sketch).closingAt = 1;
    world.connections.splice(40, 1);
    world.run();
    const told = world.said.filter((each) => each.startsWith('away')).map((each) => Number(each.slice(5)));
    expect(told).toEqual(Array.from({ length: 45 }, (_, id) => id).filter((id) => ![0, 30, 40].includes(id)));
  });

  test('a second word ends it at once', () => {
    const world = new World(100, true);
    world.drain.begin('bye', 10_000, world.now);
    world.drain.begin('fault', 0, world.now);
    expect(world.said.filter((each) => each.startsWith('end'))).toHaveLength(80);
    expect(world.run()).toEqual([]);
  });
});

test('with nowhere else to go all are told at once, behind the leave', () => {
  const world = new World(100, false);
  expect(world.drain.begin('bye', 10_000, world.now)).toBe(0);
  expect(world.said).toEqual(['leave bye', ...Array.from({ length: 100 }, (_, id) => `end ${id}`)]);
});
