// The chat on the whole screen of a terminal, with real servers: by what stands on the screen.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join, resolve } from 'node:path';
import type { Change } from '../support/mutants.ts';
import { fixedAddresses, TestNetwork } from '../support/network.ts';
import { BROKEN_KEY } from '../support/plants.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { Terminal, type TerminalSize } from '../support/terminal.ts';
import { requireTool } from '../support/tools.ts';

// Servers and terminals, on a machine that may be busy.
setDefaultTimeout(90_000);

const CHAT = resolve(import.meta.dir, '../../src/cli/chat/chat.ts');
const PLANTER = join(import.meta.dir, '..', 'support', 'plant.ts');
const ESC = '\u001b';
const SIZE = { columns: 80, rows: 24 };
const tmux = requireTool('tmux');

interface How {
  readonly env?: string;
  readonly size?: TerminalSize;
  readonly plant?: Change;
  /** Further flags. */
  readonly more?: string;
}

/** The chat in a terminal of its own, in the room lobby. */
function chat(port: number, nick: string, how: How = {}): Terminal {
  const { env = '', size = SIZE, plant, more = '' } = how;
  const before = plant === undefined ? '' : `--preload=${PLANTER}`;
  const fault = plant === undefined ? '' : `PLANT='${JSON.stringify(plant)}'`;
  const command = `${process.execPath} ${before} ${CHAT} --server 127.0.0.1:${port} --nick ${nick} ${more}`;
  return new Terminal(tmux as string, `env ${env} ${fault} ${command}`, size);
}

/** Whether the terminal is as it was before the program. */
function isGivenBack(screen: Terminal): boolean {
  return screen.state('alternate_on') === '0' && screen.state('cursor_flag') === '1';
}

