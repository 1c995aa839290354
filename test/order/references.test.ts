// References as they travel: read and written in their one form, and refused in any other.

import { expect, test } from 'bun:test';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { serverId } from '../../src/base/ids.ts';
import { References, readReference } from '../../src/order/references.ts';
import { readFrame, WHOLE } from '../../src/wire/grammar.ts';
import { Frame } from '../../src/wire/scanner.ts';
import { FrameWriter } from '../../src/wire/writer.ts';

function read(text: string): [number, number] | undefined {
  const [frame, bytes, rows] = [new Frame(), utf8Bytes(`<A,${text}>`), new Float64Array(4)];
  expect(readFrame(frame, bytes, 0, bytes.length, 4)).toBe(WHOLE);
  return readReference(frame, 0, rows, 2) ? [rows[2] as number, rows[3] as number] : undefined;
}

test.each(['1.5', '4294967295.9007199254740991', '2.1800000000000001'])(
  '%s is one, and none before it is touched',
  (text) => {
    const [server, number] = read(text) as [number, number];
    const references = new References();
    references.push(7, undefined);
    references.push(8, { server: serverId(server), number });
    const frame = new FrameWriter().begin('A');
    references.write(7, frame);
    references.write(8, frame);
    expect(utf8(frame.end().bytes, 0, frame.length)).toBe(`<A,,${text}>\n`);
  },
);

test('an empty one is none', () => expect(read('')).toEqual([0, 0]));

test.each(['1', '.', '1.', '.5', '0.5', '1.0', '1.5.6', 'x.5', '1.x', '4294967296.1', '1.9007199254740993', '1.-5'])(
  '%s is nothing that a server writes',
  (text) => expect(read(text)).toBeUndefined(),
);
