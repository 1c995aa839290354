// The chat program from outside: its flags, its words, and what it makes of other people's bytes.

import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { resolve } from 'node:path';
import type { Socket } from 'bun';
import { ERRORS } from '../../../src/chat/replies.ts';
import { readFlags } from '../../../src/cli/chat/options.ts';
import { complaintOf, lineOf } from '../../../src/cli/chat/text.ts';
import { COLOURLESS, plain } from '../../../src/cli/terminal-text.ts';
import { ClientError } from '../../../src/client/client-error.ts';
import { encodeFrame } from '../../../src/wire/writer.ts';
import { ModelServer, type ServerSide } from '../../client/model-server.ts';
import { Authority } from '../../support/certificates.ts';

// Processes, on a machine that may be busy.
setDefaultTimeout(60_000);

const CHAT = resolve(import.meta.dir, '../../../src/cli/chat/chat.ts');
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

type Peer = Socket<ServerSide>;

/** The model server behind a real port. */
function listen() {
  const server = new ModelServer();
  const peers = new Set<Peer>();
  const flush = (peer: Peer): void => {
    for (const bytes of peer.data.output.splice(0)) peer.write(bytes);
    if (peer.data.ended) peer.end();
  };
  const listener = Bun.listen<ServerSide>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(peer) {
        peer.data = server.connect();
        peers.add(peer);
      },
      data(peer, chunk) {
        peer.data.receive(chunk);
        for (const each of peers) flush(each);
      },
      close(peer) {
        peers.delete(peer);
        peer.data.lost();
      },
    },
  });
  cleanups.push(() => listener.stop(true));
  return { server, address: `127.0.0.1:${listener.port}`, peers };
}

/** The program with its input and output in pipes. */
function chat(...args: string[]) {
  const env = { ...process.env, USER: 'ann', NO_COLOR: '1' };
  const child = Bun.spawn([process.execPath, CHAT, ...args], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', env });
  cleanups.push(() => child.kill('SIGKILL'));
  const out = heard(child.stdout);
  const err = heard(child.stderr);
  const type = (line: string): void => {
    child.stdin.write(`${line}\n`);
    child.stdin.flush();
  };
  return { child, out, err, type };
}

/** The lines of a stream so far, and a promise for the first one that matches. */
function heard(stream: ReadableStream<Uint8Array>) {
  let text = '';
  let wake = (): void => {};
  const end = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      wake();
    }
  })();
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const line = text.split('\n').find((each) => pattern.test(each));
      if (line !== undefined) return line;
      const more = new Promise<boolean>((resolve) => {
        wake = () => resolve(true);
      });
      if (!(await Promise.race([more, end.then(() => false)]))) throw new Error(`no ${pattern} in ${text}`);
    }
  };
  return { until, end, lines: () => text.split('\n').slice(0, -1) };
}

describe('the flags of the chat program', () => {
  test('have defaults, and the nickname is the user of the machine', () => {
    expect(readFlags([], 'ann')).toEqual({
      options: { servers: ['127.0.0.1:7400'], nick: 'ann', rooms: ['lobby'], plain: false, colour: true },
    });
    expect(readFlags([], '9-müller x')).toMatchObject({ options: { nick: 'mllerx' } });
    expect(readFlags([], undefined)).toMatchObject({ options: { nick: 'guest' } });
  });

  test.each([
    [['--nick', '9a'], '--nick "9a"'],
    [['--server', 'here'], '--server "here"'],
    [['--server', 'here:99999'], '--server "here:99999"'],
    [['--room', 'a b'], '--room "a b"'],
    [['--nick', '\u001b[2J'], '--nick "\\u001b[2J"'],
    [['--what'], '--what'],
    [['word'], 'word'],
    [['--nick'], '--nick'],
  ])('%j is wrong in one line', (args, named) => {
    const flags = readFlags(args, 'ann');
    expect('wrong' in flags && flags.wrong).toContain(named);
    expect('wrong' in flags && flags.wrong).not.toMatch(/\p{Cc}/u);
  });

  test('a wrong one ends the program with 2 and one line', async () => {
    const { child, out, err } = chat('--nick', 'a b');
    expect(await child.exited).toBe(2);
    await Promise.all([out.end, err.end]);
    expect(out.lines()).toEqual([]);
    expect(err.lines()).toHaveLength(1);
  });
});

