// What the chat program shows: a line for each event, and one for what could not be done. Nothing that came over the
// network reaches the screen but through plain().

import { ClientError } from '../../client/client-error.ts';
import { type ClientEvent, nickOf } from '../../client/client-events.ts';
import { plain, type Style } from '../terminal-text.ts';

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
