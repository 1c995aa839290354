// The package of the SDK as others have it: built, put into another folder, imported in Bun and in Node, and compiled
// against. Its types stand alone, and every entry has the same exports.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { SdkPackage } from '../support/sdk-package.ts';
import { ServerProcess } from '../support/server.ts';
import { requireTool } from '../support/tools.ts';
import { WebSocketBridge } from '../support/web-socket-bridge.ts';

setDefaultTimeout(120_000);

let made: SdkPackage;

beforeAll(async () => {
  made = await SdkPackage.build();
  made.write('talk.js', TALK);
});
afterAll(() => made[Symbol.dispose]());

/** Says and reads a little at the server that is its first argument; the second is what to import. */
const TALK = `
const { Buffer } = globalThis;
// A browser has none: the module looks for it as it is loaded.
if (process.argv[3]?.endsWith('web.js')) globalThis.Buffer = undefined;
const { connect, ClientError, ...more } = await import(process.argv[3] ?? 'chorus');
globalThis.Buffer = Buffer;
const chat = await connect({ servers: [process.argv[2]], nick: 'ann' });
const room = await chat.join('dev', { create: true });
await room.send('é <a>, \\\\ b');
for await (const { seq, text } of room) {
  console.log(JSON.stringify([seq, text, Object.keys(more)]));
  break;
}
const failed = await room.send('').catch((error) => error);
console.log(failed instanceof ClientError, failed.code);
await chat.drain();
`;
const SAID = '[1,"é <a>, \\\\ b",[]]\ntrue BAD_ARGUMENT\n';

describe('the package', () => {
  test('needs no other, and is built where nothing else is', async () => {
    const manifest = await Bun.file(join(made.modules, 'package.json')).json();
    expect(manifest.name).toBe('chorus');
    expect(Object.keys(manifest).filter((key) => key.toLowerCase().endsWith('dependencies'))).toEqual([]);
    const build = [process.execPath, join(import.meta.dir, '../../src/cli/build-sdk.ts')];
    const { code, output } = await made.run([...build, '.']);
    expect([code, output]).toEqual([2, expect.stringContaining('which is not of an earlier build')]);
    expect(await made.run([...build, 'talk.js'])).toEqual({ code: 2, output: expect.stringContaining('is no folder') });
    expect(await Bun.file(join(made.folder, 'talk.js')).text()).toBe(TALK);
    expect((await made.run([...build, made.modules])).code).toBe(0);
  });

  test('talks in Bun over TCP and WebSocket', async () => {
    await using server = await ServerProcess.start();
    using bridge = new WebSocketBridge(server.port);
    expect(await made.run([process.execPath, 'talk.js', `127.0.0.1:${server.port}`])).toEqual({
      code: 0,
      output: SAID,
    });
    await using other = await ServerProcess.start();
    using second = new WebSocketBridge(other.port);
    expect(await made.run([process.execPath, 'talk.js', second.address])).toEqual({ code: 0, output: SAID });
    expect(bridge.messages).toEqual([]);
  });

  test('for browsers knows WebSocket alone, and needs nothing that a browser has not', async () => {
    await using server = await ServerProcess.start();
    using bridge = new WebSocketBridge(server.port);
    const web = './node_modules/chorus/web.js';
    expect(await made.run([process.execPath, 'talk.js', bridge.address, web])).toEqual({ code: 0, output: SAID });
    const { code, output } = await made.run([process.execPath, 'talk.js', `127.0.0.1:${server.port}`, web]);
    expect([code, output.includes('there is no TCP here')]).toEqual([1, true]);
    const text = await Bun.file(join(made.modules, 'web.js')).text();
    expect(text).not.toMatch(/\b(?:from|import|require)\s*\(?\s*["']|\bBun\b|\bprocess\b/);
  });

  const users = `
    import { type Chat, ClientError, connect, type Member, type Room, type RoomMessage, type Status } from 'chorus';
    export async function use(chat: Chat, room: Room): Promise<Member[]> {
      const off: () => void = room.on('lost', ({ from, to }) => console.log(from, to?.toFixed()));
      off();
      for await (const message of room) if ((message satisfies RoomMessage).text === '') break;
      for await (const status of chat.status()) if (status.state === 'closed') throw status.error ?? new Error();
      const { seq }: { seq: number } = await room.send('x', { id: '12345678', signal: AbortSignal.timeout(1) });
      const another = await connect({ servers: [String(seq)], nick: 'x', limits: { sendMs: 1 } });
      await another[Symbol.asyncDispose]();
      return room.members().catch((error) => (error instanceof ClientError && error.retriable ? [] : Promise.reject(error)));
    }
    export const status: Status['state'] = 'online';
  `;

  for (const module of ['nodenext', 'preserve']) {
    test(`compiles for who uses it, by the types alone (${module})`, async () => {
      const compile = (text: string): Promise<string> => {
        made.write(`${module}.ts`, text);
        return made.compile([`${module}.ts`], module);
      };
      expect(await compile(users)).toBe('');
      expect(await compile(users.replace('seq: number', 'seq: string'))).toContain('TS2322');
    });
  }
});

const node = requireTool('node');
const [major = 0, minor = 0] = (node === undefined ? '' : Bun.spawnSync([node, '--version']).stdout.toString())
  .replace('v', '')
  .split('.')
  .map(Number);
/** Node 22 has WebSocket; the last ones before it have it when asked. */
const flags = major >= 22 ? [] : major > 20 || (major === 20 && minor >= 10) ? ['--experimental-websocket'] : undefined;

describe.skipIf(node === undefined)('the package in Node (needs node)', () => {
  test('talks over TCP', async () => {
    await using server = await ServerProcess.start();
    const talked = await made.run([node as string, 'talk.js', `127.0.0.1:${server.port}`]);
    expect(talked).toEqual({ code: 0, output: SAID });
  });

  test.skipIf(flags === undefined)('talks over WebSocket (needs node 20.10 or later)', async () => {
    await using server = await ServerProcess.start();
    using bridge = new WebSocketBridge(server.port);
    const quiet = [...(flags ?? []), '--no-warnings'];
    expect(await made.run([node as string, ...quiet, 'talk.js', bridge.address])).toEqual({ code: 0, output: SAID });
  });
});
