// The package of the SDK as others have it: built, put into another folder, imported in Bun and in Node, and compiled
// against. Its types stand alone, and every entry has the same exports.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ServerProcess } from '../support/server.ts';
import { requireTool } from '../support/tools.ts';
import { WebSocketBridge } from '../support/web-socket-bridge.ts';

setDefaultTimeout(120_000);

const ROOT = resolve(import.meta.dir, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const folder = mkdtempSync(join(tmpdir(), 'chorus-sdk-'));

beforeAll(async () => {
  const home = join(folder, 'node_modules/chorus');
  mkdirSync(home, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(home, 'package.json'));
  const { code, output } = await run([process.execPath, join(ROOT, 'src/cli/build-sdk.ts'), join(home, 'dist/client')]);
  if (code !== 0) throw new Error(output);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  writeFileSync(join(folder, 'talk.js'), TALK);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Says and reads a little at the server that is its first argument; the second is what to import. */
const TALK = `
const { connect, ClientError, ...more } = await import(process.argv[3] ?? 'chorus');
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

async function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([...command], { cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, output: out + err };
}

describe('the package', () => {
  test('talks in Bun over TCP and WebSocket', async () => {
    await using server = await ServerProcess.start();
    using bridge = new WebSocketBridge(server.port);
    expect(await run([process.execPath, 'talk.js', `127.0.0.1:${server.port}`])).toEqual({ code: 0, output: SAID });
    await using other = await ServerProcess.start();
    using second = new WebSocketBridge(other.port);
    expect(await run([process.execPath, 'talk.js', second.address])).toEqual({ code: 0, output: SAID });
    expect(bridge.messages).toEqual([]);
  });

  test('for browsers knows WebSocket alone', async () => {
    await using server = await ServerProcess.start();
    using bridge = new WebSocketBridge(server.port);
    const web = './node_modules/chorus/dist/client/web.js';
    expect(await run([process.execPath, 'talk.js', bridge.address, web])).toEqual({ code: 0, output: SAID });
    const { code, output } = await run([process.execPath, 'talk.js', `127.0.0.1:${server.port}`, web]);
    expect([code, output.includes('there is no TCP here')]).toEqual([1, true]);
    const text = await Bun.file(join(folder, web)).text();
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
      const target = ['--target', 'esnext', '--lib', 'esnext,dom', '--types', '', '--module', module];
      const flags = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes', ...target];
      writeFileSync(join(folder, `use-${module}.ts`), users);
      expect(await run([process.execPath, TSC, ...flags, `use-${module}.ts`])).toEqual({ code: 0, output: '' });
      writeFileSync(join(folder, `misuse-${module}.ts`), users.replace('seq: number', 'seq: string'));
      expect((await run([process.execPath, TSC, ...flags, `misuse-${module}.ts`])).output).toContain('TS2322');
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
    const talked = await run([node as string, 'talk.js', `127.0.0.1:${server.port}`]);
    expect(talked).toEqual({ code: 0, output: SAID });
  });

  test.skipIf(flags === undefined)('talks over WebSocket (needs node 20.10 or later)', async () => {
    await using server = await ServerProcess.start();
    using bridge = new WebSocketBridge(server.port);
    const quiet = [...(flags ?? []), '--no-warnings'];
    expect(await run([node as string, ...quiet, 'talk.js', bridge.address])).toEqual({ code: 0, output: SAID });
  });
});
