// Rooms: made, joined, left, listed, ended, and what others hear of it.

import { describe, expect, test } from 'bun:test';
import { type Client, errors, World } from './world.ts';

describe('CREATEROOM', () => {
  test('makes a room and does not join it', () => {
    const world = new World();
    const a = world.user('a');
    const answer = a.ask('<CREATEROOM,Room>');
    expect(answer).toEqual([`<RPL_ROOMCREATED,Room,${world.room('room')?.epoch}>`]);
    expect(a.session.user?.rooms).toHaveLength(0);
  });

  test('refuses a bad name, one that exists in another spelling, and one too many', () => {
    const world = new World({ rooms: 2 });
    const a = world.user('a');
    expect(errors(a.ask('<CREATEROOM,no room>'))).toEqual(['<ERR_BADROOMNAME,CREATEROOM,no room,…>']);
    expect(errors(a.ask('<CREATEROOM,>'))).toEqual(['<ERR_BADROOMNAME,CREATEROOM,,…>']);
    a.say('<CREATEROOM,Straße>');
    expect(errors(a.ask('<CREATEROOM,STRAßE>'))).toEqual(['<ERR_ROOMEXISTS,CREATEROOM,STRAßE,…>']);
    a.say('<CREATEROOM,two>');
    expect(errors(a.ask('<CREATEROOM,three>'))).toEqual(['<ERR_TOOMANYROOMS,CREATEROOM,three,…>']);
  });
});

describe('JOINROOM', () => {
  test('answers with the room and tells the others, once', () => {
    const world = new World();
    const a = world.user('a', 'Room');
    const b = world.user('b');
    const epoch = world.room('room')?.epoch;
    expect(b.ask('<JOINROOM,ROOM>')).toEqual([`<RPL_WELCOME,Room,b!u@h,${b.uid},${epoch},1,1,,>`]);
    expect(a.take()).toEqual(['<JOINROOM,Room,b!u@h>']);
    a.say('<CSEND,x>');
    expect(b.take()).toEqual([`<CMSG,Room,${epoch},1,a,${world.now},x>`]);
  });

  test('again makes the room current, answers the same, and tells nobody', () => {
    const world = new World();
    const a = world.user('a', 'r', 's');
    const b = world.user('b', 'r', 's');
    const { epoch } = world.room('r') as { epoch: string };
    expect(a.ask('<JOINROOM,r>')).toEqual([`<RPL_WELCOME,r,a!u@h,${a.uid},${epoch},1,1,,>`]);
    expect(b.take()).toEqual([]);
    expect(a.ask('<CSEND,x>')[0]).toStartWith('<CMSG,r,');
  });

  test('with a position gives what was missed', () => {
    const world = new World();
    const a = world.user('a', 'r').say('<CSEND,1><CSEND,2><CSEND,3>');
    const epoch = world.room('r')?.epoch;
    const b = world.user('b');
    const message = (n: number): string => `<CMSG,r,${epoch},${n},a,${world.now},${n}>`;
    expect(b.ask(`<JOINROOM,r,${epoch},1>`)).toEqual([
      `<RPL_WELCOME,r,b!u@h,${b.uid},${epoch},4,1,1,>`,
      message(2),
      message(3),
    ]);
    a.take();
    expect(a.ask(`<JOINROOM,r,${epoch},2>`)).toEqual([`<RPL_WELCOME,r,a!u@h,${a.uid},${epoch},4,1,1,>`, message(3)]);
  });

  test('with a position that is kept no longer says so, and what stands above an undecided slot follows', () => {
    const world = new World();
    const a = world.user('a', 'r').say('<GETSEQUENCE,r><CSEND,later>');
    const room = world.room('r');
    const b = world.user('b');
    const answers = [
      `<RPL_WELCOME,r,b!u@h,${b.uid},${room?.epoch},1,1,0,>`,
      `<CMSG,r,${room?.epoch},2,a,${world.now},later>`,
    ];
    expect(b.ask('<JOINROOM,r,zz.9,1>')).toEqual(answers);
    expect(a.take()).toEqual(['<JOINROOM,r,b!u@h>']);
  });

  test('refuses positions that are none', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const epoch = world.room('r')?.epoch;
    expect(errors(a.ask('<JOINROOM,r,nonsense,1>'))).toEqual(['<ERR_BADARGUMENT,JOINROOM,nonsense,…>']);
    expect(errors(a.ask(`<JOINROOM,r,${epoch},-1>`))).toEqual(['<ERR_BADARGUMENT,JOINROOM,-1,…>']);
    expect(errors(a.ask(`<JOINROOM,r,${epoch}>`))).toEqual([`<ERR_BADARGUMENT,JOINROOM,${epoch},…>`]);
    expect(errors(a.ask('<JOINROOM,r,,5>'))).toEqual(['<ERR_BADARGUMENT,JOINROOM,5,…>']);
    expect(a.ask('<JOINROOM,r,,>')[0]).toStartWith('<RPL_WELCOME,r,');
  });

  test('refuses a room that is none, and one too many', () => {
    const world = new World({ roomsPerUser: 1 });
    const a = world.user('a', 'r').say('<CREATEROOM,s>');
    expect(errors(a.ask('<JOINROOM,none>'))).toEqual(['<ERR_NOSUCHROOM,JOINROOM,none,…>']);
    expect(errors(a.ask('<JOINROOM,no room>'))).toEqual(['<ERR_NOSUCHROOM,JOINROOM,no room,…>']);
    expect(errors(a.ask('<JOINROOM,s>'))).toEqual(['<ERR_TOOMANYROOMS,JOINROOM,s,…>']);
    expect(a.ask('<JOINROOM,r>')[0]).toStartWith('<RPL_WELCOME,r,');
  });
});