describe.skipIf(tmux === undefined).concurrent('the chat on a whole screen (needs tmux)', () => {
  test('two people in two rooms: unread, completion, people, pastes, sizes, and the end', async () => {
    await using server = await ServerProcess.start('--name', 'alpha');
    using ann = chat(server.port, 'ann');
    await ann.until(
      /^ \[1:lobby\] ─+ ann ─\n[\s\S]*you are in lobby, alone[\s\S]*── connected ── [\d.]+ ms ── alpha 127[\s\S]*\nlobby> *$/m,
    );
    using bob = chat(server.port, 'bob', { env: 'NO_COLOR=1' });
    await bob.until(/you are in lobby, with 1 more/);
    await ann.until(/-- bob joined[\s\S]*lobby>/);
    expect(ann.screen()).toMatch(/│ 2 people\n.*│ ann\n.*│ bob\n/);
    // What is being typed stays when lines arrive.
    ann.keys('half a sen');
    bob.keys('hello an', 'Tab', 'Enter');
    await ann.until(/\d\*<bob> hello ann [\s\S]*\nlobby> half a sen$/m);
    ann.keys('tence', 'Enter');
    await bob.until(/\d <ann> half a sentence/);
    ann.keys('/join de', 'Tab', 'v', 'Enter');
    await ann.until(/\[2:dev\][\s\S]*you are in dev, alone/);
    bob.keys('ann: where are you?', 'Enter', 'and one more', 'Enter');
    await ann.until(/^ {2}1:lobby\*2 \[2:dev\]/m);
    ann.keys('M-1');
    await ann.until(/\[1:lobby\][\s\S]*── new ─+│\n\S+\*<bob> ann: where are you\?.*\n\S+ <bob> and one more/);
    bob.paste('first line\n/quit\n');
    await bob.until(/2 lines are pasted: Enter says each, j joins them, Esc drops them/);
    bob.keys('Enter');
    await ann.until(/<bob> first line.*\n.*<bob> \/quit/);
    ann.resize({ columns: 40, rows: 12 });
    await ann.until(/^ \[1:lobby\] 2:dev +─+ ann ─$/m);
    expect(ann.screen()).not.toContain('│');
    ann.resize({ columns: 160, rows: 50 });
    expect(await ann.until(/^ \[1:lobby\] 2:dev +─{100,} ann ─$/m)).toMatch(/ {80,}│ 2 people/);
    expect(bob.screen(true)).not.toContain(ESC);
    expect(ann.screen(true)).toMatch(new RegExp(`${ESC}\\[[39][0-9]mbob`));
    bob.keys('C-c');
    await bob.until(/EXIT 0/);
    await ann.until(/-- bob quit/);
    ann.keys('C-d');
    await ann.until(/EXIT 0/);
    expect([isGivenBack(ann), isGivenBack(bob)]).toEqual([true, true]);
    expect(ann.screen()).not.toContain('lobby');
  });

  test('goes back to what was said before it came, as far as the server keeps it', async () => {
    await using server = await ServerProcess.start('--flood', 'off', '--room-messages', '400');
    using eve = await RawClient.register(server.port, 'eve');
    eve.send('<CREATEROOM,lobby><JOINROOM,lobby>');
    for (let i = 1; i <= 500; i++) eve.send(`<CSEND,line ${i}.>`);
    eve.send('<LISTROOMS>');
    await eve.until('<RPL_ENDOFROOMS');
    using ann = chat(server.port, 'ann');
    await ann.until(/<eve> line 490\.[\s\S]*<eve> line 500\.[\s\S]*you are in lobby, with 1 more/);
    const shown = (): number[] => [...ann.screen().matchAll(/line (\d+)\./g)].map(([, number]) => Number(number));
    while (!/nothing older is kept/.test(ann.screen())) {
      ann.keys('PPage');
      await Bun.sleep(50);
      // Wherever it is, nothing is left out there, or stands twice, as soon as it is drawn.
      while (!shown().every((number, i, all) => number === (all[0] ?? 0) + i)) await Bun.sleep(20);
    }
    expect(shown()[0]).toBe(101);
    // It stays there while more is said.
    eve.send('<CSEND,line 501.>');
    await ann.until(/── nothing older is kept ─[\s\S]*line 101\.[\s\S]*── ↓ \d+ newer \(Esc\)/);
    ann.keys('Escape');
    await ann.until(/<eve> line 501\./);
  });

  test('outlives its server: says so, keeps what is said meanwhile, and resumes', async () => {
    const flags = fixedAddresses().slice(0, 2);
    const port = Number(flags[1]?.split(':').at(-1));
    await using server = await ServerProcess.start('--name', 'alpha', ...flags);
    using ann = chat(port, 'ann');
    await ann.until(/you are in lobby, alone/);
    await server.stop('SIGKILL');
    await ann.until(/── no connection: .*; again in \d+ s/);
    ann.keys('said meanwhile', 'Enter');
    await ann.until(/\d…<ann> said meanwhile/);
    // Who quits is asked whether to wait for it.
    using bob = chat(port, 'bob');
    await bob.until(/── no connection: .*; again in \d+ s/);
    bob.keys('lost words', 'Enter', 'C-c');
    await bob.until(/── 1 on their way; Ctrl-C once more does not wait/);
    bob.keys('C-c');
    expect(await bob.until(/EXIT 0/)).toStartWith('! not sent to lobby: lost words\n');
    await using _again = await ServerProcess.start('--name', 'alpha', ...flags);
    const screen = await ann.until(/\d <ann> said meanwhile[\s\S]*── connected ── [\d.]+ ms ── alpha/);
    expect(screen.match(/said meanwhile/g)).toHaveLength(1);
    expect(screen).toContain('the room began anew');
  });

  test('tells which servers are in sight, and of a split in one line', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha');
    const beta = await network.start('beta');
    await alpha.logged('server.synced server=beta');
    using ann = chat(alpha.port, 'ann', { size: { columns: 110, rows: 20 } });
    await ann.until(/you are in lobby, alone[\s\S]*── 2 servers ──/);
    using eve = await RawClient.register(beta.port, 'eve');
    eve.send('<JOINROOM,lobby>');
    using dan = await RawClient.register(beta.port, 'dan');
    dan.send('<JOINROOM,lobby>');
    await ann.until(/-- dan joined/);
    await beta.stop('SIGKILL');
    await ann.until(/split: alpha has lost beta, and with it (eve, dan|dan, eve) [\s\S]*1 of 2 servers, without beta/);
    ann.keys('/map', 'Enter');
    await ann.until(/ alpha: 1 person/);
  });

  test('goes over to another server, and misses nothing', async () => {
    await using network = new TestNetwork();
    const alpha = await network.start('alpha');
    const beta = await network.start('beta');
    await alpha.logged('server.synced server=beta');
    using ann = chat(beta.port, 'ann', { more: `--server 127.0.0.1:${alpha.port}` });
    await ann.until(/you are in lobby, alone[\s\S]*── connected ── 2 servers ── [\d.]+ ms ── beta /);
    using eve = await RawClient.register(alpha.port, 'eve');
    eve.send('<JOINROOM,lobby><CSEND,before>');
    await ann.until(/<eve> before/);
    await beta.stop('SIGKILL');
    eve.send('<CSEND,meanwhile>');
    ann.keys('mine', 'Enter');
    const screen = await ann.until(/── connected ── 1 of 2 servers, without beta[\s\S]*\nlobby>/);
    expect(await ann.until(/ <eve> meanwhile[\s\S]* <ann> mine|<ann> mine[\s\S]*<eve> meanwhile/)).not.toContain(
      'missing',
    );
    expect(screen).not.toContain('may be');
  });

  test('is lines of text where the terminal can only print', async () => {
    await using server = await ServerProcess.start();
    using bob = chat(server.port, 'bob', { more: '--room lobby --room dev --room ops' });
    await bob.until(/^ \[1:lobby\] 2:dev {2}3:ops /m);
    using ann = chat(server.port, 'ann', { env: 'TERM=dumb' });
    await ann.until(/^you are in lobby/m);
    ann.keys('hello', 'Enter');
    await ann.until(/<ann> hello/);
    expect(ann.screen(true)).not.toContain(ESC);
    expect(ann.state('alternate_on')).toBe('0');
  });

  test('shows what others send, and obeys nothing of it', async () => {
    await using server = await ServerProcess.start();
    using ann = chat(server.port, 'ann', { env: 'NO_COLOR=1' });
    await ann.until(/you are in lobby/);
    using eve = await RawClient.register(server.port, 'eve');
    eve.send(
      '<JOINROOM,lobby><CSEND,look\u001b[2J\u001b]0;owned\u0007\u001b[31m red\u009b5n \u202ehere \u0301\u0301\u0301!>',
    );
    eve.send(`<CSEND,${'\u001b[5n\u001b[c\u0005'.repeat(20)}quiet><LSEND,only \u001b[?1049lyou,ann>`);
    await ann.until(/<eve> look red here .*!.*\n.*<eve> quiet.*\n.*\(to you\) <eve> only you/);
    expect(ann.screen()).toContain('you are in lobby');
    expect(ann.screen(true)).not.toContain(ESC);
    expect([ann.state('alternate_on'), ann.state('pane_title')]).not.toContain('owned');
    // The terminal was not made to answer: what it says would stand before what is typed.
    ann.keys('mine', 'Enter');
    await ann.until(/<ann> mine/);
  });

  test('gives the terminal back when it is ended, stopped, or breaks', async () => {
    await using server = await ServerProcess.start();
    using ended = chat(server.port, 'ann');
    await ended.until(/you are in lobby/);
    process.kill(await ended.child(), 'SIGTERM');
    await ended.until(/EXIT 0/);
    expect(isGivenBack(ended)).toBe(true);

    using stopped = chat(server.port, 'bob');
    await stopped.until(/you are in lobby/);
    const child = await stopped.child();
    process.kill(child, 'SIGTSTP');
    while (!(await Bun.file(`/proc/${child}/stat`).text()).includes(') T ')) await Bun.sleep(20);
    expect(isGivenBack(stopped)).toBe(true);
    process.kill(child, 'SIGCONT');
    await stopped.until(/you are in lobby[\s\S]*lobby>/);
    stopped.keys('here again', 'Enter');
    await stopped.until(/<bob> here again/);

    using broken = chat(server.port, 'cat', { plant: BROKEN_KEY });
    await broken.until(/you are in lobby/);
    broken.keys('M-a');
    await broken.until(/Error: planted[\s\S]*EXIT 1/);
    expect(isGivenBack(broken)).toBe(true);
  });

  test('is put away by Ctrl-Z, with what started it, and comes back by fg', async () => {
    await using server = await ServerProcess.start();
    using shell = new Terminal(tmux as string, 'sh -i', SIZE);
    const command = `${process.execPath} ${CHAT} --server 127.0.0.1:${server.port} --nick ann`;
    shell.keys(`sh -c '${command}; true'`, 'Enter');
    await shell.until(/you are in lobby/);
    shell.keys('C-z');
    await shell.until(/Stopped/);
    expect(isGivenBack(shell)).toBe(true);
    shell.keys('echo in "the shell"', 'Enter');
    await shell.until(/^in the shell/m);
    shell.keys('fg', 'Enter');
    await shell.until(/you are in lobby[\s\S]*lobby>/);
    shell.keys('here again', 'Enter');
    await shell.until(/<ann> here again/);
    shell.keys('/quit', 'Enter');
    while (!isGivenBack(shell)) await Bun.sleep(20);
    shell.keys('echo gone "by now"', 'Enter');
    await shell.until(/^gone by now/m);
  });

  test('says why it is not let in where everything else stands, and ends with 1', async () => {
    await using network = new TestNetwork();
    await using server = await ServerProcess.start(
      '--password-file',
      network.secret('password', Bun.password.hashSync('sesame', { algorithm: 'bcrypt', cost: 4 })),
    );
    using ann = chat(server.port, 'ann');
    expect(await ann.until(/EXIT 1/)).toMatch(/^! .*password.*\nEXIT 1/im);
    expect(isGivenBack(ann)).toBe(true);
  });
});
