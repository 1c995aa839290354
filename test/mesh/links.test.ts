// Links: who links to whom and when, in a network of servers on virtual time; and two servers in every order of their
// steps, whatever is reset on the way.

import { describe, expect, test } from 'bun:test';
import { connectionId } from '../../src/base/ids.ts';
import { DIAL_MS } from '../../src/mesh/dialler.ts';
import { CROSSING_MS } from '../../src/mesh/rules.ts';
import { type Network as Net, Network, type Server } from './network.ts';
import { explore, type Pair, type Scene } from './pair.ts';
import { bytes, hmac, identity, NETWORK, SECRET, START, secrets, text } from './servers.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';
const SEEDS = Array.from({ length: LONG ? 400 : 40 }, (_, i) => i + 1);
const at = (id: number) => ({ host: `10.0.0.${id}`, port: 7401 });

/** Servers 1 … count that find each other by multicast, started within `withinMs`. */
function found(net: Net, count: number, withinMs = 1000): Server[] {
  const servers = Array.from({ length: count }, (_, i) => net.add(identity(i + 1)));
  for (const server of servers) net.after(net.random.below(withinMs), () => server.start());
  return servers;
}

/** Whether each is linked to each, by one and the same connection on both sides. */
function isWhole(servers: readonly Server[]): boolean {
  return servers.every((server) => {
    const others = servers.filter((other) => other !== server).map((other) => other.self.name);
    return `${server.peers}` === `${others.sort()}` && [...server.links.peers()].length === others.length;
  });
}

function pair(seed = 1): { net: Net; a: Server; b: Server } {
  const net = new Network(seed);
  const [a, b] = [net.add(identity(1)), net.add(identity(2))];
  a.start();
  b.start();
  expect(net.run(5000, () => isWhole([a, b]))).toBeLessThan(500);
  return { net, a, b };
}

/** Links to `victim` as somebody who knows the secret and is not one of us; says things over that link. */
function guest(net: Net, victim: Server, slot: number): { say: (frames: string) => void; heard: () => string } {
  const made = knock(net, victim, slot);
  expect(victim.peers).toContain(`guest${slot}.example`);
  return made;
}

/** The same, whether it is let in or not. */
function knock(net: Net, victim: Server, slot: number): { say: (frames: string) => void; heard: () => string } {
  const connection = connectionId(slot);
  let heard = '';
  const { send } = victim;
  victim.send = (id, sent) => {
    if (id === connection) heard += text(sent);
    else send.call(victim, id, sent);
  };
  const say = (frames: string): void => victim.links.receive(connection, bytes(frames), net.now);
  const server = `<SERVER,guest${slot}.example,0,${slot},x,10.9.9.9,7401,${START},,,1,${NETWORK},some-nonce,${net.now}>`;
  victim.links.accepted(connection, '10.9.9.9', net.now);
  say(server);
  const theirs = /<SERVER[^>]*>/.exec(heard)?.[0];
  say(`<AUTH,${hmac(`auth,dialler,${server}${theirs}`, SECRET)}>`);
  return { say, heard: () => heard };
}

