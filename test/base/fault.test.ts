import { expect, test } from 'bun:test';
import { describeFault } from '../../src/base/fault.ts';

test('a fault is described by its stack, else by what it is', () => {
  expect(describeFault(new Error('why'))).toMatch(/^Error: why\n.*fault\.test/);
  const bare = new Error('bare');
  Object.defineProperty(bare, 'stack', { value: undefined });
  expect(describeFault(bare)).toBe('bare');
  expect(describeFault('thrown')).toBe('thrown');
  expect(describeFault(undefined)).toBe('undefined');
});
