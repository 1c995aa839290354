// Passwords: hashes that fit, hashes that are refused, and checks that are few at a time, bounded, and contained.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { hashPassword, hashProblem, PasswordChecks, passwordProblem } from '../../../src/ops/secrets/passwords.ts';

// A real hash takes 64 MiB and a tenth of a second of an idle processor, and many times that of a busy one.
setDefaultTimeout(60_000);

const SALT = 'C7ioPzRfH8ks4jS9tZnbYH5nOyeg2x4Cx0O3nRbzTEI$szoABlc+86prZ3U3BITAeLP4eNBhP5HPZDG8xi1+mPE';
/** Cheap to check; it fits `right`. */
const CHEAP = await Bun.password.hash('right', { algorithm: 'argon2id', memoryCost: 1024, timeCost: 1 });

const noFault = (error: unknown): void => {
  throw error;
};

/** Checks that are answered by hand. */
class Manual {
  readonly asked: { password: string; answer: (ok: boolean) => void; fail: (error: unknown) => void }[] = [];

  verify = (password: string): Promise<boolean> => {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.asked.push({ password, answer: resolve, fail: reject });
    return promise;
  };
}

/** Lets what was resolved be heard. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('hashes', () => {
  test('are argon2id, of 64 MiB, and fit', async () => {
    const hash = await hashPassword('correct horse');
    expect(hash).toStartWith('$argon2id$v=19$m=65536,t=2,p=1$');
    expect(hash).not.toContain(':');
    expect(hashProblem(hash)).toBeUndefined();
    expect(await Bun.password.verify('correct horse', hash)).toBe(true);
    expect(await Bun.password.verify('correct hors', hash)).toBe(false);
    expect(await hashPassword('correct horse')).not.toBe(hash);
  });

  test.each([
    [`$argon2id$v=19$m=65536,t=2,p=1$${SALT}`],
    [`$argon2i$v=19$m=1024,t=1,p=1$${SALT}`],
    ['$2b$10$cfABFz7dc9UloMD9I7I1o.shk/9GUBuQMQGkC1ud4dVJPHY0EtDyq'],
  ])('%s is one', (hash) => expect(hashProblem(hash)).toBeUndefined());

  test.each([
    [''],
    ['hunter2'],
    [`$argon2id$v=19$m=65536,t=2,p=1$${SALT} `],
    [`$argon2x$v=19$m=65536,t=2,p=1$${SALT}`],
    ['$argon2id$v=19$m=65536,t=2,p=1$'],
    [`$argon2id$v=19$m=4294967295,t=2,p=1$${SALT}`],
    [`$argon2id$v=19$m=65536,t=999999,p=1$${SALT}`],
    [`$argon2id$v=19$m=65536,t=2,p=255$${SALT}`],
    ['$2b$31$cfABFz7dc9UloMD9I7I1o.shk/9GUBuQMQGkC1ud4dVJPHY0EtDyq'],
    ['$2b$10$cfABFz7dc9UloMD9I7I1o'],
  ])('%p is refused, and not shown', (hash) => {
    const problem = hashProblem(hash);
    expect(problem).toBeString();
    if (hash !== '') expect(problem).not.toContain(hash);
  });

  test.each(['', 'x'.repeat(513), 'ü'.repeat(257), 'a\nb', 'a\0'])('%p is no password', (password) => {
    expect(passwordProblem(password)).toBeString();
  });

  test.each(['x', ' with spaces ', '<,\\>', 'ü'.repeat(256)])('%p is a password', (password) => {
    expect(passwordProblem(password)).toBeUndefined();
  });
});

describe('checks', () => {
  test('say yes and no', async () => {
    const checks = new PasswordChecks(2, 8, noFault);
    const answer = (password: string, hash: string): Promise<boolean> => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      expect(checks.check(password, hash, resolve)).toBe(true);
      return promise;
    };
    const bad = ['', 'zz', '$argon2id$v=19$m=1', `${CHEAP}x`];
    expect(await Promise.all([answer('right', CHEAP), answer('wrong', CHEAP), answer('', CHEAP)])).toEqual([
      true,
      false,
      false,
    ]);
    expect(await Promise.all(bad.map((hash) => answer('right', hash)))).toEqual(bad.map(() => false));
    expect(checks.pending).toBe(0);
  });

  test('run `limit` at a time, wait in order, and are refused beyond the queue', async () => {
    const manual = new Manual();
    const checks = new PasswordChecks(2, 3, noFault, manual.verify);
    const answers: string[] = [];
    const ask = (name: string): boolean => checks.check(name, '', (ok) => void answers.push(`${name} ${ok}`));
    expect(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(ask)).toEqual([true, true, true, true, true, false, false]);
    expect(manual.asked.map((each) => each.password)).toEqual(['a', 'b']);
    expect(checks.pending).toBe(5);
    manual.asked[1]!.answer(true);
    await settle();
    expect(answers).toEqual(['b true']);
    expect(manual.asked.map((each) => each.password)).toEqual(['a', 'b', 'c']);
    expect(ask('h')).toBe(true);
    expect(ask('i')).toBe(false);
    for (const i of [0, 2, 3, 4, 5]) {
      manual.asked[i]!.answer(false);
      await settle();
    }
    expect(answers).toEqual(['b true', 'a false', 'c false', 'd false', 'e false', 'h false']);
    expect(checks.pending).toBe(0);
  });

  test('run more at once when more are allowed, and are refused earlier when fewer may wait', async () => {
    const manual = new Manual();
    const checks = new PasswordChecks(1, 3, noFault, manual.verify);
    const ask = (name: string): boolean => checks.check(name, '', () => {});
    expect(['a', 'b', 'c', 'd', 'e'].map(ask)).toEqual([true, true, true, true, false]);
    checks.allow(2, 1);
    expect(manual.asked.map((each) => each.password)).toEqual(['a', 'b']);
    expect(ask('f')).toBe(false);
    checks.allow(1, 3);
    manual.asked[0]!.answer(true);
    await settle();
    // One runs still, and no more are allowed.
    expect(manual.asked.map((each) => each.password)).toEqual(['a', 'b']);
    expect([ask('g'), ask('h')]).toEqual([true, false]);
  });

  test('with no queue are refused when all are busy', () => {
    const checks = new PasswordChecks(1, 0, noFault, new Manual().verify);
    expect(checks.check('a', '', () => {})).toBe(true);
    expect(checks.check('b', '', () => {})).toBe(false);
  });

  test('contain what goes wrong on either side', async () => {
    const manual = new Manual();
    const faults: unknown[] = [];
    const checks = new PasswordChecks(1, 8, (error) => void faults.push(error), manual.verify);
    const answers: boolean[] = [];
    checks.check('a', '', () => {
      throw new Error('handler');
    });
    checks.check('b', '', (ok) => void answers.push(ok));
    checks.check('c', '', (ok) => void answers.push(ok));
    manual.asked[0]!.answer(true);
    await settle();
    manual.asked[1]!.fail(new Error('no hash'));
    await settle();
    manual.asked[2]!.answer(true);
    await settle();
    expect(faults).toEqual([new Error('handler')]);
    expect(answers).toEqual([false, true]);
  });

  test('never answer before they return, even when the check throws at once', async () => {
    const checks = new PasswordChecks(1, 1, noFault, () => {
      throw new Error('at once');
    });
    let answered: boolean | undefined;
    checks.check('a', '', (ok) => {
      answered = ok;
    });
    expect(answered).toBeUndefined();
    await settle();
    expect(answered).toBe(false);
  });

  test('leave the event loop free', async () => {
    const hash = await hashPassword('right');
    const checks = new PasswordChecks(2, 8, noFault);
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = 4;
    for (let i = left; i > 0; i--) checks.check('right', hash, () => --left === 0 && resolve());
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await promise;
    clearInterval(timer);
    // On the loop's own thread there would be a turn between two checks at best.
    expect(turns).toBeGreaterThan(8);
  });
});
