import { describe, expect, test } from 'bun:test';
import { closeFrame, controlFrame, WebFrames, writeHeader } from '../../src/net/web-frames.ts';
import { clientFrame } from '../support/web-client.ts';

/** What comes of `bytes`, read in pieces of `size`. */
function read(bytes: Uint8Array, size = bytes.length): { data: string; frames: WebFrames } {
  const frames = new WebFrames();
  const data: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    data.push(chunk.subarray(0, frames.read(chunk)));
  }
  return { data: Buffer.concat(data).toString(), frames };
}

const SIZES = [1, 2, 3, 5, 7, 64, 1000, 1_000_000];
const joined = (...frames: readonly Uint8Array[]): Uint8Array => Buffer.concat(frames);

describe('what a client sends', () => {
  test('is the same data however it was split', () => {
    const long = 'ä'.repeat(40_000);
    const bytes = joined(
      clientFrame(2, '<PING,a>'),
      clientFrame(1, '<PING,ä', { final: false }),
      clientFrame(9, 'there?'),
      clientFrame(0, '', { final: false }),
      clientFrame(0, '€>'),
      clientFrame(2, 'x'.repeat(126)),
      clientFrame(2, 'y'.repeat(65_535)),
      clientFrame(1, long),
      clientFrame(10, 'never asked'),
      clientFrame(9, 'and now?'),
      clientFrame(8, Buffer.from([0x03, 0xe8, 0x6f])),
    );
    const whole = `<PING,a><PING,ä€>${'x'.repeat(126)}${'y'.repeat(65_535)}${long}`;
    for (const size of SIZES) {
      const { data, frames } = read(bytes, size);
      expect(data).toBe(whole);
      expect(frames.fault).toBeUndefined();
      expect(Buffer.from(frames.ping ?? []).toString()).toBe('and now?');
      expect(frames.ended).toBe(1000);
      expect(frames.overhead).toBe(6 * 5 + 'there?never asked'.length + 'and now?'.length + 3);
    }
  });

  test('nothing is read behind an end or a fault', () => {
    const end = clientFrame(8, '');
    expect(read(joined(clientFrame(2, 'a'), end, clientFrame(2, 'b'))).data).toBe('a');
    expect(read(joined(clientFrame(2, 'a'), clientFrame(3, ''), clientFrame(2, 'b'))).data).toBe('a');
    expect(read(end).frames.ended).toBe(1005);
  });

  const longWay = (opcode: number, width: 2 | 8, length: number): Uint8Array => {
    const head = Buffer.alloc(2 + width + 4 + length);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (width === 2 ? 126 : 127);
    head.writeUIntBE(length, width === 2 ? 2 : 4, width === 2 ? 2 : 6);
    return head;
  };
  const endless = Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  const FAULTS: Readonly<Record<string, readonly [bytes: Uint8Array, why: string]>> = {
    'no mask': [clientFrame(2, 'a', { masked: false }), 'protocol'],
    'a reserved bit': [clientFrame(2, 'a', { reserved: 4 }), 'protocol'],
    'an opcode between data and control': [clientFrame(7, 'a'), 'protocol'],
    'an opcode above all': [clientFrame(11, 'a'), 'protocol'],
    'a piece of nothing': [clientFrame(0, 'a'), 'protocol'],
    'a piece behind a whole message': [joined(clientFrame(2, 'a'), clientFrame(0, 'a')), 'protocol'],
    'a message within a message': [joined(clientFrame(1, 'a', { final: false }), clientFrame(2, 'a')), 'protocol'],
    'a ping in pieces': [clientFrame(9, 'a', { final: false }), 'protocol'],
    'a ping that is too long': [clientFrame(9, 'a'.repeat(126)), 'protocol'],
    'a short length in two bytes': [longWay(2, 2, 125), 'protocol'],
    'a short length in eight bytes': [longWay(2, 8, 1000), 'protocol'],
    'a length without end': [endless, 'size'],
    'an end with half a code': [clientFrame(8, 'x'), 'protocol'],
    'an end with a code that nobody may say': [clientFrame(8, Buffer.from([0x03, 0xee])), 'protocol'],
    'an end with a code that is none': [clientFrame(8, Buffer.from([0x00, 0x07])), 'protocol'],
    'an end whose reason is no UTF-8': [clientFrame(8, Buffer.from([0x03, 0xe8, 0xff])), 'encoding'],
    'a text that is no UTF-8': [clientFrame(1, Buffer.from([0x61, 0xc3])), 'encoding'],
    'a text in pieces that is no UTF-8': [
      joined(clientFrame(1, 'a', { final: false }), clientFrame(0, Buffer.from([0xc3]))),
      'encoding',
    ],
  };
  for (const [name, [bytes, why]] of Object.entries(FAULTS)) {
    test(`${name} is refused`, () => {
      for (const size of SIZES) expect(read(bytes, size).frames.fault?.why as string).toBe(why);
    });
  }

  test('bytes that are no UTF-8 are good in a binary message', () => {
    expect(read(clientFrame(2, Buffer.from([0xff]))).frames.fault).toBeUndefined();
  });
});

describe('what a server sends', () => {
  test('a header says its length the shortest way', () => {
    const header = (length: number): number[] => {
      const bytes = new Uint8Array(10);
      return [...bytes.subarray(writeHeader(bytes, 10, 2, length))].map(
        (_, i, all) => bytes[10 - all.length + i] as number,
      );
    };
    expect(header(0)).toEqual([0x82, 0]);
    expect(header(125)).toEqual([0x82, 125]);
    expect(header(126)).toEqual([0x82, 126, 0, 126]);
    expect(header(65_535)).toEqual([0x82, 126, 255, 255]);
    expect(header(65_536)).toEqual([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  });

  test('a control frame is its header and its data', () => {
    expect([...controlFrame(10, Buffer.from('ab'))]).toEqual([0x8a, 2, 0x61, 0x62]);
    expect([...closeFrame(1005, 'x')]).toEqual([0x88, 0]);
    expect([...closeFrame(1001, 'bye')]).toEqual([0x88, 5, 0x03, 0xe9, 0x62, 0x79, 0x65]);
  });

  test('a reason that is too long is cut between two letters', () => {
    const frame = closeFrame(1008, `x${'€'.repeat(60)}`);
    expect(frame[1]).toBe(2 + 1 + 40 * 3);
    expect(Buffer.from(frame.subarray(4)).toString()).toBe(`x${'€'.repeat(40)}`);
  });
});
