// The crowd of a run: clients of the real core over TCP, each in one room, their messages, and what they are given.
// Every connection is also watched in front of the core (WireWatch), and everything is entered in the ledger.
// Clients are connected a few at a time. It sends when it is told to; when that is, is the business of its caller.

import type { RecordableHistogram } from 'node:perf_hooks';
import { ClientError } from '../../client/client-error.ts';
import type { ClientEvent } from '../../client/client-events.ts';
import type { ClientLimits } from '../../client/client-options.ts';
import { Client, type Dialler } from '../../client/transport/driver.ts';
import { tcpDialler } from '../../client/transport/tcp.ts';
import type { Access } from '../access.ts';
import { Ledger, type MemberBook } from './ledger.ts';
import type { LoadOptions } from './options.ts';
import { Outages } from './outages.ts';
import { LoadTexts, numberIn } from './text.ts';
import { noFaults, type WireFaults, WireWatch } from './wire.ts';

const LIMITS: Partial<ClientLimits> = { retryMs: 200, retryMaxMs: 2_000, quitMs: 500 };
/** Of the patience with a message: after so long without a byte a server is asked for one, and so long it has for it. */
const IDLE_SHARE = 0.4;
const ANSWER_SHARE = 0.1;
/** How many connect at a time. */
const GREETERS = 64;

/** Latencies, in microseconds. */
export interface Timings {
  /** From the intended time to each delivery. */
  readonly delivery: RecordableHistogram;
  /** The same since the last progress line. */
  readonly recent: RecordableHistogram;
  /** From the intended time to the acknowledgement. */
  readonly acknowledgement: RecordableHistogram;
  /** From the intended time to the moment at which we sent: our own fault. */
  readonly lateness: RecordableHistogram;
}

interface Member {
  readonly client: Client;
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
  /** How often a connection was lost while there was one. */
  disconnects = 0;
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
  /** When message 0 is to be sent, by performance.now(). */
  startedAt = 0;
  readonly #options: LoadOptions;
  readonly #timings: Timings;
  readonly #texts: LoadTexts;
  readonly #outages: Outages;
  readonly #members: Member[] = [];
  readonly #watches = new Set<WireWatch>();
  readonly #name: string;
  readonly #access: Access;
  readonly #dial: Dialler;
  /** Without ids: the sender's connection on which a message was sent. */
  readonly #sessions: Uint32Array;
  readonly #senders: Uint32Array;
  #turn = 0;
  #reserveDebt = 0;
  #ended = false;

  /** `name` is the first part of all nicknames and rooms. */
  constructor(options: LoadOptions, timings: Timings, name: string, access: Access = {}) {
    this.#access = access;
    this.#dial = tcpDialler(access.ca);
    this.#options = options;
    this.#timings = timings;
    this.#name = name;
    this.#texts = new LoadTexts(options.size);
    const messages = messagesOf(options);
    this.ledger = new Ledger(messages, options.rooms, options.ids);
    this.#outages = new Outages(options.rooms);
    this.#sessions = new Uint32Array(options.ids ? 0 : messages);
    this.#senders = new Uint32Array(options.ids ? 0 : messages);
  }

  get size(): number {
    return this.#members.length;
  }

