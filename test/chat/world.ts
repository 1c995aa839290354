// A world for tests of chat: everything that Out and RoomPort promise, in memory and at once. Clients say frames as
// text and read what they got as text, so that tests compare exact bytes. It orders messages by counting, and knows
// nothing of how the real parts do it.

import {
  type ConnectionId,
  connectionId,
  epoch,
  type RoomKey,
  type ServerId,
  serverId,
  type Uid,
} from '../../src/base/ids.ts';
import { Chat } from '../../src/chat/chat.ts';
import type { ChatConfig, Limits } from '../../src/chat/config.ts';
import type { Way } from '../../src/chat/places.ts';
import type { FrameSource, Network, Out, Peers } from '../../src/chat/ports.ts';
import type { Session } from '../../src/chat/session.ts';
import { BAD, FRAME, Frame, MORE, Scanner } from '../../src/wire/scanner.ts';
import { encodeFrame, FrameWriter } from '../../src/wire/writer.ts';
import { FakeRoom } from './room.ts';

export const START = 1_700_000_000_000;
const LIMITS: Limits = {
  nickLength: 32,
  roomLength: 64,
  roomsPerUser: 3,
  rooms: 5,
  targets: 3,
  presence: 4,
  roomIdleMs: 600_000,
  nickHistory: 8,
  nickHistoryMs: 600_000,
  goneUsers: 100,
  registrationFrames: 8,
  flood: undefined,
  textBytes: 40,
  historyCount: 256,
  passwordFailures: 3,
  passwordWaitMaxMs: 60_000,
};

export interface Settings extends Partial<Limits> {
  readonly password?: string;
  readonly servers?: readonly string[];
  readonly network?: Network;
  readonly peers?: Peers;
  /** Who it is; server 7, a.example, where it is left out. */
  readonly server?: { readonly id: ServerId; readonly name: string; readonly incarnation: number };
}

const ALONE = { id: serverId(7), name: 'a.example', incarnation: START };

export function config(settings: Settings = {}): ChatConfig {
  const { password, servers = [], network: _, peers: __, server = ALONE, ...limits } = settings;
  return {
    server: { version: 'v1', info: 'one, alone', birth: START, ...server },
    limits: { ...LIMITS, ...limits },
    announcedLimits: [
      ['protocol', 1],
      ['ack', 'home'],
    ],
    operators: new Map([
      ['root', { hash: 'rootpass', grants: 'all' }],
      ['half', { hash: 'halfpass', grants: new Set(['KILL']) }],
    ]),
    passwordHash: password,
    servers,
  };
}

const utf8 = new TextDecoder();

/** One connection, as its client sees it. */
export class Client {
  readonly world: World;
  readonly connection: ConnectionId;
  readonly session: Session;
  readonly #scanner = new Scanner(8192);
  readonly #frame = new Frame();
  readonly #backlog: string[] = [];
  got = '';
  /** Why the server closed it. */
  closed: string | undefined;
  paused = false;
  lost = false;

  constructor(world: World, connection: ConnectionId, host: string, way: Way) {
    this.world = world;
    this.connection = connection;
    this.session = world.chat.connected(connection, host, world.now, host, way);
  }

  get uid(): Uid {
    return this.session.user?.uid ?? ('' as Uid);
  }

  /** Sends text; what cannot be read yet is read later. */
  say(...texts: string[]): this {
    this.#backlog.push(texts.join(''));
    this.read();
    return this;
  }

