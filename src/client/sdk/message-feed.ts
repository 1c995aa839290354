// What one reader of a room has not read yet: a bounded queue, and behind it, when the reader is slow, only a place from
// which to read on.
//
//   live ── push ──► [ queue ] ──► reader            full: `behind` is where reading goes on
//   server ── HISTORY, page by page ──► [ queue ]    until the page ends where the room stands now
//
// It keeps true: the reader gets every message once, in order, or is told which it cannot have. It refuses what it had.
// When the room is over before its reader has caught up, the reader gets an error and not a quiet end.

import { ClientError } from '../client-error.ts';
import { aborted, Bell } from './bell.ts';
import { compareSlots, type HistoryPage } from './history-page.ts';
import type { RoomMessage, Slot } from './room-types.ts';

/** Where a feed gets what it has missed, and tells what it cannot have. */
export interface FeedSource {
  /** The last slot that all readers were told of. */
  readonly head: Slot | undefined;
  /** At most so many slots behind `since`, or from the first that is kept. */
  page(since: Slot | undefined, count: number, signal: AbortSignal | undefined): Promise<HistoryPage>;
  /** Waits a little before asking again. */
  pause(signal: AbortSignal | undefined): Promise<void>;
  /** From this slot on nothing fits the queue. */
  lagged(from: Slot): void;
  /** What is between cannot be had: from `from` on, and reading goes on at `next`. */
  lost(from: Slot, next: Slot): void;
}

/** What passes when the same is asked again. */
const PASSING: ReadonlySet<string> = new Set([
  'DISCONNECTED',
  'TIMEOUT',
  'QUEUE_FULL',
  'ERR_FLOODING',
  'ERR_ROOMUNAVAILABLE',
  // The room is being entered again.
  'ERR_NOTINROOM',
]);

export class MessageFeed {
  readonly #source: FeedSource;
  readonly #limit: number;
  readonly #bell = new Bell();
  #queue: RoomMessage[] = [];
  /** The last slot that is known here, when more came than the queue takes. */
  #behind: Slot | undefined;
  #over: { readonly error: ClientError | undefined } | undefined;

  constructor(source: FeedSource, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  /** Messages queued now. */
  get length(): number {
    return this.#queue.length;
  }

  /** The next message of the room. */
  push(message: RoomMessage): void {
    if (this.#behind !== undefined || this.#over !== undefined) return;
    if (this.#queue.length < this.#limit) {
      this.#queue.push(message);
      this.#bell.ring();
      return;
    }
    this.#behind = { epoch: message.epoch, seq: message.seq - 1 };
    this.#source.lagged(message);
  }

  /** The room is over: what is queued can still be read. Without `error` the end was asked for. */
  end(error: ClientError | undefined): void {
    this.#over ??= { error };
    this.#bell.ring();
  }

  /** Resolves to the next message; to undefined when there will be none. */
  async next(signal?: AbortSignal): Promise<RoomMessage | undefined> {
    for (;;) {
      if (signal?.aborted) throw aborted();
      const message = this.#queue.shift();
      if (message !== undefined) return message;
      if (this.#over !== undefined) return this.#end(this.#over.error);
      if (this.#behind === undefined) await this.#bell.wait(signal);
      else await this.#catchUp(this.#behind, signal);
    }
  }

  #end(error: ClientError | undefined): undefined {
    if (error !== undefined) throw error;
    if (this.#behind !== undefined) throw new ClientError('CLOSED', 'it ended before everything was read');
    return undefined;
  }

  async #catchUp(since: Slot, signal: AbortSignal | undefined): Promise<void> {
    const page = await this.#page(since, signal);
    if (page === undefined || this.#over !== undefined) return;
    this.#queue.push(...page.messages);
    this.#behind = { epoch: page.next.epoch, seq: page.next.seq - 1 };
    const { head } = this.#source;
    if (head === undefined || compareSlots(head, this.#behind) <= 0) this.#behind = undefined;
    else if (compareSlots(this.#behind, since) <= 0) await this.#source.pause(signal);
  }

  async #page(since: Slot, signal: AbortSignal | undefined): Promise<HistoryPage | undefined> {
    const page = await this.#asked(since, signal);
    if (page !== 'gone') return page;
    const first = await this.#asked(undefined, signal);
    if (first === undefined || first === 'gone') return undefined;
    const from = { epoch: since.epoch, seq: since.seq + 1 };
    const gap = compareSlots(first.first, from);
    if (gap > 0) this.#source.lost(from, first.first);
    if (gap >= 0) return first;
    // Another server answers by now, which keeps more, or which never had what was read: then it is read from anew.
    const again = await this.#asked(since, signal);
    return again === 'gone' ? first : again;
  }

  /** A page; `gone` when what follows `since` is kept no longer, undefined when it may be asked for again. */
  async #asked(since: Slot | undefined, signal: AbortSignal | undefined): Promise<HistoryPage | 'gone' | undefined> {
    try {
      return await this.#source.page(since, this.#limit, signal);
    } catch (error) {
      if (this.#over !== undefined) return undefined;
      const code = error instanceof ClientError ? error.code : '';
      if (code === 'ERR_SEQUENCEGONE' && since !== undefined) return 'gone';
      if (!PASSING.has(code)) throw error;
      await this.#source.pause(signal);
      return undefined;
    }
  }
}
