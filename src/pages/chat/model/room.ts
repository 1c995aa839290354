// A conversation as it is shown: a room, or somebody one talks with alone. It keeps its lines, who is there, what was not
// read yet, what is being written, and what was sent and is not settled. It is told what happens and draws nothing.

import type { Member, RoomMessage, Slot } from '../../../client/sdk/room-types.ts';
import { type Absence, absence, cameBack, inWords, isSplit, list, went } from './absence.ts';
import { Lines, type NoteLine, type Saying } from './lines.ts';
import { inLine, names, shown } from './text.ts';

/** What was sent and has no place in the order yet. */
export interface Unsettled {
  readonly id: string;
  /** As it was written. */
  readonly text: string;
  /** Why it will not be said; undefined: it is on its way. */
  readonly failed: string | undefined;
}

export interface Person {
  readonly nick: string;
  readonly server: string;
}

export type ConversationKind = 'room' | 'direct';
/** Comings and goings that are closer than this are told in one line. */
const TOGETHER_MS = 60_000;
/** Of a message that is told to who hears it read: more is in the log. */
const MOST_SPOKEN = 300;
/** What a date can be made of. */
const LATEST_MS = 8_640_000_000_000_000;

export class Conversation {
  readonly kind: ConversationKind;
  readonly key: string;
  name: string;
  readonly lines = new Lines();
  /** By nickname; what is known of who is here. */
  readonly people = new Map<string, Person>();
  /** Of a room so large that nobody counts them one by one; undefined: `people` are all. */
  crowd: number | undefined;
  /** Inside; a conversation with one person always is. */
  entered: boolean;
  /** Messages that were not read, and whether one of them names us. */
  unread = 0;
  mentioned = false;
  /** The key of the last line that was read when one looked elsewhere. */
  readTo: string | undefined;
  draft = '';
  unsettled: readonly Unsettled[] = [];
  /** Why one is out of it, and not of one's own will. */
  expelled: string | undefined;
  /** What was said before is being asked for, or was. */
  history: 'none' | 'asked' | 'had' = 'none';
  #head: Slot | undefined;
  #first: Slot | undefined;
  #news: { readonly count: number; readonly last: string } | undefined;
  #absence: { key: string; story: Absence } | undefined;
  #coming: { key: string; at: number; came: Set<string>; left: Set<string> } | undefined;

  constructor(kind: ConversationKind, key: string, name: string) {
    this.kind = kind;
    this.key = key;
    this.name = name;
    this.entered = kind === 'direct';
  }

  /** The last place of the order that is here; undefined while there is none. */
  get head(): Slot | undefined {
    return this.#head;
  }

  /** The first message that is here; undefined while there is none. */
  get first(): Slot | undefined {
    return this.#first;
  }

  /** A message of the room, in its order. `read`: somebody looks at it now. */
  say(message: RoomMessage, nick: string, read: boolean): void {
    const { epoch, seq } = message;
    const head = this.#head;
    if (head !== undefined && head.epoch === epoch && seq > head.seq + 1)
      this.#skipped(head.seq + 1, seq - 1, message.time);
    this.#head = { epoch, seq };
    this.#first ??= this.#head;
    this.unsettled = this.unsettled.filter(({ id }) => id !== message.id);
    this.#add(lineOf(message, nick), read);
  }

