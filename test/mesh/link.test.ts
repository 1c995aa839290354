// One link: the handshake frame by frame, everything that may go wrong in it, and life and death when it is up. What
// the peer says is put together by hand, as another program would.

import { describe, expect, test } from 'bun:test';
import { connectionId } from '../../src/base/ids.ts';
import type { Certifies, Identity } from '../../src/mesh/identity.ts';
import { HANDSHAKE, LINK_LIMITS, Link, type LinkHost, type Role } from '../../src/mesh/link.ts';
import type { Secrets } from '../../src/mesh/secrets.ts';
import type { Why } from '../../src/mesh/why.ts';
import { Frame } from '../../src/wire/scanner.ts';
import { bytes, hmac, identity, NETWORK, SECRET, SeededChance, START, secrets, text } from './servers.ts';

const NONCE = 'nonce-of-the-peer';
const THEIRS = server();

function server(more: Partial<Record<string, string | number>> = {}): string {
  const given = {
    ...{ name: 's2.example', hopcount: 0, id: 2, info: 'server 2', ip: '10.0.0.2', port: 7401, incarnation: START },
    ...{ neighbours: '', clients: 's2.example:7400', protocol: 1, network: NETWORK, nonce: NONCE, time: START },
    ...more,
  };
  return `<SERVER,${Object.values(given).join(',')}>`;
}

class World implements LinkHost {
  readonly network = NETWORK;
  readonly limits = LINK_LIMITS;
  readonly frame = new Frame();
  readonly chance = new SeededChance(1);
  readonly secrets: Secrets;
  readonly identity: Identity = identity(1);
  readonly link: Link;
  said = '';
  verifiedPeer: Identity | undefined;
  handed: string[] = [];
  mine: string[] = [];
  registered: number[] = [];
  unknowns = 0;
  end: { why: Why; detail: string } | undefined;
  onVerified: (link: Link, now: number) => void = (link, now) => link.accept(now);
  now = START;

  constructor(role: Role, using: Secrets = secrets(), certifies?: Certifies) {
    this.secrets = using;
    this.link = new Link(this, connectionId(1), role, START + 5000, START, certifies);
    if (role === 'dialler') this.link.open(START);
  }

  self(): Identity {
    return this.identity;
  }
  send(_: Link, sent: Uint8Array): void {
    this.said += text(sent);
  }
  verified(link: Link, now: number): void {
    this.verifiedPeer = link.peer;
    this.onVerified(link, now);
  }
  handOn(_: Link, frame: Frame): boolean {
    if (!this.mine.includes(frame.verb())) return false;
    this.handed.push(`${frame.verb()} ${frame.arg(0)}`);
    return true;
  }
  refused(_: Link, incarnation: number): void {
    this.registered.push(incarnation);
  }
  unknown(): void {
    this.unknowns++;
  }
  ended(_: Link, why: Why, detail: string): void {
    expect(this.end).toBeUndefined();
    this.end = { why, detail };
  }

  hear(said: string, now = this.now): void {
    this.now = now;
    this.link.receive(bytes(said), now);
  }
  tick(now: number): void {
    this.now = now;
    this.link.tick(now);
  }
  /** What was said since it was asked last. */
  take(): string {
    const { said } = this;
    this.said = '';
    return said;
  }
  /** The frame of our SERVER. */
  get server(): string {
    return /<SERVER[^>]*>/.exec(this.said)?.[0] ?? '';
  }
}

/** The peer's AUTH, as somebody with the secret makes it. */
function auth(world: World, secret = SECRET, theirs = THEIRS, role: Role = other(world.link.role)): string {
  const both = world.link.role === 'dialler' ? world.server + theirs : theirs + world.server;
  return `<AUTH,${hmac(`auth,${role},${both}`, secret)}>`;
}

function other(role: Role): Role {
  return role === 'dialler' ? 'listener' : 'dialler';
}

function up(role: Role): World {
  const world = new World(role);
  world.hear(THEIRS);
  world.hear(auth(world));
  expect(world.link.state).toBe('up');
  world.take();
  return world;
}

