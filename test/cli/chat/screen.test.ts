// The screen of the chat without a terminal: what events and keys make of it, in any size.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ASCII, BodyLayout, UNICODE } from '../../../src/cli/chat/body.ts';
import { ChatModel } from '../../../src/cli/chat/chat-model.ts';
import { type Hands, Keyboard } from '../../../src/cli/chat/keyboard.ts';
import { type Drawn, draw, NARROWEST } from '../../../src/cli/chat/layout.ts';
import { Lines } from '../../../src/cli/chat/lines.ts';
import { COLOURED, COLOURLESS } from '../../../src/cli/terminal-text.ts';
import { ClientError } from '../../../src/client/client-error.ts';
import type { ClientEvent } from '../../../src/client/client-events.ts';

const NOON = new Date(2026, 10, 23, 12, 0).getTime();
const SIZE = { columns: 80, rows: 24 };
const LOOK = { style: COLOURLESS, glyphs: UNICODE };
const EPOCH = '5000.7';
const ESC = '\u001b';
/** What the program itself sends within a line. */
const COLUMN = new RegExp(`${ESC}\\[(\\d+)G`);
const COLOURS = new RegExp(`${ESC}\\[[0-9;]*m`, 'g');

/** A chat of ann's in these rooms, the last of them in front. */
function chat(...rooms: readonly string[]): ChatModel {
  const model = new ChatModel('ann');
  take(model, { kind: 'dialling', server: '127.0.0.1:7400' });
  take(model, {
    kind: 'online',
    server: '127.0.0.1:7400',
    name: 'alpha',
    nick: 'ann',
    resumed: false,
    replicated: true,
  });
  for (const room of rooms) {
    model.show(room);
    take(model, { kind: 'entered', room, again: false, epoch: EPOCH, next: 1 });
    model.view(room)?.people.set(['ann', 'bob']);
  }
  return model;
}

function take(model: ChatModel, event: ClientEvent): void {
  model.take(event, NOON);
}

let seq = 0;
function said(room: string, nick: string, text: string, id = ''): ClientEvent {
  return { kind: 'message', room, epoch: EPOCH, seq: ++seq, nick, time: NOON, text, id };
}

/** The screen as lines of text, the people's column put in its place. */
function shown(model: ChatModel, size = SIZE): string[] {
  return draw(model, size, LOOK, NOON).lines.map((line) => {
    const [left = '', column, right = ''] = line.split(COLUMN);
    return column === undefined ? line : left + ' '.repeat(Math.max(0, Number(column) - 1 - width(left))) + right;
  });
}

const width = (text: string): number => Bun.stringWidth(text);

/** The keys of a chat, and what they had done. */
function keyboard(model: ChatModel, size = SIZE) {
  const did: string[] = [];
  const hands: Hands = {
    model,
    get drawn(): Drawn {
      return draw(model, size, LOOK, NOON);
    },
    look: LOOK,
    typed: (line) => did.push(`typed ${line}`),
    speak: (text) => did.push(`spoke ${text}`),
    quit: () => did.push('quit'),
    suspend: () => did.push('suspend'),
    redrawAll: () => did.push('redraw'),
  };
  const keys = new Keyboard(hands);
  const press = (...names: readonly string[]): void => {
    for (const key of names) keys.take({ kind: 'key', key });
  };
  const type = (text: string): void => keys.take({ kind: 'text', text });
  const paste = (text: string): void => keys.take({ kind: 'paste', text, cut: false });
  return { did, press, type, paste };
}

