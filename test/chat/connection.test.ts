// Signs of life, ends, faults and floods; and that calls do not nest.

import { describe, expect, test } from 'bun:test';
import { errors, World } from './world.ts';

describe('PING', () => {
  test('is answered with the same arguments, in canonical form, in any state', () => {
    const client = new World().connect();
    expect(client.ask('<PING>')).toEqual(['<PONG>']);
    expect(client.ask('<ping,a, \\b\\, ,,\\ >')).toEqual(['<PONG,a,b\\,,,\\ >']);
    expect(client.ask('<NICK,a><USER,u,0,*,x><PING,x>').at(-1)).toBe('<PONG,x>');
    expect(client.ask('<PONG,x,y>')).toEqual([]);
  });
});

describe('QUIT and EXIT', () => {
  test('close, and tell each who shares a room once', () => {
    const world = new World();
    const a = world.user('a', 'r', 's');
    const b = world.user('b', 'r', 's');
    const c = world.user('c', 's');
    const d = world.user('d');
    expect(a.ask('<QUIT,good night>')).toEqual(['<ERROR,Quit: good night>']);
    expect([b.take(), c.take(), d.take()]).toEqual([
      ['<QUIT,a!u@h,Quit: good night>'],
      ['<QUIT,a!u@h,Quit: good night>'],
      [],
    ]);
    expect(world.chat.users.size).toBe(3);
    expect(b.ask('<EXIT>')).toEqual(['<ERROR,Quit: b>']);
    expect(c.take()).toEqual(['<QUIT,b!u@h,Quit: b>']);
  });

  test('nothing that comes behind is heard', () => {
    const a = new World().user('a', 'r');
    expect(a.ask('<CSEND,1><QUIT><CSEND,2>').map((frame) => frame.split(',')[0])).toEqual(['<CMSG', '<ERROR']);
  });

  test('nothing is heard of an ended session, whoever hands it in', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    a.say('<QUIT>');
    b.take();
    a.closed = undefined;
    a.say('<CSEND,x><NICK,z><QUIT>x<>');
    expect(b.take()).toEqual([]);
  });

  test('client words never look like those of a server', () => {
    const world = new World();
    const b = world.user('b', 'r');
    world.user('a', 'r').say('<QUIT,a.example b.example>');
    expect(b.take().at(-1)).toBe('<QUIT,a!u@h,Quit: a.example b.example>');
    world.user('a', 'r').say(`<QUIT,${'x'.repeat(41)}>`);
    expect(b.take().at(-1)).toBe('<QUIT,a!u@h,Quit: a>');
  });

  test('work before registration', () => {
    expect(new World().connect().ask('<QUIT>')).toEqual(['<ERROR,Quit: not registered>']);
    expect(new World().connect().ask('<EXIT,x>')).toEqual(['<ERROR,Quit: x>']);
  });

  test('end a reservation behind the QUIT', () => {
    const world = new World();
    const a = world.user('a', 'r').say('<GETSEQUENCE,r>');
    const b = world.user('b', 'r');
    a.say('<QUIT>');
    expect(b.take()).toEqual(['<QUIT,a!u@h,Quit: a>', `<SKIPSEQUENCE,r,${world.room('r')?.epoch},1>`]);
  });
});

describe('a connection that is lost', () => {
  test('is a QUIT and nothing else', () => {
    const world = new World();
    const a = world.user('a', 'r', 's');
    const b = world.user('b', 'r', 's');
    a.drop('Ping timeout');
    expect(b.take()).toEqual(['<QUIT,a!u@h,Ping timeout>']);
    a.drop('Ping timeout');
    expect(b.take()).toEqual([]);
  });

  test('before registration is nothing at all', () => {
    const world = new World();
    const a = world.connect().say('<NICK,a>');
    a.drop();
    expect(world.connect().ask('<NICK,a><USER,u,0,*,x>')[0]).toStartWith('<RPL_WELCOME,');
  });

  test('while somebody speaks ends when that is said', () => {
    const world = new World();
    const a = world.user('a', 'r', 's');
    const [b, c, d] = ['b', 'c', 'd'].map((nick) => world.user(nick, 'r', 's')) as ReturnType<World['user']>[];
    world.hush();
    world.onReply = (connection) => {
      if (connection === b?.connection && !b.lost) b.drop('Output limit exceeded');
    };
    a.say('<NICK,z>');
    const told = ['<NICK,a!u@h,z>', '<QUIT,b!u@h,Output limit exceeded>'];
    expect([a.take(), c?.take(), d?.take()]).toEqual([told, told, told]);
    expect(world.chat.users.size).toBe(3);
    expect(a.ask('<CSEND,x>')).toHaveLength(1);
  });
});

