// Attacks by what one is not: commands out of order, twice or without their arguments, the acts of operators by somebody
// who is none, and rooms and histories without bound.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';

setDefaultTimeout(30_000);

const MIB = 1024 * 1024;
const FREE = ['--flood', 'off', '--log-level', 'error'];
const BEFORE = ['PASS,x', 'RESUME,x,x', 'USER,x,0,*,x'];
const AFTER = [
  ...[
    'CSEND,hi',
    'GETSEQUENCE,r',
    'FINDSEQUENCE,r,0,1',
    'HISTORY,r,0,1,9',
    'CREATEROOM,r',
    'JOINROOM,r',
    'LEAVEROOM,r',
  ],
  ...['ULIST,r', 'LISTROOMS', 'LSEND,hi,x', 'LOCATE,x', 'MAP', 'OPER,x,x', 'BSEND,*,hi', 'KILL,x,bye', 'SCLOSE,x,bye'],
];
const FOR_OPERATORS = ['BSEND,*,hi', 'KILL,ann,bye', 'SCLOSE,here,bye'];

/** What each of these is answered with, in one write. */
async function ask(client: RawClient, frames: readonly string[]): Promise<string[]> {
  client.send(`${frames.map((frame) => `<${frame}>`).join('')}<PING,after>`);
  const lines = await client.upTo('<PONG,after>');
  return lines.slice(0, -1);
}

const verbOf = (frame: string): string => frame.split(',')[0] as string;

describe('commands', () => {
  test('before their time are refused, one by one, and nothing of them stays', async () => {
    await using server = await ServerProcess.start(...FREE, '--registration-frames', '64');
    using client = await RawClient.connect(server.port);
    const lines = await ask(client, AFTER);
    expect(lines).toHaveLength(AFTER.length);
    for (const [i, frame] of AFTER.entries()) expect(lines[i]).toStartWith(`<ERR_NOTREGISTERED,${verbOf(frame)},`);
    client.send('<NICK,late><USER,late,0,*,late>');
    await client.until('<RPL_LIMITS');
    expect((await ask(client, ['LISTROOMS'])).join()).not.toContain('<RPL_ROOM,');
  });

  test('after their time, and twice, are refused', async () => {
    await using server = await ServerProcess.start(...FREE);
    using client = await RawClient.register(server.port, 'ann');
    const lines = await ask(client, [...BEFORE, ...BEFORE]);
    expect(lines).toHaveLength(2 * BEFORE.length);
    for (const line of lines) expect(line).toStartWith('<ERR_ALREADYREGISTERED,');
    expect(await ask(client, ['CREATEROOM,r', 'CREATEROOM,R'])).toEqual([
      expect.stringMatching(/^<RPL_ROOMCREATED,r,[^,]+>$/),
      expect.stringMatching(/^<ERR_ROOMEXISTS,CREATEROOM,/),
    ]);
  });

  test('without what they need are refused before anything else', async () => {
    await using server = await ServerProcess.start(...FREE);
    using client = await RawClient.register(server.port, 'ann');
    const bare = AFTER.map(verbOf).filter((verb) => verb !== 'LISTROOMS' && verb !== 'MAP');
    const lines = await ask(client, bare);
    expect(lines).toHaveLength(bare.length);
    for (const [i, verb] of bare.entries()) expect(lines[i]).toStartWith(`<ERR_NEEDMOREPARAMS,${verb},`);
  });
});

