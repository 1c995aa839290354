// Text on a terminal: other people's words made harmless for it, and how lines look there, in colour or without.

import { UNSAFE_CHARACTERS } from '../base/unsafe-characters.ts';

const ESC = '\\u001b';
/** Whole sequences that a terminal would obey (CSI, OSC and the other strings), so that no half of one is left over. */
const SEQUENCES = new RegExp(
  `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]|(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u009c|${ESC}\\\\)?|${ESC}[ -/]*[0-~]?`,
  'g',
);
/** White space that would move the cursor to another line or column. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
const UNSHOWN = new RegExp(`[${UNSAFE_CHARACTERS}]`, 'gu');

/** `text` in one line that a terminal only shows. */
export function plain(text: string): string {
  return text.replace(SEQUENCES, '').replace(BREAKS, ' ').replace(UNSHOWN, '');
}

/** How lines look; without colour each is the identity. */
export interface Style {
  readonly quiet: (text: string) => string;
  readonly name: (nick: string) => string;
  readonly alarm: (text: string) => string;
  /** What is in front of others of its kind. */
  readonly front: (text: string) => string;
}

const NAME_COLOURS = [31, 32, 33, 34, 35, 36, 91, 92, 93, 94, 95, 96];

const same = (text: string): string => text;

export const COLOURLESS: Style = { quiet: same, name: same, alarm: same, front: same };

export const COLOURED: Style = {
  quiet: (text) => `\u001b[2m${text}\u001b[22m`,
  name: (nick) => `\u001b[${NAME_COLOURS[colourOf(nick)]}m${nick}\u001b[39m`,
  alarm: (text) => `\u001b[1m${text}\u001b[22m`,
  front: (text) => `\u001b[7m${text}\u001b[27m`,
};

/** Colours where `stream` is a terminal that has them, unless NO_COLOR is set. */
export function styleFor(
  stream: { readonly isTTY?: boolean },
  { NO_COLOR = '', TERM }: Readonly<Record<string, string | undefined>>,
): Style {
  return stream.isTTY && NO_COLOR === '' && TERM !== 'dumb' ? COLOURED : COLOURLESS;
}

function colourOf(nick: string): number {
  let hash = 0;
  for (const char of nick) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % NAME_COLOURS.length;
}
