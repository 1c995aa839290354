// Users and rooms of other servers: what is told of ours, what is made of what others tell, frame by frame.

import { describe, expect, test } from 'bun:test';
import { type Epoch, type RoomKey, type ServerId, serverId, type Uid } from '../../src/base/ids.ts';
import { SENT } from '../../src/base/outcome.ts';
import { parse, snapshot } from './frames.ts';
import { FakePeers } from './peers.ts';
import { type Client, errors, type Settings, START, World } from './world.ts';

const A = serverId(7);
const B = serverId(8);
const C = serverId(9);
const FIRST = START * 1000;
const ANN = `8.${FIRST}` as Uid;
const DEV = 'dev' as RoomKey;

/** A server with peers; rooms elsewhere are counted where they are. */
class Site {
  readonly peers = new FakePeers();
  readonly world: World;

  constructor(settings: Settings = {}) {
    this.world = new World({ presence: 100, ...settings, peers: this.peers });
    this.peers.open = (key, name) => Object.assign(this.world.openRoom(key, name), { elsewhere: true });
  }

  /** Facts of other servers; returns how they were judged. */
  facts(origin: ServerId, ...texts: string[]): string[] {
    return texts.map((text) => this.world.chat.applyFact(origin, parse(text), this.world.now));
  }

  restore(origin: ServerId, ...texts: string[]): void {
    const restoring = this.world.chat.restoring(origin);
    for (const text of texts) restoring.take(parse(text));
    restoring.end(this.world.now);
  }

  route(text: string): string {
    return this.world.chat.route(B, parse(text), this.world.now);
  }

  split(origin: ServerId = B): void {
    this.world.chat.forget(origin, { kind: 'split', near: 'a.example', far: 'b.example' }, this.world.now);
  }

  rooms(client: Client, room: string): string[] {
    return client.ask(`<ULIST,${room}>`).map((frame) => frame.replace('<RPL_ULIST,', '<'));
  }
}

function user(uid: string, nick: string, time = START, ...more: string[]): string {
  return `<${['USER', uid, nick, 'u', 'h', 'Real Name', time, ...more].join(',')}>`;
}

describe('facts of our users', () => {
  test('are told when they are true, in their order', () => {
    const { world, peers } = new Site();
    const a = world.user('Ann', 'Dev');
    expect(peers.take()).toEqual([`<USER,${a.uid},Ann,u,h,Real Name,${START}>`, `<JOINROOM,${a.uid},dev>`]);
    const { uid } = a;
    world.now += 5;
    a.say('<NICK,ann><NICK,ann><NICK,Bob><JOINROOM,dev><LEAVEROOM,DEV><QUIT,so long>');
    expect(peers.take()).toEqual([
      `<NICK,${uid},ann,${START}>`,
      `<NICK,${uid},Bob,${START + 5}>`,
      `<LEAVEROOM,${uid},dev>`,
      `<QUIT,${uid},Quit: so long>`,
    ]);
    expect(snapshot(world.chat, A)).toEqual([]);
  });

  test('are what a snapshot says', () => {
    const { world, peers } = new Site();
    world.user('a', 'r', 's');
    world.user('b', 's');
    expect(snapshot(world.chat, A).sort()).toEqual(peers.take().sort());
  });

  test('are told of who was lost, is killed or resumes', () => {
    const { world, peers } = new Site();
    const root = world.operator('root', 'root');
    const [a, b] = [world.user('a'), world.user('b')];
    peers.take();
    a.drop();
    root.say('<KILL,b,out>');
    const c = world.connect().say(`<RESUME,${root.uid},token-${root.uid}><USER,u,0,*,x>`);
    expect(peers.take()).toEqual([
      `<QUIT,7.${FIRST + 1},Connection lost>`,
      `<QUIT,7.${FIRST + 2},Killed by root: out>`,
      `<USER,${c.uid},root,u,h,x,${START},7.${FIRST}>`,
      `<QUIT,7.${FIRST},Resumed by a new connection>`,
    ]);
    expect([a.lost, b.closed]).toEqual([true, 'Killed by root: out']);
  });

  test('a long real name is told up to 256 letters, always the same', () => {
    const { world, peers } = new Site();
    world.connect().say(`<NICK,a><USER,u,0,*,${'ä'.repeat(300)}>`);
    const told = peers.take();
    expect(told).toEqual([`<USER,7.${FIRST},a,u,h,${'ä'.repeat(256)},${START}>`]);
    expect(snapshot(world.chat, A)).toEqual(told);
  });
});

