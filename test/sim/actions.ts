// What a scripted client may do next: every verb of a session with good and bad arguments, garbage, floods, stalls and
// cuts. One action a row, with how often each profile does it.

import { foldRoom } from './frames.ts';
import type { RawClient, SentMessage } from './raw-client.ts';
import type { Profile } from './weather.ts';

type Action = (client: RawClient) => void;

const ACTIONS = {
  send: (client) => client.send({ ...message(client), id: '' }),
  sendWithId: (client) => client.send(message(client)),
  sendCurrent: (client) => client.send({ ...message(client), room: '', id: '' }),
  repeat: (client) => {
    const again = client.random.chance(0.5) ? client.unanswered : client.answered;
    if (again.length > 0) client.send(client.random.pick(again));
  },
  reuseId: (client) => {
    const again = client.random.chance(0.5) ? client.unanswered : client.answered;
    if (again.length > 0) client.send({ ...client.random.pick(again), text: client.text(100) });
  },
  reserve: (client) => client.say('GETSEQUENCE', someRoom(client)),
  fill: (client) => {
    const held = client.reservations;
    if (held.length === 0) return;
    const at = client.random.below(held.length);
    const { room, seq } = held[at] as (typeof held)[number];
    // Now and then it is filled twice.
    if (client.random.chance(0.9)) held.splice(at, 1);
    client.send({ ...message(client), room, seq, id: client.random.chance(0.5) ? newId(client) : '' });
  },
  abandon: (client) => {
    client.reservations = [];
  },
  fillOthers: (client) => {
    const room = someRoom(client);
    const top = client.views.get(foldRoom(room))?.top ?? 0;
    client.send({ ...message(client), room, seq: String(Math.max(1, top + client.random.between(-3, 2))), id: '' });
  },
  create: (client) => client.say('CREATEROOM', client.random.chance(0.9) ? anyRoom(client) : 'no such name!'),
  join: (client) => client.join(anyRoom(client), client.random.chance(0.3)),
  joinFar: (client) => {
    const room = anyRoom(client);
    const view = client.views.get(foldRoom(room));
    const last = Math.max(0, (view?.top ?? 5) - client.random.below(60));
    client.say('JOINROOM', room, view?.epoch ?? 'abc.7', String(last));
  },
  leave: (client) => client.say('LEAVEROOM', someRoom(client)),
  find: (client) => {
    const room = someRoom(client);
    const view = client.views.get(foldRoom(room));
    const seq = Math.max(1, (view?.top ?? 1) + client.random.between(-40, 3));
    client.say('FINDSEQUENCE', room, view?.epoch ?? 'abc.7', String(seq));
  },
  history: (client) => {
    const room = someRoom(client);
    const view = client.views.get(foldRoom(room));
    const { random } = client;
    const epoch = random.chance(0.5) ? '' : (view?.epoch ?? 'abc.7');
    const from = random.chance(0.4) ? '' : String(Math.max(1, (view?.top ?? 1) - random.below(80)));
    client.say('HISTORY', room, epoch, from, String(random.between(1, 300)));
  },
  members: (client) => client.say('ULIST', anyRoom(client)),
  rooms: (client) => client.say('LISTROOMS'),
  tell: (client) => {
    const targets = Array.from({ length: client.random.between(1, 6) }, () => someNick(client));
    client.say('LSEND', client.text(60), ...targets);
  },
  locate: (client) => client.say('LOCATE', someNick(client)),
  map: (client) => client.say('MAP'),
  ping: (client) => client.say('PING', `t${client.random.below(1e6)}`, ' spaced '),
  nick: (client) =>
    client.say('NICK', client.random.pick(['bob', 'Bob', 'eve', someNick(client), '-bad-', 'x'.repeat(40)])),
  oper: (client) => {
    const { name, password } = client.weather.operator;
    client.say('OPER', client.random.chance(0.9) ? name : 'nobody', client.random.chance(0.8) ? password : 'wrong');
  },
  kill: (client) => client.say('KILL', someNick(client), `enough of ${client.text(0)}`),
  broadcast: (client) =>
    client.say('BSEND', client.random.pick(['clients', 'servers', 'all', 'moon']), client.text(60)),
  close: (client) => client.say('SCLOSE', 'elsewhere.example', 'bye'),
  /** A server leaves because an operator says so. */
  closeServer: (client) => {
    const { random, weather } = client;
    if (weather.servers > 1) client.say('SCLOSE', `s${random.between(1, weather.servers)}.sim`, 'by an operator');
  },
  wrong: (client) => {
    const [verb, ...args] = client.random.pick(WRONG);
    client.say(verb as string, ...args);
  },
  tooLongText: (client) =>
    client.send({ ...message(client), text: client.text(60).padEnd(client.weather.textBytes + 9, '!') }),
  garbage: (client) => client.sayRaw(client.random.pick(GARBAGE)),
  /** A frame that another one breaks off is bad; the other one is good. */
  broken: (client) => {
    client.sayRaw('<PING,unfinished ');
    client.say('PING', 'whole');
  },
  less: (client) => client.sayRaw('<'.repeat(client.random.between(2, 400))),
  endless: (client) => client.sayRaw(`<CSEND,${'x'.repeat(client.weather.base.node.limits.frameBytes + 9)}`),
  flood: (client) => {
    const room = someRoom(client);
    for (let left = client.random.between(5, 60); left > 0; left--) client.send({ ...message(client), room, id: '' });
  },
  floodPings: (client) => {
    for (let left = client.random.between(10, 200); left > 0; left--) client.say('PING', 'x'.repeat(left));
  },
  floodTells: (client) => {
    const most = client.weather.base.node.chat.limits.targets;
    const targets = Array.from({ length: client.random.between(1, most) }, () => slowNick(client));
    for (let left = client.random.between(60, 140); left > 0; left--) {
      client.say(
        'LSEND',
        client.text(60).padEnd(client.weather.textBytes, '.').slice(0, client.weather.textBytes),
        ...targets,
      );
    }
  },
  floodLists: (client) => {
    for (let left = client.random.between(3, 12); left > 0; left--) ACTIONS.history(client);
    ACTIONS.rooms(client);
  },
  stall: (client) => client.stall(client.random.between(10, 3_000)),
  stallLong: (client) => client.stall(12_000),
  reset: (client) => client.cut('reset'),
  vanish: (client) => client.cut('vanish'),
  move: (client) => client.move(),
  half: (client) => client.cut('half'),
  quit: (client) => client.say(client.random.pick(['QUIT', 'EXIT']), ...client.random.pick([[], ['bye, all']])),
  /** Words behind a QUIT are not heard. */
  quitAndTalk: (client) => {
    ACTIONS.sendWithId(client);
    client.say('QUIT', 'now');
    ACTIONS.send(client);
  },
} satisfies Record<string, Action>;

