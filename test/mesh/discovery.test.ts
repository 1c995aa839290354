// Discovery: the exact datagrams, what is dropped and why, when it asks, and what it remembers.

import { describe, expect, test } from 'bun:test';
import { DATAGRAM_BYTES, Discovery, type DiscoveryOut, type Drop } from '../../src/mesh/discovery.ts';
import type { Contact, Endpoint, Identity } from '../../src/mesh/identity.ts';
import type { Secrets } from '../../src/mesh/secrets.ts';
import { bytes, hmac, identity, NETWORK, SeededChance, START, secrets, text } from './servers.ts';

interface Sent {
  readonly frame: string;
  readonly to: Endpoint | 'group';
}

class Seeker implements DiscoveryOut {
  readonly sent: Sent[] = [];
  readonly peers: Contact[] = [];
  readonly unheardOf: [string, number][] = [];
  readonly told: Partial<Record<Drop, number>>[] = [];
  answers = -1;
  readonly discovery: Discovery;

  constructor(self: Identity = identity(1), using: Secrets = secrets(), seed: number = self.id) {
    this.discovery = new Discovery({ network: NETWORK, self: () => self }, using, new SeededChance(seed), this);
  }

  datagram(sent: Uint8Array, to: Endpoint | 'group'): void {
    this.sent.push({ frame: text(sent), to });
  }

  found(peer: Contact): void {
    this.peers.push(peer);
  }

  unheard(peer: Contact, skewMs: number): void {
    this.unheardOf.push([peer.name, skewMs]);
  }

  searched(answers: number): void {
    this.answers = answers;
  }

  countedDrops(counts: Partial<Record<Drop, number>>): void {
    this.told.push(counts);
  }

  hear(frame: string, now = START, ip = '10.0.0.2', port = 5000): void {
    this.discovery.datagram(bytes(frame), ip, port, now);
  }

  /** The reasons that were counted, each as often as it was. */
  get dropped(): Drop[] {
    return Object.entries(this.discovery.drops).flatMap(([drop, count]) => Array<Drop>(count).fill(drop as Drop));
  }
}

function seeker(...args: ConstructorParameters<typeof Seeker>): Seeker {
  const made = new Seeker(...args);
  made.discovery.start(START);
  return made;
}

/** What another program says with the same secret: put together by hand. */
function hello(more: Partial<Record<string, string | number>> = {}, secret?: string): string {
  const given = {
    ...{ verb: 'HELLO', name: 's2.example', ip: '10.0.0.2', port: 7401, network: NETWORK, id: 2 },
    ...{ incarnation: START, time: START, nonce: 'nonce-of-a-stranger' },
    ...more,
  };
  const { verb, name, ip, port, network, id, incarnation, time, nonce } = given;
  const open = `<${verb},${name},${ip},${port},${network},${id},${incarnation},${time},${nonce}`;
  const padded = verb === 'HELLO' ? `${open},${more.pad ?? '0'.repeat(512 - open.length - 67)}` : open;
  return `${padded},${more.mac ?? hmac(padded, secret)}>`;
}

const nonceOf = (frame: string): string => frame.split(',')[8] as string;
const welcome = (to: Seeker, more: Partial<Record<string, string | number>> = {}): string =>
  hello({ verb: 'WELCOME', nonce: nonceOf(to.sent[0]?.frame ?? ''), ...more });

