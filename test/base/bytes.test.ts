// Both faces of bytes.ts against obvious models: with the runtime's native methods, and without, as in a browser.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import * as withNative from '../../src/base/bytes.ts';

type Bytes = typeof withNative;

/** A second copy of the module, loaded while there is no Buffer. */
async function loadWithoutNative(): Promise<Bytes> {
  const runtime = globalThis as { Buffer?: typeof Buffer };
  const kept = runtime.Buffer;
  const path = '../../src/base/bytes.ts?without-native';
  try {
    delete runtime.Buffer;
    return (await import(path)) as Bytes;
  } finally {
    if (kept !== undefined) runtime.Buffer = kept;
  }
}

const withoutNative = await loadWithoutNative();

/** Bytes with a range in them: lengths around the point where the native call takes over. */
const ranged = fc.uint8Array({ maxLength: 64, size: 'max' }).chain((bytes) =>
  fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length)).map(([a, b]) => ({
    bytes,
    start: Math.min(a, b),
    end: Math.max(a, b),
  })),
);
const ascii = fc.string({ unit: 'binary-ascii', maxLength: 40, size: 'max' });
const natural = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  // Around the powers of ten, where a digit more begins.
  fc.tuple(fc.nat(15), fc.integer({ min: -2, max: 2 })).map(([power, by]) => Math.max(0, 10 ** power + by)),
);

test('the two copies differ', () => {
  expect(withoutNative.copyBytes).not.toBe(withNative.copyBytes);
  expect(typeof Buffer).toBe('function');
});

describe.each([
  ['with native methods', withNative],
  ['without native methods', withoutNative],
] as const)('%s', (_, { copyBytes, equalBytes, latin1, utf8, utf8Bytes, writeAscii, ...numbers }) => {
  test('copyBytes copies the range and touches nothing else', () => {
    fc.assert(
      fc.property(ranged, fc.nat(20), fc.nat(20), ({ bytes, start, end }, before, after) => {
        const target = new Uint8Array(before + (end - start) + after).fill(0xaa);
        copyBytes(bytes, start, end, target, before);
        const edge = (count: number): number[] => Array<number>(count).fill(0xaa);
        expect([...target]).toEqual([...edge(before), ...bytes.slice(start, end), ...edge(after)]);
      }),
    );
  });

  test('equalBytes is equality of the ranges', () => {
    fc.assert(
      fc.property(ranged, ranged, (a, b) => {
        const same = a.bytes.slice(a.start, a.end).join() === b.bytes.slice(b.start, b.end).join();
        expect(equalBytes(a.bytes, a.start, a.end, b.bytes, b.start, b.end)).toBe(same);
      }),
    );
    fc.assert(
      fc.property(ranged, fc.nat(9), fc.nat(), ({ bytes, start, end }, shift, at) => {
        const other = new Uint8Array(shift + end - start);
        other.set(bytes.subarray(start, end), shift);
        expect(equalBytes(bytes, start, end, other, shift, other.length)).toBe(true);
        if (start === end) return;
        other[shift + (at % (end - start))]! ^= 1;
        expect(equalBytes(bytes, start, end, other, shift, other.length)).toBe(false);
      }),
    );
  });

  test('latin1 is one code unit a byte', () => {
    fc.assert(
      fc.property(ranged, ({ bytes, start, end }) => {
        expect(latin1(bytes, start, end)).toBe(String.fromCharCode(...bytes.slice(start, end)));
      }),
    );
  });

  test('utf8 gives back what utf8Bytes made, a byte order mark too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(5), fc.nat(5), (text, before, after) => {
        const encoded = utf8Bytes(text);
        const bytes = new Uint8Array(before + encoded.length + after).fill(0x41);
        bytes.set(encoded, before);
        expect(utf8(bytes, before, before + encoded.length)).toBe(text);
      }),
      {
        examples: [
          ['\ufeffx', 0, 0],
          ['\u{1f600}\0é', 1, 1],
        ],
      },
    );
  });

  test('utf8 turns ill-formed bytes into U+FFFD as the standard decoder does', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    fc.assert(
      fc.property(ranged, ({ bytes, start, end }) => {
        expect(utf8(bytes, start, end)).toBe(decoder.decode(bytes.slice(start, end)));
      }),
    );
  });

  test('writeAscii writes the text and says where it ends', () => {
    fc.assert(
      fc.property(ascii, fc.nat(9), (text, at) => {
        const target = new Uint8Array(at + text.length + 3).fill(0xaa);
        expect(writeAscii(text, target, at)).toBe(at + text.length);
        expect(latin1(target, at, at + text.length)).toBe(text);
        expect([...target.slice(0, at), ...target.slice(at + text.length)].every((byte) => byte === 0xaa)).toBe(true);
      }),
    );
  });

  test('writeDecimal writes what String does, in digitCount digits', () => {
    fc.assert(
      fc.property(natural, fc.nat(5), (value, at) => {
        const target = new Uint8Array(at + 20).fill(0xaa);
        const text = String(value);
        expect(numbers.digitCount(value)).toBe(text.length);
        expect(numbers.writeDecimal(value, target, at)).toBe(at + text.length);
        expect(latin1(target, at, at + text.length)).toBe(text);
        expect([...target.slice(0, at), ...target.slice(at + text.length)].every((byte) => byte === 0xaa)).toBe(true);
      }),
      {
        numRuns: 1000,
        examples: [
          [0, 0],
          [999_999_999, 0],
          [1e9, 1],
          [2 ** 31, 0],
          [Number.MAX_SAFE_INTEGER, 5],
        ],
      },
    );
  });

  test('readDecimal reads what writeDecimal wrote, up to 15 digits', () => {
    fc.assert(
      fc.property(natural, fc.nat(5), (value, at) => {
        const bytes = new Uint8Array(at + 20).fill(0x39);
        const end = numbers.writeDecimal(value, bytes, at);
        expect(numbers.readDecimal(bytes, at, end)).toBe(end - at > 15 ? -1 : value);
      }),
    );
  });

  test('readDecimal refuses what is empty, too long or not all digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-+. /:aé'), maxLength: 18, size: 'max' }), (text) => {
        const bytes = utf8Bytes(text);
        const expected = /^[0-9]{1,15}$/.test(text) ? Number(text) : -1;
        expect(numbers.readDecimal(bytes, 0, bytes.length)).toBe(expected);
      }),
      { numRuns: 500, examples: [[''], ['000000000000000'], ['999999999999999'], ['1000000000000000'], ['/'], [':']] },
    );
    expect(numbers.readDecimal(utf8Bytes('123'), 2, 1)).toBe(-1);
  });
});
