// Attacks between servers, on servers that run: a peer with the secret that says what no server could have written, and
// datagrams that are forged, said again, or meant to have somebody else flooded. Nobody's room or name moves.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createSocket } from 'node:dgram';
import { medianAnswerMs } from '../support/latency.ts';
import { mapOf, TestNetwork } from '../support/network.ts';
import { hello, type Identity, linkAs } from '../support/peer.ts';
import { RawClient } from '../support/raw-client.ts';
import type { ServerProcess } from '../support/server.ts';

setDefaultTimeout(60_000);

const MIB = 1024 * 1024;
const SECRET = 'a secret of sixty-four bytes or so, that this network alone has';
const WRONG = 'another secret, of as many bytes as the one that they have here';
const PROMPT_MS = 50;

const linksOf = (server: ServerProcess): number => Number(server.ready.links?.split(':').at(-1));

/** The value of one line of a scrape. */
async function figure(server: ServerProcess, line: string): Promise<number> {
  const text = await (await fetch(`http://${server.ready.http}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? Number.NaN : Number(found.split(' ').at(-1));
}

describe('a peer that has the secret', () => {
  const evil: Identity = { name: 'evil', id: 66, incarnation: Date.now() - 1000 };
  const { id, incarnation } = evil;
  const here = `<SERVER,evil,0,${id},,127.0.0.1,9,${incarnation},,,1>`;
  const user = `<USER,${id}.${incarnation}000,eve,eve,host,Eve,${incarnation}>`;

  /** What is wrong, in what it says; ALPHA and LIFE stand for the id and incarnation of who hears it. */
  const NONSENSE: readonly (readonly [string, string])[] = [
    ['a fact without its numbers', `<FACT>${here}`],
    ['a fact of an origin that is no id', `<FACT,09,${incarnation},1,1>${here}`],
    ['a first fact that is not its server', `<FACT,${id},${incarnation},1,1>${user}`],
    ['another server than its origin', `<FACT,67,${incarnation},1,1>${here}`],
    ['a user of somebody else', `<FACT,${id},${incarnation},1,2>${here}<USER,ALPHA.1000,eve,eve,host,Eve,1>`],
    ['our own facts, that we never said', `<FACT,ALPHA,LIFE,1000,1>${here}`],
    ['a nickname that is none', `<FACT,${id},${incarnation},1,2>${here}<NICK,${id}.${incarnation}000,0 day,1>`],
    ['a control character', `<FACT,${id},${incarnation},1,1>${here.replace(',,127', ',\x1b[2J,127')}`],
    ['a group of more frames than may be', `<FACT,${id},${incarnation},1,1025>`],
    ['an entry without a fact', `<HAS,${id},${incarnation},0>`],
    ['a snapshot of its own future', `<SNAPSHOT,ALPHA,LIFE,1000,0,1,1>${here}`],
    ['a vector with an entry twice', `<VECTOR,2><HAS,${id},${incarnation},1><HAS,${id},${incarnation},2>`],
    ['a frame without end', `<FACT,${'x'.repeat(70_000)}`],
    ['garbage', 'x\0<<<>>>'],
    ['its introduction again', `<SERVER,evil,0,66,,127.0.0.1,9,1,,,1,chorus,${'n'.repeat(16)},1>`],
  ];

  test('and says what no server could have written loses its link; nothing of it is believed or passed on', async () => {
    await using network = new TestNetwork();
    const secret = ['--secret-file', network.secret('known', SECRET), '--hold', '0'];
    const [alpha, beta] = [await network.start('alpha', ...secret), await network.start('beta', ...secret)];
    await alpha.logged('server.synced server=beta');
    using ann = await RawClient.register(alpha.port, 'ann');
    using bob = await RawClient.register(beta.port, 'bob');
    ann.send('<CREATEROOM,dev><JOINROOM,dev>');
    await ann.until('<RPL_WELCOME,dev');
    const before = await alpha.rss();
    for (let round = 0; round < 4; round++) {
      for (const [what, says] of NONSENSE) {
        using peer = await linkAs(evil, linksOf(alpha), SECRET);
        const { id: whose, incarnation: life } = alpha.ready;
        peer.send(says.replaceAll('ALPHA', String(whose)).replaceAll('LIFE', String(life)));
        await peer.ended();
        expect([what, peer.lines.some((line) => line.startsWith('<ERROR,'))]).toEqual([what, true]);
      }
      expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
    }
    expect((await alpha.rss()) - before).toBeLessThan(32 * MIB);
    ann.send('<CSEND,still,dev>');
    await ann.until('<CMSG,dev,');
    for (const one of [ann, bob]) {
      one.send('<NICKHISTORY,eve><PING,there>');
      const lines = await one.upTo('<PONG,there>');
      expect(lines.join('\n')).not.toContain('Eve');
    }
    expect((await mapOf(beta)).map(({ server }) => server).sort()).toEqual(['alpha', 'beta']);
    expect((await beta.stop()).log).not.toMatch(/evil|internal\.error/);
    expect((await alpha.stop()).log).not.toContain('internal.error');
  });
});

describe('datagrams', () => {
  test('that are forged, said again or too short are answered by nothing, and a flood of them hides nobody', async () => {
    await using network = new TestNetwork();
    const secret = ['--secret-file', network.secret('known', SECRET)];
    // Its id is above those of who asks, so that it waits for them to dial.
    const server = await network.start('alpha', ...secret, '--id', '4000000000', '--http', '127.0.0.1:0');
    await using asker = await Asker.open(server);

    const question = hello(somebody(), SECRET);
    expect(await asker.ask(question)).toBe(1);
    expect(asker.answers.every((answer) => answer.length <= question.length)).toBe(true);
    // Said again, that one answer stays the only one.
    expect(await asker.ask(question)).toBe(1);
    expect(await asker.ask(hello(somebody(), WRONG))).toBe(0);
    expect(await asker.ask(hello(somebody(), SECRET).replace('127.0.0.1', '127.0.0.2'))).toBe(0);
    expect(await asker.ask(hello(somebody(), SECRET, 100))).toBe(0);
    expect(await asker.ask('x'.repeat(60_000))).toBe(0);

    using ann = await RawClient.register(server.port, 'ann');
    const before = await server.rss();
    for (let n = 0; n < 20_000; n++) {
      asker.say(hello(somebody(), WRONG));
      if (n % 2000 === 0) expect(await medianAnswerMs(ann, 1)).toBeLessThan(10 * PROMPT_MS);
    }
    expect(await asker.ask(hello(somebody(), SECRET))).toBe(1);
    expect((await server.rss()) - before).toBeLessThan(32 * MIB);
    for (const reason of ['mac', 'replay', 'source', 'answer', 'frame']) {
      expect(await figure(server, `chorus_discovery_dropped_total{reason="${reason}"}`)).toBeGreaterThan(0);
    }
  });
});

let people = 0;

/** Another one each time. */
function somebody(): Identity {
  people++;
  return { name: `s${people}`, id: people, incarnation: Date.now() - 1000 };
}

const nonceOf = (datagram: string): string => datagram.split(',')[8] ?? '';

/** Sends datagrams to one server, and hears its answers. */
class Asker implements AsyncDisposable {
  readonly answers: string[] = [];
  readonly #socket = createSocket('udp4');
  readonly #server: ServerProcess;
  readonly #port: number;

  private constructor(server: ServerProcess) {
    this.#server = server;
    this.#port = Number(server.ready.discovery?.split(':').at(-1));
  }

  static async open(server: ServerProcess): Promise<Asker> {
    const asker = new Asker(server);
    asker.#socket.on('message', (bytes) => void asker.answers.push(bytes.toString('latin1')));
    await new Promise<void>((resolve) => asker.#socket.bind(0, '127.0.0.1', resolve));
    asker.#socket.setMulticastInterface('127.0.0.1');
    return asker;
  }

  say(text: string): void {
    this.#socket.send(text, this.#port, this.#server.ready.discovery?.split(':')[0]);
  }

  /** How many answers to this datagram there were, when the server has looked at it: it has, when a later one is answered. */
  async ask(text: string): Promise<number> {
    this.say(text);
    for (let answered = false; !answered; ) {
      const later = hello(somebody(), SECRET);
      this.say(later);
      answered = await this.#heard(nonceOf(later));
    }
    return this.answers.filter((answer) => nonceOf(answer) === nonceOf(text)).length;
  }

  /** False when no answer came for a while: a datagram may be lost. */
  async #heard(nonce: string): Promise<boolean> {
    for (let tries = 0; tries < 50; tries++) {
      if (this.answers.some((answer) => nonceOf(answer) === nonce)) return true;
      await Bun.sleep(10);
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => void this.#socket.close(() => resolve()));
  }
}