describe('rooms', () => {
  test('have lines of their own; what was not read is counted, with a star where it names us', () => {
    const model = chat('lobby', 'dev', 'ops');
    take(model, said('lobby', 'bob', 'hello'));
    take(model, said('dev', 'bob', 'one'));
    take(model, said('dev', 'bob', 'Ann: two'));
    take(model, said('dev', 'bob', 'annabel is not ann-marie'));
    const [tabs = ''] = shown(model);
    expect(tabs).toStartWith('  1:lobby+1  2:dev*3 [3:ops] ──');
    expect(tabs).toEndWith(' ann ─');
    const { press } = keyboard(model);
    press('alt-a');
    expect(shown(model)[0]).toContain('[2:dev]');
    const lines = shown(model).join('\n');
    expect(lines).toMatch(/── new ─+│\n12:00 <bob> one .*\n12:00\*<bob> Ann: two .*\n12:00 <bob> annabel/);
    press('alt-1');
    expect(model.front.name).toBe('lobby');
    press('alt-left', 'alt-left');
    expect(model.front.name).toBe('dev');
    expect(shown(model).join('\n')).not.toContain(' new ');
    press('alt-9', 'alt-0');
    expect(model.front).toBe(model.home);
  });

  test('keep what is typed for each of them', () => {
    const model = chat('lobby', 'dev');
    const { press, type, did } = keyboard(model);
    type('for dev');
    press('alt-1');
    type('for lobby');
    press('alt-2', 'enter', 'alt-1', 'enter', 'up', 'up');
    expect(did).toEqual(['typed for dev', 'typed for lobby']);
    expect(model.front.editor.text).toBe('for dev');
  });

  test('that were left have no place any more, and the one entered last comes to the front', () => {
    const model = chat('lobby', 'dev', 'ops');
    model.keep(['Lobby', 'dev']);
    expect(model.front.name).toBe('dev');
    model.keep([]);
    expect(model.front).toBe(model.home);
    expect(shown(model)[0]).toContain('[0:chorus]');
  });

  test('more than have a place: those around the one in front, and a sign of what is hidden', () => {
    const names = Array.from({ length: 20 }, (_, i) => `room${i}`);
    const model = chat(...names);
    take(model, said('room0', 'bob', 'ann!'));
    model.show('room10');
    const [tabs = ''] = shown(model, { columns: 60, rows: 10 });
    expect(tabs).toStartWith('*');
    expect(tabs).toContain('[11:room10]');
    expect(width(tabs)).toBe(60);
  });
});

describe('people', () => {
  test('come, go and change their names, in each room where they are', () => {
    const model = chat('lobby', 'dev');
    take(model, { kind: 'joined', room: 'dev', ident: 'cat!c@h' });
    take(model, { kind: 'renamed', ident: 'bob!b@h', nick: 'Bobby', own: false });
    take(model, { kind: 'quit', ident: 'cat!c@h', reason: 'Quit: bye' });
    expect(model.view('lobby')?.people.sorted).toEqual(['ann', 'Bobby']);
    const lines = shown(model);
    expect(lines[1]).toEndWith('│ 2 people');
    expect(lines.slice(2, 5).map((line) => line.slice(line.indexOf('│')))).toEqual(['│ ann', '│ Bobby', '│']);
    const text = lines.join('\n');
    expect(text).toContain('12:00 -- cat joined');
    expect(text).toContain('12:00 -- bob is now Bobby');
    expect(text).toContain('12:00 -- cat quit (Quit: bye)');
    model.show('lobby');
    expect(shown(model).join('\n')).not.toContain('cat');
  });

  test('are left out where the screen is narrow, and counted where there are too many', () => {
    const model = chat('dev');
    model.view('dev')?.people.set(Array.from({ length: 40 }, (_, i) => `user${i}`));
    expect(shown(model, { columns: 60, rows: 12 }).join('\n')).not.toContain('│');
    expect(shown(model, { columns: 80, rows: 12 })[9]).toEndWith('│ and 33 more');
    take(model, { kind: 'members', room: 'dev', count: 700 });
    expect(shown(model)[1]).toEndWith('│ 700 people');
  });

  test('that a split took are told of in one line, and the status line says what is missing', () => {
    const model = chat('dev');
    model.connection.sees(['alpha', 'beta'], NOON);
    expect(shown(model).at(-2)).toContain('── connected ── 2 servers ── alpha 127.0.0.1:7400 ──');
    for (const nick of ['bob', 'cat', 'dan']) {
      take(model, { kind: 'joined', room: 'dev', ident: `${nick}!x@h` });
    }
    for (const nick of ['bob', 'cat', 'dan']) {
      take(model, { kind: 'quit', ident: `${nick}!x@h`, reason: 'alpha beta' });
    }
    const text = shown(model).join('\n');
    expect(text).toContain('split: alpha has lost beta, and with it bob, cat, dan');
    expect(text.match(/split/g)).toHaveLength(1);
    model.connection.sees(['alpha'], NOON);
    take(model, { kind: 'level', replicated: false });
    expect(shown(model).at(-2)).toContain('1 of 2 servers, without beta: nothing is copied');
  });
});

