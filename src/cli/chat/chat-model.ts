// The chat as it is shown: views of rooms, one of them in front, and the connection. Events change it, and what people do
// here; it knows no terminal, no clock and no server.

import { type ClientEvent, nickOf } from '../../client/client-events.ts';
import type { Slot } from '../../client/sdk/room-types.ts';
import { foldNick, roomKey } from '../../wire/names.ts';
import { plain } from '../terminal-text.ts';
import { Connection } from './connection.ts';
import type { Line } from './lines.ts';
import { RoomView } from './room-view.ts';
import type { Found } from './scroll-back.ts';
import { type Part, speech, usual, type Words, wordsOf } from './text.ts';

/** Lines that were pasted, while it is asked what is to become of them. */
export interface Paste {
  readonly lines: readonly string[];
  /** Too many to be said one by one. */
  readonly isLong: boolean;
}

/** Those who are named of many who went at once. */
const MOST_NAMED = 8;

interface Split {
  /** The number behind the line that tells of it. */
  readonly end: number;
  readonly reason: string;
  readonly nicks: readonly string[];
}

export class ChatModel {
  readonly connection = new Connection();
  /** What has to be said in passing, in the place of the state of things. */
  hint = '';
  paste: Paste | undefined;
  #nick: string;
  readonly #views: RoomView[] = [new RoomView('', '')];
  #front: RoomView;
  readonly #splits = new Map<RoomView, Split>();

  constructor(nick: string) {
    this.#nick = nick;
    this.#front = this.home;
  }

  get nick(): string {
    return this.#nick;
  }

  /** That of the program itself, where it speaks when there is no room. */
  get home(): RoomView {
    return this.#views[0] as RoomView;
  }

  /** The home first, then rooms as they were entered. */
  get views(): readonly RoomView[] {
    return this.#views;
  }

  get front(): RoomView {
    return this.#front;
  }

  /** The view of a room; undefined when there is none. */
  view(room: string): RoomView | undefined {
    const key = roomKey(room) ?? '';
    return key === '' ? undefined : this.#views.find((view) => view.key === key);
  }