describe('finding each other', () => {
  test('three servers started within a second are whole within 2 s', () => {
    for (const seed of SEEDS) {
      const net = new Network(seed);
      const servers = found(net, 3);
      expect(net.run(2000, () => isWhole(servers))).toBeLessThan(2000);
      net.run(30_000);
      expect(isWhole(servers)).toBe(true);
      for (const server of servers) expect(server.events.filter((event) => event.startsWith('down'))).toEqual([]);
      const dials = servers.map((server) => server.dials);
      // The lower id dials, and nobody else.
      expect(dials).toEqual([2, 1, 0]);
    }
  });

  test('where datagrams are lost, doubled and late they are whole too', () => {
    for (const seed of SEEDS) {
      const net = new Network(seed);
      net.weather = { loss: 0.4, doubled: 0.3, delayMs: [1, 400] };
      const servers = found(net, 4);
      // A pair whose first questions and answers were all lost waits for the next, rare ones.
      expect(net.run(300_000, () => isWhole(servers))).toBeLessThan(300_000);
    }
  });

  test('by addresses alone, where only one knows the other', () => {
    const net = new Network(1);
    const low = net.add(identity(1), { multicast: false });
    const high = net.add(identity(2), { multicast: false, peers: [at(1)] });
    high.start();
    net.run(3000);
    low.start();
    expect(net.run(5000, () => isWhole([low, high]))).toBeLessThan(2100);
    expect(low.dials).toBe(0);
  });

  test('by addresses that all have of all, and by two addresses of one', () => {
    for (const seed of SEEDS) {
      const net = new Network(seed);
      const ids = [1, 2, 3];
      const servers = ids.map((id) => {
        const peers = ids
          .filter((other) => other !== id)
          .flatMap((other) => [at(other), { host: `s${other}.example`, port: 7401 }]);
        return net.add(identity(id), { peers, multicast: seed % 2 === 0 });
      });
      for (const server of servers) net.after(net.random.below(1000), () => server.start());
      net.run(4000);
      expect(isWhole(servers)).toBe(true);
      const before = servers.map(({ events }) => events.length);
      net.run(60_000);
      expect(servers.map(({ events }) => events.length)).toEqual(before);
    }
  });

  test('the higher id dials when nothing came in 5 s', () => {
    const net = new Network(1);
    const [low, high] = [net.add(identity(1), { multicast: false }), net.add(identity(2), { multicast: false })];
    low.start();
    high.start();
    // The lower one was told an address where nobody listens.
    low.links.found({ ...high.self, port: 9 }, net.now);
    high.links.found(low.self, net.now);
    const took = net.run(20_000, () => isWhole([low, high]));
    expect(took).toBeGreaterThan(4000);
    expect(took).toBeLessThan(6000);
    expect(high.dials).toBe(1);
  });
});

describe('two links of one pair, in every order', () => {
  const b = at(2);
  const alias = { host: 's2.example', port: 7401 };
  const same = (world: Pair): boolean => {
    const [left, right] = [world.up(world.a), world.up(world.b)];
    return left.length === 1 && right.length === 1 && left[0] === right[0];
  };
  const scenes: [string, Scene, number][] = [
    ['both dial', { a: [b], b: [at(1)], resets: 0 }, 4595],
    ['one dials twice', { a: [b, alias], b: [], resets: 0 }, 9484],
  ];
  test.each(scenes)('%s: one and the same stays, without a moment of waiting', (_, scene, states) => {
    const explored = explore(scene, (world, schedule) => {
      if (!same(world)) throw new Error(`not one link after ${schedule}`);
      // Of two that were dialled crosswise it is the one dialled by the lower id.
      if (scene.b.length > 0) expect([...world.a.ups.values()].map(({ dialled }) => dialled)).toEqual([true]);
    });
    expect(explored.states).toBe(states);
  });

  test('both dial, and one connection is reset at any moment: one link is back within 5 s', () => {
    let ends = 0;
    const { states } = explore({ a: [b], b: [at(1)], resets: 1 }, (world, schedule) => {
      // Most of the time goes into what comes after; the short run looks at every fourth end.
      if (ends++ % (LONG ? 1 : 4) !== 0) return;
      world.settle(5000);
      if (!same(world)) throw new Error(`not one link 5 s after ${schedule}`);
    });
    expect(states).toBeGreaterThan(50_000);
  }, 60_000);

  test('a handshake ends before a second link may be taken for a later one', () => {
    expect(DIAL_MS).toBeLessThan(CROSSING_MS);
  });
});

