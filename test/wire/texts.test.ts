// Texts: what comes back is always what the bytes say, however many other texts came in between.

import { describe, expect, test } from 'bun:test';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { Texts } from '../../src/wire/texts.ts';

describe('a text', () => {
  test('is what its bytes say, anywhere in an array', () => {
    const texts = new Texts();
    const bytes = utf8Bytes('<STREAM,lobby,Ünicode,>');
    expect(texts.of(bytes, 1, 7)).toBe('STREAM');
    expect(texts.of(bytes, 8, 13)).toBe('lobby');
    expect(texts.of(bytes, 14, 22)).toBe('Ünicode');
    expect(texts.of(bytes, 14, 22)).toBe('Ünicode');
    expect(texts.of(bytes, 23, 23)).toBe('');
  });

  test('is not taken for another one that came before', () => {
    const texts = new Texts();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5_000; i++) {
        const bytes = utf8Bytes(`room-${i}`);
        expect(texts.of(bytes, 0, bytes.length)).toBe(`room-${i}`);
      }
    }
  });

  test('is not taken for one with the same number of code units and other bytes', () => {
    const texts = new Texts();
    for (const text of ['ab', 'é', 'aé', 'abc', 'x'.repeat(64), 'x'.repeat(65), 'ÿÿ', '€']) {
      const bytes = utf8Bytes(text);
      for (let i = 0; i < 2; i++) expect(texts.of(bytes, 0, bytes.length)).toBe(text);
    }
  });
});