describe('messages of ours', () => {
  test('stand behind everything, with a sign, until they come back; none names us', () => {
    const model = chat('dev');
    model.sending('dev', 'id-1', 'ann speaks', NOON);
    take(model, said('dev', 'bob', 'meanwhile'));
    const rows = () => shown(model).filter((line) => line.includes('<'));
    expect(rows().map((line) => line.slice(0, 23))).toEqual(['12:00 <bob> meanwhile  ', '12:00…<ann> ann speaks ']);
    take(model, said('dev', 'ann', 'ann speaks', 'id-1'));
    expect(rows()[1]).toStartWith('12:00 <ann> ann speaks ');
    expect(model.front.pending).toEqual([]);
    // Nor does what we said elsewhere, or before.
    take(model, said('dev', 'ann', 'ann again'));
    expect(rows()[2]).toStartWith('12:00 <ann> ann again ');
  });

  test('that were refused are said not to be sent, and why', () => {
    const model = chat('dev');
    model.sending('dev', 'id-1', 'too long', NOON);
    model.settled('dev', 'id-1', 'a text has at most 4096 bytes');
    expect(shown(model).join('\n')).toContain('12:00 ! not sent: too long: a text has at most 4096 bytes');
  });

  test('that were accepted where the room began anew without us stand there once', () => {
    const model = chat('dev');
    model.sending('dev', 'id-1', 'first', NOON);
    model.accepted('dev', 'id-1', { epoch: EPOCH, seq: 7 });
    expect(model.front.pending).toHaveLength(1);
    take(model, { kind: 'lost', room: 'dev', epoch: EPOCH, from: 3, to: 9 });
    expect(model.front.pending).toEqual([]);
    model.sending('dev', 'id-2', 'second', NOON);
    model.accepted('dev', 'id-2', { epoch: EPOCH, seq: 8 });
    expect(model.front.pending).toEqual([]);
    expect(shown(model).filter((line) => line.includes('<ann>'))).toHaveLength(2);
  });
});

describe('the order of a room', () => {
  test('what is missing, empty or elsewhere is said quietly, among the lines', () => {
    const model = chat('dev');
    take(model, { kind: 'skipped', room: 'dev', epoch: EPOCH, from: 4, to: 4 });
    take(model, { kind: 'lost', room: 'dev', epoch: EPOCH, from: 5, to: 7 });
    take(model, { kind: 'lagged', room: 'dev', epoch: EPOCH, from: 5, to: 7 });
    const turn = { epoch: '6000.9', next: 12, oldEpoch: EPOCH, oldLast: 11, branches: [] };
    take(model, { kind: 'epoch', room: 'dev', ...turn });
    const text = shown(model).join('\n');
    for (const words of ['number 4 stays empty', '! up to 3 messages are missing here', 'numbers go on at 12']) {
      expect(text).toContain(words);
    }
    expect(model.front.behindEpochBefore('6000.9')).toEqual({ epoch: EPOCH, seq: 12 });
  });
});