type ActionName = keyof typeof ACTIONS;

const ANYBODY: Partial<Record<ActionName, number>> = {
  send: 8,
  sendWithId: 6,
  sendCurrent: 2,
  repeat: 2.5,
  reuseId: 1,
  reserve: 4,
  fill: 2,
  fillOthers: 2,
  create: 1,
  join: 2.5,
  joinFar: 0.5,
  leave: 0.7,
  find: 1,
  history: 1.6,
  members: 0.8,
  rooms: 0.4,
  tell: 0.6,
  locate: 0.4,
  map: 0.2,
  ping: 1,
  nick: 1.6,
  oper: 0.1,
  kill: 0.1,
  broadcast: 0.1,
  close: 0.05,
  wrong: 0.6,
  tooLongText: 0.2,
  stall: 0.3,
  reset: 0.15,
  vanish: 1,
  move: 0.1,
  half: 0.08,
  quit: 0.12,
  quitAndTalk: 0.05,
};

const WEIGHTS: Readonly<Record<Profile, Partial<Record<ActionName, number>>>> = {
  talker: ANYBODY,
  reserver: { ...ANYBODY, reserve: 8, fill: 5, abandon: 1, find: 4, leave: 1.5, quit: 0.3, reset: 0.4 },
  flooder: { ...ANYBODY, flood: 5, floodTells: 6, floodPings: 0.3, floodLists: 0.5, history: 2 },
  slow: { ...ANYBODY, stall: 4, stallLong: 1, floodLists: 1.5, rooms: 1, members: 1, joinFar: 1 },
  vandal: { ...ANYBODY, garbage: 2, broken: 0.5, less: 1, endless: 1.5, wrong: 4, floodPings: 0.2 },
  traveller: { ...ANYBODY, reset: 1, vanish: 0.5, move: 1, half: 0.3, quit: 0.5, repeat: 3, reuseId: 1, join: 4 },
  operator: { ...ANYBODY, oper: 6, kill: 20, broadcast: 1, close: 0.2, closeServer: 1 },
  observer: { join: 4, ping: 1, members: 0.3, locate: 0.1 },
};

