// One server's part of a room: what it takes from others, in which order, and what it believes of who is home.

import { expect, test } from 'bun:test';
import { epoch, type ServerId, serverId } from '../../src/base/ids.ts';
import { SENT, WAITING } from '../../src/base/outcome.ts';
import { START } from './one-room.ts';
import { OnePeer } from './peer.ts';

const [TWO, THREE, FOUR] = [serverId(2), serverId(3), serverId(4)];
const UID = '2.1790000000000001';

function* interleavings<T>(lists: readonly (readonly T[])[]): Generator<readonly T[]> {
  if (lists.every((list) => list.length === 0)) yield [];
  for (const [i, [first, ...others]] of lists.entries()) {
    if (first === undefined) continue;
    for (const rest of interleavings(lists.with(i, others as T[]))) yield [first, ...rest];
  }
}

test('a home that has no room for a send takes none behind it, and asks for all of them when it has', () => {
  const one = new OnePeer([TWO, THREE], 1);
  const { order } = one;
  order.peer.create('', START);
  const standby = order.peer.standby as ServerId;
  const { epoch: of } = order;
  const forward = (number: number, before: number) =>
    `<FORWARD,Lobby,${of},${number},${before},${UID},ann,0,,text ${number}>`;
  expect(one.hear(TWO, `<SUBSCRIBE,Lobby,,0>`).join()).toContain('OPENED');
  one.hear(THREE, `<SUBSCRIBE,Lobby,,0>`);

  expect(one.hear(TWO, forward(1, 0)).join()).toContain('text 1');
  // A refusal that is lost would let 3 pass 2.
  expect(one.hear(TWO, forward(2, 1), forward(3, 2))).toEqual([]);
  const said = one.hear(standby, `<ACK,Lobby,${of},1>`);
  expect(said.filter((line) => line.includes('SETTLED'))).toEqual([`2 <SETTLED,Lobby,1,0,${of},1>`]);
  expect(said.filter((line) => line.includes('RESEND'))).toEqual([`2 <RESEND,Lobby,${of}>`]);
  // One answer to many that are behind a gap.
  expect(one.hear(TWO, forward(3, 2), forward(3, 2))).toEqual([]);
  expect(one.hear(TWO, forward(2, 0)).join()).toContain('text 2');
  one.hear(standby, `<ACK,Lobby,${of},2>`);
  one.hear(TWO, forward(3, 2));
  one.hear(standby, `<ACK,Lobby,${of},3>`);
  expect(one.readable.map((line) => line.slice(-7, -1))).toEqual(['text 1', 'text 2', 'text 3']);
});

test('whatever the order in which homes are heard of, the newest is followed, with its newest standby', () => {
  const said = (at: number, home: ServerId, ...standbys: readonly ServerId[]) =>
    standbys.map((standby) => ({ epoch: epoch(at, home), standby }));
  // Of two of one time, the one of the higher server is newer.
  const facts = [
    said(START, TWO, THREE, FOUR, THREE),
    said(START + 1, THREE, TWO, FOUR),
    said(START + 1, FOUR, TWO, THREE, TWO),
  ];
  let count = 0;
  for (const order of interleavings(facts)) {
    const one = new OnePeer([TWO, THREE, FOUR]);
    const [first, ...rest] = order;
    if (first === undefined) throw new Error('nothing was said');
    one.order.peer.follow(first.epoch, first.standby, START);
    for (const { epoch, standby } of rest) one.order.peer.heard(epoch, standby, START);
    expect([one.order.epoch, one.order.peer.standby]).toEqual([epoch(START + 1, FOUR), TWO]);
    count++;
  }
  expect(count).toBe(560);
});

