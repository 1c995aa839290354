// What a server promises that reaches no other one: those that it reached a moment ago may be back, and until their hold
// is over messages wait for them, so that a short cut is seen by nobody and nothing is said that one server alone has.

import { describe, expect, test } from 'bun:test';
import { type Client, HOLD_MS, Stage } from './stage.ts';

/** What a client heard since, without its own messages and their answers. */
function hears(client: Client): () => string[] {
  const from = client.frames.length;
  return () =>
    client.frames
      .slice(from)
      .filter(({ verb }) => verb !== 'CMSG' && verb !== 'RPL_SENT')
      .map(({ verb, args }) => `${verb} ${args.find((arg) => arg.startsWith('ack=')) ?? args.join()}`);
}

describe('a cut that is shorter than the hold', () => {
  test.each([
    [2, 'the home', 0],
    [3, 'the home', 0],
    [2, 'a follower', 1],
    [3, 'a follower', 1],
  ])('of %d servers, round %s: what is said meanwhile comes later, and nothing else is seen', (servers, _, side) => {
    const stage = new Stage(servers);
    const clients = stage.room('lobby', ...['ann', 'bob', 'cat'].slice(0, servers));
    const [ann, bob] = clients as [Client, Client];
    bob.say('GETSEQUENCE', 'lobby');
    stage.run(100);
    const heard = clients.map(hears);
    stage.sever([side]);
    clients.forEach((client, i) => {
      client.say('CSEND', `said in the cut by ${i}`, '', '', `id-of-cut-${i}`);
    });
    stage.run(2_000);
    const alone = side === 0 || servers === 2 ? [ann] : [bob];
    for (const client of alone) expect([client.texts, client.all('RPL_SENT')]).toEqual([[], []]);
    // Its number is still its own.
    bob.say('CSEND', 'with a number', '', bob.last('NEWSEQUENCE')?.args[2] ?? '', 'id-of-number');
    stage.heal();
    stage.run(2_000);
    for (const client of clients) {
      expect(client.texts).toHaveLength(servers + 1);
      expect(client.messages).toEqual(ann.messages);
      expect(client.all('RPL_SENT')).toHaveLength(client === bob ? 2 : 1);
    }
    expect(heard.map((each) => each())).toEqual(clients.map(() => []));
    expect(stage.faults).toEqual([]);
  });

  test('is seen by nobody who comes in it either, and a room that is made in it waits too', () => {
    const stage = new Stage(2);
    stage.sever([0]);
    const ann = stage.client(0, 'ann');
    expect(ann.last('RPL_LIMITS')?.args).toContain('ack=replicated');
    ann.say('CREATEROOM', 'lobby');
    ann.say('JOINROOM', 'lobby');
    ann.say('CSEND', 'first', '', '', 'id-of-first');
    ann.say('FINDSEQUENCE', 'lobby', '', '1');
    stage.run(1_500);
    expect(ann.all('CMSG')).toEqual([]);
    const { args } = ann.last('RPL_WELCOME') ?? { args: [] };
    ann.say('FINDSEQUENCE', 'lobby', args[3] ?? '', '1');
    stage.run(100);
    expect(ann.all('RPL_PENDING')).toHaveLength(1);
    stage.heal();
    stage.run(2_000);
    expect([ann.texts, ann.all('RPL_SENT').length, ann.all('RPL_LIMITS').length]).toEqual([['first'], 1, 1]);
  });
});

describe('a server that reaches nobody', () => {
  test('until the hold is over says so, once, and goes on: first the word, then what waited', () => {
    const stage = new Stage(2);
    const [ann, bob] = stage.room('lobby', 'ann', 'bob') as [Client, Client];
    const heard = hears(ann);
    stage.sever([0]);
    ann.say('CSEND', 'alone', '', '', 'id-of-alone');
    stage.run(HOLD_MS - 100);
    expect([heard(), ann.texts]).toEqual([[], []]);
    stage.run(1_000);
    expect(ann.texts).toEqual(['alone']);
    expect(ann.all('RPL_SENT')).toHaveLength(1);
    const verbs = ann.frames.map(({ verb }) => verb);
    expect(verbs.lastIndexOf('RPL_LIMITS')).toBeLessThan(verbs.indexOf('CMSG'));
    stage.run(5_000);
    stage.heal();
    stage.run(10_000);
    const limits = heard().filter((each) => each.startsWith('RPL_LIMITS'));
    expect(limits).toEqual(['RPL_LIMITS ack=home', 'RPL_LIMITS ack=replicated']);
    expect(new Set([ann, bob].map((client) => client.last('EPOCH')?.args[1])).size).toBe(1);
    expect(stage.faults).toEqual([]);
  });

  test('because the other one was killed is back in service when the hold is over', () => {
    const stage = new Stage(2);
    const [ann] = stage.room('lobby', 'ann', 'bob') as [Client];
    stage.host(1).crash(false);
    stage.run(100);
    for (let i = 0; i < 3; i++) ann.say('CSEND', `${i}`, '', '', `id-of-number-${i}`);
    stage.run(HOLD_MS);
    expect(ann.texts).toEqual(['0', '1', '2']);
    ann.say('CSEND', '3', '', '', 'id-of-number-3');
    stage.run(10);
    expect(ann.all('RPL_SENT')).toHaveLength(4);
    expect(stage.faults).toEqual([]);
  });

  test('because the other one was killed and is back at once, in another life, never says that it is alone', () => {
    const stage = new Stage(2);
    const [ann] = stage.room('lobby', 'ann', 'bob') as [Client];
    stage.host(1).crash(false);
    stage.run(100);
    ann.say('CSEND', 'waits', '', '', 'id-of-waits');
    stage.run(500);
    stage.host(1).start();
    stage.run(2_000);
    expect([ann.texts, ann.all('RPL_SENT').length, ann.all('RPL_LIMITS').length]).toEqual([['waits'], 1, 1]);
    expect(stage.faults).toEqual([]);
  });

  test('because the other one left is alone at once', () => {
    const stage = new Stage(2);
    const [ann] = stage.room('lobby', 'ann', 'bob') as [Client];
    stage.host(1).stop('maintenance');
    stage.run(1_000);
    expect(ann.all('RPL_LIMITS').map(({ args }) => args.at(-1))).toEqual(['ack=replicated', 'ack=home']);
    ann.say('CSEND', 'alone', '', '', 'id-of-alone');
    stage.run(10);
    expect(ann.all('RPL_SENT')).toHaveLength(1);
    expect(stage.faults).toEqual([]);
  });

  test('and never knew another one is alone from the start', () => {
    const stage = new Stage(1);
    const [ann] = stage.room('lobby', 'ann') as [Client];
    expect(ann.last('RPL_LIMITS')?.args).toContain('ack=home');
    ann.say('CSEND', 'alone', '', '', 'id-of-alone');
    stage.run(10);
    expect(ann.all('RPL_SENT')).toHaveLength(1);
  });

  test('takes no more than may wait, and that in order', () => {
    const stage = new Stage(2);
    const [ann] = stage.room('lobby', 'ann', 'bob') as [Client];
    stage.sever([0]);
    const texts = [...Array(600).keys()].map(String);
    ann.sayMany(texts, 'id-of-ann');
    stage.run(1_000);
    // Half of what the room keeps.
    const refused = ann.all('ERR_ROOMUNAVAILABLE').length;
    expect(refused).toBe(600 - 512);
    stage.heal();
    stage.run(2_000);
    expect(ann.texts).toEqual(texts.slice(0, 512));
    expect(ann.all('RPL_SENT')).toHaveLength(512);
    expect(stage.faults).toEqual([]);
  });
});
