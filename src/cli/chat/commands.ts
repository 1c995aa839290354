// What a typed line means: a message to the current room, or a command behind a slash.
// A line that begins with two slashes is a message that begins with one.

import { ClientError } from '../../client/client-error.ts';
import type { Client } from '../../client/transport/driver.ts';
import { isNick, roomKey } from '../../wire/names.ts';
import { plain } from '../terminal-text.ts';

/** The chat as commands see it. */
export interface Chat {
  readonly client: Client;
  /** The room that lines go to; '' for none. */
  room: string;
  /** How it is used beside commands, a line each. */
  readonly keys: readonly string[];
  say(line: string): void;
  /** Says a text in a room; resolves when it is accepted there. */
  send(room: string, text: string): Promise<void>;
  quit(message: string): void;
}

interface Command {
  readonly name: string;
  /** What its first argument names. */
  readonly takes: 'room' | 'nick' | 'words';
  readonly usage: string;
  readonly about: string;
  /** Arguments that must be there. */
  readonly arity: number;
  readonly run: (chat: Chat, rest: string) => Promise<void>;
}

export const COMMANDS: readonly Command[] = [
  row('join', 'room', '/join ROOM', 'enter or make a room, or talk in it again', 1, join),
  row('leave', 'room', '/leave [ROOM]', 'leave this room, or another', 0, leave),
  row('room', 'room', '/room ROOM', 'talk in another room that you are in, by its name or number', 1, turn),
  row('nick', 'words', '/nick NICK', 'change your nickname', 1, rename),
  row('who', 'room', '/who [ROOM]', 'who is in this room, or in another', 0, who),
  row('where', 'nick', '/where NICK', 'at which server somebody is', 1, where),
  row('msg', 'nick', '/msg NICK TEXT', 'say something to one person alone', 2, tell),
  row('rooms', 'words', '/rooms', 'which rooms there are', 0, rooms),
  row('map', 'words', '/map', 'which servers there are', 0, map),
  row('help', 'words', '/help', 'this list', 0, help),
  row('quit', 'words', '/quit [WORDS]', 'leave the chat', 0, quit),
];

function row(
  name: string,
  takes: Command['takes'],
  usage: string,
  about: string,
  arity: number,
  run: Command['run'],
): Command {
  return { name, takes, usage, about, arity, run };
}

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
  await chat.send(chat.room, text);
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
    if (isLeft(chat, room, error)) return;
    if (chat.room === room) chat.room = before;
    throw error;
  }
}

/** Enters rooms, and talks in the first of them; what goes wrong is told one by one. Resolves when all is settled. */
export async function enterAll(
  chat: Chat,
  rooms: readonly string[],
  complain: (error: unknown) => void,
): Promise<void> {
  const entered = rooms.map((room) => enter(chat, room).catch(complain));
  chat.room = rooms[0] ?? '';
  await Promise.all(entered);
  if (chat.room === '') chat.room = chat.client.rooms[0] ?? '';
}

/** Who leaves a room before being let in has said so, and needs not be told. */
function isLeft({ client }: Chat, room: string, error: unknown): boolean {
  if (!(error instanceof ClientError) || error.code !== 'NOT_IN_ROOM') return false;
  return !client.rooms.some((each) => roomKey(each) === roomKey(room));
}

async function leave(chat: Chat, rest: string): Promise<void> {
  const room = rest === '' ? chat.room : rest;
  if (room === '') throw new Error('you are in no room');
  await chat.client.leave(room);
  chat.say(`you left ${plain(room)}`);
  if (roomKey(room) === roomKey(chat.room)) chat.room = chat.client.rooms.at(-1) ?? '';
}

async function turn(chat: Chat, room: string): Promise<void> {
  const { rooms: entered } = chat.client;
  const known = entered[Number(room) - 1] ?? entered.find((each) => roomKey(each) === roomKey(room));
  if (known === undefined) throw new Error(`you are not in ${plain(room)}; /join enters it`);
  chat.room = known;
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

async function where(chat: Chat, nick: string): Promise<void> {
  const [[name = nick, second = '', , server = ''] = []] = await chat.client.request('LOCATE', nick);
  // Where somebody is it is an ident, which has a `!`; where somebody was it is the name since then.
  if (second.includes('!')) return chat.say(`${plain(name)} is at ${plain(server)}`);
  chat.say(second === '' ? `${plain(name)} was at ${plain(server)}` : `${plain(name)} is ${plain(second)} now`);
}

async function map(chat: Chat): Promise<void> {
  const servers = (await chat.client.request('MAP')).slice(0, -1);
  for (const [server = '', , , via = '', users = ''] of servers) {
    const way = via === '' || via === server ? '' : `, by way of ${plain(via)}`;
    chat.say(`${plain(server)}: ${plain(users)} ${users === '1' ? 'person' : 'people'}${way}`);
  }
}

async function rooms(chat: Chat): Promise<void> {
  const list = await chat.client.roomList();
  if (list.length === 0) chat.say('there are no rooms');
  for (const { room, members } of list) chat.say(`${plain(room)}: ${members} ${members === 1 ? 'person' : 'people'}`);
}

async function help(chat: Chat): Promise<void> {
  for (const { usage, about } of COMMANDS) chat.say(`${usage.padEnd(16)}${about}`);
  chat.say('Anything else is said to the room. // begins a message that begins with a slash.');
  for (const line of chat.keys) chat.say(line);
}

async function quit(chat: Chat, message: string): Promise<void> {
  chat.quit(message);
}
