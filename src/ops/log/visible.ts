// Text from outside, made safe to show in a log or on a terminal: what a terminal would obey or what would turn the
// line's direction (control characters, bidi marks, line separators, lone surrogates) is written as \u{…}, and nothing
// is longer than asked. The text stays readable and says what was there; it is never silently changed into other words.

import { UNSAFE_CHARACTERS } from '../../base/unsafe-characters.ts';

/** Lone surrogates come as \p{Cs}; joiners would hide between letters. */
const UNSAFE = new RegExp(`[${UNSAFE_CHARACTERS}\\p{Cs}\\u{200c}\\u{200d}]`, 'gu');

const escapeOne = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/** `text` with everything unsafe escaped; what is behind the first `most` characters is left away, and said. */
export function visible(text: string, most = 1024): string {
  if (text.length <= most) return text.replace(UNSAFE, escapeOne);
  return `${text.slice(0, most).replace(UNSAFE, escapeOne)}…(+${text.length - most})`;
}
