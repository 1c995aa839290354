// From a connection to a user: NICK, USER, PASS and RESUME in every order that clients send them in.

import { describe, expect, test } from 'bun:test';
import { errors, START, World } from './world.ts';

const FIRST = START * 1000;
const welcome = (ident: string, uid: string): string[] => [
  `<RPL_WELCOME,*,${ident},${uid},token-${uid}>`,
  '<RPL_YOURHOST,a.example,v1>',
  '<RPL_CREATED,2023-11-14T22:13:20.000Z>',
  '<RPL_MYINFO,a.example,v1,o,->',
  '<RPL_SERVERS>',
  '<RPL_LIMITS,protocol=1,ack=home>',
];

describe('NICK and USER', () => {
  test('register, and the welcome comes in its order', () => {
    const client = new World().connect('1.2.3.4').say('<NICK,Ann>');
    expect(client.take()).toEqual([]);
    expect(client.ask('<USER,ann,0,*,Ann Onymous>')).toEqual(welcome('Ann!ann@1.2.3.4', `7.${FIRST}`));
    expect(client.session.registration).toBeUndefined();
  });

  test('where else clients may connect is named', () => {
    const client = new World({ servers: ['b.example:7000', 'c.example:7001'] }).connect().say('<USER,ann,0,*,x>');
    expect(client.take()[4]).toBe('<RPL_SERVERS,b.example:7000,c.example:7001>');
  });

  test('each user has a uid of its own', () => {
    const world = new World();
    world.user('a');
    expect(world.connect().ask('<USER,b,0,*,x>')[0]).toStartWith(`<RPL_WELCOME,*,b!b@h,7.${FIRST + 1},`);
  });

  test('without NICK the user name is the nickname', () => {
    expect(new World().connect().ask('<USER,ann,0,*,x>')[0]).toStartWith('<RPL_WELCOME,*,ann!ann@h,');
  });

  test('the last NICK counts', () => {
    expect(new World().connect().ask('<NICK,a><NICK,b><USER,u,0,*,x>')[0]).toStartWith('<RPL_WELCOME,*,b!u@h,');
  });

  test('a bad NICK is refused at once, and a noted one stays', () => {
    const client = new World().connect();
    expect(errors(client.ask('<NICK,a><NICK,1a>'))).toEqual(['<ERR_BADNICK,NICK,1a,…>']);
    expect(errors(client.ask('<NICK,>'))).toEqual(['<ERR_BADNICK,NICK,,…>']);
    expect(client.ask('<USER,u,0,*,x>')[0]).toStartWith('<RPL_WELCOME,*,a!u@h,');
  });

  test('a server may want short names', () => {
    const world = new World({ nickLength: 3, roomLength: 2 });
    const client = world.connect();
    expect(errors(client.ask('<NICK,abcd>'))).toEqual(['<ERR_BADNICK,NICK,abcd,…>']);
    expect(errors(client.ask('<USER,abcd,0,*,x>'))).toEqual(['<ERR_BADNICK,USER,abcd,…>']);
    expect(client.ask('<NICK,abc>')[0]).toStartWith('<RPL_WELCOME,*,abc!abcd@h,');
    expect(errors(client.ask('<CREATEROOM,éàü>'))).toEqual(['<ERR_BADROOMNAME,CREATEROOM,éàü,…>']);
    expect(client.ask('<CREATEROOM,éà>')[0]).toStartWith('<RPL_ROOMCREATED,éà,');
  });

  test('a bad user name is refused, and USER may come again', () => {
    const client = new World().connect();
    expect(errors(client.ask('<NICK,a><USER,no user,0,*,x>'))).toEqual(['<ERR_BADUSER,USER,no user,…>']);
    expect(errors(client.ask('<USER,\\,\\<,0,*,x>'))).toEqual(['<ERR_BADUSER,USER,\\,\\<,…>']);
    expect(client.ask('<USER,u,0,*,x>')[0]).toStartWith('<RPL_WELCOME,');
  });

  test('a user name that is no nickname is refused where there is no NICK; the next NICK completes', () => {
    const client = new World().connect();
    expect(errors(client.ask('<USER,1.u,0,*,x>'))).toEqual(['<ERR_BADNICK,USER,1.u,…>']);
    expect(client.ask('<NICK,a>')[0]).toStartWith('<RPL_WELCOME,*,a!1.u@h,');
  });

  test('a nickname in use is known at USER; the next free NICK completes', () => {
    const world = new World();
    world.user('Ann');
    const client = world.connect();
    expect(client.ask('<NICK,ann>')).toEqual([]);
    expect(errors(client.ask('<USER,u,0,*,x>'))).toEqual(['<ERR_NICKINUSE,USER,ann,…>']);
    expect(errors(client.ask('<NICK,ANN>'))).toEqual(['<ERR_NICKINUSE,NICK,ANN,…>']);
    expect(client.ask('<NICK,ann2>')[0]).toStartWith('<RPL_WELCOME,*,ann2!u@h,');
  });

  test('the same USER again is let pass once, right after a NICK completed; any other is not', () => {
    const world = new World();
    world.user('a');
    const late = (): ReturnType<World['connect']> => world.connect().say('<NICK,a><USER,u,0,*,x>');
    const one = late().say('<NICK,b>');
    expect(one.ask('<USER,u,0,*,x>')).toEqual([]);
    expect(errors(one.ask('<USER,u,0,*,x>'))).toEqual(['<ERR_ALREADYREGISTERED,USER,*,…>']);
    const two = late().say('<NICK,c>');
    expect(errors(two.ask('<USER,u,0,*,y>'))).toEqual(['<ERR_ALREADYREGISTERED,USER,*,…>']);
    const three = late().say('<NICK,d>');
    expect(errors(three.ask('<PONG><USER,u,0,*,x>'))).toEqual(['<ERR_ALREADYREGISTERED,USER,*,…>']);
  });

  test('USER again is refused, also without arguments', () => {
    const client = new World().user('a');
    expect(errors(client.ask('<USER,u,0,*,Real Name>'))).toEqual(['<ERR_ALREADYREGISTERED,USER,*,…>']);
    expect(errors(client.ask('<USER>'))).toEqual(['<ERR_ALREADYREGISTERED,USER,*,…>']);
  });

  test('arguments that are not known are passed over', () => {
    expect(new World().connect().ask('<NICK,a,x><USER,u,0,*,x,y,z>')[0]).toStartWith('<RPL_WELCOME,*,a!u@h,');
  });
});

