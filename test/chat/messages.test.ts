// Messages to a room and the numbers they are sent under.

import { describe, expect, test } from 'bun:test';
import { EXPIRED, ID_REUSED, SENT, UNAVAILABLE } from '../../src/base/outcome.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { errors, World } from './world.ts';

const ID = 'abcdefgh-0123456';

describe('CSEND', () => {
  test('goes to every member, the sender too', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    const c = world.user('c');
    a.say('<CSEND,hello>');
    const message = `<CMSG,r,${world.room('r')?.epoch},1,a,${world.now},hello>`;
    expect([a.take(), b.take(), c.take()]).toEqual([[message], [message], []]);
  });

  test('goes to the room it names, in any spelling, and leaves the current one', () => {
    const a = new World().user('a', 'One', 'Two');
    const room = (text: string): string | undefined => a.ask(text)[0]?.split(',')[1];
    expect(room('<CSEND,x>')).toBe('Two');
    expect(room('<CSEND,x,One>')).toBe('One');
    expect(room('<CSEND,x,oNE>')).toBe('One');
    expect(room('<CSEND,x,\\One>')).toBe('One');
    expect(room('<CSEND,x,,>')).toBe('Two');
  });

  test('brings the text into canonical form and no other', () => {
    const a = new World().user('a', 'r');
    const text = (sent: string): string | undefined =>
      /,\d+,a,\d+,(.*)>$/s.exec(a.ask(`<CSEND,${sent}>`)[0] ?? '')?.[1];
    expect(text('a\\,b\\<c\\>d\\\\')).toBe('a\\,b\\<c\\>d\\\\');
    expect(text('\\n\\a')).toBe('na');
    expect(text(' \\  x y\\ ')).toBe('\\  x y\\ ');
    expect(text('\\ ')).toBe('\\ ');
    expect(text('grüße ☺')).toBe('grüße ☺');
  });

  test('with an id also answers the sender, and the same id again answers the sender alone', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    const epoch = world.room('r')?.epoch;
    const message = `<CMSG,r,${epoch},1,a,${world.now},x,${ID}>`;
    expect(a.ask(`<CSEND,x,,,${ID}>`)).toEqual([message, `<RPL_SENT,r,${epoch},1,${ID}>`]);
    expect(b.take()).toEqual([message]);
    expect(a.ask(`<CSEND,x,r,,${ID}>`)).toEqual([`<RPL_SENT,r,${epoch},1,${ID}>`]);
    expect(errors(a.ask(`<CSEND,y,r,,${ID}>`))).toEqual([`<ERR_BADARGUMENT,CSEND,${ID},…,,${ID}>`]);
    expect(b.take()).toEqual([]);
  });

  test('fills the number that the sender holds, and no other', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r').say('<GETSEQUENCE,r>');
    a.take();
    expect(errors(a.ask('<CSEND,x,,1>'))).toEqual(['<ERR_SEQUENCEEXPIRED,CSEND,1,…,1,>']);
    expect(errors(a.ask(`<CSEND,x,,9,${ID}>`))).toEqual([`<ERR_SEQUENCEEXPIRED,CSEND,9,…,9,${ID}>`]);
    // A number is told as it was sent, whatever it is read as.
    expect(errors(a.ask(`<CSEND,x,,009,${ID}>`))).toEqual([`<ERR_SEQUENCEEXPIRED,CSEND,009,…,009,${ID}>`]);
    b.take();
    expect(b.ask('<CSEND,x,,1>')[0]).toStartWith(`<CMSG,r,${world.room('r')?.epoch},1,b,`);
    expect(b.ask('<GETSEQUENCE,r><CSEND,x,r,\\2>').at(-1)).toStartWith(`<CMSG,r,${world.room('r')?.epoch},2,b,`);
  });

  test('refuses numbers and ids that are none', () => {
    const a = new World().user('a', 'r');
    for (const seq of ['0', '-1', '1.5', 'x', '1234567890123456']) {
      expect(errors(a.ask(`<CSEND,x,,${seq}>`))).toEqual([`<ERR_BADARGUMENT,CSEND,${seq},…,${seq},>`]);
    }
    for (const id of ['short', 'x'.repeat(65), 'grüßegrüße']) {
      expect(errors(a.ask(`<CSEND,x,,,${id}>`))).toEqual([`<ERR_BADARGUMENT,CSEND,${id},…,,${id}>`]);
    }
  });

  test('refuses rooms that are none or not joined, an empty text, and one that is too long', () => {
    const world = new World();
    world.user('b', 'other');
    const a = world.user('a');
    expect(errors(a.ask('<CSEND,x>'))).toEqual(['<ERR_NOTINROOM,CSEND,*,…>']);
    expect(errors(a.ask('<CSEND,x,none>'))).toEqual(['<ERR_NOSUCHROOM,CSEND,none,…>']);
    expect(errors(a.ask(`<CSEND,x,other,,${ID}>`))).toEqual([`<ERR_NOTINROOM,CSEND,other,…,,${ID}>`]);
    expect(errors(a.ask('<CSEND>'))).toEqual(['<ERR_NEEDMOREPARAMS,CSEND,*,…>']);
    expect(errors(a.ask('<CSEND,,other>'))).toEqual(['<ERR_NEEDMOREPARAMS,CSEND,*,…>']);
    const long = 'x'.repeat(41);
    expect(errors(a.ask(`<CSEND,${long}>`))).toEqual([`<ERR_TEXTTOOLONG,CSEND,${long},…>`]);
  });

  test('counts canonical bytes', () => {
    const a = new World().user('a', 'r');
    expect(a.ask(`<CSEND,${'x'.repeat(40)}>`)[0]).toStartWith('<CMSG,');
    expect(a.ask(`<CSEND,${'\\x'.repeat(40)}>`)[0]).toStartWith('<CMSG,');
    expect(a.ask(`<CSEND,${'\\,'.repeat(20)}>`)[0]).toStartWith('<CMSG,');
    expect(a.ask(`<CSEND,${'\\,'.repeat(20)}x>`)[0]).toStartWith('<ERR_TEXTTOOLONG,');
    expect(a.ask(`<CSEND,${'ü'.repeat(21)}>`)[0]).toStartWith('<ERR_TEXTTOOLONG,');
  });

  test('says when the room cannot take it', () => {
    const world = new World();
    const a = world.user('a', 'Room');
    (world.room('room') as { down: boolean }).down = true;
    expect(errors(a.ask('<CSEND,x,room>'))).toEqual(['<ERR_ROOMUNAVAILABLE,CSEND,Room,…>']);
  });
});