const WRONG: readonly (readonly string[])[] = [
  ['NOSUCHVERB', 'x'],
  ['CSEND'],
  ['CSEND', ''],
  ['CSEND', 'text', '', 'minus'],
  ['CSEND', 'text', '', '', 'short'],
  ['CSEND', 'text', 'nowhere'],
  ['JOINROOM'],
  ['JOINROOM', 'nowhere'],
  ['JOINROOM', 'alpha', 'noepoch', '3'],
  ['JOINROOM', 'alpha', '', '3'],
  ['LEAVEROOM', 'nowhere'],
  ['GETSEQUENCE', 'nowhere'],
  ['FINDSEQUENCE', 'alpha'],
  ['FINDSEQUENCE', 'alpha', 'abc.7', '0'],
  ['HISTORY', 'alpha', '', '', '0'],
  ['HISTORY', 'alpha', '', 'x', '1'],
  ['ULIST', 'nowhere'],
  ['USER', 'again', '0', '*', 'again'],
  ['PASS', 'late'],
  ['RESUME', '7.1', 'late'],
  ['NICK'],
  ['LSEND', 'text'],
  ['LOCATE', 'nobody-at-all'],
];
const GARBAGE = [
  'garbage between frames',
  '>>>',
  '<>',
  '<,x>',
  '<PING,a\0b>',
  '<PING,\xff\xfe>',
  '<bad verb,x>',
  `<PING${',a'.repeat(80)}>`,
  '\\<PING,escaped>',
];

export function act(client: RawClient): void {
  ACTIONS[client.random.weighted(WEIGHTS[client.profile])](client);
}

function message(client: RawClient): SentMessage {
  return { room: someRoom(client), text: client.text(client.weather.textBytes), seq: '', id: newId(client) };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789<>,\\-';

function newId(client: RawClient): string {
  return Array.from({ length: client.random.between(14, 20) }, () => LETTERS[client.random.below(LETTERS.length)]).join(
    '',
  );
}

/** A room that it is in, most of the time; in another spelling now and then. */
function someRoom(client: RawClient): string {
  const { random } = client;
  if (client.joined.size === 0 || random.chance(0.05)) return anyRoom(client);
  const room = random.pick([...client.joined]);
  return random.chance(0.1) ? room.toUpperCase() : room;
}

function anyRoom(client: RawClient): string {
  const room = client.random.pick(client.weather.rooms);
  return client.random.chance(0.1) ? room.toUpperCase() : room;
}

function someNick(client: RawClient): string {
  const { random } = client;
  if (client.others.length > 0 && random.chance(0.8)) return random.pick(client.others);
  return random.chance(0.4)
    ? random.pick(['bob', 'eve', 'nobody'])
    : `n${random.below(client.weather.profiles.length)}_${random.between(1, 3)}`;
}

/** Of somebody who reads slowly, where there is one. */
function slowNick(client: RawClient): string {
  const { random, weather } = client;
  const slow = [...weather.profiles.keys()].filter((i) => weather.profiles[i] === 'slow');
  return slow.length === 0 || random.chance(0.3) ? someNick(client) : `n${random.pick(slow)}_${random.between(1, 2)}`;
}