describe('NICK later', () => {
  test('is told once to oneself and to all who share rooms', () => {
    const world = new World();
    const a = world.user('a', 'r', 's');
    const b = world.user('b', 'r', 's');
    const c = world.user('c', 's');
    const d = world.user('d', 'r');
    const e = world.user('e');
    a.say('<NICK,Z>');
    for (const client of [a, b, c, d]) expect(client.take()).toEqual(['<NICK,a!u@h,Z>']);
    expect(e.take()).toEqual([]);
    expect(a.session.user?.ident).toBe('Z!u@h');
  });

  test('in one room everybody is told alone: an announcement would be lost on one whom the room overtook', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    const before = world.announced;
    a.say('<NICK,z>');
    expect(world.announced).toBe(before);
    expect([a.take(), b.take()]).toEqual([['<NICK,a!u@h,z>'], ['<NICK,a!u@h,z>']]);
  });

  test('outside of rooms it is told to oneself', () => {
    const a = new World().user('a');
    expect(a.ask('<NICK,b>')).toEqual(['<NICK,a!u@h,b>']);
    expect(a.ask('<NICK,b>')).toEqual(['<NICK,b!u@h,b>']);
    expect(a.ask('<NICK,B>')).toEqual(['<NICK,b!u@h,B>']);
  });

  test('that changes nothing is told to oneself alone', () => {
    const world = new World();
    const a = world.user('a', 'r');
    const b = world.user('b', 'r');
    a.take();
    expect(a.ask('<NICK,a>')).toEqual(['<NICK,a!u@h,a>']);
    expect(b.take()).toEqual([]);
  });

  test('refuses what is bad or in use, and frees the old name', () => {
    const world = new World();
    const a = world.user('a');
    const b = world.user('b');
    expect(errors(a.ask('<NICK,no!>'))).toEqual(['<ERR_BADNICK,NICK,no!,…>']);
    expect(errors(a.ask('<NICK,B>'))).toEqual(['<ERR_NICKINUSE,NICK,B,…>']);
    a.say('<NICK,c>');
    expect(b.ask('<NICK,A>')).toEqual(['<NICK,b!u@h,A>']);
  });

  test('messages go on under the new name', () => {
    const world = new World();
    const a = world.user('a', 'r');
    a.say('<CSEND,1><NICK,b><CSEND,2>');
    expect(a.take().map((frame) => frame.split(',')[4] ?? frame)).toEqual(['a', '<NICK,a!u@h,b>', 'b']);
  });
});