describe('a send that waits', () => {
  const slow = (): { world: World; room: NonNullable<ReturnType<World['room']>> } => {
    const world = new World();
    world.user('b', 'r');
    const room = world.room('r') as NonNullable<ReturnType<World['room']>>;
    room.waits = true;
    return { world, room };
  };

  test('is answered when it is decided', () => {
    const { world, room } = slow();
    const a = world.user('a', 'r').say(`<CSEND,1><CSEND,2,,,${ID}>`);
    expect(a.take()).toEqual([]);
    room.settle();
    expect(a.take().map((frame) => frame.split(',').slice(0, 2).join())).toEqual(['<CMSG,r', '<CMSG,r', '<RPL_SENT,r']);
    expect(a.session.unanswered).toBe(0);
  });

  test('makes commands wait that have as many arguments as a server may be told to take', () => {
    const { world, room } = slow();
    const a = world.user('a', 'r').say('<CSEND,1>');
    const scanner = new Scanner(8192, 256);
    const frame = new Frame(256);
    scanner.feed(new TextEncoder().encode(`<NICK,c${',x'.repeat(255)}>`));
    expect(scanner.next(frame)).toBe(FRAME);
    world.chat.command(a.session, frame, world.now);
    room.settle();
    expect(a.take().at(-1)).toStartWith('<NICK,a!');
  });

  test('is refused late with what it was sent under', () => {
    const { world, room } = slow();
    const a = world.user('a', 'r');
    const late = (outcome: typeof UNAVAILABLE | typeof EXPIRED | typeof ID_REUSED, text: string): string[] => {
      a.say(text);
      a.take();
      room.settle(outcome);
      return errors(a.take());
    };
    expect(late(UNAVAILABLE, `<CSEND,x,,,${ID}>`)).toEqual([`<ERR_ROOMUNAVAILABLE,CSEND,r,…,,${ID}>`]);
    expect(late(UNAVAILABLE, '<CSEND,x>')).toEqual(['<ERR_ROOMUNAVAILABLE,CSEND,r,…>']);
    expect(late(EXPIRED, '<GETSEQUENCE,r><CSEND,x,,1>')).toEqual(['<ERR_SEQUENCEEXPIRED,CSEND,1,…,1,>']);
    expect(late(ID_REUSED, `<CSEND,x,,,${ID}>`)).toEqual([`<ERR_BADARGUMENT,CSEND,${ID},…,,${ID}>`]);
  });

  test.each([
    ['<NICK,z>', '<NICK,a!u@h,z>'],
    ['<LEAVEROOM,r>', '<LEAVEROOM,r,a!u@h>'],
    ['<QUIT,bye>', '<QUIT,a!u@h,Quit: bye>'],
    ['<EXIT>', '<QUIT,a!u@h,Quit: a>'],
  ])('comes before %s, and what follows that waits too', (command, told) => {
    const { world, room } = slow();
    const b = [...world.clients.values()][0] as ReturnType<World['connect']>;
    const a = world.user('a', 'r');
    b.take();
    a.say(`<CSEND,1><CSEND,2>${command}<PING,x>`);
    expect([a.take(), b.take()]).toEqual([[], []]);
    room.settle();
    const heard = b.take();
    expect(heard.slice(0, 2).map((frame) => frame.split(',')[0])).toEqual(['<CMSG', '<CMSG']);
    expect(heard.slice(2)).toEqual([told]);
    const closes = /QUIT|EXIT/.test(command);
    expect(a.take().at(-1)).toBe(closes ? `<ERROR,${told.split(',')[2]}` : '<PONG,x>');
  });

  test.each([
    ['<CSEND,1>', 'Connection lost'],
    ['<CSEND,1><QUIT,bye>', 'Quit: bye'],
    ['<CSEND,1><NICK,z>', 'Connection lost'],
  ])('after %s and a lost connection comes before its QUIT: %s', (text, reason) => {
    const { world, room } = slow();
    const b = [...world.clients.values()][0] as ReturnType<World['connect']>;
    const a = world.user('a', 'r').say(text);
    b.take();
    a.drop();
    expect(b.take()).toEqual([]);
    expect(room.subscribers.has(a.connection)).toBe(false);
    expect(errors(world.connect().ask('<NICK,a><USER,u,0,*,x>'))).toEqual(['<ERR_NICKINUSE,USER,a,…>']);
    room.settle();
    expect(b.take().map((frame) => frame.replace(/^<CMSG.*/, 'CMSG'))).toEqual(['CMSG', `<QUIT,a!u@h,${reason}>`]);
    expect(world.chat.users.size).toBe(1);
    expect(world.connect().ask('<NICK,a><USER,u,0,*,x>')[0]).toStartWith('<RPL_WELCOME,');
  });

  test('keeps a ghost until it is answered, and who resumes it waits for that', () => {
    const { world, room } = slow();
    const b = [...world.clients.values()][0] as ReturnType<World['connect']>;
    const a = world.user('a', 'r').say('<CSEND,1>');
    b.take();
    const next = world.connect().say(`<RESUME,${a.uid},token-${a.uid}><USER,u,0,*,x><JOINROOM,r>`);
    expect(a.take()).toEqual(['<ERROR,Resumed by a new connection>']);
    expect([next.take(), b.take()]).toEqual([[], []]);
    room.settle(SENT);
    const joined = `<JOINROOM,r,a!u@h>`;
    expect(b.take().slice(-2)).toEqual(['<QUIT,a!u@h,Resumed by a new connection>', joined]);
    expect(next.take()[0]).toStartWith('<RPL_WELCOME,*,a!u@h,');
    expect(next.ask('<LOCATE,a>')[0]).toContain(next.uid);
  });

  test('keeps a ghost whose heir is lost meanwhile, too', () => {
    const { world, room } = slow();
    const a = world.user('a', 'r').say('<CSEND,1>');
    world.connect().say(`<RESUME,${a.uid},token-${a.uid}><USER,u,0,*,x>`).drop();
    room.settle(SENT);
    expect(world.chat.users.size).toBe(1);
    expect(world.connect().ask('<NICK,a><USER,u,0,*,x>')[0]).toStartWith('<RPL_WELCOME,*,a!u@h,');
  });
});

