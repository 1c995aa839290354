// One room of a chat: what is said there as a loop, what is to be said as promises, and the rest as events.
//
// A room keeps one queue of what was not read, from the moment that it is entered; a loop over the room reads that, and one
// that was left goes on later where it stopped. Further readers have queues of their own (`messages`). It makes no
// difference between one connection and the next: the order, the gaps and the sends are those of the core.

import { ClientError } from '../client-error.ts';
import { type ClientEvent, nickOf } from '../client-events.ts';
import { readNumber } from '../frames.ts';
import type { Lines } from '../requests.ts';
import type { ClientSession } from '../session.ts';
import { compareSlots, type HistoryPage, readPage } from './history-page.ts';
import { Listeners } from './listeners.ts';
import { loopOver } from './loop.ts';
import { type FeedSource, MessageFeed } from './message-feed.ts';
import type {
  HistoryOptions,
  Member,
  RoomEvents,
  RoomMessage,
  SendOptions,
  Sent,
  Slot,
  WaitOptions,
} from './room-types.ts';

/** What a room needs of the chat that it belongs to. @internal */
export interface RoomHost {
  /** Messages that a reader may have before it. */
  readonly queue: number;
  /** Asks the session; `begin` does, and returns the number of what was asked. Drains wait for the answer. */
  ask(begin: (session: ClientSession, now: number) => number, signal: AbortSignal | undefined): Promise<Lines>;
  /** The same, while the chat is drained too, and no drain waits for it. */
  fetch(begin: (session: ClientSession, now: number) => number, signal: AbortSignal | undefined): Promise<Lines>;
  /** Waits a little before something is tried again. */
  pause(signal: AbortSignal | undefined): Promise<void>;
  /** The room is over. */
  forget(room: Room): void;
}

type RoomEvent = Extract<ClientEvent, { readonly room: string }>;

const HISTORY_LIMIT = 256;

/**
 * A room that one is in.
 *
 * @example
 * const den: Room = await chat.join('den', { create: true });
 * console.log(den.name);
 * await den.leave();
 */
export class Room implements AsyncIterable<RoomMessage>, AsyncDisposable {
  readonly #host: RoomHost;
  readonly #listeners = new Listeners<RoomEvents>();
  readonly #feeds = new Set<MessageFeed>();
  readonly #own: MessageFeed;
  #name: string;
  #head: Slot | undefined;
  #entered = false;
  #read = false;
  #over = false;

  /** Rooms come from `chat.join`. @internal */
  constructor(name: string, host: RoomHost) {
    this.#name = name;
    this.#host = host;
    this.#own = this.#feed();
  }

  /**
   * The room's name, as it was spelled when it was made.
   *
   * @example
   * console.log(room.name);
   */
  get name(): string {
    return this.#name;
  }

  /**
   * Sends a message. Resolves to its place when it is accepted, over as many connections as that takes; it is delivered
   * once. Rejects with a ClientError when it will not be, or when nobody can say any more (`outcomeUnknown`).
   *
   * @example
   * const { seq } = await room.send('hello');
   * console.log(seq);
   */
  async send(text: string, options: SendOptions = {}): Promise<Sent> {
    const [[room = '', epoch = '', seq, id = ''] = []] = await this.#host.ask(
      (session, now) => session.send(this.#name, text, now, 0, options.id),
      options.signal,
    );
    return { room, epoch, seq: readNumber(seq) ?? 0, id };
  }

  /**
   * Who is in the room now.
   *
   * @example
   * const members = await room.members();
   * console.log(members.some(({ nick }) => nick === chat.nick));
   */
  async members(options: WaitOptions = {}): Promise<Member[]> {
    const lines = await this.#host.ask((session, now) => session.request('ULIST', [this.#name], now), options.signal);
    return lines
      .slice(0, -1)
      .map(([, ident = '', uid = '', server = '']) => ({ nick: nickOf(ident), ident, uid, server }));
  }

  /**
   * What was said, in order, as far as the server keeps it. Rejects with ERR_SEQUENCEGONE when what follows `since` is
   * kept no longer.
   *
   * @example
   * await room.send('hello');
   * for (const { nick, text } of await room.history({ limit: 50 })) console.log(`<${nick}> ${text}`);
   */
  async history({ since, limit = HISTORY_LIMIT, signal }: HistoryOptions = {}): Promise<RoomMessage[]> {
    const messages: RoomMessage[] = [];
    for (let from = since; messages.length < limit; ) {
      const { messages: more, next } = await this.#page(from, limit - messages.length, this.#host.ask, signal);
      messages.push(...more);
      const last = { epoch: next.epoch, seq: next.seq - 1 };
      const atHead = this.#head !== undefined && compareSlots(last, this.#head) >= 0;
      if (atHead || (from !== undefined && compareSlots(last, from) <= 0)) break;
      from = last;
    }
    return messages.slice(0, limit);
  }