test('an epoch begins when all that it joins is here, or after it was waited for', () => {
  const [old, tail, next] = [epoch(START, TWO), epoch(START + 1, THREE), epoch(START + 2, TWO)];
  const opened = `<OPENED,Lobby,${next},9,${old},1,1,${tail},5,5,1>`;
  for (const comes of [true, false]) {
    const one = new OnePeer([TWO, THREE]);
    one.order.peer.follow(old, undefined, START);
    one.hear(TWO, `<OPENED,Lobby,${old},1,,0,0>`, `<STREAM,Lobby,${old},0,1,1,>`, `<SKIPSEQUENCE,Lobby,${old},1>`);
    one.readable = [];
    expect(one.hear(TWO, opened)).toContain(`2 <SUBSCRIBE,Lobby,${tail},0,1>`);
    expect([one.order.epoch, one.readable]).toEqual([old, []]);
    if (comes) {
      const said = one.hear(TWO, `<STREAM,Lobby,${tail},0,1,1,>`, `<SKIPSEQUENCE,Lobby,${tail},5>`);
      expect(said).toEqual([`2 <SUBSCRIBE,Lobby,${old},1>`]);
    } else {
      one.now += 2_000;
      one.order.peer.tick(one.now);
      expect(one.said()).toContain(`2 <SUBSCRIBE,Lobby,${old},1>`);
    }
    one.hear(TWO, opened);
    expect([one.order.epoch, one.readable]).toEqual([next, [`<EPOCH,Lobby,${next},9,${old},1,${tail},5,5>`]]);
    expect(one.order.find(tail, 5, one.now).kind).toBe(comes ? 'slot' : 'gone');
  }
});

test('an epoch is waited for no longer because a later one is told of behind it, each time', () => {
  const [old, tail] = [epoch(START, TWO), epoch(START + 1, THREE)];
  const [next, last] = [epoch(START + 2, TWO), epoch(START + 3, TWO)];
  const one = new OnePeer([TWO, THREE]);
  one.order.peer.follow(old, undefined, START);
  one.hear(TWO, `<OPENED,Lobby,${old},1,,0,0>`, `<STREAM,Lobby,${old},0,0,0>`);
  const tails = `${old},0,0,${tail},5,5,1,${old},1,1,0`;
  const opened = [`<OPENED,Lobby,${next},9,${tails}>`, `<OPENED,Lobby,${last},9,${tails}>`];
  one.hear(TWO, ...opened);
  for (let rounds = 0; rounds < 3; rounds++) {
    one.now += 2_000;
    one.hear(TWO, ...opened);
  }
  expect(one.order.epoch).not.toBe(old);
});

test('a standby that is lost and within reach at once, in another life, is told everything again', () => {
  const one = new OnePeer([TWO, THREE]);
  const { order } = one;
  order.peer.create('', START);
  const { epoch: of } = order;
  for (const server of [TWO, THREE]) one.hear(server, '<SUBSCRIBE,Lobby,,0>');
  const before = order.peer.standby as ServerId;
  const other = before === TWO ? THREE : TWO;
  order.peer.lost(before, true, START);
  const standby = order.peer.standby as ServerId;
  const said = one.hear(other, `<FORWARD,Lobby,${of},1,0,${UID},ann,0,,text 1>`);
  expect(said.filter((line) => line.startsWith(`${standby} `)).join()).toContain('text 1');
  one.hear(standby, `<ACK,Lobby,${of},1>`);
  expect(one.readable.join()).toContain('text 1');
});

test('a STREAM that announces more entries than it has references for is passed over', () => {
  const one = new OnePeer([TWO]);
  const old = epoch(START, TWO);
  one.order.peer.follow(old, undefined, START);
  one.hear(TWO, `<OPENED,Lobby,${old},1,,0,0>`, `<STREAM,Lobby,${old},0,1,9007199254740991>`);
  one.hear(TWO, `<STREAM,Lobby,${old},0,1,1,>`, `<SKIPSEQUENCE,Lobby,${old},1>`);
  expect(one.order.next).toBe(2);
});