describe('the frames', () => {
  test('a HELLO is 512 bytes, padded with zeros, with the mac over all before its comma', () => {
    const [{ frame, to } = { frame: '', to: 'group' }] = seeker().sent;
    expect(to).toBe('group');
    expect(frame).toHaveLength(DATAGRAM_BYTES);
    const pattern =
      /^(<HELLO,s1\.example,10\.0\.0\.1,7401,testnet,1,1800000000000,1800000000000,[0-9a-f]{32},0+),([0-9a-f]{64})>$/;
    const [, signed = '', mac = ''] = pattern.exec(frame) ?? [];
    expect(mac).toBe(hmac(signed));
  });

  test('a HELLO of the longest names is 512 bytes too', () => {
    const long = {
      name: 'n'.repeat(63),
      ip: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff',
      port: 65_535,
      id: identity(1).id,
    };
    const made = new Discovery(
      { network: 'w'.repeat(63), self: () => identity(1, long) },
      secrets(),
      new SeededChance(1),
      new (class extends Seeker {
        override datagram(sent: Uint8Array): void {
          expect(sent).toHaveLength(DATAGRAM_BYTES);
        }
      })(),
    );
    made.start(START);
    expect.assertions(1);
  });

  test('a HELLO is answered by unicast, with its nonce, to the port that it came from, and its sender is known', () => {
    const one = seeker();
    one.hear(hello(), START + 7, '10.0.0.2', 5123);
    const { frame, to } = one.sent[1] as Sent;
    expect(to).toEqual({ host: '10.0.0.2', port: 5123 });
    const [, signed = '', mac = ''] = /^(<WELCOME,.*),([0-9a-f]{64})>$/.exec(frame) ?? [];
    expect(signed).toBe('<WELCOME,s1.example,10.0.0.1,7401,testnet,1,1800000000000,1800000000007,nonce-of-a-stranger');
    expect(mac).toBe(hmac(signed));
    expect(one.peers).toEqual([
      { name: 's2.example', id: identity(2).id, ip: '10.0.0.2', port: 7401, incarnation: START },
    ]);
    expect(one.discovery.skews.get(identity(2).id)).toBe(-7);
  });

  test('a WELCOME for our nonce makes its sender known, once', () => {
    const one = seeker();
    one.hear(welcome(one));
    expect(one.peers.map((peer) => peer.name)).toEqual(['s2.example']);
    one.hear(welcome(one), START + 2000);
    expect(one.dropped).toEqual(['replay']);
    one.discovery.tick(START + 10_000);
    expect(one.answers).toBe(1);
  });

  test.each<[string, (frame: string) => string]>([
    ['an LF behind it', (frame) => `${frame}\n`],
    ['white space around it', (frame) => ` \r\n${frame}\t`],
    ['white space inside it', (frame) => frame.replace(',10.0', ' , 10.0')],
    ['a verb in lower case', (frame) => frame.replace('HELLO', 'hello')],
    ['an escape that is not needed', (frame) => frame.replace('s2.e', 's2.\\e')],
    ['an argument that comes later', (frame) => frame.replace(/>$/, ',later>')],
  ])('the mac is over the canonical frame: %s changes nothing', (_, form) => {
    const one = seeker();
    one.hear(form(hello({ pad: '0'.repeat(300) })));
    expect(one.dropped).toEqual([]);
    expect(one.peers).toHaveLength(1);
    expect(one.sent).toHaveLength(2);
  });

  test('an answer that would be longer than the question is not given', () => {
    const one = seeker(identity(1, { name: 'a-name-that-is-longer-than-its' }));
    one.hear(hello({ pad: '' }));
    expect(one.sent).toHaveLength(1);
    expect(one.dropped).toEqual(['answer']);
    expect(one.peers).toHaveLength(1);
  });
});

