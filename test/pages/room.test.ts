// A conversation as it is shown: what it makes of messages, gaps, comings and goings, and of what was sent.

import { describe, expect, test } from 'bun:test';
import type { RoomMessage } from '../../src/client/sdk/room-types.ts';
import { Conversation } from '../../src/pages/chat/model/room.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const SERVERS = new Set(['alpha', 'beta', 'gamma']);

function message(seq: number, text: string, more: Partial<RoomMessage> = {}): RoomMessage {
  return { room: 'dev', epoch: 'e.1', seq, nick: 'bob', time: NOON, text, id: '', ...more };
}

function room(...people: readonly string[]): Conversation {
  const made = new Conversation('room', 'room dev', 'dev');
  made.populate(people.map((nick) => ({ nick, ident: `${nick}!u@h`, uid: '1.1', server: 'alpha' })));
  return made;
}

function told(conversation: Conversation): string[] {
  return conversation.lines.blocks
    .flatMap(({ lines }) => lines)
    .flatMap((line) =>
      line.kind === 'message' ? [`${line.nick}: ${line.text}`] : line.kind === 'note' ? [line.text] : [],
    );
}

describe('messages', () => {
  test('are counted until they are read, with those that name one', () => {
    const dev = room();
    dev.say(message(1, 'hello'), 'ann', true);
    dev.say(message(2, 'nobody looks'), 'ann', false);
    expect([dev.unread, dev.mentioned]).toEqual([1, false]);
    dev.say(message(3, 'ann, look'), 'ann', false);
    dev.say(message(4, 'mine', { nick: 'ann' }), 'ann', false);
    expect([dev.unread, dev.mentioned]).toEqual([2, true]);
    dev.read();
    expect([dev.unread, dev.mentioned]).toEqual([0, false]);
  });

  test('of a time that no date has are shown all the same', () => {
    const dev = room();
    dev.say(message(1, 'far away', { time: Number.MAX_SAFE_INTEGER }), 'ann', true);
    const line = dev.lines.last;
    expect(line?.kind === 'message' && new Date(line.time).toISOString()).toStartWith('+275760');
  });

  test('are told in a breath to who hears them read: one as it is, more as how many and the last', () => {
    const dev = room();
    dev.say(message(1, 'mine', { nick: 'ann' }), 'ann', true);
    expect(dev.takeNews()).toBeUndefined();
    dev.say(message(2, 'hello'), 'ann', true);
    expect(dev.takeNews()).toBe('bob: hello');
    dev.say(message(3, 'one'), 'ann', true);
    dev.say(message(4, 'x'.repeat(4000)), 'ann', true);
    expect(dev.takeNews()).toBe(`2 messages, the last from bob: ${'x'.repeat(300)}`);
    expect(dev.takeNews()).toBeUndefined();
    dev.recall([message(0, 'before')], 'ann');
    expect(dev.takeNews()).toBeUndefined();
  });

  test('tell of numbers that stay empty, and of none where an epoch begins', () => {
    const dev = room();
    dev.say(message(3, 'a'), 'ann', true);
    dev.say(message(5, 'b'), 'ann', true);
    dev.say(message(9, 'c'), 'ann', true);
    dev.moved('f.2', 12, NOON);
    dev.say(message(12, 'd', { epoch: 'f.2' }), 'ann', true);
    expect(told(dev)).toEqual([
      'bob: a',
      'Number 4 stays empty',
      'bob: b',
      'Numbers 6 to 8 stay empty',
      'bob: c',
      'Another server keeps this room now; nothing is missing',
      'bob: d',
    ]);
  });

  test('tell of what is lost once, as a warning, and go on behind it', () => {
    const dev = room();
    dev.say(message(1, 'a'), 'ann', true);
    dev.lost(2, 4, undefined, NOON);
    dev.say(message(5, 'b'), 'ann', true);
    expect(told(dev)).toEqual(['bob: a', '3 messages from here cannot be had any more', 'bob: b']);
  });

  test('of before come before, and none of them is new', () => {
    const dev = room();
    dev.say(message(3, 'now'), 'ann', true);
    dev.recall([message(1, 'first'), message(2, 'ann: second')], 'ann');
    expect(told(dev)).toEqual(['bob: first', 'bob: ann: second', 'bob: now']);
    expect([dev.first?.seq, dev.unread, dev.mentioned, dev.history]).toEqual([1, 0, false, 'had']);
  });

  test('that were sent wait at the end until their place is known', () => {
    const dev = room();
    dev.sending('id-00001', 'one');
    dev.sending('id-00002', 'two');
    dev.failed('id-00002', 'the room is gone');
    dev.say(message(1, 'one', { nick: 'ann', id: 'id-00001' }), 'ann', true);
    expect(dev.unsettled).toEqual([{ id: 'id-00002', text: 'two', failed: 'the room is gone' }]);
    dev.settled('id-00002');
    expect(dev.unsettled).toEqual([]);
  });
});

describe('comings and goings', () => {
  test('that follow each other are one line', () => {
    const dev = room('ann');
    dev.joined('bob', NOON);
    dev.joined('cat', NOON + 1000);
    dev.left('bob', NOON + 2000);
    dev.left('stranger', NOON + 2000);
    expect(told(dev)).toEqual(['cat joined · bob left']);
    dev.say(message(1, 'hello'), 'ann', true);
    dev.joined('dan', NOON + 3000);
    expect(told(dev).slice(1)).toEqual(['bob: hello', 'dan joined']);
    expect([...dev.people.keys()]).toEqual(['ann', 'cat', 'dan']);
  });

  test('a split and its return are one line, which says how it went', () => {
    const dev = room('ann', 'bob', 'cat');
    dev.quit('bob', 'alpha beta', SERVERS, NOON);
    dev.quit('cat', 'alpha beta', SERVERS, NOON);
    expect(told(dev)).toEqual(['beta is out of reach of alpha: bob and cat left']);
    dev.say(message(1, 'where are they?'), 'ann', true);
    dev.joined('bob', NOON + 5000);
    expect(told(dev)[0]).toBe('beta is out of reach of alpha: cat left, 1 came back');
    dev.joined('cat', NOON + 6000);
    expect(told(dev)).toEqual([
      'beta was out of reach of alpha for a while; 2 people left and came back',
      'bob: where are they?',
    ]);
  });

  test('what only looks like a split is none', () => {
    const dev = room('ann', 'bob', 'cat');
    dev.quit('bob', 'Quit: alpha beta', SERVERS, NOON);
    dev.quit('cat', 'Connection lost', SERVERS, NOON);
    expect(told(dev)).toEqual(['bob and cat left']);
  });

  test('who takes another name stays who they were', () => {
    const dev = room('ann', 'bob');
    dev.renamed('bob', 'bert', false, NOON);
    dev.renamed('ann', 'anna', true, NOON);
    dev.renamed('stranger', 'x', false, NOON);
    expect(told(dev)).toEqual(['bob is bert now', 'You are anna now']);
    expect([...dev.people.values()].map(({ nick, server }) => `${nick} ${server}`)).toEqual([
      'bert alpha',
      'anna alpha',
    ]);
  });
});
