// One order over several servers that are linked in one thread: what is said anywhere is heard everywhere, in one order,
// whichever way the servers are linked and however full a link is.

import { describe, expect, test } from 'bun:test';
import { type Client, HOLD_MS, homeOf, Stage } from './stage.ts';

const counted = (count: number): string[] => [...Array(count).keys()].map(String);

/** What everybody heard is the same, without a gap from 1 on. */
function expectOneOrder(clients: readonly Client[], count: number): void {
  const [first] = clients as [Client];
  expect(first.all('CMSG').map(({ args }) => Number(args[2]))).toEqual([...Array(count).keys()].map((i) => i + 1));
  for (const client of clients) expect(client.messages).toEqual(first.messages);
}

describe('one order', () => {
  test.each([
    ['each linked with each', undefined],
    ['in a row', [[1], [2], []]],
    ['in a row, with the home in the middle', [[], [0], [0]]],
  ])('over three servers, %s', (_, peers) => {
    const stage = new Stage(3, peers === undefined ? {} : { peers });
    const clients = stage.room('lobby', 'ann', 'bob', 'cat');
    for (let i = 0; i < 30; i++) {
      for (const [k, client] of clients.entries()) client.say('CSEND', `${k}.${i}`, '', '', `id-of-${k}-${i}`);
      if (i % 7 === 0) stage.run(1);
    }
    stage.run(1_000);
    expectOneOrder(clients, 90);
    for (const [k, client] of clients.entries()) {
      expect(client.texts.filter((text) => text.startsWith(`${k}.`))).toEqual(counted(30).map((i) => `${k}.${i}`));
      expect(client.all('RPL_SENT')).toHaveLength(30);
      expect(client.all('EPOCH')).toEqual([]);
    }
    expect(stage.faults).toEqual([]);
  });

  test('with numbers that people ask for on any server, used, left alone and given back', () => {
    const stage = new Stage(3);
    const [ann, bob, cat] = stage.room('lobby', 'ann', 'bob', 'cat') as [Client, Client, Client];
    for (const client of [ann, bob, cat]) client.say('GETSEQUENCE', 'lobby');
    stage.run(100);
    const seqOf = (client: Client): string => client.last('NEWSEQUENCE')?.args[2] ?? '';
    expect([ann, bob, cat].map(seqOf).toSorted()).toEqual(['1', '2', '3']);
    cat.say('CSEND', 'of cat', '', seqOf(cat), 'id-of-cat');
    bob.say('LEAVEROOM', 'lobby');
    stage.run(100);
    expect(cat.all('SKIPSEQUENCE').map(({ args }) => args[2])).toEqual([seqOf(bob)]);
    stage.run(6_000);
    expect(cat.all('SKIPSEQUENCE').map(({ args }) => args[2])).toEqual([seqOf(bob), seqOf(ann)]);
    expect(ann.all('SKIPSEQUENCE')).toEqual(cat.all('SKIPSEQUENCE'));
    expect(ann.texts).toEqual(['of cat']);
    expect(stage.faults).toEqual([]);
  });

  test('who joins where nobody is any more hears at once how far the room is, however the last one went', () => {
    const stage = new Stage(3);
    const [ann, bob, cat] = stage.room('lobby', 'ann', 'bob', 'cat') as [Client, Client, Client];
    let said = 0;
    const say = (): void => ann.say('CSEND', `${++said}`);
    for (const [k, last] of [bob, cat].entries()) {
      // What was on its way when the last one went comes to a server where nobody is.
      for (let i = 0; i < 20; i++) {
        say();
        if (i === 10) last.leave();
        stage.run(1);
      }
      stage.run(2_000);
      say();
      stage.run(2_000);
      const next = stage.client(k + 1, `late${k}`);
      next.say('JOINROOM', 'lobby');
      stage.run(200);
      expect(next.last('RPL_WELCOME')?.args[4]).toBe(String(said + 1));
      expect(next.texts).toEqual([]);
    }
    expect(stage.faults).toEqual([]);
  });

  test('whatever has to wait for a link: what did not go at once goes on', () => {
    // A batch is more than one group, and its socket takes everything at once: nothing else says that there is room.
    const stage = new Stage(2, { fullBytes: 400 });
    const clients = stage.room('lobby', 'ann', 'bob');
    const [ann, bob] = clients as [Client, Client];
    ann.sayMany(
      counted(500).map((i) => i.padEnd(290, '.')),
      'id-of-ann',
    );
    bob.sayMany(
      counted(500).map((i) => i.padEnd(290, ';')),
      'id-of-bob',
    );
    stage.run(1_500);
    expectOneOrder(clients, 1_000);
    expect(ann.all('RPL_SENT')).toHaveLength(500);
    expect(bob.all('RPL_SENT')).toHaveLength(500);
    expect(stage.faults).toEqual([]);
  });

  test('also when a server between two has to give up a link that takes nothing: it heals, and nothing is missing', () => {
    const row = { peers: [[1], [2], []], linkBufferBytes: 4_000, fullBytes: 8_000, mostBytes: 200_000 } as const;
    const stage = new Stage(3, row);
    const clients = stage.room('lobby', 'ann', 'bob', 'cat');
    const [ann, bob, cat] = clients as [Client, Client, Client];
    const links = (): number => [...(stage.host(1).server?.node.links?.mesh.links.peers() ?? [])].length;
    stage.host(2).pause(6_000);
    for (let i = 0; i < 900; i++) {
      ann.say('CSEND', `${i}`.padEnd(280, '.'), '', '', `id-of-ann-${i}`);
      if (i % 20 === 0) stage.run(50);
    }
    stage.run(1_000);
    expect(links()).toBe(1);
    expect(bob.texts).toHaveLength(900);
    stage.run(30_000);
    expect(links()).toBe(2);
    expectOneOrder(clients, 900);
    expect(cat.all('RPL_LAGGED')).toEqual([]);
    expect(ann.all('RPL_SENT')).toHaveLength(900);
    expect(stage.faults).toEqual([]);
  });

  test('at the level `home` nobody is waited for', () => {
    const stage = new Stage(2, { ack: 'home' });
    const clients = stage.room('lobby', 'ann', 'bob');
    const [ann, bob] = clients as [Client, Client];
    ann.say('CSEND', 'one', '', '', 'id-of-one');
    stage.run(100);
    expect(ann.all('RPL_SENT')).toHaveLength(1);
    // The other one stands still: at `replicated` nothing would be accepted now.
    stage.host(1).pause(1_500);
    ann.say('CSEND', 'two', '', '', 'id-of-two');
    stage.run(500);
    expect(ann.all('RPL_SENT')).toHaveLength(2);
    stage.run(2_000);
    expect(bob.texts).toEqual(['one', 'two']);
    expect(ann.last('RPL_LIMITS')?.args.includes('ack=replicated')).toBe(false);
    expect(stage.faults).toEqual([]);
  });

  test('at the level `replicated` the standby is', () => {
    const stage = new Stage(2);
    const [ann] = stage.room('lobby', 'ann', 'bob') as [Client];
    stage.host(1).pause(1_500);
    ann.say('CSEND', 'one', '', '', 'id-of-one');
    stage.run(500);
    expect(ann.all('RPL_SENT')).toEqual([]);
    stage.run(2_000);
    expect(ann.all('RPL_SENT')).toHaveLength(1);
  });
});