describe('the status line', () => {
  test('says in which state the connection is', () => {
    const model = new ChatModel('ann');
    const status = () => shown(model).at(-2) ?? '';
    take(model, { kind: 'dialling', server: 'here:1' });
    expect(status()).toContain('── connecting ── here:1 ──');
    const away = { kind: 'offline', server: 'here:1', reason: 'nobody\u001b[2J', retryAt: NOON + 2_100 } as const;
    take(model, { ...away, wasOnline: false });
    take(model, { ...away, wasOnline: false });
    expect(status()).toContain('── no connection: nobody; again in 3 s (try 2) ── here:1 ──');
    take(model, { kind: 'online', server: 'here:1', name: 'alpha', nick: 'ann', resumed: false, replicated: true });
    model.connection.latencyMs = 1.23;
    expect(status()).toContain('── connected ── 1.2 ms ── alpha here:1 ──');
    model.connection.askedAt = NOON - 4_500;
    expect(status()).toContain('── connected ── no answer for 4 s ── alpha here:1 ──');
    model.show('dev');
    take(model, { kind: 'entered', room: 'dev', again: false, epoch: EPOCH, next: 1 });
    take(model, { ...away, wasOnline: true });
    take(model, { kind: 'dialling', server: 'here:1' });
    expect(status()).toContain('── resuming ──');
    take(model, { kind: 'online', server: 'here:1', name: 'alpha', nick: 'ann', resumed: true, replicated: true });
    expect(status()).toContain('── resuming ──');
    take(model, { kind: 'entered', room: 'dev', again: true, epoch: EPOCH, next: 1 });
    expect(status()).toContain('── connected ──');
  });

  test('leaves out what has no place, the least important first', () => {
    const model = chat('dev');
    model.connection.latencyMs = 250;
    expect(shown(model, { columns: 32, rows: 8 }).at(-2)).toBe(`── connected ── 250 ms ${'─'.repeat(9)}`);
    expect(shown(model, { columns: 9, rows: 8 }).at(-2)).toBe('── conn… ');
  });
});

describe('scrolling', () => {
  /** A room with these many lines, of which some need more than one row. */
  function long(count: number): ChatModel {
    const model = chat('dev');
    for (let i = 1; i <= count; i++)
      take(model, said('dev', 'bob', `line ${i}.${i % 5 === 0 ? ' word'.repeat(40) : ''}`));
    return model;
  }
  const numbers = (model: ChatModel, size = SIZE): number[] =>
    shown(model, size)
      .flatMap((line) => /line (\d+)\./.exec(line)?.[1] ?? [])
      .map(Number);

  test('goes back page by page to the first line, and forth to the last, and misses none', () => {
    const model = long(60);
    const { press } = keyboard(model);
    const seen = new Set(numbers(model));
    let pages = 0;
    for (; !numbers(model).includes(1) && pages < 50; pages++) {
      press('page-up');
      for (const number of numbers(model)) seen.add(number);
    }
    expect(seen.size).toBe(60);
    press('page-up', 'page-up');
    expect(numbers(model)[0]).toBe(1);
    expect(shown(model)[1]).toContain('line 1.');
    for (let i = 0; i <= pages; i++) press('page-down');
    expect(model.front.anchor).toBeUndefined();
    expect(numbers(model).at(-1)).toBe(60);
  });

  test('stays where it is while lines come, at either end, and Esc and Enter end it', () => {
    const model = long(60);
    const { press } = keyboard(model);
    press('page-up');
    const before = numbers(model);
    const status = shown(model).at(-2) ?? '';
    take(model, said('dev', 'bob', 'line 61.'));
    const older = [
      { room: 'dev', epoch: EPOCH, seq: 0, nick: 'bob', time: NOON - 86_400_000, text: 'line 0.', id: '' },
    ];
    model.older(model.front, { messages: older, reached: undefined, isBeginning: false });
    expect(numbers(model)).toEqual(before);
    const below = Number(/↓ (\d+) newer \(Esc\)/.exec(status)?.[1]);
    expect(below).toBeGreaterThan(0);
    expect(shown(model).at(-2)).toContain(`↓ ${below + 1} newer (Esc)`);
    press('escape');
    expect(numbers(model).at(-1)).toBe(61);
    press('page-up', 'enter');
    expect(numbers(model).at(-1)).toBe(61);
  });

  test('shows days, and that nothing older is kept', () => {
    const model = long(3);
    const older = [
      { room: 'dev', epoch: EPOCH, seq: 0, nick: 'bob', time: NOON - 86_400_000, text: 'line 0.', id: '' },
    ];
    model.older(model.front, { messages: older, reached: undefined, isBeginning: false });
    expect(shown(model).join('\n')).toMatch(
      /── nothing older is kept ─+│\n12:00 <bob> line 0\. .*\n── Mon Nov 23 2026 ─+│\n12:00 <bob> line 1\./,
    );
  });

  test('survives every change of size', () => {
    const model = long(80);
    const { press } = keyboard(model);
    press('page-up', 'page-up');
    for (const size of [SIZE, { columns: 20, rows: 5 }, { columns: 3, rows: 1 }, { columns: 200, rows: 90 }, SIZE]) {
      const lines = shown(model, size);
      expect(lines).toHaveLength(size.rows);
      keyboard(model, size).press('page-up', 'page-down', 'page-up');
    }
  });
});