describe('what breaks', () => {
  test('a link that is reset is back within a second', () => {
    for (const seed of SEEDS.slice(0, 10)) {
      const { net, a, b } = pair(seed);
      net.run(20_000);
      net.reset(a, b);
      expect(isWhole([a, b])).toBe(false);
      expect(net.run(5000, () => isWhole([a, b]))).toBeLessThan(1000);
    }
  });

  test('a link that was away for two seconds is back within three, whoever dials', () => {
    for (const seed of SEEDS) {
      for (const upFor of [100, 20_000]) {
        const { net, a, b } = pair(seed);
        net.run(upFor);
        net.refuse(a, b);
        net.reset(a, b);
        net.run(2000);
        net.admit(a, b);
        expect(net.run(5000, () => isWhole([a, b]))).toBeLessThan(1000);
      }
    }
  });

  test('who only ever came to us is dialled, where our id is the lower one', () => {
    const net = new Network(1);
    const low = net.add(identity(1), { multicast: false }).start();
    const high = net.add(identity(2), { multicast: false, peers: [at(1)] }).start();
    net.run(20_000);
    expect(low.dials).toBe(0);
    net.reset(low, high, [low]);
    expect(net.run(10_000, () => isWhole([low, high]))).toBeLessThan(1000);
    expect(low.dials).toBe(1);
  });

  test('a silent cut is noticed after 15 s, and a link is back within 5 s of the heal', () => {
    for (const seed of SEEDS) {
      const { net, a, b } = pair(seed);
      net.run(net.random.below(30_000));
      net.cut(a, b);
      const noticed = net.run(60_000, () => a.peers.length === 0 && b.peers.length === 0);
      expect(noticed).toBeGreaterThanOrEqual(10_000);
      expect(noticed).toBeLessThanOrEqual(15_000);
      net.run(net.random.below(60_000));
      net.heal(a, b);
      expect(net.run(20_000, () => isWhole([a, b]))).toBeLessThan(5000);
    }
  });

  test.each(['lower', 'higher'])(
    'a reset that only the %s one hears of is healed long before silence is death',
    (who) => {
      for (const seed of SEEDS) {
        const { net, a, b } = pair(seed);
        net.run(10_000 + net.random.below(10_000));
        const before = new Set([...a.ups.keys()]);
        net.reset(a, b, [who === 'lower' ? a : b]);
        const took = net.run(30_000, () => isWhole([a, b]) && ![...a.ups.keys()].some((id) => before.has(id)));
        expect(took).toBeLessThan(who === 'lower' ? 1000 : 7000);
      }
    },
  );

  test('a server that crashes and starts again is linked at once, and its ghost is down before it is up', () => {
    for (const silently of [false, true]) {
      for (const seed of SEEDS) {
        const net = new Network(seed);
        const servers = found(net, 3);
        net.run(10_000);
        const [a, b, c] = servers as [Server, Server, Server];
        net.crash(b, silently);
        net.run(1 + net.random.below(3000));
        const again = net.add(identity(2, { incarnation: net.now })).start();
        expect(net.run(5000, () => isWhole([a, again, c]))).toBeLessThan(2000);
        net.run(100);
        for (const other of [a, c]) {
          const about = other.events.filter((event) => event.includes('s2.example'));
          expect(about).toEqual(['up s2.example', `down s2.example ${silently ? 'ghost' : 'lost'}`, 'up s2.example']);
        }
      }
    }
  });

  test('a link that ends as soon as it is up is dialled less and less often', () => {
    const { net, a, b } = pair();
    const until = net.now + 60_000;
    const before = a.dials + b.dials;
    while (net.now < until) {
      net.run(until - net.now, () => isWhole([a, b]));
      net.reset(a, b);
    }
    const dials = a.dials + b.dials - before;
    expect(dials).toBeGreaterThan(25);
    expect(dials).toBeLessThan(65);
  });

  test('a server that is not there is dialled every 1 to 2 s, for ten minutes where it was only found', () => {
    const { net, a, b } = pair();
    net.run(20_000);
    net.crash(b);
    const before = a.dials;
    net.run(60_000);
    expect(a.dials - before).toBeGreaterThan(30);
    expect(a.dials - before).toBeLessThan(65);
    net.run(11 * 60_000);
    const later = a.dials;
    net.run(60_000);
    expect(a.dials).toBe(later);
  });

  test('a connection that comes about too late is closed', () => {
    const { net, a } = pair();
    const asked: number[] = [];
    const closed: unknown[] = [];
    a.dial = (number) => asked.push(number);
    a.cancel = () => asked.push(-1);
    a.close = (...args) => closed.push(args[0]);
    a.links.found(identity(3), net.now);
    const [number = 0] = asked;
    net.run(2999);
    expect(asked).toEqual([number]);
    net.run(1);
    expect(asked).toEqual([number, -1]);
    a.links.dialled(number, connectionId(9000), net.now);
    expect(closed).toEqual([connectionId(9000)]);
  });

  test('a loop that stood still does not hold its own silence against its peers', () => {
    const { net, a } = pair();
    net.run(3000);
    const connection = a.links.linkTo(identity(2).id);
    a.links.tick(net.now + 20_000, 20_000);
    expect(a.links.linkTo(identity(2).id)).toBe(connection as never);
    // Nobody has to say so: the deadline that was missed tells it.
    a.links.tick(net.now + 60_000);
    expect(a.links.linkTo(identity(2).id)).toBe(connection as never);
  });
});