describe('a split', () => {
  test('goes on on both sides and is joined: everybody is in one epoch, and finds what was said on the other side', () => {
    const stage = new Stage(3);
    const clients = stage.room('lobby', 'ann', 'bob', 'cat');
    const [ann, bob, cat] = clients as [Client, Client, Client];
    ann.say('CSEND', 'before', '', '', 'id-of-before');
    stage.run(500);
    stage.split([0]);
    // A link is found dead after 15 s.
    stage.run(25_000);
    ann.say('CSEND', 'left', '', '', 'id-of-left');
    bob.say('CSEND', 'right', '', '', 'id-of-right');
    stage.run(1_000);
    expect(ann.texts).toEqual(['before', 'left']);
    expect(cat.texts).toEqual(['before', 'right']);
    stage.heal();
    stage.run(20_000);
    const epochs = clients.map((client) => client.last('EPOCH')?.args[1]);
    expect(new Set(epochs).size).toBe(1);
    cat.say('CSEND', 'after', '', '', 'id-of-after');
    stage.run(500);
    for (const client of clients) expect(client.last('CMSG')?.args[5]).toBe('after');
    // The main line is the side of the newer epoch; the other side's tail is named to its readers.
    const branch = cat.last('EPOCH')?.args.slice(5) ?? [];
    expect(branch).toHaveLength(3);
    cat.say('HISTORY', 'lobby', ...branch.slice(0, 2), '10');
    stage.run(500);
    expect(cat.texts.at(-1)).toBe('left');
    expect(stage.faults).toEqual([]);
  });

  test('in which a room of one name was made on both sides ends in one room', () => {
    const stage = new Stage(2);
    stage.split([0]);
    stage.run(25_000);
    const clients = [stage.client(0, 'ann'), stage.client(1, 'bob')] as const;
    for (const client of clients) {
      client.say('CREATEROOM', 'lobby');
      client.say('JOINROOM', 'lobby');
    }
    stage.run(500);
    stage.heal();
    stage.run(20_000);
    clients[0].say('CSEND', 'one room', '', '', 'id-of-one');
    stage.run(500);
    for (const client of clients) expect(client.texts).toEqual(['one room']);
    expect(stage.faults).toEqual([]);
  });
});

