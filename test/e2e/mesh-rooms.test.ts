// Rooms over several real servers: one order heard by all, a home that is killed or stopped, numbers and positions asked
// for anywhere, and rooms that were made twice.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import type { ServerProcess } from '../support/server.ts';

setDefaultTimeout(60_000);

const ASK_MS = 15_000;

type Trio<T> = readonly [T, T, T];

/** Three servers that know each other, and who is there. */
class Three implements AsyncDisposable {
  readonly servers: Trio<ServerProcess>;
  readonly #network: TestNetwork;
  readonly #people: RawClient[] = [];

  private constructor(network: TestNetwork, servers: readonly ServerProcess[]) {
    this.#network = network;
    this.servers = servers as unknown as Trio<ServerProcess>;
  }

  static async start(...flags: readonly string[]): Promise<Three> {
    const network = new TestNetwork();
    const names = ['alpha', 'beta', 'gamma'];
    const servers = await Promise.all(names.map((name) => network.start(name, ...flags)));
    for (const [i, server] of servers.entries()) {
      for (const other of names) if (other !== names[i]) await server.logged(`server.synced server=${other} `);
    }
    return new Three(network, servers);
  }

  async register({ port }: ServerProcess, nick: string): Promise<RawClient> {
    const client = await RawClient.register(port, nick);
    this.#people.push(client);
    return client;
  }

  /** Ann, bob and cat, each at another server, in a room that ann has made. */
  async gather(room: string): Promise<{ readonly people: Trio<RawClient>; readonly epoch: string }> {
    const [alpha, beta, gamma] = this.servers;
    const ann = await this.register(alpha, 'ann');
    const bob = await this.register(beta, 'bob');
    const cat = await this.register(gamma, 'cat');
    ann.send(`<CREATEROOM,${room}>`);
    const [, , , epoch = ''] = await join(ann, room);
    for (const client of [bob, cat]) expect((await join(client, room))[3]).toBe(epoch);
    return { people: [ann, bob, cat], epoch };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#people) client[Symbol.dispose]();
    await this.#network[Symbol.asyncDispose]();
  }
}

/** Joins as soon as the room is known: what is made on another server is known here a moment later. */
async function join(client: RawClient, room: string, ...position: readonly string[]): Promise<string[]> {
  for (const until = performance.now() + ASK_MS; performance.now() < until; ) {
    client.send(`<JOINROOM,${[room, ...position].join()}>`);
    for (;;) {
      const [line] = (await client.take(1)) as [string];
      const [verb = '', ...args] = line.slice(1, -1).split(',');
      if (verb === 'RPL_WELCOME' && args[0] === room) return args;
      if (verb.startsWith('ERR_')) break;
    }
  }
  throw new Error(`${room} was never there`);
}

interface Heard {
  readonly epoch: string;
  readonly seq: number;
  readonly text: string;
}

/** What of the room a client hears until a message says `last`; EPOCH frames have the text ''. */
async function hear(client: RawClient, last: string): Promise<Heard[]> {
  const heard: Heard[] = [];
  while (heard.at(-1)?.text !== last) {
    const [line] = (await client.take(1)) as [string];
    const [verb, , epoch = '', seq = '', , , text = ''] = line.slice(1, -1).split(',');
    if (verb === 'CMSG') heard.push({ epoch, seq: Number(seq), text });
    else if (verb === 'EPOCH') heard.push({ epoch, seq: Number(seq), text: '' });
  }
  return heard;
}

const texts = (heard: readonly Heard[]): string[] => heard.filter(({ text }) => text !== '').map(({ text }) => text);
const turns = (heard: readonly Heard[]): string[] => heard.filter(({ text }) => text === '').map(({ epoch }) => epoch);

/** No slot is missing and none comes twice, whatever epochs it went through. */
function expectConsecutive(heard: readonly Heard[]): void {
  const seqs = heard.filter(({ text }) => text !== '').map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] as number) + i));
}

/** One of the servers has logged that the room goes on there in `epoch`, for that reason. */
async function goesOn(servers: readonly ServerProcess[], epoch: string, why: string): Promise<void> {
  await Promise.any(servers.map((server) => server.logged(` epoch=${epoch} old=`)));
  await Promise.any(servers.map((server) => server.logged(` why=${why}\n`)));
}

