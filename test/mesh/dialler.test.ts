// When a server is dialled again: soon, then less often, from the start when it has begun another life; and each reason
// for a failure is told once until then.

import { beforeEach, expect, test } from 'bun:test';
import { COURTESY_MS, Dialler, type DiallerOut, MOST_BACKOFF_MS } from '../../src/mesh/dialler.ts';
import type { Endpoint } from '../../src/mesh/identity.ts';
import type { Chance } from '../../src/mesh/secrets.ts';
import { identity, START } from './servers.ts';

const [US, THEM] = [identity(1), identity(2)];

const OUT: DiallerOut = {
  self: () => US,
  isLinked: () => false,
  dial: (number, to) => dialled.push([number, to]),
  cancel: () => {},
  failed: (_target, why) => failures.push(why),
};
/** The longest that chance makes of a wait. */
const LATE: Chance = { random: () => 1, nonce: () => 'n' };

let dialler: Dialler;
let dialled: [number, Endpoint][];
let failures: string[];
let now: number;
beforeEach(() => {
  now = START;
  dialled = [];
  failures = [];
  dialler = new Dialler(OUT, LATE);
});

/** Fails so many attempts one after the other, each in no time; how long each was waited for. */
function fail(attempts: number, reason = 'ECONNREFUSED'): number[] {
  return Array.from({ length: attempts }, () => {
    const before = now;
    now = dialler.deadline;
    dialler.tick(now);
    const [number] = dialled.at(-1) as [number, Endpoint];
    dialler.unreachable(number, reason, now);
    return now - before;
  });
}

const QUICK = [500, 500, 500, 500, 500, 500, 500, 500, 500];

test('who cannot be reached is dialled at once, quickly for some seconds, and then every two', () => {
  dialler.found(THEM, now);
  expect(fail(14)).toEqual([0, ...QUICK, 1000, MOST_BACKOFF_MS, MOST_BACKOFF_MS, MOST_BACKOFF_MS]);
  expect(failures).toEqual(['unreachable']);
  expect(dialled[0]?.[1]).toEqual({ host: THEM.ip, port: THEM.port });
});

test('another life of it is dialled at once, quickly again, and its failures are told again', () => {
  dialler.found(THEM, now);
  fail(14);
  dialler.found(THEM, now);
  dialler.found({ ...THEM, incarnation: START - 1 }, now);
  expect(failures).toEqual(['unreachable']);
  dialler.found({ ...THEM, incarnation: START + 1 }, now);
  expect(fail(3)).toEqual([0, 500, 500]);
  expect(failures).toEqual(['unreachable', 'unreachable']);
});

test('who has the higher id leaves it to the other one for five seconds', () => {
  const [lower, higher] = [identity(1), identity(2)];
  dialler = new Dialler({ ...OUT, self: () => higher }, LATE);
  dialler.found(lower, now);
  expect(dialler.deadline - now).toBe(COURTESY_MS);
});

test('nobody is dialled behind the end', () => {
  dialler.found(THEM, now);
  dialler.stop();
  expect(dialler.deadline).toBe(Number.POSITIVE_INFINITY);
  dialler.found(identity(3), now);
  dialler.configure({ host: 'a.example', port: 7401 }, now);
  expect(dialler.deadline).toBe(Number.POSITIVE_INFINITY);
});
