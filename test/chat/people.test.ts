// Messages to people by name, where they are, and what operators may do to them.

import { describe, expect, test } from 'bun:test';
import { serverId } from '../../src/base/ids.ts';
import type { OperatorConfig } from '../../src/chat/config.ts';
import type { Network } from '../../src/chat/ports.ts';
import { errors, World } from './world.ts';

describe('LSEND', () => {
  test('reaches each target once and says how many', () => {
    const world = new World();
    const [a, b, c] = ['a', 'b', 'c'].map((nick) => world.user(nick)) as [never, never, never] as ReturnType<
      World['user']
    >[];
    expect(a?.ask('<LSEND,x\\,y,b,B,c>')).toEqual(['<RPL_LSENT,2>']);
    expect([b?.take(), c?.take()]).toEqual([[`<LMSG,a,${world.now},x\\,y>`], [`<LMSG,a,${world.now},x\\,y>`]]);
    expect(a?.ask('<LSEND,me,A>')).toEqual([`<LMSG,a,${world.now},me>`, '<RPL_LSENT,1>']);
  });

  test('brings the text into canonical form', () => {
    const world = new World();
    const a = world.user('a');
    expect(a.ask('<LSEND,\\a\\,\\ ,a>')[0]).toBe(`<LMSG,a,${world.now},a\\,\\ >`);
  });

  test('names each unknown target once, and reaches the others', () => {
    const world = new World();
    const a = world.user('a');
    const b = world.user('b');
    expect(errors(a.ask('<LSEND,x,no,b,no>'))).toEqual(['<ERR_NOSUCHNICK,LSEND,no,…>', '<RPL_LSENT,1>']);
    expect(errors(a.ask('<LSEND,x,>'))).toEqual(['<ERR_NOSUCHNICK,LSEND,,…>', '<RPL_LSENT,0>']);
    expect(b.take()).toHaveLength(1);
  });

  test('follows a nickname to who had it last', () => {
    const world = new World();
    const a = world.user('a');
    const b = world.user('b').say('<NICK,c>');
    b.take();
    expect(a.ask('<LSEND,x,b,c>')).toEqual(['<RPL_LSENT,1>']);
    expect(b.take()).toHaveLength(1);
  });

  test('refuses too many, none and long ones', () => {
    const world = new World();
    const a = world.user('a');
    const b = world.user('b');
    expect(errors(a.ask('<LSEND,x,b,b,b,b>'))).toEqual(['<ERR_TOOMANYTARGETS,LSEND,b,…>']);
    expect(errors(a.ask('<LSEND,x>'))).toEqual(['<ERR_NEEDMOREPARAMS,LSEND,*,…>']);
    expect(errors(a.ask('<LSEND,,b>'))).toEqual(['<ERR_NEEDMOREPARAMS,LSEND,*,…>']);
    expect(a.ask(`<LSEND,${'x'.repeat(41)},b>`)[0]).toStartWith('<ERR_TEXTTOOLONG,LSEND,xxx');
    expect(b.take()).toEqual([]);
  });
});

describe('LOCATE', () => {
  test('finds who is here, in any case', () => {
    const world = new World();
    const a = world.user('Ann');
    expect(a.ask('<LOCATE,ann>')).toEqual([`<RPL_LOCATION,Ann,Ann!u@h,${a.uid},a.example,0>`]);
  });

  test('finds in the history, the living first', () => {
    const world = new World();
    const a = world.user('a');
    const b = world.user('b');
    const { uid } = b;
    b.say('<NICK,c>');
    const renamed = world.now;
    expect(a.ask('<LOCATE,B>')).toEqual([`<RPL_WASLOCATION,b,c,${uid},a.example,${renamed}>`]);
    world.now += 1000;
    b.drop();
    expect(a.ask('<LOCATE,b>')).toEqual([`<RPL_WASLOCATION,b,,${uid},a.example,${renamed}>`]);
    expect(a.ask('<LOCATE,c>')).toEqual([`<RPL_WASLOCATION,c,,${uid},a.example,${world.now}>`]);
    const d = world.user('c');
    const ghost = world.user('g');
    const resumed = world.connect().say(`<NICK,h><RESUME,${ghost.uid},token-${ghost.uid}><USER,u,0,*,x>`);
    expect(a.ask('<LOCATE,g>')[0]).toStartWith(`<RPL_WASLOCATION,g,h,${resumed.session.user?.uid},a.example,`);
    expect(a.ask('<LOCATE,c>')).toEqual([`<RPL_LOCATION,c,c!u@h,${d.uid},a.example,0>`]);
    world.now += 600_001;
    expect(errors(a.ask('<LOCATE,b>'))).toEqual(['<ERR_NOSUCHNICK,LOCATE,b,…>']);
  });

  test('does not find who never was', () => {
    expect(errors(new World().user('a').ask('<LOCATE,no one>'))).toEqual(['<ERR_NOSUCHNICK,LOCATE,no one,…>']);
  });
});

