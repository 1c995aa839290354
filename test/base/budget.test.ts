// A budget: counted exactly, relieved by all in turn, and not disturbed by who comes and goes.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { AssertionError } from '../../src/base/assert.ts';
import { Budget, type Member } from '../../src/base/budget.ts';

/** Holds `held`, and gives `step` of it at a time. */
class Giver implements Member {
  asked = 0;
  held = 0;
  readonly #budget: Budget;
  readonly #step: number;

  constructor(budget: Budget, held: number, step: number) {
    this.#budget = budget;
    this.#step = step;
    budget.join(this);
    this.grow(held);
  }

  grow(amount: number): void {
    this.held += amount;
    this.#budget.grew(amount);
  }

  halve(): boolean {
    this.asked++;
    const given = Math.min(this.held, this.#step);
    this.held -= given;
    this.#budget.shrank(given);
    return given > 0;
  }
}

const givers = (budget: Budget, count: number, held: number, step: number) =>
  Array.from({ length: count }, () => new Giver(budget, held, step));
const asked = (members: readonly Giver[]) => members.map((member) => member.asked);
const held = (members: readonly Giver[]) => members.map((member) => member.held);

test('nobody is asked while the cap is kept', () => {
  const budget = new Budget(4_000);
  const members = givers(budget, 4, 1_000, 100);
  budget.grew(0);
  budget.shrank(1);
  budget.grew(1);
  expect([budget.held, ...asked(members)]).toEqual([4_000, 0, 0, 0, 0]);
});

test('members give in turn until an eighth is free, and the next walk goes on where this one ended', () => {
  const budget = new Budget(4_000);
  const members = givers(budget, 4, 1_000, 100);
  budget.grew(1);
  expect(budget.held).toBe(3_401);
  expect(held(members)).toEqual([800, 800, 900, 900]);
  budget.grew(600);
  expect(budget.held).toBe(3_401);
  expect(held(members)).toEqual([700, 700, 700, 700]);
});

test('members give until a whole round gave nothing', () => {
  const budget = new Budget(4_000);
  const members = givers(budget, 4, 1_000, 100);
  budget.grew(100_000);
  expect(budget.held).toBe(100_000);
  expect(held(members)).toEqual([0, 0, 0, 0]);
  expect(asked(members)).toEqual([11, 11, 11, 11]);
  budget.grew(1);
  expect(asked(members)).toEqual([12, 12, 12, 12]);
});

test('who has nothing to give does not end the walk for the others', () => {
  const budget = new Budget(1_000);
  const members = [...givers(budget, 3, 0, 100), ...givers(budget, 1, 1_000, 100), ...givers(budget, 3, 0, 100)];
  budget.grew(300);
  expect(budget.held).toBe(800);
  expect(held(members)).toEqual([0, 0, 0, 500, 0, 0, 0]);
});

test('without members it counts, and refuses nothing', () => {
  const budget = new Budget(10);
  budget.grew(50);
  budget.grew(50);
  budget.shrank(30);
  expect(budget.held).toBe(70);
});

test('what is spared stays below three quarters', () => {
  const budget = new Budget(1_000);
  budget.grew(700);
  expect([budget.spares(50), budget.spares(51)]).toEqual([true, false]);
});

test('a member that joins or leaves twice, or was never known, does not disturb the count', () => {
  const budget = new Budget(1_000);
  const [one, two] = givers(budget, 2, 400, 100) as [Giver, Giver];
  budget.join(one);
  budget.join(two);
  expect(budget.held).toBe(800);
  budget.leave({ halve: () => true });
  budget.grew(201);
  expect([budget.held, ...asked([one, two])]).toEqual([801, 1, 1]);
  budget.leave(one);
  budget.leave(one);
  expect(budget.held).toBe(801);
  budget.grew(200);
  expect([budget.held, ...asked([one, two])]).toEqual([801, 1, 3]);
  budget.join(one);
  budget.grew(200);
  expect([budget.held, ...asked([one, two])]).toEqual([801, 2, 4]);
});

test('asking does not nest, though a member grows, joins or leaves while it is asked', () => {
  const budget = new Budget(1_000);
  let depth = 0;
  let deepest = 0;
  const late: Giver[] = [];
  const odd: Member = {
    halve: () => {
      deepest = Math.max(deepest, ++depth);
      budget.leave(odd);
      budget.grew(500);
      late.push(new Giver(budget, 1_000, 250));
      depth--;
      return true;
    },
  };
  budget.join(odd);
  budget.grew(1_001);
  expect(deepest).toBe(1);
  expect([budget.held, ...asked(late), ...held(late)]).toEqual([1_501, 5, 0]);
});

test('a member that breaks does not end the asking for good', () => {
  const budget = new Budget(1_000);
  const broken: Member = {
    halve: () => {
      throw new Error('broken');
    },
  };
  budget.join(broken);
  expect(() => budget.grew(1_001)).toThrow('broken');
  budget.leave(broken);
  const member = new Giver(budget, 200, 100);
  expect([budget.held, member.asked]).toEqual([1_001, 3]);
});

test('what was never counted cannot be given back, and a budget of nothing is none', () => {
  const budget = new Budget(1_000);
  budget.grew(10);
  expect(() => budget.shrank(11)).toThrow(AssertionError);
  expect(budget.held).toBe(10);
  expect(() => new Budget(0)).toThrow(AssertionError);
});

test('it counts exactly what members hold, and keeps the cap as long as they can give', () => {
  const change = fc.tuple(fc.nat(9), fc.nat(600), fc.boolean());
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000 }), fc.array(change, { maxLength: 100 }), (cap, changes) => {
      const budget = new Budget(cap);
      const members = givers(budget, 10, 0, 70);
      for (const [index, amount, leaves] of changes) {
        const member = members[index] as Giver;
        if (leaves) budget.leave(member);
        else budget.join(member);
        if (leaves) budget.shrank(member.held);
        if (leaves) member.held = 0;
        else member.grow(amount);
        expect(budget.held).toBe(held(members).reduce((sum, one) => sum + one, 0));
        expect(budget.held).toBeLessThanOrEqual(cap);
      }
    }),
    { numRuns: 200, seed: 5 },
  );
});
