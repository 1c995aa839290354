// Runs in the memory log: whatever came before, a run that is taken at once leaves the log as its entries one by one do.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Budget } from '../../src/base/budget.ts';
import { epoch, serverId, ticket } from '../../src/base/ids.ts';
import { Run } from '../../src/base/run.ts';
import { MESSAGE, SKIP } from '../../src/order/log.ts';
import { type MemoryLimits, MemoryLog } from '../../src/order/memory.ts';
import { emptySlot } from '../../src/order/readers.ts';

interface Step {
  /** The lengths of the frames of a run. */
  readonly frames: readonly number[];
  /** How many slots are given out before and decided later; negative: so many of those are decided in the run. */
  readonly held: number;
  readonly after: 'nothing' | 'halve' | 'keep' | 'keep all' | 'let go' | 'single';
}

const EPOCH = epoch(1_790_000_000_000, serverId(7));
const NO_TICKET = ticket(0);

const steps = fc.array(
  fc.record<Step>({
    frames: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 64 }),
    held: fc.integer({ min: -4, max: 3 }),
    after: fc.constantFrom('nothing', 'nothing', 'nothing', 'halve', 'keep', 'keep all', 'let go', 'single'),
  }),
  { maxLength: 50 },
);

function make(limits: MemoryLimits, cap: number, first: number) {
  const budget = new Budget(cap);
  return { budget, log: new MemoryLog(EPOCH, budget, limits, first) };
}

/** All that can be asked of a log whose highest slot is `last`. */
function stateOf({ log, budget }: ReturnType<typeof make>, last: number) {
  const slot = emptySlot();
  const shown = () => [
    slot.kind,
    slot.seq,
    slot.position,
    Buffer.from(slot.bytes.slice(slot.start, slot.end)).toString(),
  ];
  const positions: unknown[] = [];
  for (let at = log.oldest - 1; at <= log.committed + 1; at++) positions.push(log.readAt(at, slot) ? shown() : at);
  const slots: unknown[] = [];
  for (let seq = Math.max(1, last - 200); seq <= last + 1; seq++) slots.push(log.read(seq, slot) ? shown() : seq);
  return { committed: log.committed, floor: log.floor, oldest: log.oldest, held: budget.held, positions, slots };
}

function compare(limits: MemoryLimits, cap: number, first: number, list: readonly Step[]): void {
  const whole = make(limits, cap, first);
  const single = make(limits, cap, first);
  const held: number[] = [];
  let last = first - 1;
  let letter = 0;
  for (const { frames, held: holds, after } of list) {
    for (let i = 0; i < holds; i++) held.push(++last);
    let late = Math.max(0, -holds);
    const text = frames.map((length) => String.fromCharCode(97 + (letter++ % 26)).repeat(length)).join('');
    const bytes = new Uint8Array(Buffer.from(`in front${text}behind`, 'latin1'));
    const run = new Run(bytes);
    run.clear(8);
    for (const length of frames) {
      const isLate = late-- > 0 && held.length > 0;
      const seq = isLate ? (held.shift() as number) : ++last;
      const start = run.end;
      run.add(start + length, isLate && seq % 2 === 0 ? -seq : seq, 0, 0);
      const kind = isLate && seq % 2 === 0 ? SKIP : MESSAGE;
      const { log } = single;
      expect(log.append(log.committed, kind, seq, bytes, start, start + length, NO_TICKET)).toBe(log.committed);
    }
    expect(whole.log.appendRun(whole.log.committed, run)).toBe(single.log.committed);
    bytes.fill(0);
    expect(stateOf(whole, last)).toEqual(stateOf(single, last));
    if (after === 'single') last++;
    for (const { log } of [whole, single]) {
      if (after === 'halve') log.halve();
      else if (after === 'keep') log.keepFrom = log.committed - 3;
      else if (after === 'keep all') log.keepFrom = log.oldest;
      else if (after === 'let go') log.keepFrom = Number.POSITIVE_INFINITY;
      else if (after === 'single') log.append(log.committed, MESSAGE, last, new Uint8Array(40), 3, 33, NO_TICKET);
    }
    expect(stateOf(whole, last)).toEqual(stateOf(single, last));
  }
}

test('a run leaves a log as its entries one by one do', () => {
  const limits = fc.record<MemoryLimits>({
    slots: fc.integer({ min: 1, max: 150 }),
    bytes: fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.constant(100_000)),
  });
  const first = fc.constantFrom(1, 5_000_000_000);
  fc.assert(fc.property(limits, fc.constantFrom(2_000, 9_000, 1_000_000), first, steps, compare), {
    numRuns: 300,
    seed: 7,
  });
});

test('in the usual state one slot gives way for each that comes', () => {
  const list = Array.from({ length: 40 }, (): Step => ({ frames: new Array(16).fill(60), held: 0, after: 'nothing' }));
  compare({ slots: 100, bytes: 100_000 }, 1_000_000, 1, list);
});
