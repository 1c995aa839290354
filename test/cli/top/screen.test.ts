// The screen of top: whatever the size, no line is wider and there are no more of them; what it shows, and what its keys
// change.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { cell, fit } from '../../../src/cli/cells.ts';
import { firstUi, keysIn, PANELS, press, type Ui } from '../../../src/cli/top/keys.ts';
import { TopModel, type View } from '../../../src/cli/top/model.ts';
import {
  COLOURED,
  COLOURLESS,
  draw,
  NARROWEST,
  type Reach,
  type Scene,
  snapshot,
} from '../../../src/cli/top/screen.ts';
import { eventRow } from '../../../src/cli/top/source.ts';
import { ASCII, atMost, BLOCKS, bytes, count, duration, rate, spark } from '../../../src/cli/top/text.ts';
import { link, look, room, STARTED, server, tables } from './world.ts';

const NOW = (STARTED + 90_061) * 1000;
const LIVE: Reach = { kind: 'live' };

function viewOf(rooms = 30, closed = ''): View {
  const model = new TopModel();
  const servers = [server('alpha', 7, 0, ''), server('beta', 8), server('gamma', 9, 1, 'beta')];
  const laggards = [
    { nick: 'slow', host: 'a.hidden', waitingBytes: 10, behindBytes: 2048, stalledMs: 12_000, lags: 3 },
  ];
  for (const [i, at] of [0, 1000, 2000].entries()) {
    const all = Array.from({ length: rooms }, (_, n) => room(`room-${n}`, i * n));
    const links = [link('beta', 8, i * 2048)];
    const shown = closed === '' ? tables({ servers, links, rooms: all, laggards }) : undefined;
    model.take(look(at, { chorus_messages_total: i * 1500, chorus_servers: 3 }, { tables: shown, closed }));
  }
  const data = { time: '2026-01-02T03:04:05.006Z', level: 'warn', event: 'server.lost', server: 'ga\u202emma\x1b[2J' };
  const row = eventRow(`id: 1\nevent: server.lost\ndata: ${JSON.stringify(data)}`);
  if (row !== undefined) model.happened(row);
  return model.view(NOW) as View;
}

function scene(more: Partial<Scene> = {}): Scene {
  const ui = firstUi(2000, 'rate');
  return { view: viewOf(), reach: LIVE, ui, address: '127.0.0.1:7480', sources: 1, now: NOW, ...more };
}

function screen(more: Partial<Scene> = {}, columns = 110, rows = 40): string {
  return draw(scene(more), { columns, rows }, COLOURLESS, BLOCKS).lines.join('\n');
}

describe('the screen', () => {
  test('has the server, its rates, its network, rooms, laggards and events', () => {
    const text = screen();
    expect(text).toMatch(/^ alpha {2}0\.1\.0 {2}up 1d 01h {2}ready .* 127\.0\.0\.1:7480 {2}\d\d:\d\d:\d\d UTC $/m);
    expect(text).toMatch(/messages +1,500\/s +██/);
    expect(text).toMatch(/gamma +2 links, over beta/);
    expect(text).toMatch(/beta +0\.50 ms +0 B +2\.0 KiB\/s +4\.0 KiB\/s/);
    expect(text).toMatch(/^>Rooms 30, the fastest in front, 1 to \d+ ─+$/m);
    expect(text).toMatch(/^ room-29 +29 █{12} +3 +2 +0 alpha/m);
    expect(text).toMatch(/slow +nothing for 12 s +2\.0 KiB +10 B +3 a\.hidden/);
    expect(text).toMatch(/03:04:05 warn {2}server\.lost +server=gamma *$/m);
  });

  test('leaves out of its tables, where there is little room, what may be missed, the last of it first', () => {
    const head = (columns: number): string => /^ ROOM .*$/m.exec(screen({}, columns))?.[0] ?? '';
    expect(head(110).trim().split(/ +/)).toEqual('ROOM MSG/S MEMBERS HERE BEHIND HOME EPOCH NEXT'.split(' '));
    expect(head(100).trim().split(/ +/)).toEqual('ROOM MSG/S MEMBERS HERE BEHIND HOME EPOCH'.split(' '));
    expect(head(80).trim().split(/ +/)).toEqual('ROOM MSG/S MEMBERS HERE BEHIND HOME'.split(' '));
  });

  test('says that the server is away, why, and when it is asked again', () => {
    const reach: Reach = { kind: 'away', reason: 'ECONNREFUSED', retryInMs: 3400, tries: 3 };
    expect(screen({ reach })).toContain(' 127.0.0.1:7480 is away: ECONNREFUSED; again in 3.4 s (try 3)\n');
    expect(screen({ reach, view: undefined })).toContain('is away');
  });

  test('says why there are no tables', () => {
    expect(screen({ view: viewOf(0, 'the tables need a token') })).toContain(' the tables need a token');
  });

  test('shows help in the place of the panels', () => {
    const text = screen({ ui: { ...scene().ui, isHelp: true } });
    expect(text).toContain('sort rooms by rate, members or name');
    expect(text).not.toContain('ROOM ');
  });

  test('without more than ASCII has nothing else', () => {
    const lines = draw(scene(), { columns: 110, rows: 40 }, COLOURLESS, ASCII).lines.join('\n');
    expect(lines).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('obeys nothing that a server tells', () => {
    for (const mark of ['\u202e', '\x1b']) expect(screen()).not.toContain(mark);
  });

  test('is never wider or higher than the terminal, whatever is in front', () => {
    const reach = fc.constantFrom<Reach>(
      LIVE,
      { kind: 'connecting' },
      { kind: 'away', reason: 'x', retryInMs: 1, tries: 1 },
    );
    const ui = fc.record({ focus: fc.constantFrom(...PANELS), isHelp: fc.boolean(), isPaused: fc.boolean() });
    const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 70 }) });
    const views = [undefined, viewOf(0), viewOf(3), viewOf(99), viewOf(0, 'closed')];
    const which = fc.nat(views.length - 1);
    fc.assert(
      fc.property(reach, ui, size, which, fc.boolean(), (r, u, s, v, coloured) => {
        const given = scene({ reach: r, view: views[v], ui: { ...firstUi(2000, 'rate'), ...u } });
        const { lines } = draw(given, s, coloured ? COLOURED : COLOURLESS, BLOCKS);
        expect(lines.length).toBeLessThanOrEqual(s.rows);
        for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(Math.max(NARROWEST, s.columns));
      }),
      { numRuns: 300 },
    );
  });

  test('on paper has every row, and no colour', () => {
    const lines = snapshot({ ...scene(), view: viewOf(60) }, 100, BLOCKS);
    expect(lines.filter((line) => /^ room-\d/.test(line))).toHaveLength(60);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(100);
    expect(lines.join('\n')).not.toContain('\x1b');
  });
});

