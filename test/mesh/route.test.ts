// Routing over networks whose servers agree on the ways, and over some who do not.

import { describe, expect, test } from 'bun:test';
import { type ConnectionId, connectionId, serverId } from '../../src/base/ids.ts';
import { GROUP_VERBS, GroupReader, TTL } from '../../src/mesh/group.ts';
import { Router } from '../../src/mesh/route.ts';
import { argsOf } from '../../src/mesh/signed.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { encodeFrame } from '../../src/wire/writer.ts';
import { framesOf } from './world.ts';

/** Server → whom it sends what is for a server to; the number of a link is that of its other end. */
type Ways = Readonly<Record<number, Readonly<Record<number, number>>>>;

function network(ways: Ways): { routers: Map<number, Router>; events: string[] } {
  const events: string[] = [];
  const routers = new Map<number, Router>();
  for (const self of Object.keys(ways).map(Number)) {
    const router = new Router(serverId(self), {
      linkTowards: (to) => {
        const next = ways[self]?.[to];
        return next === undefined ? undefined : connectionId(next);
      },
      send: (link, bytes, start, end) => {
        const router = routers.get(link);
        if (router !== undefined) take(router, link, connectionId(self), bytes.slice(start, end));
      },
      arrived: (from, frame) => events.push(`${self} got ${frame.verb()} ${argsOf(frame).join()} from ${from}`),
      unreachable: (to) => events.push(`${self} cannot reach ${to}`),
    });
    routers.set(self, router);
  }
  return { routers, events };
}

/** What server `self` makes of bytes that came from `link`. */
function take(router: Router, self: number, link: ConnectionId, bytes: Uint8Array): void {
  const reader = new GroupReader(GROUP_VERBS, serverId(self));
  const scanner = new Scanner(1 << 16);
  const frame = new Frame();
  scanner.feed(bytes);
  while (scanner.next(frame) === FRAME) {
    const group = reader.take(frame);
    if (group === 'here') router.arrive(reader.from, reader.frame, reader.isAlone);
    else if (typeof group === 'object') expect(router.receive(link, group)).toBe(true);
    else expect(['more', 'begun']).toContain(group);
  }
  expect(reader.open).toBe(false);
}

function send(router: Router | undefined, to: number): boolean {
  const { bytes, count } = framesOf(['KILL', '3.7', 'no, <really>'], ['PING']);
  return router?.send(serverId(to), bytes, 0, bytes.length, count) ?? false;
}

describe('a routed group', () => {
  test('goes from server to server, and its frames arrive in order', () => {
    const { routers, events } = network({ 1: { 2: 2, 3: 2, 4: 2 }, 2: { 1: 1, 3: 3, 4: 3 }, 3: { 1: 2, 4: 4 }, 4: {} });
    expect(send(routers.get(1), 4)).toBe(true);
    expect(events).toEqual(['4 got KILL 3.7,no, <really> from 1', '4 got PING  from 1']);
    expect(routers.get(2)?.counters).toEqual({ passed: 1, expired: 0, stuck: 0 });
  });

  test('is refused at once where there is no way', () => {
    const { routers, events } = network({ 1: {} });
    expect(send(routers.get(1), 2)).toBe(false);
    expect(events).toEqual([]);
  });

  test('that is stuck on its way is told to its sender', () => {
    const { routers, events } = network({ 1: { 4: 2 }, 2: { 4: 3, 1: 1 }, 3: { 1: 2 } });
    expect(send(routers.get(1), 4)).toBe(true);
    expect(events).toEqual(['1 cannot reach 4']);
    expect(routers.get(3)?.counters.stuck).toBe(1);
  });

  test('is not sent back where it came from', () => {
    const { routers, events } = network({ 1: { 4: 2 }, 2: { 4: 1, 1: 1 } });
    send(routers.get(1), 4);
    expect(events).toEqual(['1 cannot reach 4']);
    expect(routers.get(2)?.counters).toEqual({ passed: 0, expired: 0, stuck: 1 });
  });

  test('ends after so many servers when it goes round', () => {
    const { routers, events } = network({ 1: { 9: 2 }, 2: { 9: 3, 1: 1 }, 3: { 9: 4, 1: 2 }, 4: { 9: 2, 1: 2 } });
    send(routers.get(1), 9);
    const passed = [...routers.values()].reduce((sum, { counters }) => sum + counters.passed, 0);
    expect(passed).toBeLessThanOrEqual(TTL + 2);
    expect(events).toEqual(['1 cannot reach 9']);
  });

  test('that was an answer is answered by nobody', () => {
    const { routers, events } = network({ 1: { 9: 2 }, 2: { 9: 3 }, 3: {} });
    send(routers.get(1), 9);
    // 3 answers to where it came from, 2 knows no way to 1: nothing more is said.
    expect(events).toEqual([]);
    expect(routers.get(2)?.counters.stuck).toBe(1);
  });

  test('arrives frame by frame, each in the one form that it has', () => {
    const { routers, events } = network({ 1: {}, 2: {} });
    const text = '<route,1, 2,3 ,4>< a ,b\\c>\n<A,b\\,c><UNREACHABLE,9><A>';
    take(routers.get(1) as Router, 1, connectionId(2), new TextEncoder().encode(text));
    expect(events).toEqual([
      '1 got A bc from 2',
      '1 got A b,c from 2',
      '1 got UNREACHABLE 9 from 2',
      '1 got A  from 2',
    ]);
    const [reader, frame] = [new GroupReader(GROUP_VERBS, serverId(1)), new Frame()];
    const scanner = new Scanner(1 << 16);
    scanner.feed(new TextEncoder().encode('<ROUTE,1,2,3,2>< a ,\\b>'));
    while (scanner.next(frame) === FRAME) reader.take(frame);
    const { bytes, start, end } = reader.frame;
    expect(bytes.slice(start, end + 1)).toEqual(encodeFrame('A', 'b'));
  });

  test.each([[['x', '1', '5']], [['1', '0', '5']], [['1', '2', '0']], [['1', '2', '33']], [['1', '2']]])(
    'with the head %j ends the link',
    (args) => {
      const { routers } = network({ 1: {} });
      const { bytes, count } = framesOf(['PING']);
      expect(routers.get(1)?.receive(connectionId(2), { verb: 'ROUTE', args, count, bytes })).toBe(false);
      expect(routers.get(1)?.receive(connectionId(2), { verb: 'ROUTE', args: ['1', '2', '3'], count: 0, bytes })).toBe(
        false,
      );
    },
  );
});
