// Other people's words as a page shows them: always as text, without what turns its direction, hides in it or is no
// character at all, and with no more marks on a letter than any language puts there. Links are found in it, and nothing else.

import { UNSAFE_CHARACTERS } from '../../../base/unsafe-characters.ts';

const CONTROL = /[\p{Cc}]/gu;
const UNSHOWN = new RegExp(`[${UNSAFE_CHARACTERS}]`, 'gu');
const STACKS = /(\p{M}{3})\p{M}+/gu;
const LONE = /[\ud800-\udfff]/gu;
const LINK = /\bhttps?:\/\/[^\s<>"'`\\{}|^]+[^\s<>"'`\\{}|^.,;:!?)\]]/giu;

/** A part of a text: words, or a link. */
export interface Part {
  readonly text: string;
  readonly link: boolean;
}

/** `text` as it is shown, in several lines where it has them. */
export function shown(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(LONE, '\ufffd')
    .replace(CONTROL, (char) => (char === '\n' ? char : char === '\t' ? ' ' : '\ufffd'))
    .replace(UNSHOWN, (char) => (char === '\n' ? char : ''))
    .replace(STACKS, '$1');
}

/** `text` in one line. */
export function inLine(text: string): string {
  return shown(text).replaceAll('\n', ' ');
}

/** The parts of a text that is shown. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index), link: false });
    parts.push({ text: match[0], link: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at), link: false });
  return parts;
}

/** Whether a text names somebody: `nick` as a word of it, in whatever letters. */
export function names(text: string, nick: string): boolean {
  if (nick === '') return false;
  const quoted = nick.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`(?<![A-Za-z0-9_\\[\\]{}^|-])${quoted}(?![A-Za-z0-9_\\[\\]{}^|-])`, 'i').test(text);
}

/** The hue of a person, in degrees: the same everywhere. */
export function hueOf(nick: string): number {
  let hash = 2_166_136_261;
  for (const char of nick.toLowerCase()) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  return ((hash >>> 0) % 24) * 15;
}