  get online(): number {
    return this.#members.reduce((count, { client }) => count + (client.online ? 1 : 0), 0);
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
    // One member makes its room before the others come, perhaps at other servers.
    await Promise.race([this.#greet(0, this.#options.rooms, signal), stopped]);
    await Promise.race([this.#greet(this.#options.rooms, this.#options.clients, signal), stopped]);
  }

  async #greet(from: number, to: number, signal: AbortSignal): Promise<void> {
    let next = from;
    const greet = async (): Promise<void> => {
      while (next < to && !signal.aborted) await this.#enter(next++);
    };
    await Promise.all(Array.from({ length: GREETERS }, greet));
  }

  /** When message `number` is to be sent, by performance.now(). */
  intendedAt(number: number): number {
    return this.startedAt + (number * 1_000) / this.#options.rate;
  }

  /** Sends message `number`, by the next client in turn. */
  send(number: number): void {
    this.#record(this.#timings.lateness, number);
    this.#reserveDebt += this.#options.reserve;
    const wantsNumber = this.#reserveDebt >= 1;
    const index = this.#next(wantsNumber);
    const member = this.#members[index] as Member;
    const reserves = wantsNumber && !member.reserving;
    if (reserves) this.#reserveDebt--;
    this.ledger.send(number, member.book.room, index, reserves);
    if (this.#options.ids) this.#outages.sent(member.book.room, performance.now());
    if (reserves) void this.#sendReserved(member, number);
    else if (this.#options.ids) void this.#sendWithId(member, number);
    else this.#sendBare(member, index, number);
  }

  /** Without ids: whether the connection that message `number` was sent on is still there. */
  held(number: number): boolean {
    const member = this.#members[this.#senders[number] as number] as Member;
    return member.client.online && member.session === this.#sessions[number];
  }

  /** Counts what only the end can tell. */
  finish(): void {
    this.#ended = true;
    for (const watch of this.#watches) watch.finish();
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
    const member: Member = {
      client: new Client(
        {
          servers: [...servers.slice(first), ...servers.slice(0, first)],
          nick: `${this.#name}-${index}`,
          limits,
          overtaken,
          ...(password === undefined ? {} : { password }),
        },
        this.#watched(),
        (event) => this.#hear(member, event),
      ),
      room,
      book: this.ledger.join(index % rooms),
      session: 0,
      reserving: false,
    };
    this.#members.push(member);
    await member.client.join(room, { create: true, recreate: true });
  }

  /** TCP with somebody who looks at what passes. */
  #watched(): Dialler {
    return (server, events) => {
      const watch = new WireWatch(this.faults);
      this.#watches.add(watch);
      const transport = this.#dial(server, {
        open: () => events.open(),
        data: (chunk) => {
          if (!this.#ended) watch.received(chunk);
          events.data(chunk);
        },
        closed: (reason) => {
          this.#watches.delete(watch);
          events.closed(reason);
        },
      });
      return {
        send: (bytes) => {
          watch.sent(bytes);
          transport.send(bytes);
        },
        close: () => {
          this.#watches.delete(watch);
          transport.close();
        },
      };
    };
  }

  /** The next client that is to send: one that waits for no number where one is wanted, unless all do. */
  #next(wantsNumber: boolean): number {
    const count = this.#members.length;
    for (let tries = 0; tries < count; tries++) {
      this.#turn = (this.#turn + 1) % count;
      if (!wantsNumber || this.#members[this.#turn]?.reserving === false) break;
    }
    return this.#turn;
  }

  /** Fulfilled when it is settled, either way. */
  #sendWithId({ client, room, book }: Member, number: number, seq = 0): Promise<void> {
    return client.send(room, this.#texts.make(number, seq > 0), seq).then(
      (sent) => {
        this.#record(this.#timings.acknowledgement, number);
        this.ledger.acknowledge(number, sent.epoch, sent.seq);
        this.#outages.taken(book.room, performance.now());
      },
      (error: unknown) => {
        if (!(error instanceof ClientError)) throw error;
        const code =
          error.outcomeUnknown && error.code !== 'UNKNOWN_OUTCOME' ? `${error.code}, outcome unknown` : error.code;
        this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
        this.ledger.fail(number);
        this.#outages.failed(book.room, performance.now());
      },
    );
  }

  async #sendReserved(member: Member, number: number): Promise<void> {
    member.reserving = true;
    const seq = await member.client.reserve(member.room).then(
      (reservation) => reservation.seq,
      () => {
        this.reservationsRefused++;
        return 0;
      },
    );
    // Until it is filled the same number would be the answer to whoever asks again.
    await this.#sendWithId(member, number, seq);
    member.reserving = false;
  }

  #sendBare(member: Member, index: number, number: number): void {
    if (!member.client.online) {
      this.failures.set('DISCONNECTED', (this.failures.get('DISCONNECTED') ?? 0) + 1);
      this.ledger.fail(number);
      return;
    }
    this.#senders[number] = index;
    this.#sessions[number] = member.session;
    member.client.frame('CSEND', this.#texts.make(number, false), member.room);
  }

  #hear(member: Member, event: ClientEvent): void {
    if (this.#ended) return;
    const { ledger } = this;
    switch (event.kind) {
      case 'message': {
        const number = numberIn(event.text);
        ledger.message(member.book, number, event.epoch, event.seq);
        if (number < 0) return;
        this.#record(this.#timings.delivery, number);
        this.#record(this.#timings.recent, number);
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
        return;
      default:
    }
  }

  /** Enters the time since message `number` was to be sent. */
  #record(histogram: RecordableHistogram, number: number): void {
    histogram.record(Math.max(Math.round((performance.now() - this.intendedAt(number)) * 1_000), 1));
  }
}

/** How many messages a run has. */
export function messagesOf({ rate, seconds }: LoadOptions): number {
  return Math.max(Math.round(rate * seconds), 1);
}