describe('LEAVEROOM', () => {
  test('is told to the one who leaves and to the room; then no room is current', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    a.say('<LEAVEROOM,R>');
    expect([a.take(), b.take()]).toEqual([['<LEAVEROOM,r,a!u@h>'], ['<LEAVEROOM,r,a!u@h>']]);
    expect(errors(a.ask('<CSEND,x>'))).toEqual(['<ERR_NOTINROOM,CSEND,*,…>']);
    expect(b.take()).toEqual([]);
  });

  test('of a room that is not current leaves the current one', () => {
    const a = new World().user('a', 'r', 's').say('<LEAVEROOM,r>');
    expect(a.ask('<CSEND,x>')[0]).toStartWith('<CMSG,s,');
  });

  test('ends a reservation, and the skip comes behind the leaving', () => {
    const world = new World();
    const a = world.user('a', 'r').say('<GETSEQUENCE,r>');
    const b = world.user('b', 'r');
    a.say('<LEAVEROOM,r>');
    expect(b.take()).toEqual(['<LEAVEROOM,r,a!u@h>', `<SKIPSEQUENCE,r,${world.room('r')?.epoch},1>`]);
  });

  test('refuses a room that is none or that one is not in', () => {
    const world = new World();
    world.user('b', 'r');
    const a = world.user('a');
    expect(errors(a.ask('<LEAVEROOM,none>'))).toEqual(['<ERR_NOSUCHROOM,LEAVEROOM,none,…>']);
    expect(errors(a.ask('<LEAVEROOM,r>'))).toEqual(['<ERR_NOTINROOM,LEAVEROOM,r,…>']);
  });
});

describe('a large room', () => {
  const crowd = (world: World, count: number, ...rooms: string[]): Client[] =>
    Array.from({ length: count }, (_, i) => world.user(`n${i}`, ...rooms));

  test('hears numbers and not names, at most once a second', () => {
    const world = new World();
    const [first, second] = crowd(world, 4, 'r') as [Client, Client];
    const fifth = world.user('n4', 'r');
    expect(first.take()).toEqual([]);
    world.pass(0);
    expect(first.take()).toEqual(['<RPL_MEMBERS,r,5>']);
    world.user('n5', 'r');
    fifth.take();
    expect(fifth.ask('<LEAVEROOM,r>')).toEqual(['<LEAVEROOM,r,n4!u@h>']);
    second.say('<NICK,other>');
    expect(second.take()).toContain('<NICK,n1!u@h,other>');
    world.user('n6', 'r').say('<QUIT>');
    world.pass(999);
    expect(first.take()).toEqual([]);
    world.pass(1);
    expect(first.take()).toEqual(['<RPL_MEMBERS,r,5>']);
    world.pass(60_000);
    expect(first.take()).toEqual([]);
  });

  test('becomes small again by name', () => {
    const world = new World();
    const all = crowd(world, 5, 'r');
    const [first, second, third] = all as [Client, Client, Client];
    world.pass(5000);
    world.hush();
    second.say('<LEAVEROOM,r>');
    world.pass(0);
    expect(first.take()).toEqual(['<RPL_MEMBERS,r,4>']);
    third.say('<LEAVEROOM,r>');
    world.pass(60_000);
    expect(first.take()).toEqual(['<LEAVEROOM,r,n2!u@h>']);
  });

  test('does not keep a small one from hearing', () => {
    const world = new World();
    const all = crowd(world, 5, 'large');
    const [first, second] = all as [Client, Client];
    first.say('<CREATEROOM,small><JOINROOM,small>');
    second.say('<JOINROOM,small>');
    world.pass(5000);
    world.hush();
    first.say('<NICK,new>');
    expect(all.map((client) => client.take())).toEqual([['<NICK,n0!u@h,new>'], ['<NICK,n0!u@h,new>'], [], [], []]);
    first.say('<QUIT>');
    world.pass(0);
    expect(second.take()).toEqual(['<QUIT,new!u@h,Quit: new>', '<RPL_MEMBERS,large,4>']);
  });
});

