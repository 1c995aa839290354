import { expect, test } from 'bun:test';
import { visible } from '../../../src/ops/log/visible.ts';

test.each([
  ['plain ünïcode 漢字 🎉', 'plain ünïcode 漢字 🎉'],
  ['a\nb\tc\0', 'a\\u{a}b\\u{9}c\\u{0}'],
  ['\x1b[31mred\x7f\x9b', '\\u{1b}[31mred\\u{7f}\\u{9b}'],
  ['\u202eevil\u2066\u2069\u200f\u061c', '\\u{202e}evil\\u{2066}\\u{2069}\\u{200f}\\u{61c}'],
  ['a\u2028b\u2029c\ufeff', 'a\\u{2028}b\\u{2029}c\\u{feff}'],
  ['\u{e0041}', '\\u{e0041}'],
  ['half \ud800!', 'half \\u{d800}!'],
])('%p is shown as %p', (text, shown) => expect(visible(text)).toBe(shown));

test('long text is cut, and says by how much', () => {
  expect(visible('x'.repeat(1024))).toHaveLength(1024);
  expect(visible('x'.repeat(1030))).toBe(`${'x'.repeat(1024)}…(+6)`);
  // A character of two units that the cut would split is shown as its half.
  expect(visible('ab🎉', 3)).toBe('ab\\u{d83c}…(+1)');
});
