import { expect, test } from 'bun:test';
import { readPage } from '../../../src/client/sdk/history-page.ts';

const message = (epoch: string, seq: number): string[] => ['dev', epoch, String(seq), 'ann', '7', `${epoch} ${seq}`];

test('a page has what was asked for, once and in order, and nothing of what came in between', () => {
  const skipped = ['dev', 'a.1', '4'];
  const end = ['dev', 'b.1', '7'];
  const live = [message('b.1', 6), message('b.1', 7), message('b.1', 8), message('a.1', 2)];
  const lines = [...live, message('a.1', 3), skipped, message('a.1', 5), message('b.1', 6), end];
  const page = readPage(lines, { epoch: 'a.1', seq: 2 });
  expect(page.messages.map(({ text }) => text)).toEqual(['a.1 3', 'a.1 5', 'b.1 6']);
  expect(page.messages[0]).toEqual({ room: 'dev', epoch: 'a.1', seq: 3, nick: 'ann', time: 7, text: 'a.1 3', id: '' });
  expect([page.first.seq, page.next]).toEqual([3, { epoch: 'b.1', seq: 7 }]);
});

test('a page without slots begins where it ends', () => {
  const page = readPage([['dev', 'a.1', '3']], undefined);
  expect(page).toEqual({ messages: [], first: { epoch: 'a.1', seq: 3 }, next: { epoch: 'a.1', seq: 3 } });
});
