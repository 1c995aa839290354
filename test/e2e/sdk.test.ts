// The SDK against real servers, over TCP, TLS and WebSocket: what is said arrives once and in order, over cuts and over
// the loss of a server.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { connect } from '../../src/client/sdk/bun.ts';
import { connect as connectInNode } from '../../src/client/sdk/node.ts';
import type { RoomMessage } from '../../src/client/sdk/room-types.ts';
import { connect as connectInBrowser } from '../../src/client/sdk/web.ts';
import { mapOf, TestNetwork } from '../support/network.ts';
import { rejection } from '../support/rejection.ts';
import { Relay } from '../support/relay.ts';
import { ServerProcess } from '../support/server.ts';
import { TlsFiles } from '../support/tls-files.ts';
import { WebSocketBridge } from '../support/web-socket-bridge.ts';

setDefaultTimeout(120_000);

const FAST = { retryMs: 50, retryMaxMs: 500 };

async function take(messages: AsyncIterable<RoomMessage>, count: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of messages) if (texts.push(text) === count) break;
  return texts;
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}

describe.concurrent('the SDK', () => {
  test('talks over TCP by the sockets of Bun and of Node, and over WebSocket, in one room', async () => {
    await using server = await ServerProcess.start('--flood', 'off');
    using bridge = new WebSocketBridge(server.port);
    const address = `127.0.0.1:${server.port}`;
    await using ann = await connect({ servers: [address], nick: 'ann' });
    await using bob = await connectInNode({ servers: [address], nick: 'bob' });
    await using cat = await connectInBrowser({ servers: [bridge.address], nick: 'cat' });
    const rooms = [await ann.join('dev', { create: true }), await bob.join('dev'), await cat.join('dev')];
    const long = 'long '.repeat(800);
    for (const [i, room] of rooms.entries()) {
      await room.send(`${i} ${long}`);
      await room.send(' <a>, \\ b ');
    }
    for (const room of rooms) {
      const texts = [0, 1, 2].flatMap((i) => [`${i} ${long}`, ' <a>, \\ b ']);
      expect(await take(room, 6)).toEqual(texts);
      expect((await room.history()).map(({ text }) => text)).toEqual(texts);
      expect((await room.members()).map(({ nick }) => nick).sort()).toEqual(['ann', 'bob', 'cat']);
    }
    for (const message of bridge.messages) {
      expect(message).toBeInstanceOf(Uint8Array);
      expect(Buffer.from(message as Uint8Array).toString()).toMatch(/^<.*>\n$/s);
    }
  });

  test('talks to the WebSockets of a server, and goes on at another connection of it', async () => {
    await using server = await ServerProcess.start('--flood', 'off', '--web', '127.0.0.1:0');
    using line = new Relay(server.webPort);
    const servers = [`ws://127.0.0.1:${line.port}/ws`];
    await using ann = await connectInBrowser({ servers, nick: 'ann', limits: FAST });
    await using bob = await connect({ servers, nick: 'bob', limits: FAST });
    const said = await ann.join('dev', { create: true });
    const read = await bob.join('dev');
    const sends = numbers(1, 60).map((text) => said.send(text));
    for (const i of [10, 40]) {
      await sends[i];
      line.cut();
    }
    await Promise.all(sends);
    expect(await take(read, 60)).toEqual(numbers(1, 60));
    expect(await take(said, 60)).toEqual(numbers(1, 60));
    expect([ann.nick, bob.nick]).toEqual(['ann', 'bob']);
  });

  test('goes on over WebSocket after cuts, text messages, and what is no Chorus', async () => {
    await using server = await ServerProcess.start('--flood', 'off');
    using bridge = new WebSocketBridge(server.port);
    using stranger = new WebSocketBridge(server.port, 'mqtt');
    const servers = [stranger.address, bridge.address.replace('/ws', '/elsewhere'), bridge.address];
    await using ann = await connectInBrowser({ servers, nick: 'ann', limits: FAST });
    const dev = await ann.join('dev', { create: true });
    const sends = numbers(1, 60).map((text) => dev.send(text));
    await sends[10];
    bridge.cut();
    await sends[30];
    bridge.say('<CMSG,dev,a.1,1,eve,1,text messages are none>');
    await Promise.all(sends);
    expect(await take(dev, 60)).toEqual(numbers(1, 60));
    expect(ann.nick).toBe('ann');
  });

  test('believes an authority over TLS, and no other', async () => {
    using files = new TlsFiles();
    await using server = await ServerProcess.start(...files.server('server', { names: ['127.0.0.1'] }));
    const servers = [`tls://127.0.0.1:${server.port}`];
    for (const how of [connect, connectInNode]) {
      await using ann = await how({ servers, nick: 'ann', ca: files.authority.cert });
      expect((await ann.locate('ann'))?.kind).toBe('here');
      const signal = AbortSignal.timeout(300);
      const stranger = { servers, nick: 'bob', signal, limits: FAST };
      expect(await rejection(how(stranger))).toMatchObject({ code: 'ABORTED' });
    }
  });

  test('loses nothing over cuts, and says nothing twice', async () => {
    await using server = await ServerProcess.start('--flood', 'off');
    for (const how of [connect, connectInNode]) {
      using line = new Relay(server.port);
      const room = how === connect ? 'dev' : 'den';
      await using ann = await how({ servers: [`127.0.0.1:${line.port}`], nick: 'ann', limits: FAST });
      await using bob = await how({ servers: [`127.0.0.1:${line.port}`], nick: 'bob', limits: FAST });
      const said = await ann.join(room, { create: true });
      const read = await bob.join(room);
      const sends = numbers(1, 90).map((text) => said.send(text));
      for (const i of [10, 40, 70]) {
        await sends[i];
        line.cut();
      }
      await Promise.all(sends);
      expect(await take(read, 90)).toEqual(numbers(1, 90));
      expect(await take(said, 90)).toEqual(numbers(1, 90));
      expect([ann.nick, bob.nick]).toEqual(['ann', 'bob']);
    }
  });

  test('a loop that reads too slowly gets from the server what it has missed', async () => {
    await using server = await ServerProcess.start('--flood', 'off');
    const servers = [`127.0.0.1:${server.port}`];
    await using ann = await connect({ servers, nick: 'ann' });
    await using bob = await connect({ servers, nick: 'bob', queue: 16 });
    const said = await ann.join('dev', { create: true });
    const read = await bob.join('dev');
    const lagged = new Promise((resolve) => read.on('lagged', resolve));
    await Promise.all(numbers(1, 400).map((text) => said.send(text)));
    expect(await lagged).toMatchObject({ from: 17, by: 'loop' });
    const rest = Promise.all(numbers(401, 450).map((text) => said.send(text)));
    expect(await take(read, 450)).toEqual(numbers(1, 450));
    await rest;
  });

  test('keeps its name, its room and its messages when the server is killed that it is on, and that the room is at', async () => {
    await using network = new TestNetwork();
    const places = [];
    for (const name of ['alpha', 'beta', 'gamma']) places.push(await network.start(name, '--hold', '500'));
    const [alpha, , gamma] = places as [ServerProcess, ServerProcess, ServerProcess];
    while ((await mapOf(alpha)).length < 3 || (await mapOf(gamma)).length < 3) await Bun.sleep(20);
    const servers = places.map(({ port }) => `127.0.0.1:${port}`);
    await using ann = await connect({ servers, nick: 'ann', otherNicks: false, limits: FAST });
    await using bob = await connect({ servers: [servers[2] as string], nick: 'bob', limits: FAST });
    const said = await ann.join('dev', { create: true });
    // Who is on another server hears of the room a moment later, and would make one of its own until then.
    let read: Awaited<ReturnType<typeof bob.join>> | undefined;
    while (read === undefined) read = await bob.join('dev').catch(() => undefined);
    const lost: unknown[] = [];
    for (const room of [said, read]) room.on('lost', (event) => lost.push(event));
    const epoch = new Promise((resolve) => read.on('epoch', resolve));
    const sends: Promise<unknown>[] = [];
    for (const text of numbers(1, 200)) {
      sends.push(said.send(text));
      if (text === '100') await alpha.stop('SIGKILL');
      await Bun.sleep(2);
    }
    await Promise.all(sends);
    await epoch;
    expect(await take(read, 200)).toEqual(numbers(1, 200));
    expect(await take(said, 200)).toEqual(numbers(1, 200));
    expect(lost).toEqual([]);
    expect(ann.nick).toBe('ann');
    expect((await bob.locate('ann'))?.server).not.toBe('alpha');
  });
});
