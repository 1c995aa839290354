// The frame reader of the simulated clients is strict: what is not canonical is a fault.

import { expect, test } from 'bun:test';
import { encode, FrameReader } from './frames.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('reads canonical frames, however they are cut', () => {
  const stream = bytes('<PONG>\n<CMSG,r,e.7,1,n,1,a\\,b \\<x\\> \\\\ ü\\ >\n<C,>\n');
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new FrameReader();
    const frames = [...reader.read(stream.slice(0, cut)), ...reader.read(stream.slice(cut))];
    expect(frames).toEqual([
      { verb: 'PONG', args: [] },
      { verb: 'CMSG', args: ['r', 'e.7', '1', 'n', '1', 'a,b <x> \\ ü '] },
      { verb: 'C', args: [''] },
    ]);
    expect(reader.faults).toEqual([]);
    expect(reader.held).toBe(0);
  }
});

test('faults what is torn, mixed or not canonical', () => {
  const bad = [
    '<A>\r\n',
    '<A><B>\n',
    '<CMSG,a<SKIP,b>\n',
    'A>\n',
    '<a>\n',
    '<A, b>\n',
    '<A,\\b>\n',
    '<A,b >\n',
    '<>\n',
  ];
  for (const text of bad) {
    const reader = new FrameReader();
    reader.read(bytes(text));
    expect(reader.faults.length, text).toBeGreaterThan(0);
  }
  const reader = new FrameReader();
  reader.read(Uint8Array.of(0x3c, 0x41, 0x2c, 0xff, 0x3e, 0x0a));
  expect(reader.faults[0]).toContain('is no UTF-8');
});

test('writes what it reads', () => {
  for (const value of ['', ' ', '  ', ' a ', '\n', 'a\nb', '<>,\\', ',', '\\', 'ä🎈', ' \\ ']) {
    const reader = new FrameReader();
    const frames = reader.read(Uint8Array.from([...encode('X', [value, value]), 10]));
    expect(frames).toEqual([{ verb: 'X', args: [value, value] }]);
    expect(reader.faults).toEqual([]);
  }
});
