// Servers to go to: addresses as people and servers write them, and which of those that servers name are taken.

import { describe, expect, test } from 'bun:test';
import { readServerAddress, ServerList, transportOf } from '../../src/client/servers.ts';

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

test('how a server is reached, over TCP and WebSocket', () => {
  expect(
    ['a:1', 'tls://a:1', 'ws://a/ws', 'ws://a:80/ws', 'wss://[::1]:443', 'wss://a.example/b?c=d'].map(transportOf),
  ).toEqual(['tcp', 'tls', 'ws', 'ws', 'wss', 'wss']);
  for (const bad of [
    '',
    'ws://',
    'ws:///ws',
    'ws://a:0/ws',
    'ws://a:65536/ws',
    'http://a/ws',
    'ws://a/w s',
    'ws://a b/ws',
  ]) {
    expect(transportOf(bad)).toBeUndefined();
  }
});

describe('of the servers that a server names', () => {
  const learned = (...given: readonly string[]): readonly string[] => {
    const list = new ServerList(given, LIMITS, () => 0);
    list.learn(['plain:1', 'tls://secure:2', 'nonsense', 'tls://', 'ws://web/ws', 'wss://web/ws']);
    return list.all.slice(given.length);
  };

  test('who came with TLS takes none without', () => {
    expect(learned('tls://a:1')).toEqual(['tls://secure:2']);
  });

  test('who came without takes none with it', () => {
    expect(learned('a:1')).toEqual(['plain:1']);
  });

  test('who came by WebSocket takes such, with TLS or without as it was', () => {
    expect(learned('ws://a/ws')).toEqual(['ws://web/ws']);
    expect(learned('wss://a/ws')).toEqual(['wss://web/ws']);
  });

  test('who was given both takes both', () => {
    expect(learned('a:1', 'tls://b:1')).toEqual(['plain:1', 'tls://secure:2']);
  });
});