describe('the handshake', () => {
  const SERVER =
    /^<SERVER,s1\.example,0,1,server 1,10\.0\.0\.1,7401,1800000000000,,s1\.example:7400,1,testnet,[0-9a-f]{32},1800000000000>\n$/;

  test('of a dialler: SERVER, then AUTH over both, then up', () => {
    const world = new World('dialler');
    expect(world.said).toMatch(SERVER);
    world.hear(`${THEIRS}\n`);
    const mac = hmac(`auth,dialler,${world.server}${THEIRS}`);
    expect(world.said).toEndWith(`\n<AUTH,${mac}>\n`);
    expect(world.link.state).toBe('awaiting AUTH');
    expect(world.verifiedPeer).toBeUndefined();
    world.hear(`${auth(world)}\n`);
    expect(world.verifiedPeer).toEqual(identity(2));
    expect(world.link.state).toBe('up');
  });

  test('of a listener: nothing before SERVER, AUTH only for AUTH', () => {
    const world = new World('listener');
    expect(world.said).toBe('');
    world.hear(THEIRS);
    expect(world.said).toMatch(SERVER);
    const reply = hmac(`auth,listener,${THEIRS}${world.server}`);
    const proof = auth(world);
    world.take();
    world.hear(proof);
    expect(world.said).toBe(`<AUTH,${reply}>\n`);
    expect(world.link.state).toBe('up');
  });

  test('tells how far the clocks are apart and refuses no clock', () => {
    const world = new World('listener');
    const theirs = server({ time: START + 86_400_000 });
    world.hear(theirs);
    world.hear(auth(world, SECRET, theirs));
    expect(world.link.state).toBe('up');
    expect(world.link.skewMs).toBe(86_400_000);
  });

  test('is the same a byte at a time, and with frames that follow at once', () => {
    const world = new World('dialler');
    world.mine = ['FACT'];
    for (const byte of THEIRS) world.hear(byte);
    for (const byte of `${auth(world)}<FACT,1><FACT,2>`) world.hear(byte);
    expect(world.handed).toEqual(['FACT 1', 'FACT 2']);
    const atOnce = new World('dialler');
    atOnce.mine = ['FACT'];
    atOnce.hear(THEIRS);
    atOnce.hear(`${auth(atOnce)}<FACT,1>\n<FACT,2>`);
    expect(atOnce.handed).toEqual(['FACT 1', 'FACT 2']);
  });

  test('is over the canonical frames, with the arguments that come later', () => {
    const world = new World('listener');
    const theirs = THEIRS.replace(/>$/, ',later>');
    world.hear(` ${theirs.replace('<SERVER,', '<server , ')}`);
    world.hear(auth(world, SECRET, theirs));
    expect(world.link.state).toBe('up');
  });

  for (const role of ['dialler', 'listener'] as const) {
    test(`with either of two secrets, as ${role}`, () => {
      for (const secret of ['new', 'old']) {
        const world = new World(role, secrets('new', 'old'));
        world.hear(THEIRS);
        world.hear(auth(world, secret));
        expect(world.link.state).toBe('up');
        expect(world.said).toContain(hmac(`auth,${role},${bothOf(world)}`, 'new'));
      }
    });
  }

  const bothOf = (world: World): string =>
    world.link.role === 'dialler' ? world.server + THEIRS : THEIRS + world.server;
});

describe.each(['dialler', 'listener'] as const)('with a certificate of the peer, a %s', (role) => {
  const named =
    (world: string): Certifies =>
    (name) =>
      name === world;

  test('takes a SERVER with a name that is in it', () => {
    const world = new World(role, secrets(), named('s2.example'));
    world.hear(THEIRS);
    world.hear(auth(world));
    expect(world.link.state).toBe('up');
  });

  test('ends at another name, before it has said or believed anything', () => {
    const world = new World(role, secrets(), named('s3.example'));
    world.take();
    world.hear(THEIRS);
    expect(world.end).toEqual({ why: 'tls', detail: 's2.example' });
    expect(world.said).toBe('<ERROR,The certificate is not the one of this server: s2.example>\n');
    world.hear(auth(world));
    expect(world.verifiedPeer).toBeUndefined();
  });
});

