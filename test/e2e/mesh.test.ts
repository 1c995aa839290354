// Several real servers: they find each other by multicast or by address, notice who is lost and who is back, and have
// nothing to do with strangers.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { Gate } from '../support/gate.ts';
import { fixedAddresses, mapOf, TestNetwork } from '../support/network.ts';
import { AHEAD } from '../support/plants.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';

setDefaultTimeout(30_000);

const known = (name: string): string => `server.synced server=${name} `;

describe.concurrent('servers that share a secret', () => {
  test.each([3, 5])('find each other by multicast, %d of them, and each knows all', async (count) => {
    await using network = new TestNetwork();
    const names = ['alpha', 'beta', 'delta', 'epsilon', 'gamma'].slice(-count);
    const servers = await Promise.all(names.map((name) => network.start(name)));
    for (const server of servers) {
      for (const name of names) if (name !== server.ready.name) await server.logged(known(name));
    }
    for (const server of servers) {
      const map = await mapOf(server);
      expect(map[0]).toMatchObject({ server: server.ready.name, hopcount: 0, via: '' });
      expect(map.map((row) => row.server).toSorted()).toEqual(names);
      for (const row of map.slice(1)) expect(row).toMatchObject({ hopcount: 0, via: row.server });
    }
  });

  test('notice that one is killed, and that it is back in another life', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha');
    const same = fixedAddresses();
    const beta = await network.start('beta', ...same);
    await alpha.logged(known('beta'));
    await beta.stop('SIGKILL');
    await alpha.logged('server.lost server=beta');
    expect((await mapOf(alpha)).map((row) => row.server)).toEqual(['alpha']);
    const again = await network.start('beta', ...same);
    await again.logged(known('alpha'));
    await alpha.logged('server.restarted server=beta');
    expect((await mapOf(alpha)).map((row) => row.server)).toEqual(['alpha', 'beta']);
  });

  test('one that ends takes its leave', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha');
    const beta = await network.start('beta');
    await alpha.logged(known('beta'));
    expect((await beta.stop()).code).toBe(0);
    await alpha.logged('link.down server=beta');
    expect((await mapOf(alpha)).map((row) => row.server)).toEqual(['alpha']);
  });

  test('link by address where there is no multicast, and reach those behind', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', '--discovery', 'off');
    const beta = await network.start('beta', '--discovery', 'off', '--peers', alpha.ready.links as string);
    await alpha.logged(known('beta'));
    const gamma = await network.start('gamma', '--discovery', 'off', '--peers', beta.ready.links as string);
    await alpha.logged('server.reached server=gamma');
    await gamma.logged('server.reached server=alpha');
    expect(await mapOf(alpha)).toMatchObject([
      { server: 'alpha', hopcount: 0, via: '' },
      { server: 'beta', hopcount: 0, via: 'beta' },
      { server: 'gamma', hopcount: 1, via: 'beta' },
    ]);
  });
});

describe.concurrent('a server', () => {
  test('without a secret is alone: it opens no port for links and says so once', async () => {
    await using server = await ServerProcess.start();
    expect(server.ready.links).toBeUndefined();
    expect((await mapOf(server)).length).toBe(1);
    const { log } = await server.stop();
    expect(log.split('\n').filter((line) => line.includes('server.alone'))).toHaveLength(1);
  });

  test('with another secret, or of another network, is nobody', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha');
    const address = alpha.ready.links as string;
    const other = network.secret('other', 'x'.repeat(64));
    const stranger = await network.start('stranger', '--secret-file', other, '--peers', address);
    const foreigner = await network.start('foreigner', '--network', 'elsewhere', '--peers', address);
    await stranger.logged('dial.failed');
    await foreigner.logged('dial.failed');
    await alpha.logged('link.refused');
    expect((await mapOf(alpha)).map((row) => row.server)).toEqual(['alpha']);
  });

  test('finds others while their secret is being changed', async () => {
    await using network = new TestNetwork();
    const [old, next] = ['o'.repeat(64), 'n'.repeat(64)];
    const alpha = await network.start('alpha', '--secret-file', network.secret('first', old, next));
    const beta = await network.start('beta', '--secret-file', network.secret('second', next, old));
    await alpha.logged(known('beta'));
    await beta.logged(known('alpha'));
  });
});

