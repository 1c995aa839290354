// What a typed line does while the server is still thinking about the one before.

import { expect, test } from 'bun:test';
import { type Chat, obey } from '../../../src/cli/chat/commands.ts';
import type { Client } from '../../../src/client/transport/driver.ts';
import { rejection } from '../../support/rejection.ts';

/** A chat whose server answers a join when told to. */
function chat() {
  const sent: string[] = [];
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
    },
    async send(room: string, text: string) {
      sent.push(`${room}: ${text}`);
    },
  };
  const it: Chat = {
    client: client as unknown as Client,
    room: 'lobby',
    keys: [],
    say() {},
    send: (room, text) => client.send(room, text),
    quit() {},
  };
  return { it, client, sent, joins };
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
