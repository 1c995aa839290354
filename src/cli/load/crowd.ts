// The crowd of a run: clients of the real core, each in one room, their messages, and what they are given. Every
// connection is also watched in front of the core (Line), and everything is entered in the ledger.
// Clients are connected a few at a time. It sends when it is told to, and cuts whom it is told to; when that is, is the
// business of its caller.

import { ClientError } from '../../client/client-error.ts';
import type { ClientEvent } from '../../client/client-events.ts';
import type { ClientLimits } from '../../client/client-options.ts';
import { transportOf } from '../../client/servers.ts';
import { Client, type Dialler } from '../../client/transport/driver.ts';
import { tcpDialler } from '../../client/transport/tcp.ts';
import { webSocketDialler } from '../../client/transport/web-socket.ts';
import type { Access } from '../access.ts';
import { Histogram } from './histogram.ts';
import { Ledger, type MemberBook, type Message } from './ledger.ts';
import { Line } from './line.ts';
import type { LoadOptions } from './options.ts';
import { Outages } from './outages.ts';
import { LoadTexts, numberIn } from './text.ts';
import { noFaults, type WireFaults } from './wire.ts';

const LIMITS: Partial<ClientLimits> = { retryMs: 200, retryMaxMs: 2_000, quitMs: 500 };
/** Of the patience with a message: after so long without a byte a server is asked for one, and so long it has for it. */
const IDLE_SHARE = 0.4;
const ANSWER_SHARE = 0.1;
/** How many connect at a time. */
const GREETERS = 64;

/** Latencies, in microseconds. */
export class Timings {
  /** From the intended time to each delivery. */
  readonly delivery = new Histogram();
  /** The same since somebody looked. */
  readonly recent = new Histogram();
  /** From the intended time to the acknowledgement. */
  readonly acknowledgement = new Histogram();
  /** From the intended time to the moment at which we sent: our own fault. */
  readonly lateness = new Histogram();
}

interface Member {
  readonly index: number;
  readonly client: Client;
  readonly line: Line;
  readonly room: string;
  readonly book: MemberBook;
  /** Counts its connections. */
  session: number;
  /** It asks for a number, or has one that is not filled. */
  reserving: boolean;
}

export class Crowd {
  readonly ledger: Ledger;
  readonly faults: WireFaults = noFaults();
  readonly timings = new Timings();
  /** How often a connection was lost while there was one, those that were cut among them. */
  disconnects = 0;
  cuts = 0;
  reconnects = 0;
  /** Of those, the ones at which the session before was taken over. */
  resumed = 0;
  /** How often members were told of another epoch. */
  epochsTold = 0;
  /** How often members were told that messages are lost to them. */
  gaps = 0;
  /** Numbers that could not be had. */
  reservationsRefused = 0;
  readonly failures = new Map<string, number>();
  /** Why the last attempt at a connection failed, and where; '' where none did. */
  trouble = '';
  readonly #options: LoadOptions;
  readonly #texts: LoadTexts;
  readonly #outages: Outages;
  readonly #members: Member[] = [];
  readonly #name: string;
  readonly #access: Access;
  readonly #dial: Dialler;
  #next = 0;
  #turn = 0;
  #victim = 0;
  #reserveDebt = 0;
  #ended = false;