test('a room that was made twice and spelled in two ways is spelled in one way everywhere, as the newest epoch has it', () => {
  const stage = new Stage(3);
  stage.split([0]);
  stage.run(30_000);
  const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((nick, i) => stage.client(i, nick)) as [Client, Client, Client];
  ann.say('CREATEROOM', 'Lobby');
  stage.run(1_000);
  bob.say('CREATEROOM', 'LOBBY');
  stage.run(1_000);
  for (const client of [ann, bob, cat]) client.say('JOINROOM', 'lobby');
  stage.run(1_000);
  stage.heal();
  stage.run(30_000);
  const from = [ann, bob, cat].map(({ frames }) => frames.length);
  for (const client of [ann, bob, cat]) client.say('CSEND', 'here', 'lobby');
  for (const client of [ann, bob, cat]) client.say('GETSEQUENCE', 'lobby');
  stage.run(1_000);
  ann.leave();
  stage.run(1_000);
  const names = [ann, bob, cat].map(({ frames }, i) => {
    const told = frames.slice(from[i]).filter(({ verb }) => ['CMSG', 'NEWSEQUENCE', 'SKIPSEQUENCE'].includes(verb));
    return [told.length > 3, new Set(told.map(({ args }) => args[0]))];
  });
  expect(names).toEqual([ann, bob, cat].map(() => [true, new Set(['LOBBY'])]));
  expect(stage.faults).toEqual([]);
});

describe('a home that', () => {
  test('leaves hands its rooms over: at once, with all that was said, and no other server has to try', () => {
    const stage = new Stage(3);
    const [ann, bob, cat] = stage.room('lobby', 'ann', 'bob', 'cat') as [Client, Client, Client];
    ann.say('CSEND', 'before', '', '', 'id-of-before');
    stage.run(500);
    const said = stage.overhear();
    for (let i = 0; i < 10; i++) bob.say('CSEND', `b${i}`, '', '', `id-of-b${i}`);
    stage.host(0).stop('maintenance');
    stage.run(600);
    expect(said).toContain(`1→${homeOf(cat)} HANDOVER`);
    for (const client of [bob, cat]) {
      expect(client.all('EPOCH')).toHaveLength(1);
      expect(client.texts).toEqual(['before', ...counted(10).map((i) => `b${i}`)]);
    }
    expect(bob.all('RPL_SENT')).toHaveLength(10);
    expect(bob.messages).toEqual(cat.messages);
    expect(stage.faults).toEqual([]);
  });

  test('leaves behind all members of a room hands it over too: they find it where they go', () => {
    const stage = new Stage(3);
    const ann = stage.client(0, 'ann');
    ann.say('CREATEROOM', 'lobby');
    ann.say('JOINROOM', 'lobby');
    ann.say('CSEND', 'before', '', '', 'id-of-before');
    stage.run(500);
    const epoch = ann.last('RPL_SENT')?.args[1] as string;
    ann.say('QUIT');
    stage.run(50);
    const said = stage.overhear();
    stage.host(0).stop('maintenance');
    stage.run(600);
    expect(said.some((each) => each.endsWith(' HANDOVER'))).toBe(true);
    for (const server of [1, 2]) {
      const again = stage.client(server, `ann${server}`);
      again.say('JOINROOM', 'lobby', epoch, '0');
      stage.run(500);
      expect(again.last('RPL_WELCOME')?.args[6]).toBe('1');
      expect(again.texts).toEqual(['before']);
    }
    expect(stage.faults).toEqual([]);
  });

  test('stood still while others replaced it says nothing of the old epoch when it goes on', () => {
    const stage = new Stage(3);
    const clients = stage.room('lobby', 'ann', 'bob', 'cat');
    const [ann, bob, cat] = clients as [Client, Client, Client];
    stage.host(0).pause(25_000);
    // They wait in its sockets.
    for (let i = 0; i < 5; i++) ann.say('CSEND', `waited ${i}`, '', '', `id-of-waited-${i}`);
    stage.run(24_000);
    bob.say('CSEND', 'meanwhile', '', '', 'id-of-meanwhile');
    stage.run(900);
    expect(cat.texts).toEqual(['meanwhile']);
    expect(cat.all('EPOCH')).toHaveLength(1);
    stage.run(15_000);
    const old = ann.all('RPL_WELCOME').at(-1)?.args[3];
    expect(ann.messages.filter((message) => message.startsWith(old as string))).toEqual([]);
    expect(new Set(clients.map(homeOf)).size).toBe(1);
    for (const client of clients) {
      expect(client.texts).toEqual(['meanwhile', ...counted(5).map((i) => `waited ${i}`)]);
      expect(client.messages).toEqual(cat.messages);
    }
    expect(ann.all('RPL_SENT')).toHaveLength(5);
    expect(stage.faults).toEqual([]);
  });
});

