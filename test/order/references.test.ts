// References as they travel: read and written in their one form, and refused in any other.

import { expect, test } from 'bun:test';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { serverId } from '../../src/base/ids.ts';
import { type ReferenceRun, References, readReferences } from '../../src/order/references.ts';
import { readFrame, WHOLE } from '../../src/wire/grammar.ts';
import { Frame } from '../../src/wire/scanner.ts';
import { FrameWriter } from '../../src/wire/writer.ts';

function read(text: string, most = 9): ReferenceRun | undefined {
  const [frame, bytes] = [new Frame(), utf8Bytes(`<A,${text}>`)];
  expect(readFrame(frame, bytes, 0, bytes.length, 4)).toBe(WHOLE);
  return readReferences(frame, 0, most);
}

/** The runs of the entries from `position` to `last` as they are written. */
function written(references: References, position: number, last: number): string {
  const frame = new FrameWriter().begin('A');
  for (let at = position; at <= last; at++) at = references.write(at, last, frame);
  return utf8(frame.end().bytes, 3, frame.length - 2);
}

test.each(['1.5', '4294967295.9007199254740990', '2.1800000000000001', '1.5*2', '2.1800000000000001*9', '*3'])(
  '%s is a run, and none before it is touched',
  (text) => {
    const { count, server, number } = read(text) as ReferenceRun;
    const references = new References();
    references.push(6, { server: serverId(9), number: 1 });
    references.push(7, server === 0 ? { server: serverId(9), number: 2 } : undefined);
    references.pushRun(8, count, server, number);
    expect(written(references, 8, 7 + count)).toBe(text);
    expect(written(references, 7, 7)).toBe(server === 0 ? '9.2' : '');
  },
);

test('an empty one is one entry that is known by nothing', () => {
  expect(read('')).toEqual({ count: 1, server: 0, number: 0 });
});

test.each([
  ...['1', '.', '1.', '.5', '0.5', '1.0', '1.5.6', 'x.5', '1.x', '4294967296.1', '1.9007199254740993', '1.-5'],
  ...['*', '*0', '*-1', '*x', '*10', '1.5*10', '1.5*', '1.5*2*2', '1.9007199254740991*2', 'x*2'],
])('%s is nothing that a server writes', (text) => expect(read(text)).toBeUndefined());

test('entries are known by what was noted, run by run, whatever was forgotten', () => {
  const references = new References();
  const expected = new Map<number, string>();
  let [position, oldest, seed] = [1, 1, 7];
  const chance = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  let next = [0, 100, 200];
  for (let round = 0; round < 2_000; round++) {
    const [server, count] = [chance(3), 1 + chance(5)];
    const number = (next[server] as number) + chance(2);
    references.pushRun(position, count, server, server === 0 ? 0 : number);
    for (let i = 0; i < count; i++) expected.set(position + i, server === 0 ? '' : `${server}.${number + i}`);
    next = next.with(server, number + count);
    position += count;
    oldest = Math.max(oldest, position - 40 - chance(40));
    references.trim(oldest);
    for (let at = oldest; at < position; at++) expect(written(references, at, at)).toBe(expected.get(at) as string);
  }
  references.pushRun(position + 1, 1, 1, 9);
  expect(references.serverAt(position + 1)).toBe(serverId(0));
});
