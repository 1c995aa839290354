// Rooms whose home is lost, in nodes that are linked in one thread: who goes on, when, and with what.

import { describe, expect, test } from 'bun:test';
import { type Client, HOLD_MS, homeOf, Stage } from './stage.ts';

describe('a home that is lost', () => {
  // Which server comes first in taking over depends on a room's name.
  test.each(['r', 's', 't', 'u'])('is followed when the hold is over, also where one has no copy: room %s', (name) => {
    const stage = new Stage(3);
    const ann = stage.client(0, 'ann');
    const cat = stage.client(2, 'cat');
    ann.say('CREATEROOM', name);
    stage.run(200);
    for (const client of [ann, cat]) client.say('JOINROOM', name);
    stage.run(500);
    ann.say('CSEND', 'one', '', '', 'id-of-one');
    stage.run(500);
    stage.host(0).crash(false);
    stage.run(HOLD_MS - 100);
    expect(cat.all('EPOCH')).toEqual([]);
    stage.run(1_100);
    expect(cat.all('EPOCH')).toHaveLength(1);
    cat.say('CSEND', 'two', '', '', 'id-of-two');
    stage.run(500);
    expect(cat.last('RPL_SENT')?.args[2]).toBe('2');
    expect(cat.texts).toEqual(['one', 'two']);
    expect(stage.faults).toEqual([]);
  });

  test('has one successor: EPOCH once, no gap, nothing twice, and what was on its way is answered', () => {
    const stage = new Stage(3);
    const [, bob, cat] = stage.room('lobby', 'ann', 'bob', 'cat') as [unknown, Client, Client];
    for (let i = 0; i < 20; i++) {
      bob.say('CSEND', `b${i}`, '', '', `id-of-b${i}`);
      cat.say('CSEND', `c${i}`, '', '', `id-of-c${i}`);
    }
    // Some of them are decided, some are on their way.
    stage.run(2);
    stage.host(0).crash(false);
    stage.run(1_000);
    bob.say('CSEND', 'said in the hold', '', '', 'id-of-hold');
    stage.run(HOLD_MS);
    for (const client of [bob, cat]) {
      expect(client.all('EPOCH')).toHaveLength(1);
      expect(client.all('CMSG').map(({ args }) => Number(args[2]))).toEqual([...Array(41).keys()].map((i) => i + 1));
      expect(new Set(client.texts).size).toBe(41);
      expect(client.texts.filter((text) => text.startsWith('b'))).toEqual([...Array(20).keys()].map((i) => `b${i}`));
    }
    expect(bob.messages).toEqual(cat.messages);
    expect(bob.all('RPL_SENT')).toHaveLength(21);
    expect(cat.all('RPL_SENT')).toHaveLength(20);
    expect(stage.faults).toEqual([]);
  });

  test('that is killed again and again is followed each time, until one is left', () => {
    const stage = new Stage(4);
    const clients = stage.room('lobby', 'ann', 'bob', 'cat', 'dan');
    const alive = new Map(clients.map((client, index) => [index, client]));
    for (let round = 0; alive.size > 1; round++) {
      const reader = [...alive.values()][0] as Client;
      const home = homeOf(reader) - 1;
      reader.say('CSEND', `round ${round}`, '', '', `id-of-round-${round}`);
      stage.run(100);
      expect(reader.last('RPL_SENT')?.args[2]).toBe(String(round + 1));
      stage.host(home).crash(false);
      alive.delete(home);
      stage.run(HOLD_MS + 1_000);
    }
    const [last] = [...alive.values()] as [Client];
    expect(last.texts).toEqual(['round 0', 'round 1', 'round 2']);
    expect(last.all('EPOCH')).toHaveLength(3);
    expect(stage.faults).toEqual([]);
  });

  test('leaves the numbers that it gave out, and numbers are had from the next one', () => {
    const stage = new Stage(3);
    const [, bob, cat] = stage.room('lobby', 'ann', 'bob', 'cat') as [unknown, Client, Client];
    bob.say('GETSEQUENCE', 'lobby');
    stage.run(100);
    expect(bob.last('NEWSEQUENCE')?.args[2]).toBe('1');
    cat.say('CSEND', 'behind it', '', '', 'id-of-behind');
    stage.run(100);
    stage.host(0).crash(false);
    stage.run(500);
    // Asked while nobody decides.
    cat.say('GETSEQUENCE', 'lobby');
    stage.run(HOLD_MS + 500);
    const given = cat.last('NEWSEQUENCE')?.args ?? [];
    expect(given[1]).toBe(cat.last('EPOCH')?.args[1]);
    expect(given[2]).toBe('3');
    bob.say('CSEND', 'too late', '', '1');
    cat.say('CSEND', 'in time', '', '3', 'id-of-in-time');
    stage.run(500);
    expect(bob.last('ERR_SEQUENCEEXPIRED')?.args[1]).toBe('1');
    expect(cat.last('RPL_SENT')?.args[2]).toBe('3');
    expect(bob.texts).toEqual(['behind it', 'in time']);
    // Slot 1 ended with its epoch: nobody is told that it was skipped.
    expect([...bob.all('SKIPSEQUENCE'), ...cat.all('SKIPSEQUENCE')]).toEqual([]);
    expect(stage.faults).toEqual([]);
  });
});

