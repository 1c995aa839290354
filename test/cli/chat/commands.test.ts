// What a typed line does while the server is still thinking about the one before.

import { expect, test } from 'bun:test';
import { type Chat, enterAll, obey } from '../../../src/cli/chat/commands.ts';
import { ClientError } from '../../../src/client/client-error.ts';
import type { Client } from '../../../src/client/transport/driver.ts';
import { rejection } from '../../support/rejection.ts';

/** A chat whose server answers a join when told to. */
function chat() {
  const sent: string[] = [];
  const heard: string[] = [];
  const joins: PromiseWithResolvers<void>[] = [];
  const client = {
    rooms: ['lobby'],
    join() {
      const answer = Promise.withResolvers<void>();
      joins.push(answer);
      return answer.promise;
    },
    async leave(room: string) {
      client.rooms = client.rooms.filter((each) => each !== room.toLowerCase());
      // Who waits to be let in is told so as well.
      for (const join of joins) join.reject(new ClientError('NOT_IN_ROOM', `left ${room}`));
    },
    async request(verb: string, nick: string) {
      if (verb === 'MAP') return [['alpha', '1', '0', '', '3', ''], ['beta', '2', '1', 'gamma', '1', ''], ['2']];
      return nick === 'bob' ? [['bob', 'bob!b@h', '1.2', 'beta', '1']] : [['cat', 'kitty', '1.3', 'beta', '1000']];
    },
    async send(room: string, text: string) {
      sent.push(`${room}: ${text}`);
    },
  };
  const it: Chat = {
    client: client as unknown as Client,
    room: 'lobby',
    keys: [],
    say: (line) => heard.push(line),
    send: (room, text) => client.send(room, text),
    quit() {},
  };
  return { it, client, sent, heard, joins };
}

test('a line typed behind /join is for that room, and never for the one before', async () => {
  const { it, sent, joins } = chat();
  const joined = obey(it, '/join secret');
  await obey(it, 'between us');
  expect(sent).toEqual(['secret: between us']);
  joins[0]?.resolve();
  await joined;
  expect(it.room).toBe('secret');
});

test('a room that does not let us in gives the one before back', async () => {
  const { it, joins } = chat();
  const joined = obey(it, '/join secret');
  joins[0]?.reject(new Error('no'));
  expect((await rejection(joined)).message).toContain('no');
  expect(it.room).toBe('lobby');
});

test('a room that is refused late takes nobody out of the one that was entered meanwhile', async () => {
  const { it, joins } = chat();
  const first = obey(it, '/join one');
  const second = obey(it, '/join two');
  joins[1]?.resolve();
  await second;
  joins[0]?.reject(new Error('no'));
  expect((await rejection(first)).message).toContain('no');
  expect(it.room).toBe('two');
});

test('who leaves the room that lines go to talks in the one entered last; who leaves another one stays', async () => {
  const { it, client } = chat();
  client.rooms = ['one', 'two', 'lobby'];
  await obey(it, '/leave ONE');
  expect(it.room).toBe('lobby');
  await obey(it, '/leave LOBBY');
  expect(it.room).toBe('two');
  await obey(it, '/leave');
  expect(it.room).toBe('');
  expect((await rejection(obey(it, '/leave'))).message).toContain('you are in no room');
  expect((await rejection(obey(it, 'hello'))).message).toContain('/join ROOM');
});

test('who leaves a room before being let in is told once, and of no error', async () => {
  const { it, client, heard } = chat();
  client.rooms = ['lobby', 'secret'];
  const joined = obey(it, '/join secret');
  await obey(it, '/leave');
  await joined;
  expect(heard).toEqual(['you left secret']);
  expect(it.room).toBe('lobby');
});

test('a room is talked in by its name or its number, when one is in it', async () => {
  const { it, client } = chat();
  client.rooms = ['lobby', 'dev'];
  await obey(it, '/room 2');
  expect(it.room).toBe('dev');
  await obey(it, '/room LOBBY');
  expect(it.room).toBe('lobby');
  expect((await rejection(obey(it, '/room 3'))).message).toBe('you are not in 3; /join enters it');
});

test('/map and /where say what the server knows', async () => {
  const { it, heard } = chat();
  for (const line of ['/map', '/where bob', '/where cat']) await obey(it, line);
  expect(heard).toEqual(['alpha: 3 people', 'beta: 1 person, by way of gamma', 'bob is at beta', 'cat is kitty now']);
});

test('of several rooms that are entered at once the first is talked in, and the others go on without one that is refused', async () => {
  const { it, joins, sent } = chat();
  const complaints: unknown[] = [];
  const entered = enterAll(it, ['one', 'two', 'three'], (error) => complaints.push(error));
  await obey(it, 'hello');
  joins[1]?.reject(new Error('no'));
  for (const join of [joins[0], joins[2]]) join?.resolve();
  await entered;
  expect(sent).toEqual(['one: hello']);
  expect([it.room, complaints]).toEqual(['one', [new Error('no')]]);
});
