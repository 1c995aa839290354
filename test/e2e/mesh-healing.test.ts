// What breaks between real servers and heals: how soon a network is whole, and what people on it notice. Each server
// stands behind a gate, so that two of them can be cut from each other while both are well. The times are printed; they
// are held to what is promised where the machine has nothing else to do, and otherwise to the order of it.

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Cut, Gate } from '../support/gate.ts';
import { mapOf, TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import type { ServerProcess } from '../support/server.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';
setDefaultTimeout(60_000);

/** Promised on a machine of its own, and what two shared cores under load may make of it. */
const SLACK = LONG ? 1 : 5;
const DEADLINE_MS = 20_000;

const times: string[] = [];
afterAll(() => console.log(times.join('\n')));

function report(what: string, ms: number): number {
  times.push(`${what}: ${Math.round(ms)} ms`);
  return ms;
}

/** Servers behind gates, each with one client: `on-NAME` is at NAME. */
class Healing implements AsyncDisposable {
  readonly network = new TestNetwork();
  readonly servers = new Map<string, ServerProcess>();
  readonly clients = new Map<string, RawClient>();
  /** What clients were told without having asked. */
  readonly unasked: string[] = [];
  readonly #gates = new Map<string, Gate>();

  async start(name: string, ...flags: readonly string[]): Promise<void> {
    const gate = new Gate();
    this.#gates.set(name, gate);
    const server = await this.network.start(name, '--advertise', gate.address, ...flags);
    gate.leadTo(server.ready.links as string);
    this.servers.set(name, server);
    this.clients.set(name, await RawClient.register(server.port, `on-${name}`));
  }

  addressOf(name: string): string {
    return (this.#gates.get(name) as Gate).address;
  }

  cut(a: string, b: string, how: Cut): void {
    this.#gates.get(a)?.cut(b, how);
    this.#gates.get(b)?.cut(a, how);
  }

  heal(a: string, b: string): void {
    this.#gates.get(a)?.heal(b);
    this.#gates.get(b)?.heal(a);
  }

  server(name: string): ServerProcess {
    return this.servers.get(name) as ServerProcess;
  }

  client(name: string): RawClient {
    return this.clients.get(name) as RawClient;
  }

  /** What a server's client is told of a server's client: its uid, or '' when it is not there. */
  async locate(from: string, whom: string): Promise<string> {
    const client = this.client(from);
    client.send(`<LOCATE,on-${whom}><PING>`);
    const lines = await client.upTo('<PONG');
    const answers = lines.map((line) => /^<(?:RPL_LOCATION,[^,]+,[^,]+,([^,]+),|RPL_WAS|ERR_)/.exec(line));
    this.unasked.push(...lines.slice(0, -1).filter((_, i) => answers[i] === null));
    return answers.find((answer) => answer !== null)?.[1] ?? '';
  }

  /** Whether each client is found from each server. */
  async isWhole(): Promise<boolean> {
    for (const from of this.clients.keys())
      for (const whom of this.clients.keys()) if ((await this.locate(from, whom)) === '') return false;
    return true;
  }

  /** How many ms it takes until this holds. */
  async until(holds: () => Promise<boolean>): Promise<number> {
    const began = performance.now();
    while (!(await holds())) {
      if (performance.now() - began > DEADLINE_MS) throw new Error('it never came about');
      await Bun.sleep(10);
    }
    return performance.now() - began;
  }

  whole(): Promise<number> {
    return this.until(() => this.isWhole());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients.values()) client[Symbol.dispose]();
    await this.network[Symbol.asyncDispose]();
    for (const gate of this.#gates.values()) gate[Symbol.dispose]();
  }
}

async function three(...flags: readonly string[]): Promise<Healing> {
  const net = new Healing();
  await Promise.all(['alpha', 'beta', 'gamma'].map((name) => net.start(name, ...flags)));
  return net;
}

interface Seen {
  /** `whom from whom` → how often the one was gone for the other, and how often it came back. */
  readonly counts: Map<string, { readonly gone: number; readonly back: number }>;
  /** When somebody came back last. */
  readonly backAt: number;
}

/** Everybody's view of everybody, again and again until `over`. */
async function watch(net: Healing, over: Promise<unknown>): Promise<Seen> {
  let watching = true;
  let backAt = 0;
  void over.then(() => {
    watching = false;
  });
  const seen = new Map<string, { gone: number; back: number; there: boolean }>();
  for (let last = false; !last; ) {
    last = !watching;
    for (const from of net.clients.keys()) {
      for (const whom of net.clients.keys()) {
        const key = `${whom} from ${from}`;
        const at = seen.get(key) ?? { gone: 0, back: 0, there: true };
        const there = (await net.locate(from, whom)) !== '';
        if (at.there && !there) at.gone++;
        if (!at.there && there) {
          at.back++;
          backAt = performance.now();
        }
        at.there = there;
        seen.set(key, at);
      }
    }
    await Bun.sleep(10);
  }
  return { counts: new Map([...seen].map(([key, { gone, back }]) => [key, { gone, back }])), backAt };
}

test('three servers that start together know each other and everybody', async () => {
  await using net = await three();
  expect(report('three servers are whole after the last one listens', await net.whole())).toBeLessThan(2000 * SLACK);
});

/** How many ms of such a cut nobody notices; `others` are cut from beta. */
const UNSEEN: readonly [Cut, readonly string[], number][] = [
  ['reset', ['alpha', 'gamma'], 2000],
  ['silence', ['alpha', 'gamma'], 2000],
  ['reset', ['alpha'], 2000],
  // Longer than a link may be silent: there is another way round.
  ...(LONG ? [['silence', ['alpha'], 25_000] as [Cut, string[], number]] : []),
];

describe.concurrent('a cut is seen by nobody', () => {
  test.each(UNSEEN)('by %s between beta and %j, of %d ms', async (how, others, lasts) => {
    await using net = await three();
    await net.whole();
    net.unasked.length = 0;
    for (const other of others) net.cut(other, 'beta', how);
    const cut = await watch(net, Bun.sleep(lasts));
    for (const other of others) net.heal(other, 'beta');
    const healed = await watch(net, Bun.sleep(2000));
    for (const { counts } of [cut, healed]) {
      for (const [key, count] of counts) expect([key, count]).toEqual([key, { gone: 0, back: 0 }]);
    }
    expect(net.unasked).toEqual([]);
  });
});

/** How a server is cut off, for how long, and for how long its users are held. */
const SEEN: readonly [Cut, number, number][] = LONG
  ? [
      ['reset', 10_000, 3000],
      ['silence', 30_000, 3000],
    ]
  : [['reset', 1500, 300]];

test.each(SEEN)(
  'a cut by %s of %d ms, with a hold of %d: each is gone once and back once',
  async (how, lasts, hold) => {
    await using net = await three('--hold', `${hold}`);
    await net.whole();
    const uid = await net.locate('alpha', 'beta');
    let healedAt = 0;
    const over = (async () => {
      for (const other of ['alpha', 'gamma']) net.cut(other, 'beta', how);
      await net.server('alpha').logged('server.lost server=beta');
      await Bun.sleep(Math.max(lasts, hold * 3));
      for (const other of ['alpha', 'gamma']) net.heal(other, 'beta');
      healedAt = performance.now();
      await net.server('alpha').logged('server.synced server=beta', 2);
      await net.server('gamma').logged('server.synced server=beta', 2);
      await Bun.sleep(1000);
    })();
    const { counts, backAt } = await watch(net, over);
    for (const [key, count] of counts) {
      const [whom, from] = key.split(' from ') as [string, string];
      const apart = whom !== from && (whom === 'beta' || from === 'beta');
      expect([key, count]).toEqual([key, apart ? { gone: 1, back: 1 } : { gone: 0, back: 0 }]);
    }
    expect(report(`everybody is back after a cut by ${how} has healed`, backAt - healedAt)).toBeLessThan(5000 * SLACK);
    expect(await net.locate('alpha', 'beta')).toBe(uid);
  },
);

test('A–B–C without a link between A and C is one network, and without B two', async () => {
  await using net = new Healing();
  await net.start('beta', '--discovery', 'off', '--hold', '300');
  const peer = ['--discovery', 'off', '--hold', '300', '--peers', net.addressOf('beta')];
  await Promise.all([net.start('alpha', ...peer), net.start('gamma', ...peer)]);
  report('a line of three is whole after the last one listens', await net.whole());
  expect(await mapOf(net.server('alpha'))).toMatchObject([
    { server: 'alpha', hopcount: 0, via: '' },
    { server: 'beta', hopcount: 0, via: 'beta' },
    { server: 'gamma', hopcount: 1, via: 'beta' },
  ]);
  await net.server('beta').stop('SIGKILL');
  net.clients.delete('beta');
  const alone = async (): Promise<boolean> =>
    (await net.locate('alpha', 'gamma')) === '' && (await net.locate('gamma', 'alpha')) === '';
  report('those behind a lost server are gone after', await net.until(alone));
  expect((await mapOf(net.server('alpha'))).map((row) => row.server)).toEqual(['alpha']);
});
