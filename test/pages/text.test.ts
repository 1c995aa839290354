// Other people's words on a page: whatever was sent, what is shown is text that turns nothing, hides nothing and breaks nothing.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { hueOf, inLine, names, partsOf, shown } from '../../src/pages/chat/model/text.ts';

const UNSAFE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

describe('what is shown', () => {
  test.each([
    ['plain words', 'plain words'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['two\r\nlines\rand three', 'two\nlines\nand three'],
    ['a\u0000b\u001b[31mc\u007fd', 'a\ufffdb\ufffd[31mc\ufffdd'],
    ['\u202egpj.exe\u202c', 'gpj.exe'],
    ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['tab\there', 'tab here'],
    ['family \u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 'family \u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
    ['e\u0301', 'e\u0301'],
    [`z${'\u0351'.repeat(40)}algo`, `z${'\u0351'.repeat(3)}algo`],
    ['lone \ud800 half', 'lone \ufffd half'],
  ])('of %j is %j', (text, expected) => expect(shown(text)).toBe(expected));

  test('has nothing unsafe in it, whatever was sent, and is shown the same twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const result = shown(text);
        expect(result.replaceAll('\n', '')).not.toMatch(UNSAFE);
        expect(result).not.toMatch(/\p{M}{4}/u);
        expect(result.isWellFormed()).toBe(true);
        expect(shown(result)).toBe(result);
        expect(inLine(text)).not.toContain('\n');
      }),
    );
  }, 60_000);
});

describe('parts', () => {
  test('are links to http and https, without what ends a sentence, and the words between', () => {
    expect(partsOf('see https://a.example/b?c=d. And (http://x.example)!')).toEqual([
      { text: 'see ', link: false },
      { text: 'https://a.example/b?c=d', link: true },
      { text: '. And (', link: false },
      { text: 'http://x.example', link: true },
      { text: ')!', link: false },
    ]);
  });

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'xhttps://a.example',
    'https://',
    'ftp://a.example',
    'file:///etc',
  ])('of %j are no links', (text) => expect(partsOf(text).some(({ link }) => link)).toBe(false));

  test('are the text again, and every link is one that a browser opens by http', () => {
    const words = fc.oneof(fc.constantFrom('http://', 'https://', 'javascript:', '"', '<', ' ', '.', ')'), fc.string());
    fc.assert(
      fc.property(fc.array(words), (list) => {
        const text = list.join('');
        const parts = partsOf(text);
        expect(parts.map((part) => part.text).join('')).toBe(text);
        for (const part of parts) if (part.link) expect(part.text).toMatch(/^https?:\/\/[^\s<>"'`]/i);
      }),
    );
  });
});

describe('naming', () => {
  test.each([
    ['ann: hello', true],
    ['hello ANN!', true],
    ['joanna', false],
    ['ann-marie', false],
    ['', false],
  ])('of ann in %j is %p', (text, expected) => expect(names(text, 'ann')).toBe(expected));

  test('takes a nickname as it is written', () => {
    expect(names('[x]|^ is here', '[x]|^')).toBe(true);
    expect(names('x is here', '[x]')).toBe(false);
    expect(names('anything', '')).toBe(false);
  });

  test('has a hue that is the same however it is written', () => {
    expect(hueOf('Ann')).toBe(hueOf('ann'));
    expect(hueOf('ann')).toBeWithin(0, 360);
  });
});
