// A peer that has the secret and sends nonsense: what no server could have written ends its link, changes nothing and
// is not passed on; what could have been written costs bounded memory, however much of it comes.

import { describe, expect, test } from 'bun:test';
import { type ConnectionId, connectionId, serverId } from '../../src/base/ids.ts';
import type { Group } from '../../src/mesh/group.ts';
import { GROUP_VERBS, GroupReader } from '../../src/mesh/group.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { framesOf, groupsIn, type Server, START, World } from './world.ts';

const EVIL = connectionId(1_000_000);

/** Server 1, linked with 2; somebody who calls himself 9 is linked with 1 and heard by nobody. */
function victim(options = {}): { world: World; server: Server; said: () => number } {
  const world = new World(5, options);
  const [server, other] = [world.start(1), world.start(2)];
  world.connect(server, other);
  world.quiet();
  server.join('ann', START, 'dev');
  world.quiet();
  const wire = { from: server, to: other, out: EVIL, in: EVIL, queue: [], full: false, deaf: true };
  server.wires.set(EVIL, wire);
  server.replica.linkUp(EVIL, serverId(9), world.now);
  world.quiet();
  return { world, server, said: () => world.wires.reduce((sum, { queue }) => sum + queue.length, 0) };
}

/** A group made of its first frame's arguments and the frames behind it. */
function group(head: readonly (string | number)[], ...frames: readonly (readonly (string | number)[])[]): Group {
  const { bytes, count } = framesOf(...frames);
  const [verb, ...args] = head.map(String);
  return { verb: verb as string, args, count, bytes };
}

const AT = START + 99;
const UID = `9.${AT * 1000}`;
const HERE = ['SERVER', 's9', 0, 9, 'info', '10.0.0.9', 7009, AT, '1', '', 1] as const;
const USER = ['USER', UID, 'eve', 'eve', 'host', 'Eve', START] as const;

function server(...changes: readonly (readonly [number, string | number])[]): readonly (string | number)[] {
  const frame: (string | number)[] = [...HERE];
  for (const [index, value] of changes) frame[index] = value;
  return frame;
}

const BAD: readonly (readonly [string, Group])[] = [
  ['a fact without its numbers', group(['FACT'], HERE)],
  ['an origin that is no id', group(['FACT', '09', AT, 1, 1], HERE)],
  ['an origin above 32 bits', group(['FACT', 4_294_967_296, AT, 1, 1], HERE)],
  ['an incarnation that is not a time', group(['FACT', 9, 'soon', 1, 1], HERE)],
  ['an incarnation of the day after tomorrow', group(['FACT', 9, START + 2 * 86_400_000, 1, 1], HERE)],
  ['the fact before the first', group(['FACT', 9, AT, 0, 1], HERE)],
  ['a fact of nothing', group(['FACT', 9, AT, 1, 0])],
  ['a first fact that is not the server', group(['FACT', 9, AT, 1, 1], USER)],
  ['another server than the origin', group(['FACT', 9, AT, 1, 1], server([3, 8]))],
  ['another incarnation than the head', group(['FACT', 9, AT, 1, 1], server([7, AT + 1]))],
  ['a server that is its own neighbour', group(['FACT', 9, AT, 1, 1], server([8, '1 9']))],
  ['neighbours out of order', group(['FACT', 9, AT, 1, 1], server([8, '2 1']))],
  ['a neighbour twice', group(['FACT', 9, AT, 1, 1], server([8, '1 1']))],
  ['neighbours that are no ids', group(['FACT', 9, AT, 1, 1], server([8, '1 x']))],
  ['a name with a space', group(['FACT', 9, AT, 1, 1], server([1, 'a b']))],
  ['a hopcount that somebody counted', group(['FACT', 9, AT, 1, 1], server([2, 1]))],
  ['a port beyond the last', group(['FACT', 9, AT, 1, 1], server([6, 65_536]))],
  ['a control character in the info', group(['FACT', 9, AT, 1, 1], server([4, 'a\u001b[2J']))],
  ['a user of somebody else', group(['FACT', 9, AT, 1, 2], HERE, ['USER', `1.${START * 1000}`, 'a', 'b', 'c', 'd', 1])],
  ['a nickname that is none', group(['FACT', 9, AT, 1, 2], HERE, ['NICK', UID, '0day', 1])],
  ['a room that is none', group(['FACT', 9, AT, 1, 2], HERE, ['JOINROOM', UID, 'a b'])],
  ['a SQUIT without a comment', group(['FACT', 9, AT, 1, 2], HERE, ['SQUIT', 's1', AT])],
  ['a fact that is too long', group(['FACT', 9, AT, 1, 2], HERE, ['BMSG', 'x'.repeat(65_536)])],
  ['our own fact that we never said', group(['FACT', 1, START, 1000, 1], HERE)],
  ['a snapshot without its server', group(['SNAPSHOT', 9, AT, 5, 0, 1, 1], USER)],
  ['a snapshot with two servers', group(['SNAPSHOT', 9, AT, 5, 0, 2, 2], HERE, HERE)],
  ['a snapshot that ends before it begins', group(['SNAPSHOT', 9, AT, 5, 3, 1, 2], USER)],
  ['a snapshot at no position', group(['SNAPSHOT', 9, AT, 0, 0, 1, 1], HERE)],
  ['a snapshot with a nonsense total', group(['SNAPSHOT', 9, AT, 5, 0, 1, 'all'], HERE)],
  ['a snapshot of our own future', group(['SNAPSHOT', 1, START, 1000, 0, 1, 1], HERE)],
  ['a vector of something else', group(['VECTOR', 1], USER)],
  ['a vector with an entry twice', group(['VECTOR', 2], ['HAS', 9, AT, 1], ['HAS', 9, AT, 2])],
  ['a vector with one bad entry behind a good one', group(['VECTOR', 2], ['HAS', 9, AT, 1], ['HAS', 8, AT, 0])],
  ['an entry without a fact', group(['HAS', 9, AT, 0])],
  ['an entry of nobody', group(['HAS', 0, AT, 1])],
  ['a question for nothing', group(['WANT', 1])],
  ['a negative question', group(['WANT', 1, AT, '-1'])],
];

