// The lines of a conversation: in order, in blocks that are replaced where something changed and nowhere else, bounded.

import { describe, expect, test } from 'bun:test';
import { type Line, Lines, type Saying } from '../../src/pages/chat/model/lines.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const said = (text: string, nick = 'ann', time = NOON): Saying => ({
  ...{ kind: 'message', nick, text, time, own: false, mention: false },
});
const all = (lines: Lines): Line[] => lines.blocks.flatMap((block) => block.lines);
const texts = (lines: Lines): string[] => all(lines).map((line) => (line.kind === 'day' ? 'day' : line.text));

describe('lines', () => {
  test('begin a day, and again where it is another one', () => {
    const lines = new Lines();
    lines.add(said('a'));
    lines.add(said('b'));
    lines.add(said('c', 'ann', NOON + 24 * 3_600_000));
    expect(texts(lines)).toEqual(['day', 'a', 'b', 'day', 'c']);
  });

  test('begin no day again: neither where clocks differ, nor where what was said before is put before it', () => {
    const lines = new Lines();
    const [before, after] = [NOON + 11 * 3_600_000, NOON + 13 * 3_600_000];
    for (const [i, time] of [before, after, before, after].entries()) lines.add(said(String(i), 'ann', time));
    lines.add({ kind: 'note', tone: 'quiet', text: 'note', time: before });
    const days = (): number => texts(lines).filter((text) => text === 'day').length;
    const begun = days();
    expect(begun).toBeLessThanOrEqual(2);
    lines.prepend([said('older', 'bob', before)]);
    expect(days()).toBe(begun);
    expect(texts(lines).slice(0, 3)).toEqual(['day', 'older', '0']);
    expect(lines.count).toBe(texts(lines).length);
  });

  test('of one person stand together while they are close', () => {
    const lines = new Lines();
    for (const [text, nick, after] of [
      ['a', 'ann', 0],
      ['b', 'ann', 1000],
      ['c', 'bob', 2000],
      ['d', 'bob', 10 * 60_000],
    ] as const) {
      lines.add(said(text, nick, NOON + after));
    }
    const follows = all(lines).flatMap((line) => (line.kind === 'message' ? [line.follows] : []));
    expect(follows).toEqual([false, true, false, false]);
  });

  test('replace the last block alone when one more comes', () => {
    const lines = new Lines();
    for (let i = 0; i < 175; i++) lines.add(said(String(i)));
    const before = lines.blocks;
    lines.add(said('new'));
    expect(lines.blocks.length).toBe(before.length);
    expect(lines.blocks.slice(0, -1)).toEqual(before.slice(0, -1));
    for (const [i, block] of lines.blocks.slice(0, -1).entries()) expect(block).toBe(before[i] as (typeof before)[0]);
    expect(lines.blocks.at(-1)).not.toBe(before.at(-1) as (typeof before)[0]);
  });

  test('are never more than the most and a block, and the newest stay', () => {
    const lines = new Lines(200);
    for (let i = 0; i < 1000; i++) {
      lines.add(said(String(i)));
      expect(lines.count).toBeLessThanOrEqual(200);
      expect(lines.count).toBe(all(lines).length);
    }
    expect(texts(lines).at(-1)).toBe('999');
  });

  test('take what was said before at their head, as much as there is room for, and keep every key their own', () => {
    const lines = new Lines(150);
    for (let i = 50; i < 110; i++) lines.add(said(String(i)));
    const blocks = lines.blocks;
    lines.prepend(Array.from({ length: 50 }, (_, i) => said(String(i))));
    expect(texts(lines).filter((text) => text !== 'day')).toEqual(Array.from({ length: 110 }, (_, i) => String(i)));
    expect(lines.blocks.at(-1)).toBe(blocks.at(-1) as (typeof blocks)[0]);
    expect(new Set(all(lines).map(({ key }) => key)).size).toBe(lines.count);
    lines.prepend(Array.from({ length: 100 }, (_, i) => said(`old ${i}`)));
    expect(lines.count).toBeLessThanOrEqual(151);
    expect(texts(lines)).toContain('old 99');
  });

  test('let a note be told otherwise where it stands, and know when it is gone', () => {
    const lines = new Lines(60);
    const key = lines.add({ kind: 'note', tone: 'quiet', text: 'bob joined', time: NOON });
    lines.add(said('a'));
    expect(lines.replace(key, 'bob and cat joined')).toBe(true);
    expect(texts(lines)).toEqual(['day', 'bob and cat joined', 'a']);
    for (let i = 0; i < 200; i++) lines.add(said(String(i)));
    expect(lines.replace(key, 'x')).toBe(false);
  });
});