describe.concurrent('a server whose clock went back between two starts', () => {
  test.each([
    ['while its ghost is held', '60000'],
    ['when its ghost is forgotten', '0'],
  ])('%s: begins a life that is heard, with nobody of the one before', async (_, hold) => {
    await using network = new TestNetwork();
    using gate = new Gate();
    const same = ['--discovery', 'off', '--advertise', gate.address, ...fixedAddresses()];
    const alpha = await network.start('alpha', '--hold', hold, '--discovery', 'off', '--peers', gate.address);
    const ghost = await network.startAs({ plant: AHEAD }, 'beta', ...same);
    gate.leadTo(ghost.ready.links as string);
    await alpha.logged(known('beta'));
    gate.cut('alpha', 'reset');
    await ghost.stop('SIGKILL');
    await alpha.logged('server.lost server=beta');
    const beta = await network.start('beta', ...same);
    expect(beta.ready.incarnation).toBeLessThan(ghost.ready.incarnation);
    using early = await RawClient.register(beta.port, 'early');
    gate.heal('alpha');
    expect(await early.until('<ERROR,')).toBe('<ERROR,This server begins a new life; connect again>');
    await alpha.logged(known('beta'), 2);
    using late = await RawClient.connect(beta.port);
    late.send('<NICK,late><USER,late,0,*,Late>');
    const uid = (await late.until('<RPL_WELCOME,*')).split(',')[3] as string;
    expect(Number(uid.split('.')[1])).toBeGreaterThan(ghost.ready.incarnation * 1000);
    using asks = await RawClient.register(alpha.port, 'asks');
    await found(asks, 'late');
    asks.send('<LOCATE,early>');
    expect(await asks.until('<ERR')).toStartWith('<ERR_NOSUCHNICK,LOCATE,early,');
    const { log } = await beta.stop();
    expect(log.match(/server\.reincarnated/g)).toHaveLength(1);
  });
});

/** Resolves when a server knows that nickname. */
async function found(client: RawClient, nick: string): Promise<void> {
  for (;;) {
    client.send(`<LOCATE,${nick}><PING>`);
    if ((await client.upTo('<PONG')).some((line) => line.startsWith('<RPL_LOCATION,'))) return;
    await Bun.sleep(10);
  }
}

test('servers tell each other their figures, and measure the way between them', async () => {
  await using network = new TestNetwork();
  const alpha = await network.start('alpha', '--http', '127.0.0.1:0');
  const beta = await network.start('beta');
  await alpha.logged(known('beta'));
  const row = `chorus_round_trip_seconds{id="${beta.ready.id}"} `;
  let text = '';
  while (!text.includes(row)) {
    text = await (await fetch(`http://${alpha.ready.http}/metrics`)).text();
    await Bun.sleep(50);
  }
  const seconds = Number(text.slice(text.indexOf(row) + row.length).split('\n')[0]);
  expect(seconds).toBeGreaterThanOrEqual(0);
  expect(seconds).toBeLessThan(10);
});

test('a stranger at the listener for links is told one introduction and why it has to go, and moves nothing', async () => {
  await using network = new TestNetwork();
  const [alpha, beta] = [await network.start('alpha'), await network.start('beta')];
  await alpha.logged(known('beta'));
  const map = await mapOf(alpha);
  const port = Number(alpha.ready.links?.split(':').at(-1));
  const server = `<SERVER,evil,0,66,,127.0.0.1,9,1,,,1,chorus,${'n'.repeat(16)},${Date.now()}>`;
  const fact = '<FACT,66,1,1,1><SERVER,evil,0,66,,127.0.0.1,9,1,,,1>';
  const squit = `<FACT,${beta.ready.id},${beta.ready.incarnation},99,1><SQUIT,beta,${beta.ready.incarnation},bye>`;
  for (const before of ['', server]) {
    for (const says of [
      fact,
      squit,
      '<VECTOR,0>',
      '<PING,beta,1>',
      `<AUTH,${'0'.repeat(64)}>`,
      '<SCLOSE,beta,bye,alpha>',
    ]) {
      using stranger = await RawClient.connect(port);
      stranger.send(before + says);
      await stranger.ended();
      const [introduction = '', ...rest] = before === '' ? ['', ...stranger.lines] : stranger.lines;
      // Neighbours are the ninth of its arguments but one: nobody is named.
      if (before !== '')
        expect(introduction.split(',').slice(0, 9).join()).toMatch(/^<SERVER,alpha,0,\d+,,[0-9.]+,\d+,\d+,$/);
      expect(rest).toHaveLength(1);
      expect(rest[0]).toStartWith('<ERROR,');
    }
  }
  using silent = await RawClient.connect(port);
  await silent.ended();
  expect(silent.lines).toEqual([]);
  expect((await mapOf(alpha)).map(({ server, via }) => [server, via])).toEqual(
    map.map(({ server, via }) => [server, via]),
  );
  expect((await alpha.stop()).log).not.toContain('evil');
});