describe('who comes from another server', () => {
  test('and has read more than is here yet is let in when that is here, and gets nothing a second time', () => {
    const stage = new Stage(3);
    const [ann, , cat] = stage.room('lobby', 'ann', 'bob', 'cat') as [Client, Client, Client];
    // The standby is quick; what is said comes late to the other one.
    const slow = isStandby(stage, 1) ? 2 : 1;
    const { network, hosts } = stage.cluster;
    for (const from of hosts.keys()) network.cut(from, slow);
    for (let i = 1; i <= 3; i++) ann.say('CSEND', `${i}`, '', '', `id-of-number-${i}`);
    stage.run(200);
    const epoch = ann.last('CMSG')?.args[1] as string;
    const dan = stage.client(slow, 'dan');
    dan.say('JOINROOM', 'lobby', epoch, '3');
    stage.run(300);
    expect(dan.all('RPL_WELCOME')).toHaveLength(1);
    stage.heal();
    ann.say('CSEND', '4', '', '', 'id-of-number-4');
    stage.run(500);
    expect(dan.last('RPL_WELCOME')?.args.slice(3, 7)).toEqual([epoch, '4', '1', '1']);
    expect(dan.texts).toEqual(['4']);
    expect(cat.texts).toEqual(['1', '2', '3', '4']);
    expect(stage.faults).toEqual([]);
  });

  test('with a place that nobody has ever heard of waits two seconds, and no longer', () => {
    const stage = new Stage(2);
    stage.room('lobby', 'ann', 'bob');
    const dan = stage.client(1, 'dan');
    dan.say('JOINROOM', 'lobby', 'zzzzzzzz.9', '3');
    stage.run(1_900);
    expect(dan.all('RPL_WELCOME')).toHaveLength(1);
    stage.run(200);
    expect(dan.last('RPL_WELCOME')?.args[6]).toBe('0');
    expect(stage.faults).toEqual([]);
  });
});

describe('a server', () => {
  test('asks once for the room of its first member, and not at all when its last one has left', () => {
    const stage = new Stage(3);
    const ann = stage.client(0, 'ann');
    const cat = stage.client(2, 'cat');
    ann.say('CREATEROOM', 'lobby');
    ann.say('JOINROOM', 'lobby');
    stage.run(HOLD_MS);
    // Not the standby, which gets everything in any case.
    const [nearby, far] = isStandby(stage, 1) ? [3, 2] : [2, 3];
    const bob = nearby === 3 ? cat : stage.client(1, 'bob');
    const said = stage.overhear();
    const asked = (): string[] => said.filter((each) => each.startsWith(`${nearby}→1 SUBSCRIBE`));
    bob.say('JOINROOM', 'lobby');
    stage.run(500);
    expect(asked()).toHaveLength(1);
    bob.say('LEAVEROOM', 'lobby');
    stage.run(500);
    ann.say('CSEND', 'to nobody there', '', '', 'id-of-nobody');
    (far === 3 ? cat : stage.client(1, 'dan')).say('JOINROOM', 'lobby');
    stage.run(5_000);
    expect(said.filter((each) => each.endsWith(' RELEASE'))).toEqual([]);
    expect(asked()).toHaveLength(1);
    expect(stage.faults).toEqual([]);
  });
});

/** Whether the server with this index is the standby of the one room at the first server. */
function isStandby(stage: Stage, index: number): boolean {
  const rooms = stage.host(0).server?.node.links?.rooms;
  const claims = [...(rooms?.facts.of(rooms.self) ?? [])];
  return claims[0]?.[1].standby === index + 1;
}
