// The driver: one client session joined to a transport, to the real clock and to real randomness, with a promise for
// everything that is asked. It decides nothing; it does what the session wants and tells it what happened.
// Whatever carries bytes both ways can be its transport.

import { ClientError } from '../client-error.ts';
import type { ClientEvent } from '../client-events.ts';
import type { ClientOptions } from '../client-options.ts';
import { readNumber } from '../frames.ts';
import type { JoinOptions } from '../membership.ts';
import type { Lines } from '../requests.ts';
import { ClientSession } from '../session.ts';
import { reasonOf } from './reason.ts';

/** One connection, or the attempt at one. */
export interface Transport {
  /** Takes bytes for good and sends them as the peer takes them. */
  send(bytes: Uint8Array): void;
  /** Sends what is left, briefly, and closes. It tells nobody anything after that. */
  close(): void;
}

/** What a transport tells, until it was closed: open once, then chunks (given away), then closed once. */
export interface TransportEvents {
  open(): void;
  data(chunk: Uint8Array): void;
  closed(reason: string): void;
}

/**
 * Begins a connection to `server`, one of the addresses that it was made for. It calls back later, never before it returns.
 * What it throws is why there is no connection: a runtime may refuse an address that looks well.
 */
export type Dialler = (server: string, events: TransportEvents) => Transport;

/** Where a message was accepted. */
export interface Sent {
  readonly room: string;
  readonly epoch: string;
  readonly seq: number;
  readonly id: string;
}

/** A number of a room that is ours to fill. */
export interface Reservation {
  readonly epoch: string;
  readonly seq: number;
  readonly ttlMs: number;
}

export interface RoomUser {
  readonly ident: string;
  readonly uid: string;
  readonly server: string;
}

export interface RoomInfo {
  readonly room: string;
  readonly members: number;
}

interface Waiting {
  readonly resolve: (lines: Lines) => void;
  readonly reject: (error: ClientError) => void;
  /** No signal is heard any more. */
  readonly over: () => void;
}

const TIMER_MAX_MS = 2 ** 31 - 1;
const UNREAD_MAX = 100_000;

export class Client {
  readonly #session: ClientSession;
  readonly #dialler: Dialler;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  #attempt = 0;
  #transport: Transport | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #working = false;
  #moreWork = false;
  /** What the clock said last, and by how many ms in all it was set back. */
  #clock = 0;
  #clockBack = 0;