  read(): void {
    const { chat, now } = this.world;
    while (!this.paused && this.closed === undefined && !this.lost) {
      const found = this.#scanner.next(this.#frame);
      if (found === MORE) {
        const text = this.#backlog.shift();
        if (text === undefined) return;
        this.#scanner.feed(new TextEncoder().encode(text));
        continue;
      }
      if (found === FRAME) chat.command(this.session, this.#frame, now);
      else if (found === BAD) {
        chat.fault(this.session, this.#scanner.faultVerb, this.#scanner.faultOffset, this.#scanner.faultReason, now);
      } else return chat.tooLong(this.session, this.#scanner.limit, now);
    }
  }

  /** The frames that came since it was asked last. */
  take(): string[] {
    const frames = this.got.split('>\n').slice(0, -1);
    this.got = '';
    return frames.map((frame) => `${frame}>`);
  }

  /** What came in answer to `text`. */
  ask(text: string): string[] {
    this.take();
    return this.say(text).take();
  }

  /** The connection drops. */
  drop(reason = 'Connection lost'): void {
    this.lost = true;
    this.world.chat.disconnected(this.session, reason, this.world.now);
  }
}

export class World implements Out {
  now = START;
  readonly config: ChatConfig;
  readonly chat: Chat;
  readonly clients = new Map<ConnectionId, Client>();
  readonly ports = new Map<RoomKey, FakeRoom>();
  readonly checks: { session: Session; password: string; hash: string }[] = [];
  readonly logged: [string, Readonly<Record<string, string | number>>][] = [];
  /** Fails every password check as one too many. */
  busy = false;
  stopped: string | undefined;
  announced = 0;
  /** Called when something is said to a connection. */
  onReply: ((connection: ConnectionId) => void) | undefined;
  readonly #server: ServerId;
  #connections = 0;
  #epochs = 0;

  constructor(settings: Settings = {}) {
    this.#server = settings.server?.id ?? ALONE.id;
    this.now = settings.server?.incarnation ?? START;
    this.config = config(settings);
    this.chat = new Chat(this.config, this, settings.network, settings.peers);
  }

  connect(host = 'h', way: Way = 'tcp'): Client {
    const client = new Client(this, connectionId(++this.#connections), host, way);
    this.clients.set(client.connection, client);
    return client;
  }

  /** A registered client that has read its welcome. */
  user(nick: string, ...rooms: string[]): Client {
    const client = this.connect();
    client.say(`<NICK,${nick}><USER,u,0,*,Real Name>`);
    for (const room of rooms) {
      if (this.room(room) === undefined) client.say(`<CREATEROOM,${room}>`);
      client.say(`<JOINROOM,${room}>`);
    }
    this.hush();
    return client;
  }

  /** An operator of that name. */
  operator(nick: string, name: 'root' | 'half', ...rooms: string[]): Client {
    const client = this.user(nick, ...rooms).say(`<OPER,${name},${name}pass>`);
    this.answerChecks();
    this.hush();
    return client;
  }

  /** Everybody forgets what they have not read. */
  hush(): void {
    for (const client of this.clients.values()) client.take();
  }

  room(name: string): FakeRoom | undefined {
    const key = this.chat.rooms.find(name)?.key;
    return key === undefined ? undefined : this.ports.get(key);
  }

  /** Answers the password checks; a password fits the hash that it is equal to. */
  answerChecks(): void {
    for (const { session, password, hash } of this.checks.splice(0)) {
      this.chat.verified(session, password === hash, this.now);
    }
  }

  /** Lets time pass, and does what is due in rooms. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = [...this.ports.values()].sort((a, b) => a.wake - b.wake)[0];
      if (due === undefined || due.wake > until) break;
      this.now = Math.max(this.now, due.wake);
      due.wake = Number.POSITIVE_INFINITY;
      this.chat.roomDue(due.key, this.now);
    }
    this.now = until;
  }

  deliver(connection: ConnectionId, bytes: Uint8Array, start: number, end: number): void {
    const client = this.clients.get(connection);
    if (client === undefined || client.closed !== undefined || client.lost) throw new Error('said to nobody');
    client.got += utf8.decode(bytes.subarray(start, end));
    this.onReply?.(connection);
  }

  openRoom(key: RoomKey, name: string): FakeRoom {
    const port = new FakeRoom(this, key, name, epoch(START + this.#epochs++, this.#server));
    this.ports.set(key, port);
    return port;
  }

  reply(connection: ConnectionId, bytes: Uint8Array, start: number, end: number): void {
    this.deliver(connection, bytes, start, end);
  }

  stream(connection: ConnectionId, source: FrameSource): void {
    const frames = new FrameWriter();
    while (source.next(frames));
    this.deliver(connection, frames.bytes, 0, frames.length);
  }

  close(connection: ConnectionId, reason: string): void {
    const bytes = encodeFrame('ERROR', reason);
    this.deliver(connection, bytes, 0, bytes.length);
    const client = this.clients.get(connection);
    if (client !== undefined) client.closed = reason;
  }

  pause(connection: ConnectionId): void {
    const client = this.clients.get(connection) as Client;
    if (client.paused) throw new Error('paused twice');
    client.paused = true;
  }

  resume(connection: ConnectionId): void {
    const client = this.clients.get(connection) as Client;
    if (!client.paused) throw new Error('resumed, and was not paused');
    client.paused = false;
    client.read();
  }

  verify(session: Session, password: string, hash: string): boolean {
    if (this.busy) return false;
    this.checks.push({ session, password, hash });
    return true;
  }

  token(uid: Uid): string {
    return `token-${uid}`;
  }

  isToken(uid: Uid, token: string): boolean {
    return token === `token-${uid}`;
  }

  log(event: string, fields: Readonly<Record<string, string | number>>): void {
    this.logged.push([event, fields]);
  }

  stop(reason: string): void {
    this.stopped = reason;
  }
}

/** An error frame: the text for people is passed over. */
export function errors(frames: readonly string[]): string[] {
  return frames.map((frame) => frame.replace(/^(<ERR_[A-Z]+,[A-Z*0-9_]+,(?:\\.|[^,\\>])*),(?:\\.|[^,\\>])*/s, '$1,…'));
}