describe('other people’s words', () => {
  test.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007after', 'after'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u009b2Jgone', 'gone'],
    ['\u001bPq#0\u001b\\dcs', 'dcs'],
    ['\u001bc reset', ' reset'],
    ['a\u001b', 'a'],
    ['one\r\ntwo\tthree\u2028four', 'one two three four'],
    ['bell\u0007 back\u0008 del\u007f', 'bell back del'],
    ['\u202eevil\u202c \u2066x\u2069\u200f', 'evil x'],
    ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['👩‍👩‍👧 é ü 漢字', '👩‍👩‍👧 é ü 漢字'],
  ])('%j is shown as %j', (text, shown) => {
    expect(plain(text)).toBe(shown);
  });

  test('no event brings a control character to the screen', () => {
    const evil = 'x\u001b[2J\u0007\n\u202e\u009d';
    const ident = `${evil}!u@h`;
    const events = [
      { kind: 'message', room: evil, epoch: evil, seq: 1, nick: evil, time: 0, text: evil, id: '' },
      { kind: 'told', nick: evil, time: Number.MAX_SAFE_INTEGER, text: evil },
      { kind: 'broadcast', nick: evil, scope: evil, time: 0, text: evil },
      { kind: 'joined', room: evil, ident },
      { kind: 'left', room: evil, ident, own: false },
      { kind: 'renamed', ident, nick: evil, own: false },
      { kind: 'quit', ident, reason: evil },
      { kind: 'lost', room: evil, epoch: evil, from: 1, to: 2 },
    ] as const;
    for (const event of events) {
      const line = lineOf(event, COLOURLESS, true, 0);
      expect(line).toMatch(/./);
      expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  });
});

test.each([
  [{ from: 4, to: 4 }, '! a message is missing here'],
  [{ from: 4, to: 6 }, '! up to 3 messages are missing here'],
  [
    { from: 1, to: undefined, resumeAt: { epoch: '2.7', next: 1 } },
    '! the room began anew: what was said in the meantime may be missing',
  ],
])('what is lost is said without numbers that nobody sees: %j', (slots, line) => {
  expect(lineOf({ kind: 'lost', room: 'dev', epoch: '1.7', ...slots }, COLOURLESS, false, 0)).toBe(line);
});

test('what could not be done is said with commands of this program, and never with bytes that a terminal obeys', () => {
  for (const code of ['ERR_NICKINUSE', 'ERR_NOSUCHROOM', 'ERR_NOTINROOM'] as const) {
    expect(complaintOf(new ClientError(code, ERRORS[code]))).toMatch(/^[^A-Z]*; \/[a-z]+ [^A-Z]*$/);
  }
  expect(complaintOf(new ClientError('TIMEOUT', 'no answer came in time'))).toBe('no answer came in time');
  expect(complaintOf(new ClientError('ERR_NOSUCHSERVER', 'a\u001b[2Jb'))).toBe(plain('a\u001b[2Jb'));
  expect(complaintOf('a\u001b[2Jb')).toBe(plain('a\u001b[2Jb'));
});

