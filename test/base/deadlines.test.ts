// Deadlines against the plainest model: a map that is searched through.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Deadlines } from '../../src/base/deadlines.ts';

type Step = (deadlines: Deadlines<string>, model: Map<string, number>) => void;

const key = fc.constantFrom(...'abcdefghijklmnop');
const time = fc.nat(30);
const earliest = (model: Map<string, number>): number => Math.min(Number.POSITIVE_INFINITY, ...model.values());

const set = fc.tuple(key, time).map(
  ([name, at]): Step =>
    (deadlines, model) => {
      deadlines.set(name, at);
      model.set(name, at);
    },
);
const clear = key.map(
  (name): Step =>
    (deadlines, model) => {
      deadlines.clear(name);
      model.delete(name);
    },
);
const take = time.map(
  (now): Step =>
    (deadlines, model) => {
      const first = earliest(model);
      const taken = deadlines.take(now);
      if (first > now) {
        expect(taken).toBeUndefined();
      } else {
        expect(model.get(taken as string)).toBe(first);
        model.delete(taken as string);
      }
    },
);

test('any sets, clears and takes leave what the model holds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: set }, clear, take), { maxLength: 120, size: 'max' }),
      (steps) => {
        const deadlines = new Deadlines<string>();
        const model = new Map<string, number>();
        for (const step of steps) {
          step(deadlines, model);
          expect(deadlines.size).toBe(model.size);
          expect(deadlines.next).toBe(earliest(model));
          expect(deadlines.keys().sort()).toEqual([...model.keys()].sort());
        }
        for (const name of 'abcdefghijklmnop') expect(deadlines.at(name)).toBe(model.get(name));
      },
    ),
    { numRuns: 300 },
  );
});

test('taking everything gives every key once, in the order of time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 200, size: 'max' }), (times) => {
      const deadlines = new Deadlines<number>();
      for (const [index, at] of times.entries()) deadlines.set(index, at);
      const taken: number[] = [];
      for (let name = deadlines.take(1000); name !== undefined; name = deadlines.take(1000)) taken.push(name);
      expect(taken.map((name) => times[name] as number)).toEqual(times.toSorted((a, b) => a - b));
      expect(new Set(taken).size).toBe(times.length);
      expect(deadlines.size).toBe(0);
    }),
  );
});

test('a deadline is due at its time and not before', () => {
  const deadlines = new Deadlines<string>();
  deadlines.set('ping', 1000);
  expect(deadlines.take(999)).toBeUndefined();
  expect(deadlines.take(1000)).toBe('ping');
  expect(deadlines.take(1000)).toBeUndefined();
});

test('there is nothing in an empty one, and clearing what is not there does nothing', () => {
  const deadlines = new Deadlines<string>();
  deadlines.clear('nobody');
  expect(deadlines.size).toBe(0);
  expect(deadlines.next).toBe(Number.POSITIVE_INFINITY);
  expect(deadlines.at('nobody')).toBeUndefined();
  expect(deadlines.take(Number.MAX_SAFE_INTEGER)).toBeUndefined();
});