describe('OPER', () => {
  test('makes an operator; input waits for the check', () => {
    const world = new World();
    const a = world.user('a').say('<OPER,root,rootpass><PING,x>');
    expect(a.take()).toEqual([]);
    world.answerChecks();
    expect(a.take()).toEqual(['<RPL_YOUREOPER,root>', '<PONG,x>']);
    expect(world.logged).toEqual([['operator.accepted', { name: 'root', by: 'a!u@h', from: 'h' }]]);
  });

  test('checks a wrong name like a wrong password', () => {
    const world = new World();
    const a = world.user('a');
    for (const [name, hash] of [
      ['root', 'rootpass'],
      ['nobody', 'rootpass'],
    ]) {
      a.say(`<OPER,${name},wrong>`);
      expect(world.checks[0]?.hash).toBe(hash as string);
      world.answerChecks();
      expect(errors(a.take())).toEqual([`<ERR_PASSWDMISMATCH,OPER,${name},…>`]);
    }
    a.say('<OPER,nobody,rootpass>');
    world.answerChecks();
    expect(errors(a.take())).toEqual(['<ERR_PASSWDMISMATCH,OPER,nobody,…>', '<ERROR,Too many wrong passwords>']);
    expect(world.logged.map(([event]) => event)).toEqual(Array(3).fill('operator.refused'));
    expect(JSON.stringify(world.logged)).not.toContain('wrong');
  });

  test('may be asked to come again', () => {
    const world = new World();
    world.busy = true;
    const a = world.user('a');
    expect(errors(a.ask('<OPER,root,rootpass>'))).toEqual(['<ERR_FLOODING,OPER,root,…>']);
    expect(a.ask('<PING>')).toEqual(['<PONG>']);
  });

  test('answers nobody when the connection was lost meanwhile', () => {
    const world = new World();
    const a = world.user('a').say('<OPER,root,rootpass>');
    a.drop();
    world.answerChecks();
    expect(world.logged).toEqual([]);
  });
});