describe('rooms of both kinds', () => {
  test('who shares small and large rooms hears once, who shares the large one alone nothing', () => {
    const world = new World();
    const [a, b, c] = Array.from({ length: 6 }, (_, i) => world.user(`n${i}`, 'large')) as [Client, Client, Client];
    a.say('<CREATEROOM,one><JOINROOM,one><CREATEROOM,two><JOINROOM,two>');
    b.say('<JOINROOM,one><JOINROOM,two>');
    world.pass(5000);
    world.hush();
    a.say('<NICK,new>');
    expect([a.take(), b.take(), c.take()]).toEqual([['<NICK,n0!u@h,new>'], ['<NICK,n0!u@h,new>'], []]);
  });
});

describe('a room nobody is in', () => {
  test('stays when it is looked at too early', () => {
    const world = new World();
    world.user('a').say('<CREATEROOM,r>');
    const room = world.room('r');
    world.chat.roomDue(room?.key as never, world.now + 599_999);
    expect([world.room('r') === room, room?.wake]).toEqual([true, world.now + 600_000]);
  });

  test('ends after its time, and made again has a greater epoch', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const before = world.room('r');
    a.say('<LEAVEROOM,r>');
    world.pass(599_999);
    expect(world.room('r')).toBe(before as never);
    world.pass(1);
    expect(before?.closed).toBe(true);
    expect(errors(a.ask('<JOINROOM,r>')).at(-1)).toBe('<ERR_NOSUCHROOM,JOINROOM,r,…>');
    a.say('<CREATEROOM,r>');
    expect(world.room('r')?.epoch === before?.epoch).toBe(false);
  });

  test('ends too when nobody ever was, and stays when somebody came back', () => {
    const world = new World();
    const a = world.user('a').say('<CREATEROOM,r><CREATEROOM,s>');
    world.pass(300_000);
    a.say('<JOINROOM,r><LEAVEROOM,r>');
    world.pass(300_000);
    expect([world.room('r') === undefined, world.room('s') === undefined]).toEqual([false, true]);
    a.say('<JOINROOM,r>');
    world.pass(3_600_000);
    expect(world.room('r')).toBeDefined();
    a.say('<LEAVEROOM,r>');
    world.pass(600_000);
    expect(world.room('r')).toBeUndefined();
  });
});

describe('lists', () => {
  test('ULIST of many costs more than ULIST of few', () => {
    const world = new World({ flood: { rate: 1, burst: 10 } });
    const asker = world.user('a', 'small');
    for (let i = 0; i < 250; i++) world.user(`u${i}`, 'large');
    world.now += 60_000;
    const asked = (room: string): number => {
      world.now += 60_000;
      let times = 0;
      while (errors(asker.ask(`<ULIST,${room}>`)).every((frame) => !frame.startsWith('<ERR_'))) times++;
      return times;
    };
    expect(asked('small')).toBe(5);
    expect(asked('large')).toBe(2);
  });

  test('ULIST names everybody in a room, from outside too', () => {
    const world = new World();
    const a = world.user('a', 'Room');
    const b = world.user('b', 'Room');
    expect(world.user('c').ask('<ULIST,ROOM>')).toEqual([
      `<RPL_ULIST,Room,a!u@h,${a.uid},a.example>`,
      `<RPL_ULIST,Room,b!u@h,${b.uid},a.example>`,
      '<RPL_ENDOFULIST,Room,2>',
    ]);
    a.say('<CREATEROOM,empty>');
    expect(a.ask('<ULIST,empty>')).toEqual(['<RPL_ENDOFULIST,empty,0>']);
    expect(errors(a.ask('<ULIST,none>'))).toEqual(['<ERR_NOSUCHROOM,ULIST,none,…>']);
  });

  test('LISTROOMS names all rooms', () => {
    const world = new World();
    const a = world.user('a');
    expect(a.ask('<LISTROOMS>')).toEqual(['<RPL_ENDOFROOMS,0>']);
    a.say('<CREATEROOM,r><JOINROOM,r><CSEND,x><CREATEROOM,s>');
    expect(a.ask('<LISTROOMS>')).toEqual([
      `<RPL_ROOM,r,1,${world.room('r')?.epoch},2>`,
      `<RPL_ROOM,s,0,${world.room('s')?.epoch},1>`,
      '<RPL_ENDOFROOMS,2>',
    ]);
  });

  test('are of one moment and of any length', () => {
    const world = new World({ rooms: 200 });
    const a = world.user('a').say(...Array.from({ length: 100 }, (_, i) => `<CREATEROOM,r${i}>`));
    const answer = a.ask('<LISTROOMS>');
    expect(answer).toHaveLength(101);
    expect(answer.at(-1)).toBe('<RPL_ENDOFROOMS,100>');
    expect(new Set(answer).size).toBe(101);
  });

  test('MAP names the one server', () => {
    const world = new World();
    world.user('b');
    expect(world.user('a').ask('<MAP>')).toEqual(['<RPL_MAP,a.example,7,0,,2,one\\, alone>', '<RPL_ENDOFMAP,1>']);
  });
});
