// Where other servers send clients: places that can be reached from there, unless it is said otherwise.

import { expect, test } from 'bun:test';
import { parseClientAddress } from '../../src/ops/address.ts';
import { meshConfig } from '../../src/ops/mesh-config.ts';
import { parseOptions } from '../../src/ops/options/options.ts';

/** What a server tells of its addresses for clients that listens at `clients`, and is linked at `links`. */
function told(links: string, clients: readonly string[], ...flags: readonly string[]): readonly string[] {
  return withWeb(links, clients, undefined, ...flags);
}

/** The same of one that WebSockets reach at `web`. */
function withWeb(links: string, clients: readonly string[], web: string | undefined, ...flags: readonly string[]) {
  const parsed = parseOptions(['--links', links, ...clients.flatMap((each) => ['--clients', each]), ...flags], {});
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  const { options } = parsed;
  if (options.links === 'off') throw new Error('it has no links');
  const places = {
    links: options.links,
    clients: clients.map(addressOf),
    web: web === undefined ? web : addressOf(web),
  };
  return meshConfig(options, { id: 1, incarnation: 1, reborn: false, ...places }).self.clients;
}

function addressOf(text: string) {
  const address = parseClientAddress(text);
  if (address === undefined) throw new Error(text);
  return address;
}

test.each([
  ['10.0.0.7:7401', ['10.0.0.7:7400', '127.0.0.1:7400'], ['10.0.0.7:7400']],
  ['10.0.0.7:7401', ['0.0.0.0:7400'], ['10.0.0.7:7400']],
  ['10.0.0.7:7401', ['127.0.0.1:7400', 'localhost:7410', '[::1]:7420'], []],
  ['10.0.0.7:7401', ['[::]:7400', 'chat.example.org:7400'], ['10.0.0.7:7400', 'chat.example.org:7400']],
  ['127.0.0.1:7401', ['127.0.0.1:7400', '10.0.0.7:7400'], ['127.0.0.1:7400', '10.0.0.7:7400']],
  ['127.0.0.1:7401', ['0.0.0.0:7400'], ['127.0.0.1:7400']],
])('linked at %s and listening at %j it tells %j', (links, clients, expected) => {
  expect(told(links, clients)).toEqual(expected);
});

test('behind another address it tells that one, and what it is told to tell counts as it is', () => {
  expect(told('0.0.0.0:7401', ['0.0.0.0:7400'], '--advertise', '10.0.0.7:7401')).toEqual(['10.0.0.7:7400']);
  expect(told('10.0.0.7:7401', ['0.0.0.0:7400'], '--advertise-clients', '127.0.0.1:9')).toEqual(['127.0.0.1:9']);
});

test('WebSockets are told as they are opened, where others can reach them', () => {
  expect(withWeb('10.0.0.7:7401', [], '0.0.0.0:7490')).toEqual(['ws://10.0.0.7:7490/ws']);
  expect(withWeb('10.0.0.7:7401', ['10.0.0.7:7400'], 'tls://[2001:db8::1]:443')).toEqual([
    '10.0.0.7:7400',
    'wss://[2001:db8::1]:443/ws',
  ]);
  expect(withWeb('10.0.0.7:7401', [], '127.0.0.1:7490')).toEqual([]);
  expect(withWeb('10.0.0.7:7401', [], '127.0.0.1:7490', '--advertise-web', 'wss://chat.example/ws')).toEqual([
    'wss://chat.example/ws',
  ]);
});
