import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Numbers } from '../../src/order/numbers.ts';

test('the next number is the lowest undecided one, whatever the order of decisions', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 200, size: 'max' }), (steps) => {
      const numbers = new Numbers(100);
      const undecided: number[] = [];
      for (const [gives, index] of steps) {
        if (gives) {
          const seq = ++numbers.last;
          numbers.hold(seq);
          undecided.push(seq);
        } else if (index % 7 === 6 && undecided.length > 0) {
          // Held again, as one that its log refused.
          numbers.hold(undecided[index % undecided.length] as number);
        } else if (undecided.length > 0) {
          const [seq] = undecided.splice(index % undecided.length, 1) as [number];
          numbers.decide(seq);
          expect(numbers.isUndecided(seq)).toBe(false);
        } else {
          numbers.decide(++numbers.last);
        }
        expect(numbers.next).toBe(Math.min(numbers.last + 1, ...undecided));
        expect(numbers.ahead).toBe(numbers.last + 1 - numbers.next - undecided.length);
      }
    }),
  );
});
