// Chunks that are read many bytes at a time: long ones, with whatever means something at every place in a word. All of it
// with the library of this system and without.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { isUtf8 } from 'node:buffer';
import { addressOf, stable, useLibrary } from '../../src/base/library.ts';
import { openLibrary } from '../../src/net/library.ts';
import { ARG_CLASS, HIGH, PLAIN } from '../../src/wire/octets.ts';
import { copyRead, makeWords, plainEnd, wordsOf } from '../../src/wire/words.ts';
import { allCuts, bytesOf, CLIENT, scanSplit } from './drive.ts';
import { seeded } from './generate.ts';
import { readReference } from './reference.ts';

const PADDING = 'x'.repeat(120);

const library = openLibrary();

/** What is beyond ASCII may be passed over where it is well-formed. */
function slowPlainEnd(bytes: Uint8Array, from: number, stop: number, passesHigh: boolean): number {
  const means = (byte: number): boolean => {
    const kind = ARG_CLASS[byte] as number;
    return kind !== PLAIN && !(kind === HIGH && passesHigh);
  };
  let i = from;
  while (i < stop && !means(bytes[i] as number)) i++;
  return i;
}

describe.each([false, true].slice(0, library === undefined ? 1 : 2))('with a library: %p', (uses) => {
  beforeAll(() => useLibrary(uses ? library : undefined));
  afterAll(() => useLibrary(undefined));

  test('every byte is told from those that mean nothing, beside every other one', () => {
    for (let byte = 0; byte < 256; byte++) {
      for (let beside = 0; beside < 256; beside += 5) {
        for (let at = 100; at < 104; at++) {
          const bytes = bytesOf(`${PADDING}${PADDING}`);
          bytes[at] = byte;
          bytes[at ^ 1] = beside;
          makeWords(bytes);
          const found = plainEnd(bytes, 3, bytes.length, wordsOf(bytes));
          const right = slowPlainEnd(bytes, 3, bytes.length, uses && isUtf8(bytes));
          if (found !== right) throw new Error(`${byte} at ${at} beside ${beside}`);
        }
      }
    }
  });

  test('a search ends where it is told to, from wherever it begins', () => {
    const random = seeded(7);
    for (let i = 0; i < 20_000; i++) {
      const bytes = bytesOf(PADDING);
      for (let n = random(4); n > 0; n--) bytes[random(bytes.length)] = random(256);
      if (random(3) === 0) bytes.set(bytesOf('é€'), random(bytes.length - 5));
      makeWords(bytes);
      const from = random(bytes.length);
      const stop = from + random(bytes.length - from + 1);
      const right = slowPlainEnd(bytes, from, stop, uses && isUtf8(bytes));
      expect(plainEnd(bytes, from, stop, wordsOf(bytes))).toBe(right);
    }
  });

  test('a chunk does not leave its bytes to a later one', () => {
    const first = bytesOf(`<CSEND,${PADDING}>`);
    makeWords(first);
    expect(wordsOf(first)).toBe(first.length);
    expect(plainEnd(first, 8, first.length, wordsOf(first))).toBe(first.length - 1);
    const second = bytesOf(`<CSEND,${'y'.repeat(100)}>${'z'.repeat(30)}`);
    makeWords(second);
    expect(plainEnd(second, 8, second.length, wordsOf(second))).toBe(107);
    expect(wordsOf(first)).toBe(0);
    expect(plainEnd(first, 8, first.length, wordsOf(first))).toBe(first.length - 1);
    const short = bytesOf('<CSEND,y>');
    makeWords(short);
    expect(plainEnd(short, 7, short.length, wordsOf(short))).toBe(8);
  });

  test('long frames read the same in one chunk and in any two', () => {
    const texts = ['a.b.c', 'a\\,b', '\\\\', 'é', '€uro', 'a<b', 'a\0b', '\xc3', ' \\ ', ',', ',,1', '\x7f', '.,'];
    for (const text of texts) {
      for (let shift = 0; shift < 4; shift++) {
        const stream = `${' '.repeat(shift)}<CSEND,${PADDING}${text}${'.y'.repeat(20)}>`.repeat(2);
        const bytes = bytesOf(stream);
        const whole = JSON.stringify(scanSplit(bytes, [], CLIENT));
        for (const cut of allCuts(bytes.length)) expect(JSON.stringify(scanSplit(bytes, cut, CLIENT))).toBe(whole);
        const { offset: _, ...reading } = scanSplit(bytes, [], CLIENT);
        expect(reading as object).toEqual(readReference(stream, CLIENT.limit, CLIENT.maxArgs));
      }
    }
  });

  test('a copy of what is read is right, and of anything else too', () => {
    const target = stable(300);
    const to = uses ? addressOf(target) : 0;
    const random = seeded(11);
    for (let i = 0; i < 2_000; i++) {
      const chunk = bytesOf(PADDING).map(() => random(256));
      const other = bytesOf(PADDING).map(() => random(256));
      makeWords(chunk);
      for (const bytes of [chunk, other]) {
        const start = random(bytes.length);
        const end = start + random(bytes.length - start + 1);
        const at = random(target.length - (end - start));
        const model = target.slice();
        model.set(bytes.subarray(start, end), at);
        copyRead(bytes, start, end, target, to, at);
        expect(target).toEqual(model);
      }
    }
  });
});