describe('lines that are kept', () => {
  const line = (text: string, slot = 0) => ({
    ...({ kind: 'said', time: NOON, parts: [{ text, tone: 'usual' }], nick: 'bob', isMention: false } as const),
    slot: { epoch: EPOCH, seq: slot },
  });

  test('are bounded in number and in size; new ones push old ones out, old ones push nothing', () => {
    const lines = new Lines({ lines: 3, chars: 1_000 });
    for (const text of ['b', 'c']) lines.append(line(text));
    expect(lines.prepend([line('0'), line('a')])).toBe(1);
    expect([lines.first, lines.end]).toEqual([-1, 2]);
    expect(lines.append(line('d')).map(({ parts }) => parts[0]?.text)).toEqual(['a']);
    expect(lines.append(line('x'.repeat(900)))).toHaveLength(3);
    expect([lines.first, lines.end]).toEqual([3, 4]);
  });

  test('that were pushed out can be asked for again', () => {
    const model = chat('dev');
    model.older(model.front, { messages: [], reached: undefined, isBeginning: true });
    expect(model.front.older).toBe('beginning');
    seq = 0;
    for (let i = 0; i < 2_005; i++) take(model, said('dev', 'bob', 'x'));
    expect(model.front.older).toBe('perhaps');
    expect(model.front.reached).toEqual({ epoch: EPOCH, seq: 6 });
  });
});

describe('a paste', () => {
  test('of one line is typed; of several it is asked what is to become of them', () => {
    const model = chat('dev');
    const { paste, press, type, did } = keyboard(model);
    paste('one line\n');
    expect(model.front.editor.text).toBe('one line');
    paste('/quit\r\n\r\ntwo\u001b[2J\n');
    expect(shown(model).at(-1)).toContain('3 lines are pasted: Enter says each, j joins them, Esc drops them');
    type('x');
    press('up');
    expect(model.paste?.lines).toHaveLength(3);
    press('enter');
    expect(did).toEqual(['spoke /quit', 'spoke two']);
    paste('a\nb');
    type('j');
    expect(model.front.editor.text).toBe('one linea b');
    paste('b'.repeat(20_000));
    expect(model.hint).toContain('not all of it');
    paste('a\nb');
    press('escape');
    expect([model.paste, did.length]).toEqual([undefined, 2]);
    paste('x\n'.repeat(101));
    expect(shown(model).at(-1)).toContain('101 lines are pasted: j joins them, Esc drops them');
    press('enter', 'escape');
    expect([model.paste, did.length]).toEqual([undefined, 2]);
  });
});

test('keys that end, stop and draw anew', () => {
  const model = chat('dev');
  const { press, type, did } = keyboard(model);
  type('x');
  press('ctrl-d', 'home', 'ctrl-d');
  expect(model.front.editor.text).toBe('');
  press('ctrl-d', 'ctrl-c', 'ctrl-z', 'ctrl-l');
  expect(did).toEqual(['quit', 'quit', 'suspend', 'redraw']);
});

