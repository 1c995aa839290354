import { expect, test } from 'bun:test';
import { ticket } from '../../src/base/ids.ts';
import { Tickets } from '../../src/order/tickets.ts';

test('a ticket is given until it is used, and never again', () => {
  let taken = 0;
  const tickets = new Tickets(() => ticket(++taken));
  expect(taken).toBe(0);
  expect([tickets.next, tickets.next, taken]).toEqual([ticket(1), ticket(1), 1]);
  tickets.used();
  tickets.used();
  expect([tickets.next, tickets.next, taken]).toEqual([ticket(2), ticket(2), 2]);
});
