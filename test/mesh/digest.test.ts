// Digests: the same for the same frames in any order, another for anything else.

import { expect, test } from 'bun:test';
import { digestOf } from '../../src/mesh/digest.ts';
import { Random } from '../sim/random.ts';
import { framesOf } from './world.ts';

type Row = readonly (string | number)[];

function digest(...rows: readonly Row[]): string {
  const { bytes } = framesOf(...rows);
  return digestOf(bytes, bytes.length);
}

function shuffled(random: Random, rows: readonly Row[]): Row[] {
  const left = [...rows];
  return rows.map(() => left.splice(random.below(left.length), 1)[0] as Row);
}

test('the order of frames makes no difference, and everything else does', () => {
  const random = new Random(9);
  const seen = new Map<string, string>();
  for (let round = 0; round < 3000; round++) {
    const rows: Row[] = Array.from({ length: random.below(6) }, () => [
      random.pick(['USER', 'JOINROOM']),
      `${random.below(3)}.${random.below(20)}`,
      random.pick(['a', 'b', 'a\n', ',', '']),
    ]);
    const text = JSON.stringify(rows.map((row) => JSON.stringify(row)).sort());
    const one = digest(...rows);
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(digest(...shuffled(random, rows))).toBe(one);
    expect(seen.get(one) ?? text).toBe(text);
    seen.set(one, text);
  }
  expect(seen.size).toBeGreaterThan(2000);
});

test('values that change places between frames are another state', () => {
  expect(digest(['NICK', '1.1', 'ann'], ['NICK', '1.2', 'bob'])).not.toBe(
    digest(['NICK', '1.1', 'bob'], ['NICK', '1.2', 'ann']),
  );
  expect(digest(['NICK', '1.1', 'ann'], ['NICK', '1.1', 'ann'])).not.toBe(digest());
});