test('all hear one order, wherever they are', async () => {
  await using net = await Three.start();
  const { people: all } = await net.gather('Lobby');
  const [ann, bob] = all;
  await Promise.all([ann.until('<JOINROOM,Lobby,cat!'), bob.until('<JOINROOM,Lobby,cat!')]);
  for (let i = 0; i < 30; i++) for (const [n, client] of all.entries()) client.send(`<CSEND,m${n}.${i}>`);
  const heard = await Promise.all(
    all.map(async (client) => {
      const ours: Heard[] = [];
      while (ours.length < 90) {
        const [line] = (await client.take(1)) as [string];
        const [verb, , e = '', seq = '', , , text = ''] = line.slice(1, -1).split(',');
        if (verb === 'CMSG') ours.push({ epoch: e, seq: Number(seq), text });
      }
      return ours;
    }),
  );
  expectConsecutive(heard[0] as Heard[]);
  expect(heard[1]).toEqual(heard[0] as Heard[]);
  expect(heard[2]).toEqual(heard[0] as Heard[]);
  for (const n of [0, 1, 2]) {
    const own = texts(heard[0] as Heard[]).filter((text) => text.startsWith(`m${n}.`));
    expect(own).toEqual(own.map((_, i) => `m${n}.${i}`));
  }
});

test('a number that is held on one server is skipped everywhere when its holder goes', async () => {
  await using net = await Three.start();
  const { people } = await net.gather('Lobby');
  const [ann, bob, cat] = people;
  bob.send('<GETSEQUENCE,Lobby>');
  const [, , epoch, seq] = (await bob.until('<NEWSEQUENCE,')).slice(1, -1).split(',');
  bob.send(`<CSEND,held,Lobby,${seq},bob-held-0001>`);
  expect(await ann.until('<CMSG,')).toContain(`,${epoch},${seq},bob,`);
  expect(await bob.until('<RPL_SENT,')).toBe(`<RPL_SENT,Lobby,${epoch},${seq},bob-held-0001>`);
  bob.send('<GETSEQUENCE,Lobby>');
  const [, , , next] = (await bob.until('<NEWSEQUENCE,')).slice(1, -1).split(',');
  bob.send('<QUIT>');
  const skipped = `<SKIPSEQUENCE,Lobby,${epoch},${next}>`;
  for (const client of [ann, cat]) expect(await client.until('<SKIPSEQUENCE,')).toBe(skipped);
});

test('a home that is killed is replaced: nothing that was accepted is lost, nothing comes twice', async () => {
  await using net = await Three.start('--hold', '500');
  const [alpha, beta, gamma] = net.servers;
  const { people } = await net.gather('Lobby');
  const [, bob, cat] = people;
  for (let i = 0; i < 10; i++) bob.send(`<CSEND,b${i},,,bob-sends-${i}>`);
  await bob.until('<RPL_SENT,Lobby,');
  await alpha.stop('SIGKILL');
  for (let i = 10; i < 20; i++) bob.send(`<CSEND,b${i},,,bob-sends-${i}>`);
  const heard = await hear(cat, 'b19');
  expect(texts(heard)).toEqual(Array.from({ length: 20 }, (_, i) => `b${i}`));
  expect(turns(heard)).toHaveLength(1);
  expectConsecutive(heard);
  await goesOn([beta, gamma], turns(heard)[0] as string, 'fail-over');
  const dan = await net.register(gamma, 'dan');
  const [, , , epoch = '', next] = await join(dan, 'Lobby');
  expect(epoch).toBe(turns(heard)[0] as string);
  expect(next).toBe(String((heard.at(-1)?.seq ?? 0) + 1));
});

test('a home that is stopped gives its rooms away first', async () => {
  await using net = await Three.start();
  const [alpha, beta, gamma] = net.servers;
  const { people } = await net.gather('Lobby');
  const [, bob, cat] = people;
  bob.send('<CSEND,before,,,bob-before-01>');
  await bob.until('<RPL_SENT,');
  const stopped = alpha.stop();
  bob.send('<CSEND,meanwhile,,,bob-while-001>');
  const heard = await hear(cat, 'meanwhile');
  expect((await stopped).code).toBe(0);
  bob.send('<CSEND,after,,,bob-after-001>');
  heard.push(...(await hear(cat, 'after')));
  expect(texts(heard)).toEqual(['before', 'meanwhile', 'after']);
  expect(turns(heard)).toHaveLength(1);
  await goesOn([beta, gamma], turns(heard)[0] as string, 'hand-over');
  expectConsecutive(heard);
});