describe('keys', () => {
  const after = (text: string, ui: Ui = firstUi(2000, 'rate')): Ui =>
    keysIn(text).reduce((now, key) => press(now, key, 3, 10).ui, ui);
  const effect = (text: string): unknown => press(firstUi(2000, 'rate'), keysIn(text)[0] ?? '', 3, 10).effect;

  test('are read however many come at once, and whatever else comes', () => {
    expect(keysIn('\x1b[A\x1bOBjk\x1b[6~\x1b[200~xß\x1b')).toEqual(['up', 'down', 'down', 'up', 'page down', 'escape']);
  });

  test('scroll the panel in front, and not above its first row', () => {
    expect(after('jjj\x1b[A').scrolled.rooms).toBe(2);
    expect(after('j\x1b[5~').scrolled.rooms).toBe(0);
    expect(after('\tj').scrolled).toMatchObject({ rooms: 0, laggards: 1 });
  });

  test('bring another panel in front, in a ring', () => {
    expect(after('\t').focus).toBe('laggards');
    expect(after('\t\t\t').focus).toBe('servers');
    expect(after('\x1b[Z').focus).toBe('links');
  });

  test('sort, pause, and look oftener or less often within bounds', () => {
    expect([after('s').sort, after('sss').sort]).toEqual(['members', 'rate']);
    expect([after('p').isPaused, after('p ').isPaused]).toEqual([true, false]);
    expect([after('+').intervalMs, after('-').intervalMs]).toEqual([1000, 5000]);
    expect([after('+++++++').intervalMs, after('-----------').intervalMs]).toEqual([500, 60_000]);
    expect(effect('s')).toBe('look');
  });

  test('choose one of the servers that were given, and no other', () => {
    expect([after('2').source, after('9').source, after('0').source]).toEqual([1, 0, 0]);
  });

  test('end it: q not from the help, which it closes, and Ctrl-C from anywhere', () => {
    expect([effect('q'), effect('\x03'), effect('\x1a')]).toEqual(['quit', 'quit', 'suspend']);
    const inHelp = after('h');
    expect(press(inHelp, 'quit', 1, 10)).toMatchObject({ effect: undefined, ui: { isHelp: false } });
    expect(press(inHelp, 'interrupt', 1, 10).effect).toBe('quit');
  });

  test('never lead further than there is: the end of a panel is its last page', () => {
    const { ui, page } = draw(scene({ ui: after('G') }), { columns: 100, rows: 30 }, COLOURLESS, BLOCKS);
    expect(ui.scrolled.rooms).toBe(30 - page);
    expect(draw(scene({ ui }), { columns: 100, rows: 100 }, COLOURLESS, BLOCKS).ui.scrolled.rooms).toBe(0);
  });
});

describe('figures', () => {
  test.each([
    [count(undefined), '-'],
    [count(1234.4), '1,234'],
    [count(12_345_678), '12.3M'],
    [rate(0), '0'],
    [rate(0.54), '0.5'],
    [rate(1204.2), '1,204'],
    [bytes(0), '0 B'],
    [bytes(1536), '1.5 KiB'],
    [bytes(1024 * 1024 * 200), '200 MiB'],
    [duration(0), '0 ms'],
    [duration(1500), '1.5 s'],
    [duration(59_900), '60 s'],
    [duration(61_000), '1m 01s'],
    [duration(3_660_000), '1h 01m'],
    [duration(180_000_000), '2d 02h'],
    [atMost(0.005, BLOCKS), '≤5 ms'],
    [atMost(Number.POSITIVE_INFINITY, BLOCKS), 'off the scale'],
    [spark([0, 1, 2, 4, 8], 4, BLOCKS), '▂▃▅█'],
    [spark([0, 0], 9, BLOCKS), '▁▁'],
    [spark([1, 2], 0, BLOCKS), ''],
    [cell('abc', 5, 'right', BLOCKS), '  abc'],
    [cell('abcdef', 4, 'left', BLOCKS), 'abc…'],
    [cell('日本語', 4, 'left', BLOCKS), '日… '],
    [fit('abc', 0, '…'), ''],
  ])('%p is %p', (shown, wanted) => expect(shown).toBe(wanted));
});
