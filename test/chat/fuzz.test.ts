// Random frames from several sessions, and what must hold after each of them: nothing throws, names have one owner,
// rooms and users agree on who is where, and everybody hears that somebody quit once.

import { describe, expect, test } from 'bun:test';
import { COMMANDS } from '../../src/chat/commands.ts';
import { REGISTERED } from '../../src/chat/session.ts';
import type { User } from '../../src/chat/users.ts';
import { foldNick } from '../../src/wire/names.ts';
import { chance } from './chance.ts';
import { type Client, World } from './world.ts';

const VERBS = COMMANDS.map(({ verb }) => verb);
const WORDS = [
  'a',
  'b',
  'C',
  'r',
  'S',
  'none',
  '',
  '1',
  '2',
  '0',
  'all',
  'x y',
  '\\,',
  'ümlaut',
  '*',
  'root',
  'rootpass',
];
const NICKS = ['a', 'b', 'C', 'c', 'd'];
const ROOMS = ['r', 'S', 's', 't'];

class Fuzz {
  readonly world: World;
  readonly clients: Client[] = [];
  readonly #random: (below: number) => number;

  constructor(seed: number, flood: boolean) {
    this.#random = chance(seed);
    this.world = new World({ presence: 2, nickHistory: 2, ...(flood ? { flood: { rate: 20, burst: 20 } } : {}) });
    for (let i = 0; i < 4; i++) this.clients.push(this.#arrive());
  }

  step(): void {
    const { world, clients } = this;
    world.pass(this.#random(50) === 0 ? 700_000 : this.#random(200));
    const at = this.#random(clients.length);
    const client = clients[at] as Client;
    for (const room of world.ports.values()) {
      if (this.#random(20) === 0) room.waits = !room.waits;
      if (this.#random(3) === 0) room.settle();
    }
    if (this.#random(3) === 0) world.answerChecks();
    if (this.#random(60) === 0 && client.closed === undefined) client.drop();
    if (client.closed !== undefined || client.lost) clients[at] = this.#arrive(client.session.host);
    else client.say(this.#frame());
  }

  #arrive(resumed?: string): Client {
    const client = this.world.connect(`h${this.#random(1000)}`);
    const users = [...this.world.chat.users.all()];
    const ghost = users[this.#random(users.length || 1)];
    if (resumed !== undefined && ghost !== undefined && this.#random(4) === 0) {
      client.say(`<RESUME,${ghost.uid},token-${ghost.uid}>`);
    }
    if (this.#random(8) > 0) client.say(`<NICK,${NICKS[this.#random(NICKS.length)]}><USER,u${this.#random(5)},0,*,x>`);
    return client;
  }

  #frame(): string {
    if (this.#random(20) === 0) return ['<', '<>', 'x', '<NICK,', '<NICK,a\\'][this.#random(5)] as string;
    if (this.#random(3) > 0) return this.#likely();
    const verb = VERBS[this.#random(VERBS.length)] as string;
    if ((verb === 'QUIT' || verb === 'EXIT') && this.#random(4) > 0) return '<CSEND,x>';
    return `<${[verb, ...Array.from({ length: this.#random(6) }, () => this.#word())].join(',')}>`;
  }

  /** What people do most. */
  #likely(): string {
    const nick = NICKS[this.#random(NICKS.length)];
    const room = ROOMS[this.#random(ROOMS.length)];
    const likely = [`<NICK,${nick}>`, `<CREATEROOM,${room}><JOINROOM,${room}>`, `<JOINROOM,${room}>`, '<CSEND,x>'];
    likely.push(`<CSEND,x,${room},,id-${this.#random(99)}-abcdef>`, `<GETSEQUENCE,${room}>`, `<LEAVEROOM,${room}>`);
    likely.push(`<KILL,${nick},x>`, '<USER,u,0,*,x>', `<CSEND,x,${room},${1 + this.#random(5)}>`);
    return likely[this.#random(likely.length)] as string;
  }

  #word(): string {
    const rooms = [...this.world.ports.values()];
    if (rooms.length > 0 && this.#random(6) === 0) return rooms[this.#random(rooms.length)]?.epoch as string;
    return WORDS[this.#random(WORDS.length)] as string;
  }
}

/** What must hold at any time. */
function check(world: World): void {
  const users = [...world.chat.users.all()];
  const names = new Map<string, User>();
  for (const user of users) {
    expect(names.has(user.folded)).toBe(false);
    if (user.session?.state === REGISTERED || user.successor === undefined) names.set(user.folded, user);
    expect(user.folded).toBe(foldNick(user.nick));
    expect(user.endedAt).toBe(0);
    expect(new Set(user.rooms).size).toBe(user.rooms.length);
    for (const room of user.rooms) expect(room.members.has(user)).toBe(true);
    const { session } = user;
    expect(session?.user).toBe(user);
    const current = session?.current;
    if (current !== undefined) expect(user.rooms.includes(current)).toBe(true);
    if (session?.state !== REGISTERED) expect(session?.parting).toBeDefined();
  }
  for (const room of world.chat.rooms.all()) {
    const port = world.ports.get(room.key);
    const here = [...room.members].filter((user) => user.session?.state === REGISTERED);
    expect([...(port?.subscribers ?? [])].sort()).toEqual(
      here.map((user) => user.session?.connection as NonNullable<User['session']>['connection']).sort(),
    );
    for (const user of room.members) expect(user.rooms.includes(room)).toBe(true);
  }
}

/** Frames of one client: nobody quits twice, and nothing is said of somebody who has quit. */
function checkHeard(client: Client): void {
  const gone = new Set<string>();
  for (const frame of client.take()) {
    const [verb, first = '', second = ''] = frame.slice(1, -1).split(',');
    const ident = verb === 'JOINROOM' || verb === 'LEAVEROOM' ? second : first;
    if (verb === 'QUIT') {
      expect(gone.has(ident)).toBe(false);
      gone.add(ident);
    } else if (verb === 'NICK') {
      expect(gone.has(ident)).toBe(false);
      gone.add(ident);
      gone.delete(ident.replace(/^[^!]*/, second));
    } else if (verb === 'JOINROOM') {
      gone.delete(ident);
    }
  }
}

describe.each([false, true])('random frames, flood control %p', (flood) => {
  test.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => {
    const fuzz = new Fuzz(seed * 7919, flood);
    for (let i = 0; i < 1500; i++) {
      fuzz.step();
      check(fuzz.world);
    }
    for (const client of fuzz.world.clients.values()) checkHeard(client);
    expect(fuzz.world.announced).toBeGreaterThan(100);
  });
});

test('the same seed says the same', () => {
  const heard = (): string => {
    const fuzz = new Fuzz(42, false);
    for (let i = 0; i < 300; i++) fuzz.step();
    return [...fuzz.world.clients.values()].map((client) => client.got).join('\n');
  };
  expect(heard()).toBe(heard());
});
