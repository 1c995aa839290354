// Copies by address: the same bytes as without them, wherever they come from.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { addressOf, addressOfSource, copiesFrom, copyTo, stable, useLibrary } from '../../src/base/library.ts';
import { Tape } from '../../src/base/tape.ts';
import { openLibrary } from '../../src/net/library.ts';

const library = openLibrary();

function numbered(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 37) & 0xff;
  return bytes;
}

test('without a library nothing has an address', () => {
  useLibrary(undefined);
  copiesFrom(stable(8));
  expect([addressOf(stable(8)), addressOfSource()]).toEqual([0, 0]);
});

test.skipIf(library === undefined)('a library that comes later is used for what there is already', () => {
  const source = stable(8);
  copiesFrom(source);
  useLibrary(library);
  expect(addressOfSource()).toBe(addressOf(source));
  expect(addressOfSource()).toBeGreaterThan(0);
  useLibrary(undefined);
  expect(addressOfSource()).toBe(0);
});

describe.each([false, true].slice(0, library === undefined ? 1 : 2))('with a library: %p', (uses) => {
  const source = numbered(stable(1_000));
  const others = [numbered(new Uint8Array(500)), numbered(stable(700))];
  beforeAll(() => {
    useLibrary(uses ? library : undefined);
    copiesFrom(source);
  });
  afterAll(() => useLibrary(undefined));

  test('a copy has the bytes of its source, and touches no others', () => {
    const target = stable(400);
    for (const bytes of [source, ...others]) {
      for (const [start, end, at] of [
        [0, 0, 400],
        [3, 4, 7],
        [100, 117, 383],
        [250, 500, 0],
      ] as const) {
        for (const to of [0, addressOf(target)]) {
          target.fill(1);
          const model = target.slice();
          model.set(bytes.subarray(start, end), at);
          copyTo(target, to, at, bytes, start, end);
          expect(target).toEqual(model);
        }
      }
    }
  });

  test('what ends behind its source is never copied by address', () => {
    const target = stable(2_000);
    copyTo(target, addressOf(target), 0, source, 0, 1_500);
    expect(target.subarray(1_000).every((byte) => byte === 0)).toBe(true);
  });

  test('a tape holds what it was given while it grows, moves and shrinks', () => {
    const tape = new Tape();
    const all: number[] = [];
    for (let i = 0; i < 3_000; i++) {
      const bytes = i % 3 === 0 ? (others[i % 2] as Uint8Array) : source;
      const start = (i * 13) % 200;
      const end = start + ((i * 7) % 180);
      expect(tape.append(bytes, start, end)).toBe(all.length);
      all.push(...bytes.subarray(start, end));
      if (i % 5 === 0) tape.trim(all.length - ((i * 31) % 2_000));
      if (i % 400 === 0) tape.shrink();
    }
    const live = tape.buffer.subarray(tape.tail - tape.base, tape.head - tape.base);
    expect([...live]).toEqual(all.slice(tape.tail));
  });
});
