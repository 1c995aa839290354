// The SDK over a model server in memory: what a program sees of order, slow loops, signals and ends.

import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ClientError } from '../../../src/client/client-error.ts';
import type { Chat } from '../../../src/client/sdk/chat.ts';
import type { ConnectOptions } from '../../../src/client/sdk/chat-types.ts';
import { connectBy } from '../../../src/client/sdk/connect.ts';
import type { Room } from '../../../src/client/sdk/room.ts';
import type { RoomEvents, RoomMessage } from '../../../src/client/sdk/room-types.ts';
import { rejection } from '../../support/rejection.ts';
import { ModelServer } from '../model-server.ts';
import { ModelWires } from './model-wires.ts';

setDefaultTimeout(30_000);

const FAST = { retryMs: 5, retryMaxMs: 20, paceMs: 5, paceMaxMs: 20, quitMs: 50 };
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function world() {
  const server = new ModelServer();
  const wires = new ModelWires(server);
  const connect = async (nick: string, options: Partial<ConnectOptions> = {}): Promise<Chat> => {
    const chat = await connectBy({ tcp: wires.dial }, { servers: ['a:1', 'b:1'], nick, limits: FAST, ...options });
    cleanups.push(() => chat.close());
    return chat;
  };
  return { server, wires, connect };
}

/** Two people in a room; the first sends what the second reads. */
async function pair(options: Partial<ConnectOptions> = {}) {
  const here = world();
  const ann = await here.connect('ann');
  const bob = await here.connect('bob', options);
  const said = await ann.join('dev', { create: true });
  const read = await bob.join('dev');
  return { ...here, ann, bob, said, read };
}

async function take(messages: AsyncIterable<RoomMessage>, count: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of messages) if (texts.push(text) === count) break;
  return texts;
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}

async function say(room: Room, from: number, to: number): Promise<void> {
  for (const text of numbers(from, to)) await room.send(text);
}

/** Resolves at the next event of this kind. */
function once<Kind extends keyof RoomEvents>(room: Room, kind: Kind): Promise<RoomEvents[Kind]> {
  return new Promise((resolve) => room.on(kind, resolve));
}

