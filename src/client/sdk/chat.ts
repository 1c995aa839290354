// A chat: one client, its rooms, and what is said to it alone. It joins the driver, which has promises and one stream of
// events, to rooms and readers; it decides nothing about connections, order or sends.
// It refuses everything new once it is drained or closed, and leaves nobody waiting.

import { roomKey } from '../../wire/names.ts';
import { ClientError } from '../client-error.ts';
import type { ClientEvent } from '../client-events.ts';
import { readNumber } from '../frames.ts';
import type { Lines } from '../requests.ts';
import type { ClientSession } from '../session.ts';
import type { Client } from '../transport/driver.ts';
import { aborted } from './bell.ts';
import type { ChatEvents, Location, Status } from './chat-types.ts';
import { Listeners } from './listeners.ts';
import { loopOver } from './loop.ts';
import { Room, type RoomHost } from './room.ts';
import type { JoinOptions, WaitOptions } from './room-types.ts';
import { StatusFeed } from './status-feed.ts';

const PAUSE_MS = 500;

/**
 * A client that is connected, and stays so until it is drained or closed.
 *
 * @example
 * const eve: Chat = await connect({ servers, nick: 'eve' });
 * await eve.drain();
 */
export class Chat implements AsyncDisposable {
  readonly #client: Client;
  readonly #host: RoomHost;
  readonly #listeners = new Listeners<ChatEvents>();
  readonly #rooms = new Map<string, Room>();
  /** Joins that are waited for. */
  readonly #joining = new Map<Room, number>();
  readonly #readers = new Set<StatusFeed>();
  readonly #unsettled = new Set<Promise<unknown>>();
  #status: Status | undefined;
  #draining: Promise<void> | undefined;

  /** Chats come from `connect`. `queue`: messages that a reader may have before it. @internal */
  constructor(client: Client, queue: number) {
    this.#client = client;
    this.#host = {
      queue,
      ask: (begin, signal) => this.#ask(begin, signal),
      fetch: (begin, signal) => client.ask(begin, signal),
      pause: (signal) => client.pause(PAUSE_MS, signal),
      forget: (room) => this.#forget(room),
    };
    client.listen((event) => this.#take(event));
  }

  /**
   * The nickname now held.
   *
   * @example
   * console.log(chat.nick);
   */
  get nick(): string {
    return this.#client.nick;
  }