describe('dropped', () => {
  const cases: [Drop, string, (one: Seeker) => void][] = [
    ['frame', 'truncated', (one) => one.hear(hello().slice(0, -1))],
    ['frame', 'of more than 512 bytes', (one) => one.hear(hello({ pad: '0'.repeat(400) }))],
    ['frame', 'two at once', (one) => one.hear(hello({ pad: '' }) + hello({ pad: '' }))],
    ['frame', 'empty', (one) => one.hear('')],
    ['frame', 'garbage', (one) => one.discovery.datagram(new Uint8Array(300).fill(0xff), '10.0.0.2', 1, START)],
    ['frame', 'another verb', (one) => one.hear(hello({ verb: 'SERVER' }))],
    ['field', 'too few arguments', (one) => one.hear('<HELLO,s2.example,10.0.0.2,7401>')],
    ['field', 'a bad name', (one) => one.hear(hello({ name: '-x' }))],
    ['field', 'port 0', (one) => one.hear(hello({ port: 0 }))],
    ['field', 'port 65536', (one) => one.hear(hello({ port: 65_536 }))],
    ['field', 'an id beyond 32 bits', (one) => one.hear(hello({ id: 4_294_967_296 }))],
    ['field', 'a negative id', (one) => one.hear(hello({ id: -1 }))],
    ['field', 'a time that is none', (one) => one.hear(hello({ time: '1e3' }))],
    ['field', 'no nonce', (one) => one.hear(hello({ nonce: '' }))],
    ['field', 'a mac of another length', (one) => one.hear(hello({ mac: 'abc' }))],
    ['network', 'another network', (one) => one.hear(hello({ network: 'other' }))],
    ['echo', 'our own HELLO', (one) => one.hear(one.sent[0]?.frame ?? '', START, '10.0.0.1')],
    ['source', 'from elsewhere', (one) => one.hear(hello(), START, '10.0.0.3')],
    ['time', 'too old', (one) => one.hear(hello({ time: START - 30_001 }))],
    ['time', 'from the future', (one) => one.hear(hello({ time: START + 30_001 }))],
    ['unasked', 'a WELCOME for another nonce', (one) => one.hear(welcome(one, { nonce: 'x' }))],
    ['unasked', 'a WELCOME after 10 s', (one) => one.hear(welcome(one, { time: START + 10_000 }), START + 10_000)],
    ['mac', 'another secret', (one) => one.hear(hello({}, 'wrong'))],
    ['mac', 'a changed argument', (one) => one.hear(hello().replace('7401', '7409'))],
    ['mac', 'the mac in upper case', (one) => one.hear(hello({ mac: 'A'.repeat(64) }))],
  ];
  test.each(cases)('%s: %s', (drop, _, say) => {
    const one = seeker();
    say(one);
    expect(one.dropped).toEqual([drop]);
    expect(one.peers).toEqual([]);
    expect(one.sent).toHaveLength(1);
  });

  test('whose clock is off is told of where the secret is known, and only there', () => {
    const one = seeker();
    one.hear(hello({ time: START + 45_000 }));
    one.hear(hello({ time: START + 45_000 }, 'wrong'));
    one.hear(hello({ time: START - 30_001, nonce: 'another' }));
    expect(one.unheardOf).toEqual([
      ['s2.example', 45_000],
      ['s2.example', -30_001],
    ]);
    expect(one.dropped.toSorted()).toEqual(['mac', 'time', 'time']);
  });

  test('is told of when it is new or has doubled, beside a HELLO, and no more than that', () => {
    const one = seeker();
    one.hear(one.sent[0]?.frame ?? '', START, '10.0.0.1');
    for (let second = 0; second < 600; second++) {
      const now = START + second * 1000;
      one.hear(hello({ time: now }, 'wrong'), now);
      if (one.discovery.deadline <= now) one.discovery.tick(now);
    }
    expect(one.told.length).toBeGreaterThan(3);
    expect(one.told.length).toBeLessThan(12);
    const counts = one.told.map((each) => each.mac ?? 0);
    for (const [i, count] of counts.entries())
      expect(count).toBeGreaterThanOrEqual(Math.max(1, (counts[i - 1] ?? 0) * 2));
    expect(one.told.every((each) => Object.keys(each).join() === 'mac')).toBe(true);
  });

  test('just inside: 30 s off, 9.999 s after the question', () => {
    const one = seeker();
    one.hear(hello({ time: START - 30_000 }));
    one.hear(welcome(one, { time: START + 9999 }), START + 9999);
    expect(one.dropped).toEqual([]);
    expect(one.peers).toHaveLength(2);
  });

  test('replay: a HELLO is not let in twice, at any time', () => {
    const one = seeker();
    const frame = hello({ time: START + 30_000 });
    one.hear(frame);
    for (let now = START + 500; now < START + 120_000; now += 500) {
      one.hear(hello({ time: now, nonce: `n${now}`, id: 3, name: 's3.example', ip: '10.0.0.3' }), now, '10.0.0.3');
      one.hear(frame, now);
    }
    expect(one.peers.filter((peer) => peer.name === 's2.example')).toHaveLength(1);
    expect(one.dropped).toContain('replay');
    expect(one.dropped).toContain('time');
  });

  test('identityRate: one a second from one server, of each kind', () => {
    const one = seeker();
    one.hear(hello({ nonce: 'a' }));
    one.hear(welcome(one));
    one.hear(hello({ nonce: 'b' }), START + 999);
    one.hear(hello({ nonce: 'c' }), START + 1000);
    expect(one.peers).toHaveLength(3);
    expect(one.dropped).toEqual(['identityRate']);
  });

  test('rate: 100 a second in all', () => {
    const one = seeker();
    const say = (id: number, now: number): void =>
      one.hear(hello({ id, name: `s${id}`, nonce: `n${id}`, time: now }), now);
    for (let id = 2; id < 302; id++) say(id, START);
    expect(one.peers).toHaveLength(100);
    expect(one.dropped).toHaveLength(200);
    for (let id = 302; id < 602; id++) say(id, START + 1000);
    expect(one.peers).toHaveLength(200);
    expect(one.discovery.drops.rate).toBe(400);
  });

  test('a flood of forgeries, in the name of a server too, does not keep that server out', () => {
    const one = seeker();
    for (let i = 0; i < 1000; i++) one.hear(hello({ nonce: `n${i}` }, 'wrong'));
    one.hear(hello({ nonce: 'n0' }));
    expect(one.peers).toHaveLength(1);
    expect(one.discovery.drops.mac).toBe(1000);
  });

  test('a second secret is accepted, and the first one is used', () => {
    const rotating = seeker(identity(1), secrets('new', 'old'));
    rotating.hear(hello({ nonce: 'a' }, 'old'));
    rotating.hear(hello({ nonce: 'b', id: 3, name: 's3' }, 'new'));
    expect(rotating.peers).toHaveLength(2);
    const [, signed = '', mac = ''] = /^(<WELCOME,.*),([0-9a-f]{64})>$/.exec(rotating.sent[1]?.frame ?? '') ?? [];
    expect(mac).toBe(hmac(signed, 'new'));
  });
});