describe('the chat program in a pipe', () => {
  test('says each line once, shows what is said, and ends with its input', async () => {
    const { server, address } = listen();
    const { child, out, err } = chat('--server', address, '--nick', 'ann');
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    child.stdin.write(`${lines.join('\n')}\n\n//slash\nno newline at the end`);
    await child.stdin.end();
    expect(await child.exited).toBe(0);
    await Promise.all([out.end, err.end]);
    const said = [...lines, '/slash', 'no newline at the end'];
    expect(server.rooms.get('lobby')?.log.map(({ text }) => text)).toEqual(said);
    expect(out.lines().map((line) => line.replace(/^\d\d:\d\d /, ''))).toEqual(said.map((text) => `<ann> ${text}`));
  });

  test('a line that cannot be sent is named, and the exit code tells', async () => {
    const { server, address } = listen();
    const { child, err } = chat('--server', address);
    child.stdin.write(`${'x'.repeat(5_000)}\n/nope\n/msg\nfine\n`);
    await child.stdin.end();
    expect(await child.exited).toBe(1);
    await err.end;
    const complaints = err.lines().filter((line) => line.startsWith('!'));
    expect(complaints).toHaveLength(3);
    expect(complaints[0]).toContain('4096');
    expect(server.rooms.get('lobby')?.log.map(({ text }) => text)).toEqual(['fine']);
  });

  test('outlives its connection, says so in one line, and goes on where it was', async () => {
    const { server, address, peers } = listen();
    const { child, out, err, type } = chat('--server', address);
    await err.until(/you are in lobby/);
    type('before');
    await out.until(/before/);
    const quiet = err.lines().length;
    for (const peer of peers) peer.terminate();
    type('after');
    await out.until(/after/);
    await err.until(/connected again/);
    expect(err.lines().slice(quiet)).toEqual([expect.stringMatching(/^connected again to /)]);
    expect(server.rooms.get('lobby')?.log.map(({ text }) => text)).toEqual(['before', 'after']);
    await child.stdin.end();
    expect(await child.exited).toBe(0);
  });

  test('what others send cannot reach the terminal', async () => {
    const { address, peers } = listen();
    const { out, err } = chat('--server', address);
    await err.until(/you are in lobby/);
    for (const peer of peers) peer.write(encodeFrame('LMSG', 'eve', 0, 'look\u001b]0;owned\u0007 \u202ehere'));
    expect(await out.until(/eve/)).toEndWith('(to you) <eve> look here');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s says goodbye and exits 0 within a second', async (signal) => {
    const { server, address } = listen();
    const { child, err } = chat('--server', address);
    await err.until(/you are in lobby/);
    const since = performance.now();
    child.kill(signal);
    expect(await child.exited).toBe(0);
    expect(performance.now() - since).toBeLessThan(1_000);
    expect(server.users.size).toBe(0);
  });

  test('a server that cannot be reached is tried again, with progress; Ctrl-C ends that', async () => {
    const { child, err } = chat('--server', '127.0.0.1:1');
    await err.until(/cannot reach 127.0.0.1:1: nobody is listening there.*try 2/);
    expect(err.lines().filter((line) => line.includes('bun run server'))).toHaveLength(1);
    child.kill('SIGINT');
    expect(await child.exited).toBe(0);
  });

  test('where another server would not help, none is advised', async () => {
    const issued = new Authority('Nobody knows').issue('here', { names: ['127.0.0.1'] });
    const tls = { cert: issued.cert, key: issued.key };
    const strange = Bun.listen({ hostname: '127.0.0.1', port: 0, tls, socket: { data() {} } });
    cleanups.push(() => strange.stop(true));
    const { child, err } = chat('--server', `tls://127.0.0.1:${strange.port}`);
    await err.until(/cannot reach .*its certificate is not signed by .*try 2/);
    expect(err.lines().filter((line) => line.includes('starts a server'))).toEqual([]);
    child.kill('SIGINT');
    expect(await child.exited).toBe(0);
  });

  test('an answerless server does not hold Ctrl-C up', async () => {
    const called = Promise.withResolvers<void>();
    const socket = { open: () => called.resolve(), data() {} };
    const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket });
    cleanups.push(() => silent.stop(true));
    const { child } = chat('--server', `127.0.0.1:${silent.port}`);
    await called.promise;
    const since = performance.now();
    child.kill('SIGINT');
    expect(await child.exited).toBe(0);
    expect(performance.now() - since).toBeLessThan(1_500);
  });
});