describe('already registered', () => {
  test.each([
    ['name', { name: 'S1.example' }],
    ['id', { id: identity(1).id }],
  ])('another server with the same %s is told so and comes back after a minute', (_, more) => {
    for (const seed of SEEDS.slice(0, 10)) {
      const net = new Network(seed);
      const first = net.add(identity(1)).start();
      const third = net.add(identity(3)).start();
      net.run(2000);
      const twin = net.add(identity(2, { incarnation: net.now, ...more })).start();
      net.run(50_000);
      expect(isWhole([first, third])).toBe(true);
      expect(twin.peers).toEqual([]);
      expect(twin.logged).toContain('link.registered');
      expect(twin.dials + first.dials + third.dials).toBeLessThan(8);
      expect(first.events.filter((event) => event.includes('s3'))).toEqual(['up s3.example']);
      expect(first.reincarnations).toEqual([]);
      const before = twin.dials;
      net.crash(first);
      // Its place is free as soon as nobody reaches it.
      expect(net.run(90_000, () => twin.peers.length === 1)).toBeLessThan(80_000);
      expect(twin.dials + third.dials).toBeGreaterThan(before);
    }
  });

  test('the frames', () => {
    const net = new Network(1);
    net.add(identity(1)).start();
    net.add(identity(2, { name: 's1.example' })).start();
    net.run(2000);
    const said = net.recorded.map((each) => text(each.bytes)).find((frames) => frames.includes('ERR_ALREADY')) ?? '';
    expect(said).toMatch(/<ERR_ALREADYREGISTERED,SERVER,s1\.example,[^,<>]+,1800000000000>\n<ERROR,[^<>]+>\n$/);
  });

  test('a starter whose clock went back takes the incarnation of its ghost + 1, once', () => {
    const net = new Network(1);
    const [a, b] = [net.add(identity(1)), net.add(identity(2, { incarnation: START + 5000 }))];
    a.start();
    b.start();
    net.run(2000);
    net.crash(b, true);
    const again = net.add(identity(2, { incarnation: START + 10 })).start();
    // Its peer believes the ghost, so it is the one who dials, after its 5 s.
    expect(net.run(10_000, () => isWhole([a, again]))).toBeLessThan(7000);
    net.run(100);
    expect(again.reincarnations).toEqual([START + 5001]);
    expect(again.self.incarnation).toBe(START + 5001);
    expect([...a.ups.values()].map(({ peer }) => peer.incarnation)).toEqual([START + 5001]);
    net.run(60_000);
    expect(isWhole([a, again])).toBe(true);
  });

  test('also of a ghost that was forgotten: nothing that it said would be heard', () => {
    const net = new Network(1);
    const [a, b] = [net.add(identity(1)).start(), net.add(identity(2))];
    a.latest.set(b.self.id, START + 5000);
    b.start();
    expect(net.run(10_000, () => isWhole([a, b]))).toBeLessThan(7000);
    expect(b.reincarnations).toEqual([START + 5001]);
    expect([...a.ups.values()].map(({ peer }) => peer.incarnation)).toEqual([START + 5001]);
  });

  describe('an incarnation is raised', () => {
    const told = (incarnation: number): string => `<ERR_ALREADYREGISTERED,SERVER,s1.example,text,${incarnation}>`;
    const alone = (): { net: Net; one: Server } => {
      const net = new Network(1);
      return { net, one: net.add(identity(1), { multicast: false }).start() };
    };

    test('once only', () => {
      const { net, one } = alone();
      guest(net, one, 9000).say(told(START + 9));
      expect(one.reincarnations).toEqual([START + 10]);
      guest(net, one, 9001).say(told(START + 20));
      expect(one.reincarnations).toEqual([START + 10]);
    });

    test('by nothing lower than its own', () => {
      const { net, one } = alone();
      guest(net, one, 9000).say(told(START - 1));
      expect(one.reincarnations).toEqual([]);
    });

    test('in the first minute only', () => {
      const { net, one } = alone();
      net.run(60_000);
      guest(net, one, 9000).say(told(START + 9));
      expect(one.reincarnations).toEqual([]);
    });

    test.each([true, false])('not where some link lasted a second, still up or not: %p', (stillUp) => {
      const { net, a, b } = pair();
      net.run(1500);
      if (!stillUp) net.reset(a, b);
      guest(net, a, 9000).say(told(START + 9));
      expect(a.reincarnations).toEqual([]);
    });

    test('not on the word of a namesake', () => {
      const net = new Network(1);
      const [one, twin] = [net.add(identity(1)), net.add(identity(2, { name: 's1.example', incarnation: START + 5 }))];
      one.start();
      twin.start();
      net.run(30_000);
      expect([...one.logged, ...twin.logged]).toContain('link.registered');
      expect([...one.reincarnations, ...twin.reincarnations]).toEqual([]);
    });
  });

  test('two live processes of one name and address do not chase each other', () => {
    const net = new Network(1);
    const third = net.add(identity(3)).start();
    const one = net.add(identity(1)).start();
    net.run(90_000);
    const other = net.add(identity(1, { port: 7409, incarnation: START + 1 })).start();
    net.run(600_000);
    expect(third.events.length).toBeLessThan(8);
    expect(one.reincarnations.length + other.reincarnations.length).toBeLessThanOrEqual(1);
    expect(one.dials).toBeLessThan(20);
    expect(one.logged.filter((event) => event === 'server.twice')).toHaveLength(1);
  });

  test('a link to itself is noticed and not dialled again', () => {
    const net = new Network(1);
    const one = net.add(identity(1), { peers: [at(1), { host: 's1.example', port: 7401 }] }).start();
    net.run(600_000);
    expect(one.dials).toBe(2);
    expect(one.events).toEqual([]);
  });
});

