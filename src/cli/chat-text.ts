// What the chat program shows: other people's words made harmless for a terminal, and a line for each event.
// Nothing that came over the network reaches the screen but through plain().

import { type ClientEvent, nickOf } from '../client/client-events.ts';

const ESC = '\\u001b';
/** Whole sequences that a terminal would obey (CSI, OSC and the other strings), so that no half of one is left over. */
const SEQUENCES = new RegExp(
  `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]|(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u009c|${ESC}\\\\)?|${ESC}[ -/]*[0-~]?`,
  'g',
);
/** White space that would move the cursor to another line or column. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** Control characters, bidirectional marks, tags, and characters that show nothing. The joiner stays: emoji need it. */
const UNSHOWN =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** `text` in one line that a terminal only shows. */
export function plain(text: string): string {
  return text.replace(SEQUENCES, '').replace(BREAKS, ' ').replace(UNSHOWN, '');
}

/** How lines look; without colour each is the identity. */
export interface Style {
  readonly quiet: (text: string) => string;
  readonly name: (nick: string) => string;
  readonly alarm: (text: string) => string;
}

const NAME_COLOURS = [31, 32, 33, 34, 35, 36, 91, 92, 93, 94, 95, 96];

export const COLOURLESS: Style = { quiet: (text) => text, name: (nick) => nick, alarm: (text) => text };

export const COLOURED: Style = {
  quiet: (text) => `\u001b[2m${text}\u001b[22m`,
  name: (nick) => `\u001b[${NAME_COLOURS[colourOf(nick)]}m${nick}\u001b[39m`,
  alarm: (text) => `\u001b[1m${text}\u001b[22m`,
};

/** The line for something that people did or said; undefined for events that are not shown so. */
export function lineOf(event: ClientEvent, style: Style, showRoom: boolean, now: number): string | undefined {
  const room = (name: string): string => (showRoom ? style.quiet(`[${plain(name)}] `) : '');
  const name = (ident: string): string => style.name(plain(nickOf(ident)));
  const news = (text: string, where = ''): string => `${clock(now, style)} ${where}${style.quiet('*')} ${text}`;
  switch (event.kind) {
    case 'message':
      return `${clock(event.time, style)} ${room(event.room)}<${name(event.nick)}> ${plain(event.text)}`;
    case 'told':
      return `${clock(event.time, style)} ${style.alarm('(to you)')} <${name(event.nick)}> ${plain(event.text)}`;
    case 'broadcast':
      return `${clock(event.time, style)} ${style.alarm('(to all)')} <${name(event.nick)}> ${plain(event.text)}`;
    case 'joined':
      return news(`${name(event.ident)} joined`, room(event.room));
    case 'left':
      return event.own ? undefined : news(`${name(event.ident)} left`, room(event.room));
    case 'renamed':
      return news(`${event.own ? 'you are' : `${name(event.ident)} is`} now ${name(event.nick)}`);
    case 'quit':
      return news(`${name(event.ident)} quit (${plain(event.reason)})`);
    case 'members':
      return news(`${event.count} people are here`, room(event.room));
    case 'lost':
      return `${room(event.room)}${style.alarm(lostText(event.from, event.to))}`;
    default:
      return undefined;
  }
}

/** Numbers of messages are not shown, so they are not spoken of. */
function lostText(from: number, to: number | undefined): string {
  if (to === undefined) return '! the room began anew: what was said in the meantime may be missing';
  return from === to ? '! a message is missing here' : `! up to ${to - from + 1} messages are missing here`;
}

function clock(time: number, style: Style): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return style.quiet(Number.isNaN(date.getTime()) ? '--:--' : `${two(date.getHours())}:${two(date.getMinutes())}`);
}

function colourOf(nick: string): number {
  let hash = 0;
  for (const char of nick) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % NAME_COLOURS.length;
}