describe('operators who are told anew', () => {
  const BSEND_ALONE = { hash: 'rootpass', grants: new Set(['BSEND']) };

  test('have the rights of their line, and none without one or with another password', () => {
    const world = new World();
    const [root, half] = [world.operator('a', 'root'), world.operator('b', 'half')];
    world.logged.length = 0;
    world.config.operators = new Map<string, OperatorConfig>([
      ['root', BSEND_ALONE],
      ['half', { hash: 'other', grants: 'all' }],
    ]);
    world.chat.reconfigured(world.now);
    expect([root.take(), half.take()]).toEqual([[], []]);
    expect(world.logged).toEqual([['operator.dismissed', { name: 'half', by: 'b!u@h' }]]);
    expect(errors(root.ask('<KILL,b,x>'))).toEqual(['<ERR_NOPRIVILEGES,KILL,*,…>']);
    expect(errors(half.ask('<KILL,a,x>'))).toEqual(['<ERR_NOPRIVILEGES,KILL,*,…>']);
    world.config.operators = new Map();
    world.chat.reconfigured(world.now);
    expect(errors(root.ask('<BSEND,x,all>'))).toEqual(['<ERR_NOPRIVILEGES,BSEND,*,…>']);
  });

  test('do not get in by a hash that was replaced while it was checked', () => {
    const world = new World();
    const a = world.user('a').say('<OPER,root,rootpass>');
    world.config.operators = new Map([['root', { hash: 'other', grants: 'all' }]]);
    world.chat.reconfigured(world.now);
    world.answerChecks();
    expect(errors(a.take())).toEqual(['<ERR_PASSWDMISMATCH,OPER,root,…>']);
    expect(a.session.operator).toBeUndefined();
  });

  test('leave alone how far messages are accepted, which follows the network', () => {
    const world = new World();
    const a = world.user('a');
    world.chat.limitsChanged(
      [
        ['protocol', 1],
        ['ack', 'replicated'],
      ],
      world.now,
    );
    world.config.announcedLimits = [
      ['protocol', 2],
      ['ack', 'home'],
    ];
    a.take();
    world.chat.reconfigured(world.now);
    world.chat.reconfigured(world.now);
    expect(a.take()).toEqual(['<RPL_LIMITS,protocol=2,ack=replicated>']);
  });
});

describe('BSEND', () => {
  test('reaches all clients, is logged for servers', () => {
    const world = new World();
    const a = world.operator('a', 'root');
    const b = world.user('b');
    const c = world.connect();
    const message = (scope: string): string => `<BMSG,a,${scope},${world.now},x\\<>`;
    expect(a.ask('<BSEND,clients,x\\<>')).toEqual([message('clients'), '<RPL_BSENT,clients>']);
    expect(b.take()).toEqual([message('clients')]);
    expect(a.ask('<BSEND,servers,x\\<>')).toEqual(['<RPL_BSENT,servers>']);
    expect(b.take()).toEqual([]);
    expect(a.ask('<BSEND,all,x\\<>')).toEqual([message('all'), '<RPL_BSENT,all>']);
    expect([b.take(), c.take()]).toEqual([[message('all')], []]);
    const lines = world.logged
      .filter(([event]) => event === 'operator.broadcast')
      .map(([, { scope, text }]) => [scope, text]);
    expect(lines).toEqual([
      ['clients', undefined],
      ['servers', 'x<'],
      ['all', 'x<'],
    ]);
  });

  test('passes over who is on the way out', () => {
    const world = new World();
    const root = world.operator('root', 'root');
    const b = world.user('b', 'r');
    (world.room('r') as { waits: boolean }).waits = true;
    b.say('<CSEND,x>').drop();
    expect(root.ask('<BSEND,all,x>')).toHaveLength(2);
    expect(errors(root.ask('<LSEND,x,b>'))).toEqual(['<ERR_NOSUCHNICK,LSEND,b,…>', '<RPL_LSENT,0>']);
    expect(errors(root.ask('<KILL,b,x>'))).toEqual(['<ERR_NOSUCHNICK,KILL,b,…>']);
  });

  test('is for operators, needs a text, and knows three scopes; in this order', () => {
    const world = new World();
    const a = world.user('a');
    const half = world.operator('half', 'half');
    const root = world.operator('root', 'root');
    expect(errors(a.ask('<BSEND,nobody>'))).toEqual(['<ERR_NEEDMOREPARAMS,BSEND,*,…>']);
    expect(errors(a.ask('<BSEND,nobody,>'))).toEqual(['<ERR_NEEDMOREPARAMS,BSEND,*,…>']);
    expect(errors(a.ask('<BSEND,nobody,x>'))).toEqual(['<ERR_NOPRIVILEGES,BSEND,*,…>']);
    expect(errors(half.ask('<BSEND,all,x>'))).toEqual(['<ERR_NOPRIVILEGES,BSEND,*,…>']);
    expect(errors(root.ask('<BSEND,ALL,x>'))).toEqual(['<ERR_BADARGUMENT,BSEND,ALL,…>']);
    expect(root.ask(`<BSEND,all,${'x'.repeat(41)}>`)[0]).toStartWith('<ERR_TEXTTOOLONG,BSEND,');
  });
});

