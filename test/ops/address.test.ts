import { expect, test } from 'bun:test';
import { formatAddress, isLoopback, isUnspecified, parseAddress } from '../../src/ops/address.ts';

test.each([
  ['127.0.0.1:7400', '127.0.0.1', 7400],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['localhost:1', 'localhost', 1],
  ['chat-1.example.org:65535', 'chat-1.example.org', 65_535],
  ['[::1]:7400', '::1', 7400],
  ['[::]:0', '::', 0],
])('%s is an address', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port });
  expect(formatAddress({ host, port })).toBe(text);
});

test.each([
  '',
  ':',
  'a',
  ':1',
  'a:',
  'a:-1',
  'a:65536',
  'a:1x',
  '::1:1',
  '[::1]',
  '[::1]1',
  '[127.0.0.1]:1',
  '[g::]:1',
  '1.2.3:4',
  '256.1.1.1:1',
  'a b:1',
  'a_:1',
  'http://a:1',
  '-a:1',
  'a-:1',
  'a..b:1',
  ' a:1',
])('%p is none', (text) => expect(parseAddress(text)).toBeUndefined());

test('loopback is known', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true]);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example'].map(isLoopback)).toEqual([false, false, false, false]);
});

test('an address that is all of them is known', () => {
  expect(['0.0.0.0', '::', '0.0.0.1', '127.0.0.1', 'localhost'].map(isUnspecified)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
