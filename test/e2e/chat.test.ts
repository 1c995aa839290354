// The client library and the chat program against a real server.

import { afterEach, describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import type { ClientEvent } from '../../src/client/client-events.ts';
import type { Client } from '../../src/client/transport/driver.ts';
import { connectTcp } from '../../src/client/transport/tcp.ts';
import { rejection } from '../support/rejection.ts';
import { Relay } from '../support/relay.ts';
import { ServerProcess } from '../support/server.ts';
import { Terminal } from '../support/terminal.ts';
import { requireTool } from '../support/tools.ts';

const CHAT = resolve(import.meta.dir, '../../src/cli/chat/chat.ts');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function person(address: string, nick: string) {
  const events: ClientEvent[] = [];
  let wake = (): void => {};
  const client: Client = connectTcp({ servers: [address], nick }, (event) => {
    events.push(event);
    wake();
  });
  cleanups.push(() => client.quit());
  const until = async <T>(look: (events: readonly ClientEvent[]) => T | undefined): Promise<T> => {
    for (;;) {
      const found = look(events);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const texts = (): string[] => events.filter((event) => event.kind === 'message').map(({ text }) => text);
  return { client, events, until, texts };
}

/** A relay whose connections can be cut. */
function relay(port: number) {
  const line = new Relay(port);
  cleanups.push(() => line[Symbol.dispose]());
  return { address: `127.0.0.1:${line.port}`, cut: () => line.cut() };
}

describe('the client library with a real server', () => {
  test('two people talk, rename, look around and leave', async () => {
    await using server = await ServerProcess.start();
    const address = `127.0.0.1:${server.port}`;
    const ann = person(address, 'ann');
    await ann.client.join('Lobby', { create: true });
    const bob = person(address, 'ann');
    await bob.client.join('lobby', { create: true });
    expect(bob.client.nick).toBe('ann_');
    expect(await bob.client.rename('bob')).toBe('bob');
    const sent = await ann.client.send('lobby', ' <hello>, \\ world ');
    expect(sent).toMatchObject({ room: 'Lobby', seq: 1 });
    await bob.until((events) =>
      events.find((event) => event.kind === 'message' && event.text === ' <hello>, \\ world '),
    );
    expect((await bob.client.users('lobby')).map(({ ident }) => ident.split('!')[0]).sort()).toEqual(['ann', 'bob']);
    expect(await bob.client.roomList()).toEqual([{ room: 'Lobby', members: 2 }]);
    expect(await bob.client.tell(['ann', 'nobody'], 'psst')).toEqual(['nobody']);
    await ann.until((events) => events.find((event) => event.kind === 'told' && event.text === 'psst'));
    expect((await bob.client.request('LOCATE', 'ann'))[0]?.[0]).toBe('ann');
    const history = await bob.client.request('HISTORY', 'lobby', '', '', '10');
    expect(history[0]?.[5]).toBe(' <hello>, \\ world ');
    await bob.client.leave('lobby');
    await ann.until((events) => events.find((event) => event.kind === 'left'));
    expect(await rejection(bob.client.send('lobby', 'x'))).toMatchObject({ code: 'NOT_IN_ROOM' });
    expect(await rejection(bob.client.request('ULIST', 'nowhere'))).toMatchObject({ code: 'ERR_NOSUCHROOM' });
    expect(await rejection(bob.client.rename('ann'))).toMatchObject({ code: 'ERR_NICKINUSE' });
  });

  test('cut again and again, nothing is lost, doubled or out of order', async () => {
    await using server = await ServerProcess.start();
    const line = relay(server.port);
    const ann = person(line.address, 'ann');
    const bob = person(line.address, 'bob');
    await ann.client.join('lobby', { create: true });
    await bob.client.join('lobby', { create: true });
    const said: string[] = [];
    const sends: Promise<unknown>[] = [];
    for (let i = 0; i < 60; i++) {
      said.push(`message ${i}`);
      sends.push(ann.client.send('lobby', `message ${i}`));
      if (i % 20 === 10) line.cut();
      await Bun.sleep(5);
    }
    await Promise.all(sends);
    await bob.until(() => (bob.texts().length >= said.length ? true : undefined));
    expect(bob.texts()).toEqual(said);
    expect(ann.texts()).toEqual(said);
    expect(ann.events.filter(({ kind }) => kind === 'online').length).toBeGreaterThan(1);
    expect(bob.events.filter(({ kind }) => kind === 'lost')).toEqual([]);
    expect([ann.client.nick, bob.client.nick]).toEqual(['ann', 'bob']);
  }, 30_000);

  test('a sender that is faster than the server likes loses nothing', async () => {
    await using server = await ServerProcess.start();
    const ann = person(`127.0.0.1:${server.port}`, 'ann');
    await ann.client.join('lobby', { create: true });
    const said = Array.from({ length: 150 }, (_, i) => `message ${i}`);
    await Promise.all(said.map((text) => ann.client.send('lobby', text)));
    await ann.until(() => (ann.texts().length >= said.length ? true : undefined));
    expect(ann.texts()).toEqual(said);
  }, 60_000);
});

const tmux = requireTool('tmux');

describe.skipIf(tmux === undefined)('the chat program in lines of text on a terminal (needs tmux)', () => {
  test('two people talk; what is being typed stays when lines arrive; Ctrl-C and Ctrl-D end it', async () => {
    await using server = await ServerProcess.start();
    const ann = terminal(`127.0.0.1:${server.port}`, 'ann');
    await ann.until(/you are in lobby, alone.*\n(.*\n)*ann lobby>/);
    const bob = terminal(`127.0.0.1:${server.port}`, 'bob');
    await bob.until(/you are in lobby, with 1 more.*\n(.*\n)*bob lobby>/);
    await ann.until(/bob joined/);
    ann.keys('half a sen');
    await ann.until(/ann lobby> half a sen$/m);
    bob.keys('hello ann', 'Enter');
    await ann.until(/<bob> hello ann\n(.*\n)*ann lobby> half a sen$/m);
    ann.keys('tence', 'Enter');
    expect(await bob.until(/<ann> half a sentence/)).not.toContain('half a sentence\nhalf');
    // The typed line is taken away: it stands there once, in its place.
    const screen = await ann.until(/<ann> half a sentence/);
    expect(screen.match(/half a sentence/g)).toHaveLength(1);
    bob.keys('/nick bobby', 'Enter');
    await bob.until(/bobby lobby>/);
    await ann.until(/bob is now bobby/);
    bob.keys('C-c');
    await bob.until(/EXIT 0/);
    await ann.until(/bobby quit/);
    ann.keys('C-d');
    await ann.until(/EXIT 0/);
  }, 90_000);
});

/** The program in a terminal of its own. */
function terminal(address: string, nick: string): Terminal {
  const command = `${process.execPath} ${CHAT} --plain --server ${address} --nick ${nick}`;
  const screen = new Terminal(tmux as string, command, { columns: 80, rows: 24 });
  cleanups.push(() => screen[Symbol.dispose]());
  return screen;
}
