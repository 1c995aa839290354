// A snapshot on its way: it comes whole and in order, or nothing of it is kept.

import { expect, test } from 'bun:test';
import { serverId } from '../../src/base/ids.ts';
import type { Group } from '../../src/mesh/group.ts';
import { Intake, type PartHead } from '../../src/mesh/snapshot.ts';

const TWO = serverId(2);
const BYTES = 10;

function part(at: number, count = 2, more: Partial<PartHead> = {}): [PartHead, Group] {
  const group = { verb: 'SNAPSHOT', args: [], count, bytes: new Uint8Array(BYTES).fill(at) };
  return [{ id: TWO, incarnation: 1, n: 5, at, total: 6, ...more }, group];
}

test('parts in order come to the whole', () => {
  const intake = new Intake(1000);
  expect([intake.take(...part(0)), intake.take(...part(2))]).toEqual(['more', 'more']);
  expect([intake.id, intake.bytes]).toEqual([TWO, 2 * BYTES]);
  const whole = intake.take(...part(4));
  expect((whole as Uint8Array[]).map((bytes) => bytes[0])).toEqual([0, 2, 4]);
  expect([intake.id, intake.bytes]).toEqual([undefined, 0]);
});

test.each<[string, [PartHead, Group]]>([
  ['a part that is missing', part(4)],
  ['a part that came before', part(0, 2, { at: 1 })],
  ['a part of another origin', part(2, 2, { id: serverId(3) })],
  ['a part of another life', part(2, 2, { incarnation: 2 })],
  ['a part of another state', part(2, 2, { n: 6 })],
  ['a part of another length', part(2, 2, { total: 7 })],
])('%s spoils it: nothing is kept, and what follows is lost too', (_what, spoiling) => {
  const intake = new Intake(1000);
  intake.take(...part(0));
  expect(intake.take(...spoiling)).toBe('lost');
  expect([intake.id, intake.bytes]).toEqual([undefined, 0]);
  expect(intake.take(...part(2))).toBe('lost');
});

test('a first part begins it anew', () => {
  const intake = new Intake(1000);
  intake.take(...part(0));
  intake.take(...part(2));
  expect(intake.take(...part(0, 6))).toHaveLength(1);
});

test('more than can be taken is dropped', () => {
  const intake = new Intake(BYTES + 5);
  expect([intake.take(...part(0)), intake.take(...part(2))]).toEqual(['more', 'large']);
  expect([intake.id, intake.bytes]).toEqual([undefined, 0]);
});
