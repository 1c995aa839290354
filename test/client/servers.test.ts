// Servers to go to: addresses as people and servers write them, and which of those that servers name are taken.

import { describe, expect, test } from 'bun:test';
import { readServerAddress, ServerList } from '../../src/client/servers.ts';

const LIMITS = { retryMs: 1, retryMaxMs: 1 };

test('addresses, with TLS and without', () => {
  expect(readServerAddress('a.example:7400')).toEqual({ host: 'a.example', port: 7400, tls: false });
  expect(readServerAddress('tls://[::1]:1')).toEqual({ host: '::1', port: 1, tls: true });
  for (const bad of [
    '',
    'a',
    'a:0',
    'a:65536',
    'tls://',
    'tls:a:1',
    'TLS://a:1',
    'tls://tls://a:1',
    'tls://a',
    'a b:1',
  ]) {
    expect(readServerAddress(bad)).toBeUndefined();
  }
});

describe('of the servers that a server names', () => {
  const learned = (...given: readonly string[]): readonly string[] => {
    const list = new ServerList(given, LIMITS, () => 0);
    list.learn(['plain:1', 'tls://secure:2', 'nonsense', 'tls://']);
    return list.all.slice(given.length);
  };

  test('who came with TLS takes none without', () => {
    expect(learned('tls://a:1')).toEqual(['tls://secure:2']);
  });

  test('who came without takes none with it', () => {
    expect(learned('a:1')).toEqual(['plain:1']);
  });

  test('who was given both takes both', () => {
    expect(learned('a:1', 'tls://b:1')).toEqual(['plain:1', 'tls://secure:2']);
  });
});