  /**
   * Loops over the messages, from the moment that the room was entered, or from where the last loop stopped. Ends when the
   * room was left or the chat has ended, and throws when that was not asked for. One loop at a time.
   *
   * @example
   * await room.send('hello');
   * for await (const { nick, text } of room) {
   *   console.log(`<${nick}> ${text}`);
   *   if (text === 'hello') break;
   * }
   */
  [Symbol.asyncIterator](): AsyncGenerator<RoomMessage, void, undefined> {
    let reading = false;
    return loopOver({
      begin: () => {
        if (this.#read)
          throw new ClientError('BAD_ARGUMENT', 'the room is read already; messages() is for further readers');
        this.#read = reading = true;
      },
      next: (signal) => this.#own.next(signal),
      end: () => {
        if (reading) this.#read = reading = false;
      },
    });
  }

  /**
   * A loop of its own over what is said from this call on: for a second reader, or one that a signal ends.
   *
   * @example
   * const messages = room.messages({ signal: AbortSignal.timeout(10_000) });
   * const next = messages.next();
   * await room.send('anybody here?');
   * console.log((await next).value?.text);
   * await messages.return();
   */
  messages(options: WaitOptions = {}): AsyncGenerator<RoomMessage, void, undefined> {
    const feed = this.#feed();
    if (this.#over) feed.end(undefined);
    const source = {
      begin: () => {},
      next: (signal: AbortSignal) => feed.next(signal),
      end: () => void this.#feeds.delete(feed),
    };
    return loopOver(source, options.signal);
  }

  /**
   * Calls `listener` for every event of this kind from now on, until the function that is returned is called.
   *
   * @example
   * const off = room.on('joined', ({ ident }) => console.log(`${ident} is here`));
   * off();
   */
  on<Kind extends keyof RoomEvents>(kind: Kind, listener: (event: RoomEvents[Kind]) => void): () => void {
    return this.#listeners.on(kind, listener);
  }

  /**
   * Leaves the room once what was sent to it is settled. Its loops end when they have read what they have.
   *
   * @example
   * const den = await chat.join('den', { create: true });
   * await den.leave();
   */
  async leave(options: WaitOptions = {}): Promise<void> {
    try {
      await this.#host.ask((session, now) => session.leave(this.#name, now), options.signal);
    } finally {
      this.#host.forget(this);
      this.end(undefined);
    }
  }

  /**
   * Leaves.
   *
   * @example
   * {
   *   await using den = await chat.join('den', { create: true });
   *   await den.send('only looking');
   * }
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.leave();
  }

  /** Whether it was ever entered. @internal */
  get entered(): boolean {
    return this.#entered;
  }

  /** Takes an event of this room. @internal */
  take(event: RoomEvent): void {
    switch (event.kind) {
      case 'message': {
        const { kind: _, ...message } = event;
        this.#head = message;
        for (const feed of this.#feeds) feed.push(message);
        return;
      }
      case 'skipped':
        this.#head = { epoch: event.epoch, seq: event.to };
        return;
      case 'lost':
        this.#head =
          event.to === undefined
            ? { epoch: event.resumeAt.epoch, seq: event.resumeAt.next - 1 }
            : { epoch: event.epoch, seq: event.to };
        return this.#listeners.tell('lost', event);
      case 'epoch':
        this.#head = { epoch: event.epoch, seq: event.next - 1 };
        return this.#listeners.tell('epoch', event);
      case 'lagged':
        return this.#listeners.tell('lagged', { ...event, by: 'client' });
      case 'entered':
        this.#entered = true;
        this.#name = event.room;
        return this.#listeners.tell('entered', event);
      case 'expelled':
        this.#listeners.tell('expelled', event);
        this.#host.forget(this);
        return this.end(event.error);
      case 'joined':
        return this.#listeners.tell('joined', event);
      case 'left':
        return this.#listeners.tell('left', event);
      case 'members':
        return this.#listeners.tell('members', event);
    }
  }

  /** The room is over, for `error` or because that was asked for. @internal */
  end(error: ClientError | undefined): void {
    this.#over = true;
    for (const feed of this.#feeds) feed.end(error);
    this.#feeds.clear();
  }

  #feed(): MessageFeed {
    const feed = new MessageFeed(this.#source(), this.#host.queue);
    this.#feeds.add(feed);
    return feed;
  }

  #source(): FeedSource {
    const room = this;
    const tell = this.#listeners;
    return {
      get head() {
        return room.#head;
      },
      page: (since, count, signal) => room.#page(since, count, this.#host.fetch, signal),
      pause: (signal) => this.#host.pause(signal),
      lagged: ({ epoch, seq }) =>
        tell.tell('lagged', { room: room.#name, epoch, from: seq, to: undefined, by: 'loop' }),
      lost: ({ epoch, seq: from }, next) =>
        tell.tell(
          'lost',
          epoch === next.epoch
            ? { room: room.#name, epoch, from, to: next.seq - 1 }
            : { room: room.#name, epoch, from, to: undefined, resumeAt: { epoch: next.epoch, next: next.seq } },
        ),
    };
  }

  async #page(
    since: Slot | undefined,
    count: number,
    ask: RoomHost['ask'],
    signal: AbortSignal | undefined,
  ): Promise<HistoryPage> {
    const place = since === undefined ? ['', ''] : [since.epoch, since.seq + 1];
    const most = Math.min(count, HISTORY_LIMIT);
    const lines = await ask((session, now) => session.request('HISTORY', [this.#name, ...place, most], now), signal);
    return readPage(lines, since);
  }
}