describe('operators', () => {
  test('SCLOSE of a link: neither dials for ten minutes, then they are linked again', () => {
    for (const who of [0, 1]) {
      const { net, a, b } = pair();
      const [closer, other] = who === 0 ? [a, b] : [b, a];
      expect(closer.links.sclose(other.self.name.toUpperCase(), 'maintenance', net.now)).toBe(true);
      net.run(500);
      expect(closer.events.at(-1)).toBe(`down ${other.self.name} sclose`);
      expect(other.events.at(-1)).toBe(`down ${closer.self.name} sclose`);
      const dials = a.dials + b.dials;
      net.run(9 * 60_000);
      expect(a.dials + b.dials).toBe(dials);
      expect(net.run(120_000, () => isWhole([a, b]))).toBeLessThan(70_000);
    }
  });

  test.each(['closer', 'other'])('SCLOSE of a link holds for the next life of the %s, too', (who) => {
    const { net, a, b } = pair();
    a.links.sclose(b.self.name, 'maintenance', net.now);
    net.run(500);
    const [gone, stays] = who === 'closer' ? [a, b] : [b, a];
    net.crash(gone);
    const { dials } = stays;
    const again = net.add({ ...gone.self, incarnation: net.now }).start();
    net.run(60_000);
    expect(stays.dials).toBe(dials);
    expect(again.peers).toEqual([]);
    expect(again.dials).toBeLessThan(65);
    expect(net.run(600_000, () => isWhole([stays, again]))).toBeLessThan(545_000);
  });

  test('SCLOSE is said before the end, and of nobody who is not there', () => {
    const { net, a, b } = pair();
    expect(a.links.sclose('nobody', 'x', net.now)).toBe(false);
    a.links.sclose(b.self.name, 'a, b', net.now);
    const said = net.recorded.map((each) => text(each.bytes));
    expect(said).toContain('<SCLOSE,s1.example,a\\, b,s2.example>\n');
    expect(said).toContain('<ERROR,Link closed: a\\, b>\n');
  });

  test('a server that leaves is not dialled, and is let in when it comes again', () => {
    const { net, a, b } = pair();
    a.links.leave('going home', net.now);
    net.run(100);
    expect(b.events.at(-1)).toBe('down s1.example left');
    expect(a.events.at(-1)).toBe('down s2.example leaving');
    net.crash(a);
    const dials = b.dials;
    net.run(30_000);
    expect(b.dials).toBe(dials);
    const again = net.add(identity(1, { incarnation: net.now })).start();
    expect(net.run(3000, () => isWhole([again, b]))).toBeLessThan(500);
  });
});

