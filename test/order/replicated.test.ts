// The log that waits for a standby: the suite of every log, alone and with a standby, and what is its own.

import { describe, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { type Epoch, epoch, serverId, ticket } from '../../src/base/ids.ts';
import { LATE, MESSAGE, REFUSED } from '../../src/order/log.ts';
import { firstOpening } from '../../src/order/opening.ts';
import { emptySlot } from '../../src/order/readers.ts';
import { ReplicatedLog } from '../../src/order/replicated.ts';
import { Segment } from '../../src/order/segment.ts';
import { describeLog } from '../contract/log.ts';
import { HOME_LIMITS } from './limits.ts';

const LIMITS = { waiting: 4, waitingBytes: 100 };
const UNBOUNDED = { waiting: 1 << 20, waitingBytes: 1 << 30 };
/** The positions that each said to be committed. */
const answers = new WeakMap<ReplicatedLog, number[]>();
const segments = new WeakMap<ReplicatedLog, Segment>();

function make(of: Epoch, slots: number, bytes: number, first: number, waits: boolean, limits = UNBOUNDED) {
  const budgets = { memory: new Budget(1 << 30), ids: new Budget(1 << 20) };
  const segment = new Segment('Lobby', firstOpening(of, first), { ...HOME_LIMITS, memory: { slots, bytes } }, budgets);
  const answered: number[] = [];
  const log = new ReplicatedLog(segment, limits, (position) => answered.push(position));
  answers.set(log, answered);
  segments.set(log, segment);
  log.awaitStandby(waits);
  return log;
}

describeLog('a replicated log without a standby', {
  make: (of, slots, bytes, first) => make(of, slots, bytes, first, false),
});

describeLog('a replicated log with a standby', {
  make: (of, slots, bytes, first) => make(of, slots, bytes, first, true),
  answer: (log) => {
    const replicated = log as ReplicatedLog;
    replicated.held((segments.get(replicated) as Segment).position);
    return answers.get(replicated)?.at(-1) ?? 0;
  },
});

describe('a log that waits', () => {
  const EPOCH = epoch(1_790_000_000_000, serverId(7));
  const open = () => make(EPOCH, 64, 65_536, 1, true, LIMITS);
  const append = (log: ReplicatedLog, position: number, text = 'text') =>
    log.append(position - 1, MESSAGE, position, utf8Bytes(text), 0, text.length, ticket(position));

  test('shows nothing that the standby does not hold', () => {
    const log = open();
    expect([append(log, 1), append(log, 2)]).toEqual([LATE, LATE]);
    expect([log.committed, log.waiting, log.read(1, emptySlot())]).toEqual([0, 2, false]);
    log.held(1);
    expect([log.committed, log.read(1, emptySlot()), log.read(2, emptySlot())]).toEqual([1, true, false]);
    expect(answers.get(log)).toEqual([1]);
    log.held(1);
    log.held(7);
    expect(answers.get(log)).toEqual([1, 2]);
    expect(log.committed).toBe(2);
  });

  test('takes so much and no more before the standby answers', () => {
    const log = open();
    for (let n = 1; n <= 4; n++) expect(append(log, n)).toBe(LATE);
    expect(append(log, 5)).toBe(REFUSED);
    log.held(4);
    expect(append(log, 5, 'x'.repeat(60))).toBe(LATE);
    expect(append(log, 6, 'x'.repeat(60))).toBe(REFUSED);
  });

  test('without a standby all that waits is committed, and what follows at once', () => {
    const log = open();
    append(log, 1);
    log.awaitStandby(false);
    expect(log.committed).toBe(1);
    expect(append(log, 2)).toBe(2);
  });

  test('commits and takes nothing any more once another server decides', () => {
    const log = open();
    append(log, 1);
    log.stop();
    log.held(1);
    expect([log.committed, append(log, 2), answers.get(log)?.length]).toEqual([0, REFUSED, 0]);
  });
});
