// The sockets of discovery, for real, on loopback: several on one host hear the group, and an answer finds the one that
// asked.

import { expect, test } from 'bun:test';
import { Udp } from '../../src/net/udp.ts';
import { rejection } from '../support/rejection.ts';

const GROUP = '239.192.74.9';

/** A member of the group; what it hears is taken one by one. */
async function member(port: number) {
  const heard: { text: string; ip: string; port: number }[] = [];
  let wake = (): void => {};
  const out = {
    datagram(bytes: Uint8Array, ip: string, from: number) {
      heard.push({ text: Buffer.from(bytes).toString(), ip, port: from });
      wake();
    },
    failed(error: Error) {
      throw error;
    },
  };
  const udp = await Udp.open({ group: { host: GROUP, port }, interface: '127.0.0.1' }, out);
  const next = async () => {
    while (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return heard.shift() as { text: string; ip: string; port: number };
  };
  return { udp, next, heard };
}

/** A port that was free a moment ago: a group's port is shared, so it has to be known before. */
function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

test('what is said to the group reaches every member on the host, the speaker too, from an address that can be answered', async () => {
  const port = freePort();
  const [a, b, c] = [await member(port), await member(port), await member(port)];
  a.udp.send(Buffer.from('who is there?'), 'group');
  const [atA, atB, atC] = await Promise.all([a.next(), b.next(), c.next()]);
  for (const heard of [atA, atB, atC])
    expect(heard).toEqual({ text: 'who is there?', ip: '127.0.0.1', port: atB.port });
  b.udp.send(Buffer.from('b'), { host: atB.ip, port: atB.port });
  c.udp.send(Buffer.from('c'), { host: atC.ip, port: atC.port });
  const answers = [await a.next(), await a.next()];
  expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['b', 'c']));
  expect([b.heard, c.heard]).toEqual([[], []]);
  for (const { udp } of [a, b, c]) udp.close();
});

test('an interface that this machine does not have is told', async () => {
  const out = { datagram() {}, failed() {} };
  const config = { group: { host: GROUP, port: freePort() }, interface: '203.0.113.7' };
  expect(await rejection(Udp.open(config, out))).toBeInstanceOf(Error);
});

test('a datagram to nobody ends nothing', async () => {
  const port = freePort();
  const a = await member(port);
  a.udp.send(Buffer.from('x'), { host: '127.0.0.1', port: freePort() });
  a.udp.send(Buffer.from('still here'), 'group');
  expect((await a.next()).text).toBe('still here');
  a.udp.close();
});