  /** Brings a room to the front, with a view made for it where there is none; '' for the home. */
  show(room: string): void {
    const view = room === '' ? this.home : (this.view(room) ?? this.#open(room));
    if (view === this.#front) return;
    this.#front = view;
    view.show();
  }

  /** Brings the view `by` places further to the front, in a ring without the home where there are rooms. */
  showNext(by: number): void {
    const rooms = this.#views.length > 1 ? this.#views.slice(1) : this.#views;
    const at = rooms.indexOf(this.#front);
    const next = at < 0 ? (by > 0 ? 0 : rooms.length - 1) : (at + by + rooms.length) % rooms.length;
    this.show(rooms[next]?.name ?? '');
  }

  /** Brings a room with something unread to the front, one that names us before others. */
  showUnread(): void {
    const { views } = this;
    const next = views.find(({ mentions }) => mentions > 0) ?? views.find(({ unread }) => unread > 0);
    if (next !== undefined) this.show(next.name);
  }

  /** Drops the views of all rooms but these. */
  keep(rooms: readonly string[]): void {
    const keys = new Set(rooms.map((room) => roomKey(room)));
    for (const view of this.#views.slice(1)) {
      if (!keys.has(view.key)) this.#close(view);
    }
  }

  take(event: ClientEvent, now: number): void {
    this.connection.take(event);
    const place = placeOf(event);
    if (place !== undefined) this.#passed(place.room, place);
    switch (event.kind) {
      case 'online':
        return this.#online(event, now);
      case 'offline':
        return this.#offline(event, now);
      case 'entered':
        return (this.view(event.room) ?? this.#open(event.room)).entered(event.room, {
          epoch: event.epoch,
          seq: event.next,
        });
      case 'message':
        return this.#message(event);
      case 'told':
      case 'broadcast':
        return this.#add(this.#front, newLine(wordsOf(event), now, { nick: event.nick, isMention: true }));
      case 'renamed':
        return this.#renamed(event, now);
      case 'quit':
        return this.#quit(event, now);
      default:
        return 'room' in event ? this.#inRoom(event, now) : undefined;
    }
  }

  /** Something of the program's own, in the view in front. */
  notice(text: string, now: number): void {
    this.tell(this.#front, text, now);
  }

  /** The same in another view. */
  tell(view: RoomView, text: string, now: number): void {
    this.#add(view, newLine({ kind: 'notice', parts: [{ text, tone: 'quiet' }] }, now));
  }

  /** Something went wrong. */
  alarm(text: string, now: number): void {
    this.#add(this.#front, newLine({ kind: 'alarm', parts: [{ text: `! ${text}`, tone: 'alarm' }] }, now));
  }

  /** A text of ours is on its way to a room. */
  sending(room: string, id: string, text: string, now: number): void {
    const view = this.view(room);
    view?.pending.push({ id, text, time: now, slot: undefined });
    if (view !== undefined) view.anchor = undefined;
  }

  /** A text of ours was accepted at `slot`; it comes by itself, unless its place was passed over without us. */
  accepted(room: string, id: string, slot: Slot): void {
    if (this.view(room)?.accepted(id, slot)) this.settled(room, id);
  }

  /** A text of ours will not come back with a number any more: it was accepted out of our sight, or not at all. */
  settled(room: string, id: string, complaint?: string): void {
    const view = this.view(room);
    const pending = view?.settle(id);
    if (view === undefined || pending === undefined) return;
    const parts = speech(this.#nick, pending.text);
    const line = (kind: Line['kind'], more: readonly Part[]): void =>
      this.#add(view, { ...newLine({ kind, parts: more }, pending.time), nick: this.#nick });
    if (complaint === undefined) line('said', parts);
    else line('alarm', [{ text: '! not sent: ', tone: 'alarm' }, usual(plain(pending.text)), usual(`: ${complaint}`)]);
  }

  /** What was said before the oldest line. */
  older(view: RoomView, { messages, reached, isBeginning }: Found): void {
    const lines = messages.map((message) => this.#lineOfMessage({ kind: 'message', ...message }));
    view.prepend(lines, reached ?? (isBeginning ? 'beginning' : 'none'));
  }

  /** Who is in a room, those who spoke last first, and not ourselves. */
  speakers(view: RoomView): string[] {
    const nicks = new Set<string>();
    const people = new Map(view.people.sorted.map((nick) => [foldNick(nick), nick]));
    for (let number = view.lines.end - 1; number >= view.lines.first && nicks.size < people.size; number--) {
      const nick = people.get(foldNick(view.lines.get(number)?.nick ?? ''));
      if (nick !== undefined) nicks.add(nick);
    }
    const own = foldNick(this.#nick);
    return [...new Set([...nicks, ...people.values()])].filter((nick) => foldNick(nick) !== own);
  }

  #passed(room: string, slot: Slot): void {
    for (const { id } of this.view(room)?.passed(slot) ?? []) this.settled(room, id);
  }

  #open(room: string): RoomView {
    const view = new RoomView(roomKey(room) ?? '', plain(room));
    this.#views.push(view);
    return view;
  }

  /** The room entered last comes to the front when it was in front. */
  #close(view: RoomView): void {
    this.#views.splice(this.#views.indexOf(view), 1);
    this.#splits.delete(view);
    if (view === this.#front) this.show(this.#views.at(-1)?.name ?? '');
  }

  #online({ name, server, nick }: Extract<ClientEvent, { kind: 'online' }>, now: number): void {
    this.#nick = nick;
    const where = name === '' ? server : `${plain(name)} (${server})`;
    this.tell(this.home, `connected to ${where} as ${plain(nick)}`, now);
  }

  #offline({ server, reason, wasOnline }: Extract<ClientEvent, { kind: 'offline' }>, now: number): void {
    for (const view of this.#views) view.isInside = false;
    if (this.connection.state === 'leaving') return;
    const what = wasOnline ? 'lost the connection to' : 'cannot reach';
    if (wasOnline || this.connection.tries === 1) this.tell(this.home, `${what} ${server}: ${plain(reason)}`, now);
  }

  #message(event: Extract<ClientEvent, { kind: 'message' }>): void {
    const view = this.view(event.room);
    if (view === undefined) return;
    const pending = event.id === '' ? undefined : view.settle(event.id);
    const line = this.#lineOfMessage(event);
    this.#add(view, pending === undefined ? line : { ...line, isMention: false });
  }

  #lineOfMessage(event: Extract<ClientEvent, { kind: 'message' }>): Line {
    const { nick, epoch, seq } = event;
    const isMention = foldNick(nick) !== foldNick(this.#nick) && names(event.text, this.#nick);
    return newLine(wordsOf(event), event.time, { nick, isMention, slot: { epoch, seq } });
  }

  #inRoom(event: Extract<ClientEvent, { readonly room: string }>, now: number): void {
    const view = this.view(event.room);
    if (view === undefined) return;
    switch (event.kind) {
      case 'joined':
        view.people.add(nickOf(event.ident));
        break;
      case 'left':
        view.people.remove(nickOf(event.ident));
        break;
      case 'members':
        // The number is beside the list of people, and would only be in the way among the lines.
        return view.people.counted(event.count);
      case 'epoch':
        view.turned(event.epoch, { epoch: event.oldEpoch, seq: event.oldLast });
        return this.tell(view, `the room has another home now; its numbers go on at ${event.next}`, now);
      case 'skipped': {
        const [what, stay] = event.from === event.to ? ['number', 'stays'] : ['numbers', 'stay'];
        const which = event.from === event.to ? event.from : `${event.from} to ${event.to}`;
        return this.tell(view, `${what} ${which} ${stay} empty`, now);
      }
      case 'lagged':
        return this.tell(view, 'we were too slow: what was left out is asked for', now);
      case 'expelled':
        this.#close(view);
        return this.alarm(`you are no longer in ${plain(event.room)}: ${plain(event.error.message)}`, now);
    }
    const words = wordsOf(event);
    if (words !== undefined) this.#add(view, newLine(words, now));
  }

  #renamed(event: Extract<ClientEvent, { kind: 'renamed' }>, now: number): void {
    if (event.own) this.#nick = event.nick;
    const before = nickOf(event.ident);
    const there = this.#views.filter((view) => view.people.rename(before, event.nick));
    this.#inEach(there, wordsOf(event), now);
  }

