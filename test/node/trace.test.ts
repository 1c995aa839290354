// A trace: what the log is told of one connection, what it is never told, and that nobody else is looked at.

import { describe, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import type { ConnectionId, Ticket } from '../../src/base/ids.ts';
import type { NodeConfig } from '../../src/node/config.ts';
import { Node } from '../../src/node/node.ts';
import type { LogFields } from '../../src/node/ports.ts';
import { nodeConfig } from '../../src/ops/node-config.ts';
import { parseOptions } from '../../src/ops/options/options.ts';
import { MemoryLog } from '../../src/order/memory.ts';

const START = 1_700_000_000_000;

function configOf(trace: string | undefined): NodeConfig {
  const flags = ['--flood=off', ...(trace === undefined ? [] : [`--trace=${trace}`])];
  const parsed = parseOptions(flags, {}, { hostname: 'alpha', fdLimit: 20_000 });
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  const operators = [{ name: 'ada', hash: 'hash', grants: ['KILL', 'BSEND', 'SCLOSE'] as const }];
  return nodeConfig(parsed.options, operators, { id: 7, version: '0', birth: START, incarnation: START });
}

interface Event extends LogFields {
  readonly event: string;
}

/** A node whose clients are in memory, and its log. */
class Host {
  readonly node: Node;
  readonly config: NodeConfig;
  readonly events: Event[] = [];
  now = START;
  /** Everything that was taken, and by whom. */
  written = '';
  /** How many bytes of an offer are taken. */
  takes = Number.POSITIVE_INFINITY;

  readonly #checks: Ticket[] = [];

  constructor(trace: string | undefined) {
    this.config = configOf(trace);
    const nothing = (): void => {};
    const memory = new Budget(1 << 24);
    this.node = new Node(this.config, {
      ...{ pause: nothing, resume: nothing, end: nothing, terminate: nothing, wake: nothing, stop: nothing },
      offer: (id, bytes, start, end) => {
        const taken = Math.min(end - start, this.takes);
        this.written += `${id}:${new TextDecoder('latin1').decode(bytes.subarray(start, start + taken))}`;
        return taken;
      },
      openLog: (_room, epoch, first) => new MemoryLog(epoch, memory, { slots: 100, bytes: 1 << 20 }, first),
      verify: (ticket) => this.#checks.push(ticket) > 0,
      token: () => 'token-canary',
      isToken: () => false,
      log: (_level, event, fields) => void this.events.push({ event, ...fields }),
    });
  }

  connect(): ConnectionId {
    return this.node.connected('127.0.0.1', 'host.hidden', this.now);
  }

  register(nick: string): ConnectionId {
    const id = this.connect();
    this.say(id, `<NICK,${nick}><USER,u,0,*,canary>`);
    return id;
  }

  say(id: ConnectionId, text: string): void {
    this.node.receive(id, new TextEncoder().encode(text), this.now);
    for (const ticket of this.#checks.splice(0)) this.node.done(ticket, 1, this.now);
    this.node.flush(this.now);
  }

  /** What the log was told since it was asked last, as `event verb about`. */
  told(): string[] {
    return this.events
      .splice(0)
      .map(({ event, verb = '', about = '' }) => `${event} ${verb} ${about}`.replace(/ +/g, ' ').trim());
  }
}

describe('a trace', () => {
  test('begins when the nickname is taken, shows frames both ways by verb, and ends with the connection', () => {
    const host = new Host('Ann');
    const bob = host.register('bob');
    const ann = host.register('ann');
    const begun = host.told();
    expect(begun.slice(0, 3)).toEqual(['trace.begun', 'trace.in USER', 'trace.out RPL_WELCOME * ann!u@host.hidden']);
    expect(begun).toContain('trace.out RPL_LIMITS');
    host.say(ann, '<CREATEROOM,Dev>');
    host.say(ann, '<JOINROOM,dev>');
    const { epoch } = host.node.chat.rooms.find('dev')?.port.order ?? { epoch: '' };
    expect(host.told()).toEqual([
      'trace.in CREATEROOM Dev',
      `trace.out RPL_ROOMCREATED Dev ${epoch}`,
      'trace.in JOINROOM dev',
      'trace.out RPL_WELCOME Dev ann!u@host.hidden',
    ]);
    host.say(bob, '<JOINROOM,dev><CSEND,hello canary>');
    expect(host.told()).toEqual(['trace.out JOINROOM Dev bob!u@host.hidden', `trace.out CMSG Dev ${epoch} 1 bob`]);
    host.say(ann, '<CSEND,text,dev,,id-of-canary>');
    expect(host.told()).toEqual([
      'trace.in CSEND',
      expect.stringContaining('trace.out'),
      expect.stringContaining('trace.out'),
    ]);
    host.now += 5000;
    host.node.closed(ann, 'Connection lost', host.now);
    expect(host.events).toMatchObject([
      { event: 'trace.closed', connection: ann, reason: 'Connection lost', ms: 5000, framesIn: 4, lags: 0 },
    ]);
    host.say(bob, '<PING>');
    expect(host.events).toHaveLength(1);
  });

  test('tells no text, reason, password, token, id, nor a verb that nobody knows', () => {
    const host = new Host('ann');
    const bob = host.register('bob');
    const ann = host.register('ann');
    const frames = [
      ...['<CREATEROOM,dev>', '<JOINROOM,dev>', '<CSEND,a canary>', '<CSEND,unescaped, canary,dev>'],
      ...['<CSEND,x,dev,,canary-as-id>', '<LSEND,canary,bob>', '<LSEND,a canary, canary,bob>', '<PING,canary>'],
      ...['<PONG,canary>', '<OPER,canary,canary>', '<OPER,ada,canary>', '<PASS,canary>', '<RESUME,1.1,canary>'],
      ...['<USER,canary,0,*,canary>', '<canary>', '<canary,x>', '<CANARY,x<PING>', 'canary', '<CSEND,\\canary>'],
      ...['<BSEND,all,canary>', '<HISTORY,dev,,,>', '<ULIST,dev>', '<MAP>', '<LISTROOMS>'],
    ];
    for (const frame of frames) host.say(ann, frame);
    host.say(bob, '<JOINROOM,dev><CSEND,canary><LSEND,canary,ann><QUIT,canary>');
    const cat = host.register('cat');
    host.say(ann, '<KILL,cat,canary>');
    host.node.closed(cat, 'canary', host.now);
    host.say(ann, '<QUIT,canary>');
    host.node.closed(ann, 'Connection closed', host.now);
    const log = JSON.stringify(host.events);
    expect(host.events.filter(({ event }) => event === 'trace.in').length).toBeGreaterThan(15);
    expect(host.events.filter(({ event }) => event === 'trace.bad').length).toBeGreaterThan(1);
    expect(log).toContain('trace.closed');
    expect(log.replace(/"operator\.[^}]*/g, '')).not.toMatch(/canary/i);
  });

  test('says why the server ends it, and not why it leaves itself', () => {
    const ended = (frame: string): string | undefined => {
      const host = new Host('ann');
      host.say(host.register('ann'), frame);
      return host.told().find((line) => line.startsWith('trace.out ERROR'));
    };
    expect(ended('<QUIT,canary>')).toBe('trace.out ERROR');
    expect(ended(`<PING,${'x'.repeat(9000)}>`)).toBe('trace.out ERROR A frame was too long');
  });

  test('is put together from what is taken piece by piece, and says when nothing is', () => {
    const host = new Host('ann');
    const ann = host.register('ann');
    host.told();
    host.takes = 5;
    host.say(ann, '<LOCATE,ann>');
    expect(host.told()).toEqual(['trace.in LOCATE ann', 'trace.full']);
    host.now += 700;
    host.takes = Number.POSITIVE_INFINITY;
    host.node.drained(ann, host.now);
    expect(host.events.splice(0)).toMatchObject([
      { event: 'trace.out', verb: 'RPL_LOCATION', about: 'ann' },
      { event: 'trace.drained', ms: 700 },
    ]);
  });

  test('says so much a second and counts the rest', () => {
    const host = new Host('ann');
    const ann = host.register('ann');
    host.now += 1000;
    host.told();
    host.say(ann, '<PING>'.repeat(300));
    expect(host.events.filter(({ event }) => event.startsWith('trace.')).length).toBe(200);
    host.events.length = 0;
    host.now += 1000;
    host.node.tick(host.now);
    expect(host.events).toMatchObject([{ event: 'trace.rest', lines: 400 }]);
  });

  test('stays with the connection when it is called otherwise, and goes on with the next of that name', () => {
    const host = new Host('ann');
    const first = host.register('ann');
    host.say(first, '<NICK,other>');
    host.told();
    const second = host.register('ann');
    expect(host.told()).toEqual([]);
    host.say(first, '<PING>');
    expect(host.told()).toEqual(['trace.in PING', 'trace.out PONG']);
    host.node.closed(first, 'Connection lost', host.now);
    host.told();
    host.say(second, '<PING>');
    expect(host.told()).toEqual(['trace.begun', 'trace.in PING', 'trace.out PONG']);
  });

  test('changes nothing of what anybody is written', () => {
    const play = (trace: string | undefined): string => {
      const host = new Host(trace);
      const [ann, bob] = [host.register('ann'), host.register('bob')];
      host.say(ann, '<CREATEROOM,dev><JOINROOM,dev>');
      host.say(bob, '<JOINROOM,dev>');
      for (const takes of [3, 70, 1, Number.POSITIVE_INFINITY]) {
        host.takes = takes;
        host.say(bob, '<CSEND,one><LSEND,two,ann><CSEND,three>');
        host.say(ann, '<GETSEQUENCE,dev><nonsense');
        host.say(ann, '<PING>><HISTORY,dev,,,>');
        for (const id of [ann, bob]) host.node.drained(id, host.now);
        host.now += 10;
      }
      host.say(ann, '<QUIT>');
      return host.written;
    };
    expect(play('ann')).toBe(play(undefined));
    expect(play(undefined).length).toBeGreaterThan(1000);
  });

  test('comes and goes while the server runs', () => {
    const host = new Host(undefined);
    const ann = host.register('ann');
    host.say(ann, '<PING>');
    expect(host.told()).toEqual([]);
    host.config.trace = 'ann';
    host.node.reconfigured(host.now);
    expect(host.told()).toEqual(['trace.begun']);
    host.say(ann, '<PING>');
    expect(host.told()).toEqual(['trace.in PING', 'trace.out PONG']);
    host.config.trace = undefined;
    host.node.reconfigured(host.now);
    host.say(ann, '<PING>');
    expect(host.told()).toEqual([]);
  });

  test('goes over to another nickname, and does not begin anew with the same', () => {
    const host = new Host('ann');
    const [ann, bob] = [host.register('ann'), host.register('bob')];
    host.told();
    for (const trace of ['bob', 'Bob']) {
      host.config.trace = trace;
      host.node.reconfigured(host.now);
      host.say(ann, '<PING>');
      host.say(bob, '<PING>');
      expect(host.told()).toEqual([...(trace === 'bob' ? ['trace.begun'] : []), 'trace.in PING', 'trace.out PONG']);
    }
  });
});
