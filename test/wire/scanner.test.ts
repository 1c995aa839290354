import { heapSize } from 'bun:jsc';
import { describe, expect, test } from 'bun:test';
import { BAD, FRAME, Frame, MORE, Scanner, TOO_LONG } from '../../src/wire/scanner.ts';
import { encodeFrame } from '../../src/wire/writer.ts';
import { describeCase, difference, generateCase, minimise } from './differential.ts';
import { allCuts, bytesOf, CLIENT, scanSplit } from './drive.ts';
import { generateCuts, seeded } from './generate.ts';
import { type Finding, readReference } from './reference.ts';
import { READER_CASES } from './vectors.ts';

/** A finding as the vectors have it, without the place where reading goes on. */
function plain(findings: readonly Finding[]): object[] {
  return findings.map((finding) => {
    const { next: _, ...rest } = { next: 0, ...finding };
    return rest;
  });
}

describe('conformance vectors', () => {
  for (const { name, stream, expect: expected, limits, held } of READER_CASES) {
    test(name, () => {
      const bytes = bytesOf(stream);
      const reference = readReference(stream, limits.limit, limits.maxArgs);
      expect(plain(reference.findings), 'the reference parser').toEqual([...expected]);
      expect(reference.held).toBe(held);
      const whole = JSON.stringify(reference);
      const random = seeded(stream.length);
      const cuts = [...allCuts(bytes.length), ...Array.from({ length: 20 }, () => generateCuts(bytes.length, random))];
      for (const split of cuts) {
        const { findings, held: kept } = scanSplit(bytes, split, limits);
        if (JSON.stringify({ findings, held: kept }) === whole) continue;
        expect({ findings: plain(findings), held: kept, split }).toEqual({ findings: [...expected], held, split });
        expect(findings, `cut at ${split}`).toEqual([...reference.findings]);
      }
    });
  }

  test('there are enough of them, and none twice', () => {
    expect(READER_CASES.length).toBeGreaterThanOrEqual(120);
    const inputs = READER_CASES.map(({ stream, limits }) => JSON.stringify([stream, limits]));
    expect(inputs.filter((input, i) => inputs.indexOf(input) !== i)).toEqual([]);
  });
});

test('the scanner and the reference parser agree on generated streams', () => {
  const seed = 20_240_229;
  const random = seeded(seed);
  const count = process.env.CHORUS_TEST_LONG === '1' ? 500_000 : 10_000;
  console.log(`differential fuzzing: ${count} streams of seed ${seed}`);
  for (let i = 0; i < count; i++) {
    const generated = generateCase(random);
    if (difference(generated) !== undefined) throw new Error(describeCase(minimise(generated)));
  }
});

