// Elections: what a server fetches, and how the epoch begins that it opens.

import { beforeEach, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { type Epoch, epoch, type ServerId, serverId } from '../../src/base/ids.ts';
import { Elections } from '../../src/order/elections.ts';
import { Line } from '../../src/order/line.ts';
import { SKIP } from '../../src/order/log.ts';
import { firstOpening, type Held, type Holding, type Opening } from '../../src/order/opening.ts';
import { Segment } from '../../src/order/segment.ts';
import { HOME_LIMITS, MEMORY_LIMITS } from './limits.ts';
import { oneRoom, SELF, START } from './one-room.ts';

const [T, OTHER, THIRD] = [START, serverId(2), serverId(3)];
const OLD = epoch(T, serverId(3));
const SPLIT = epoch(T + 1_000, OTHER);
const OWN = epoch(T + 2_000, SELF);
const NONE: Pick<Holding, 'before' | 'branches'> = { before: '', branches: [] };
const budgets = { memory: new Budget(1 << 30), ids: new Budget(1 << 20) };
const limits = { ...HOME_LIMITS, memory: MEMORY_LIMITS };

let said: string[];
let reachable: ServerId[];
let opened: Opening[];
let resumed: number;
let line: Line;
let elections: Elections;

beforeEach(() => {
  [said, opened, line, resumed, reachable] = [[], [], new Line(), 0, [OTHER]];
  const options = oneRoom({
    to: (_server, bytes, start, end) => said.push(...utf8(bytes, start, end).trim().split('\n')),
    reachable: () => reachable,
  });
  elections = new Elections(options, line, {
    promise: () => {},
    open: (opening) => opened.push(opening),
    resume: () => {
      resumed++;
    },
  });
});

function fill(segment: Segment, count: number): Segment {
  while (count-- > 0) {
    const position = segment.position + 1;
    const seq = segment.opening.first + position - 1;
    const bytes = utf8Bytes(`<SKIPSEQUENCE,Lobby,${segment.epoch},${seq}>\n`);
    segment.append(position, SKIP, seq, bytes, 0, bytes.length);
  }
  return segment;
}

const segment = (of: Epoch, count: number) => fill(new Segment('Lobby', firstOpening(of), limits, budgets), count);
const held = (of: Epoch, position: number, first = 1): Held => ({ epoch: of, first, position, last: first + position });

/** The other server answers SEAL; what this one asks for then. */
function answer(holding: Pick<Holding, 'line' | 'branches'>): string[] {
  elections.begin('', T + 5_000);
  const epoch = said.pop()?.split(',')[2]?.slice(0, -1) as Epoch;
  elections.sealed(epoch, { server: OTHER, before: '', ...holding }, T + 5_000);
  return said.splice(0);
}

test('an epoch in which nothing was decided is spoken of, so that who is in it can leave it', () => {
  line.push(segment(OLD, 37));
  expect(answer({ line: [held(OLD, 28), held(SPLIT, 0, 30)], branches: [] })).toEqual([]);
  expect(opened.map(({ oldEpoch, oldPosition }) => [oldEpoch, oldPosition])).toEqual([[OLD, 37]]);
  expect(opened[0]?.tails.map(({ epoch, position }) => [epoch, position])).toEqual([
    [SPLIT, 0],
    [OLD, 37],
  ]);
});

test('a line and a tail of one epoch, of one server, are kept apart', () => {
  const asked = answer({ line: [held(OLD, 22), held(SPLIT, 2, 30)], branches: [held(OLD, 23)] });
  expect(asked).toEqual([
    `<SUBSCRIBE,Lobby,${OLD},0,22>`,
    `<SUBSCRIBE,Lobby,${SPLIT},0,2>`,
    `<SUBSCRIBE,Lobby,${OLD},22,23>`,
  ]);
  const first = elections.targetOf(OTHER, OLD) as Segment;
  elections.received(fill(first, 22));
  elections.received(fill(elections.targetOf(OTHER, SPLIT) as Segment, 2));
  expect(opened).toEqual([]);
  const tail = elections.targetOf(OTHER, OLD) as Segment;
  expect(tail).not.toBe(first);
  elections.received(fill(tail, 1));
  expect([first.position, tail.position, line.branchOf(OLD)]).toEqual([22, 23, tail]);
  expect(opened.map(({ oldEpoch, oldPosition }) => [oldEpoch, oldPosition])).toEqual([[SPLIT, 2]]);
});

/** This server, which is alone in an epoch of its own, asks two others: both have 7 entries of another line. */
function askTwo(second: Held): void {
  reachable = [OTHER, THIRD];
  line.push(segment(OWN, 0));
  elections.begin(OWN, T + 5_000);
  const promised = epoch(T + 5_000, SELF);
  elections.sealed(promised, { ...NONE, server: OTHER, line: [held(OLD, 7), held(SPLIT, 0, 8)] }, T + 5_000);
  elections.sealed(promised, { ...NONE, server: THIRD, line: [second, held(SPLIT, 0, 8)] }, T + 5_000);
  expect(said.splice(0).slice(2)).toEqual([`<SUBSCRIBE,Lobby,${OLD},0,7>`]);
}

/** What the two others are told when the fetching goes on. */
const AGAIN = [OTHER, THIRD].map(() => `<SEAL,Lobby,${epoch(T + 5_000, SELF)}>`);

test('what was on its way from a server that is lost is had from another one that holds it', () => {
  askTwo(held(OLD, 7));
  fill(elections.targetOf(OTHER, OLD) as Segment, 2);
  elections.lost(OTHER, T + 5_100);
  expect([said.at(-1), opened, elections.targetOf(OTHER, OLD)]).toEqual([
    `<SUBSCRIBE,Lobby,${OLD},2,7>`,
    [],
    undefined,
  ]);
  elections.received(fill(elections.targetOf(THIRD, OLD) as Segment, 5));
  expect(line.branchOf(OLD)?.position).toBe(7);
  expect(opened[0]?.tails.map(({ epoch, position }) => [epoch, position])).toEqual([
    [OLD, 7],
    [SPLIT, 0],
  ]);
});

test('what a server that says nothing more has is had from another one, and nobody is waited for longer', () => {
  askTwo(held(OLD, 7));
  elections.tick(T + 7_000);
  expect([said.splice(0), opened]).toEqual([[`<SUBSCRIBE,Lobby,${OLD},0,7>`, ...AGAIN], []]);
  fill(elections.targetOf(THIRD, OLD) as Segment, 1);
  elections.tick(T + 9_000);
  expect(opened).toEqual([]);
  elections.tick(T + 11_000);
  expect(opened).toHaveLength(1);
});

test('what drips in is waited for so long and no longer, and who has promised is told meanwhile', () => {
  askTwo(held(OLD, 7));
  const source = elections.targetOf(OTHER, OLD) as Segment;
  for (let second = 7; second <= 13; second += 2) {
    elections.received(fill(source, 1));
    elections.tick(T + second * 1_000);
    expect([second, opened.length, said.splice(0)]).toEqual([second, 0, AGAIN]);
  }
  elections.received(fill(source, 1));
  elections.tick(T + 15_000);
  expect([said, opened.map(({ oldEpoch }) => oldEpoch)]).toEqual([[], [OWN]]);
  expect(opened[0]?.tails.map(({ epoch, position }) => [epoch, position])).toEqual([[OLD, 5]]);
  // That took ten seconds, and so the room has ten before it is asked to join anything again.
  expect(elections.restedAt(T + 15_000)).toBe(T + 25_000);
});

test('no epoch is spoken of in front of which something is missing: who is in it knows more than this server', () => {
  askTwo(held(OLD, 5));
  elections.lost(OTHER, T + 5_100);
  elections.received(fill(elections.targetOf(THIRD, OLD) as Segment, 5));
  expect(line.branchOf(OLD)?.position).toBe(5);
  expect(opened[0]?.tails.map(({ epoch, position }) => [epoch, position])).toEqual([[OLD, 5]]);
});

test('a line that ends with an epoch of nothing is gone on with at once', () => {
  line.push(segment(OLD, 7));
  expect(answer({ line: [held(OLD, 7), held(SPLIT, 0, 8)], branches: [] })).toEqual([]);
  expect(opened.map(({ oldEpoch, oldPosition }) => [oldEpoch, oldPosition])).toEqual([[SPLIT, 0]]);
});

test('who asks for what is kept no longer is told so', () => {
  elections.sendPart(OTHER, OLD, 3, 9);
  expect(said).toEqual([`<LAGGED,Lobby,${OLD},9,1>`, `<STREAM,Lobby,${OLD},9,9,0>`]);
});

test('a home that slept goes on by the word of one that has a copy, and not of one that has none', () => {
  line.push(segment(OLD, 3));
  elections.probe(OLD, T);
  expect(said).toEqual([`<SEAL,Lobby,${OLD}>`]);
  elections.sealed(OLD, { server: OTHER, before: '', line: [], branches: [] }, T + 10);
  expect([resumed, elections.isProbing]).toEqual([0, true]);
  elections.reached(OTHER, T + 20);
  elections.sealed(OLD, { server: OTHER, before: '', line: [held(OLD, 3)], branches: [] }, T + 30);
  expect([resumed, elections.isProbing]).toEqual([1, false]);
});

test('a home that slept and hears of nobody goes on after 5 s', () => {
  line.push(segment(OLD, 3));
  elections.probe(OLD, T);
  for (let now = T; now < T + 5_000; now = Math.max(now + 1, elections.deadline)) elections.tick(now);
  expect(resumed).toBe(0);
  elections.tick(T + 5_000);
  expect(resumed).toBe(1);
});
