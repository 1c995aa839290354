// The cluster's flags, and what it shows.

import { describe, expect, test } from 'bun:test';
import { readClusterFlags } from '../../../src/cli/cluster/options.ts';
import { entryText, invitation, logText, Nearness, type ServerFacts, treeText } from '../../../src/cli/cluster/text.ts';
import { COLOURED, COLOURLESS } from '../../../src/cli/terminal-text.ts';

describe('the flags of the cluster', () => {
  test('have a default', () => {
    expect(readClusterFlags([])).toEqual({ options: { servers: 3 } });
    expect(readClusterFlags(['--servers', '9'])).toEqual({ options: { servers: 9 } });
    expect(readClusterFlags(['--help'])).toMatchObject({ help: expect.stringContaining('bun run cluster') });
  });

  test.each([
    [['--servers', '0'], '--servers "0" is not a whole number from 1 to 9'],
    [['--servers', '10'], '--servers "10" is not a whole number from 1 to 9'],
    [['--servers', '2.5'], '--servers "2.5" is not a whole number from 1 to 9'],
    [['--servers', 'many\u001b[2J'], '--servers "many\\u001b[2J" is not a whole number from 1 to 9'],
    [['--what'], '--what'],
    [['3'], '3'],
  ])('%j is wrong in one line', (args, named) => {
    expect(readClusterFlags(args)).toEqual({ wrong: expect.stringContaining(named) });
  });
});

const entry = (event: string, fields: object, level = 'info') => ({ event, level, fields: { ...fields } });

describe('what servers log', () => {
  test('is said once: a server is found by a link, and lost with it', () => {
    const near = new Nearness();
    expect(near.isNews(entry('link.up', { server: 'beta', role: 'listener' }))).toBe(false);
    expect(near.isNews(entry('server.reached', { server: 'beta' }))).toBe(false);
    expect(near.isNews(entry('link.up', { server: 'gamma', role: 'dialler' }))).toBe(true);
    expect(near.isNews(entry('link.down', { server: 'beta', why: 'lost' }))).toBe(true);
    expect(near.isNews(entry('server.lost', { server: 'beta' }))).toBe(false);
  });

  test('is said of servers behind others too', () => {
    const near = new Nearness();
    expect(near.isNews(entry('server.reached', { server: 'delta' }))).toBe(true);
    expect(near.isNews(entry('server.lost', { server: 'delta' }))).toBe(true);
    expect(near.isNews(entry('server.synced', { server: 'delta' }))).toBe(false);
  });

  test('is put in words, and what is unknown is shown as it is', () => {
    const lost = entry('link.down', { server: 'beta', why: 'silent' });
    expect(entryText(lost, COLOURLESS)).toBe('lost beta: it was silent for too long');
    const strange = entry('room.moved', { room: 'a\u001b[2Jb', seq: 3 });
    expect(entryText(strange, COLOURLESS)).toBe('room.moved room=ab seq=3');
    expect(logText('{"time":"t","level":"warn","event":"a.b","x":"\\u001b[2J1"}')).toBe('warn a.b x=1');
    expect(logText('Segmentation fault\u0007')).toBe('Segmentation fault');
  });
});

describe('the tree', () => {
  const servers: ServerFacts[] = [
    { number: 1, name: 'alpha', address: '127.0.0.1:1' },
    { number: 2, name: 'beta', address: '127.0.0.1:2' },
    { number: 3, name: 'gamma', address: '127.0.0.1:3' },
    { number: 4, name: 'delta', address: undefined },
  ];
  const alpha = { server: 'alpha', hopcount: 0, via: '', users: 2 };
  const beta = { server: 'beta', hopcount: 0, via: 'beta', users: 0 };

  test('shows who is linked, who is behind whom, and who is down', () => {
    const rows = [alpha, beta, { server: 'gamma', hopcount: 1, via: 'beta', users: 1 }];
    expect(treeText(rows, servers, COLOURLESS)).toEqual([
      'alpha        127.0.0.1:1  2 people',
      '└─ beta      127.0.0.1:2  nobody',
      '   └─ gamma  127.0.0.1:3  1 person',
      'delta        down; s 4 starts it again',
    ]);
  });

  test('shows a server that runs and is not reached, and one that is far away', () => {
    expect(treeText([alpha], servers.slice(0, 2), COLOURLESS)[1]).toBe('beta      not reached');
    const far = { server: 'gamma', hopcount: 2, via: 'beta', users: 0 };
    expect(treeText([alpha, beta, far], servers, COLOURLESS)[2]).toEndWith('nobody, 2 servers between');
  });

  test('looks the same in colour', () => {
    const rows = [alpha, beta];
    const coloured = treeText(rows, servers, COLOURED).map((line) => Bun.stripANSI(line));
    expect(coloured).toEqual(treeText(rows, servers, COLOURLESS));
  });
});

test('the lines to paste are whole commands', () => {
  const lines = invitation(['127.0.0.1:1', '127.0.0.1:2'], 'bun run', COLOURLESS);
  expect(lines.filter((line) => line.startsWith('  '))).toEqual([
    '  bun run chat --server 127.0.0.1:1 --nick ann',
    '  bun run chat --server 127.0.0.1:2 --nick bob',
    '  bun run load --servers 127.0.0.1:1,127.0.0.1:2',
  ]);
});
