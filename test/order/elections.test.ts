// Elections: what a server fetches, and how the epoch begins that it opens.

import { beforeEach, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { type Epoch, epoch, serverId } from '../../src/base/ids.ts';
import { Elections } from '../../src/order/elections.ts';
import { Line } from '../../src/order/line.ts';
import { SKIP } from '../../src/order/log.ts';
import { firstOpening, type Held, type Holding, type Opening } from '../../src/order/opening.ts';
import { Segment } from '../../src/order/segment.ts';
import { HOME_LIMITS, MEMORY_LIMITS } from './limits.ts';
import { oneRoom, START } from './one-room.ts';

const [T, OTHER] = [START, serverId(2)];
const OLD = epoch(T, serverId(3));
const SPLIT = epoch(T + 1_000, OTHER);
const budgets = { memory: new Budget(1 << 30), ids: new Budget(1 << 20) };
const limits = { ...HOME_LIMITS, memory: MEMORY_LIMITS };

let said: string[];
let opened: Opening[];
let resumed: number;
let line: Line;
let elections: Elections;

beforeEach(() => {
  [said, opened, line, resumed] = [[], [], new Line(), 0];
  const options = oneRoom({
    to: (_server, bytes, start, end) => said.push(...utf8(bytes, start, end).trim().split('\n')),
    reachable: () => [OTHER],
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
