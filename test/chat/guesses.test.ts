// Wrong passwords: how long who gave them waits, whom that holds for, what is kept of it, and that all of it is told to
// the log.

import { describe, expect, test } from 'bun:test';
import { FREE_GUESSES, Guesses } from '../../src/chat/guesses.ts';
import { errors, World } from './world.ts';

const MOST_MS = 60_000;
const START = 1_000_000;

function wrong(guesses: Guesses, account: string, address: string, times: number, now = START): number {
  let waitMs = 0;
  for (let i = 0; i < times; i++) ({ waitMs } = guesses.failed(account, address, MOST_MS, now));
  return waitMs;
}

describe('an address', () => {
  test('has some for nothing, and then waits twice as long for each, up to a bound', () => {
    const guesses = new Guesses();
    expect(wrong(guesses, 'ada', 'here', FREE_GUESSES - 1)).toBe(0);
    const waits = Array.from({ length: 8 }, () => wrong(guesses, 'ada', 'here', 1));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(guesses.waitMs('ada', 'here', START + 59_999)).toBe(1);
    expect(guesses.waitMs('ada', 'here', START + 60_000)).toBe(0);
    // Another account from there is no other guesser.
    expect(guesses.waitMs('bob', 'here', START)).toBe(60_000);
    expect(guesses.waitMs('ada', 'there', START)).toBe(0);
  });

  test('is forgotten ten minutes after the last, or when it was right', () => {
    const guesses = new Guesses();
    wrong(guesses, 'ada', 'here', 20);
    expect(wrong(guesses, 'ada', 'here', 1, START + 600_000)).toBe(0);
    wrong(guesses, 'ada', 'here', 20);
    guesses.right('ada', 'here');
    expect(guesses.waitMs('ada', 'here', START)).toBe(0);
    expect(wrong(guesses, 'ada', 'here', 1)).toBe(0);
  });

  test('waits to the end, however long that is', () => {
    const guesses = new Guesses();
    for (let i = 0; i < 30; i++) guesses.failed('ada', 'here', 3_600_000, START);
    expect(guesses.waitMs('ada', 'here', START + 3_599_999)).toBe(1);
    expect(guesses.waitMs('ada', 'here', START + 3_600_000)).toBe(0);
  });

  test('does not wait where the longest wait is none', () => {
    const guesses = new Guesses();
    for (let i = 0; i < 30; i++) guesses.failed('ada', 'here', 0, START);
    expect(guesses.waitMs('ada', 'here', START)).toBe(0);
  });
});

describe('an account', () => {
  test('is slow for everybody who was wrong, and for nobody else', () => {
    const guesses = new Guesses();
    for (let i = 0; i < 40; i++) wrong(guesses, 'ada', `10.0.0.${i}`, 1);
    expect(guesses.waitMs('ada', '10.0.0.3', START)).toBe(60_000);
    expect(guesses.waitMs('bob', '10.0.0.3', START)).toBe(0);
    expect(guesses.waitMs('ada', '10.0.1.1', START)).toBe(0);
  });

  test('is none where the password is the server’s own', () => {
    const guesses = new Guesses();
    for (let i = 0; i < 40; i++) wrong(guesses, '', `10.0.0.${i}`, 1);
    expect(guesses.waitMs('', '10.0.0.3', START)).toBe(0);
  });
});

test('what is kept is bounded, and the longest untouched goes first', () => {
  const guesses = new Guesses();
  wrong(guesses, '', 'first', 20);
  wrong(guesses, '', 'second', 20);
  wrong(guesses, '', 'first', 1);
  for (let i = 0; i < 4095; i++) wrong(guesses, '', `address ${i}`, 1);
  expect(guesses.kept).toBe(4096);
  expect(guesses.waitMs('', 'second', START)).toBe(0);
  expect(guesses.waitMs('', 'first', START)).toBe(60_000);
});

describe('a server', () => {
  test('does not look at passwords of who has to wait, right or wrong, and says how long', () => {
    const world = new World();
    let nicks = 0;
    const guess = (host: string, password: string): string[] => {
      const client = world.connect(host).say(`<NICK,n${nicks++}><USER,u,0,*,x>`);
      client.take();
      client.say(`<OPER,root,${password}>`);
      world.answerChecks();
      return errors(client.take());
    };
    for (let i = 0; i < FREE_GUESSES; i++) expect(guess('evil', 'x')).toEqual(['<ERR_PASSWDMISMATCH,OPER,root,…>']);
    expect(guess('evil', 'rootpass')).toEqual(['<ERR_FLOODING,OPER,root,…>']);
    expect(world.checks).toEqual([]);
    expect(guess('good', 'rootpass')).toEqual(['<RPL_YOUREOPER,root>']);
    world.now += 1000;
    expect(guess('evil', 'rootpass')).toEqual(['<RPL_YOUREOPER,root>']);
    const refused = world.logged.filter(([event]) => event === 'operator.refused').map(([, fields]) => fields);
    expect(refused).toHaveLength(FREE_GUESSES);
    expect(refused.at(-1)).toMatchObject({ name: 'root', from: 'evil', count: FREE_GUESSES, waitMs: 1000 });
  });

  test('slows who guesses its own password, and tells the log of few of them', () => {
    const world = new World({ password: 'secret' });
    const guess = (password: string): string[] => {
      const client = world.connect('evil').say(`<PASS,${password}>`);
      world.answerChecks();
      return errors(client.take());
    };
    for (let i = 0; i < FREE_GUESSES; i++) expect(guess('x')).toEqual(['<ERR_PASSWDMISMATCH,PASS,*,…>']);
    expect(guess('secret')).toEqual(['<ERR_FLOODING,PASS,*,…>']);
    world.now += 1000;
    expect(guess('secret')).toEqual([]);
    expect(world.logged.map(([event, { count }]) => [event, count])).toEqual(
      [1, 2, 4, 8].map((count) => ['password.refused', count]),
    );
  });

  test('takes no password that was replaced while it was checked', () => {
    const world = new World({ password: 'old' });
    const client = world.connect().say('<PASS,old>');
    world.config.passwordHash = 'new';
    world.answerChecks();
    expect(errors(client.take())).toEqual(['<ERR_PASSWDMISMATCH,PASS,*,…>']);
  });

  test('tells the log what operators do and may not do: who, what and whence', () => {
    const world = new World();
    const half = world.operator('a', 'half');
    world.user('b');
    world.logged.length = 0;
    expect(errors(half.ask('<BSEND,all,x>'))).toEqual(['<ERR_NOPRIVILEGES,BSEND,*,…>']);
    half.ask('<KILL,b,spam>');
    const who = { by: 'a!u@h', operator: 'half', from: 'h' };
    expect(world.logged).toEqual([
      ['operator.denied', { ...who, verb: 'BSEND' }],
      ['operator.kill', { ...who, victim: 'b!u@h', comment: 'spam' }],
    ]);
  });
});
