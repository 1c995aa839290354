// Frames that are alike: whatever they are, what is read of them is what the grammar reads, with the library and without.

import { afterEach, describe, expect, test } from 'bun:test';
import { readDecimal, utf8Bytes } from '../../src/base/bytes.ts';
import { useLibrary } from '../../src/base/library.ts';
import { openLibrary } from '../../src/net/library.ts';
import { Alike } from '../../src/wire/alike.ts';
import { isCanonicalFrame } from '../../src/wire/canonical.ts';
import { readFrame, WHOLE } from '../../src/wire/grammar.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { makeWords, wordsOf } from '../../src/wire/words.ts';

const HEAD = '<CMSG,room,e.1,';
const PIECES = [...'<>,\\ \n\0éx', '1', '23', 'ann', ',', 'text with words', 'x'.repeat(40), '>\n', '\\,', '\\>'];

afterEach(() => useLibrary(undefined));

/** Where the grammar has the frame end that Alike may read at `start`; 0 where there is none. */
function expected(bytes: Uint8Array, start: number): number {
  const frame = new Frame();
  if (readFrame(frame, bytes, start, bytes.length, 64) !== WHOLE || !isCanonicalFrame(frame)) return 0;
  const number = frame.argc < 3 ? -1 : readDecimal(bytes, frame.argStart[2] as number, frame.argEnd[2] as number);
  return number >= 0 ? frame.end : 0;
}

describe.each([
  ['with the library', true],
  ['without a library', false],
] as const)('%s', (_name, withLibrary) => {
  test('frames in a row are read one by one', () => {
    if (withLibrary) useLibrary(openLibrary());
    const texts = ['a', 'hello', 'one\\, two', 'x'.repeat(300), 'b', 'c', '\\<d\\>', '\\ e'];
    const rows = texts.map(
      (text, i) => `${HEAD}${98 + i},${i < 5 ? 'ann' : 'bob'},1790000000000,${text}${i % 3 === 0 ? ',id' : ''}>\n`,
    );
    const bytes = utf8Bytes(`${rows.join('')}<SKIPSEQUENCE,room,e.1,7>\n`);
    makeWords(bytes);
    const alike = new Alike(utf8Bytes(HEAD));
    let at = 0;
    for (const [i, row] of rows.entries()) {
      expect(alike.read(bytes, at, bytes.length, wordsOf(bytes))).toBe(at + row.length - 1);
      expect(alike.number).toBe(98 + i);
      // What is cut off is not there.
      expect(alike.read(bytes, at, at + row.length - 2, wordsOf(bytes))).toBe(0);
      at += row.length;
    }
    expect(alike.read(bytes, at, bytes.length, wordsOf(bytes))).toBe(0);
    expect(new Alike(utf8Bytes('<SKIPSEQUENCE,room,e.1,')).read(bytes, at, bytes.length, wordsOf(bytes))).toBe(
      bytes.length - 1,
    );
  });

  test('nothing is read that the grammar reads otherwise, and nothing plain is left out', () => {
    if (withLibrary) useLibrary(openLibrary());
    const alike = new Alike(utf8Bytes(HEAD));
    let [seed, read] = [11, 0];
    const chance = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    for (let round = 0; round < 20_000; round++) {
      const middle = Array.from({ length: chance(6) }, () => PIECES[chance(PIECES.length)]).join('');
      const nick = chance(4) === 0 ? middle : ['ann', 'bob'][chance(2)];
      const text = `${HEAD}${chance(3) === 0 ? middle : round},${nick},1790000000000,${middle}>\n${HEAD}1,a,1,${'y'.repeat(80)}>\n`;
      const bytes = utf8Bytes(text);
      if (chance(20) === 0) bytes[chance(bytes.length)] = chance(256);
      makeWords(bytes);
      const end = alike.read(bytes, 0, bytes.length, wordsOf(bytes));
      const isPlain = /^[\x20-\x7e\n]*$/.test(text);
      if (end !== 0 || isPlain) expect([end, text]).toEqual([expected(bytes, 0), text]);
      if (end !== 0) read++;
    }
    expect(read).toBeGreaterThan(5_000);
  });
});

test('a frame follows where it lies ready, and comes by itself where it does not', () => {
  const scanner = new Scanner(100);
  const frame = new Frame();
  frame.scanner = scanner;
  const alike = new Alike(utf8Bytes(HEAD));
  const [first, long] = [`${HEAD}1,ann,1,hi>`, `${HEAD}4,ann,1,${'x'.repeat(100)}>`];
  scanner.feed(utf8Bytes(`<A>\n${first}\n${HEAD}2,bob,1,>\n${HEAD}3,bob,1,ho>`));
  expect(scanner.next(frame)).toBe(FRAME);
  expect(frame.follow(alike)).toBe(false);
  frame.ahead = 9;
  expect([frame.follow(alike), alike.number, frame.start, frame.end]).toEqual([true, 1, 4, 4 + first.length]);
  expect([frame.follow(alike), alike.number]).toEqual([true, 2]);
  // Without an LF behind it, it may be that more comes.
  expect([frame.follow(alike), frame.ahead]).toEqual([false, 7]);
  expect([scanner.next(frame), frame.arg(2), frame.ahead]).toEqual([FRAME, '3', 7]);
  expect(scanner.next(frame)).toBe(0);
  scanner.feed(utf8Bytes(`\n${long}\n`));
  expect(frame.follow(alike)).toBe(false);
  expect(scanner.next(frame)).toBe(3);
});