  /** `listener` hears everything from the beginning. */
  constructor(options: ClientOptions, dialler: Dialler, listener?: (event: ClientEvent) => void) {
    this.#session = new ClientSession(options, randomWord);
    this.#dialler = dialler;
    if (listener !== undefined) this.#listeners.add(listener);
    this.#session.start(this.#now());
    queueMicrotask(() => this.#work());
  }

  get nick(): string {
    return this.#session.nick;
  }

  get online(): boolean {
    return this.#session.online;
  }

  get closed(): boolean {
    return this.#session.state === 'closed';
  }

  get rooms(): string[] {
    return this.#session.rooms;
  }

  /** Calls `listener` for every event from now on, until the function that is returned is called. */
  listen(listener: (event: ClientEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every event from now on, until the client has closed. Throws when the reader falls too far behind. */
  async *events(): AsyncGenerator<ClientEvent, void, undefined> {
    const unread: ClientEvent[] = [];
    let wake = (): void => {};
    const stop = this.listen((event) => {
      // The one too many is kept, to tell that there were more; behind it nothing is.
      if (unread.length <= UNREAD_MAX) unread.push(event);
      wake();
    });
    try {
      for (;;) {
        if (unread.length > UNREAD_MAX) throw new Error(`more than ${UNREAD_MAX} events were not read`);
        for (const event of unread.splice(0)) {
          yield event;
          if (event.kind === 'closed') return;
        }
        if (unread.length === 0) {
          if (this.closed) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      stop();
    }
  }

  /**
   * Asks the session for something: `begin` does, and returns its number. Resolves to the lines of the answer. `signal`
   * gives up the asking, with ABORTED.
   */
  ask(begin: (session: ClientSession, now: number) => number, signal?: AbortSignal): Promise<Lines> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new ClientError('ABORTED', 'given up before it was begun'));
      const request = begin(this.#session, this.#now());
      const abort = (): void => {
        this.#session.cancel(request, this.#now());
        this.#work();
      };
      signal?.addEventListener('abort', abort);
      this.#waiting.set(request, { resolve, reject, over: () => signal?.removeEventListener('abort', abort) });
      this.#work();
    });
  }

  /** Resolves after so many ms, or when `signal` says so. */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      if (signal?.aborted) over();
      else signal?.addEventListener('abort', over);
    });
  }

  /** Enters a room; resolves when inside, rejects when that is refused for good. */
  async join(room: string, options: JoinOptions = {}): Promise<void> {
    await this.ask((session, now) => session.join(room, options, now));
  }

  async leave(room: string): Promise<void> {
    await this.ask((session, now) => session.leave(room, now));
  }

  /**
   * Resolves when the message is accepted; it is delivered once, over however many connections that took. `seq` is a
   * number that reserve() gave; once that has expired the message fails.
   */
  async send(room: string, text: string, seq = 0): Promise<Sent> {
    const [[shown = room, epoch = '', slot, id = ''] = []] = await this.ask((session, now) =>
      session.send(room, text, now, seq),
    );
    return { room: shown, epoch, seq: readNumber(slot) ?? 0, id };
  }

  /** Takes a number of the room for a message to come: others hold back what follows it until then. */
  async reserve(room: string): Promise<Reservation> {
    const [[, epoch = '', seq, ttl] = []] = await this.request('GETSEQUENCE', room);
    return { epoch, seq: readNumber(seq) ?? 0, ttlMs: readNumber(ttl) ?? 0 };
  }

  /** Sends to users; resolves to the nicknames that nobody has. */
  async tell(nicks: readonly string[], text: string): Promise<string[]> {
    const lines = await this.ask((session, now) => session.tell(nicks, text, now));
    return lines.filter(([code]) => code === 'ERR_NOSUCHNICK').map((line) => line[2] ?? '');
  }

  /** Resolves to the nickname now held. */
  async rename(nick: string): Promise<string> {
    await this.request('NICK', nick);
    return this.nick;
  }

  /** Who is in a room. */
  async users(room: string): Promise<RoomUser[]> {
    const lines = await this.request('ULIST', room);
    return lines.slice(0, -1).map(([, ident = '', uid = '', server = '']) => ({ ident, uid, server }));
  }

  async roomList(): Promise<RoomInfo[]> {
    const lines = await this.request('LISTROOMS');
    return lines.slice(0, -1).map(([room = '', members]) => ({ room, members: readNumber(members) ?? 0 }));
  }

  /** Asks any question that the session knows an answer to; resolves to the arguments of the frames that answered. */
  request(verb: string, ...args: readonly string[]): Promise<Lines> {
    return this.ask((session, now) => session.request(verb, args, now));
  }

  /** Writes any frame; what comes back shows as events. */
  frame(verb: string, ...args: readonly string[]): void {
    this.#session.frame(verb, args);
    this.#work();
  }

  /** Says goodbye; resolves when the client has closed. */
  quit(message = ''): Promise<void> {
    return new Promise((resolve) => {
      if (this.closed) return resolve();
      this.listen((event) => {
        if (event.kind === 'closed') resolve();
      });
      this.#session.quit(message, this.#now());
      this.#work();
    });
  }

  /** Does what the session wants until it wants nothing more. */
  #work(): void {
    // A listener that asks for something, or a transport that fails at once, gets here from inside.
    this.#moreWork = true;
    if (this.#working) return;
    this.#working = true;
    try {
      while (this.#moreWork) {
        this.#moreWork = false;
        const deadline = this.#session.tick(this.#now());
        for (const event of this.#session.takeEvents()) this.#tell(event);
        this.#connect();
        this.#setTimer(deadline);
      }
    } finally {
      this.#working = false;
    }
  }

  #connect(): void {
    const bytes = this.#session.takeOutput();
    if (bytes.length > 0) this.#transport?.send(bytes);
    const dial = this.#session.dial;
    if (this.#transport !== undefined && dial?.attempt !== this.#attempt) {
      this.#transport.close();
      this.#transport = undefined;
    }
    if (dial === undefined || dial.attempt === this.#attempt) return;
    this.#attempt = dial.attempt;
    try {
      this.#transport = this.#dialler(dial.server, this.#eventsOf(dial.attempt));
    } catch (error) {
      this.#session.disconnected(this.#now(), reasonOf(error));
      this.#moreWork = true;
    }
  }

  #eventsOf(attempt: number): TransportEvents {
    const during = (happen: (now: number) => void): void => {
      if (attempt !== this.#attempt || this.#transport === undefined) return;
      happen(this.#now());
      this.#work();
    };
    return {
      open: () => during((now) => this.#session.connected(now)),
      data: (chunk) => during((now) => this.#session.receive(chunk, now)),
      closed: (reason) =>
        during((now) => {
          this.#transport = undefined;
          this.#session.disconnected(now, reason);
        }),
    };
  }

  /** Unix ms. A clock that is set back goes on from where it was, so that no deadline moves away. */
  #now(): number {
    const clock = Date.now();
    this.#clockBack += Math.max(this.#clock - clock, 0);
    this.#clock = clock;
    return clock + this.#clockBack;
  }

  #setTimer(deadline: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(Math.max(deadline - this.#now(), 0), TIMER_MAX_MS);
    this.#timer = setTimeout(() => this.#work(), wait);
  }

  #tell(event: ClientEvent): void {
    if (event.kind === 'done' || event.kind === 'failed') {
      const waiting = this.#waiting.get(event.request);
      this.#waiting.delete(event.request);
      waiting?.over();
      if (event.kind === 'done') waiting?.resolve(event.lines);
      else waiting?.reject(event.error);
    }
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // The listener's own fault: it surfaces as such, and the other listeners and the client go on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function randomWord(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] as number;
}