describe('a chat', () => {
  test('connects, makes a room, is heard there, and looks around', async () => {
    const { ann, bob, said, read } = await pair();
    const told = new Promise<string>((resolve) => bob.on('told', ({ text }) => resolve(text)));
    const { seq, epoch, id } = await said.send('hello');
    expect([seq, epoch.length > 0, id.length]).toEqual([1, true, 24]);
    for await (const message of read) {
      expect(message).toEqual({ room: 'dev', epoch, seq: 1, nick: 'ann', time: 1_001, text: 'hello', id });
      break;
    }
    expect((await read.members()).map(({ nick }) => nick)).toEqual(['ann', 'bob']);
    expect(await ann.tell(['bob', 'zoe'], 'lunch?')).toEqual(['zoe']);
    expect(await told).toBe('lunch?');
    expect(await ann.locate('bob')).toMatchObject({ kind: 'here', nick: 'bob', hops: 0 });
    expect(await ann.locate('old')).toMatchObject({ kind: 'was', now: 'new', time: 1_234 });
    expect(await ann.locate('gone')).toMatchObject({ kind: 'was', now: undefined });
    expect(await ann.locate('zoe')).toBeUndefined();
    expect(await bob.rename('rob')).toBe('rob');
  });

  test('refuses addresses that are none, that nothing here can dial, and a nickname that is none', async () => {
    const { wires, connect } = world();
    for (const servers of [[], ['nowhere'], ['ws://a:1/ws'], ['tls://a:1'], ['a:1', 'b']]) {
      expect(await rejection(connect('ann', { servers }))).toMatchObject({ code: 'BAD_ARGUMENT', retriable: false });
    }
    expect(await rejection(connect('ann', { queue: 0 }))).toMatchObject({ code: 'BAD_ARGUMENT' });
    expect(wires.dialled).toBe(0);
    await connect('ann');
    expect(await rejection(connect('ann', { otherNicks: false }))).toMatchObject({ code: 'ERR_NICKINUSE' });
  });

  test('errors have a code and say whether the same may work later', async () => {
    const { said, ann } = await pair();
    expect(await rejection(ann.join('nowhere'))).toMatchObject({ code: 'ERR_NOSUCHROOM', retriable: false });
    expect(await rejection(ann.join('no rooms'))).toMatchObject({ code: 'ERR_BADROOMNAME' });
    expect(await rejection(said.send(''))).toMatchObject({ code: 'BAD_ARGUMENT' });
    expect(await rejection(said.send('x', { id: 'short' }))).toMatchObject({ code: 'BAD_ARGUMENT' });
    expect(ann.rooms).toEqual([said]);
    await said.leave();
    expect(await rejection(said.send('x'))).toMatchObject({ code: 'NOT_IN_ROOM' });
    expect(ann.rooms).toEqual([]);
  });

  test('shows its states: the present one, changes, and the end', async () => {
    const { wires, connect } = world();
    const ann = await connect('ann');
    const states: string[] = [];
    for await (const { state } of ann.status()) {
      states.push(state);
      if (states.length === 1) wires.cut();
      if (states.length === 4) void ann.close();
    }
    expect(states).toEqual(['online', 'offline', 'connecting', 'online', 'closed']);
    expect((await Array.fromAsync(ann.status())).map(({ state }) => state)).toEqual(['closed']);
  });

  test('a room that is joined twice is one room; one that is left may be joined anew', async () => {
    const { ann, said } = await pair();
    expect(await ann.join('DEV')).toBe(said);
    expect(await rejection(ann.join('dev', { since: { epoch: 'a.1', seq: 1 } }))).toMatchObject({
      code: 'BAD_ARGUMENT',
    });
    await said.leave();
    const again = await ann.join('dev');
    expect(again).not.toBe(said);
    await again.send('back');
    expect(await take(again, 1)).toEqual(['back']);
  });

  test('two joins of a room that is not there both fail, and leave nothing behind', async () => {
    const { connect } = world();
    const ann = await connect('ann');
    const joins = [1, 2].map(() => rejection<ClientError>(ann.join('den')));
    const both = await Promise.all(joins);
    expect(both.map(({ code }) => code)).toEqual(['ERR_NOSUCHROOM', 'ERR_NOSUCHROOM']);
    expect(ann.rooms).toEqual([]);
    await (await ann.join('den', { create: true })).send('hello');
  });
});

