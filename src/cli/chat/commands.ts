// What a typed line means: a message to the current room, or a command behind a slash.
// A line that begins with two slashes is a message that begins with one.

import type { Client } from '../../client/transport/driver.ts';
import { isNick, roomKey } from '../../wire/names.ts';
import { plain } from '../terminal-text.ts';

/** The chat as commands see it. */
export interface Chat {
  readonly client: Client;
  /** The room that lines go to; '' for none. */
  room: string;
  say(line: string): void;
  quit(message: string): void;
}

interface Command {
  readonly name: string;
  readonly usage: string;
  readonly about: string;
  /** Arguments that must be there. */
  readonly arity: number;
  readonly run: (chat: Chat, rest: string) => Promise<void>;
}

const COMMANDS: readonly Command[] = [
  { name: 'join', usage: '/join ROOM', about: 'enter or make a room, or talk in it again', arity: 1, run: join },
  { name: 'leave', usage: '/leave [ROOM]', about: 'leave this room, or another', arity: 0, run: leave },
  { name: 'nick', usage: '/nick NICK', about: 'change your nickname', arity: 1, run: rename },
  { name: 'who', usage: '/who [ROOM]', about: 'who is in this room, or in another', arity: 0, run: who },
  { name: 'msg', usage: '/msg NICK TEXT', about: 'say something to one person alone', arity: 2, run: tell },
  { name: 'rooms', usage: '/rooms', about: 'which rooms there are', arity: 0, run: rooms },
  { name: 'help', usage: '/help', about: 'this list', arity: 0, run: help },
  { name: 'quit', usage: '/quit [WORDS]', about: 'leave the chat', arity: 0, run: quit },
];

/** Carries out one typed line; rejects when it could not be done. */
export async function obey(chat: Chat, line: string): Promise<void> {
  if (line.trim() === '') return;
  if (!line.startsWith('/') || line.startsWith('//')) return speak(chat, line.startsWith('//') ? line.slice(1) : line);
  const space = line.search(/\s/);
  const name = (space < 0 ? line : line.slice(0, space)).slice(1).toLowerCase();
  const rest = space < 0 ? '' : line.slice(space).trim();
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) throw new Error(`there is no /${plain(name)}; /help lists what there is`);
  if (rest.split(/\s+/, command.arity).filter((word) => word !== '').length < command.arity) {
    throw new Error(`say ${command.usage}`);
  }
  await command.run(chat, rest);
}

async function speak(chat: Chat, text: string): Promise<void> {
  if (chat.room === '') throw new Error('you are in no room; /join ROOM enters one');
  await chat.client.send(chat.room, text);
}

async function join(chat: Chat, room: string): Promise<void> {
  if (roomKey(room) === undefined) throw new Error(`${plain(room)} cannot be the name of a room`);
  await enter(chat, room);
}

/**
 * Enters a room, and makes it when there is none. Lines go to it at once: what is typed behind the command is meant
 * for this room, and is sent when the server has let us in. When it does not, lines go where they went before.
 */
export async function enter(chat: Chat, room: string): Promise<void> {
  const before = chat.room;
  chat.room = room;
  try {
    await chat.client.join(room, { create: true, recreate: true });
  } catch (error) {
    if (chat.room === room) chat.room = before;
    throw error;
  }
}

async function leave(chat: Chat, rest: string): Promise<void> {
  const room = rest === '' ? chat.room : rest;
  if (room === '') throw new Error('you are in no room');
  await chat.client.leave(room);
  chat.say(`you left ${plain(room)}`);
  if (roomKey(room) === roomKey(chat.room)) chat.room = chat.client.rooms.at(-1) ?? '';
}

async function rename(chat: Chat, nick: string): Promise<void> {
  if (!isNick(nick)) throw new Error(`${plain(nick)} cannot be a nickname`);
  await chat.client.rename(nick);
}

async function who(chat: Chat, rest: string): Promise<void> {
  const room = rest === '' ? chat.room : rest;
  if (room === '') throw new Error('you are in no room; /who ROOM asks about another');
  const users = await chat.client.users(room);
  const names = users.map(({ ident }) => plain(ident.slice(0, Math.max(ident.indexOf('!'), 0)))).sort();
  chat.say(`in ${plain(room)}: ${names.length === 0 ? 'nobody' : names.join(', ')}`);
}

async function tell(chat: Chat, rest: string): Promise<void> {
  const [nick = ''] = rest.split(/\s/, 1);
  const text = rest.slice(nick.length).trim();
  const unknown = await chat.client.tell([nick], text);
  if (unknown.length > 0) throw new Error(`there is no ${plain(nick)}`);
  chat.say(`(to ${plain(nick)}) ${plain(text)}`);
}

async function rooms(chat: Chat): Promise<void> {
  const list = await chat.client.roomList();
  if (list.length === 0) chat.say('there are no rooms');
  for (const { room, members } of list) chat.say(`${plain(room)}: ${members} ${members === 1 ? 'person' : 'people'}`);
}

async function help(chat: Chat): Promise<void> {
  for (const { usage, about } of COMMANDS) chat.say(`${usage.padEnd(16)}${about}`);
  chat.say('Anything else is said to the room. // begins a message that begins with a slash.');
}

async function quit(chat: Chat, message: string): Promise<void> {
  chat.quit(message);
}
