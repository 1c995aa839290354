// The tape against the plainest model: one array of everything ever appended, and where it was trimmed.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Tape } from '../../src/base/tape.ts';

interface Model {
  readonly all: number[];
  tail: number;
}

const read = (tape: Tape, from: number, to: number): number[] => [
  ...tape.buffer.subarray(from - tape.base, to - tape.base),
];

function expectSame(tape: Tape, model: Model): void {
  expect(tape.head).toBe(model.all.length);
  expect(tape.tail).toBe(model.tail);
  expect(tape.length).toBe(model.all.length - model.tail);
  expect(tape.held).toBe(tape.buffer.length);
  expect(tape.base).toBeLessThanOrEqual(tape.tail);
  expect(tape.head - tape.base).toBeLessThanOrEqual(tape.held);
  expect(read(tape, tape.tail, tape.head)).toEqual(model.all.slice(model.tail));
}

type Step = (tape: Tape, model: Model) => void;

const append = fc.tuple(fc.uint8Array({ maxLength: 400, size: 'max' }), fc.nat(8), fc.nat(8)).map(
  ([bytes, skip, drop]): Step =>
    (tape, model) => {
      const start = Math.min(skip, bytes.length);
      const end = Math.max(start, bytes.length - drop);
      expect(tape.append(bytes, start, end)).toBe(model.all.length);
      model.all.push(...bytes.slice(start, end));
    },
);
const write = fc.tuple(fc.nat(300), fc.nat(300), fc.nat(255)).map(
  ([reserved, used, byte]): Step =>
    (tape, model) => {
      const count = Math.min(reserved, used);
      const at = tape.reserve(reserved);
      expect(at + reserved).toBeLessThanOrEqual(tape.held);
      tape.buffer.fill(byte, at, at + count);
      tape.advance(count);
      for (let i = 0; i < count; i++) model.all.push(byte);
    },
);
/** Trims to a place given as thousandths between a little before the tail and a little behind the head. */
const trim = fc.nat(1000).map(
  (place): Step =>
    (tape, model) => {
      const position = model.tail - 3 + Math.floor(((model.all.length - model.tail + 6) * place) / 1000);
      tape.trim(position);
      model.tail = Math.max(model.tail, Math.min(position, model.all.length));
    },
);
const shrink = fc.constant<Step>((tape, model) => {
  tape.shrink();
  const live = model.all.length - model.tail;
  expect(tape.held).toBeLessThan(live === 0 ? 1 : Math.max(257, live * 2));
});

test('any appends, trims and shrinks leave what the model holds', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(append, write, trim, shrink), { maxLength: 40, size: 'max' }), (steps) => {
      const tape = new Tape();
      const model: Model = { all: [], tail: 0 };
      for (const step of steps) {
        step(tape, model);
        expectSame(tape, model);
      }
    }),
    { numRuns: 100 },
  );
});

describe('memory', () => {
  test('an empty tape holds none', () => {
    const tape = new Tape();
    expect(tape.held).toBe(0);
    tape.append(new Uint8Array(1000), 0, 1000);
    tape.trim(1000);
    tape.shrink();
    expect(tape.held).toBe(0);
    expect([tape.base, tape.tail, tape.head]).toEqual([1000, 1000, 1000]);
  });

  test('stays as it is when as much is trimmed as is appended', () => {
    const tape = new Tape();
    const chunk = new Uint8Array(100);
    for (let i = 0; i < 20; i++) tape.append(chunk, 0, 100);
    const most = tape.held;
    for (let i = 0; i < 1000; i++) {
      tape.append(chunk, 0, 100);
      tape.trim(tape.head - 2000);
    }
    expect(tape.length).toBe(2000);
    expect(tape.held).toBeLessThanOrEqual(most * 2);
  });

  test('each byte moves less than once on average', () => {
    const tape = new Tape();
    let moved = 0;
    for (let i = 0; i < 20_000; i++) {
      const { base, buffer, length } = tape;
      const at = tape.reserve(50);
      if (tape.buffer !== buffer || tape.base !== base) moved += length;
      tape.buffer[at] = i;
      tape.advance(50);
      if (i % 3 === 0) tape.trim(tape.head - 3000);
    }
    expect(moved / tape.head).toBeLessThan(1);
  });

  test('a moved tape keeps its own copy', () => {
    const tape = new Tape();
    const bytes = new Uint8Array(10).fill(1);
    tape.append(bytes, 0, 10);
    bytes.fill(2);
    expect(read(tape, 0, 10)).toEqual(Array<number>(10).fill(1));
  });
});

test('trim never goes back, and never past the head', () => {
  const tape = new Tape();
  tape.append(new Uint8Array(10), 0, 10);
  tape.trim(6);
  tape.trim(2);
  expect(tape.tail).toBe(6);
  tape.trim(99);
  expect([tape.tail, tape.head, tape.length]).toEqual([10, 10, 0]);
  expect(tape.append(new Uint8Array(1), 0, 1)).toBe(10);
});
