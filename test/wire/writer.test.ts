import { describe, expect, test } from 'bun:test';
import { canonicalize, escapeText, isCanonical, unescapeText } from '../../src/wire/canonical.ts';
import { encodeFrame, FrameWriter, openFrame } from '../../src/wire/writer.ts';
import { bytesOf } from './drive.ts';
import { seeded } from './generate.ts';
import { FORM_CASES, WRITER_CASES } from './vectors.ts';

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The bytes with others around them, so that nobody reads outside of the range. */
function amid(bytes: Uint8Array): [Uint8Array, number, number] {
  return [bytesOf(`\\ ${latin1(bytes)} \\`), 2, 2 + bytes.length];
}

describe('conformance vectors', () => {
  for (const { name, verb, args, bytes } of WRITER_CASES) {
    test(`frames: ${name}`, () => {
      expect(latin1(encodeFrame(verb, ...args))).toBe(bytes);
      for (const value of args) {
        const form = escapeText(String(value));
        expect(isCanonical(...amid(form))).toBe(true);
        expect(latin1(canonicalize(...amid(form)))).toBe(latin1(form));
        expect(unescapeText(...amid(form))).toBe(String(value).toWellFormed());
      }
      expect(`<${[verb, ...args.map((value) => latin1(escapeText(String(value))))].join(',')}>\n`).toBe(bytes);
    });
  }

  for (const { name, form, canonical } of FORM_CASES) {
    test(`forms: ${name}`, () => {
      expect(isCanonical(...amid(bytesOf(form)))).toBe(false);
      expect(latin1(canonicalize(...amid(bytesOf(form))))).toBe(canonical);
      expect(isCanonical(...amid(bytesOf(canonical)))).toBe(true);
      expect(unescapeText(...amid(bytesOf(form)))).toBe(unescapeText(...amid(bytesOf(canonical))));
    });
  }
});

test('a form is canonical exactly where writing it again changes nothing', () => {
  const random = seeded(11);
  const bits = ['a', ' ', '\\', '\\\\', '\\ ', '\\,', '\\n', '\\\n', '\xc3\xa9', '\\<', '\x0b'];
  let canonical = 0;
  for (let i = 0; i < 20_000; i++) {
    const form = Array.from({ length: random(5) }, () => bits[random(bits.length)]).join('');
    // Only arguments as a reader gives them: no lone backslash at the end, no unescaped white space at either end.
    if (/^[ \n]/.test(form) || /^(?:\\.|[^\\])*\\$/s.test(form) || /^(?:\\.|[^\\])*(?<!\\)[ \n]$/s.test(form)) continue;
    const same = latin1(canonicalize(...amid(bytesOf(form)))) === form;
    expect([form, isCanonical(...amid(bytesOf(form)))]).toEqual([form, same]);
    if (same) canonical++;
  }
  expect(canonical).toBeGreaterThan(1_000);
});

test('a backslash that escapes nothing is kept, and nothing behind the range is read', () => {
  expect(unescapeText(bytesOf('a\\,b'), 0, 2)).toBe('a\\');
  expect(latin1(canonicalize(bytesOf('a\\,b'), 0, 2))).toBe('a\\\\');
});

test('texts are written as the platform encodes them', () => {
  const units = [0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff];
  for (const first of units) {
    for (const second of units) {
      const text = String.fromCharCode(first, second);
      expect(encodeFrame('A', text)).toEqual(new TextEncoder().encode(`<A,${text}>\n`));
    }
  }
});

test('what no argument can hold is not canonical', () => {
  for (const form of ['<', '>', ',', 'a,b', '\0', '\\', 'a\\', ' a', 'a ', ' ', '\\\0']) {
    expect([form, isCanonical(...amid(bytesOf(form)))]).toEqual([form, false]);
  }
});

describe('FrameWriter', () => {
  test('puts frames one behind the other', () => {
    const writer = new FrameWriter(4);
    writer.begin('PING').arg('a b').arg(7).end();
    writer.begin('CMSG').raw(bytesOf('__he\\,y__'), 2, 7).arg('').end();
    expect(latin1(writer.bytes.subarray(0, writer.length))).toBe('<PING,a b,7>\n<CMSG,he\\,y,>\n');
    writer.clear();
    expect(writer.length).toBe(0);
    writer.begin('A').end();
    expect(latin1(writer.bytes.subarray(0, writer.length))).toBe('<A>\n');
  });

  test('grows with what is written, at any size to begin with', () => {
    const text = 'é,'.repeat(400);
    for (const initial of [0, 1, 2, 63, 256, 4096]) {
      const writer = new FrameWriter(initial);
      for (let i = 0; i < 20; i++)
        writer
          .begin('CMSG')
          .arg(text)
          .arg(i)
          .raw(bytesOf('x'.repeat(300)), 0, 300)
          .end();
      const expected = Array.from({ length: 20 }, (_, i) => `<CMSG,${'é\\,'.repeat(400)},${i},${'x'.repeat(300)}>\n`);
      expect(Buffer.from(writer.bytes.subarray(0, writer.length)).toString()).toBe(expected.join(''));
    }
  });

  test('grows wherever its room ends', () => {
    for (let initial = 0; initial < 64; initial++) {
      const writer = new FrameWriter(initial);
      writer.begin('AB').arg(9007199254740991).arg('日本').raw(bytesOf('raw'), 0, 3).end().begin('C').arg(' ,').end();
      const written = Buffer.from(writer.bytes.subarray(0, writer.length)).toString();
      expect(written).toBe('<AB,9007199254740991,日本,raw>\n<C,\\ \\,>\n');
    }
  });

  test('forgets an open frame too', () => {
    const writer = new FrameWriter();
    writer.begin('A').arg('b').clear();
    writer.begin('C').end();
    expect(latin1(writer.bytes.subarray(0, writer.length))).toBe('<C>\n');
  });

  test('stops at what would be our own mistake', () => {
    for (const verb of ['', 'ping', 'A B', 'A-B', 'É', 'V'.repeat(32), '<A>']) {
      expect(() => encodeFrame(verb)).toThrow('verb');
    }
    expect(latin1(encodeFrame('V'.repeat(31)))).toHaveLength(34);
    expect(() => encodeFrame('A', 'a\0b')).toThrow('NUL');
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => encodeFrame('A', value)).toThrow('number');
    }
    expect(() => new FrameWriter().begin('A').begin('B')).toThrow('inside');
    expect(() => new FrameWriter().arg('a')).toThrow('outside');
    expect(() => new FrameWriter().raw(new Uint8Array(1), 0, 1)).toThrow('outside');
    expect(() => new FrameWriter().end()).toThrow('no frame');
  });
});

test('a frame that was begun before goes on as it was, and a word is an argument like others', () => {
  const head = openFrame('FORWARD', 'tea, <room>');
  expect(latin1(head)).toBe('<FORWARD,tea\\, \\<room\\>');
  const frames = new FrameWriter(1);
  frames.beginAs(head).word('mywpixnt.1').arg(7).word('').end();
  frames.beginAs(openFrame('A')).end();
  expect(latin1(frames.bytes.subarray(0, frames.length))).toBe('<FORWARD,tea\\, \\<room\\>,mywpixnt.1,7,>\n<A>\n');
  expect(() => frames.beginAs(head).beginAs(head)).toThrow();
  expect(() => new FrameWriter().word('x')).toThrow();
});
