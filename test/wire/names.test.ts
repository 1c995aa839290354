import { describe, expect, test } from 'bun:test';
import { type Epoch, epoch, serverId, type Uid, uid } from '../../src/base/ids.ts';
import {
  compareEpochs,
  foldNick,
  isMessageId,
  isNick,
  isUser,
  parseEpoch,
  parseUid,
  roomKey,
} from '../../src/wire/names.ts';

test('isNick', () => {
  for (const nick of ['a', 'Z', '_', '[', ']', '{', '}', '^', '|', 'a-', 'a1', 'x'.repeat(32), '[a]{b}^|_-9']) {
    expect([nick, isNick(nick)]).toEqual([nick, true]);
  }
  const bad = [
    '',
    '1a',
    '-a',
    'x'.repeat(33),
    'a b',
    'a\n',
    '\na',
    'é',
    '\u212a',
    'a.b',
    'a\\b',
    'a~',
    'a`',
    'a@',
    'a!',
    'a,',
    '*',
  ];
  for (const nick of bad) expect([nick, isNick(nick)]).toEqual([nick, false]);
});

test('foldNick folds A–Z and nothing else', () => {
  expect(foldNick('AbC-[Z]{^|}_9')).toBe('abc-[z]{^|}_9');
  expect(foldNick('\u212aÉ')).toBe('\u212aÉ');
});

test('isUser', () => {
  for (const user of ['a', '1', '-', '.', '_', 'a.b-c_9', 'x'.repeat(32)])
    expect([user, isUser(user)]).toEqual([user, true]);
  for (const user of ['', 'x'.repeat(33), 'a b', 'a@b', 'é', 'a\n', '[a]', 'a!b']) {
    expect([user, isUser(user)]).toEqual([user, false]);
  }
});

describe('roomKey', () => {
  test('the same room under two spellings', () => {
    expect(roomKey('Lobby')).toBe('lobby');
    expect(roomKey('É')).toBe('é');
    expect(roomKey('E\u0301')).toBe('é');
    expect(roomKey('#a_B-c.9')).toBe('#a_b-c.9');
    expect(roomKey('ΑΣ')).toBe('ασ');
    expect(roomKey('ας')).toBe('ας');
    // Only the lower-case letters have a composed form.
    expect(roomKey('H\u0331J\u030c')).toBe('\u1e96\u01f0');
    expect(roomKey('İ')).toBe('i\u0307');
    expect(roomKey('\u212a')).toBe('k');
    expect(roomKey('𐐀')).toBe('𐐨');
    expect(roomKey('٣日')).toBe('٣日');
  });

  test('the form as given is measured, in code points', () => {
    expect(roomKey('x'.repeat(64))).toBe('x'.repeat(64));
    expect(roomKey('x'.repeat(65))).toBeUndefined();
    expect(roomKey('𐐀'.repeat(64))).toBe('𐐨'.repeat(64));
    expect(roomKey('𐐀'.repeat(65))).toBeUndefined();
    expect(roomKey('e\u0301'.repeat(32))).toBe('é'.repeat(32));
    expect(roomKey('e\u0301'.repeat(33))).toBeUndefined();
    // Composition takes this one apart, so the key is longer than any name.
    expect([...(roomKey('\u0958'.repeat(64)) ?? '')].length).toBe(128);
  });

  test('what is no room', () => {
    for (const name of [
      '',
      ' ',
      'a b',
      'a\n',
      'a,b',
      '<',
      '*',
      'a/b',
      '😀',
      'a\0',
      '½',
      'Ⅳ',
      '\ud800',
      'a\udc00',
      '-!',
      '€',
      '\u200d',
    ]) {
      expect([name, roomKey(name)]).toEqual([name, undefined]);
    }
  });

  test('a key is its own key, for every code point there is', () => {
    let rooms = 0;
    for (let point = 0; point <= 0x10ffff; point++) {
      const name = String.fromCodePoint(point);
      const key = roomKey(name);
      if (key === undefined) continue;
      rooms++;
      if (roomKey(key) !== key) throw new Error(`U+${point.toString(16)}: ${key} → ${roomKey(key)}`);
    }
    expect(rooms).toBeGreaterThan(100_000);
  });
});

test('message ids', () => {
  for (const id of ['12345678', 'x'.repeat(64), 'a b<c>,\\~!', ' '.repeat(8), ','.repeat(64)]) {
    expect([id, isMessageId(id)]).toEqual([id, true]);
  }
  for (const id of [
    '',
    '1234567',
    'x'.repeat(65),
    '1234567\n',
    '1234567\x7f',
    '1234567\x1f',
    '1234567é',
    ','.repeat(7),
  ]) {
    expect([id, isMessageId(id)]).toEqual([id, false]);
  }
});

describe('epochs', () => {
  test('are spelled in one way', () => {
    expect(epoch(1_700_000_000_000, serverId(17))).toBe('loyw3v28.17' as Epoch);
    expect(parseEpoch('loyw3v28.17')).toEqual({ ms: 1_700_000_000_000, id: 17 });
    expect(parseEpoch('0.0')).toEqual({ ms: 0, id: 0 });
    expect(parseEpoch('2gosa7pa2gv.9007199254740991')).toEqual({
      ms: Number.MAX_SAFE_INTEGER,
      id: Number.MAX_SAFE_INTEGER,
    });
    const bad = [
      '',
      '.',
      '1',
      '1.',
      '.1',
      '01.1',
      '1.01',
      'A.1',
      '1.a',
      '1.1.1',
      ' 1.1',
      '1.1\n',
      '-1.1',
      '2gosa7pa2gw.1',
      '1.9007199254740992',
    ];
    for (const text of bad) expect([text, parseEpoch(text)]).toEqual([text, undefined]);
  });

  test('are ordered by time as a number, then by server', () => {
    const ordered = ['0.0', '1.2', '1.10', 'z.1', '10.1', 'loyw3v28.2', 'loyw3v29.1'];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect([a, b, Math.sign(compareEpochs(a, b))]).toEqual([a, b, Math.sign(i - j)]);
      }
    }
    expect(() => compareEpochs('x', '1.1')).toThrow('epoch');
  });
});

test('uids are spelled in one way', () => {
  expect(uid(serverId(3), 1_700_000_000_000_001)).toBe('3.1700000000000001' as Uid);
  expect(parseUid('3.1700000000000001')).toEqual({ id: 3, counter: 1_700_000_000_000_001 });
  expect(parseUid('0.0')).toEqual({ id: 0, counter: 0 });
  for (const text of [
    '',
    '1',
    '1.',
    '.1',
    '01.1',
    '1.01',
    '1.a',
    'a.1',
    '1.1.1',
    '1.1 ',
    '+1.1',
    '1.9007199254740992',
  ]) {
    expect([text, parseUid(text)]).toEqual([text, undefined]);
  }
});