describe('what no server could have written', () => {
  test.each(BAD)('%s ends the link and changes nothing', (_, bad) => {
    const { world, server: one, said } = victim();
    const before = [one.state.text(serverId(1)), JSON.stringify([...one.replica.vector(true)]), one.state.parts.size];
    expect(one.replica.receive(EVIL, bad, world.now)).toBe(`bad ${bad.verb}`);
    expect([said(), one.replica.kept.asked]).toEqual([0, 0]);
    expect([one.state.text(serverId(1)), JSON.stringify([...one.replica.vector(true)]), one.state.parts.size]).toEqual(
      before,
    );
  });

  test('the same fact without its fault is taken and passed on', () => {
    const { world, server: one, said } = victim();
    expect(one.replica.receive(EVIL, group(['FACT', 9, AT, 1, 2], HERE, USER), world.now)).toBeUndefined();
    expect(one.state.text(serverId(9))).toContain('eve');
    expect(said()).toBeGreaterThan(0);
  });

  test.each([
    ['<FACT,9,1,1,x>'],
    ['<FACT,9,1,1>'],
    ['<FACT,9,1,1,1025>'],
    ['<FACT,9,1,1,-1>'],
    ['<VECTOR,99999999999>'],
    [`<FACT,9,1,1,3><A,${'x'.repeat(60_000)}><A,${'x'.repeat(60_000)}><A,${'x'.repeat(60_000)}>`],
  ])('%p is no group', (text) => {
    const scanner = new Scanner(65_536);
    const frame = new Frame();
    const reader = new GroupReader(GROUP_VERBS);
    scanner.feed(new TextEncoder().encode(text));
    let last = '';
    while (last !== 'bad' && scanner.next(frame) === FRAME) last = String(reader.take(frame));
    expect(last).toBe('bad');
    expect(reader.fault).not.toBe('');
  });
});

test('what is read is passed on in canonical form', () => {
  const text = '<fact , 9,1 ,1,1>  < server, a\\b ,\\ x\\ >';
  const [one] = groupsIn(new TextEncoder().encode(text));
  expect(one?.args).toEqual(['9', '1', '1', '1']);
  expect(new TextDecoder().decode(one?.bytes)).toBe('<SERVER,ab,\\ x\\ >\n');
});

test.each([
  ...['<SERVER,a,b>', '<server,a,b>', '<SErVER,a,b>', '< SERVER,a,b>', '<SERVER ,a,b>', '<SERVER, a,b>'],
  ...['<SERVER,a ,b>', '<SERVER,a,b >', '<SERVER,\\a,b>', '<SERVER,a,\\b>'],
])('%s is passed on in the one form that it has', (form) => {
  const [one] = groupsIn(new TextEncoder().encode(`<FACT,9,1,1,2>${form}<SERVER>`));
  expect(new TextDecoder().decode(one?.bytes)).toBe('<SERVER,a,b>\n<SERVER>\n');
});

