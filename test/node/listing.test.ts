// Listings: a page is what sorting everything and cutting would give, however the rooms came.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Listing, MOST_LISTED } from '../../src/node/listing.ts';
import type { Node } from '../../src/node/node.ts';

interface Sketch {
  readonly name: string;
  readonly members: number;
}

function nodeWith(rooms: readonly Sketch[]): Node {
  const made = rooms.map(({ name, members }) => ({
    ...{ key: name, name, members: new Set(Array.from({ length: members }, (_, i) => i)), here: 0 },
    port: { order: { epoch: 'a.1', next: 1 } },
  }));
  return { chat: { rooms: { all: () => made.values() } } } as unknown as Node;
}

const SKETCHES = fc.uniqueArray(
  fc.record({ name: fc.stringMatching(/^[a-c]{1,4}$/), members: fc.integer({ min: 0, max: 3 }) }),
  { selector: ({ name }) => name, maxLength: 40 },
);

test('a page is a part of the whole in order', () => {
  fc.assert(
    fc.property(SKETCHES, fc.nat(45), fc.integer({ min: 1, max: 20 }), fc.constantFrom('', 'a', 'bc'), (...given) => {
      const [sketches, offset, limit, search] = given;
      const { items, total } = new Listing(nodeWith(sketches)).rooms({ offset, limit, search }, 'members');
      const fitting = sketches.filter(({ name }) => name.includes(search));
      fitting.sort((a, b) => b.members - a.members || (a.name < b.name ? -1 : 1));
      expect(total).toBe(fitting.length);
      expect(items.map(({ name }) => name)).toEqual(fitting.slice(offset, offset + limit).map(({ name }) => name));
    }),
  );
});

test('where nothing says which is in front, who came first is', () => {
  const users = ['cat', 'ann', 'bob'].map((nick) => ({ nick, folded: nick, host: 'h', server: 'alpha', rooms: [] }));
  const node = { chat: { users: { all: () => users.values() } } } as unknown as Node;
  const { items } = new Listing(node).clients({ offset: 0, limit: 2, search: '' }, '');
  expect(items.map(({ nick }) => nick)).toEqual(['cat', 'ann']);
});

test('no page reaches further than is kept in order', () => {
  const sketches = Array.from({ length: MOST_LISTED + 50 }, (_, i) => ({ name: `r${i}`, members: 0 }));
  const { items, total } = new Listing(nodeWith(sketches)).rooms({ offset: 990, limit: 200, search: '' }, 'name');
  expect([items.length, total]).toEqual([10, MOST_LISTED + 50]);
});

test('a rate is what came between two samples', () => {
  const node = nodeWith([{ name: 'dev', members: 1 }]);
  const order = ([...node.chat.rooms.all()][0] as unknown as { port: { order: { next: number } } }).port.order;
  const listing = new Listing(node);
  const rate = (): number => listing.rooms({ offset: 0, limit: 1, search: '' }, 'rate').items[0]?.rate ?? -1;
  listing.sample(1000);
  expect(rate()).toBe(0);
  order.next += 10;
  listing.sample(6000);
  expect(rate()).toBe(2);
  listing.sample(11_000);
  expect(rate()).toBe(0);
});

test('laggards are those who are full or were overtaken: who takes nothing for longest in front, then who lacks most', () => {
  const client = (nick: string, outbox: object): object => ({
    session: { user: { nick, folded: nick, uid: nick, host: 'h' } },
    outbox: { held: 0, behind: 0, lags: 0, blocked: false, takenAt: 0, ...outbox },
  });
  const connections = [
    client('fine', { held: 5, behind: 7 }),
    client('overtaken', { lags: 2 }),
    client('more', { blocked: true, takenAt: 9000, behind: 80 }),
    client('less', { blocked: true, takenAt: 9000, behind: 70 }),
    client('longest', { blocked: true, takenAt: 1000, held: 1 }),
    { session: undefined, outbox: { blocked: true } },
  ];
  const listing = new Listing({ connections } as unknown as Node);
  const names = (offset: number, limit: number, search = ''): string[] =>
    listing.laggards({ offset, limit, search }, 10_000).items.map(({ nick }) => nick);
  expect(names(0, 10)).toEqual(['longest', 'more', 'less', 'overtaken']);
  expect(names(1, 2)).toEqual(['more', 'less']);
  expect(names(0, 10, 'OVER')).toEqual(['overtaken']);
  expect(listing.laggards({ offset: 0, limit: 1, search: '' }, 10_000)).toEqual({
    items: [{ nick: 'longest', uid: 'longest', host: 'h', waitingBytes: 1, behindBytes: 0, stalledMs: 9000, lags: 0 }],
    total: 4,
  });
});
