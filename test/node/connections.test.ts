import { expect, test } from 'bun:test';
import { Stamps } from '../../src/fanout/ring.ts';
import { Connections } from '../../src/node/connections.ts';

const connections = (most: number, perSource: number): Connections =>
  new Connections(
    { limits: { connections: { most, perSource, newFrameBytes: 1024, args: 64 } } },
    { transport: { offer: () => 0 }, stamps: new Stamps() },
  );

/** How many of so many connections from these addresses, in turn, are served. */
const served = (table: Connections, count: number, address: (i: number) => string): number =>
  Array.from({ length: count }, (_, i) => table.refusal(table.open(address(i), 0))).filter((why) => why === undefined)
    .length;

test('an address has so many, and another one when one of them closes', () => {
  const table = connections(100, 3);
  const first = table.open('192.0.2.1', 0);
  expect(served(table, 5, () => '192.0.2.1')).toBe(2);
  expect(served(table, 3, () => '192.0.2.2')).toBe(3);
  for (const connection of [...table])
    if (connection.source === '192.0.2.1' && connection !== first) table.close(connection);
  expect(served(table, 5, () => '192.0.2.1')).toBe(2);
});

test('an IPv4 address is the same in its IPv6 form', () => {
  expect(served(connections(100, 3), 6, (i) => (i % 2 === 0 ? '192.0.2.1' : '::ffff:192.0.2.1'))).toBe(3);
});

test('IPv6 counts by the /64, however it is written', () => {
  const forms = ['2001:db8::1', '2001:0DB8:0:0::2', '2001:db8:0:0:ffff::', '2001:db8:0:0:1:2:3:4'];
  expect(served(connections(100, 2), 4, (i) => forms[i] as string)).toBe(2);
  expect(served(connections(100, 1), 3, (i) => `2001:db8:0:${i}::1`)).toBe(3);
});

test('loopback is exempt, and counts for the whole', () => {
  const names = ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'];
  expect(served(connections(100, 1), 8, (i) => names[i % 4] as string)).toBe(8);
  expect(served(connections(5, 1), 8, (i) => names[i % 4] as string)).toBe(5);
});
