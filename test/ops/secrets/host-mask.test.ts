import { expect, test } from 'bun:test';
import { HostMask, plainAddress } from '../../../src/ops/secrets/host-mask.ts';

test('an address has one name as long as the key lives, and other addresses others', () => {
  const mask = new HostMask();
  const names = ['127.0.0.1', '127.0.0.2', '::1', 'fe80::1'].map((address) => mask.mask(address));
  expect(new Set(names).size).toBe(4);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}\.hidden$/);
  expect(mask.mask('127.0.0.1')).toBe(names[0]!);
  expect(new HostMask().mask('127.0.0.1')).not.toBe(names[0]!);
});

test('one host is one host in every spelling', () => {
  const mask = new HostMask();
  expect(mask.mask('::ffff:127.0.0.1')).toBe(mask.mask('127.0.0.1'));
  expect(mask.mask('::FFFF:127.0.0.1')).toBe(mask.mask('127.0.0.1'));
  expect(mask.mask('FE80::1%eth0')).toBe(mask.mask('fe80::1'));
  expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(plainAddress('::ffff:1')).toBe('::ffff:1');
});