describe('a room whose only member was at the home that is lost', () => {
  test.each(['lobby', 'r', 's', 'u'])('is kept for whoever waits to join it, with all that was said: %s', (name) => {
    const stage = new Stage(3);
    const ann = stage.client(0, 'ann');
    ann.say('CREATEROOM', name);
    ann.say('JOINROOM', name);
    ann.say('CSEND', 'kept', '', '', 'id-of-kept');
    stage.run(500);
    const epoch = ann.last('RPL_SENT')?.args[1] ?? '';
    stage.host(0).crash(false);
    stage.run(500);
    const again = stage.client(2, 'ann2');
    again.say('JOINROOM', name, epoch, '0');
    stage.run(HOLD_MS + 1_000);
    expect(again.last('RPL_WELCOME')?.args[6]).toBe('1');
    expect(again.texts).toEqual(['kept']);
    again.say('CSEND', 'and goes on', name, '', 'id-of-goes-on');
    stage.run(6_000);
    expect(again.last('RPL_SENT')?.args[2]).toBe('2');
    // It is a room like any other again, and outlives its last member.
    again.say('LEAVEROOM', name);
    stage.run(10_000);
    again.say('JOINROOM', name);
    stage.run(500);
    expect(again.all('RPL_WELCOME').at(-1)?.args[4]).toBe('3');
    expect(stage.faults).toEqual([]);
  });

  test('ends where nobody wants it, on all servers', () => {
    const stage = new Stage(3);
    const ann = stage.client(0, 'ann');
    ann.say('CREATEROOM', 'lobby');
    ann.say('JOINROOM', 'lobby');
    ann.say('CSEND', 'lost', '', '', 'id-of-lost');
    stage.run(500);
    stage.host(0).crash(false);
    stage.run(HOLD_MS + 15_000);
    for (const server of [1, 2]) {
      const client = stage.client(server, `n${server}`);
      client.say('JOINROOM', 'lobby');
      stage.run(100);
      expect(client.all('ERR_NOSUCHROOM')).toHaveLength(1);
      expect(stage.host(server).server?.node.chat.rooms.size).toBe(0);
    }
    expect(stage.faults).toEqual([]);
  });

  test('ends for whoever waits, too, when all that had a part in it are lost', () => {
    const stage = new Stage(3);
    const ann = stage.client(0, 'ann');
    ann.say('CREATEROOM', 'lobby');
    ann.say('JOINROOM', 'lobby');
    stage.run(500);
    for (const server of [0, 1]) stage.host(server).crash(false);
    stage.run(HOLD_MS + 500);
    const bob = stage.client(2, 'bob');
    bob.say('JOINROOM', 'lobby');
    stage.run(100);
    expect(bob.all('ERR_NOSUCHROOM')).toEqual([]);
    stage.run(5_000);
    expect(bob.last('ERR_NOSUCHROOM')?.args[1]).toBe('lobby');
    expect(stage.faults).toEqual([]);
  });
});