describe('strangers', () => {
  test('with another secret nobody is linked, and nobody is worn out', () => {
    const net = new Network(1);
    const one = net.add(identity(1), { peers: [at(2)] }).start();
    const stranger = net.add(identity(2), { peers: [at(1)], secrets: secrets('wrong') }).start();
    net.run(60_000);
    expect(one.events).toEqual([]);
    expect(stranger.events).toEqual([]);
    expect(one.links.turnedAway.get('mac')).toBeGreaterThan(0);
    expect(one.discovery.drops.mac).toBeGreaterThan(0);
    expect(one.logged.filter((event) => event === 'link.refused').length).toBeLessThan(8);
  });

  test.each([
    ['another secret', { secrets: secrets('wrong') }, 'mac'],
    ['another network', { network: 'elsewhere' }, 'network'],
  ] as const)('with %s is dialled once a minute and told of once, from either side', (_, options, why) => {
    const net = new Network(1);
    const one = net.add(identity(1), { peers: [at(2)] }).start();
    const stranger = net.add(identity(2), { peers: [at(1)], ...options }).start();
    net.run(600_000);
    for (const each of [one, stranger]) {
      expect([each.dials >= 7, each.dials <= 11]).toEqual([true, true]);
      expect(each.lines.filter((line) => line.startsWith('dial.failed'))).toHaveLength(1);
      expect(each.lines.find((line) => line.startsWith('dial.failed'))).toContain(`why=${why}`);
      expect(each.lines.find((line) => line.startsWith('dial.failed'))).toContain('advice=');
      expect(each.lines.find((line) => line.startsWith('link.refused'))).toContain('address=10.0.0.');
    }
  });

  test('a peer that was not there and then has another secret is told of for both reasons', () => {
    const net = new Network(1);
    const one = net.add(identity(1), { peers: [at(2)], multicast: false }).start();
    net.run(20_000);
    net.add(identity(2), { secrets: secrets('wrong'), multicast: false }).start();
    net.run(60_000);
    expect(one.lines.filter((line) => line.startsWith('dial.failed')).map((line) => /why=\w+/.exec(line)?.[0])).toEqual(
      ['why=unreachable', 'why=mac'],
    );
  });

  test('a secret is changed server by server, with two lines, and no link is lost', () => {
    const net = new Network(1);
    const lines = [['old'], ['old', 'new'], ['new', 'old'], ['new']];
    let servers = [1, 2, 3].map((id) => net.add(identity(id), { secrets: secrets('old') }).start());
    net.run(2000);
    for (const each of lines.slice(1)) {
      for (const id of [1, 2, 3]) {
        net.crash(servers[id - 1] as Server);
        net.run(100);
        const again = net.add(identity(id, { incarnation: net.now }), { secrets: secrets(...each) }).start();
        servers = servers.map((server, i) => (i === id - 1 ? again : server));
        expect(net.run(5000, () => isWhole(servers))).toBeLessThan(3000);
      }
    }
  });

  test('everything that was ever sent, sent again, links nobody and moves nobody', () => {
    const { net, a, b } = pair();
    net.run(30_000);
    const all = net.recorded.slice();
    const before = [a.events.length, b.events.length, a.dials, b.dials, net.recorded.length];
    for (const { from, bytes: said } of all) {
      for (const [i, victim] of [a, b].entries()) {
        victim.discovery.datagram(said, from.self.ip, 6000, net.now);
        const connection = connectionId(1_000_000 + net.recorded.length * 2 + i);
        victim.links.accepted(connection, '10.9.9.9', net.now);
        for (const { bytes: each, from: sayer } of all) {
          if (sayer === from) victim.links.receive(connection, each, net.now);
        }
        victim.links.closed(connection, 'gone', net.now);
      }
    }
    net.run(20_000);
    expect([a.events.length, b.events.length, a.dials, b.dials]).toEqual(before.slice(0, 4));
    expect(isWhole([a, b])).toBe(true);
  });

  test('who says nothing is let go, and many of them keep nobody out', () => {
    const { net, a } = pair();
    for (let i = 0; i < 500; i++) a.links.accepted(connectionId(5000 + i), '10.9.9.9', net.now);
    expect(a.links.turnedAway.get('busy')).toBe(500 - 32);
    const late = net.add(identity(3)).start();
    expect(net.run(2000, () => late.peers.length === 2)).toBeLessThan(500);
    net.run(5000);
    expect(a.links.turnedAway.get('timeout')).toBe(32);
  });

  test('many of them from many addresses are bounded too, and whom we dial is no less welcome', () => {
    const { net, a, b } = pair();
    for (let i = 0; i < 500; i++) a.links.accepted(connectionId(5000 + i), `10.9.${i >> 8}.${i & 255}`, net.now);
    expect(a.links.turnedAway.get('busy')).toBe(500 - 128);
    expect(isWhole([a, b])).toBe(true);
    const late = net.add(identity(3)).start();
    expect(net.run(20_000, () => isWhole([a, b, late]))).toBeLessThan(500);
    net.run(5000);
    expect(a.links.turnedAway.get('timeout')).toBe(128);
  });

  test('no more than 64 links are up, whoever comes', () => {
    const { net, a, b } = pair();
    const heard: string[] = [];
    for (let slot = 9000; slot < 9070; slot++) heard.push(knock(net, a, slot).heard());
    expect(a.peers).toHaveLength(64);
    expect(heard.filter((each) => each.endsWith('<ERROR,Too many links>\n'))).toHaveLength(7);
    expect(b.peers).toEqual(['s1.example']);
  });

  test('who knows the secret and says nonsense loses its link alone', () => {
    const { net, a, b } = pair();
    const { say, heard } = guest(net, a, 9000);
    expect(a.peers).toEqual(['guest9000.example', 's2.example']);
    say('<FACT,<<');
    expect(a.peers).toEqual(['s2.example']);
    expect(heard()).toContain('<ERR_BADFRAME,FACT,');
    expect(isWhole([a, b])).toBe(true);
  });
});

test('the same seed gives the same history', () => {
  const history = (): string => {
    const net = new Network(77);
    net.weather = { loss: 0.3, doubled: 0.2, delayMs: [1, 300] };
    const servers = found(net, 5);
    net.run(20_000);
    net.reset(servers[0] as Server, servers[1] as Server);
    net.run(20_000);
    return net.recorded.map((each) => text(each.bytes)).join('');
  };
  expect(history()).toBe(history());
});
