// People on several servers: found, spoken to and ended wherever they are; one owner for a nickname; and a session that
// moves from one server to another.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapOf, TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import type { ServerProcess } from '../support/server.ts';

setDefaultTimeout(30_000);

const ASK_MS = 10_000;

interface Pair extends AsyncDisposable {
  readonly network: TestNetwork;
  readonly alpha: ServerProcess;
  readonly beta: ServerProcess;
}

/** Two servers that know each other. */
async function pair(...flags: readonly string[]): Promise<Pair> {
  const network = new TestNetwork();
  const [alpha, beta] = await Promise.all([network.start('alpha', ...flags), network.start('beta', ...flags)]);
  await alpha.logged('server.synced server=beta ');
  await beta.logged('server.synced server=alpha ');
  return { network, alpha, beta, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
}

/** The same with an operator at the first of them. */
async function operated(): Promise<Pair & { readonly oper: RawClient }> {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-'));
  const hash = await Bun.password.hash('right', { algorithm: 'argon2id', memoryCost: 1024, timeCost: 2 });
  writeFileSync(join(folder, 'operators'), `root:${hash}\n`, { mode: 0o600 });
  const net = await pair('--operators', join(folder, 'operators'));
  rmSync(folder, { recursive: true });
  const oper = await RawClient.register(net.alpha.port, 'oper');
  oper.send('<OPER,root,right>');
  await oper.until('<RPL_YOUREOPER,');
  const end = async (): Promise<void> => {
    oper[Symbol.dispose]();
    await net[Symbol.asyncDispose]();
  };
  return { ...net, oper, [Symbol.asyncDispose]: end };
}

/** Asks until the answer starts with `start`: what happens on another server is known here a moment later. */
async function ask(client: RawClient, question: string, start: string): Promise<string> {
  const until = performance.now() + ASK_MS;
  for (let tries = 0; performance.now() < until; tries++) {
    client.send(`${question}<PING,asked${tries}>`);
    const answers: string[] = [];
    for (;;) {
      const [line] = (await client.take(1)) as [string];
      if (line === `<PONG,asked${tries}>`) break;
      answers.push(line);
    }
    const found = answers.find((line) => line.startsWith(start));
    if (found !== undefined) return found;
  }
  throw new Error(`${question} was never answered with ${start}`);
}

test('are located, spoken to and counted wherever they are', async () => {
  await using net = await pair();
  using ann = await RawClient.register(net.alpha.port, 'ann');
  using bob = await RawClient.register(net.beta.port, 'bob');
  expect(await ask(ann, '<LOCATE,Bob>', '<RPL_LOCATION,bob,')).toMatch(/,bob!bob@[0-9a-f.a-z]+,\d+\.\d+,beta,0>$/);
  ann.send('<LSEND,hello\\, you,bob,nobody>');
  expect(await ann.until('<RPL_LSENT,')).toBe('<RPL_LSENT,1>');
  expect(await bob.until('<LMSG,ann,')).toEndWith(',hello\\, you>');
  bob.send('<NICK,bobby>');
  expect(await ask(ann, '<LOCATE,bob>', '<RPL_WASLOCATION,bob,bobby,')).toContain(',beta,');
  const map = await mapOf(net.alpha);
  expect(map.find((row) => row.server === 'beta')?.users).toBe(1);
});

test('who is there when a server joins is known to it', async () => {
  await using net = await pair();
  using _ann = await RawClient.register(net.alpha.port, 'ann');
  const gamma = await net.network.start('gamma');
  using cat = await RawClient.register(gamma.port, 'cat');
  await ask(cat, '<LOCATE,ann>', '<RPL_LOCATION,ann,');
});

test('a nickname has one owner in the network', async () => {
  await using net = await pair();
  using ann = await RawClient.register(net.alpha.port, 'ann');
  using bob = await RawClient.register(net.beta.port, 'bob');
  await ask(bob, '<LOCATE,ann>', '<RPL_LOCATION,ann,');
  bob.send('<NICK,ANN>');
  expect(await bob.until('<ERR_')).toStartWith('<ERR_NICKINUSE,NICK,ANN,');
  using late = await RawClient.connect(net.beta.port);
  late.send('<NICK,Ann><USER,x,0,*,x>');
  expect(await late.until('<ERR_')).toStartWith('<ERR_NICKINUSE,USER,Ann,');
  ann.send('<QUIT,bye>');
  await ann.until('<ERROR,');
  await ask(bob, '<NICK,ann>', '<NICK,bob!');
});

test('an operator ends a user of another server, and that one alone', async () => {
  await using net = await operated();
  const { oper } = net;
  using bob = await RawClient.register(net.beta.port, 'bob');
  await ask(oper, '<LOCATE,bob>', '<RPL_LOCATION,bob,');
  oper.send('<KILL,bob,enough>');
  expect(await oper.until('<RPL_KILLED')).toBe('<RPL_KILLED,bob>');
  expect(await bob.until('<KILL,')).toBe('<KILL,bob,enough>');
  await bob.until('<ERROR,');
  await bob.ended();
  await ask(oper, '<LOCATE,bob>', '<RPL_WASLOCATION,bob,');
  oper.send('<BSEND,all,to everybody>');
  await oper.until('<RPL_BSENT,');
});

test('clients are told where else they may connect, again when that changes', async () => {
  await using net = await pair();
  using ann = await RawClient.connect(net.alpha.port);
  ann.send('<NICK,ann><USER,ann,0,*,Ann>');
  expect(await ann.until('<RPL_SERVERS')).toBe(`<RPL_SERVERS,${net.beta.ready.clients[0]}>`);
  await net.beta.stop();
  expect(await ann.until('<RPL_SERVERS')).toBe('<RPL_SERVERS>');
});

test('an operator has another server leave', async () => {
  await using net = await operated();
  const { oper } = net;
  oper.send('<SCLOSE,gamma,there is none><SCLOSE,beta,maintenance>');
  expect(await oper.until('<ERR_')).toStartWith('<ERR_NOSUCHSERVER,SCLOSE,gamma,');
  expect(await oper.until('<RPL_SCLOSED')).toBe('<RPL_SCLOSED,beta>');
  expect(await net.beta.process.exited).toBe(0);
});

test('a session is resumed on another server, with its nickname', async () => {
  await using net = await pair();
  using ann = await RawClient.connect(net.alpha.port);
  ann.send('<NICK,ann><USER,ann,0,*,Ann>');
  const [, , , uid, token] = (await ann.until('<RPL_WELCOME,*')).slice(1, -1).split(',') as string[];
  using watcher = await RawClient.register(net.beta.port, 'watcher');
  await ask(watcher, '<LOCATE,ann>', '<RPL_LOCATION,ann,');
  using again = await RawClient.connect(net.beta.port);
  again.send(`<RESUME,${uid},${token}><USER,ann,0,*,Ann>`);
  expect(await again.until('<RPL_WELCOME,*')).toStartWith('<RPL_WELCOME,*,ann!ann@');
  await ann.until('<ERROR,');
  expect(await ask(watcher, '<LOCATE,ann>', '<RPL_LOCATION,ann,')).toContain(',beta,');
});

test('those of a server that is killed are gone when the hold is over', async () => {
  await using net = await pair('--hold', '200');
  using ann = await RawClient.register(net.alpha.port, 'ann');
  using bob = await RawClient.register(net.beta.port, 'bob');
  await ask(ann, '<LOCATE,bob>', '<RPL_LOCATION,bob,');
  await net.beta.stop('SIGKILL');
  await bob.ended();
  await ask(ann, '<LOCATE,bob>', '<RPL_WASLOCATION,bob,,');
});