describe('faults', () => {
  test('are named by verb and offset', () => {
    const client = new World().connect();
    expect(client.ask('xx')).toEqual(['<ERR_BADFRAME,*,0,something other than white space between frames>']);
    expect(client.ask('<NICK,a\0>')).toEqual(['<ERR_BADFRAME,NICK,9,a NUL byte>']);
  });

  test('a frame that is too long ends the session', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    expect(errors(a.ask(`<PING,${'x'.repeat(9000)}>`))).toEqual([
      '<ERR_FRAMETOOLONG,*,8192,…>',
      '<ERROR,A frame was too long>',
    ]);
    expect(b.take()).toEqual(['<QUIT,a!u@h,A frame was too long>']);
  });

  test('unknown commands are named in upper case', () => {
    const world = new World();
    expect(errors(world.connect().ask('<nosuch,x>'))).toEqual(['<ERR_UNKNOWNCOMMAND,NOSUCH,*,…>']);
    expect(errors(world.user('a').ask('<SERVER,x>'))).toEqual(['<ERR_UNKNOWNCOMMAND,SERVER,*,…>']);
  });

  test('a connection without a place is told so', () => {
    const world = new World();
    const client = world.connect();
    world.chat.full(client.connection, 'Too many connections from your address');
    expect(errors(client.take())).toEqual(['<ERR_SERVERFULL,*,*,…>', '<ERROR,Too many connections from your address>']);
  });

  test('the server may end a session for reasons of its own', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    world.chat.close(a.session, 'Ping timeout', world.now);
    world.chat.close(a.session, 'Ping timeout', world.now);
    expect([a.take(), b.take()]).toEqual([['<ERROR,Ping timeout>'], ['<QUIT,a!u@h,Ping timeout>']]);
  });
});

describe('a flood', () => {
  const flooded = (burst = 5): World => new World({ flood: { rate: 1, burst } });

  test('is refused, and time helps', () => {
    const world = flooded();
    const client = world.connect().say('<NICK,a><USER,u,0,*,x><PING><PING><PING>');
    client.take();
    expect(errors(client.ask('<PING>'))).toEqual(['<ERR_FLOODING,PING,*,…>']);
    world.now += 2000;
    expect(client.ask('<PING,1>')).toEqual(['<PONG,1>']);
    expect(errors(client.ask('<PING>'))).toEqual(['<ERR_FLOODING,PING,*,…>']);
  });

  test('that goes on for a whole burst in debt is closed, from the first byte on', () => {
    const client = flooded(3).connect().say('<PING>'.repeat(6));
    expect(errors(client.take()).map((frame) => frame.split(',')[0])).toEqual([
      ...['<PONG>', '<PONG>', '<PONG>', '<ERR_FLOODING', '<ERR_FLOODING', '<ERR_FLOODING', '<ERROR'],
    ]);
    expect(client.closed).toBe('Excess flooding; send more slowly');
  });

  test('of errors and bad frames costs too', () => {
    const world = flooded(3);
    const errorsOnly = world.connect().say('<NOSUCH>'.repeat(6));
    const faults = world.connect().say('<>'.repeat(6));
    expect([errorsOnly.closed, faults.closed]).toEqual(Array(2).fill('Excess flooding; send more slowly') as string[]);
  });

  test('counts members and kilobytes of a message, after membership', () => {
    const world = new World({ flood: { rate: 1000, burst: 10 }, textBytes: 4096 });
    const users = Array.from({ length: 201 }, (_, i) => world.user(`n${i}`));
    users[0]?.say('<CREATEROOM,r>');
    for (const user of users) user.say('<JOINROOM,r>');
    world.now += 1000;
    world.hush();
    const [a] = users as [ReturnType<World['user']>];
    a.say(`<CSEND,${'x'.repeat(2048)}>`);
    expect(a.session.tokens).toBe(10 - 1 - 2 - 2);
    a.take();
    a.say('<CSEND,x>');
    expect(a.session.tokens).toBe(2);
    expect(errors(a.ask('<CSEND,x,none>'))).toEqual(['<ERR_NOSUCHROOM,CSEND,none,…>']);
    expect(errors(a.ask('<CSEND,x,r,,abcdefgh>'))).toEqual(['<ERR_FLOODING,CSEND,*,…,,abcdefgh>']);
  });

  test('never makes a command impossible that costs more than a burst', () => {
    const world = new World({ flood: { rate: 1000, burst: 3 }, targets: 9 });
    const a = world.user('a');
    world.now += 1000;
    expect(a.ask('<LSEND,x,a,a,a,a,a>').at(-1)).toBe('<RPL_LSENT,1>');
  });
});
