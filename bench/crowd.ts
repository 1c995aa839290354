// A crowd: the rooms, members and publishers of one shape, as real TCP connections to a server, or spread over several.
// A wave is one round of messages: every publisher sends its window in one write, and the wave is over when every member
// has all of them. The crowd counts frames by their LFs and reads nothing else once it has gathered.

import type { Socket } from 'bun';
import { WebWire } from './web-wire.ts';

export interface Shape {
  readonly rooms: number;
  readonly members: number;
  /** Members of a room that send. */
  readonly publishers: number;
  /** Messages that a publisher sends in a wave. */
  readonly window: number;
}

/** How members connect: plain, with TLS and whom to believe, or by WebSocket. */
export interface Way {
  readonly ca?: string;
  readonly web?: boolean;
}

const LF = 0x0a;
/** After this long something was lost, and waiting on would be for ever. */
const LOST_MS = 120_000;
/** How long it may take until other servers know who is in a room, and that it is there. */
const FACTS_MS = 1_000;
const ENTER_TRIES = 20;
const TEXT = 'x'.repeat(100);

/** Messages delivered in a wave. */
export function deliveries({ rooms, members, publishers, window }: Shape): number {
  return rooms * members * publishers * window;
}

export class Crowd implements AsyncDisposable {
  readonly #shape: Shape;
  readonly #members: Member[] = [];
  readonly #wave: Uint8Array;
  /** What members still wait for together, and the wave that is over when that is nothing. */
  #missing = 0;
  #running: PromiseWithResolvers<void> | undefined;

  private constructor(shape: Shape) {
    this.#shape = shape;
    this.#wave = new TextEncoder().encode(`<CSEND,${TEXT}>`.repeat(shape.window));
  }

  /** Connects everybody, joins the rooms, and waits until nothing more is said. */
  static async gather(ports: readonly number[], shape: Shape, name: string, how: Way = {}): Promise<Crowd> {
    const crowd = new Crowd(shape);
    const { rooms, members } = shape;
    for (let i = 0; i < rooms * members; i++) {
      const room = `${name}-${i % rooms}`;
      // Rooms begin at one server after the other: so homes and publishers are spread evenly, too.
      const port = ports[(Math.floor(i / rooms) + (i % rooms)) % ports.length] as number;
      const member = await Member.connect(port, (frames) => crowd.#got(frames), how);
      crowd.#members.push(member);
      const create = i < rooms ? `<CREATEROOM,${room}>` : '';
      await member.ask(`<NICK,${name}-${i}><USER,bench,0,*,Bench>${create}<PING,here>`);
      await member.enter(room);
    }
    await crowd.#settle(ports.length > 1);
    for (const member of crowd.#members) member.counting = true;
    return crowd;
  }

  /** One wave; resolves when all of it was delivered. */
  wave(): Promise<void> {
    const { rooms, publishers } = this.#shape;
    this.#missing += deliveries(this.#shape);
    const wave = Promise.withResolvers<void>();
    this.#running = wave;
    for (let i = 0; i < rooms * publishers; i++) this.#members[i]?.send(this.#wave);
    return inTime(wave, 'a wave was not delivered');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.leave()));
  }

  /** Waits until everybody was told of everybody who came: here that stands before the answer to a PING. */
  async #settle(elsewhere: boolean): Promise<void> {
    if (elsewhere) await Bun.sleep(FACTS_MS);
    for (const member of this.#members) await member.ask('<PING,here>');
  }

  #got(frames: number): void {
    if (frames < 0) this.#running?.reject(new Error('the server closed a connection'));
    this.#missing -= frames;
    if (this.#missing === 0) this.#running?.resolve();
  }
}

/** One connection. */
class Member {
  /** From now on frames are counted and not read. */
  counting = false;
  readonly #got: (frames: number) => void;
  #socket: Socket | undefined;
  #web: WebWire | undefined;
  #text = '';
  #answer: PromiseWithResolvers<void> | undefined;
  #rest: Uint8Array | undefined;
  #left: (() => void) | undefined;
  readonly #gone = new Promise<void>((resolve) => {
    this.#left = resolve;
  });

  private constructor(got: (frames: number) => void) {
    this.#got = got;
  }

  static async connect(port: number, got: (frames: number) => void, { ca, web }: Way): Promise<Member> {
    const member = new Member(got);
    member.#web = web === true ? new WebWire() : undefined;
    member.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      ...(ca === undefined ? {} : { tls: { ca } }),
      socket: {
        data: (_socket, chunk) => member.#take(chunk),
        drain: () => member.#write(),
        close: () => member.#close(),
        error: () => member.#close(),
      },
    });
    if (member.#web !== undefined) {
      member.#rest = new TextEncoder().encode(member.#web.request(port));
      member.#write();
    }
    return member;
  }

  /** Sends frames of which the last is a PING, and waits for its answer. */
  ask(frames: string): Promise<void> {
    this.#text = '';
    const answer = Promise.withResolvers<void>();
    this.#answer = answer;
    this.send(new TextEncoder().encode(frames));
    return inTime(answer, `no answer to ${frames}`);
  }

  /** Joins a room, as soon as this server has heard of it. */
  async enter(room: string): Promise<void> {
    for (let tries = 0; tries < ENTER_TRIES; tries++) {
      await this.ask(`<JOINROOM,${room}><PING,here>`);
      if (this.#text.includes(`<RPL_WELCOME,${room},`)) return;
      await Bun.sleep(FACTS_MS / ENTER_TRIES);
    }
    throw new Error(`nobody comes into ${room}: ${this.#text}`);
  }

  send(bytes: Uint8Array): void {
    const framed = this.#web?.frame(bytes) ?? bytes;
    // The request may have to go first.
    this.#rest = this.#rest === undefined ? framed : Buffer.concat([this.#rest, framed]);
    this.#write();
  }

  leave(): Promise<void> {
    this.counting = false;
    this.#socket?.end();
    return this.#gone;
  }

  #write(): void {
    if (this.#rest === undefined) return;
    const taken = this.#socket?.write(this.#rest) ?? 0;
    this.#rest = taken < this.#rest.length ? this.#rest.subarray(Math.max(taken, 0)) : undefined;
  }

  #take(chunk: Uint8Array): void {
    if (this.#web === undefined) this.#read(chunk);
    else for (const part of this.#web.read(chunk)) this.#read(part);
  }

  #read(chunk: Uint8Array): void {
    if (!this.counting) {
      this.#text = (this.#text + Buffer.from(chunk).toString()).slice(-4_096);
      if (this.#text.includes('<PONG,here>')) this.#answer?.resolve();
      return;
    }
    let frames = 0;
    for (let i = 0; i < chunk.length; i++) if (chunk[i] === LF) frames++;
    this.#got(frames);
  }

  #close(): void {
    if (this.counting) this.#got(-1);
    this.#answer?.reject(new Error(`the server closed a connection: ${this.#text}`));
    this.#left?.();
  }
}

/** The promise of `pending`, rejected with `complaint` when nothing becomes of it. */
async function inTime(pending: PromiseWithResolvers<void>, complaint: string): Promise<void> {
  const timer = setTimeout(() => pending.reject(new Error(complaint)), LOST_MS);
  try {
    await pending.promise;
  } finally {
    clearTimeout(timer);
  }
}
