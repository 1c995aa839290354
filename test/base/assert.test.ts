import { expect, test } from 'bun:test';
import { AssertionError, assert, unreachable } from '../../src/base/assert.ts';

test('a true condition passes and narrows', () => {
  const value = [1].at(0);
  assert(value !== undefined, 'there is one');
  expect(value + 1).toBe(2);
});

test('a false condition throws an AssertionError with its message', () => {
  const broken = (): void => assert(false, 'the head is behind the tail');
  expect(broken).toThrow(AssertionError);
  expect(broken).toThrow('the head is behind the tail');
});

test('an assertion is told from other errors by its class and its name', () => {
  const error = new AssertionError('x');
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe('AssertionError');
});

test('unreachable takes only what cannot be, and throws when it is there all the same', () => {
  const area = (shape: 'square' | 'line'): number => {
    switch (shape) {
      case 'square':
        return 1;
      case 'line':
        return 0;
      default:
        return unreachable(shape);
    }
  };
  expect(area('square')).toBe(1);
  expect(() => area('circle' as 'line')).toThrow(new AssertionError('unreachable: circle'));
  // @ts-expect-error a case that is left open does not compile
  expect(() => unreachable('open')).toThrow(AssertionError);
});