  /**
   * The rooms that one is in or about to enter.
   *
   * @example
   * console.log(chat.rooms.map(({ name }) => name).join());
   */
  get rooms(): readonly Room[] {
    return [...this.#rooms.values()];
  }

  /**
   * Enters a room; resolves when inside, and waits as long as it takes. Rejects when that is refused for good. A room that
   * one is in already is given again.
   *
   * @example
   * const den = await chat.join('den', { create: true });
   * await den.send('hello');
   */
  async join(name: string, options: JoinOptions = {}): Promise<Room> {
    const key = roomKey(name) ?? name;
    const known = this.#rooms.get(key);
    const { since, signal } = options;
    if (known !== undefined && since !== undefined) {
      throw new ClientError('BAD_ARGUMENT', `already in ${name}: its place is known`);
    }
    const room = known ?? new Room(name, this.#host);
    this.#rooms.set(key, room);
    this.#joining.set(room, (this.#joining.get(room) ?? 0) + 1);
    const { create = false, recreate = false } = options;
    const position = since === undefined ? {} : { since: { epoch: since.epoch, last: since.seq } };
    try {
      await this.#ask((session, now) => session.join(name, { create, recreate, ...position }, now), signal);
      return room;
    } catch (error) {
      // Who waits for the same room still may get there.
      if (!room.entered && this.#joining.get(room) === 1) this.#forget(room);
      throw error;
    } finally {
      const left = (this.#joining.get(room) ?? 1) - 1;
      if (left === 0) this.#joining.delete(room);
      else this.#joining.set(room, left);
    }
  }

  /**
   * Sends a text to people, by nickname, wherever they are. Resolves to the names that nobody has.
   *
   * @example
   * const nobody = await chat.tell([chat.nick, 'zoe'], 'lunch?');
   * console.log(`${nobody.join()} is not here`);
   */
  async tell(nicks: readonly string[], text: string, options: WaitOptions = {}): Promise<string[]> {
    const lines = await this.#ask((session, now) => session.tell(nicks, text, now), options.signal);
    return lines.filter(([code]) => code === 'ERR_NOSUCHNICK').map((line) => line[2] ?? '');
  }

  /**
   * Where somebody is; undefined when nobody has the name, nor had it lately.
   *
   * @example
   * const location = await chat.locate(chat.nick);
   * console.log(location?.server);
   */
  async locate(nick: string, options: WaitOptions = {}): Promise<Location | undefined> {
    const asked = this.#ask((session, now) => session.request('LOCATE', [nick], now), options.signal);
    try {
      const [[name = '', second = '', uid = '', server = '', last] = []] = await asked;
      const number = readNumber(last) ?? 0;
      // Where somebody is it is an ident, which has a `!`; where somebody was it is the name since then.
      if (second.includes('!')) return { kind: 'here', nick: name, ident: second, uid, server, hops: number };
      return { kind: 'was', nick: name, now: second === '' ? undefined : second, uid, server, time: number };
    } catch (error) {
      if (error instanceof ClientError && error.code === 'ERR_NOSUCHNICK') return undefined;
      throw error;
    }
  }

  /**
   * Takes another nickname; resolves to the one now held.
   *
   * @example
   * console.log(await chat.rename('anna'));
   */
  async rename(nick: string, options: WaitOptions = {}): Promise<string> {
    await this.#ask((session, now) => session.request('NICK', [nick], now), options.signal);
    return this.nick;
  }

  /**
   * The state of the connection, as it is and whenever it changes. Ends behind `closed`.
   *
   * @example
   * for await (const { state } of chat.status()) {
   *   if (state === 'online') break;
   * }
   */
  status(options: WaitOptions = {}): AsyncGenerator<Status, void, undefined> {
    const feed = new StatusFeed();
    const source = {
      begin: () => {
        if (this.#status !== undefined) feed.push(this.#status);
        this.#readers.add(feed);
      },
      next: (signal: AbortSignal) => feed.next(signal),
      end: () => void this.#readers.delete(feed),
    };
    return loopOver(source, options.signal);
  }

  /**
   * Calls `listener` for every event of this kind from now on, until the function that is returned is called.
   *
   * @example
   * const heard = new Promise<string>((resolve) => chat.on('told', ({ text }) => resolve(text)));
   * await chat.tell([chat.nick], 'note to myself');
   * console.log(await heard);
   */
  on<Kind extends keyof ChatEvents>(kind: Kind, listener: (event: ChatEvents[Kind]) => void): () => void {
    return this.#listeners.on(kind, listener);
  }

  /**
   * The good end: takes nothing new, waits until everything that was asked for is settled, says goodbye and closes. With a
   * signal that gives up the waiting it closes at once, and what is not settled fails. Loops end when they have read what
   * they have.
   *
   * @example
   * const eve = await connect({ servers, nick: 'eve' });
   * const den = await eve.join('den', { create: true });
   * const sent = den.send('bye');
   * await eve.drain();
   * console.log((await sent).seq);
   */
  async drain(options: WaitOptions = {}): Promise<void> {
    const { signal } = options;
    this.#draining ??= this.#settle().then(() => this.#client.quit());
    const giveUp = (): void => void this.#client.quit();
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp);
    await this.#draining;
    signal?.removeEventListener('abort', giveUp);
    if (signal?.aborted) throw aborted();
  }

  /**
   * The quick end: says goodbye and closes; what is not settled fails with CLOSED.
   *
   * @example
   * const eve = await connect({ servers, nick: 'eve' });
   * await eve.close();
   */
  async close(message = ''): Promise<void> {
    await this.#client.quit(message);
  }

  /**
   * Drains.
   *
   * @example
   * {
   *   await using eve = await connect({ servers, nick: 'eve' });
   *   await eve.tell([chat.nick], 'hello and goodbye');
   * }
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #settle(): Promise<void> {
    while (this.#unsettled.size > 0) await Promise.allSettled([...this.#unsettled]);
  }

  async #ask(begin: (session: ClientSession, now: number) => number, signal: AbortSignal | undefined): Promise<Lines> {
    if (this.#draining !== undefined) throw new ClientError('CLOSED', 'the chat takes nothing new: it is drained');
    const asked = this.#client.ask(begin, signal);
    this.#unsettled.add(asked);
    try {
      return await asked;
    } finally {
      this.#unsettled.delete(asked);
    }
  }

  #forget(room: Room): void {
    for (const [key, known] of this.#rooms) if (known === room) this.#rooms.delete(key);
  }

  #take(event: ClientEvent): void {
    if ('room' in event) return this.#rooms.get(roomKey(event.room) ?? event.room)?.take(event);
    switch (event.kind) {
      case 'dialling':
        return this.#tellStatus({ state: 'connecting', server: event.server });
      case 'online': {
        const { server, nick, resumed } = event;
        return this.#tellStatus({ state: 'online', server, nick, resumed });
      }
      case 'offline': {
        const { server, reason, retryAt } = event;
        return this.#tellStatus({ state: 'offline', server, reason, retryAt });
      }
      case 'closed':
        return this.#closed(event.reason, event.error);
      case 'told':
        return this.#listeners.tell('told', event);
      case 'broadcast':
        return this.#listeners.tell('broadcast', event);
      case 'renamed':
        return this.#listeners.tell('renamed', event);
      case 'quit':
        return this.#listeners.tell('quit', event);
    }
  }

  #tellStatus(status: Status): void {
    this.#status = status;
    for (const reader of this.#readers) reader.push(status);
  }

  #closed(reason: string, error: ClientError | undefined): void {
    for (const room of this.#rooms.values()) room.end(error);
    this.#rooms.clear();
    this.#tellStatus({ state: 'closed', reason, error });
  }
}
