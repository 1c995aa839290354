// A world for tests of chat: everything that Out and RoomPort promise, in memory and at once. Clients say frames as
// text and read what they got as text, so that tests compare exact bytes. It orders messages by counting, and knows
// nothing of how the real parts do it.

import {
  type ConnectionId,
  connectionId,
  type Epoch,
  epoch,
  type RoomKey,
  serverId,
  type Uid,
} from '../../src/base/ids.ts';
import {
  EXPIRED,
  type FindOutcome,
  ID_REUSED,
  type ReserveOutcome,
  SENT,
  SENT_BEFORE,
  type SendOutcome,
  UNAVAILABLE,
  WAITING,
} from '../../src/base/outcome.ts';
import { Chat } from '../../src/chat/chat.ts';
import type { ChatConfig, Limits } from '../../src/chat/config.ts';
import type { FrameSource, Network, Out, RoomOrder, RoomPort, SlotReader } from '../../src/chat/ports.ts';
import type { Session } from '../../src/chat/session.ts';
import { BAD, FRAME, Frame, MORE, Scanner } from '../../src/wire/scanner.ts';
import { encodeFrame, FrameWriter } from '../../src/wire/writer.ts';

export const START = 1_700_000_000_000;
const LIMITS: Limits = {
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
};

export interface Settings extends Partial<Limits> {
  readonly password?: string;
  readonly servers?: readonly string[];
  readonly network?: Network;
}

export function config({ password, servers = [], network: _, ...limits }: Settings = {}): ChatConfig {
  return {
    server: { name: 'a.example', id: serverId(7), version: 'v1', info: 'one, alone', birth: START, incarnation: START },
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
    dummyHash: 'no password',
    servers,
  };
}

interface SlotText {
  readonly seq: number;
  readonly text: string;
  readonly frame: Uint8Array;
}

interface Waiting {
  readonly asker: Session;
  readonly seq: number;
  readonly id: string;
  readonly text: string;
  readonly nick: string;
  readonly now: number;
}

const utf8 = new TextDecoder();

/** A room that counts. Set `waits` to have sends wait for settle(), `down` to have them refused. */
export class FakeRoom implements RoomPort, RoomOrder {
  readonly order = this;
  readonly epoch: Epoch;
  floor = 1;
  sentSeq = 0;
  waits = false;
  down = false;
  closed = false;
  wake = Number.POSITIVE_INFINITY;
  readonly subscribers = new Set<ConnectionId>();
  readonly slots: SlotText[] = [];
  readonly waiting: Waiting[] = [];
  readonly reserved = new Map<Uid, number>();
  readonly ids = new Map<string, SlotText>();
  last = 0;
  readonly key: RoomKey;
  readonly name: string;
  readonly #world: World;

  constructor(world: World, key: RoomKey, name: string, made: Epoch) {
    this.#world = world;
    this.key = key;
    this.name = name;
    this.epoch = made;
  }

  get next(): number {
    for (let seq = this.floor; ; seq++) if (!this.slots.some((slot) => slot.seq === seq)) return seq;
  }

  send(
    asker: Session,
    holder: Uid,
    nick: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
  ): SendOutcome {
    const text = utf8.decode(bytes.subarray(start, end));
    const before = this.ids.get(id);
    if (before !== undefined) {
      this.sentSeq = before.seq;
      return before.text === text ? SENT_BEFORE : ID_REUSED;
    }
    if (seq !== 0 && this.reserved.get(holder) !== seq) return EXPIRED;
    if (this.down) return UNAVAILABLE;
    const message = { asker, seq, id, text, nick: utf8.decode(nick), now };
    if (seq !== 0) this.reserved.delete(holder);
    if (this.waits) {
      this.waiting.push(message);
      return WAITING;
    }
    this.sentSeq = this.#decide(message);
    return SENT;
  }

  /** Answers what waits, in order. */
  settle(outcome: SendOutcome = SENT): void {
    for (const message of this.waiting.splice(0)) {
      const seq = outcome === SENT ? this.#decide(message) : message.seq;
      this.#world.chat.sent(message.asker, this.key, outcome, seq, message.id, this.#world.now);
    }
  }

