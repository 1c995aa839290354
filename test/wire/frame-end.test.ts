import { describe, expect, test } from 'bun:test';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { cutFrames } from '../../src/wire/frame-end.ts';
import { encodeFrame } from '../../src/wire/writer.ts';

const cut = (frames: string, most: number, start = 0): number =>
  cutFrames(utf8Bytes(frames), start, utf8Bytes(frames).length, most);

describe('cutFrames', () => {
  test('takes everything that is short enough', () => {
    expect(cut('<A>\n<B>\n', 8)).toBe(8);
    expect(cut('<A>\n<B>\n', 8, 4)).toBe(8);
  });

  test('cuts behind the last frame that fits', () => {
    for (const most of [4, 5, 6, 7]) expect(cut('<A>\n<B>\n<C>\n', most)).toBe(4);
    for (const most of [8, 9, 10, 11]) expect(cut('<A>\n<B>\n<C>\n', most)).toBe(8);
    expect(cut('<A>\n<B>\n<C>\n', 4, 4)).toBe(8);
  });

  test('takes the first frame whole where that is longer', () => {
    for (const most of [1, 2, 3, 10]) expect(cut('<AAAA,bbbb>\n<C>\n', most)).toBe(12);
  });

  test('finds every end, and no other place, among texts that look like one', () => {
    const words = ['<', '>', '\\', '\n', ',', 'x'];
    for (let seed = 0; seed < 2000; seed++) {
      let rest = seed * 2654435761;
      const next = (count: number): number => {
        rest = (Math.imul(rest, 1664525) + 1013904223) >>> 0;
        return (rest >>> 8) % count;
      };
      const frames: Uint8Array[] = [];
      for (let i = 0; i < 6; i++) {
        const text = Array.from({ length: next(9) }, () => words[next(words.length)]).join('');
        frames.push(encodeFrame('V', text));
      }
      const all = Buffer.concat(frames);
      const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
      for (let most = 1; most <= all.length; most++) {
        const fitting = ends.filter((end) => end <= most).at(-1) ?? ends[0];
        expect(cutFrames(all, 0, all.length, most)).toBe(fitting as number);
      }
    }
  });
});