describe('rights', () => {
  test('are nobody’s who did not prove them, and each is of one verb', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chorus-rights-'));
    try {
      const file = join(folder, 'operators');
      const hash = Bun.password.hashSync('a good password', { algorithm: 'bcrypt', cost: 4 });
      writeFileSync(file, `speaker:${hash}:BSEND\n`, { mode: 0o600 });
      await using server = await ServerProcess.start('--name', 'here', '--flood', 'off', '--operators', file);
      using ann = await RawClient.register(server.port, 'ann');
      using mallory = await RawClient.register(server.port, 'mallory');
      for (const line of await ask(mallory, FOR_OPERATORS)) expect(line).toStartWith('<ERR_NOPRIVILEGES,');
      for (const name of ['speaker', 'speaker\x1b[2J\u202e']) {
        mallory.send(`<OPER,${name},a guess>`);
        expect(await mallory.until('<')).toStartWith('<ERR_PASSWDMISMATCH,OPER,');
      }
      for (const line of await ask(mallory, FOR_OPERATORS)) expect(line).toStartWith('<ERR_NOPRIVILEGES,');

      mallory.send('<OPER,speaker,a good password>');
      expect(await mallory.until('<')).toStartWith('<RPL_YOUREOPER,speaker>');
      const [, killed, closed] = await ask(mallory, ['BSEND,nowhere,hi', ...FOR_OPERATORS.slice(1)]);
      expect(killed).toStartWith('<ERR_NOPRIVILEGES,KILL,');
      expect(closed).toStartWith('<ERR_NOPRIVILEGES,SCLOSE,');
      expect(await ask(ann, [])).toEqual([]);
      const { log } = await server.stop();
      expect(log).toContain('oper');
      expect(log).not.toContain('a good password');
      expect(log).not.toContain('a guess');
      // What was tried is told, and writes into no terminal.
      expect(log).toContain('speaker\\u{1b}[2J\\u{202e}');
      expect(log.split('\n').filter((line) => /\p{Cc}|\p{Bidi_Control}/u.test(line))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('bounds', () => {
  test('rooms of a user, and of a server', async () => {
    await using server = await ServerProcess.start(...FREE, '--rooms', '20', '--rooms-per-user', '5');
    using client = await RawClient.register(server.port, 'ann');
    const rooms = Array.from({ length: 25 }, (_, i) => `r${i}`);
    const made = await ask(
      client,
      rooms.map((room) => `CREATEROOM,${room}`),
    );
    expect(made.filter((line) => line.startsWith('<RPL_ROOMCREATED,'))).toHaveLength(20);
    expect(made.filter((line) => line.startsWith('<ERR_TOOMANYROOMS,CREATEROOM,'))).toHaveLength(5);
    const entered = await ask(
      client,
      rooms.slice(0, 8).map((room) => `JOINROOM,${room}`),
    );
    expect(entered.filter((line) => line.startsWith('<RPL_WELCOME,'))).toHaveLength(5);
    expect(entered.filter((line) => line.startsWith('<ERR_TOOMANYROOMS,JOINROOM,'))).toHaveLength(3);
  });

  test('what rooms remember, over all of them', async () => {
    const bounds = ['--room-bytes', '256KiB', '--room-memory-bytes', '4MiB', '--ring-memory-bytes', '4MiB'];
    await using server = await ServerProcess.start(...FREE, ...bounds, '--history-count', '50', '--ids', '65536');
    using client = await RawClient.register(server.port, 'ann');
    const rooms = Array.from({ length: 30 }, (_, i) => `r${i}`);
    const frames = rooms.flatMap((room) => [`CREATEROOM,${room}`, `JOINROOM,${room}`]);
    await ask(client, frames);
    const text = 'x'.repeat(2_000);
    let before = 0;
    for (let i = 0; i < 250; i++) {
      if (i === 50) before = await server.rss();
      const lines = await ask(
        client,
        rooms.flatMap((room) => Array<string>(5).fill(`CSEND,${text},${room}`)),
      );
      expect(lines.filter((line) => line.startsWith('<CMSG,'))).toHaveLength(150);
    }
    // 75 MB were said, 60 of them since then: what stays of it is bounded, and so is what one question gives.
    expect((await server.rss()) - before).toBeLessThan(48 * MIB);
    const history = await ask(client, ['HISTORY,r29,,,10000']);
    expect(history.filter((line) => line.startsWith('<CMSG,'))).toHaveLength(50);
  });
});
