// What every log of a room must do, whatever it is made of. A suite for a test file to call with a way to make one.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { type Epoch, epoch, serverId, type Ticket, ticket } from '../../src/base/ids.ts';
import { type EntryKind, LATE, MESSAGE, REFUSED, type RoomLog, SKIP } from '../../src/order/log.ts';
import { emptySlot } from '../../src/order/readers.ts';

/** How a suite makes a log, and how it gets the answer that a log owes it. */
export interface LogSubject {
  make(epoch: Epoch, slots: number, bytes: number, first: number): RoomLog;
  /** The answer to the append under `ticket`, after it was LATE. */
  answer?(log: RoomLog, ticket: Ticket): number;
}

interface Entry {
  readonly kind: EntryKind;
  readonly position: number;
  readonly text: string;
}

const EPOCH = epoch(1_790_000_000_000, serverId(7));

export function describeLog(name: string, subject: LogSubject): void {
  let tickets = 0;

  function open({ slots = 64, bytes = 65_536, first = 1 } = {}) {
    const log = subject.make(EPOCH, slots, bytes, first);
    /** Appends `text` at its own range of a larger array, which is overwritten afterwards: a log copies. */
    const append = (after: number, kind: EntryKind, seq: number, text: string): number => {
      const bytes = utf8Bytes(`before${text}behind`);
      const id = ticket(++tickets);
      const result = log.append(after, kind, seq, bytes, 6, bytes.length - 6, id);
      bytes.fill(0);
      return result === LATE && subject.answer !== undefined ? subject.answer(log, id) : result;
    };
    const read = (seq: number) => {
      const slot = emptySlot();
      if (!log.read(seq, slot)) return undefined;
      expect(slot.seq).toBe(seq);
      return { kind: slot.kind, position: slot.position, text: utf8(slot.bytes, slot.start, slot.end) };
    };
    return { log, append, read };
  }

  describe(`${name} as a log`, () => {
    test('is empty at first, in the epoch that it was made for', () => {
      const { log, read } = open();
      expect([log.epoch, log.committed, log.floor]).toEqual([EPOCH, 0, 1]);
      expect(read(1)).toBeUndefined();
    });

    test('an epoch may begin at any number', () => {
      const { log, append, read } = open({ first: 5_000_000_000 });
      expect(log.floor).toBe(5_000_000_000);
      expect(append(0, MESSAGE, 5_000_000_000, 'a')).toBe(1);
      expect(append(1, MESSAGE, 5_000_000_001, 'b')).toBe(2);
      expect(read(5_000_000_000)?.text).toBe('a');
      expect(read(5_000_000_001)).toEqual({ kind: MESSAGE, position: 2, text: 'b' });
      expect(read(4_999_999_999)).toBeUndefined();
    });

    test('positions are counted from 1, and bytes are copied', () => {
      const { log, append, read } = open();
      expect(append(0, MESSAGE, 1, 'one')).toBe(1);
      expect(append(1, SKIP, 2, 'two')).toBe(2);
      expect(log.committed).toBe(2);
      expect(read(1)).toEqual({ kind: MESSAGE, position: 1, text: 'one' });
      expect(read(2)).toEqual({ kind: SKIP, position: 2, text: 'two' });
      expect(read(3)).toBeUndefined();
    });

    test('slots are decided in any order and keep their place in it', () => {
      const { append, read } = open();
      [3, 1, 4, 2].forEach((seq, i) => {
        expect(append(i, MESSAGE, seq, `m${seq}`)).toBe(i + 1);
      });
      expect([1, 2, 3, 4].map(read)).toEqual([
        { kind: MESSAGE, position: 2, text: 'm1' },
        { kind: MESSAGE, position: 4, text: 'm2' },
        { kind: MESSAGE, position: 1, text: 'm3' },
        { kind: MESSAGE, position: 3, text: 'm4' },
      ]);
    });

    test('the same entry again is answered with its position and changes nothing', () => {
      const { log, append, read } = open();
      append(0, MESSAGE, 1, 'one');
      append(1, MESSAGE, 2, 'two');
      expect(append(0, MESSAGE, 1, 'one')).toBe(1);
      expect(append(1, MESSAGE, 2, 'two')).toBe(2);
      expect(log.committed).toBe(2);
      expect(read(2)?.text).toBe('two');
    });

    test.each([
      ['another slot', MESSAGE, 9, 'one'],
      ['another kind', SKIP, 1, 'one'],
      ['other bytes', MESSAGE, 1, 'two'],
      ['more bytes', MESSAGE, 1, 'one more'],
    ] as const)('%s at a position that is taken is refused', (_what, kind, seq, text) => {
      const { log, append, read } = open();
      append(0, MESSAGE, 1, 'one');
      expect(append(0, kind, seq, text)).toBe(REFUSED);
      expect(log.committed).toBe(1);
      expect(read(1)).toEqual({ kind: MESSAGE, position: 1, text: 'one' });
      expect(read(9)).toBeUndefined();
    });

    test('a gap in the positions is refused', () => {
      const { log, append, read } = open();
      expect(append(1, MESSAGE, 1, 'one')).toBe(REFUSED);
      append(0, MESSAGE, 1, 'one');
      expect(append(2, MESSAGE, 2, 'two')).toBe(REFUSED);
      expect(log.committed).toBe(1);
      expect(read(2)).toBeUndefined();
    });

    test('keeps the newest, and everything at or above the floor', () => {
      const random = fc.record({
        slots: fc.integer({ min: 1, max: 40 }),
        bytes: fc.integer({ min: 1, max: 2_000 }),
        /** How far from its turn each slot is decided, its kind, and the length of its frame. */
        entries: fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean(), fc.integer({ min: 0, max: 120 })), {
          maxLength: 300,
          size: 'max',
        }),
      });
      fc.assert(
        fc.property(random, ({ slots, bytes, entries }) => {
          const { log, append, read } = open({ slots, bytes });
          const order = entries
            .map(([delay, isSkip, length], i) => ({ seq: i + 1, delay, isSkip, length }))
            .sort((a, b) => a.seq + a.delay - (b.seq + b.delay));
          const model = new Map<number, Entry>();
          let floor = log.floor;
          for (const { seq, isSkip, length } of order) {
            const entry: Entry = {
              kind: isSkip ? SKIP : MESSAGE,
              position: model.size + 1,
              text: `${seq}:`.padEnd(length, 'x'),
            };
            expect(append(model.size, entry.kind, seq, entry.text)).toBe(entry.position);
            model.set(seq, entry);
            expect(log.floor).toBeGreaterThanOrEqual(floor);
            floor = log.floor;
            for (let s = 1; s <= entries.length; s++) {
              const found = read(s);
              if (s < floor) expect(found).toBeUndefined();
              else if (found !== undefined || model.has(s)) expect(found).toEqual(model.get(s) as Entry);
            }
            if (seq === Math.max(...model.keys())) expect(read(seq)).toEqual(entry);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
