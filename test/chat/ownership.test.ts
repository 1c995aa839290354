// Whose a nickname is: the earliest claim, in whatever order claims are heard of, as long as nobody took it over.

import { describe, expect, test } from 'bun:test';
import type { Uid } from '../../src/base/ids.ts';
import { Ownership } from '../../src/chat/ownership.ts';
import { User } from '../../src/chat/users.ts';

function made(uid: string, time: number, nick = 'n'): User {
  return new User(uid as Uid, undefined, nick, { user: 'u', host: 'h', realname: '', server: 's' }, time);
}

function* orders<T>(of: readonly T[]): Generator<T[]> {
  if (of.length === 0) yield [];
  for (const [i, first] of of.entries()) {
    for (const rest of orders([...of.slice(0, i), ...of.slice(i + 1)])) yield [first, ...rest];
  }
}

describe('the owner', () => {
  test('is the earliest by time, then by server, then by count; the same in every order', () => {
    const users = [made('2.5', 3), made('10.1', 2), made('2.10', 2), made('2.9', 2), made('1.1', 4)];
    const expected = ['2.9', '2.10', '10.1', '2.5', '1.1', undefined];
    let count = 0;
    for (const order of orders(users)) {
      const ownership = new Ownership();
      for (const user of order) ownership.add(user);
      const owners: (string | undefined)[] = [];
      for (;;) {
        const owner = ownership.owner('n');
        owners.push(owner?.uid);
        if (owner === undefined) break;
        ownership.remove(owner);
      }
      expect(owners).toEqual(expected);
      expect(ownership.kept).toEqual({ names: 0, resumed: 0, heirs: 0 });
      count++;
    }
    expect(count).toBe(120);
  });

  test('is nobody whose place was taken, for as long as somebody is there who took it', () => {
    for (const order of orders([0, 1, 2])) {
      const ownership = new Ownership();
      const users = [made('1.1', 1), made('2.1', 1), made('3.1', 1)] as const;
      for (const i of order) ownership.add(users[i as 0 | 1 | 2], i === 0 ? undefined : users[0].uid);
      expect(ownership.owner('n')).toBe(users[1]);
      expect(ownership.heir(users[0].uid)).toBe(users[1]);
      expect(ownership.remove(users[1])).toBeUndefined();
      expect(ownership.owner('n')).toBe(users[2]);
      expect(ownership.remove(users[2])).toBe(users[0].uid);
      expect(ownership.owner('n')).toBe(users[0]);
    }
  });

  test('follows a rename', () => {
    const ownership = new Ownership();
    const [a, b] = [made('1.1', 1), made('2.1', 2)];
    ownership.add(a);
    ownership.add(b);
    a.rename('m', 3);
    ownership.move(a, 'n');
    expect([ownership.owner('n'), ownership.owner('m')]).toEqual([b, a]);
  });
});
