// docs/CLIENTS.md: its programs are run. The TypeScript ones are compiled against the built package; the Python one talks
// with the SDK over a line that is cut.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../src/client/sdk/bun.ts';
import type { Room } from '../../src/client/sdk/room.ts';
import type { RoomMessage } from '../../src/client/sdk/room-types.ts';
import { connectTcp } from '../../src/client/transport/tcp.ts';
import { Relay } from '../support/relay.ts';
import { SdkPackage } from '../support/sdk-package.ts';
import { ServerProcess } from '../support/server.ts';
import { requireTool } from '../support/tools.ts';

setDefaultTimeout(120_000);

const TEXT = readFileSync(join(import.meta.dir, '../../docs/CLIENTS.md'), 'utf8');
const programs = (language: string): string[] =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, program = '']) => program);
const [BOT = '', SENDER = '', ...MORE] = programs('ts');
const [PYTHON = ''] = programs('python');

let made: SdkPackage;
beforeAll(async () => {
  made = await SdkPackage.build();
});
afterAll(() => made[Symbol.dispose]());

/** Writes a program that goes to the server at this port; its name. */
function write(name: string, program: string, port: number): string {
  expect(program).toContain('127.0.0.1:7400');
  made.write(name, program.replaceAll('127.0.0.1:7400', `127.0.0.1:${port}`));
  return name;
}

/** Resolves when somebody of this nickname is in the room. */
async function present(room: Room, nick: string): Promise<void> {
  const came = new Promise<void>((resolve) => {
    room.on('joined', ({ ident }) => {
      if (ident.startsWith(`${nick}!`)) resolve();
    });
  });
  if ((await room.members()).every((member) => member.nick !== nick)) await came;
}

async function take(messages: AsyncIterable<RoomMessage>, count: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const { nick, text } of messages) if (texts.push(`<${nick}> ${text}`) === count) break;
  return texts;
}

describe('docs/CLIENTS.md', () => {
  test('has the programs that are tried here, and no others', () => {
    expect(BOT.trim().split('\n').filter(Boolean)).toHaveLength(8);
    expect([SENDER !== '', MORE, programs('python').length]).toEqual([true, [], 1]);
    expect(PYTHON.split('\n').filter(Boolean).length).toBeLessThan(70);
  });

  test('the bot answers, outlives a cut, and stops when it is told to', async () => {
    await using server = await ServerProcess.start('--flood', 'off');
    using line = new Relay(server.port);
    await using ann = await connect({ servers: [`127.0.0.1:${server.port}`], nick: 'ann' });
    const lobby = await ann.join('lobby', { create: true });
    write('bot.ts', BOT, line.port);
    expect(await made.compile(['bot.ts'])).toBe('');
    const bot = made.run([process.execPath, 'bot.ts']);
    await present(lobby, 'echo');
    await lobby.send('!echo one');
    expect(await take(lobby, 2)).toEqual(['<ann> !echo one', '<echo> ann says: one']);
    line.cut();
    await lobby.send('!echo two');
    expect(await take(lobby, 2)).toEqual(['<ann> !echo two', '<echo> ann says: two']);
    await lobby.send('!stop');
    expect(await bot).toEqual({ code: 0, output: '' });
    expect((await lobby.members()).map(({ nick }) => nick)).toEqual(['ann']);
  });

  test('the sender says what became of its message', async () => {
    await using server = await ServerProcess.start();
    write('sender.ts', SENDER, server.port);
    expect(await made.compile(['sender.ts'])).toBe('');
    expect(await made.run([process.execPath, 'sender.ts'])).toEqual({ code: 0, output: 'accepted as number 1\n' });
  });
});

const python = requireTool('python3');

describe.skipIf(python === undefined)('the client in Python (needs python3)', () => {
  test('hears and says everything once and in order, over cuts and gaps', async () => {
    await using server = await ServerProcess.start('--flood', 'off', '--ttl-ms', '60s');
    using line = new Relay(server.port);
    await using bob = await connect({ servers: [`127.0.0.1:${server.port}`], nick: 'bob' });
    const dev = await bob.join('dev', { create: true });
    const path = made.write('client.py', PYTHON);
    const command = [python as string, path, '127.0.0.1', String(line.port), 'ann', 'dev'];
    const ann = Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    await present(dev, 'ann');
    const cat = connectTcp({ servers: [`127.0.0.1:${server.port}`], nick: 'cat' });
    await cat.join('dev');
    const said: string[] = [];
    for (let i = 0; i < 12; i++) {
      ann.stdin.write(`${i}: a,b <c> \\ é\n`);
      ann.stdin.flush();
      said.push(`<ann> ${i}: a,b <c> \\ é`);
      await dev.send(`bob ${i}: \\<,`);
      if (i % 4 === 1) line.cut();
    }
    // All of ann's messages are there, and so is she; what follows a number that is kept free has to wait for it.
    const heard = await take(dev, 24);
    const { seq } = await cat.reserve('dev');
    await dev.send('behind');
    await cat.send('dev', 'before', seq);
    heard.push(...(await take(dev, 2)));
    const rest = take(dev, 1);
    ann.stdin.write('last\n');
    ann.stdin.end();
    const [out, err] = await Promise.all([ann.stdout.text(), ann.stderr.text()]);
    await cat.quit();
    expect(err).toBe('');
    heard.push(...(await rest));
    said.push('<ann> last');
    expect(heard.slice(-3, -1)).toEqual(['<cat> before', '<bob> behind']);
    expect(heard.filter((text) => text.startsWith('<ann>'))).toEqual(said);
    const read = out.trimEnd().split('\n');
    expect(read).toEqual(heard.slice(0, read.length));
    expect(read.length).toBeGreaterThanOrEqual(26);
    expect(await ann.exited).toBe(0);
  });
});