describe('asking', () => {
  test('at the start, with back-off, then rarely, each time with another nonce', () => {
    const one = seeker();
    const times = [0];
    for (let n = 0; n < 12; n++) {
      const at = one.discovery.deadline;
      const before = one.sent.length;
      one.discovery.tick(at - 1);
      expect(one.sent).toHaveLength(before);
      one.discovery.tick(at);
      if (one.sent.length > before) times.push(at - START);
    }
    const waits = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    const least = [1200, 2400, 4800, 9600, 19_200, 38_400, 60_000, 60_000, 60_000, 60_000];
    for (const [i, wait] of least.entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(wait);
      expect(waits[i]).toBeLessThanOrEqual(wait * 1.25);
    }
    expect(new Set(one.sent.map(({ frame }) => nonceOf(frame))).size).toBe(one.sent.length);
    expect(one.answers).toBe(0);
  });

  test('anew when peers were lost, but not while it still searches', () => {
    const one = seeker();
    const first = one.discovery.deadline;
    one.discovery.search(START + 100);
    expect(one.discovery.deadline).toBe(first);
    let now = START;
    while (now < START + 200_000) {
      now = one.discovery.deadline;
      one.discovery.tick(now);
    }
    one.discovery.search(now);
    expect(one.discovery.deadline).toBeLessThanOrEqual(now + 1500);
  });

  test('never after the end, and then nothing is answered', () => {
    const one = seeker();
    one.discovery.stop();
    one.hear(hello());
    one.discovery.tick(START + 100_000);
    expect(one.sent).toHaveLength(1);
    expect(one.discovery.deadline).toBe(Number.POSITIVE_INFINITY);
  });
});
