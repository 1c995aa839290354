// A crowd: the rooms, members and publishers of one shape, as real TCP connections to a server, or spread over several.
// A wave is one round of messages: every publisher sends its window in one write, and the wave is over when every member
// has all of them. The crowd counts messages by the mark at their ends and reads nothing else once it has gathered. It
// speaks to Chorus, or to another server that does the same work.

import type { Socket } from 'bun';
import { CHORUS, type Dialect, MARK } from './dialect.ts';
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
  /** What is spoken; Chorus where nothing is said. */
  readonly dialect?: Dialect;
}

/** After this long something was lost, and waiting on would be for ever. */
const LOST_MS = 120_000;
/** How long it may take until other servers know who is in a room, and that it is there. */
const FACTS_MS = 1_000;
const ENTER_TRIES = 20;

/** Messages delivered in a wave. */
export function deliveries({ rooms, members, publishers, window }: Shape): number {
  return rooms * members * publishers * window;
}

export class Crowd implements AsyncDisposable {
  readonly #shape: Shape;
  readonly #members: Member[] = [];
  /** What a publisher of each room sends. */
  readonly #waves: readonly Uint8Array[];
  /** What members still wait for together, and the wave that is over when that is nothing. */
  #missing = 0;
  #running: PromiseWithResolvers<void> | undefined;

  private constructor(shape: Shape, rooms: readonly string[], dialect: Dialect) {
    this.#shape = shape;
    this.#waves = rooms.map((room) => new TextEncoder().encode(dialect.message(room).repeat(shape.window)));
  }

  /** Connects everybody, joins the rooms, and waits until nothing more is said. */
  static async gather(ports: readonly number[], shape: Shape, name: string, how: Way = {}): Promise<Crowd> {
    const { rooms, members } = shape;
    const names = Array.from({ length: rooms }, (_, i) => `${name}-${i}`);
    const { dialect = CHORUS } = how;
    const crowd = new Crowd(shape, names, dialect);
    for (let i = 0; i < rooms * members; i++) {
      const room = names[i % rooms] as string;
      // Rooms begin at one server after the other: so homes and publishers are spread evenly, too.
      const port = ports[(Math.floor(i / rooms) + (i % rooms)) % ports.length] as number;
      const member = await Member.connect(port, (messages) => crowd.#got(messages), how);
      crowd.#members.push(member);
      await member.ask(dialect.hello(`${name}-${i}`, room, i < rooms));
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
    for (let i = 0; i < rooms * publishers; i++) this.#members[i]?.send(this.#waves[i % rooms] as Uint8Array);
    return inTime(wave, 'a wave was not delivered');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.leave()));
  }

  /** Waits until everybody was told of everybody who came: here that stands before the answer to a PING. */
  async #settle(elsewhere: boolean): Promise<void> {
    if (elsewhere) await Bun.sleep(FACTS_MS);
    for (const member of this.#members) await member.ping();
  }

  #got(messages: number): void {
    if (messages < 0) this.#running?.reject(new Error('the server closed a connection'));
    this.#missing -= messages;
    if (this.#missing === 0) this.#running?.resolve();
  }
}

/** One connection. */
class Member {
  /** From now on messages are counted, and nothing is read. */
  counting = false;
  readonly #got: (messages: number) => void;
  readonly #dialect: Dialect;
  #socket: Socket | undefined;
  #web: WebWire | undefined;
  #text = '';
  #answer: PromiseWithResolvers<void> | undefined;
  #rest: Uint8Array | undefined;
  #left: (() => void) | undefined;
  readonly #gone = new Promise<void>((resolve) => {
    this.#left = resolve;
  });

  private constructor(got: (messages: number) => void, dialect: Dialect) {
    this.#got = got;
    this.#dialect = dialect;
  }

  static async connect(port: number, got: (messages: number) => void, { ca, web, dialect }: Way): Promise<Member> {
    const member = new Member(got, dialect ?? CHORUS);
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

  /** Says something that ends with a ping, and waits for its answer. */
  ask(words: string): Promise<void> {
    this.#text = '';
    const answer = Promise.withResolvers<void>();
    this.#answer = answer;
    this.send(new TextEncoder().encode(words));
    return inTime(answer, `no answer to ${words}`);
  }

  ping(): Promise<void> {
    return this.ask(this.#dialect.ping);
  }

  /** Joins a room, as soon as this server has heard of it. */
  async enter(room: string): Promise<void> {
    for (let tries = 0; tries < ENTER_TRIES; tries++) {
      await this.ask(this.#dialect.join(room));
      if (this.#dialect.isIn(this.#text, room)) return;
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
      if (this.#text.includes(this.#dialect.answer)) this.#answer?.resolve();
      return;
    }
    let messages = 0;
    for (let i = 0; i < chunk.length; i++) if (chunk[i] === MARK) messages++;
    this.#got(messages);
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
