// The stage: plays an example on a server process of its own, step by step, and compares every frame. Nothing is
// slept for: a step that gets a frame waits for it, and the end of an example is a PING to every connection that is
// left, whose answer must be the next frame.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { type Example, fill, matches, type Party, type Step } from './examples.ts';

/** The server of all examples. */
const NAMED = ['--name', 'alpha', '--id', '7'];

class Play {
  readonly #port: number;
  readonly #clients = new Map<string, RawClient>();
  readonly #bound = new Map<string, string>();
  /** Who may get any frames before the next one that is expected. */
  readonly #skipping = new Set<string>();
  /** Whose connection has ended, or is not read. */
  readonly #over = new Set<string>();
  #marks = 0;

  constructor(port: number) {
    this.#port = port;
  }

  async prepare(parties: readonly Party[]): Promise<void> {
    for (const { names, room } of parties) {
      for (const [i, name] of names.entries()) {
        const client = await RawClient.register(this.#port, name);
        this.#clients.set(name, client);
        if (room === '') continue;
        if (i === 0) client.send(`<CREATEROOM,${room}>`);
        client.send(`<JOINROOM,${room}>`);
        await client.until(`<RPL_WELCOME,${room},`);
      }
    }
    // What that brought to others is no part of the example.
    for (const client of this.#clients.values()) await this.#settle(client);
  }

  async step(step: Step): Promise<void> {
    const client = await this.#client(step.who);
    if (step.does === 'send') client.send(`${fill(step.text, this.#bound)}\n`);
    else if (step.does === 'act') await this.#act(step, client);
    else if (step.does === 'skip') this.#skipping.add(step.who);
    else if (step.does === 'close') await this.#closes(step, client);
    else await this.#get(step, client);
  }

  /** Nothing more has come to anybody than what was said. */
  async finish(example: Example): Promise<void> {
    for (const [who, client] of this.#clients) {
      if (this.#skipping.has(who)) continue;
      const rest = this.#over.has(who) ? client.lines : await this.#settle(client);
      if (rest.length > 0) throw new Error(`line ${example.line}: ${who} got what is not there: ${rest.join(' ')}`);
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.reset();
  }

  async #client(who: string): Promise<RawClient> {
    const known = this.#clients.get(who);
    if (known !== undefined) return known;
    const client = await RawClient.connect(this.#port);
    this.#clients.set(who, client);
    return client;
  }

  async #get({ line, who, text }: Step, client: RawClient): Promise<void> {
    const skipping = this.#skipping.delete(who);
    for (;;) {
      const [got = ''] = await client.take(1).catch(() => {
        throw new Error(`line ${line}: expected ${text}\n  and nothing more came; closed: ${client.closed}`);
      });
      if (matches(text, got, this.#bound)) return;
      const known = JSON.stringify(Object.fromEntries(this.#bound));
      if (!skipping) throw new Error(`line ${line}: expected ${text}\n  but ${who} got ${got}\n  with ${known}`);
    }
  }

  async #closes({ line, who }: Step, client: RawClient): Promise<void> {
    await client.ended();
    this.#over.add(who);
    if (client.lines.length > 0 && !this.#skipping.has(who)) {
      throw new Error(`line ${line}: ${who} got more before the end: ${client.lines.join(' ')}`);
    }
  }

  async #act({ line, who, text }: Step, client: RawClient): Promise<void> {
    const bytes = /^sends the bytes ((?:[0-9A-F]{2} ?)+)$/.exec(text)?.[1];
    const many = /^says ([0-9,]+) texts of ([0-9,]+) bytes$/.exec(text);
    if (bytes !== undefined) client.send(Uint8Array.fromHex(bytes.replaceAll(' ', '')));
    else if (many !== null) {
      const [count, length] = many.slice(1).map((digits) => Number(digits.replaceAll(',', ''))) as [number, number];
      for (let i = 0; i < count; i++) client.send(`<CSEND,${'x'.repeat(length)}>`);
    } else if (text === 'stops reading') client.pause();
    else if (text === 'reads again') client.resume();
    else if (text === 'is cut off') {
      this.#over.add(who);
      client.reset();
    } else if (text === 'connects') await this.#client(who);
    else if (text === 'sends nothing more') client.finish();
    else throw new Error(`line ${line}: nobody knows how to do this: ${text}`);
  }

  /** Takes what has come until the server has answered everything that was sent. */
  async #settle(client: RawClient): Promise<string[]> {
    const mark = `<PONG,mark-${++this.#marks}>`;
    client.send(`<PING,mark-${this.#marks}>`);
    const rest: string[] = [];
    for (;;) {
      const [got = ''] = await client.take(1);
      if (got === mark) return rest;
      rest.push(got);
    }
  }
}

/** Examples that are played at a time: most of them wait, for a server to start or a deadline to come. */
const STAGES = 6;
let free = STAGES;
const queue: (() => void)[] = [];

/** Plays an example on a new server, when one of the stages is free; throws where the server says something else. */
export async function play(example: Example): Promise<void> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => queue.push(resolve));
  try {
    await playNow(example);
  } finally {
    const next = queue.shift();
    if (next === undefined) free++;
    else next();
  }
}

async function playNow(example: Example): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-docs-'));
  try {
    await using server = await ServerProcess.start(...NAMED, ...(await operators(example, folder)), ...example.flags);
    const played = new Play(server.port);
    try {
      await played.prepare(example.parties);
      for (const step of example.steps) await played.step(step);
      await played.finish(example);
    } finally {
      played.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The flags that make an example's operator known; the cheapest hash there is. */
async function operators({ operator }: Example, folder: string): Promise<string[]> {
  if (operator === undefined) return [];
  const [name, password, grants] = operator;
  const hash = await Bun.password.hash(password, { algorithm: 'bcrypt', cost: 4 });
  const path = join(folder, 'operators');
  writeFileSync(path, `${name}:${hash}${grants === '' ? '' : `:${grants}`}\n`, { mode: 0o600 });
  return ['--operators', path];
}