describe('facts of others', () => {
  test('are spoken as presence here is', () => {
    const site = new Site();
    const { world } = site;
    const a = world.user('a', 'dev', 'ops');
    const say = (...texts: string[]): string[] => {
      expect(site.facts(B, ...texts)).toEqual(texts.map(() => 'good'));
      return a.take();
    };
    expect(say(user(ANN, 'Ann'))).toEqual([]);
    expect(say(`<JOINROOM,${ANN},dev>`)).toEqual(['<JOINROOM,dev,Ann!u@h>']);
    expect(say(`<JOINROOM,${ANN},dev>`)).toEqual([]);
    expect(say(`<JOINROOM,${ANN},ops>`)).toEqual(['<JOINROOM,ops,Ann!u@h>']);
    expect(say(`<NICK,${ANN},Eve,${START + 1}>`)).toEqual(['<NICK,Ann!u@h,Eve>']);
    expect(site.rooms(a, 'dev')).toEqual([
      `<dev,a!u@h,${a.uid},a.example>`,
      `<dev,Eve!u@h,${ANN},s8.example>`,
      '<RPL_ENDOFULIST,dev,2>',
    ]);
    expect(say(`<LEAVEROOM,${ANN},ops>`)).toEqual(['<LEAVEROOM,ops,Eve!u@h>']);
    expect(say(`<QUIT,${ANN},Quit: bye>`)).toEqual(['<QUIT,Eve!u@h,Quit: bye>']);
    expect(say(`<QUIT,${ANN},Quit: bye>`, `<NICK,${ANN},x,1>`, `<JOINROOM,${ANN},dev>`)).toEqual([]);
    expect(world.chat.users.size).toBe(1);
  });

  test('a broadcast reaches clients, servers or all', () => {
    const site = new Site();
    const a = site.world.user('a');
    for (const scope of ['clients', 'servers', 'all']) site.facts(B, `<BMSG,root,${scope},5,x\\, y>`);
    expect(a.take()).toEqual(['<BMSG,root,clients,5,x\\, y>', '<BMSG,root,all,5,x\\, y>']);
    const fields = { by: 'root', server: 's8.example', text: 'x, y' };
    expect(site.world.logged).toEqual([
      ['operator.broadcast', { ...fields, scope: 'servers' }],
      ['operator.broadcast', { ...fields, scope: 'all' }],
    ]);
  });

  test('our own, come back, change nothing', () => {
    const site = new Site();
    const a = site.world.user('a', 'dev');
    const before = snapshot(site.world.chat, A);
    site.facts(A, `<QUIT,${a.uid},x>`, user(`7.${FIRST + 9}`, 'z'), '<BMSG,x,all,1,x>');
    site.restore(A);
    expect([a.take(), snapshot(site.world.chat, A)]).toEqual([[], before]);
  });

  test.each([
    ['USER of another server', user(`9.${FIRST}`, 'x')],
    ['USER of another life', user('8.5', 'x')],
    ['a bad uid', user('8.01', 'x')],
    ['a bad nickname', user(ANN, '1x')],
    ['a long nickname', user(ANN, 'x'.repeat(33))],
    ['a bad user name', `<USER,${ANN},x,u u,h,r,1>`],
    ['a bad host', `<USER,${ANN},x,u,h h,r,1>`],
    ['a long host', `<USER,${ANN},x,u,${'h'.repeat(256)},r,1>`],
    ['a long real name', `<USER,${ANN},x,u,h,${'r'.repeat(257)},1>`],
    ['a bad time', user(ANN, 'x', '01' as never)],
    ['no time', `<USER,${ANN},x,u,h,r>`],
    ['a time too large', user(ANN, 'x', 9_007_199_254_740_992)],
    ['resuming nobody', user(ANN, 'x', 1, 'y')],
    ['resuming oneself', user(ANN, 'x', 1, ANN)],
    ['a NICK that is none', `<NICK,${ANN},-,1>`],
    ['a room that is none', `<JOINROOM,${ANN},a b>`],
    ['a room in another spelling', `<JOINROOM,${ANN},Dev>`],
    ['a long room in another spelling', `<JOINROOM,${ANN},${'I'.repeat(70)}>`],
    ['no room', `<LEAVEROOM,${ANN}>`],
    ['a QUIT without words', `<QUIT,${ANN}>`],
    ['a broadcast to nobody', '<BMSG,x,some,1,x>'],
    ['a broadcast without words', '<BMSG,x,all,1,>'],
    ['a broadcast by nobody', '<BMSG,,all,1,x>'],
  ])('refused: %s', (_, text) => {
    const site = new Site();
    const { chat } = site.world;
    site.facts(B, user(`8.${FIRST + 1}`, 'y'), `<JOINROOM,8.${FIRST + 1},dev>`);
    const before = snapshot(chat, B);
    expect(chat.checkFact(B, START, parse(text))).toBe('bad');
    if (!text.includes('8.5')) expect(site.facts(B, text)).toEqual(['bad']);
    expect(snapshot(chat, B)).toEqual(before);
  });

  test('what is not known is passed over; a key may be longer than a name', () => {
    const site = new Site();
    expect(site.facts(B, '<ROOM,dev,1.8>', '<DANCE>')).toEqual(['unknown', 'unknown']);
    expect(site.facts(B, user(ANN, 'x'), `<JOINROOM,${ANN},${'i̇'.repeat(64)}>`)).toEqual(['good', 'good']);
    expect(snapshot(site.world.chat, B)).toHaveLength(2);
  });

  test('large rooms hear numbers; members anywhere count', () => {
    const site = new Site({ presence: 2 });
    const { world } = site;
    const a = world.user('a', 'dev');
    site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`);
    expect(a.take()).toEqual(['<JOINROOM,dev,b!u@h>']);
    site.facts(B, user(`8.${FIRST + 1}`, 'c'), `<JOINROOM,8.${FIRST + 1},dev>`);
    world.pass(1000);
    expect(a.take()).toEqual(['<RPL_MEMBERS,dev,3>']);
    site.facts(B, `<QUIT,${ANN},x>`);
    world.pass(1000);
    expect(a.take()).toEqual(['<RPL_MEMBERS,dev,2>']);
    expect(a.ask('<LISTROOMS>')[0]).toStartWith('<RPL_ROOM,dev,2,');
  });

  test('a number that a user elsewhere holds ends with its membership', () => {
    const site = new Site();
    const a = site.world.user('a', 'dev');
    site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`);
    site.world.room('dev')?.reserve(ANN);
    a.take();
    site.facts(B, `<LEAVEROOM,${ANN},dev>`);
    expect(a.take().map((frame) => frame.split(',')[0])).toEqual(['<LEAVEROOM', '<SKIPSEQUENCE']);
  });
});