test('a home in another life knows nothing of its epoch: after the hold somebody takes its place', () => {
  const one = new OnePeer([TWO]);
  const old = epoch(START, TWO);
  one.order.peer.follow(old, undefined, START);
  one.hear(TWO, '<SEALED,Lobby,,,0>');
  one.now += 2_999;
  one.order.peer.tick(one.now);
  expect(one.said().filter((line) => line.includes('SEAL,'))).toEqual([]);
  // One second for each that is to try before this one.
  one.now += 2_001;
  one.order.peer.tick(one.now);
  expect(one.said().join()).toContain('2 <SEAL,Lobby,');
});

test('a home that stands by its epoch, or a newer one, is not taken for lost', () => {
  const one = new OnePeer([TWO]);
  const old = epoch(START, TWO);
  one.order.peer.follow(old, undefined, START);
  one.hear(TWO, `<SEALED,Lobby,${old},,0>`);
  one.now += 60_000;
  one.order.peer.tick(one.now);
  expect(one.said().filter((line) => line.includes('SEAL,'))).toEqual([]);
});

test('a home that reaches nobody and awaits somebody decides when that one has it, or is awaited no longer', () => {
  for (const isBack of [true, false]) {
    const others = [TWO];
    const one = new OnePeer(others);
    const { peer } = one.order;
    peer.create('', START);
    others.length = 0;
    one.awaited = [TWO];
    peer.lost(TWO, false, one.now);
    expect([one.send('waits'), one.order.level, one.readable]).toEqual([WAITING, 'replicated', []]);
    one.awaited = [];
    if (isBack) others.push(TWO);
    if (isBack) peer.reached(TWO, one.now);
    else peer.lost(TWO, false, one.now);
    peer.flush(one.now);
    if (isBack) expect([one.said().join('\n').includes('waits'), one.readable]).toEqual([true, []]);
    if (isBack) one.hear(TWO, `<ACK,Lobby,${one.order.epoch},1>`);
    expect([one.readable.length, one.order.level]).toEqual([1, isBack ? 'replicated' : 'home']);
    expect(one.send('next')).toBe(isBack ? WAITING : SENT);
  }
});

// Else what was never decided is taken for another line: lines are joined, and it is read as a branch beside its message.
test('a home that is one no longer tells nobody of what it had not committed, and drops it', () => {
  for (const isSealed of [true, false]) {
    const one = new OnePeer([TWO]);
    const { peer } = one.order;
    peer.create('', START);
    one.hear(TWO, '<SUBSCRIBE,Lobby,,0>');
    const own = one.order.epoch;
    one.send('first');
    one.send('second');
    one.hear(TWO, `<ACK,Lobby,${own},1>`);
    const next = epoch(START + 1_000, TWO);
    one.readable = [];
    if (isSealed) expect(one.hear(TWO, `<SEAL,Lobby,${next}>`)).toEqual([`2 <SEALED,Lobby,${next},,1,${own},1,1,2>`]);
    peer.heard(next, undefined, START);
    expect(one.said()).toContain(`2 <SUBSCRIBE,Lobby,${own},1>`);
    const said = one.hear(TWO, `<OPENED,Lobby,${next},3,${own},1,2>`, `<STREAM,Lobby,${next},0,0,0>`);
    expect([one.order.epoch, one.readable]).toEqual([next, [`<EPOCH,Lobby,${next},3,${own},2>`]]);
    expect(said.join()).toMatch(/2 <FORWARD,[^>]*,second>/);
  }
});

test('what a former home had not committed is decided where its standby, which had it, took over', () => {
  const one = new OnePeer([TWO]);
  const { peer } = one.order;
  peer.create('', START);
  one.hear(TWO, '<SUBSCRIBE,Lobby,,0>');
  const own = one.order.epoch;
  one.send('first');
  const next = epoch(START + 1_000, TWO);
  one.readable = [];
  one.hear(TWO, `<OPENED,Lobby,${next},2,${own},1,1>`, `<STREAM,Lobby,${next},0,0,0>`);
  expect(one.readable.map((line) => line.slice(0, 6))).toEqual(['<CMSG,', '<EPOCH']);
});

