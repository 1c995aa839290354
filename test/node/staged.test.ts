// What a batch of input brought is published before anybody is offered anything, and in the order of decision, whoever
// looks when: across rooms, between messages and replies, for who comes, goes, drains or overflows.

import { expect, test } from 'bun:test';
import { presets } from '../../bench/presets.ts';
import { Budget } from '../../src/base/budget.ts';
import type { ConnectionId } from '../../src/base/ids.ts';
import type { RingLimits } from '../../src/fanout/ring.ts';
import { Node } from '../../src/node/node.ts';
import { nodeConfig } from '../../src/ops/node-config.ts';
import { MemoryLog } from '../../src/order/memory.ts';

const START = 1_790_000_000_000;

class Host {
  readonly node: Node;
  /** What each connection took, and has not been asked for. */
  readonly #taken = new Map<ConnectionId, string>();
  /** Who takes nothing. */
  readonly full = new Set<ConnectionId>();

  constructor(flags: readonly string[] = [], ring: Partial<RingLimits> = {}) {
    const nothing = (): void => {};
    const memory = new Budget(1 << 24);
    const options = presets('--flood', 'off', ...flags);
    const slots = { slots: options.roomMessages, bytes: options.roomBytes };
    const config = nodeConfig(options, [], { id: 1, version: '0', incarnation: START, birth: START });
    const rooms = { ...config.rooms, ring: { ...config.rooms.ring, ...ring } };
    this.node = new Node(
      { ...config, rooms },
      {
        ...{ pause: nothing, resume: nothing, end: nothing, terminate: nothing, wake: nothing, stop: nothing },
        offer: (id, bytes, start, end) => {
          if (this.full.has(id)) return 0;
          this.#taken.set(id, (this.#taken.get(id) ?? '') + new TextDecoder().decode(bytes.subarray(start, end)));
          return end - start;
        },
        openLog: (_room, epoch, first) => new MemoryLog(epoch, memory, slots, first),
        verify: () => false,
        token: () => 'token',
        isToken: () => false,
        log: (level, event, fields) => {
          if (level === 'error') throw new Error(`${event} ${JSON.stringify(fields)}`);
        },
      },
    );
  }

  /** Somebody in these rooms, who has been told all about it. */
  enter(nick: string, ...rooms: string[]): ConnectionId {
    const id = this.node.connected('127.0.0.1', 'host', START);
    const joins = rooms.map((room) => `<CREATEROOM,${room}><JOINROOM,${room}>`).join('');
    this.say(id, `<NICK,${nick}><USER,u,0,*,r>${joins}`);
    this.flush();
    return id;
  }

  say(id: ConnectionId, text: string): void {
    this.node.receive(id, new TextEncoder().encode(text), START);
  }

  flush(): void {
    this.node.flush(START);
  }