describe('GETSEQUENCE', () => {
  test('gives a number, the same while it lives', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const epoch = world.room('r')?.epoch;
    expect(a.ask('<GETSEQUENCE,R>')).toEqual([`<NEWSEQUENCE,r,${epoch},1,5000>`]);
    expect(a.ask('<GETSEQUENCE,r>')).toEqual([`<NEWSEQUENCE,r,${epoch},1,5000>`]);
  });

  test('refuses', () => {
    const world = new World();
    const [a, b, c] = ['a', 'b', 'c'].map((nick) => world.user(nick, 'r')) as [never, never, ReturnType<World['user']>];
    const d = world.user('d');
    expect(errors(d.ask('<GETSEQUENCE,none>'))).toEqual(['<ERR_NOSUCHROOM,GETSEQUENCE,none,…>']);
    expect(errors(d.ask('<GETSEQUENCE,r>'))).toEqual(['<ERR_NOTINROOM,GETSEQUENCE,r,…>']);
    for (const client of [a, b] as ReturnType<World['user']>[]) client.say('<GETSEQUENCE,r>');
    expect(errors(c.ask('<GETSEQUENCE,r>'))).toEqual(['<ERR_FLOODING,GETSEQUENCE,r,…>']);
    (world.room('r') as { down: boolean }).down = true;
    expect(errors(c.ask('<GETSEQUENCE,r>'))).toEqual(['<ERR_ROOMUNAVAILABLE,GETSEQUENCE,r,…>']);
  });
});