test('a home that stood still while it awaited somebody asks before it decides again', () => {
  const others = [TWO];
  const one = new OnePeer(others);
  const { peer } = one.order;
  peer.create('', START);
  others.length = 0;
  one.awaited = [TWO];
  peer.lost(TWO, false, one.now);
  one.send('waits');
  one.now += 20_000;
  peer.stalled(one.now);
  one.awaited = [];
  peer.lost(TWO, false, one.now);
  expect(one.readable).toEqual([]);
  // Nobody is there to be asked.
  one.now += 5_000;
  peer.tick(one.now);
  expect(one.readable).toHaveLength(1);
});

// It would be promised for ever, and nobody could open a newer one.
test('an epoch that is further ahead than clocks are wrong is none, whatever frame of another server it comes in', () => {
  const far = epoch(START + 25 * 3_600_000, TWO);
  for (const frame of [
    `<SEAL,Lobby,${far}>`,
    `<SEALED,Lobby,${far},,0>`,
    `<OPENED,Lobby,${far},1,,0,0>`,
    `<SUBSCRIBE,Lobby,${far},0>`,
    `<FORWARD,Lobby,${far},1,0,${UID},ann,0,,text>`,
  ]) {
    const one = new OnePeer([TWO]);
    one.order.peer.create('', START);
    const own = one.order.epoch;
    one.hear(TWO, frame);
    one.order.peer.heard(far, undefined, START);
    expect(one.order.peer.role).toBe('home');
    expect(one.order.epoch).toBe(own);
    one.hear(TWO, `<SEAL,Lobby,${epoch(START + 23 * 3_600_000, TWO)}>`);
    expect(one.order.peer.role).toBe('frozen');
  }
});

test('who promised an epoch waits for it anew whenever its home says that it is on the way', () => {
  const one = new OnePeer([TWO, THREE]);
  const { peer } = one.order;
  const [old, next] = [epoch(START, TWO), epoch(START + 1, THREE)];
  peer.follow(old, THREE, START);
  const wait = (ms: number): string => {
    one.now += ms;
    peer.tick(one.now);
    return peer.role;
  };
  one.hear(THREE, `<SEAL,Lobby,${next}>`);
  for (let i = 0; i < 5; i++) {
    expect([i, wait(2_900)]).toEqual([i, 'frozen']);
    // And answers, as an answer may have been lost.
    expect(one.hear(THREE, `<SEAL,Lobby,${next}>`)).toEqual([`3 <SEALED,Lobby,${next},,0>`]);
  }
  expect([wait(2_900), wait(2_000)]).toEqual(['frozen', 'electing']);
});

// Otherwise a slow way makes it begin again and again, each time with what came first, and never with all.
test('what another line holds is waited for as long as more of it comes', () => {
  const theirs = epoch(START - 1, TWO);
  const one = new OnePeer([TWO]);
  const { peer } = one.order;
  const isOpened = (): boolean => peer.role === 'home';
  peer.create('', START);
  one.now += 1_000;
  const [own] = one.hear(TWO, `<SUBSCRIBE,Lobby,${theirs},4>`).filter((line) => line.includes('<SEAL,'));
  const next = own?.match(/Lobby,(.*)>/)?.[1];
  expect(one.hear(TWO, `<SEALED,Lobby,${next},,1,${theirs},1,4,4>`)).toEqual([`2 <SUBSCRIBE,Lobby,${theirs},0,4>`]);
  for (let seq = 1; seq <= 3; seq++) {
    one.now += 1_900;
    one.hear(TWO, `<STREAM,Lobby,${theirs},${seq - 1},4,1,>`, `<SKIPSEQUENCE,Lobby,${theirs},${seq}>`);
    one.now += 100;
    peer.tick(one.now);
    expect([seq, isOpened()]).toEqual([seq, false]);
  }
  one.now += 2_000;
  peer.tick(one.now);
  expect(isOpened()).toBe(true);
  expect(one.said().join()).toContain(`,${theirs},1,3,3>`);
});