  #decide({ seq, id, text, nick, now }: Waiting): number {
    const slot = seq || ++this.last;
    const tail = id === '' ? '' : `,${id.replace(/[\\<>,]/g, '\\$&')}`;
    const frame = new TextEncoder().encode(`<CMSG,${this.name},${this.epoch},${slot},${nick},${now},${text}${tail}>\n`);
    const entry = { seq: slot, text, frame };
    this.slots.push(entry);
    if (id !== '') this.ids.set(id, entry);
    this.announce(frame, 0, frame.length);
    return slot;
  }

  #skip(seq: number): void {
    const frame = encodeFrame('SKIPSEQUENCE', this.name, this.epoch, seq);
    this.slots.push({ seq, text: '', frame });
    this.announce(frame, 0, frame.length);
  }

  reserve(holder: Uid): ReserveOutcome {
    if (this.down) return { kind: 'unavailable' };
    const held = this.reserved.get(holder);
    if (held === undefined && this.reserved.size >= 2) return { kind: 'refused', retryMs: 1234 };
    const seq = held ?? ++this.last;
    this.reserved.set(holder, seq);
    return { kind: 'reserved', seq, ttlMs: 5000 };
  }

  release(holder: Uid): void {
    const seq = this.reserved.get(holder);
    if (seq === undefined) return;
    this.reserved.delete(holder);
    this.#skip(seq);
  }

  find(of: Epoch, seq: number): FindOutcome {
    if (of !== this.epoch || seq < this.floor) return { kind: 'gone', floor: this.floor };
    const slot = this.slots.find((one) => one.seq === seq);
    if (slot !== undefined) return { kind: 'slot', bytes: slot.frame, start: 0, end: slot.frame.length };
    return [...this.reserved.values()].includes(seq) ? { kind: 'pending', ms: 4321 } : { kind: 'never' };
  }

  history(of: Epoch, from: number, count: number): SlotReader | undefined {
    if (of !== this.epoch || (from !== 0 && from < this.floor)) return undefined;
    return this.#reader(Math.max(from, this.floor), count);
  }

  resume(of: Epoch, last: number): SlotReader | undefined {
    return of !== this.epoch || last + 1 < this.floor ? undefined : this.#reader(last + 1, Number.POSITIVE_INFINITY);
  }

  ahead(): SlotReader | undefined {
    const { next } = this;
    return this.slots.some((slot) => slot.seq > next) ? this.#reader(next, Number.POSITIVE_INFINITY) : undefined;
  }

  #reader(from: number, count: number): SlotReader {
    const stop = count === Number.POSITIVE_INFINITY ? count : Math.min(this.next, from + count);
    const slots = this.slots.filter(({ seq }) => seq >= from && seq < stop).sort((a, b) => a.seq - b.seq);
    const reader = {
      at: from,
      next: (frames: FrameWriter): boolean => {
        const slot = slots.shift();
        if (slot === undefined) return false;
        reader.at = slot.seq + 1;
        const [verb = '', ...args] = utf8.decode(slot.frame).slice(1, -2).split(',');
        frames.begin(verb);
        for (const arg of args) frames.raw(new TextEncoder().encode(arg), 0, new TextEncoder().encode(arg).length);
        frames.end();
        return slots.length > 0;
      },
    };
    return reader;
  }

  subscribe(connection: ConnectionId): void {
    if (this.subscribers.has(connection)) throw new Error('subscribed twice');
    this.subscribers.add(connection);
  }

  unsubscribe(connection: ConnectionId): void {
    if (!this.subscribers.delete(connection)) throw new Error('not subscribed');
  }

  announce(bytes: Uint8Array, start: number, end: number): void {
    this.#world.announced++;
    for (const connection of this.subscribers) this.#world.deliver(connection, bytes, start, end);
  }

  wakeAt(at: number): void {
    this.wake = at;
  }

  close(): void {
    if (this.subscribers.size > 0) throw new Error('a room closed with somebody in it');
    this.closed = true;
    this.#world.ports.delete(this.key);
  }
}

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

  constructor(world: World, connection: ConnectionId, host: string) {
    this.world = world;
    this.connection = connection;
    this.session = world.chat.connected(connection, host, world.now);
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
  #connections = 0;
  #epochs = 0;

  constructor(settings: Settings = {}) {
    this.chat = new Chat(config(settings), this, settings.network);
  }

  connect(host = 'h'): Client {
    const client = new Client(this, connectionId(++this.#connections), host);
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

  openRoom(key: RoomKey, name: string): RoomPort {
    const port = new FakeRoom(this, key, name, epoch(START + this.#epochs++, serverId(7)));
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
