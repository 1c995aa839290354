// Readers of one ring who are offered the same in one call, and those who must not be.

import { expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { connectionId } from '../../src/base/ids.ts';
import { Fan } from '../../src/fanout/fan.ts';
import { Outbox, type Transport } from '../../src/fanout/outbox.ts';
import { Ring, Stamps } from '../../src/fanout/ring.ts';

const LIMITS = { entries: 64, bytes: 1 << 20, ageMs: 60_000 };

/** A ring, as many readers, and what each of them was written; `takes` says how much of an offer one takes. */
function open(readers: number, together = true) {
  const written: string[] = Array.from({ length: readers }, () => '');
  const takes: ((length: number) => number)[] = Array.from({ length: readers }, () => (length) => length);
  const calls: (number | number[])[] = [];
  const faults: string[] = [];
  const take = (id: number, bytes: Uint8Array, start: number, end: number): number => {
    const taken = takes[id]?.(end - start) ?? -1;
    written[id] += utf8(bytes, start, start + Math.max(taken, 0));
    return taken;
  };
  const transport: Transport = {
    offer: (id, bytes, start, end) => {
      calls.push(id);
      return take(id, bytes, start, end);
    },
  };
  if (together) {
    transport.offerEach = (ids, count, bytes, start, end, taken) => {
      calls.push([...ids.subarray(0, count)]);
      for (let i = 0; i < count; i++) taken[i] = take(ids[i] as number, bytes, start, end);
    };
  }
  const stamps = new Stamps();
  const ring = new Ring(LIMITS, stamps, new Budget(1 << 30), 1, () => utf8Bytes('<L>\n'));
  const outboxes = written.map((_, i) => new Outbox(connectionId(i), { transport, stamps }));
  const fan = new Fan(transport, (outbox, error) => faults.push(`${outbox.connection}: ${String(error)}`));
  let seq = 0;
  const say = (text: string): void => {
    seq++;
    ring.append(utf8Bytes(text), 0, text.length, seq, seq + 1, 0);
  };
  const flush = (): (number | number[])[] => {
    fan.flush(ring, 0);
    return calls.splice(0);
  };
  for (const outbox of outboxes) outbox.subscribe(ring);
  return { ring, outboxes, written, takes, faults, say, flush };
}

test('readers who have read equally far are offered the same in one call, once they are known', () => {
  const { say, flush, written } = open(3);
  say('<a>\n');
  expect(flush()).toEqual([2, 1, 0]);
  say('<b>\n');
  say('<c>\n');
  expect(flush()).toEqual([[2, 1, 0]]);
  expect(flush()).toEqual([]);
  expect(written).toEqual(Array(3).fill('<a>\n<b>\n<c>\n'));
});

test('who has a reply, reads another room, is full or came later is offered what is its own', () => {
  const { say, flush, outboxes, takes, ring, written } = open(5);
  say('<a>\n');
  flush();
  outboxes[0]?.say(utf8Bytes('<r>\n'), 0, 4);
  const [, , other] = outboxes;
  other?.subscribe(open(0).ring);
  takes[3] = () => 2;
  say('<b>\n');
  expect(flush()).toEqual([2, 0, [4, 3, 1]]);
  expect(written).toEqual(['<a>\n<r>\n<b>\n', '<a>\n<b>\n', '<a>\n<b>\n', '<a>\n<b', '<a>\n<b>\n']);
  takes[3] = (length) => length;
  say('<c>\n');
  expect(flush().flat()).not.toContain(3);
  outboxes[3]?.drained(0);
  expect(written[3]).toBe('<a>\n<b>\n<c>\n');
  outboxes[4]?.unsubscribe(ring);
  say('<d>\n');
  expect(flush().flat()).not.toContain(4);
  expect(written.slice(0, 4)).toEqual(['<a>\n<r>\n<b>\n<c>\n<d>\n', ...Array(3).fill('<a>\n<b>\n<c>\n<d>\n')]);
  expect(outboxes.every(({ written: count }, i) => count === written[i]?.length)).toBe(true);
});

test('who is gone reads nothing more, and the others do', () => {
  const { say, flush, takes, ring, written, faults } = open(4);
  say('<a>\n');
  flush();
  takes[1] = () => -1;
  say('<b>\n');
  flush();
  expect(ring.readers.some(({ outbox }) => outbox.connection === 1)).toBe(false);
  say('<c>\n');
  flush();
  expect([written[0], written[2], written[3], faults]).toEqual([
    '<a>\n<b>\n<c>\n',
    '<a>\n<b>\n<c>\n',
    '<a>\n<b>\n<c>\n',
    [],
  ]);
});

test('more readers than fit into one call are offered it in several', () => {
  const { say, flush, written } = open(2_500);
  say('<a>\n');
  flush();
  say('<b>\n');
  expect(flush().map((ids) => (ids as number[]).length)).toEqual([1_024, 1_024, 452]);
  expect(written.every((text) => text === '<a>\n<b>\n')).toBe(true);
});

test('a transport without such a call is offered everybody', () => {
  const { say, flush, written } = open(3, false);
  for (const text of ['<a>\n', '<b>\n']) {
    say(text);
    expect(flush()).toEqual([2, 1, 0]);
  }
  expect(written).toEqual(Array(3).fill('<a>\n<b>\n'));
});