describe('PASS', () => {
  test('is passed over where no password is asked for', () => {
    const world = new World();
    const client = world.connect();
    expect(client.ask('<PASS,whatever>')).toEqual([]);
    expect(world.checks).toEqual([]);
  });

  test('has to be right; input waits for the check', () => {
    const world = new World({ password: 'secret' });
    const client = world.connect().say('<PASS,secret><NICK,a><USER,u,0,*,x>');
    expect(client.take()).toEqual([]);
    expect(client.paused).toBe(true);
    world.answerChecks();
    expect(client.take()[0]).toStartWith('<RPL_WELCOME,');
  });

  test('missing or wrong is refused without the password in it', () => {
    const world = new World({ password: 'secret' });
    const client = world.connect();
    expect(errors(client.ask('<NICK,a><USER,u,0,*,x>'))).toEqual(['<ERR_PASSWDMISMATCH,USER,*,…>']);
    client.say('<PASS,wrong>');
    world.answerChecks();
    expect(errors(client.take())).toEqual(['<ERR_PASSWDMISMATCH,PASS,*,…>']);
    client.say('<PASS,secret>');
    world.answerChecks();
    expect(client.ask('<USER,u,0,*,x>')[0]).toStartWith('<RPL_WELCOME,');
  });

  test('three wrong ones close the connection', () => {
    const world = new World({ password: 'secret' });
    const client = world.connect();
    for (let i = 0; i < 3; i++) {
      client.say('<PASS,wrong>');
      world.answerChecks();
    }
    expect(client.take().at(-1)).toBe('<ERROR,Too many wrong passwords>');
  });

  test('may be asked to come again, and belongs before registration', () => {
    const world = new World({ password: 'secret' });
    world.busy = true;
    expect(errors(world.connect().ask('<PASS,secret>'))).toEqual(['<ERR_FLOODING,PASS,*,…>']);
    expect(errors(new World().user('a').ask('<PASS,x>'))).toEqual(['<ERR_ALREADYREGISTERED,PASS,*,…>']);
  });
});

