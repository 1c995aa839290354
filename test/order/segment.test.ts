// A segment: what becomes readable, and what is kept until it does.

import { expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { epoch, serverId } from '../../src/base/ids.ts';
import { MESSAGE, SKIP } from '../../src/order/log.ts';
import { firstOpening } from '../../src/order/opening.ts';
import { Segment } from '../../src/order/segment.ts';
import { FrameWriter } from '../../src/wire/writer.ts';
import { HOME_LIMITS } from './limits.ts';
import { forEach } from './run.ts';

const EPOCH = epoch(1_790_000_000_000, serverId(1));

function open(slots: number, memory = new Budget(1 << 30)) {
  const budgets = { memory, ids: new Budget(1 << 20) };
  return new Segment('Lobby', firstOpening(EPOCH), { ...HOME_LIMITS, memory: { slots, bytes: 65_536 } }, budgets);
}

/** Appends a SKIP for each number, behind what is there. */
function append(segment: Segment, ...seqs: number[]): void {
  for (const seq of seqs) {
    const bytes = utf8Bytes(`<SKIPSEQUENCE,Lobby,${EPOCH},${seq}>\n`);
    expect(segment.append(segment.position + 1, SKIP, seq, bytes, 0, bytes.length)).toBeGreaterThan(0);
  }
}

/** Commits up to `position`; the numbers that readers hear of. */
function commit(segment: Segment, position: number): number[] {
  const heard: number[] = [];
  segment.commit(position, 0, { publish: (run) => forEach(run, (seq) => heard.push(Math.abs(seq))) });
  return heard;
}

test('readers hear of all that is decided, once and in order', () => {
  const segment = open(64);
  append(segment, 1, 3, 2);
  expect(commit(segment, 2)).toEqual([1, 3]);
  expect(segment.numbers.next).toBe(2);
  expect(commit(segment, 9)).toEqual([2]);
  expect(segment.numbers.next).toBe(4);
});

test('what is not decided is kept, however little else may be', () => {
  const segment = open(4);
  append(segment, 1, 2, 3, 4, 5, 6, 7);
  expect(commit(segment, 2)).toEqual([1, 2]);
  append(segment, 8);
  expect(segment.oldest).toBe(3);
  expect(commit(segment, 8)).toEqual([3, 4, 5, 6, 7, 8]);
  append(segment, 9);
  expect(segment.oldest).toBe(6);
  expect(segment.find(2)).toEqual({ kind: 'gone', floor: 6 });
});

test('what is not decided is kept while others need memory', () => {
  const budget = new Budget(8_192);
  const segment = open(1_024, budget);
  for (let seq = 1; seq <= 200; seq++) append(segment, seq);
  expect(budget.held).toBeGreaterThan(8_192);
  expect(commit(segment, 200)).toHaveLength(200);
  append(segment, 201);
  budget.grew(1);
  expect(segment.oldest).toBeGreaterThan(100);
  expect(budget.held).toBeLessThanOrEqual(8_192);
});

test('a number that somebody holds stays given out, whatever was forgotten below it', () => {
  const segment = open(4);
  segment.reach(9);
  append(segment, 1, 2, 3, 4, 5, 6);
  commit(segment, 6);
  expect(segment.last).toBe(9);
  expect(segment.find(9).kind).toBe('pending');
  segment.skipTo(20, 8);
  expect([segment.numbers.next, segment.last]).toEqual([8, 9]);
});

test('a closed segment takes nothing more, and commits nothing above its end', () => {
  const segment = open(64);
  append(segment, 1, 2, 3);
  commit(segment, 1);
  segment.close(2);
  expect(commit(segment, 3)).toEqual([2]);
  const bytes = utf8Bytes('x\n');
  expect(segment.append(3, MESSAGE, 3, bytes, 0, bytes.length)).toBe(-1);
});

test('a tail may begin far behind the first number of its epoch', () => {
  const budgets = { memory: new Budget(1 << 30), ids: new Budget(1 << 20) };
  const limits = { ...HOME_LIMITS, memory: { slots: 64, bytes: 65_536 } };
  const tail = new Segment('Lobby', firstOpening(EPOCH), limits, budgets, 70_000);
  append(tail, 70_002, 70_001);
  expect(commit(tail, 70_002)).toEqual([70_002, 70_001]);
  expect([tail.numbers.next, tail.last, tail.find(70_001).kind]).toEqual([70_003, 70_002, 'slot']);
  expect(tail.find(69_999)).toEqual({ kind: 'gone', floor: 1 });
});

test('what is kept has its reference, however much was forgotten before it', () => {
  const segment = open(4);
  const bytes = (seq: number) => utf8Bytes(`<CMSG,Lobby,${EPOCH},${seq},ann,2026-11-22T00:00:00.000Z,hello>\n`);
  for (let seq = 1; seq <= 40; seq++) {
    const reference = seq % 3 === 0 ? undefined : { server: serverId(1), number: seq };
    // The same entry again changes nothing.
    for (let i = 0; i < 2; i++) segment.append(seq, MESSAGE, seq, bytes(seq), 0, bytes(seq).length, reference);
    segment.commit(seq, 0);
    for (let position = segment.oldest; position <= seq; position++) {
      expect(referenceAt(segment, position)).toBe(position % 3 === 0 ? '' : `1.${position}`);
    }
  }
  expect(referenceAt(segment, 1)).toBe('');
  segment.skipTo(60, 61);
  segment.append(61, MESSAGE, 61, bytes(61), 0, bytes(61).length, { server: serverId(1), number: 61 });
  expect([referenceAt(segment, 40), referenceAt(segment, 61)]).toEqual(['', '1.61']);
});

/** The reference of an entry as it is written in a STREAM. */
function referenceAt({ references }: Segment, position: number): string {
  const frame = new FrameWriter().begin('A');
  references.write(position, position, frame);
  return new TextDecoder().decode(frame.end().bytes.subarray('<A,'.length, frame.length - '>\n'.length));
}