  /** The texts of messages, and the verbs of all else, that a connection took since it was asked last. */
  heard(id: ConnectionId): string {
    const frames = (this.#taken.get(id) ?? '').split('\n').slice(0, -1);
    this.#taken.delete(id);
    return frames
      .map((frame) => (frame.startsWith('<CMSG,') ? frame.slice(1, -1).split(',')[6] : verbOf(frame)))
      .join(' ');
  }
}

const verbOf = (frame: string): string => /^<(\w+)/.exec(frame)?.[1] ?? '';

test('messages of one chunk to several rooms come in the order in which they were said', () => {
  const host = new Host();
  const ann = host.enter('ann', 'a', 'b', 'c');
  const bob = host.enter('bob', 'a', 'b', 'c');
  for (const id of [ann, bob]) host.heard(id);
  host.say(ann, '<CSEND,1,a><CSEND,2,b><CSEND,3,a><CSEND,4,c><CSEND,5,b><CSEND,6,a>');
  host.say(bob, '<CSEND,7,b><CSEND,8,a>');
  expect(host.heard(bob)).toBe('');
  host.flush();
  for (const id of [ann, bob]) expect(host.heard(id)).toBe('1 2 3 4 5 6 7 8');
});

test('replies stand where they were said', () => {
  const host = new Host();
  const ann = host.enter('ann', 'a', 'b');
  host.heard(ann);
  host.say(ann, '<CSEND,1,a><PING,x><CSEND,2,b><CSEND,3,a,,id-number-1><NOSUCHVERB><CSEND,4,a>');
  host.flush();
  expect(host.heard(ann)).toBe('1 PONG 2 3 RPL_SENT ERR_UNKNOWNCOMMAND 4');
});

test('who drains in the middle of a batch gets all that was decided before, in order', () => {
  const host = new Host();
  const ann = host.enter('ann', 'a', 'b');
  const bob = host.enter('bob', 'a', 'b');
  host.heard(bob);
  host.full.add(bob);
  host.say(ann, '<CSEND,0,a>');
  host.flush();
  host.full.clear();
  host.say(ann, '<CSEND,1,a><CSEND,2,b>');
  host.say(bob, '<PING,x>');
  host.say(ann, '<CSEND,3,a>');
  host.node.drained(bob, START);
  expect(host.heard(bob)).toBe('0 1 2 PONG 3');
  host.flush();
  expect(host.heard(bob)).toBe('');
});

test('who comes hears what follows, and who goes what came before', () => {
  const host = new Host();
  const ann = host.enter('ann', 'a');
  const bob = host.enter('bob', 'a');
  const cat = host.enter('cat');
  for (const id of [ann, bob, cat]) host.heard(id);
  host.say(ann, '<CSEND,1>');
  host.say(cat, '<JOINROOM,a>');
  host.say(ann, '<CSEND,2>');
  host.say(bob, '<LEAVEROOM,a>');
  host.say(ann, '<CSEND,3>');
  host.flush();
  expect(host.heard(ann)).toBe('1 JOINROOM 2 LEAVEROOM 3');
  expect(host.heard(bob)).toBe('1 JOINROOM 2 LEAVEROOM');
  expect(host.heard(cat)).toBe('RPL_WELCOME 2 LEAVEROOM 3');
});

test('who ends takes along what came before, its own words too', () => {
  const host = new Host();
  const ann = host.enter('ann', 'a', 'b');
  const bob = host.enter('bob', 'a', 'b');
  for (const id of [ann, bob]) host.heard(id);
  host.say(ann, '<CSEND,1,a><CSEND,2,b>');
  host.say(bob, '<CSEND,3,a><CSEND,4,b><QUIT,bye>');
  host.say(ann, '<CSEND,5,a>');
  host.flush();
  expect(host.heard(bob)).toBe('1 2 3 4 ERROR');
  expect(host.heard(ann)).toBe('1 2 3 4 QUIT 5');
});

test('who asks for what was said a moment ago is given it', () => {
  const host = new Host();
  const ann = host.enter('ann', 'a');
  host.heard(ann);
  const epoch = host.node.chat.rooms.find('a')?.port.order.epoch;
  host.say(ann, `<CSEND,1><CSEND,2><FINDSEQUENCE,a,${epoch},2><HISTORY,a,,,><GETSEQUENCE,a><CSEND,4><CSEND,3,,3>`);
  host.flush();
  host.flush();
  expect(host.heard(ann)).toBe('1 2 2 1 2 RPL_ENDOFHISTORY NEWSEQUENCE 4 3');
});

test('who comes without being announced hears nothing of before, either', () => {
  const host = new Host(['--presence', '1']);
  const ann = host.enter('ann', 'a');
  host.enter('bob', 'a');
  const cat = host.enter('cat');
  host.heard(cat);
  host.say(ann, '<CSEND,1>');
  host.say(cat, '<JOINROOM,a>');
  host.say(ann, '<CSEND,2>');
  host.flush();
  expect(
    host
      .heard(cat)
      .split(' ')
      .filter((word) => word !== 'RPL_MEMBERS'),
  ).toEqual(['RPL_WELCOME', '2']);
});

test('what is said to one alone and is too much to wait takes what came before along', () => {
  const host = new Host(['--client-output-bytes', '16KiB']);
  const ann = host.enter('ann', 'a');
  const bob = host.enter('bob', 'a');
  host.heard(ann);
  host.say(bob, `<CSEND,1>${`<LSEND,${'x'.repeat(4_000)},ann>`.repeat(5)}`);
  expect(host.heard(ann)).toStartWith('1 LMSG LMSG');
});

test('a ring that overflows by what somebody looked at is given out at once', () => {
  const host = new Host([], { entries: 20 });
  const ann = host.enter('ann', 'a');
  host.heard(ann);
  const epoch = host.node.chat.rooms.find('a')?.port.order.epoch;
  let said = '';
  for (let i = 1; i <= 99; i += 3) said += `<CSEND,m><CSEND,m><CSEND,m><FINDSEQUENCE,a,${epoch},1>`;
  host.say(ann, said);
  host.flush();
  expect(host.heard(ann)).toBe('m m m m '.repeat(33).trimEnd());
});

test.each([
  [1, 4_000],
  [2, 60_000],
  [3, 4_000],
  [6, 60_000],
  [40, 60_000],
  [130, 6_000],
  [1_024, 4_000],
])('a batch of more than a ring of %d entries and %d bytes takes loses nothing', (entries, bytes) => {
  const host = new Host([], { entries, bytes });
  const ann = host.enter('ann', 'a', 'b');
  const bob = host.enter('bob', 'b', 'a');
  for (const id of [ann, bob]) host.heard(id);
  const said: string[] = [];
  for (let chunk = 0; chunk < 40; chunk++) {
    let text = '';
    for (let i = 0; i < 10; i++) {
      const room = (chunk * 10 + i) % 7 < 4 ? 'a' : 'b';
      const word = `${chunk}-${i}-${'x'.repeat((chunk * i * 97) % 900)}`;
      said.push(word);
      text += `<CSEND,${word},${room}>`;
    }
    host.say(chunk % 3 === 0 ? bob : ann, text);
    if (chunk % 8 === 7) host.flush();
  }
  host.flush();
  for (const id of [ann, bob]) expect(host.heard(id)).toBe(said.join(' '));
});

test('messages are counted when they are published', () => {
  const host = new Host();
  const ann = host.enter('ann', 'a');
  host.enter('bob', 'a');
  host.say(ann, '<CSEND,1><CSEND,2><CSEND,3>');
  host.flush();
  const { messages, deliveries } = host.node.rooms.counted;
  expect([messages, deliveries]).toEqual([3, 6]);
});