describe('sends', () => {
  test('under the same id are one message, at once, later, and by another client', async () => {
    const { said, read } = await pair();
    const id = 'order-4711';
    const [first, second] = await Promise.all([said.send('paid', { id }), said.send('paid', { id })]);
    expect(second).toEqual(first);
    expect(await read.send('paid', { id })).toEqual(first);
    await said.send('end');
    expect(await take(read, 2)).toEqual(['paid', 'end']);
  });

  test('outlive cuts, once and in order', async () => {
    const { wires, said, read } = await pair();
    const sends = numbers(1, 60).map((text) => said.send(text));
    for (let cuts = 0; cuts < 4; cuts++) {
      await sends[cuts * 12];
      wires.cut(cuts % 2 === 0);
    }
    const seqs = (await Promise.all(sends)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(await take(read, 60)).toEqual(numbers(1, 60));
    expect(said.name).toBe('dev');
  });

  test('fail with a code and a doubt when time is over', async () => {
    const { server, connect } = world();
    const ann = await connect('ann', { limits: { ...FAST, sendMs: 50 } });
    const den = await ann.join('den', { create: true });
    server.ignores = (verb) => verb === 'CSEND';
    expect(await rejection(den.send('x'))).toMatchObject({ code: 'TIMEOUT', outcomeUnknown: true, retriable: false });
  });
});

describe('a loop', () => {
  test('misses nothing between joining and its first turn, and goes on where the last one stopped', async () => {
    const { said, read } = await pair();
    await say(said, 1, 5);
    expect(await take(read, 2)).toEqual(['1', '2']);
    await say(said, 6, 7);
    expect(await take(read, 5)).toEqual(['3', '4', '5', '6', '7']);
  });

  test('is the only one over its room; further readers begin at what is new, and leave nothing behind', async () => {
    const { said, read } = await pair();
    await say(said, 1, 2);
    const first = read[Symbol.asyncIterator]();
    await first.next();
    expect(await rejection(read[Symbol.asyncIterator]().next())).toMatchObject({ code: 'BAD_ARGUMENT' });
    const more = take(read.messages(), 1);
    await say(said, 3, 3);
    expect(await more).toEqual(['3']);
    await first.return();
    expect(await take(read, 2)).toEqual(['2', '3']);
  });

  test('that is left while it waits ends at once, and the next one goes on', async () => {
    const { ann, said, read } = await pair();
    const loops = [read[Symbol.asyncIterator](), read.messages(), ann.status()];
    await loops[2]?.next();
    for (const loop of loops) {
      const waiting = loop.next();
      expect(await loop.return()).toEqual({ done: true, value: undefined });
      expect(await waiting).toEqual({ done: true, value: undefined });
      expect(await loop.next()).toEqual({ done: true, value: undefined });
    }
    await say(said, 1, 1);
    expect(await take(read, 1)).toEqual(['1']);
  });

  test('of a further reader begins at what is said after it was made', async () => {
    const { said, read } = await pair();
    const [first, unread] = [read.messages(), read.messages()];
    await unread.return();
    await say(said, 1, 2);
    expect(await take(first, 2)).toEqual(['1', '2']);
  });

  test('of a further reader keeps no queue when it is left', async () => {
    const { said, read } = await pair({ queue: 4 });
    const lagged: unknown[] = [];
    read.on('lagged', (event) => lagged.push(event));
    const more = take(read.messages(), 1);
    for (const text of numbers(1, 12)) {
      await said.send(text);
      expect(await take(read, 1)).toEqual([text]);
    }
    expect(await more).toEqual(['1']);
    expect(lagged).toEqual([]);
  });

  test('that is slow gets everything all the same, and its room tells that it lags', async () => {
    const { said, read } = await pair({ queue: 4 });
    const lagged = once(read, 'lagged');
    await say(said, 1, 30);
    expect(await lagged).toMatchObject({ by: 'loop', from: 5, to: undefined });
    expect(await take(read, 12)).toEqual(numbers(1, 12));
    await say(said, 31, 40);
    expect(await take(read, 28)).toEqual(numbers(13, 40));
    await say(said, 41, 43);
    expect(await take(read, 3)).toEqual(numbers(41, 43));
  });

  test('that is slow over cuts, and while others talk, gets everything once', async () => {
    const { wires, said, read } = await pair({ queue: 3 });
    const talk = say(said, 1, 200);
    const texts: string[] = [];
    for await (const { text } of read) {
      texts.push(text);
      if (texts.length % 25 === 0) wires.cut(texts.length % 2 === 0);
      if (texts.length % 10 === 0) await Bun.sleep(2);
      if (texts.length === 200) break;
    }
    await talk;
    expect(texts).toEqual(numbers(1, 200));
  });

  test('that is slower than the server remembers is told what is lost, and goes on', async () => {
    const { server, said, read } = await pair({ queue: 4 });
    server.kept = 10;
    const lost = once(read, 'lost');
    await say(said, 1, 30);
    const texts = await take(read, 14);
    expect(await lost).toMatchObject({ from: 5, to: 20 });
    expect(texts).toEqual([...numbers(1, 4), ...numbers(21, 30)]);
    await say(said, 31, 31);
    expect(await take(read, 1)).toEqual(['31']);
  });

  test('ends when its room is left, with what it has read; or with an error when more was said', async () => {
    const { said, read } = await pair({ queue: 4 });
    await say(said, 1, 4);
    await read.leave();
    expect(await Array.fromAsync(read, ({ text }) => text)).toEqual(numbers(1, 4));
    expect(await Array.fromAsync(read.messages())).toEqual([]);
    const { said: more, read: slow } = await pair({ queue: 4 });
    const lagged = once(slow, 'lagged');
    await say(more, 1, 8);
    await lagged;
    await slow.leave();
    expect(await rejection(Array.fromAsync(slow))).toMatchObject({ code: 'CLOSED' });
  });

  test('throws when the room is taken away', async () => {
    const { server, wires, read } = await pair();
    const expelled = once(read, 'expelled');
    server.restart();
    wires.cut();
    expect(await rejection(take(read, 1))).toMatchObject({ code: 'ERR_NOSUCHROOM' });
    expect((await expelled).error.code).toBe('ERR_NOSUCHROOM');
  });

  test('begins behind a place that an earlier run had reached', async () => {
    const { connect, said } = await pair();
    await say(said, 1, 3);
    const place = await said.send('4');
    await say(said, 5, 7);
    const later = await (await connect('cat')).join('dev', { since: place });
    expect(await take(later, 3)).toEqual(numbers(5, 7));
  });

  test('is told what it missed when that place is too old', async () => {
    const { server, connect, said } = await pair();
    const place = await said.send('1');
    await say(said, 2, 9);
    server.kept = 3;
    const cat = await connect('cat');
    const joining = cat.join('dev', { since: place });
    const lost = once(cat.rooms[0] as Room, 'lost');
    const room = await joining;
    expect(await lost).toMatchObject({ from: 2, to: 6 });
    expect(await take(room, 3)).toEqual(numbers(7, 9));
    expect(await rejection(cat.join('den', { since: { epoch: '!', seq: 1 } }))).toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});

describe('history', () => {
  test('comes in pages, in order, without what is said meanwhile', async () => {
    const { connect, said } = await pair();
    await say(said, 1, 300);
    const room = await (await connect('cat')).join('dev');
    const asked = room.history({ limit: 280 });
    const live = say(said, 301, 310);
    expect((await asked).map(({ text }) => text)).toEqual(numbers(1, 280));
    await live;
    const [first] = await room.history({ limit: 1 });
    expect((await room.history({ since: first as RoomMessage, limit: 2 })).map(({ text }) => text)).toEqual(['2', '3']);
    expect(await room.history({ limit: 1_000 })).toHaveLength(310);
  });

  test('says when a place is kept no longer', async () => {
    const { server, said } = await pair();
    const place = await said.send('1');
    await say(said, 2, 9);
    server.kept = 3;
    expect(await rejection(said.history({ since: place }))).toMatchObject({ code: 'ERR_SEQUENCEGONE' });
    expect((await said.history()).map(({ text }) => text)).toEqual(numbers(7, 9));
  });
});

describe('a signal', () => {
  const soon = (): AbortSignal => AbortSignal.timeout(20);
  const ABORTED = { name: 'ClientError', code: 'ABORTED', retriable: false };

  test('ends connecting, and everything with it', async () => {
    const { server, wires, connect } = world();
    wires.still = true;
    expect(await rejection(connect('ann', { signal: soon() }))).toMatchObject(ABORTED);
    expect(await rejection(connect('ann', { signal: AbortSignal.abort() }))).toMatchObject(ABORTED);
    wires.still = false;
    const dialled = wires.dialled;
    await Bun.sleep(50);
    expect([wires.dialled, server.users.size]).toEqual([dialled, 0]);
  });

  test('ends every wait, and leaves the chat as it was', async () => {
    const { server, ann, said } = await pair();
    server.ignores = (verb) => verb !== 'LEAVEROOM';
    const waits: (() => Promise<unknown>)[] = [
      () => ann.join('den', { create: true, signal: soon() }),
      () => ann.tell(['bob'], 'x', { signal: soon() }),
      () => ann.locate('bob', { signal: soon() }),
      () => ann.rename('anna', { signal: soon() }),
      () => said.send('x', { signal: soon() }),
      () => said.members({ signal: soon() }),
      () => said.history({ signal: soon() }),
      () => said.messages({ signal: soon() }).next(),
      () => ann.locate('bob', { signal: AbortSignal.abort() }),
    ];
    for (const wait of waits) expect(await rejection(wait())).toMatchObject(ABORTED);
    server.ignores = () => false;
    const states = ann.status({ signal: soon() });
    await states.next();
    expect(await rejection(states.next())).toMatchObject(ABORTED);
    expect((await said.send('still here')).seq).toBe(1);
    server.ignores = (verb) => verb === 'JOINROOM';
    expect(await rejection(ann.join('dev', { signal: soon() }))).toMatchObject(ABORTED);
    expect(ann.rooms).toEqual([said]);
  });

  test('keeps a send that was not written from ever being written, and doubts one that was', async () => {
    const { server, wires, said, read } = await pair();
    server.ignores = (verb) => verb === 'CSEND';
    const [first, second] = [new AbortController(), new AbortController()];
    const flying = rejection(said.send('one', { signal: first.signal }));
    const waiting = rejection(said.send('two', { signal: second.signal }));
    const kept = said.send('three');
    second.abort();
    first.abort();
    expect(await flying).toMatchObject({ ...ABORTED, outcomeUnknown: true });
    expect(await waiting).toMatchObject({ ...ABORTED, outcomeUnknown: false });
    server.ignores = () => false;
    wires.cut();
    await kept;
    expect(await take(read, 1)).toEqual(['three']);
  });

  test('undoes a join', async () => {
    const { server, connect } = await pair();
    const cat = await connect('cat');
    let held = false;
    server.ignores = (verb) => verb === 'JOINROOM' && !held;
    expect(await rejection(cat.join('dev', { signal: soon() }))).toMatchObject(ABORTED);
    held = true;
    expect(cat.rooms).toEqual([]);
    expect(await cat.locate('bob')).toBeDefined();
    expect([...(server.rooms.get('dev')?.members ?? [])].map(({ ident }) => ident.split('!')[0])).toEqual([
      'ann',
      'bob',
    ]);
  });

  test('that is never used leaves nothing listening', async () => {
    const { ann, said } = await pair();
    let listening = 0;
    const { signal } = new AbortController();
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listening++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listening--;
      remove(...args);
    };
    await said.send('x', { signal });
    await ann.locate('bob', { signal });
    const loop = take(said.messages({ signal }), 1);
    await said.send('y');
    expect(await loop).toEqual(['y']);
    expect(listening).toBe(0);
  });
});

describe('the end', () => {
  test('a drain takes nothing new, settles everything, and ends loops with what they have', async () => {
    const { ann, said, read, bob } = await pair();
    const sends = numbers(1, 20).map((text) => said.send(text));
    const drained = ann.drain();
    expect(await rejection(said.send('late'))).toMatchObject({ code: 'CLOSED' });
    await drained;
    expect((await Promise.all(sends)).map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await take(read, 20)).toEqual(numbers(1, 20));
    expect(await Array.fromAsync(said, ({ text }) => text)).toEqual(numbers(1, 20));
    await Promise.all([bob.drain(), bob.drain()]);
  });

  test('a scope that holds a chat drains it; one that holds a room leaves it', async () => {
    const { connect, said } = await pair();
    const left = once(said, 'left');
    let sent: Promise<unknown>;
    {
      await using cat = await connect('cat');
      await using room = await cat.join('dev');
      sent = room.send('bye');
    }
    await sent;
    expect((await left).ident).toStartWith('cat!');
  });

  test('a drain that is given up closes at once, and what waited fails', async () => {
    const { server, ann, said } = await pair();
    server.ignores = (verb) => verb === 'CSEND';
    const sent = rejection(said.send('x'));
    expect(await rejection(ann.drain({ signal: AbortSignal.timeout(20) }))).toMatchObject({ code: 'ABORTED' });
    expect(await sent).toMatchObject({ code: 'CLOSED', outcomeUnknown: true });
    expect(await rejection(said.send('x'))).toMatchObject({ code: 'CLOSED' });
  });

  test('closing fails what waits, and ends loops', async () => {
    const { server, ann, said } = await pair();
    const loop = take(said, 1);
    server.ignores = () => true;
    const waits = [said.members(), said.send('x'), ann.locate('bob')].map((wait) => rejection<ClientError>(wait));
    await ann.close('enough');
    expect((await Promise.all(waits)).map(({ code }) => code)).toEqual(['CLOSED', 'CLOSED', 'CLOSED']);
    expect(await loop).toEqual([]);
    await ann.close();
    await ann.drain();
  });
});
