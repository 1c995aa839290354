// Where other servers send clients: places that can be reached from there, unless it is said otherwise.

import { expect, test } from 'bun:test';
import { parseAddress } from '../../src/ops/address.ts';
import { meshConfig } from '../../src/ops/mesh-config.ts';
import { parseOptions } from '../../src/ops/options/options.ts';

/** What a server tells of its addresses for clients that listens at `clients`, and is linked at `links`. */
function told(links: string, clients: readonly string[], ...flags: readonly string[]): readonly string[] {
  const parsed = parseOptions(['--links', links, ...clients.flatMap((each) => ['--clients', each]), ...flags], {});
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  const { options } = parsed;
  if (options.links === 'off') throw new Error('it has no links');
  const reach = { id: 1, incarnation: 1, reborn: false, links: options.links, clients: clients.map(addressOf) };
  return meshConfig(options, reach).self.clients;
}

function addressOf(text: string) {
  const address = parseAddress(text);
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