test('whoever comes back on another server gets exactly what it missed', async () => {
  await using net = await Three.start();
  const { people, epoch } = await net.gather('Lobby');
  const [ann, bob] = people;
  for (let i = 0; i < 5; i++) ann.send(`<CSEND,m${i}>`);
  await hear(bob, 'm1');
  bob[Symbol.dispose]();
  for (let i = 5; i < 8; i++) ann.send(`<CSEND,m${i}>`);
  await hear(ann, 'm7');
  const again = await net.register(net.servers[2], 'bobby');
  const [, , , now, , , recovered] = await join(again, 'Lobby', epoch, '2');
  expect([now, recovered]).toEqual([epoch, '1']);
  expect(texts(await hear(again, 'm7'))).toEqual(['m2', 'm3', 'm4', 'm5', 'm6', 'm7']);
  again.send(`<FINDSEQUENCE,Lobby,${epoch},1>`);
  expect(await again.until('<CMSG,')).toEndWith(',m0>');
  again.send(`<HISTORY,Lobby,${epoch},7,9>`);
  expect(await again.until('<RPL_ENDOFHISTORY,')).toBe(`<RPL_ENDOFHISTORY,Lobby,${epoch},9>`);
});

test('servers in a row share a room over the one between them', async () => {
  await using network = new TestNetwork();
  const alpha = await network.start('alpha', '--discovery', 'off');
  const beta = await network.start('beta', '--discovery', 'off', '--peers', alpha.ready.links ?? '');
  const gamma = await network.start('gamma', '--discovery', 'off', '--peers', beta.ready.links ?? '', '--hold', '500');
  await gamma.logged('server.reached server=alpha ');
  await alpha.logged('server.reached server=gamma ');
  using ann = await RawClient.register(alpha.port, 'ann');
  using cat = await RawClient.register(gamma.port, 'cat');
  ann.send('<CREATEROOM,Lobby>');
  await join(ann, 'Lobby');
  await join(cat, 'Lobby');
  ann.send('<CSEND,from one end,,,ann-sends-001>');
  expect(texts(await hear(cat, 'from one end'))).toEqual(['from one end']);
  cat.send('<CSEND,from the other,,,cat-sends-001>');
  await hear(ann, 'from the other');
  expect(await cat.until('<RPL_SENT,')).toEndWith(',2,cat-sends-001>');
});

test('rooms made on both sides of a split become one, and what was said on either side can be read', async () => {
  await using network = new TestNetwork();
  const alpha = await network.start('alpha', '--discovery', 'off');
  using ann = await RawClient.register(alpha.port, 'ann');
  ann.send('<CREATEROOM,Lobby>');
  const [, , , one = ''] = await join(ann, 'Lobby');
  ann.send('<CSEND,on the left>');
  await hear(ann, 'on the left');
  // It makes its own before it has found the other one.
  const beta = await network.start('beta', '--discovery', 'off');
  using bob = await RawClient.register(beta.port, 'bob');
  bob.send('<CREATEROOM,lobby>');
  const [, , , two = ''] = await join(bob, 'lobby');
  bob.send('<CSEND,on the right>');
  await hear(bob, 'on the right');
  const peers = `${alpha.ready.links},${beta.ready.links}`;
  await network.start('gamma', '--discovery', 'off', '--peers', peers);
  const left = (await ann.until('<EPOCH,')).slice(1, -1).split(',');
  const right = (await bob.until('<EPOCH,')).slice(1, -1).split(',');
  expect([left[2], left[3]]).toEqual([right[2], right[3]]);
  expect([left[4], right[4]]).toEqual([one, two]);
  await goesOn(network.servers, left[2] as string, 'merge');
  ann.send('<CSEND,together,,,ann-sends-001>');
  expect((await hear(bob, 'together')).at(-1)).toEqual({ epoch: left[2] as string, seq: 2, text: 'together' });
  await hear(ann, 'together');
  bob.send(`<FINDSEQUENCE,lobby,${one},1>`);
  expect(await bob.until('<CMSG,')).toEndWith(',on the left>');
  ann.send(`<FINDSEQUENCE,lobby,${two},1>`);
  expect(await ann.until('<CMSG,')).toEndWith(',on the right>');
});