  #quit(event: Extract<ClientEvent, { kind: 'quit' }>, now: number): void {
    const nick = nickOf(event.ident);
    const there = this.#views.filter((view) => view.people.remove(nick));
    if (!this.connection.isSplit(event.reason)) return this.#inEach(there, wordsOf(event), now);
    for (const view of there.length > 0 ? there : [this.#front]) this.#splitFrom(view, event.reason, plain(nick), now);
  }

  /** Everybody whom one split took is told of in one line. */
  #splitFrom(view: RoomView, reason: string, nick: string, now: number): void {
    const before = this.#splits.get(view);
    const goesOn = before !== undefined && before.reason === reason && before.end === view.lines.end;
    const nicks = goesOn ? [...before.nicks, nick] : [nick];
    const [near = '', far = ''] = reason.split(' ');
    const named = nicks.slice(0, MOST_NAMED).join(', ');
    const more = nicks.length > MOST_NAMED ? ` and ${nicks.length - MOST_NAMED} more` : '';
    const text = `split: ${plain(near)} has lost ${plain(far)}, and with it ${named}${more}`;
    const line = newLine({ kind: 'alarm', parts: [{ text, tone: 'alarm' }] }, now);
    if (goesOn) view.lines.replaceNewest(line);
    else view.append(line);
    this.#splits.set(view, { end: view.lines.end, reason, nicks });
  }

  #inEach(views: readonly RoomView[], words: Words | undefined, now: number): void {
    if (words === undefined) return;
    for (const view of views.length > 0 ? views : [this.#front]) this.#add(view, newLine(words, now));
  }

  #add(view: RoomView, line: Line): void {
    view.append(line);
    if (view !== this.#front && line.kind === 'said') view.missed(line.isMention);
  }
}

/** The last slot of a room that an event tells of; undefined for events that tell of none, and for messages themselves. */
function placeOf(event: ClientEvent): (Slot & { readonly room: string }) | undefined {
  switch (event.kind) {
    case 'skipped':
      return { room: event.room, epoch: event.epoch, seq: event.to };
    case 'epoch':
      return { room: event.room, epoch: event.epoch, seq: event.next - 1 };
    case 'lost': {
      const { room, epoch, to } = event;
      if (to !== undefined) return { room, epoch, seq: to };
      return { room, epoch: event.resumeAt.epoch, seq: event.resumeAt.next - 1 };
    }
    default:
      return undefined;
  }
}

type Told = { readonly kind: Line['kind']; readonly time?: number | undefined; readonly parts: readonly Part[] };

function newLine(told: Told | undefined, now: number, about: Partial<Line> = {}): Line {
  const { kind, time = now, parts } = told ?? { kind: 'notice', parts: [] };
  return { kind, time, parts, nick: '', isMention: false, slot: undefined, ...about };
}

const NICK_CHARACTERS = 'A-Za-z0-9_\\[\\]{}^|-';

/** Whether a text has the nickname in it, as a word by itself. */
function names(text: string, nick: string): boolean {
  const word = nick.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`(?<![${NICK_CHARACTERS}])${word}(?![${NICK_CHARACTERS}])`, 'i').test(text);
}