describe('before AUTH', () => {
  const VERBS = ['SERVER', 'AUTH', 'PING', 'PONG', 'SCLOSE', 'FACT', 'ROUTE', 'ERROR', 'ERR_ALREADYREGISTERED', 'NICK'];
  const STATES = ['awaiting SERVER', 'awaiting AUTH'] as const;

  for (const role of ['dialler', 'listener'] as const) {
    for (const state of STATES) {
      test.each(VERBS)(`a ${role} ${state} and %s`, (verb) => {
        const world = new World(role);
        if (state === 'awaiting AUTH') world.hear(THEIRS);
        expect(world.link.state).toBe(state);
        const proof = auth(world);
        const before = world.take();
        const frame = verb === 'SERVER' ? THEIRS : verb === 'AUTH' ? proof : `<${verb},SERVER,x,y,9>`;
        world.hear(frame);
        const row = HANDSHAKE.find((step) => step.role === role && step.state === state && step.verb === verb);
        expect(before.includes('AUTH') && role === 'listener').toBe(false);
        if (row !== undefined) {
          expect(world.end).toBeUndefined();
          expect(world.link.state).toBe(row.next === 'verified' ? 'up' : row.next);
          expect(world.said.startsWith(row.says === '' ? '' : `<${row.says},`)).toBe(true);
          return;
        }
        const refusal = verb.startsWith('ERR');
        expect(world.end?.why).toBe(refusal ? 'error' : 'protocol');
        expect(world.said.startsWith('<ERROR,')).toBe(!refusal);
        expect(world.handed).toEqual([]);
        expect(world.registered).toEqual([]);
        expect(world.verifiedPeer).toBeUndefined();
      });
    }
  }

  const bad: [string, Partial<Record<string, string | number>>, Why][] = [
    ['a name that is none', { name: 'a b' }, 'protocol'],
    ['id 0', { id: 0 }, 'protocol'],
    ['an id over 32 bits', { id: 4_294_967_296 }, 'protocol'],
    ['a hopcount', { hopcount: 1 }, 'protocol'],
    ['an ip that is none', { ip: 'x y' }, 'protocol'],
    ['port 65536', { port: 65_536 }, 'protocol'],
    ['an incarnation beyond time', { incarnation: 8e12 + 1 }, 'protocol'],
    ['an incarnation with a leading zero', { incarnation: '01' }, 'protocol'],
    ['control characters for people', { info: 'a\u001b[2J' }, 'protocol'],
    ['too many addresses for clients', { clients: Array(17).fill('a:1').join(' ') }, 'protocol'],
    ['no nonce', { nonce: '' }, 'protocol'],
    ['a time that is none', { time: 'now' }, 'protocol'],
    ['another network', { network: 'other' }, 'network'],
    ['protocol 0', { protocol: 0 }, 'version'],
  ];
  for (const role of ['dialler', 'listener'] as const) {
    test.each(bad)(`a ${role} refuses a SERVER with %s`, (_, more, why) => {
      const world = new World(role);
      world.take();
      world.hear(server(more));
      expect(world.end?.why).toBe(why);
      // Nothing about us is told to who does not belong here.
      expect(world.said).toMatch(/^<ERROR,[^>]*>\n$/);
    });
  }

  test.each([
    ['AUTH failed', 'mac'],
    ['Another network', 'network'],
    ['No protocol version in common', 'version'],
    ['Too many links', 'error'],
    ['Already registered', 'error'],
    ['This is a link to itself', 'error'],
  ] as const)('a peer that says ERROR,%s is believed as %s, and as no more', (words, why) => {
    const world = new World('dialler');
    world.hear(THEIRS);
    world.hear(`<ERROR,${words}>`);
    expect(world.end).toEqual({ why, detail: words });
    expect(world.registered).toEqual([]);
  });

  test('a SERVER without the arguments of a handshake is refused', () => {
    const world = new World('listener');
    world.hear(THEIRS.split(',').slice(0, 11).join(',').concat('>'));
    expect(world.end?.why).toBe('protocol');
  });

  test.each<[string, (world: World) => string]>([
    ['another secret', (world) => auth(world, 'wrong')],
    ['the mac of the other role', (world) => auth(world, SECRET, THEIRS, world.link.role)],
    ['our own AUTH, sent back', (world) => /<AUTH[^>]*>/.exec(world.said)?.[0] ?? auth(world, 'x')],
    ['a mac over another SERVER', (world) => auth(world, SECRET, server({ nonce: 'another' }))],
    ['a mac in upper case', (world) => auth(world).toUpperCase()],
    ['a mac too short', (world) => auth(world).replace(/.>$/, '>')],
    ['no mac', () => '<AUTH>'],
    ['an empty mac', () => '<AUTH,>'],
  ])('AUTH with %s is refused by both', (_, say) => {
    for (const role of ['dialler', 'listener'] as const) {
      const world = new World(role);
      world.hear(THEIRS);
      const said = say(world);
      world.take();
      world.hear(said);
      expect(world.end?.why).toBe('mac');
      expect(world.said).toBe('<ERROR,AUTH failed>\n');
      expect(world.verifiedPeer).toBeUndefined();
    }
  });

  test('a recorded handshake does not work a second time', () => {
    const first = new World('listener');
    first.hear(THEIRS);
    const recorded = auth(first);
    first.hear(recorded);
    expect(first.link.state).toBe('up');
    const second = new World('listener');
    second.chance.nonce();
    const replayed = new Link(second, connectionId(2), 'listener', START + 5000, START);
    replayed.receive(bytes(THEIRS), START);
    replayed.receive(bytes(recorded), START);
    expect(second.end?.why).toBe('mac');
  });

  test('our own SERVER from a mirror is refused', () => {
    const world = new World('dialler');
    world.hear(world.server);
    expect(world.end).toEqual({ why: 'protocol', detail: 'SERVER with a bad nonce' });
  });

  test.each<[string, string | Uint8Array, Why, RegExp]>([
    ['garbage', 'GET / HTTP/1.1\r\n\r\n', 'frame', /^<ERR_BADFRAME,\*,0,[^>]*>\n<ERROR,[^>]*>\n$/],
    ['a TLS hello', new Uint8Array([0x16, 3, 1, 2, 0]), 'frame', /^<ERR_BADFRAME,/],
    ['bad UTF-8', new Uint8Array([0x3c, 0x41, 0x2c, 0xff, 0x3e]), 'frame', /^<ERR_BADFRAME,A,3,/],
    ['NUL', '<SERVER,\0>', 'frame', /^<ERR_BADFRAME,/],
    ['too many arguments', `<SERVER${',x'.repeat(65)}>`, 'frame', /^<ERR_BADFRAME,/],
    ['a frame over 4 KiB', `<SERVER,${'x'.repeat(5000)}`, 'frame', /^<ERR_FRAMETOOLONG,\*,4096,/],
    ['white space without end', ' '.repeat(9000), 'protocol', /^<ERROR,/],
  ])('%s ends the link', (_, said, why, answer) => {
    const world = new World('listener');
    world.link.receive(typeof said === 'string' ? bytes(said) : said, START);
    expect(world.end?.why).toBe(why);
    expect(world.said).toMatch(answer);
    world.hear(THEIRS);
    expect(world.said).not.toContain('SERVER,s1');
  });

  test('white space in small pieces is bounded too', () => {
    const world = new World('listener');
    for (let sent = 0; sent <= 8192; sent += 64) world.hear(' '.repeat(64));
    expect(world.end?.why).toBe('protocol');
  });

  test('it ends at its time', () => {
    const world = new World('listener');
    world.hear(THEIRS, START + 4999);
    world.tick(START + 4999);
    expect(world.end).toBeUndefined();
    expect(world.link.deadline).toBe(START + 5000);
    world.tick(START + 5000);
    expect(world.end?.why).toBe('timeout');
    expect(world.link.deadline).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a refusal behind AUTH', () => {
  test('reaches the dialler before it is up', () => {
    const world = new World('dialler');
    world.hear(THEIRS);
    world.hear(`${auth(world)}\n<ERR_ALREADYREGISTERED,SERVER,s1.example,text,1800000000009>\n<ERROR,bye>\n`);
    expect(world.registered).toEqual([1_800_000_000_009]);
    expect(world.end).toEqual({ why: 'registered', detail: 'text' });
    expect(world.verifiedPeer).toBeUndefined();
  });

  test('also ends a link that is up already', () => {
    const world = up('dialler');
    world.hear('<ERR_ALREADYREGISTERED,SERVER,s1.example,text,7><ERROR,bye>');
    expect(world.registered).toEqual([7]);
    expect(world.end?.why).toBe('registered');
  });

  test.each(['dialler', 'listener'] as const)('is said by a %s under its AUTH', (role) => {
    const world = new World(role);
    world.onVerified = (link, now) => link.refuse(START + 9, now);
    world.hear(THEIRS);
    world.hear(auth(world));
    expect(world.said).toMatch(
      /<AUTH,[0-9a-f]{64}>\n<ERR_ALREADYREGISTERED,SERVER,s2\.example,[^,>]*,1800000000009>\n<ERROR,Already registered>\n$/,
    );
    expect(world.end?.why).toBe('registered');
  });
});

describe('up', () => {
  test('asks a quiet peer after 5 s, again every 5 s, and gives it up after 15 s', () => {
    const world = up('dialler');
    expect(world.link.deadline).toBe(START + 5000);
    world.tick(START + 4999);
    expect(world.take()).toBe('');
    world.tick(START + 5000);
    expect(world.take()).toBe('<PING,s1.example,1>\n');
    expect(world.link.deadline).toBe(START + 10_000);
    world.tick(START + 10_000);
    expect(world.take()).toBe('<PING,s1.example,1>\n');
    world.tick(START + 14_999);
    expect(world.end).toBeUndefined();
    world.tick(START + 15_000);
    expect(world.end).toEqual({ why: 'silent', detail: '15000 ms' });
  });

  test.each(['<PONG,s1.example,1>', '<PING,s2.example,2>', '<FACT,1>', ' '])('%j is life', (said) => {
    const world = up('listener');
    world.mine = ['FACT'];
    world.hear(said, START + 14_999);
    world.tick(START + 15_000);
    expect(world.end).toBeUndefined();
    expect(world.link.heardAt).toBe(START + 14_999);
  });

  test('time in which we stood still is given back', () => {
    const world = up('listener');
    world.link.forgive(20_000, START + 20_000);
    world.tick(START + 20_000);
    expect(world.end).toBeUndefined();
    world.tick(START + 35_000);
    expect(world.end?.why).toBe('silent');
  });

  test.each([
    ['<PING,s2.example,2>', '<PONG,s2.example,2>\n'],
    ['<ping,S2.EXAMPLE,2,more>', '<PONG,S2.EXAMPLE,2,more>\n'],
    ['<PING,s3.example,3>', ''],
    ['<PING,s2.example,3>', ''],
    ['<PING>', ''],
  ])('%s is answered with %j', (ping, pong) => {
    const world = up('listener');
    world.hear(ping);
    expect(world.take()).toBe(pong);
    expect(world.end).toBeUndefined();
  });

  test('frames are handed on first; what nobody knows is counted', () => {
    const world = up('listener');
    world.mine = ['FACT', 'SCLOSE', 'PING'];
    world.hear('<FACT,a><SCLOSE,s2.example,x><PING,s2.example,2><NEWS,x><NEWS>');
    expect(world.handed).toEqual(['FACT a', 'SCLOSE s2.example', 'PING s2.example']);
    expect(world.take()).toBe('');
    expect(world.unknowns).toBe(2);
    expect(world.end).toBeUndefined();
  });

  test.each<[string, Why | undefined, string]>([
    ['<SCLOSE,s2.example,by ada,s1.example>', 'sclose', 'by ada'],
    ['<SCLOSE,S2.example,by ada,S1.example>', 'sclose', 'by ada'],
    ['<SCLOSE,s2.example,going home>', 'left', 'going home'],
    ['<SCLOSE,s3.example,not its own word>', undefined, ''],
    ['<SCLOSE,s2.example,not about us,s3.example>', undefined, ''],
    ['<ERROR,some reason>', 'error', 'some reason'],
    ['<SERVER,x>', 'protocol', 'SERVER on a link that is up'],
    ['<AUTH,x>', 'protocol', 'AUTH on a link that is up'],
    ['<FACT', undefined, ''],
    ['x', 'frame', 'something other than white space between frames'],
    ['<FACT,<FACT,1>', 'frame', 'an unescaped < inside a frame'],
  ])('%s', (said, why, detail) => {
    const world = up('dialler');
    world.mine = ['FACT'];
    world.hear(said);
    if (why === undefined) expect(world.end).toBeUndefined();
    else expect(world.end).toEqual({ why, detail });
  });

  test('frames of 64 KiB are read, longer ones end the link', () => {
    const world = up('listener');
    world.mine = ['FACT'];
    world.hear(`<FACT,${'x'.repeat(65_536 - 7)}>`);
    expect(world.end).toBeUndefined();
    world.hear(`<FACT,${'x'.repeat(65_536 - 6)}>`);
    expect(world.said).toStartWith('<ERR_FRAMETOOLONG,*,65536,');
    expect(world.end?.why).toBe('frame');
  });

  test('nothing is heard behind the end, nor said', () => {
    const world = up('listener');
    world.mine = ['FACT'];
    world.hear('<FACT,1><ERROR,x><FACT,2>');
    expect(world.handed).toEqual(['FACT 1']);
    world.link.close('protocol', '', START);
    world.hear('<FACT,3>');
    world.tick(START + 60_000);
    expect(world.handed).toEqual(['FACT 1']);
    expect(world.said).toBe('');
  });
});
