// The nickname history: who had a name, for how long, and that it stays small.

import { describe, expect, test } from 'bun:test';
import type { Uid } from '../../src/base/ids.ts';
import { Nicknames } from '../../src/chat/nicknames.ts';
import { User } from '../../src/chat/users.ts';

const KEPT_MS = 1000;
let count = 0;

const keeping = (nickHistory: number, goneUsers: number): Nicknames =>
  new Nicknames({ limits: { nickHistory, nickHistoryMs: KEPT_MS, goneUsers } });

function made(nicknames: Nicknames, nick: string): User {
  const identity = { user: 'u', host: 'h', realname: '', server: 's' };
  const user = new User(`1.${++count}` as Uid, undefined, nick, identity, 0);
  nicknames.claim(user);
  return user;
}

describe('Nicknames', () => {
  test('keep the newest former name of everybody who is here, and others for a while', () => {
    const nicknames = keeping(8, 10);
    const user = made(nicknames, 'a');
    nicknames.rename(user, 'b', 10);
    nicknames.rename(user, 'c', 20);
    expect(nicknames.find('A', 500)).toBe(user);
    expect(nicknames.former('a', 5000)).toBeUndefined();
    expect(nicknames.former('B', 5000)?.time).toBe(20);
    expect(nicknames.kept).toEqual({ names: 1, gone: 0 });
  });

  test('keep so many names of one user', () => {
    const nicknames = keeping(3, 10);
    const user = made(nicknames, 'n0');
    for (let i = 1; i <= 10; i++) nicknames.rename(user, `n${i}`, i);
    expect([6, 7, 8, 9].map((i) => nicknames.former(`n${i}`, 11) !== undefined)).toEqual([false, true, true, true]);
    expect(nicknames.kept.names).toBe(3);
  });

  test('name who had a name last', () => {
    const nicknames = keeping(8, 10);
    const one = made(nicknames, 'a');
    nicknames.rename(one, 'b', 10);
    const two = made(nicknames, 'a');
    expect(nicknames.find('a', 20)).toBe(two);
    nicknames.rename(two, 'c', 20);
    expect(nicknames.find('a', 30)).toBe(two);
    nicknames.release(two, 30);
    expect(nicknames.former('a', 40)?.user).toBe(two);
    expect(nicknames.find('a', 40)).toBeUndefined();
  });

  test('keep what a name means when an older bearer of it is forgotten', () => {
    const nicknames = keeping(1, 10);
    const one = made(nicknames, 'a');
    nicknames.rename(one, 'b', 10);
    const two = made(nicknames, 'a');
    nicknames.rename(two, 'c', 20);
    nicknames.rename(one, 'd', 30);
    expect(nicknames.find('a', 40)).toBe(two);
  });

  test('forget who has gone, by time and by number', () => {
    const nicknames = keeping(8, 3);
    const users = Array.from({ length: 5 }, (_, i) => made(nicknames, `n${i}`));
    users.forEach((user, i) => {
      nicknames.release(user, i);
    });
    expect(nicknames.kept).toEqual({ names: 3, gone: 3 });
    expect(nicknames.gone((users[1] as User).uid, 5)).toBeUndefined();
    expect(nicknames.gone((users[2] as User).uid, 5)).toBe(users[2] as User);
    expect(nicknames.gone((users[4] as User).uid, KEPT_MS + 5)).toBeUndefined();
    expect(nicknames.kept).toEqual({ names: 0, gone: 0 });
  });

  test('a claim that passed on is not freed by its former owner', () => {
    const nicknames = keeping(8, 10);
    const ghost = made(nicknames, 'a');
    const next = made(nicknames, 'a');
    nicknames.release(ghost, 10);
    expect(nicknames.owner('A')).toBe(next);
  });

  test('another case is the same claim and no former name', () => {
    const nicknames = keeping(8, 10);
    const user = made(nicknames, 'a');
    nicknames.rename(user, 'A', 10);
    expect([user.nick, user.claimedAt, nicknames.kept.names]).toEqual(['A', 0, 0]);
    nicknames.rename(user, 'b', 20);
    expect([user.claimedAt, nicknames.owner('a')]).toEqual([20, undefined]);
  });
});