describe('rooms elsewhere', () => {
  test('may be joined when they are known; who was in them is seen', () => {
    const site = new Site();
    const { world } = site;
    const a = world.user('a');
    site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`);
    expect(errors(a.ask('<JOINROOM,dev>'))).toEqual(['<ERR_NOSUCHROOM,JOINROOM,dev,…>']);
    world.chat.roomKnown(DEV, 'Dev', world.now);
    expect(errors(a.ask('<CREATEROOM,dev>'))).toEqual(['<ERR_ROOMEXISTS,CREATEROOM,dev,…>']);
    expect(a.ask('<JOINROOM,dev>')[0]).toStartWith(`<RPL_WELCOME,Dev,a!u@h,${a.uid},`);
    expect(site.rooms(a, 'dev').at(-1)).toBe('<RPL_ENDOFULIST,Dev,2>');
    site.facts(B, `<QUIT,${ANN},x>`);
    expect(a.take()).toEqual(['<QUIT,b!u@h,x>']);
    world.chat.roomKnown(DEV, 'DEV', world.now);
    expect([site.peers.opened, world.chat.rooms.get(DEV)?.name]).toEqual([['Dev'], 'DEV']);
  });

  test('made here while somebody is in one of that name elsewhere', () => {
    const site = new Site();
    site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`);
    const a = site.world.user('a', 'dev');
    expect(site.rooms(a, 'dev')).toHaveLength(3);
  });

  test('end where they are at home, not here', () => {
    const site = new Site();
    const { world } = site;
    world.chat.roomKnown(DEV, 'dev', world.now);
    const a = world.user('a', 'dev');
    site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`);
    expect(world.chat.roomEnded(DEV)).toBe(false);
    a.say('<LEAVEROOM,dev>');
    site.facts(B, `<LEAVEROOM,${ANN},dev>`);
    world.pass(10_000_000);
    expect(world.room('dev')).toBeDefined();
    site.facts(B, `<JOINROOM,${ANN},dev>`);
    expect([world.chat.roomEnded(DEV), world.chat.roomEnded(DEV), world.ports.size]).toEqual([true, true, 0]);
    expect(snapshot(world.chat, B)).toContain(`<JOINROOM,${ANN},dev>`);
    world.chat.roomKnown(DEV, 'dev', world.now);
    expect(world.chat.rooms.get(DEV)?.members.size).toBe(1);
  });

  test('one at home here stays while somebody elsewhere is in it', () => {
    const site = new Site();
    const a = site.world.user('a', 'dev');
    site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`);
    a.drop();
    site.world.pass(10_000_000);
    expect(site.world.room('dev')).toBeDefined();
    site.split();
    site.world.pass(10_000_000);
    expect(site.world.room('dev')).toBeUndefined();
  });

  test('nothing is announced where nobody hears it, and numbers are seen to at the home alone', () => {
    const site = new Site();
    const { world } = site;
    const released: string[] = [];
    world.chat.roomKnown(DEV, 'dev', world.now);
    const room = world.room('dev') as NonNullable<ReturnType<World['room']>>;
    room.release = (holder) => released.push(holder);
    const other = `8.${FIRST + 1}`;
    site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`, user(other, 'c'), `<JOINROOM,${other},dev>`);
    site.facts(B, `<NICK,${ANN},d,5>`, `<LEAVEROOM,${ANN},dev>`, `<QUIT,${other},x>`);
    expect([world.announced, released]).toEqual([0, []]);
    const a = world.user('a', 'dev');
    const { uid } = a;
    site.facts(B, `<JOINROOM,${ANN},dev>`);
    expect(a.take()).toEqual(['<JOINROOM,dev,d!u@h>']);
    a.drop();
    site.facts(B, `<LEAVEROOM,${ANN},dev>`);
    // The last one is the QUIT of who was alone here.
    expect([world.announced, released]).toEqual([2, [uid]]);
  });

  test('joining waits until the room can say where it is', () => {
    const site = new Site();
    const { world } = site;
    world.chat.roomKnown(DEV, 'dev', world.now);
    const room = world.room('dev') as NonNullable<ReturnType<World['room']>>;
    room.readiness = 'later';
    const a = world.user('a').say('<JOINROOM,dev><PING,x>');
    expect([a.take(), room.asked]).toEqual([[], [a.session]]);
    world.chat.again(a.session, world.now);
    expect([a.take(), room.asked.length]).toEqual([[], 2]);
    room.readiness = 'yes';
    world.chat.again(a.session, world.now);
    expect(a.take().map((frame) => frame.split(',')[0])).toEqual(['<RPL_WELCOME', '<PONG']);
    world.chat.again(a.session, world.now);
    room.readiness = 'later';
    a.say('<JOINROOM,dev>');
    room.readiness = 'no';
    world.chat.again(a.session, world.now);
    expect(errors(a.take())).toEqual(['<ERR_ROOMUNAVAILABLE,JOINROOM,dev,…>']);
    room.readiness = 'later';
    a.say('<JOINROOM,dev>').drop();
    world.chat.again(a.session, world.now);
    expect(world.chat.rooms.get(DEV)?.members.size).toBe(0);
  });
});

describe('numbers of a room elsewhere', () => {
  test('come later; input waits', () => {
    const site = new Site();
    const { world } = site;
    const a = world.user('a', 'dev');
    const room = world.room('dev') as NonNullable<ReturnType<World['room']>>;
    room.late = true;
    a.say('<GETSEQUENCE,Dev><PING,x>');
    expect([a.take(), room.asking]).toEqual([[], [a.uid]]);
    world.chat.reserved(a.uid, DEV, { kind: 'reserved', seq: 3, ttlMs: 5000 }, world.now);
    expect(a.take()).toEqual([`<NEWSEQUENCE,dev,${room.epoch},3,5000>`, '<PONG,x>']);
    a.say('<GETSEQUENCE,dev>');
    world.chat.reserved(a.uid, DEV, { kind: 'unavailable' }, world.now);
    expect(errors(a.take())).toEqual(['<ERR_ROOMUNAVAILABLE,GETSEQUENCE,dev,…>']);
    world.chat.reserved(a.uid, DEV, { kind: 'unavailable' }, world.now);
    const { uid } = a.say('<GETSEQUENCE,dev>');
    a.drop();
    world.chat.reserved(uid, DEV, { kind: 'unavailable' }, world.now);
    expect(world.chat.users.size).toBe(0);
  });

  test('a message that stands in another epoch is answered with that', () => {
    const { world } = new Site();
    const a = world.user('a', 'dev');
    const room = world.room('dev') as NonNullable<ReturnType<World['room']>>;
    room.waits = true;
    a.say('<CSEND,x,,,id-00000001>');
    room.waiting.splice(0);
    world.chat.sent(a.session, DEV, SENT, 4, 'id-00000001', world.now, '1.9' as Epoch);
    expect(a.take()).toEqual(['<RPL_SENT,dev,1.9,4,id-00000001>']);
    room.waits = false;
    room.sentEpoch = '2.9' as Epoch;
    expect(a.ask('<CSEND,y,,,id-00000002>').at(-1)).toBe('<RPL_SENT,dev,2.9,1,id-00000002>');
  });
});

describe('a server that is gone', () => {
  test('takes its users with it: one QUIT each, and one return', () => {
    const site = new Site();
    const a = site.world.user('a', 'dev', 'ops');
    const facts = [user(ANN, 'b'), `<JOINROOM,${ANN},dev>`, `<JOINROOM,${ANN},ops>`];
    site.facts(B, ...facts);
    a.take();
    site.split();
    expect(a.take()).toEqual(['<QUIT,b!u@h,a.example b.example>']);
    expect(a.ask('<LOCATE,b>')).toEqual([`<RPL_WASLOCATION,b,,${ANN},s8.example,${START}>`]);
    site.restore(B, ...facts);
    expect(a.take()).toEqual(['<JOINROOM,dev,b!u@h>', '<JOINROOM,ops,b!u@h>']);
    expect(a.ask('<LOCATE,b>')).toEqual([`<RPL_LOCATION,b,b!u@h,${ANN},s8.example,0>`]);
  });

  test('comes back in time: only what changed is told', () => {
    const site = new Site();
    const a = site.world.user('a', 'dev', 'ops');
    site.facts(
      B,
      user(ANN, 'b'),
      `<JOINROOM,${ANN},dev>`,
      user(`8.${FIRST + 1}`, 'c'),
      `<JOINROOM,8.${FIRST + 1},dev>`,
    );
    a.take();
    const said = snapshot(site.world.chat, B);
    site.restore(B, ...said);
    expect([a.take(), snapshot(site.world.chat, B)]).toEqual([[], said]);
    site.restore(B, user(ANN, 'B', 3), `<JOINROOM,${ANN},ops>`, user(`8.${FIRST + 2}`, 'd'), '<JOINROOM,8.1,dev>');
    expect(a.take()).toEqual(['<LEAVEROOM,dev,b!u@h>', '<QUIT,c!u@h,Gone meanwhile>', '<JOINROOM,ops,B!u@h>']);
  });

  test('left, or was started again', () => {
    const site = new Site();
    const a = site.world.user('a', 'dev');
    for (const kind of ['left', 'restarted'] as const) {
      site.facts(B, user(ANN, 'b'), `<JOINROOM,${ANN},dev>`);
      a.take();
      site.world.chat.forget(B, { kind, server: 'b.example' }, site.world.now);
      const words = { left: 'has left the network', restarted: 'was started again' };
      expect(a.take()).toEqual([`<QUIT,b!u@h,b.example ${words[kind]}>`]);
    }
    site.split(C);
    expect(a.take()).toEqual([]);
  });

  test('a user that comes back has its former names', () => {
    const site = new Site();
    const a = site.world.user('a');
    site.facts(B, user(ANN, 'old'), `<NICK,${ANN},new,${START}>`);
    site.split();
    site.restore(B, user(ANN, 'new'));
    expect(a.ask('<LOCATE,old>')).toEqual([`<RPL_WASLOCATION,old,new,${ANN},s8.example,${START}>`]);
    expect(site.world.chat.users.size).toBe(2);
  });
});

describe('nicknames', () => {
  test('owned anywhere are in use', () => {
    const site = new Site();
    site.facts(B, user(ANN, 'Ann'));
    expect(errors(site.world.connect().ask('<USER,ann,0,*,x>'))).toEqual(['<ERR_NICKINUSE,USER,ann,…>']);
    const b = site.world.user('b');
    expect(errors(b.ask('<NICK,ANN>'))).toEqual(['<ERR_NICKINUSE,NICK,ANN,…>']);
    site.facts(B, `<NICK,${ANN},c,${START}>`);
    expect(b.ask('<NICK,ANN>')).toEqual(['<NICK,b!u@h,ANN>']);
  });

  test('of ours that somebody had before: its own server ends it', () => {
    const site = new Site();
    const a = site.world.user('Ann', 'dev');
    const b = site.world.user('b', 'dev');
    const { uid } = a;
    a.take();
    site.peers.take();
    site.facts(B, user(ANN, 'ann', START - 1));
    const text = 'Somebody on another server had this nickname before; connect again with another one';
    expect(a.take()).toEqual([`<KILL,Ann,${text}>`, '<ERROR,The nickname belongs to somebody else>']);
    expect(b.take()).toEqual(['<QUIT,Ann!u@h,The nickname belongs to somebody else>']);
    expect(site.peers.take()).toEqual([`<QUIT,${uid},The nickname belongs to somebody else>`]);
    expect(b.ask('<LOCATE,ann>')).toEqual([`<RPL_LOCATION,ann,ann!u@h,${ANN},s8.example,0>`]);
  });

  test.each([
    ['later', START + 1, 'a'],
    ['at the same time, by a higher uid', START, 'a'],
    ['earlier', START - 1, 'b'],
  ])('claimed %s', (_, time, owner) => {
    const site = new Site();
    const a = site.world.user('n');
    site.facts(B, user(ANN, 'n', time));
    expect(a.closed === undefined).toBe(owner === 'a');
    const c = site.world.user('c');
    expect(c.ask('<LOCATE,n>')[0]).toContain(owner === 'a' ? ',a.example,' : ',s8.example,');
    // Who lost there is ended there.
    expect(site.peers.sent).toEqual([]);
  });

  test('are judged when all of a snapshot is there, not before', () => {
    const site = new Site();
    const a = site.world.user('a');
    // Who claimed it before is succeeded by somebody who comes later.
    site.facts(C, user(`9.${FIRST}`, 'q'));
    site.restore(B, user(ANN, 'a', 5, `9.${FIRST}`), user(`8.${FIRST + 1}`, 'z', 6, ANN));
    expect(a.closed).toBeUndefined();
    site.facts(B, `<QUIT,8.${FIRST + 1},x>`);
    expect(a.closed).toBeDefined();
  });

  test('of a rename, and of a restored server', () => {
    const site = new Site();
    const [a, b] = [site.world.user('a'), site.world.user('b')];
    site.facts(B, user(ANN, 'x', START - 5), `<NICK,${ANN},a,${START - 4}>`);
    expect(a.closed).toBeDefined();
    // b was given up within what is restored: nobody is ended for it.
    site.restore(B, user(ANN, 'c', START - 5), user(`8.${FIRST + 1}`, 'a', START - 5));
    expect(b.closed).toBeUndefined();
    expect(b.ask('<LOCATE,a>')[0]).toContain(`8.${FIRST + 1}`);
  });
});

describe('RESUME on another server', () => {
  const text = `<RESUME,${ANN},token-${ANN}><USER,u,0,*,Real Name>`;

  test('inherits the claim, and the ghost is not seen any more', () => {
    const site = new Site();
    const b = site.world.user('b', 'dev');
    site.facts(B, user(ANN, 'Ann', START - 50), `<JOINROOM,${ANN},dev>`);
    site.peers.take();
    b.take();
    const a = site.world.connect().say(text);
    expect(a.take()[0]).toBe(`<RPL_WELCOME,*,Ann!u@h,${a.uid},token-${a.uid}>`);
    expect(site.peers.take()).toEqual([`<USER,${a.uid},Ann,u,h,Real Name,${START - 50},${ANN}>`]);
    expect(b.take()).toEqual(['<QUIT,Ann!u@h,Resumed by a new connection>']);
    a.say('<JOINROOM,dev>');
    expect(b.take()).toEqual(['<JOINROOM,dev,Ann!u@h>']);
    site.facts(B, `<QUIT,${ANN},Resumed by a new connection>`);
    expect([b.take(), a.closed]).toEqual([[], undefined]);
    expect(b.ask('<LOCATE,ann>')[0]).toContain(a.uid);
  });

  test('of one of ours elsewhere ends it here at once, though something of it is unanswered', () => {
    const site = new Site();
    const b = site.world.user('b', 'dev');
    const a = site.world.user('a', 'dev');
    const { uid } = a;
    (site.world.room('dev') as { waits: boolean }).waits = true;
    a.say('<CSEND,x,,,id-00000001>');
    const local = site.world.connect().say(`<RESUME,${uid},token-${uid}><NICK,z><USER,u,0,*,x>`);
    expect(local.take()).toEqual([]);
    b.take();
    a.take();
    site.peers.take();
    site.facts(B, user(ANN, 'a', START, uid), `<JOINROOM,${ANN},dev>`);
    expect(b.take()).toEqual(['<QUIT,a!u@h,Resumed by a new connection>', '<JOINROOM,dev,a!u@h>']);
    expect(site.peers.take()).toEqual([`<QUIT,${uid},Resumed by a new connection>`]);
    site.world.room('dev')?.settle();
    // Who waited here for the same ghost goes on, in the place of who was faster.
    expect(b.take().map((frame) => frame.split(',')[0])).toEqual(['<CMSG', '<QUIT']);
    expect(local.take()[0]).toStartWith('<RPL_WELCOME,*,z!u@h,');
  });

  test('heard of in any order is the same', () => {
    const heir = `9.${FIRST}`;
    const facts: [ServerId, string][] = [
      [B, user(ANN, 'n', 5)],
      [B, `<JOINROOM,${ANN},dev>`],
      [C, user(heir, 'n', 5, ANN)],
      [C, `<JOINROOM,${heir},dev>`],
    ];
    for (const order of [
      [0, 1, 2, 3],
      [0, 2, 1, 3],
      [0, 2, 3, 1],
      [2, 0, 1, 3],
      [2, 0, 3, 1],
      [2, 3, 0, 1],
    ]) {
      const site = new Site();
      const b = site.world.user('b', 'dev');
      for (const i of order) site.facts(...(facts[i] as [ServerId, string]));
      expect(b.ask('<LOCATE,n>')[0]).toContain(heir);
      expect(site.rooms(b, 'dev').at(-1)).toBe('<RPL_ENDOFULIST,dev,2>');
      // The heir goes, and the other one was not ended by its server: it is seen again.
      site.facts(C, `<QUIT,${heir},x>`);
      expect(b.take().slice(-2)).toEqual(['<QUIT,n!u@h,x>', '<JOINROOM,dev,n!u@h>']);
      expect(b.ask('<LOCATE,n>')[0]).toContain(ANN);
      site.route(`<LMSG,${ANN},x,1,x>`);
      expect(site.peers.sent).toEqual([[B, `<LMSG,${ANN},x,1,x>`]]);
    }
  });

  test('takes the right token of somebody who is known, and nothing else', () => {
    const site = new Site();
    site.facts(B, user(ANN, 'Ann'));
    const a = site.world.connect();
    expect(errors(a.ask('<RESUME,9.1,token-9.1>'))).toEqual(['<ERR_BADTOKEN,RESUME,9.1,…>']);
    expect(errors(a.ask(`<RESUME,${ANN},wrong>`))).toEqual([`<ERR_BADTOKEN,RESUME,${ANN},…>`]);
    expect(errors(a.ask('<RESUME,ann,token-ann>'))).toEqual(['<ERR_BADTOKEN,RESUME,ann,…>']);
    expect(a.ask(text)[0]).toBe(`<RPL_WELCOME,*,Ann!u@h,${a.uid},token-${a.uid}>`);
  });

  test('of each other, as no server says it, ends', () => {
    const site = new Site();
    const other = `8.${FIRST + 1}`;
    site.facts(B, user(ANN, 'a', 1, other), user(other, 'b', 1, ANN));
    const c = site.world.user('c');
    expect(errors(c.ask('<LOCATE,a>'))).toHaveLength(1);
    expect(site.route(`<LMSG,${ANN},x,1,x>`)).toBe('good');
    site.facts(B, `<QUIT,${ANN},x>`);
    expect(c.ask('<LOCATE,b>')[0]).toContain(other);
  });
});

describe('to users elsewhere', () => {
  test('LSEND goes by uid', () => {
    const site = new Site();
    const a = site.world.user('a');
    site.facts(B, user(ANN, 'b'), user(`8.${FIRST + 1}`, 'c'), `<NICK,${ANN},b2,${START}>`);
    site.facts(C, user(`9.${FIRST}`, 'd'));
    expect(a.ask('<LSEND,x\\,y,b,a,B2>')).toEqual([`<LMSG,a,${START},x\\,y>`, '<RPL_LSENT,2>']);
    expect(site.peers.sent).toEqual([[B, `<LMSG,${ANN},a,${START},x\\,y>`]]);
    site.peers.unreachable.add(C);
    expect(errors(a.ask('<LSEND,x,d,c>'))).toEqual(['<ERR_NOSUCHNICK,LSEND,d,…>', '<RPL_LSENT,1>']);
  });

  test('KILL goes by uid', () => {
    const site = new Site();
    const root = site.world.operator('root', 'root');
    site.facts(B, user(ANN, 'b'));
    expect(root.ask('<KILL,b,out\\, now>')).toEqual(['<RPL_KILLED,b>']);
    expect(site.peers.sent).toEqual([[B, `<KILL,${ANN},out\\, now,root!u@h>`]]);
    expect(site.world.logged.at(-1)?.[1]).toEqual({
      from: 'h',
      by: 'root!u@h',
      operator: 'root',
      victim: 'b!u@h',
      comment: 'out, now',
    });
    site.peers.unreachable.add(B);
    expect(errors(root.ask('<KILL,b,x>'))).toEqual(['<ERR_NOSUCHNICK,KILL,b,…>']);
  });

  test('BSEND is told to all', () => {
    const site = new Site();
    const root = site.world.operator('root', 'root');
    site.peers.take();
    expect(root.ask('<BSEND,all,x\\,y>')).toEqual([`<BMSG,root,all,${START},x\\,y>`, '<RPL_BSENT,all>']);
    expect(site.peers.take()).toEqual([`<BMSG,root,all,${START},x\\,y>`]);
  });
});

describe('from other servers', () => {
  test('a message reaches who is meant, and follows who resumed', () => {
    const site = new Site();
    const a = site.world.user('a');
    const { uid } = a;
    expect(site.route(`<LMSG,${uid},b,5,x\\,y>`)).toBe('good');
    expect(a.take()).toEqual(['<LMSG,b,5,x\\,y>']);
    const next = site.world.connect().say(`<RESUME,${uid},token-${uid}><USER,u,0,*,x>`);
    next.take();
    site.route(`<LMSG,${uid},b,6,x>`);
    expect(next.take()).toEqual(['<LMSG,b,6,x>']);
    site.facts(B, user(ANN, 'a', START, next.uid));
    site.route(`<LMSG,${uid},b,7,x>`);
    expect(site.peers.sent).toEqual([[B, `<LMSG,${ANN},b,7,x>`]]);
    expect(site.route(`<LMSG,7.5,b,7,x>`)).toBe('good');
  });

  test('a KILL ends who is meant, not who took the name', () => {
    const site = new Site();
    const a = site.world.user('a').say('<NICK,b>');
    const { uid } = a;
    const thief = site.world.user('a', 'dev');
    a.take();
    expect(site.route(`<KILL,${uid},out,root!u@h>`)).toBe('good');
    expect(a.take()).toEqual(['<KILL,b,out>', '<ERROR,Killed by root: out>']);
    expect([thief.take(), thief.closed]).toEqual([[], undefined]);
    expect(site.world.logged.at(-1)).toEqual([
      'operator.kill',
      { by: 'root!u@h', server: 's8.example', victim: 'b!u@h', comment: 'out' },
    ]);
    expect(site.route(`<KILL,${uid},out,root!u@h>`)).toBe('good');
  });

  test.each([
    '<LMSG,x,b,5,x>',
    `<LMSG,${ANN},b c,5,x>`,
    `<LMSG,${ANN},b,x,x>`,
    `<LMSG,${ANN},b,5,>`,
    `<LMSG,${ANN},b,5>`,
    '<KILL,x,c,root!u@h>',
    `<KILL,${ANN},c,>`,
    `<KILL,${ANN},c>`,
  ])('refused: %s', (text) => {
    expect(new Site().route(text)).toBe('bad');
  });

  test('what is not known is passed over', () => {
    expect(new Site().route('<DANCE>')).toBe('unknown');
  });
});

describe('what clients were told at the beginning', () => {
  test('is told again when it changes, and only then', () => {
    const { world } = new Site();
    const [a, stranger] = [world.user('a'), world.connect()];
    world.chat.serversChanged(['b.example:7400'], world.now);
    world.chat.serversChanged(['b.example:7400'], world.now);
    world.chat.limitsChanged([['ack', 'replicated']], world.now);
    world.chat.limitsChanged([['ack', 'replicated']], world.now);
    expect(a.take()).toEqual(['<RPL_SERVERS,b.example:7400>', '<RPL_LIMITS,ack=replicated>']);
    expect(stranger.take()).toEqual([]);
    const welcome = stranger.ask('<USER,b,0,*,x>');
    expect(welcome.slice(-2)).toEqual(['<RPL_SERVERS,b.example:7400>', '<RPL_LIMITS,ack=replicated>']);
    world.chat.serversChanged([], world.now);
    expect(a.take()).toEqual(['<RPL_SERVERS>']);
  });

  test('who came by WebSocket is told of WebSockets, and the others of the rest, when that is news to them', () => {
    const { world } = new Site();
    const [tcp, web] = [world.user('a'), world.connect('h', 'web')];
    web.ask('<NICK,w><USER,w,0,*,w>');
    world.chat.serversChanged(['b.example:7400', 'ws://b.example:7490/ws', 'tls://b.example:7443'], world.now);
    expect(tcp.take()).toEqual(['<RPL_SERVERS,b.example:7400,tls://b.example:7443>']);
    expect(web.take()).toEqual(['<RPL_SERVERS,ws://b.example:7490/ws>']);
    world.chat.serversChanged(['b.example:7400', 'wss://b.example/ws', 'tls://b.example:7443'], world.now);
    expect(tcp.take()).toEqual([]);
    expect(web.take()).toEqual(['<RPL_SERVERS,wss://b.example/ws>']);
    const late = world.connect('h', 'web');
    expect(late.ask('<NICK,x><USER,x,0,*,x>').at(-2)).toBe('<RPL_SERVERS,wss://b.example/ws>');
  });
});