describe('memory', () => {
  const few = { servers: 8, log: { facts: 16, bytes: 8192 }, logBytes: 20_000, snapshotBytes: 50_000 };

  test('more servers than a network has are not kept', () => {
    const { world, server: one } = victim(few);
    for (let id = 10; id < 500; id++) {
      const here = server([3, id], [1, `s${id}`], [8, '9']);
      expect(one.replica.receive(EVIL, group(['FACT', id, AT, 1, 1], here), world.now)).toBeUndefined();
      expect(one.replica.receive(EVIL, group(['HAS', id + 1000, AT, 7]), world.now)).toBeUndefined();
      expect(one.replica.receive(EVIL, group(['FACT', id + 2000, AT, 7, 1], here), world.now)).toBeUndefined();
      expect(one.replica.receive(EVIL, group(['WANT', id, AT, 0]), world.now)).toBeUndefined();
    }
    expect(one.replica.kept.origins).toBe(8);
    expect(one.replica.kept.asked).toBeLessThanOrEqual(8);
    expect(one.replica.counters.crowded).toBeGreaterThan(400);
    // Nobody can reach them, so they go again.
    world.pass(100_000);
    expect(one.replica.kept.origins).toBe(2);
    expect(one.state.parts.size).toBe(2);
  });

  test('logs stay under their limits', () => {
    const { world, server: one } = victim(few);
    one.replica.receive(EVIL, group(['FACT', 9, AT, 1, 1], HERE), world.now);
    for (let n = 2; n < 2000; n++) {
      one.replica.receive(EVIL, group(['FACT', 9, AT, n, 1], ['BMSG', 'x'.repeat(n % 5000)]), world.now);
      expect(one.replica.kept.logBytes).toBeLessThanOrEqual(20_000);
      one.say(['BMSG', 'y'.repeat(500)]);
    }
    expect(one.replica.vector().get(serverId(9))?.n).toBe(1999);
  });

  test('a snapshot that never ends is refused', () => {
    const { world, server: one } = victim(few);
    let refused: string | undefined;
    let at = 0;
    for (; refused === undefined && at < 100; at++) {
      const frame = at === 0 ? HERE : (['USER', UID, 'eve', 'eve', 'x'.repeat(2000), 'r', START] as const);
      refused = one.replica.receive(EVIL, group(['SNAPSHOT', 9, AT, 5, at, 1, 1000], frame), world.now);
      expect(one.replica.kept.intakeBytes).toBeLessThanOrEqual(50_000);
    }
    expect(refused).toBe('bad SNAPSHOT');
    expect(at).toBeLessThan(30);
    expect(one.state.parts.has(serverId(9))).toBe(false);
  });

  test('parts out of order, of another snapshot, or cut off leave nothing', () => {
    const { world, server: one } = victim(few);
    const part = (n: number, at: number): string | undefined => {
      const frame = at === 0 ? HERE : USER;
      return one.replica.receive(EVIL, group(['SNAPSHOT', 9, AT, n, at, 1, 3], frame), world.now);
    };
    for (const [n, at] of [
      [5, 1],
      [5, 0],
      [5, 2],
      [5, 0],
      [5, 2],
      [5, 2],
      [5, 0],
      [6, 1],
      [5, 0],
      [5, 1],
      [5, 0],
    ] as const)
      part(n, at);
    expect(one.state.parts.has(serverId(9))).toBe(false);
    one.replica.linkDown(EVIL, 'gone', world.now);
    expect(one.replica.kept.intakeBytes).toBe(0);
  });
});

test('groups with anything wrong in them never bring a replica down', () => {
  const { world, server: one } = victim({ servers: 8, snapshotBytes: 10_000 });
  const { random } = world;
  const heads = BAD.map(([, { verb, args }]) => [verb, ...args]);
  const frames = [
    HERE,
    USER,
    ['QUIT', UID, 'x'],
    ['JOINROOM', UID, 'dev'],
    ['SQUIT', 's2', START],
    ['HAS', 2, START, 9],
  ];
  const words = ['', '0', '1', '2', '9', String(START), String(AT), '-1', 'x', '9007199254740993', '<', 's9', '1 2'];
  let link: ConnectionId = EVIL;
  for (let i = 0; i < 20_000; i++) {
    const head = [...random.pick(heads)];
    if (random.chance(0.7)) head[random.below(head.length)] = random.pick(words);
    const behind = Array.from({ length: random.below(3) }, () => {
      const frame: (string | number)[] = [...random.pick(frames)];
      if (random.chance(0.3)) frame[random.between(1, frame.length - 1)] = random.pick(words);
      return frame;
    });
    if (head[0] === '' || !/^[A-Z]+$/.test(head[0] as string)) head[0] = 'FACT';
    if (one.replica.receive(link, group(head, ...behind), world.now) !== undefined && random.chance(0.2)) {
      one.replica.linkDown(link, 'refused', world.now);
      const next = connectionId(EVIL + i + 1);
      const wire = one.wires.get(link);
      if (wire !== undefined) one.wires.set(next, { ...wire, out: next });
      one.replica.linkUp(next, serverId(9), world.now);
      link = next;
    }
    if (random.chance(0.01)) world.pass(random.pick([10, 6000, 40_000]));
    else if (random.chance(0.1)) world.quiet();
  }
  one.replica.linkDown(link, 'gone', world.now);
  world.pass(10_000);
  expect(one.replica.kept.origins).toBe(2);
  expect(world.disagreement()).toBeUndefined();
}, 30_000);
