// The network as the operators' page has it: what is there, what was, and how the links between are.

import { describe, expect, test } from 'bun:test';
import type { LinkRow, ServerRow } from '../../src/pages/admin/model/api.ts';
import { NetworkView } from '../../src/pages/admin/model/network.ts';

const IDS: Readonly<Record<string, number>> = { alpha: 1, beta: 2, gamma: 3 };

function row(name: string, ...links: readonly string[]): ServerRow {
  return { name, id: IDS[name] ?? 0, hopcount: 0, via: '', users: 1, info: '', links };
}

function link(server: string, bytes: number): LinkRow {
  const sizes = { waitingBytes: 0, writtenBytes: bytes, receivedBytes: bytes };
  return { server, address: '127.0.0.1 1', silentMs: 0, ...sizes, roundTripMs: 2 };
}

const MESH = [row('alpha', 'beta', 'gamma'), row('beta', 'alpha', 'gamma'), row('gamma', 'alpha', 'beta')];
const states = ({ servers, links }: NetworkView): Record<string, string> => ({
  ...Object.fromEntries(servers.map(({ name, state }) => [name, state])),
  ...Object.fromEntries(links.map(({ key, state }) => [key, state])),
});

describe('the network', () => {
  test('has every server and every link once, and what its own links carry', () => {
    const view = new NetworkView();
    view.look(MESH, [link('beta', 1000), link('gamma', 0)], 1000);
    view.look(MESH, [link('beta', 2000), link('gamma', 500)], 3000);
    expect(view.servers.map(({ name, self }) => [name, self])).toEqual([
      ['alpha', true],
      ['beta', false],
      ['gamma', false],
    ]);
    expect(view.links.map(({ key, bytesPerSecond, roundTripMs }) => [key, bytesPerSecond, roundTripMs])).toEqual([
      ['alpha beta', 1000, 2],
      ['alpha gamma', 500, 2],
      ['beta gamma', undefined, undefined],
    ]);
  });

  test('a server that goes is lost, with its links; when it comes back both are live', () => {
    const view = new NetworkView();
    view.look(MESH, [], 1000);
    view.look([row('alpha', 'gamma'), row('gamma', 'alpha')], [], 2000);
    expect(states(view)).toEqual({
      ...{ alpha: 'live', beta: 'lost', gamma: 'live' },
      ...{ 'alpha beta': 'lost', 'alpha gamma': 'live', 'beta gamma': 'lost' },
    });
    expect(view.servers[1]?.since).toBe(2000);
    view.look(MESH, [], 3000);
    expect(new Set(Object.values(states(view)))).toEqual(new Set(['live']));
    expect(view.servers[1]?.since).toBe(3000);
  });

  test('a link that goes between two who are there is broken', () => {
    const view = new NetworkView();
    view.look(MESH, [], 1000);
    view.look([row('alpha', 'beta', 'gamma'), row('beta', 'alpha'), row('gamma', 'alpha')], [], 2000);
    expect(states(view)).toMatchObject({ beta: 'live', gamma: 'live', 'beta gamma': 'broken', 'alpha beta': 'live' });
  });

  test('when the server itself does not answer it is lost, and nothing is said of the others', () => {
    const view = new NetworkView();
    view.look(MESH, [], 1000);
    view.unreachable(2000);
    expect(states(view)).toMatchObject({ alpha: 'lost', beta: 'live', 'alpha beta': 'lost', 'beta gamma': 'live' });
  });

  test('what is lost may be forgotten, and what lives may not', () => {
    const view = new NetworkView();
    view.look(MESH, [], 1000);
    view.forget('beta');
    expect(view.servers).toHaveLength(3);
    view.look([row('alpha', 'gamma'), row('gamma', 'alpha')], [], 2000);
    view.forget('beta');
    expect(states(view)).toEqual({ alpha: 'live', gamma: 'live', 'alpha gamma': 'live' });
  });
});