describe('FINDSEQUENCE', () => {
  test('finds messages, empty slots and reservations', () => {
    const world = new World();
    const a = world.user('a', 'r').say('<CSEND,x><GETSEQUENCE,r><LEAVEROOM,r><JOINROOM,r><GETSEQUENCE,r>');
    const epoch = world.room('r')?.epoch;
    const find = (seq: number): string[] => a.ask(`<FINDSEQUENCE,r,${epoch},${seq}>`);
    expect(find(1)).toEqual([`<CMSG,r,${epoch},1,a,${world.now},x>`]);
    expect(find(2)).toEqual([`<SKIPSEQUENCE,r,${epoch},2>`]);
    expect(find(3)).toEqual([`<RPL_PENDING,r,${epoch},3,4321>`]);
    expect(errors(find(4))).toEqual(['<ERR_NOSUCHSEQUENCE,FINDSEQUENCE,4,…>']);
    (world.room('r') as { floor: number }).floor = 2;
    expect(errors(find(1))).toEqual([`<ERR_SEQUENCEGONE,FINDSEQUENCE,r,…,${epoch},2>`]);
    expect(errors(a.ask('<FINDSEQUENCE,r,zz.9,1>'))).toEqual([`<ERR_SEQUENCEGONE,FINDSEQUENCE,r,…,${epoch},2>`]);
  });

  test('refuses', () => {
    const world = new World();
    world.user('b', 'r');
    const a = world.user('a');
    const epoch = world.room('r')?.epoch;
    expect(errors(a.ask(`<FINDSEQUENCE,none,${epoch},1>`))).toEqual(['<ERR_NOSUCHROOM,FINDSEQUENCE,none,…>']);
    expect(errors(a.ask(`<FINDSEQUENCE,r,${epoch},1>`))).toEqual(['<ERR_NOTINROOM,FINDSEQUENCE,r,…>']);
    expect(errors(a.ask('<FINDSEQUENCE,r,,1>'))).toEqual(['<ERR_BADARGUMENT,FINDSEQUENCE,,…>']);
    expect(errors(a.ask(`<FINDSEQUENCE,r,${epoch},0>`))).toEqual(['<ERR_BADARGUMENT,FINDSEQUENCE,0,…>']);
  });
});

describe('HISTORY', () => {
  test('gives slots up to the first that is undecided, and says where to go on', () => {
    const world = new World({ historyCount: 2 });
    const a = world.user('a', 'r').say('<CSEND,1><CSEND,2><CSEND,3><GETSEQUENCE,r><CSEND,5>');
    const epoch = world.room('r')?.epoch;
    const message = (n: number): string => `<CMSG,r,${epoch},${n},a,${world.now},${n}>`;
    const end = (n: number): string => `<RPL_ENDOFHISTORY,r,${epoch},${n}>`;
    expect(a.ask('<HISTORY,r,,,1>')).toEqual([message(1), end(2)]);
    expect(a.ask('<HISTORY,r,,,9999>')).toEqual([message(1), message(2), end(3)]);
    expect(a.ask('<HISTORY,r,,,>')).toEqual([message(1), message(2), end(3)]);
    expect(a.ask(`<HISTORY,R,${epoch},3,2>`)).toEqual([message(3), end(4)]);
    expect(a.ask(`<HISTORY,r,${epoch},4,2>`)).toEqual([end(4)]);
  });

  test('refuses', () => {
    const world = new World();
    world.user('b', 'r');
    const a = world.user('a');
    const { epoch } = world.room('r') as { epoch: string };
    expect(errors(a.ask('<HISTORY,none,,,1>'))).toEqual(['<ERR_NOSUCHROOM,HISTORY,none,…>']);
    expect(errors(a.ask('<HISTORY,r,,,1>'))).toEqual(['<ERR_NOTINROOM,HISTORY,r,…>']);
    for (const [text, subject] of [
      ['r,x,,1', 'x'],
      ['r,,0,1', '0'],
      ['r,,x,1', 'x'],
      ['r,,,0', '0'],
      ['r,,,x', 'x'],
    ]) {
      expect(errors(a.ask(`<HISTORY,${text}>`))).toEqual([`<ERR_BADARGUMENT,HISTORY,${subject},…>`]);
    }
    a.say('<JOINROOM,r>');
    (world.room('r') as { floor: number }).floor = 3;
    expect(errors(a.ask('<HISTORY,r,,2,1>'))).toEqual([`<ERR_SEQUENCEGONE,HISTORY,r,…,${epoch},3>`]);
    expect(errors(a.ask('<HISTORY,r,zz.9,2,1>'))).toEqual([`<ERR_SEQUENCEGONE,HISTORY,r,…,${epoch},3>`]);
  });
});
