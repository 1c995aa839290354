import { expect, test } from 'bun:test';
import { Tokens, tokenKey } from '../../../src/ops/secrets/tokens.ts';

const tokens = new Tokens();

test('a token is its own uid’s alone', () => {
  const token = tokens.token('7.1000');
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(tokens.isToken('7.1000', token)).toBe(true);
  expect(tokens.token('7.1000')).toBe(token);
  expect(tokens.isToken('7.1001', token)).toBe(false);
  expect(tokens.isToken('7.100', token)).toBe(false);
});

test.each([
  ['nothing', () => ''],
  ['one too short', (token: string) => token.slice(0, -1)],
  ['one too long', (token: string) => `${token}A`],
  ['another case', (token: string) => token.toUpperCase()],
  ['one of more bytes than characters', () => 'ü'.repeat(43)],
  [
    'one with its last bits changed',
    (token: string) => token.slice(0, -1) + String.fromCharCode(token.charCodeAt(42) ^ 1),
  ],
])('%s is refused', (_name, change) => {
  const token = tokens.token('7.1000');
  const changed = change(token);
  expect(changed).not.toBe(token);
  expect(tokens.isToken('7.1000', changed)).toBe(false);
});

test('each start has a key of its own; a given key makes the same tokens', () => {
  expect(new Tokens().isToken('7.1000', tokens.token('7.1000'))).toBe(false);
  const key = new Uint8Array(32).fill(5);
  expect(new Tokens([key]).isToken('7.1000', new Tokens([key]).token('7.1000'))).toBe(true);
});

test('of two keys both are accepted, and the first one makes tokens', () => {
  const [old, next] = [tokenKey('the old secret'), tokenKey('the new secret')];
  const both = new Tokens([next, old]);
  for (const key of [old, next]) expect(both.isToken('7.1000', new Tokens([key]).token('7.1000'))).toBe(true);
  expect(both.isToken('7.1000', new Tokens([tokenKey('another')]).token('7.1000'))).toBe(false);
  expect(new Tokens([next]).isToken('7.1000', both.token('7.1000'))).toBe(true);
  expect(new Tokens([old]).isToken('7.1000', both.token('7.1000'))).toBe(false);
});

test('other keys take the place of those before', () => {
  const [old, next] = [tokenKey('the old secret'), tokenKey('the new secret')];
  const changing = new Tokens([old]);
  const token = changing.token('7.1000');
  changing.use([next, old]);
  expect(changing.isToken('7.1000', token)).toBe(true);
  expect(changing.token('7.1000')).toBe(new Tokens([next]).token('7.1000'));
  changing.use([next]);
  expect(changing.isToken('7.1000', token)).toBe(false);
});
