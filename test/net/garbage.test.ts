// Garbage: a crowd is collected after, and a long chunk of a connection that ends is emptied; nothing else is.

import { expect, test } from 'bun:test';
import { Garbage } from '../../src/net/garbage.ts';

const LONG = 65_536;
const LIVES = { closingAt: 0 };
const ENDS = { closingAt: 1 };

function filled(length: number): Uint8Array {
  return new Uint8Array(length).fill(7);
}

test('every thousandth client has garbage looked for', () => {
  let collections = 0;
  const garbage = new Garbage(() => collections++);
  for (let i = 0; i < 999; i++) garbage.came();
  expect(collections).toBe(0);
  for (let i = 0; i < 2001; i++) garbage.came();
  expect(collections).toBe(3);
});

test('a long chunk gives its memory back when its connection ends or is gone', () => {
  const garbage = new Garbage();
  for (const connection of [ENDS, undefined]) {
    const chunk = filled(LONG);
    garbage.given(chunk, connection);
    expect([chunk.length, chunk.buffer.byteLength]).toEqual([0, 0]);
  }
});

test('a chunk of a connection that is read on stays, and so does a short one', () => {
  const garbage = new Garbage();
  const [read, short] = [filled(LONG), filled(1000)];
  garbage.given(read, LIVES);
  garbage.given(short, ENDS);
  expect([read.length, read.at(-1), short.length, short.at(-1)]).toEqual([LONG, 7, 1000, 7]);
});

test('what has its memory from others stays as it is', () => {
  const garbage = new Garbage();
  const whole = filled(2 * LONG);
  const shared = new Uint8Array(new SharedArrayBuffer(LONG)).fill(7);
  for (const chunk of [whole.subarray(0, LONG), whole.subarray(LONG), shared]) garbage.given(chunk, ENDS);
  expect([whole.length, whole.at(-1), shared.at(-1)]).toEqual([2 * LONG, 7, 7]);
});
