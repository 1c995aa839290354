// A home whose log answers at once, by examples.

import { describe, expect, test } from 'bun:test';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { epoch, serverId } from '../../src/base/ids.ts';
import { EXPIRED, ID_REUSED, SENT, SENT_BEFORE, UNAVAILABLE } from '../../src/base/outcome.ts';
import type { RoomOrder } from '../../src/chat/ports.ts';
import { EPOCH, message, NOW, Room, readAll, skipped, user } from './room.ts';

const [ann, bob] = [user(1), user(2)];
const OTHER = epoch(1_790_000_000_001, serverId(7));

describe('sending', () => {
  test('messages are numbered from 1 and published as they come', () => {
    const room = new Room();
    expect(room.home.next).toBe(1);
    expect(room.send(ann, 'one')).toBe(SENT);
    expect(room.send(bob, 'two, three'.replace(',', '\\,'), { now: NOW + 5 })).toBe(SENT);
    expect(room.home.sentSeq).toBe(2);
    expect(room.home.next).toBe(3);
    expect(room.frames).toEqual([message(1, 'one'), message(2, 'two\\, three', undefined, NOW + 5)]);
    expect(room.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  test('an epoch goes on where the one before it ended, beyond 32 bits too', () => {
    const room = new Room({ first: 5_000_000_000 });
    room.send(ann, 'one');
    room.send(ann, 'two');
    expect(room.frames).toEqual([message(5_000_000_000, 'one'), message(5_000_000_001, 'two')]);
    expect([room.home.next, room.home.floor, room.find(4_999_999_999)]).toEqual([5_000_000_002, 5_000_000_000, 'gone']);
  });

  test('numbers are written in full where they grow by a digit', () => {
    const room = new Room();
    for (let seq = 1; seq <= 1_002; seq++) room.send(ann, 'x');
    expect(room.frames).toEqual(Array.from({ length: 1_002 }, (_, i) => message(i + 1, 'x')));
  });

  test('every sender speaks under its own name, in a row or by turns', () => {
    const room = new Room();
    const bobs = utf8Bytes('bob');
    const senders = [ann, ann, bob, ann, bob, bob, bob, ann];
    for (const sender of senders) room.send(sender, 'x', sender === bob ? { nick: bobs } : {});
    expect(room.frames).toEqual(
      senders.map((sender, i) => message(i + 1, 'x').replace('ann', sender === bob ? 'bob' : 'ann')),
    );
  });

  test('a slot that stays empty between two messages of one sender does not show in them', () => {
    const room = new Room();
    room.send(ann, 'one');
    const seq = room.reserve(bob);
    room.send(ann, 'three');
    room.home.release(bob, NOW);
    room.send(ann, 'four');
    expect(room.frames).toEqual([message(1, 'one'), message(3, 'three'), skipped(seq), message(4, 'four')]);
  });

  test('two rooms at different times do not mix up their frames', () => {
    const [one, two] = [new Room(), new Room({ first: 99 })];
    for (let i = 0; i < 3; i++) {
      one.send(ann, 'x', { now: NOW + i });
      two.send(ann, 'y', { now: NOW + (i >> 1) });
    }
    expect(one.frames).toEqual([0, 1, 2].map((i) => message(i + 1, 'x', undefined, NOW + i)));
    expect(two.frames).toEqual([0, 1, 2].map((i) => message(i + 99, 'y', undefined, NOW + (i >> 1))));
  });

  test('a text of any length is published as it is', () => {
    const room = new Room();
    for (const length of [1, 15, 16, 17, 4_096, 20_000]) room.send(ann, 'x'.repeat(length));
    expect(room.frames.map((frame) => frame.length - message(1, '').length)).toEqual([1, 15, 16, 17, 4_096, 20_000]);
    expect(room.find(6)).toBe(message(6, 'x'.repeat(20_000)));
  });

  test('satisfies what chat asks of the order of a room', () => {
    const order: RoomOrder = new Room().home;
    expect(order.next).toBe(1);
  });
});

describe('message ids', () => {
  test('an id is published in canonical form', () => {
    const room = new Room();
    room.send(ann, 'one', { id: ' a<b>,\\c ' });
    expect(room.frames).toEqual([message(1, 'one', '\\ a\\<b\\>\\,\\\\c\\ ')]);
  });

  test('the same id is answered with the first slot, another text is not', () => {
    const room = new Room();
    room.send(ann, 'zero');
    room.send(ann, 'one', { id: 'id-00001' });
    room.send(ann, 'two', { id: 'id-00002' });
    expect(room.send(bob, 'one', { id: 'id-00001' })).toBe(SENT_BEFORE);
    expect(room.home.sentSeq).toBe(2);
    expect(room.send(ann, 'other', { id: 'id-00001' })).toBe(ID_REUSED);
    expect(room.published.length).toBe(3);
  });

  test('the id is looked at before the number', () => {
    const room = new Room();
    const seq = room.reserve(ann);
    expect(room.send(ann, 'one', { seq, id: 'id-00001' })).toBe(SENT);
    expect(room.send(ann, 'one', { seq, id: 'id-00001' })).toBe(SENT_BEFORE);
    expect(room.send(ann, 'one', { seq, id: 'id-00002' })).toBe(EXPIRED);
  });

  test('ids are forgotten after a while, and the home asks to be called for it', () => {
    const room = new Room();
    room.send(ann, 'one', { id: 'id-00001' });
    expect(room.dueAt).toBe(NOW + 600_000);
    room.home.tick(NOW + 600_000);
    expect(room.send(ann, 'one', { id: 'id-00001', now: NOW + 600_001 })).toBe(SENT_BEFORE);
    room.home.tick(room.dueAt);
    expect(room.dueAt).toBe(Number.POSITIVE_INFINITY);
    expect(room.send(ann, 'one', { id: 'id-00001', now: NOW + 1_200_001 })).toBe(SENT);
  });
});

describe('reservations', () => {
  test('a reserved slot is filled by its holder, later than those behind it', () => {
    const room = new Room();
    expect(room.home.reserve(ann, NOW)).toEqual({ kind: 'reserved', seq: 1, ttlMs: 5_000 });
    room.send(bob, 'two');
    expect([room.home.next, room.find(1), room.find(2)]).toEqual([1, 'pending', message(2, 'two')]);
    expect(room.send(ann, 'one', { seq: 1 })).toBe(SENT);
    expect(room.home.sentSeq).toBe(1);
    expect([room.home.next, room.find(1)]).toEqual([3, message(1, 'one')]);
    expect(room.frames).toEqual([message(2, 'two'), message(1, 'one')]);
    expect(room.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  test('somebody who asks again gets the same one, with what is left of its time', () => {
    const room = new Room();
    room.reserve(ann);
    expect(room.home.reserve(ann, NOW + 1_000)).toEqual({ kind: 'reserved', seq: 1, ttlMs: 4_000 });
    expect(room.home.find(EPOCH, 1, NOW + 2_000)).toEqual({ kind: 'pending', ms: 3_000 });
  });

  test('only a live reservation of the sender itself can be filled', () => {
    const room = new Room();
    room.reserve(ann);
    expect(room.send(bob, 'mine', { seq: 1 })).toBe(EXPIRED);
    expect(room.send(ann, 'no', { seq: 2 })).toBe(EXPIRED);
    expect(room.send(ann, 'late', { seq: 1, now: NOW + 5_000 })).toBe(EXPIRED);
    expect(room.published).toEqual([]);
    expect(room.send(ann, 'in time', { seq: 1, now: NOW + 4_999 })).toBe(SENT);
    expect(room.send(ann, 'twice', { seq: 1 })).toBe(EXPIRED);
  });

  test('one that is left unused is skipped, and its holder waits longer each time', () => {
    const room = new Room();
    room.reserve(ann);
    room.send(bob, 'two');
    expect(room.dueAt).toBe(NOW + 5_000);
    room.home.tick(NOW + 4_999);
    expect(room.find(1)).toBe('pending');
    room.home.tick(NOW + 5_000);
    expect([room.find(1), room.home.next]).toEqual([skipped(1), 3]);
    expect(room.frames).toEqual([message(2, 'two'), skipped(1)]);
    expect(room.home.reserve(ann, NOW + 6_000)).toEqual({ kind: 'refused', retryMs: 9_000 });
    const seq = room.reserve(ann, NOW + 15_000);
    room.home.release(ann, NOW + 15_001);
    expect(room.find(seq)).toBe(skipped(seq));
    expect(room.home.reserve(ann, NOW + 15_001)).toEqual({ kind: 'refused', retryMs: 20_000 });
    expect(room.home.reserve(bob, NOW + 15_001).kind).toBe('reserved');
  });

  test('a holder that is lost or leaves gives its slot back at once', () => {
    const room = new Room();
    room.reserve(ann);
    room.home.release(bob, NOW);
    expect(room.published).toEqual([]);
    room.home.release(ann, NOW);
    expect(room.frames).toEqual([skipped(1)]);
    room.home.release(ann, NOW);
    room.home.tick(NOW + 10_000);
    expect(room.frames).toEqual([skipped(1)]);
  });

  test('a room has so many at a time, and says when the next one ends', () => {
    const room = new Room();
    for (let n = 1; n <= 8; n++) room.reserve(user(n), NOW + n);
    expect(room.home.reserve(user(9), NOW + 100)).toEqual({ kind: 'refused', retryMs: 4_901 });
    room.send(user(3), 'three', { seq: 3 });
    expect(room.reserve(user(9), NOW + 100)).toBe(9);
  });

  test('asking for a number ends those that are over', () => {
    const room = new Room();
    room.reserve(ann);
    expect(room.reserve(bob, NOW + 5_000)).toBe(2);
    expect(room.frames).toEqual([skipped(1)]);
  });
});

describe('reading', () => {
  const filled = (memory = { slots: 8, bytes: 1 << 20 }): Room => {
    const room = new Room({ memory });
    for (let seq = 1; seq <= 20; seq++) room.send(ann, `m${seq}`);
    return room;
  };
  const texts = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => message(from + i, `m${from + i}`));

  test('a slot is there, gone, never given out, or of another epoch', () => {
    const room = filled();
    expect([room.home.floor, room.find(13), room.find(12), room.find(21)]).toEqual([
      13,
      message(13, 'm13'),
      'gone',
      'never',
    ]);
    expect(room.home.find(OTHER, 13, NOW)).toEqual({ kind: 'gone', floor: 13 });
  });

  test('history begins where it is told and ends with its count, an undecided slot or the last one', () => {
    const { home } = filled();
    expect(readAll(home.history(EPOCH, 14, 3))).toEqual(texts(14, 16));
    expect(readAll(home.history(EPOCH, 0, 256))).toEqual(texts(13, 20));
    expect(readAll(home.history(EPOCH, 21, 256))).toEqual([]);
    expect(home.history(EPOCH, 12, 1)).toBeUndefined();
    expect(home.history(OTHER, 14, 1)).toBeUndefined();
  });

  test('history says where to go on', () => {
    const room = filled();
    room.reserve(ann);
    room.send(ann, 'm22');
    const reader = room.home.history(EPOCH, 19, 256);
    expect(readAll(reader)).toEqual(texts(19, 20));
    expect(reader?.at).toBe(21);
  });

  test('history does not read what comes live while it is read', () => {
    const room = new Room({ memory: { slots: 64, bytes: 1 << 20 } });
    for (let seq = 1; seq <= 20; seq++) room.send(ann, 'x'.repeat(1_000));
    const reader = room.home.history(EPOCH, 1, 64);
    let sent = 0;
    const read = readAll(reader, () => {
      if (sent++ < 5) room.send(ann, 'later');
    });
    expect(sent).toBeGreaterThan(0);
    expect([read?.length, reader?.at]).toEqual([20, 21]);
  });

  test('history that is overtaken ends early', () => {
    const room = new Room({ memory: { slots: 64, bytes: 1 << 20 } });
    for (let seq = 1; seq <= 64; seq++) room.send(ann, 'x'.repeat(1_000));
    const reader = room.home.history(EPOCH, 1, 64);
    const read = readAll(reader, () => {
      for (let seq = 1; seq <= 50; seq++) room.send(ann, 'x'.repeat(1_000));
    });
    expect(read?.length).toBe((reader?.at ?? 0) - 1);
    expect(read?.length).toBeLessThan(30);
  });

  test('somebody who comes back gets what was decided above its last slot, and not what comes live', () => {
    const room = filled({ slots: 100, bytes: 1 << 20 });
    room.reserve(bob);
    room.send(ann, 'm22');
    const reader = room.home.resume(EPOCH, 18);
    room.send(bob, 'm21', { seq: 21 });
    room.send(ann, 'm23');
    expect(readAll(reader)).toEqual([...texts(19, 20), message(22, 'm22')]);
    expect(readAll(room.home.resume(EPOCH, 23))).toEqual([]);
  });

  test('somebody whose position is kept no longer, or of another epoch, starts afresh', () => {
    const { home } = filled();
    expect(home.resume(EPOCH, 11)).toBeUndefined();
    expect(readAll(home.resume(EPOCH, 12))).toEqual(texts(13, 20));
    expect(home.resume(OTHER, 19)).toBeUndefined();
  });

  test('a newcomer gets what is decided above the next slot', () => {
    const room = filled();
    expect(room.home.ahead()).toBeUndefined();
    room.reserve(bob);
    expect(room.home.ahead()).toBeUndefined();
    room.send(ann, 'm22');
    room.send(ann, 'm23');
    expect(readAll(room.home.ahead())).toEqual(texts(22, 23));
  });

  test('somebody who is overtaken while coming back is told, and goes on at the floor', () => {
    const room = new Room({ memory: { slots: 64, bytes: 1 << 20 } });
    for (let seq = 1; seq <= 64; seq++) room.send(ann, 'x'.repeat(1_000));
    let once = false;
    const read = readAll(room.home.resume(EPOCH, 0), () => {
      for (let seq = 1; seq <= 40 && !once; seq++) room.send(ann, 'y');
      once = true;
    });
    const [lagged] = read?.filter((frame) => !frame.startsWith('<CMSG')) ?? [];
    const before = read?.indexOf(lagged as string) ?? 0;
    expect(lagged).toBe(`<RPL_LAGGED,Lobby,${EPOCH},${before + 1},40>`);
    expect(read?.slice(before + 1).map((frame) => frame.split(',')[3])).toEqual(
      Array.from({ length: 24 }, (_, i) => `${41 + i}`),
    );
  });

  test('somebody who is overtaken by far is told of no slot that comes live', () => {
    const room = new Room({ memory: { slots: 64, bytes: 1 << 20 } });
    for (let seq = 1; seq <= 64; seq++) room.send(ann, 'one');
    const reader = room.home.resume(EPOCH, 10);
    for (let seq = 1; seq <= 200; seq++) room.send(ann, 'later');
    expect(readAll(reader)).toEqual([`<RPL_LAGGED,Lobby,${EPOCH},11,64>`]);
  });
});

describe('closing', () => {
  test('gives all memory back and decides nothing any more', () => {
    const room = new Room();
    room.reserve(ann);
    room.send(bob, 'two', { id: 'id-00001' });
    const reader = room.home.history(EPOCH, 0, 10);
    room.home.close();
    expect(room.budget.held).toBe(0);
    expect(room.dueAt).toBe(Number.POSITIVE_INFINITY);
    expect(room.send(bob, 'three')).toBe(UNAVAILABLE);
    expect(room.home.reserve(bob, NOW)).toEqual({ kind: 'unavailable' });
    room.home.tick(NOW + 10_000);
    room.home.release(ann, NOW);
    expect(room.published.length).toBe(1);
    expect(readAll(reader)).toEqual([]);
  });
});