  /** `name` is the first part of all nicknames and rooms. */
  constructor(options: LoadOptions, name: string, access: Access = {}) {
    this.#access = access;
    const tcp = tcpDialler(access.ca);
    this.#dial = (server, events) => {
      const kind = transportOf(server);
      return (kind === 'ws' || kind === 'wss' ? webSocketDialler : tcp)(server, events);
    };
    this.#options = options;
    this.#name = name;
    this.#texts = new LoadTexts(options.size);
    this.ledger = new Ledger(options.rooms, options.ids);
    this.#outages = new Outages(options.rooms);
  }

  get size(): number {
    return this.#members.length;
  }

  get online(): number {
    return this.#members.reduce((count, { client }) => count + (client.online ? 1 : 0), 0);
  }

  /** How many of the members send: the first so many, which are spread over the rooms. */
  get publishers(): number {
    return Math.min(this.#options.publishers * this.#options.rooms, this.#members.length);
  }

  /** The longest time until now for which a room took nothing of what was sent to it, ms. */
  get longestOutageMs(): number {
    return this.#outages.longestMs(performance.now());
  }

  /** Connects everybody; resolves when all are in their rooms, rejects when one is refused or `signal` is given. */
  async gather(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const startedAt = performance.now();
    // One member makes its room before the others come, perhaps at other servers.
    await Promise.race([this.#greet(0, this.#options.rooms, startedAt, signal), stopped]);
    await Promise.race([this.#greet(this.#options.rooms, this.#options.clients, startedAt, signal), stopped]);
  }

  async #greet(from: number, to: number, startedAt: number, signal: AbortSignal): Promise<void> {
    const { connect } = this.#options;
    let next = from;
    const greet = async (): Promise<void> => {
      while (next < to && !signal.aborted) {
        const index = next++;
        const early = connect === undefined ? 0 : startedAt + (index * 1_000) / connect - performance.now();
        if (early > 0) await Bun.sleep(early);
        if (!signal.aborted) await this.#enter(index);
      }
    };
    await Promise.all(Array.from({ length: GREETERS }, greet));
  }

  /**
   * Sends the next message, which was due at `due` by performance.now(), by the next publisher in turn or by `publisher`.
   * Resolves to whether it was accepted, as far as that is ever known.
   */
  send(due: number, publisher?: number): Promise<boolean> {
    this.#record(this.timings.lateness, due);
    this.#reserveDebt += this.#options.reserve;
    const wantsNumber = this.#reserveDebt >= 1;
    const member = this.#members[publisher ?? this.#inTurn(wantsNumber)] as Member;
    const reserved = wantsNumber && !member.reserving;
    if (reserved) this.#reserveDebt--;
    const { index: sender, session, book } = member;
    const message = { number: this.#next++, room: book.room, sender, session, reserved, due };
    this.ledger.send(message);
    if (this.#options.ids) this.#outages.sent(book.room, performance.now());
    if (reserved) return this.#sendReserved(member, message);
    return this.#options.ids ? this.#sendWithId(member, message) : this.#sendBare(member, message);
  }

  /** Without ids: whether the connection that a message was sent on is still there. */
  held({ sender, session }: Message): boolean {
    const member = this.#members[sender] as Member;
    return member.client.online && member.session === session;
  }

  /** Cuts the connection of the next client in turn that has one. */
  cut(): void {
    for (let tries = 0; tries < this.#members.length; tries++) {
      const member = this.#members[this.#victim++ % this.#members.length] as Member;
      if (!member.client.online || !member.line.cut()) continue;
      this.cuts++;
      return;
    }
  }

  /** Counts what only the end can tell. */
  finish(): void {
    this.#ended = true;
    for (const { line } of this.#members) line.finish();
  }

  /** Says goodbye to all servers; resolves when all connections are closed. */
  async disperse(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#members.map(({ client }) => client.quit()));
  }

  async #enter(index: number): Promise<void> {
    const { servers, rooms, window, overtaken, patienceMs } = this.#options;
    const { password } = this.#access;
    const room = `${this.#name}-${index % rooms}`;
    // The members of each room are spread, and so are those who make rooms.
    const first = ((index % rooms) + Math.floor(index / rooms)) % servers.length;
    const limits: Partial<ClientLimits> = {
      ...LIMITS,
      sendWindow: window,
      sendMs: patienceMs,
      pingIdleMs: patienceMs * IDLE_SHARE,
      pingAnswerMs: patienceMs * ANSWER_SHARE,
    };
    const line = new Line(this.#dial, this.faults);
    const client = new Client(
      {
        servers: [...servers.slice(first), ...servers.slice(0, first)],
        nick: `${this.#name}-${index}`,
        limits,
        overtaken,
        ...(password === undefined ? {} : { password }),
      },
      line.dial,
      (event) => this.#hear(member, event),
    );
    const book = this.ledger.join(index % rooms);
    const member: Member = { index, client, line, room, book, session: 0, reserving: false };
    this.#members.push(member);
    await client.join(room, { create: true, recreate: true });
  }

  /** The next client that is to send: one that waits for no number where one is wanted, unless all do. */
  #inTurn(wantsNumber: boolean): number {
    const count = this.publishers;
    for (let tries = 0; tries < count; tries++) {
      this.#turn = (this.#turn + 1) % count;
      if (!wantsNumber || this.#members[this.#turn]?.reserving === false) break;
    }
    return this.#turn;
  }

  #sendWithId({ client, room, book }: Member, { number, due }: Message, seq = 0): Promise<boolean> {
    return client.send(room, this.#texts.make(number, seq > 0), seq).then(
      (sent) => {
        this.#record(this.timings.acknowledgement, due);
        this.ledger.acknowledge(number, sent.epoch, sent.seq);
        this.#outages.taken(book.room, performance.now());
        return true;
      },
      (error: unknown) => {
        if (!(error instanceof ClientError)) throw error;
        const { code, outcomeUnknown } = error;
        this.#failed(number, outcomeUnknown && code !== 'UNKNOWN_OUTCOME' ? `${code}, outcome unknown` : code);
        this.#outages.failed(book.room, performance.now());
        return false;
      },
    );
  }

  async #sendReserved(member: Member, message: Message): Promise<boolean> {
    member.reserving = true;
    const seq = await member.client.reserve(member.room).then(
      (reservation) => reservation.seq,
      () => {
        this.reservationsRefused++;
        return 0;
      },
    );
    // Until it is filled the same number would be the answer to whoever asks again.
    const accepted = await this.#sendWithId(member, message, seq);
    member.reserving = false;
    return accepted;
  }

  async #sendBare({ client, room }: Member, { number }: Message): Promise<boolean> {
    if (client.online) client.frame('CSEND', this.#texts.make(number, false), room);
    else this.#failed(number, 'DISCONNECTED');
    return client.online;
  }

  #failed(number: number, why: string): void {
    this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
    this.ledger.fail(number);
  }

  #hear(member: Member, event: ClientEvent): void {
    if (this.#ended) return;
    const { ledger, timings } = this;
    switch (event.kind) {
      case 'message': {
        const message = ledger.message(member.book, numberIn(event.text), event.epoch, event.seq);
        if (message === undefined) return;
        this.#record(timings.delivery, message.due);
        this.#record(timings.recent, message.due);
        return;
      }
      case 'skipped':
        return ledger.skipped(member.book, event.epoch, event.from, event.to);
      case 'lost':
        this.gaps++;
        if (event.to !== undefined) ledger.lost(member.book, event.epoch, event.from, event.to);
        else ledger.moved(member.book, event.resumeAt.epoch, event.resumeAt.next);
        return;
      case 'epoch':
        this.epochsTold++;
        return ledger.moved(member.book, event.epoch, event.next);
      case 'online':
        if (member.session++ === 0) return;
        this.reconnects++;
        if (event.resumed) this.resumed++;
        return;
      case 'offline':
        if (event.wasOnline) this.disconnects++;
        else this.trouble = `${event.server}: ${event.reason}`;
        return;
      default:
    }
  }

  /** Enters the time since `due`. */
  #record(histogram: Histogram, due: number): void {
    histogram.record(Math.max((performance.now() - due) * 1_000, 1));
  }
}