describe('Scanner', () => {
  const scan = (scanner: Scanner, frame: Frame, text: string): number => {
    scanner.feed(bytesOf(text));
    return scanner.next(frame);
  };

  test('may be left in the middle of a chunk and taken up again', () => {
    const scanner = new Scanner(64);
    const frame = new Frame();
    expect(scan(scanner, frame, '<A,1>\n<B,2>!<C,3><D')).toBe(FRAME);
    expect([frame.verb(), frame.arg(0), scanner.offset, scanner.held]).toEqual(['A', '1', 5, 0]);
    expect(scanner.next(frame)).toBe(FRAME);
    expect([frame.verb(), scanner.offset]).toEqual(['B', 11]);
    expect(scanner.next(frame)).toBe(BAD);
    expect([scanner.faultVerb, scanner.faultOffset, scanner.offset]).toEqual(['*', 11, 12]);
    expect(scanner.next(frame)).toBe(FRAME);
    expect([frame.verb(), scanner.offset]).toEqual(['C', 17]);
    expect(scanner.next(frame)).toBe(MORE);
    expect([scanner.offset, scanner.held]).toEqual([19, 2]);
    expect(scanner.next(frame)).toBe(MORE);
    expect(scan(scanner, frame, '>')).toBe(FRAME);
    expect([frame.verb(), scanner.offset, scanner.held]).toEqual(['D', 20, 0]);
  });

  test('reads a frame where it lies, and copies only what chunks split', () => {
    const scanner = new Scanner(64);
    const frame = new Frame();
    const chunk = bytesOf('<A,1><B,');
    scanner.feed(chunk);
    expect(scanner.next(frame)).toBe(FRAME);
    expect(frame.bytes).toBe(chunk);
    expect([frame.start, frame.end]).toEqual([0, 5]);
    expect(scanner.next(frame)).toBe(MORE);
    chunk.fill(0);
    const rest = bytesOf('2><C>');
    scanner.feed(rest);
    expect(scanner.next(frame)).toBe(FRAME);
    expect(frame.bytes).not.toBe(rest);
    expect([frame.arg(0), frame.start, frame.end]).toEqual(['2', 0, 5]);
    expect(scanner.next(frame)).toBe(FRAME);
    expect(frame.bytes).toBe(rest);
    expect([frame.start, frame.end]).toEqual([2, 5]);
  });

  test('refuses a chunk before the last one is read', () => {
    const scanner = new Scanner(64);
    expect(scan(scanner, new Frame(), '<A><B>')).toBe(FRAME);
    expect(() => scanner.feed(bytesOf('<C>'))).toThrow('fed before');
  });

  test('takes empty chunks', () => {
    const scanner = new Scanner(64);
    const frame = new Frame();
    for (const [text, found] of [
      ['', MORE],
      ['<A,\\', MORE],
      ['', MORE],
      ['', MORE],
      ['>>', FRAME],
      ['', MORE],
    ] as const) {
      expect(scan(scanner, frame, text)).toBe(found);
    }
  });

  test('stays dead after a frame that is too long', () => {
    const scanner = new Scanner(4);
    const frame = new Frame();
    expect(scan(scanner, frame, '<!><ABCD><A>')).toBe(BAD);
    expect(frame.bytes.length).toBe(0);
    expect(scanner.next(frame)).toBe(TOO_LONG);
    expect(frame.bytes.length).toBe(0);
    expect(scanner.next(frame)).toBe(TOO_LONG);
    expect(scan(scanner, frame, '<A>')).toBe(TOO_LONG);
    expect(scanner.held).toBe(0);
  });

  test('a limit may be raised between frames, also while one is held', () => {
    const scanner = new Scanner(8);
    const frame = new Frame();
    expect(scan(scanner, frame, '<USER,a><CSEND,h')).toBe(FRAME);
    scanner.limit = 32;
    expect(scanner.next(frame)).toBe(MORE);
    expect(scan(scanner, frame, 'ello>')).toBe(FRAME);
    expect(frame.arg(0)).toBe('hello');
  });

  test('says what is wrong in words, the same however the stream is split', () => {
    const reasons = (stream: string, step: number): string[] => {
      const scanner = new Scanner(64, 2);
      const frame = new Frame();
      const found: string[] = [];
      for (let at = 0; at < stream.length; at += step) {
        scanner.feed(bytesOf(stream.slice(at, at + step)));
        for (let scan = scanner.next(frame); scan !== MORE; scan = scanner.next(frame)) {
          if (scan === BAD) found.push(scanner.faultReason);
        }
      }
      return found;
    };
    const stream = `<><!><\0><${'V'.repeat(32)}>x<A,\0><A,\xff><A,,,><A,<A,\xc3<B>`;
    const expected = [
      'no verb',
      'a byte that no verb has',
      'a NUL byte',
      'a verb of more than 31 bytes',
      'something other than white space between frames',
      'a NUL byte',
      'not UTF-8',
      'too many arguments',
      'an unescaped < inside a frame',
      'not UTF-8',
    ];
    expect(reasons(stream, 1000)).toEqual(expected);
    expect(reasons(stream, 1)).toEqual(expected);
  });

  test('holds nothing of endless garbage and passes a chunk full of "<" without recursion', () => {
    const scanner = new Scanner(64);
    const frame = new Frame();
    const long = 1 << 19;
    expect(scan(scanner, frame, `${'<'.repeat(long)}`)).toBe(BAD);
    expect(scanner.next(frame)).toBe(MORE);
    expect([scanner.held, scanner.offset]).toEqual([1, long]);
    expect(scan(scanner, frame, `A>${'x\\<'.repeat(long / 4)}`)).toBe(FRAME);
    expect(scanner.next(frame)).toBe(BAD);
    expect(scanner.next(frame)).toBe(MORE);
    expect(scanner.held).toBe(0);
  });

  test('one byte at a time costs in proportion to the length of a frame', () => {
    const time = (length: number, times: number): number => {
      const scanner = new Scanner(1 << 21);
      const frame = new Frame();
      const pieces = Array.from(`<C,${'x'.repeat(length)}>`, (char) => bytesOf(char));
      const started = performance.now();
      for (let i = 0; i < times; i++) {
        for (const piece of pieces) {
          scanner.feed(piece);
          scanner.next(frame);
        }
      }
      expect([frame.argc, frame.argEnd[0]]).toEqual([1, length + 3]);
      return performance.now() - started;
    };
    time(1_000, 20);
    // As many bytes in one frame as in two hundred: a quadratic reader would take a hundred times as long.
    const short = time(1_000, 200);
    expect(time(200_000, 1)).toBeLessThan(20 * short + 50);
  });

  test('lets go of every chunk and carry that it has read', () => {
    const frame = new Frame();
    const scanners: Scanner[] = [];
    const refs: WeakRef<Uint8Array>[] = [];
    // In a function of its own, so that no local keeps the last ones.
    const fill = (stream: readonly string[]): void => {
      const scanner = new Scanner(1024);
      for (const text of stream) {
        const chunk = bytesOf(text);
        refs.push(new WeakRef(chunk));
        scanner.feed(chunk);
        for (let found = scanner.next(frame); found !== MORE; found = scanner.next(frame)) {
          if (frame.bytes.length > 0) refs.push(new WeakRef(frame.bytes));
          if (found === TOO_LONG) break;
        }
        expect(frame.bytes.length).toBe(0);
      }
      scanners.push(scanner);
    };
    for (let i = 0; i < 100; i++) {
      fill(['<A,1>\n<B>']);
      fill(['<A', ',1>', 'x y', '<>']);
      fill(['<A', 'x'.repeat(2000)]);
      fill(['x'.repeat(300), 'y'.repeat(300)]);
    }
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      Bun.gc(true);
      const kept = refs.filter((ref) => ref.deref() !== undefined).length;
      expect(scanners.every((scanner) => scanner.held === 0)).toBe(true);
      expect(refs.length).toBeGreaterThan(900);
      // The collector looks at the stack without knowing what is a pointer, so a few may stay.
      expect(kept).toBeLessThan(30);
    });
  });

  test('a scanner that waits is small', () => {
    const count = 20_000;
    const scanners: Scanner[] = new Array(count);
    const frame = new Frame();
    Bun.gc(true);
    const before = heapSize();
    for (let i = 0; i < count; i++) {
      const scanner = new Scanner(8192);
      scanner.feed(bytesOf('<PING,a'));
      scanner.next(frame);
      scanner.feed(bytesOf('b>'));
      scanner.next(frame);
      scanner.next(frame);
      scanners[i] = scanner;
    }
    Bun.gc(true);
    const each = (heapSize() - before) / count;
    // Looked at again, so that they were alive while they were weighed.
    expect(scanners.every((scanner) => scanner.offset === 9 && scanner.held === 0)).toBe(true);
    expect(each).toBeGreaterThan(40);
    expect(each).toBeLessThan(150);
  });
});

