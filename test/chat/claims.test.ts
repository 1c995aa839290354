// Claims: one owner, whatever the order; the table against the plainest rule; what is said of nicknames that pass on.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Uid } from '../../src/base/ids.ts';
import { Claims } from '../../src/chat/claims.ts';

interface Step {
  /** A user, by its server and its count there. */
  readonly user: readonly [number, number];
  /** What it claims; '' for nothing any more. */
  readonly nick: string;
  readonly time: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  // 9 and 10: counts and ids are compared as numbers.
  user: fc.tuple(fc.constantFrom(2, 9, 10), fc.constantFrom(1, 9, 10)),
  nick: fc.constantFrom('ann', 'bob', 'cid', ''),
  time: fc.constantFrom(9, 10, 11),
});

function uid([server, counter]: readonly [number, number]): Uid {
  return `${server}.${counter}` as Uid;
}

function play(claims: Claims, one: Step): ReturnType<Claims['drop']> {
  return one.nick === '' ? claims.drop(uid(one.user)) : claims.claim(uid(one.user), one.nick, one.time);
}

/** Who has `nick` of the newest step of each user: the first one when they are sorted. */
function expected(newest: readonly Step[], nick: string): Uid[] {
  return newest
    .filter((one) => one.nick === nick)
    .sort((a, b) => a.time - b.time || a.user[0] - b.user[0] || a.user[1] - b.user[1])
    .map(({ user }) => uid(user));
}

describe('claims', () => {
  test('are those of the plainest rule after every step, and what passes on is said', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const claims = new Claims();
        const newest = new Map<string, Step>();
        const owners = new Map<string, Uid | undefined>();
        for (const one of steps) {
          const passings = play(claims, one);
          newest.set(uid(one.user), one);
          for (const { folded, from, to } of passings) {
            expect(owners.get(folded)).toBe(from);
            owners.set(folded, to);
          }
          for (const nick of ['ann', 'bob', 'cid']) {
            const claimants = expected([...newest.values()], nick);
            expect(claims.claimants(nick)).toEqual(claimants);
            expect(claims.owner(nick)).toBe(claimants[0] as Uid);
            expect(owners.get(nick)).toBe(claimants[0] as Uid);
            for (const [i, one] of claimants.entries()) expect(claims.owns(one)).toBe(i === 0);
          }
        }
        expect(claims.size).toBe([...newest.values()].filter(({ nick }) => nick !== '').length);
      }),
      { numRuns: 500 },
    );
  });

  test('have one owner in every order in which the servers can be heard', () => {
    const scenario = fc
      .array(step, { maxLength: 30 })
      .chain((steps) => fc.record({ steps: fc.constant(steps), picks: fc.infiniteStream(fc.nat(1000)) }));
    fc.assert(
      fc.property(scenario, ({ steps, picks }) => {
        const claims = new Claims();
        const other = new Claims();
        for (const one of steps) play(claims, one);
        // What one server says keeps its order; between servers there is none.
        const queues = [2, 9, 10].map((id) => steps.filter(({ user }) => user[0] === id));
        while (queues.some((queue) => queue.length > 0)) {
          const full = queues.filter((queue) => queue.length > 0);
          play(other, (full[(picks.next().value as number) % full.length] as Step[]).shift() as Step);
        }
        for (const nick of ['ann', 'bob', 'cid']) expect(other.claimants(nick)).toEqual(claims.claimants(nick));
      }),
      { numRuns: 500 },
    );
  });

  test('every order of six claims of one nickname has the same owner and the same heirs', () => {
    const users = [
      [2, 1],
      [10, 1],
      [9, 9],
      [9, 10],
      [2, 9],
      [10, 9],
    ] as const;
    const times = [10, 9, 9, 9, 10, 11];
    const orders = (items: readonly number[]): number[][] =>
      items.length === 0
        ? [[]]
        : items.flatMap((one) => orders(items.filter((x) => x !== one)).map((rest) => [one, ...rest]));
    for (const order of orders([0, 1, 2, 3, 4, 5])) {
      const claims = new Claims();
      for (const i of order) claims.claim(uid(users[i] as readonly [number, number]), 'ann', times[i] as number);
      expect(claims.claimants('ann')).toEqual(['9.9', '9.10', '10.1', '2.1', '2.9', '10.9'] as Uid[]);
    }
  });

  test('the same claim again says nothing', () => {
    const claims = new Claims();
    expect(claims.claim('1.1' as Uid, 'ann', 5)).toEqual([{ folded: 'ann', from: undefined, to: '1.1' as Uid }]);
    expect(claims.claim('1.1' as Uid, 'ann', 5)).toEqual([]);
    expect(claims.claim('2.1' as Uid, 'ann', 4)).toEqual([{ folded: 'ann', from: '1.1' as Uid, to: '2.1' as Uid }]);
    expect(claims.drop('2.1' as Uid)).toEqual([{ folded: 'ann', from: '2.1' as Uid, to: '1.1' as Uid }]);
    expect(claims.drop('2.1' as Uid)).toEqual([]);
  });
});