test('Tab completes those who spoke last before others, and tells of all that fit', () => {
  const model = chat('dev');
  model.front.people.set(['ann', 'bea', 'bob', 'bud']);
  take(model, said('dev', 'bud', 'hello'));
  const { press, type } = keyboard(model);
  type('b');
  press('tab');
  expect(model.front.editor.text).toBe('bud: ');
  expect(shown(model).at(-2)).toStartWith('── bud:  bea:  bob: ──');
  press('tab');
  expect(model.front.editor.text).toBe('bea: ');
  press('left');
  expect(model.hint).toBe('');
});

describe('in any size', () => {
  const EVIL = 'x\u001b[2J\u0007\n\u202e\u009d\u0085y';
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('漢'.repeat(100), 'a'.repeat(500), EVIL, `e${'\u0301'.repeat(300)}`, '👩‍👩‍👧'.repeat(30)),
  );

  test('as many lines as there are rows, none wider, the cursor on the screen, and no control character', () => {
    const sizes = fc.record({
      columns: fc.integer({ min: NARROWEST, max: 180 }),
      rows: fc.integer({ min: 1, max: 50 }),
    });
    const yes = fc.boolean();
    fc.assert(
      fc.property(
        sizes,
        fc.array(texts, { maxLength: 12 }),
        texts,
        yes,
        yes,
        (size, said_, typed, coloured, isHome) => {
          const model = chat('lobby', 'dev');
          for (const text of said_) take(model, said('dev', text.slice(0, 40), text));
          take(model, { kind: 'joined', room: 'dev', ident: `${EVIL}!u@h` });
          model.sending('dev', 'id', said_[0] ?? 'x', NOON);
          const keys = keyboard(model, size);
          keys.type(typed);
          keys.press('page-up');
          if (isHome) keys.press('home');
          const look = { style: coloured ? COLOURED : COLOURLESS, glyphs: coloured ? UNICODE : ASCII };
          const { lines, cursor } = draw(model, size, look, NOON);
          expect(lines).toHaveLength(size.rows);
          for (const line of lines) {
            const [left = '', column, right = ''] = line.split(COLUMN);
            expect(width(left)).toBeLessThanOrEqual(column === undefined ? size.columns : Number(column) - 1);
            expect(Number(column ?? 1) - 1 + width(right)).toBeLessThanOrEqual(size.columns);
            expect((left + right).replace(COLOURS, '')).not.toMatch(/[\p{Cc}\u202e]/u);
          }
          expect(cursor.row).toBeWithin(0, size.rows);
          expect(cursor.column).toBeWithin(0, size.columns);
          if (isHome) expect(lines[cursor.row]).toStartWith(coloured ? `${ESC}[2mdev` : 'dev');
        },
      ),
      { numRuns: 150 },
    );
  });

  test('every row of a line is somewhere, at every width', () => {
    for (const columns of [10, 25, 47, 64, 100]) {
      const model = chat('dev');
      const text = 'the quick brown fox 漢字漢字 jumps over a-very-long-word-that-has-no-place-in-one-row-at-all ok';
      take(model, said('dev', 'bob', text));
      const { rows } = new BodyLayout(model.front, { columns, rows: 60 }, UNICODE, 'ann').draw();
      const all = rows
        .map((row) => row.map((span) => span.text).join(''))
        .join('')
        .replaceAll(' ', '');
      expect(all).toContain(text.replaceAll(' ', ''));
      const margins = rows.slice(1).map((row) => /^ */.exec(row.map((span) => span.text).join(''))?.[0].length);
      expect(new Set(margins.slice(margins.findIndex((margin) => margin !== undefined && margin > 0)))).toHaveLength(1);
    }
  });
});

test('who is put out of a room is told so in the next one', () => {
  const model = chat('lobby', 'dev');
  take(model, { kind: 'expelled', room: 'dev', error: new ClientError('ERR_NOSUCHROOM', 'gone\u001b[2J') });
  expect(model.views.map(({ name }) => name)).toEqual(['', 'lobby']);
  expect(shown(model)[0]).toContain('[1:lobby]');
  expect(shown(model).join('\n')).toContain('you are no longer in dev: gone');
});