  /** What somebody says to us alone, or we to them. */
  tell(from: string, text: string, time: number, own: boolean, read: boolean): void {
    this.#add(
      { kind: 'message', nick: inLine(from), text: shown(text), time: Math.min(time, LATEST_MS), own, mention: !own },
      read || own,
    );
  }

  /** What was said before the first message that is here, oldest first. */
  recall(messages: readonly RoomMessage[], nick: string): void {
    this.history = 'had';
    this.lines.prepend(messages.map((message) => lineOf(message, nick)));
    const [first] = messages;
    if (first !== undefined) this.#first = { epoch: first.epoch, seq: first.seq };
  }

  note(tone: NoteLine['tone'], text: string, time: number, detail?: string): string {
    return this.lines.add({ kind: 'note', tone, text, time, ...(detail !== undefined && { detail }) });
  }

  /** Numbers that cannot be had any more. */
  lost(from: number, to: number | undefined, resumeAt: Slot | undefined, now: number): void {
    const count = to === undefined ? undefined : to - from + 1;
    const what = count === undefined ? 'Messages' : count === 1 ? 'A message' : `${count} messages`;
    this.note(
      'warn',
      `${what} from here cannot be had any more`,
      now,
      `From number ${from}${to === undefined ? ' on' : ` to ${to}`}.`,
    );
    if (resumeAt !== undefined) this.#head = resumeAt;
    else if (to !== undefined && this.#head !== undefined) this.#head = { epoch: this.#head.epoch, seq: to };
  }

  /** Another server is the room's home. */
  moved(epoch: string, next: number, now: number): void {
    this.#head = { epoch, seq: next - 1 };
    this.note(
      'quiet',
      'Another server keeps this room now; nothing is missing',
      now,
      `Numbers go on at ${next}, in epoch ${epoch}.`,
    );
  }

  /** Who is here now. */
  populate(members: readonly Member[]): void {
    this.people.clear();
    this.crowd = undefined;
    for (const { nick, server } of members) this.people.set(nick, { nick, server });
  }

  joined(nick: string, now: number): void {
    this.people.set(nick, { nick, server: this.people.get(nick)?.server ?? '' });
    const told = this.#absence;
    const story = told && cameBack(told.story, nick, now);
    if (told === undefined || story === undefined) return this.#cameOrLeft(nick, 'came', now);
    told.story = story;
    this.lines.replace(told.key, inWords(story), `${told.story.reason}: ${list([...story.gone])}`);
  }

  left(nick: string, now: number): void {
    if (this.people.delete(nick)) this.#cameOrLeft(nick, 'left', now);
  }

  /** Somebody has left the network. */
  quit(nick: string, reason: string, servers: ReadonlySet<string>, now: number): void {
    if (!this.people.delete(nick)) return;
    if (!isSplit(reason, servers)) return this.#cameOrLeft(nick, 'left', now);
    const told = this.#absence;
    if (told?.story.reason === reason && now - told.story.since < TOGETHER_MS) {
      told.story = went(told.story, nick);
      if (this.lines.replace(told.key, inWords(told.story))) return;
    }
    const story = absence(reason, nick, now);
    this.#absence = { key: this.note('quiet', inWords(story), now), story };
  }

  renamed(from: string, to: string, own: boolean, now: number): void {
    const person = this.people.get(from);
    if (person === undefined) return;
    this.people.delete(from);
    this.people.set(to, { ...person, nick: to });
    this.note('quiet', own ? `You are ${to} now` : `${from} is ${to} now`, now);
  }

  sending(id: string, text: string): void {
    this.unsettled = [...this.unsettled, { id, text, failed: undefined }];
  }

  /** It will not be said. */
  failed(id: string, why: string): void {
    this.unsettled = this.unsettled.map((each) => (each.id === id ? { ...each, failed: why } : each));
  }

  /** It was accepted, or is given up. */
  settled(id: string): void {
    this.unsettled = this.unsettled.filter((each) => each.id !== id);
  }

  /** Somebody looks at it. */
  read(): void {
    this.unread = 0;
    this.mentioned = false;
  }

  /** Nobody looks at it from now on. */
  leaveOff(): void {
    this.readTo = this.lines.last?.key;
  }

  /** What was said since this was asked last, in words for who hears it read; undefined: nothing. */
  takeNews(): string | undefined {
    const news = this.#news;
    this.#news = undefined;
    return news && (news.count === 1 ? news.last : `${news.count} messages, the last from ${news.last}`);
  }

  #add(saying: Saying, read: boolean): void {
    this.#coming = undefined;
    this.lines.add(saying);
    if (saying.kind === 'message' && !saying.own) {
      this.#news = {
        count: (this.#news?.count ?? 0) + 1,
        last: `${saying.nick}: ${saying.text.slice(0, MOST_SPOKEN)}`,
      };
    }
    if (read || saying.kind !== 'message' || saying.own) return;
    this.unread++;
    this.mentioned ||= saying.mention;
  }

  #skipped(from: number, to: number, time: number): void {
    const detail = 'They were kept free for somebody who did not use them. Nothing was said there.';
    this.note(
      'quiet',
      from === to ? `Number ${from} stays empty` : `Numbers ${from} to ${to} stay empty`,
      time,
      detail,
    );
  }

  #cameOrLeft(nick: string, how: 'came' | 'left', now: number): void {
    let coming = this.#coming;
    const fresh = coming === undefined || now - coming.at > TOGETHER_MS || this.lines.last?.key !== coming.key;
    if (fresh || coming === undefined) {
      coming = { key: '', at: now, came: new Set(), left: new Set() };
      this.#coming = coming;
    }
    const [to, from] = how === 'came' ? [coming.came, coming.left] : [coming.left, coming.came];
    if (!from.delete(nick)) to.add(nick);
    else to.add(nick);
    const words = [
      ...(coming.came.size > 0 ? [`${list([...coming.came])} joined`] : []),
      ...(coming.left.size > 0 ? [`${list([...coming.left])} left`] : []),
    ].join(' · ');
    if (coming.key === '' || !this.lines.replace(coming.key, words)) coming.key = this.note('quiet', words, now);
  }
}

function lineOf(message: RoomMessage, nick: string): Saying {
  const own = message.nick === nick;
  const text = shown(message.text);
  return {
    kind: 'message',
    nick: inLine(message.nick),
    text,
    time: Math.min(message.time, LATEST_MS),
    own,
    mention: !own && names(text, nick),
  };
}