describe('Frame', () => {
  test('gives arguments as they were sent and as they are meant', () => {
    const scanner = new Scanner(64);
    const frame = new Frame();
    scanner.feed(bytesOf('<cSend, a\\,b\\  ,\xc3\xa9>'));
    expect(scanner.next(frame)).toBe(FRAME);
    expect([frame.verb(), frame.argc]).toEqual(['CSEND', 2]);
    expect([frame.arg(0), frame.raw(0), frame.argEscaped[0]]).toEqual(['a,b ', 'a\\,b\\ ', 1]);
    expect([frame.arg(1), frame.raw(1), frame.argEscaped[1]]).toEqual(['é', 'é', 0]);
    expect([frame.arg(2), frame.raw(2), frame.arg(64)]).toEqual(['', '', '']);
    expect([frame.start, frame.end, frame.verbStart, frame.verbEnd]).toEqual([0, 19, 1, 6]);
  });

  test('gives nothing of the frame before', () => {
    const scanner = new Scanner(64);
    const frame = new Frame();
    scanner.feed(bytesOf('<A,b\\,,c,\\d><C,1>'));
    scanner.next(frame);
    expect([frame.arg(2), frame.raw(2)]).toEqual(['d', '\\d']);
    scanner.next(frame);
    expect([frame.argc, frame.arg(1), frame.raw(1), frame.arg(2), frame.raw(2)]).toEqual([1, '', '', '', '']);
    expect([frame.arg(0), frame.argEscaped[0]]).toEqual(['1', 0]);
  });

  test('knows that a verb is spelled as before, and nothing of one that is not', () => {
    const frames = [
      '<ONE,a>',
      '<ONE,b>',
      '<TWO>',
      '<ONE,c>',
      '<ONE,d>',
      '<one,e>',
      '<ONE>',
      '<ONE\0>',
      '< ONE ,f>',
      '< ONE ,g>',
    ];
    const scanner = new Scanner(64);
    const frame = new Frame();
    scanner.feed(bytesOf(frames.join('')));
    const seen: [string, number][] = [];
    frames.forEach((_, i) => {
      if (scanner.next(frame) !== FRAME) return;
      seen.push([frame.verb(), frame.found]);
      frame.found = i;
    });
    expect(seen).toEqual([
      ['ONE', -1],
      ['ONE', 0],
      ['TWO', -1],
      ['ONE', -1],
      ['ONE', 3],
      ['ONE', -1],
      ['ONE', -1],
      ['ONE', -1],
      ['ONE', 8],
    ]);
  });

  test('must have room for as many arguments as its scanner reads', () => {
    const scanner = new Scanner(64, 8);
    scanner.feed(bytesOf('<A,'));
    expect(() => scanner.next(new Frame(4))).toThrow('room');
  });
});

test('what the writer writes, the scanner reads', () => {
  const random = seeded(7);
  const chars = [
    ' ',
    '\n',
    '\t',
    '\r',
    ',',
    '<',
    '>',
    '\\',
    'a',
    'B',
    '\x01',
    'é',
    '日',
    '😀',
    '\ufeff',
    '\x7f',
    '\x0b',
  ];
  for (let i = 0; i < 3_000; i++) {
    const text = (): string => Array.from({ length: random(9) }, () => chars[random(chars.length)]).join('');
    const args = Array.from({ length: random(6) }, text);
    const bytes = encodeFrame('CMSG', ...args);
    const { findings } = scanSplit(bytes, generateCuts(bytes.length, random), CLIENT);
    expect(findings).toEqual([{ verb: 'CMSG', args, next: bytes.length - 1 }]);
  }
});