describe('KILL', () => {
  test('closes the connection, and rooms hear of it', () => {
    const world = new World();
    const oper = world.operator('oper', 'half');
    const b = world.user('Bob', 'r');
    const c = world.user('c', 'r');
    expect(oper.ask('<KILL,bob,be gone>')).toEqual(['<RPL_KILLED,Bob>']);
    expect(b.take()).toEqual(['<JOINROOM,r,c!u@h>', '<KILL,Bob,be gone>', '<ERROR,Killed by oper: be gone>'].slice(1));
    expect(c.take()).toEqual(['<QUIT,Bob!u@h,Killed by oper: be gone>']);
    expect(world.logged.at(-1)).toEqual([
      'operator.kill',
      { from: 'h', by: 'oper!u@h', operator: 'half', victim: 'Bob!u@h', comment: 'be gone' },
    ]);
    expect(b.ask('<PING>')).toEqual([]);
  });

  test('follows a nickname to who had it last, and never hits who took it', () => {
    const world = new World();
    const oper = world.operator('oper', 'root');
    const b = world.user('b').say('<NICK,b2>');
    b.take();
    expect(oper.ask('<KILL,b,x>')).toEqual(['<RPL_KILLED,b2>']);
    expect(b.take()[0]).toBe('<KILL,b2,x>');
    expect(errors(oper.ask('<KILL,b,x>'))).toEqual(['<ERR_NOSUCHNICK,KILL,b,…>']);
    expect(errors(oper.ask('<KILL,never,x>'))).toEqual(['<ERR_NOSUCHNICK,KILL,never,…>']);
  });

  test('hits oneself too', () => {
    const oper = new World().operator('oper', 'root');
    expect(oper.ask('<KILL,oper,x>')).toEqual(['<RPL_KILLED,oper>', '<KILL,oper,x>', '<ERROR,Killed by oper: x>']);
  });

  test('is for operators', () => {
    expect(errors(new World().user('a').ask('<KILL,a,x>'))).toEqual(['<ERR_NOPRIVILEGES,KILL,*,…>']);
  });
});

describe('SCLOSE', () => {
  test('stops this server', () => {
    const world = new World();
    expect(world.operator('oper', 'root').ask('<SCLOSE,a.example,good night>')).toEqual(['<RPL_SCLOSED,a.example>']);
    expect(world.stopped).toBe('Closed by oper: good night');
  });

  test('knows no other server and no link', () => {
    const world = new World();
    const oper = world.operator('oper', 'root');
    expect(errors(oper.ask('<SCLOSE,b.example,x>'))).toEqual(['<ERR_NOSUCHSERVER,SCLOSE,b.example,…>']);
    expect(errors(oper.ask('<SCLOSE,a.example,x,b.example>'))).toEqual(['<ERR_NOSUCHSERVER,SCLOSE,b.example,…>']);
    expect(errors(world.operator('h', 'half').ask('<SCLOSE,a.example,x>'))).toEqual(['<ERR_NOPRIVILEGES,SCLOSE,*,…>']);
    expect(world.stopped).toBeUndefined();
  });

  test('is passed on to where it belongs', () => {
    const asked: string[] = [];
    const network: Network = {
      servers: () => [{ name: 'b.example', id: serverId(8), hopcount: 0, via: 'b.example', users: 0, info: '' }],
      hopcount: () => 3,
      close: (...of) => {
        asked.push(of.join());
        return 'dispatched';
      },
    };
    const world = new World({ network });
    const oper = world.operator('oper', 'root');
    expect(oper.ask('<SCLOSE,b.example,x,c.example>')).toEqual(['<RPL_SCLOSED,b.example>']);
    expect([asked, world.stopped]).toEqual([['b.example,c.example,x'], undefined]);
    expect(oper.ask('<LOCATE,oper>')).toEqual([`<RPL_LOCATION,oper,oper!u@h,${oper.uid},a.example,3>`]);
  });
});
