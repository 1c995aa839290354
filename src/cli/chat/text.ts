// The words of the chat program: for each event, and for what could not be done. They are parts of a line, each with how
// it looks, so that a line of text and a full screen say the same. Nothing that came over the network gets into them but
// through plain().

import { ClientError } from '../../client/client-error.ts';
import { type ClientEvent, nickOf } from '../../client/client-events.ts';
import { NOBODY_LISTENS } from '../../client/transport/reason.ts';
import { RUN } from '../../ops/options/invocation.ts';
import { plain, type Style } from '../terminal-text.ts';

export interface Part {
  readonly text: string;
  readonly tone: 'usual' | 'quiet' | 'name' | 'alarm';
}

/** What an event comes to. */
export interface Words {
  /** Something that was said, something that happened, or something that went wrong. */
  readonly kind: 'said' | 'news' | 'alarm';
  /** The room that it belongs to; undefined where it belongs to none, or to several. */
  readonly room: string | undefined;
  /** When it was said, in Unix ms; undefined where only now is known. */
  readonly time: number | undefined;
  readonly parts: readonly Part[];
}

/** The words for something that people did or said; undefined for events that are not shown so. */
export function wordsOf(event: ClientEvent): Words | undefined {
  const name = (ident: string): Part => ({ text: plain(nickOf(ident)), tone: 'name' });
  const news = (room: string | undefined, ...parts: readonly Part[]): Words => ({
    ...{ kind: 'news', room, time: undefined, parts },
  });
  switch (event.kind) {
    case 'message':
      return { kind: 'said', room: event.room, time: event.time, parts: speech(event.nick, event.text) };
    case 'told':
      return { kind: 'said', room: undefined, time: event.time, parts: speech(event.nick, event.text, '(to you)') };
    case 'broadcast':
      return { kind: 'said', room: undefined, time: event.time, parts: speech(event.nick, event.text, '(to all)') };
    case 'joined':
      return news(event.room, name(event.ident), usual(' joined'));
    case 'left':
      return event.own ? undefined : news(event.room, name(event.ident), usual(' left'));
    case 'renamed':
      return event.own
        ? news(undefined, usual('you are now '), name(event.nick))
        : news(undefined, name(event.ident), usual(' is now '), name(event.nick));
    case 'quit':
      return news(undefined, name(event.ident), usual(` quit (${plain(event.reason)})`));
    case 'members':
      return news(event.room, usual(`${event.count} people are here`));
    case 'lost': {
      const text = lostText(event.from, event.to);
      return { kind: 'alarm', room: event.room, time: undefined, parts: [{ text, tone: 'alarm' }] };
    }
    default:
      return undefined;
  }
}

/** Who says what; `to` where it is not to a room. */
export function speech(nick: string, text: string, to?: string): Part[] {
  const before: Part[] = to === undefined ? [] : [{ text: to, tone: 'alarm' }, usual(' ')];
  return [...before, usual('<'), { text: plain(nickOf(nick)), tone: 'name' }, usual('> '), usual(plain(text))];
}

export function usual(text: string): Part {
  return { text, tone: 'usual' };
}

/** The line of text for such an event. */
export function lineOf(event: ClientEvent, style: Style, showRoom: boolean, now: number): string | undefined {
  const words = wordsOf(event);
  if (words === undefined) return undefined;
  const room = showRoom && words.room !== undefined ? style.quiet(`[${plain(words.room)}] `) : '';
  const text = words.parts.map((part) => painted(part, style)).join('');
  if (words.kind === 'alarm') return `${room}${text}`;
  const mark = words.kind === 'news' ? `${style.quiet('*')} ` : '';
  return `${style.quiet(clock(words.time ?? now))} ${room}${mark}${text}`;
}

function painted({ text, tone }: Part, style: Style): string {
  return tone === 'usual' ? text : style[tone](text);
}

/** What to do in this program, where the server's own words name commands of the protocol. */
const ADVICE: Readonly<Record<string, string>> = {
  ERR_NICKINUSE: 'somebody has that nickname; /nick takes another',
  ERR_NOSUCHROOM: 'there is no such room; /rooms lists those that there are, /join makes one',
  ERR_NOTINROOM: 'you are not in that room; /join enters it',
};

/** Why something was not done, in words for who typed it. */
export function complaintOf(error: unknown): string {
  const advice = error instanceof ClientError ? ADVICE[error.code] : undefined;
  return advice ?? plain(error instanceof Error ? error.message : String(error));
}

/** What helps somebody whose first connection failed for `reason`; undefined where another server would not. */
export function adviceOn(reason: string): string | undefined {
  return reason === NOBODY_LISTENS ? `\`${RUN} server\` starts a server on this machine` : undefined;
}

/** Numbers of messages are not shown, so they are not spoken of. */
function lostText(from: number, to: number | undefined): string {
  if (to === undefined) return '! the room began anew: what was said in the meantime may be missing';
  return from === to ? '! a message is missing here' : `! up to ${to - from + 1} messages are missing here`;
}

/** The time of day here, of Unix ms that may be anything. */
export function clock(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return Number.isNaN(date.getTime()) ? '--:--' : `${two(date.getHours())}:${two(date.getMinutes())}`;
}
