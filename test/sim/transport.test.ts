// Connections of the simulated world carry every byte once and in order, say when they are full, and end as sockets do.

import { expect, test } from 'bun:test';
import { Random } from './random.ts';
import { connection, type End, type EndHandlers, type Way } from './transport.ts';
import { World } from './world.ts';

const WAY: Way = { bufferBytes: 100, delayMs: 5, jitterMs: 10, cuts: 0.5 };

function pair(seed: number): { world: World; near: End; far: End; log: string[] } {
  const world = new World(seed);
  const [near, far] = connection(world, 'n', WAY, WAY, new Random(seed));
  const log: string[] = [];
  near.handlers = handlers(log, 'near');
  far.handlers = handlers(log, 'far');
  return { world, near, far, log };
}

function handlers(log: string[], name: string): EndHandlers {
  return {
    data: (chunk) => log.push(`${name} ${chunk.length}`),
    drain: () => log.push(`${name} drain`),
    end: () => log.push(`${name} end`),
    close: (reason) => log.push(`${name} ${reason}`),
  };
}

test('bytes arrive once and in order, and a short write is followed by one drain', () => {
  for (let seed = 1; seed < 30; seed++) {
    const { world, near, far } = pair(seed);
    const sent = Uint8Array.from({ length: 1_000 }, (_, i) => i % 251);
    const got: number[] = [];
    let at = near.write(sent, 0, sent.length);
    expect(at).toBe(100);
    expect(near.write(sent, at, sent.length)).toBe(0);
    far.handlers = { ...handlers([], ''), data: (chunk) => got.push(...chunk) };
    near.handlers = { ...handlers([], ''), drain: () => (at += near.write(sent, at, sent.length)) };
    world.run(10_000);
    expect(got).toEqual([...sent]);
  }
});

test('a paused end hears nothing, and everything when it goes on', () => {
  const { world, near, far, log } = pair(3);
  far.pause();
  near.write(new Uint8Array(40), 0, 40);
  near.terminate();
  world.run(1_000);
  expect(log).toEqual(['near terminated']);
  expect(far.write(new Uint8Array(1), 0, 1)).toBe(-1);
  far.resume();
  world.run(1_000);
  expect(log).toEqual(['near terminated', 'far reset']);
});

test('half an end lets the other half go on; both close when both have ended', () => {
  const { world, near, far, log } = pair(4);
  near.shutdown();
  world.run(100);
  expect(far.write(new Uint8Array(7), 0, 7)).toBe(7);
  world.run(100);
  far.shutdown();
  world.run(100);
  expect(log.filter((line) => !/\d/.test(line))).toEqual(['far end', 'far ended', 'near end', 'near ended']);
  expect(near.received).toBe(7);
});

test('nobody is told when the network between them is gone', () => {
  const { world, near, far, log } = pair(5);
  near.vanish();
  expect(far.write(new Uint8Array(200), 0, 200)).toBe(100);
  world.run(100_000);
  expect(log).toEqual([]);
});
