// Frames as a client reads them: what is taken out one by one is what the whole array holds, and numbers are the same
// read from bytes and from strings.

import { expect, test } from 'bun:test';
import { FrameReader, type ReceivedFrame, readNumber } from '../../src/client/frames.ts';
import { encodeFrame } from '../../src/wire/writer.ts';

function read(verb: string, ...args: readonly string[]): ReceivedFrame {
  const reader = new FrameReader();
  reader.feed(encodeFrame(verb, ...args));
  return reader.next() as ReceivedFrame;
}

test('arguments are the same one by one and all together', () => {
  const args = ['lobby', 'a.1', '', 'ünï', 'a, <b> \\', ' x ', 'y'.repeat(5_000), ','.repeat(5_000)];
  const frame = read('CMSG', ...args);
  expect([frame.verb, frame.count]).toEqual(['CMSG', args.length]);
  for (const [i, arg] of args.entries()) expect([frame.text(i), frame.name(i)]).toEqual([arg, arg]);
  expect(frame.args).toEqual(args);
  expect([frame.text(99), frame.name(99), frame.number(99)]).toEqual(['', '', -1]);
});

test('what was kept of a frame is not changed by the next one', () => {
  const reader = new FrameReader();
  reader.feed(new Uint8Array([...encodeFrame('A', '1'), ...encodeFrame('B', '2', '3')]));
  const first = (reader.next() as ReceivedFrame).args;
  expect((reader.next() as ReceivedFrame).args).toEqual(['2', '3']);
  expect(first).toEqual(['1']);
});

test.each([
  ...['0', '7', '10', '1795405782741', '9007199254740991', '9007199254740992', '99999999999999999', '00', '01'],
  ...['', '-1', '1e3', ' 1', '1 ', '0x1', '1.5', '١'],
])('%p is the same number from bytes and from a string', (text) => {
  expect(read('X', text).number(0)).toBe(readNumber(text) ?? -1);
});