describe('RESUME', () => {
  test('takes over the claim and ends the ghost, whose rooms hear one QUIT', () => {
    const world = new World();
    const ghost = world.user('Ann', 'r');
    const other = world.user('b', 'r');
    const claimedAt = ghost.session.user?.claimedAt;
    world.now += 5000;
    const client = world.connect();
    expect(client.ask(`<RESUME,${ghost.uid},token-${ghost.uid}>`)).toEqual([]);
    expect(ghost.closed).toBeUndefined();
    expect(client.ask('<USER,u,0,*,x>')).toEqual(welcome('Ann!u@h', `7.${FIRST + 2}`));
    expect(ghost.take()).toEqual(['<ERROR,Resumed by a new connection>']);
    expect(other.take()).toEqual(['<QUIT,Ann!u@h,Resumed by a new connection>']);
    expect(client.session.user?.claimedAt).toBe(claimedAt as number);
    expect(world.chat.users.size).toBe(2);
    expect(errors(world.connect().ask('<NICK,ann><USER,u,0,*,x>'))).toEqual(['<ERR_NICKINUSE,USER,ann,…>']);
  });

  test('with another NICK takes that one and frees the old one', () => {
    const world = new World();
    const ghost = world.user('a');
    const { uid } = ghost;
    const client = world.connect().say(`<NICK,b><RESUME,${uid},token-${uid}><USER,u,0,*,x>`);
    expect(client.take()[0]).toStartWith('<RPL_WELCOME,*,b!u@h,');
    expect(ghost.closed).toBe('Resumed by a new connection');
    expect(world.connect().ask('<USER,a,0,*,x>')[0]).toStartWith('<RPL_WELCOME,*,a!a@h,');
  });

  test('inherits the nickname of one that is gone, while it is remembered and the name is free', () => {
    const world = new World();
    const gone = world.user('a');
    const { uid } = gone;
    gone.drop();
    const text = `<RESUME,${uid},token-${uid}><USER,u,0,*,x>`;
    expect(world.connect().ask(text)[0]).toStartWith('<RPL_WELCOME,*,a!u@h,');
    world.now += 600_001;
    expect(errors(world.connect().ask(text)).slice(0, 1)).toEqual([`<ERR_BADTOKEN,RESUME,${uid},…>`]);
  });

  test('says so when the nickname was taken meanwhile', () => {
    const world = new World();
    const gone = world.user('a');
    const { uid } = gone;
    gone.drop();
    world.user('A');
    const client = world.connect();
    expect(errors(client.ask(`<RESUME,${uid},token-${uid}><USER,u,0,*,x>`))).toEqual(['<ERR_NICKINUSE,USER,a,…>']);
    expect(client.ask('<NICK,a2>')[0]).toStartWith('<RPL_WELCOME,*,a2!u@h,');
  });

  test('a client that lost the answer to its RESUME may resume the same uid again', () => {
    const world = new World();
    const { uid } = world.user('a');
    const text = `<RESUME,${uid},token-${uid}><USER,u,0,*,x>`;
    const first = world.connect().say(text);
    expect(world.connect().ask(text)[0]).toStartWith('<RPL_WELCOME,*,a!u@h,');
    expect(first.closed).toBe('Resumed by a new connection');
    expect(world.chat.users.size).toBe(1);
  });

  test('a bad token, uid or an unknown user are refused alike, without the token, and the session goes on', () => {
    const world = new World();
    const { uid } = world.user('a');
    const client = world.connect();
    expect(errors(client.ask(`<RESUME,${uid},nonsense>`))).toEqual([`<ERR_BADTOKEN,RESUME,${uid},…>`]);
    expect(errors(client.ask('<RESUME,7.1,token-7.1>'))).toEqual(['<ERR_BADTOKEN,RESUME,7.1,…>']);
    expect(errors(client.ask('<RESUME,x,token-x>'))).toEqual(['<ERR_BADTOKEN,RESUME,x,…>']);
    expect(client.ask('<USER,b,0,*,x>')[0]).toStartWith('<RPL_WELCOME,*,b!b@h,');
  });

  test('a USER that fails leaves the ghost alone', () => {
    const world = new World();
    const ghost = world.user('a');
    world.user('b');
    const client = world.connect().say(`<NICK,b><RESUME,${ghost.uid},token-${ghost.uid}><USER,u,0,*,x>`);
    expect(errors(client.take())).toEqual(['<ERR_NICKINUSE,USER,b,…>']);
    expect(ghost.closed).toBeUndefined();
    client.say('<NICK,A>');
    expect(client.take()[0]).toStartWith('<RPL_WELCOME,*,A!u@h,');
    expect(ghost.closed).toBe('Resumed by a new connection');
  });

  test('belongs before registration', () => {
    expect(errors(new World().user('a').ask('<RESUME,7.1,t>'))).toEqual(['<ERR_ALREADYREGISTERED,RESUME,*,…>']);
  });
});

describe('before registration', () => {
  test('commands are refused', () => {
    const client = new World().connect();
    expect(errors(client.ask('<CSEND,x,r,1,abcdefgh>'))).toEqual(['<ERR_NOTREGISTERED,CSEND,*,…,1,abcdefgh>']);
    expect(errors(client.ask('<LISTROOMS>'))).toEqual(['<ERR_NOTREGISTERED,LISTROOMS,*,…>']);
  });

  test('more than eight frames, good or bad, close the connection', () => {
    const client = new World().connect().say('<NICK,a>'.repeat(7), '<>');
    expect(client.closed).toBeUndefined();
    client.take();
    expect(client.ask('<USER,u,0,*,x>')[0]).toStartWith('<ERROR,Too many frames before registration');
    const other = new World().connect().say('<NICK,a>'.repeat(7), '<USER,u,0,*,x>');
    expect(other.take()[0]).toStartWith('<RPL_WELCOME,');
  });
});
