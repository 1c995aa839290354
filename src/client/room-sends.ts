// The messages that a client sends to one room, in their order, each until it is settled: accepted (RPL_SENT), refused,
// too old, or ended with the client. Every message has an id of its own and keeps it, so one whose answer was lost is
// sent again, before all later ones, and is delivered once.
//
//   settled | on their way: flying, or refused for now (at most `window`) | waiting
//
// ERR_FLOODING and ERR_ROOMUNAVAILABLE slow down and send again; they settle nothing. While one is refused nothing new
// goes out; once everything behind it is answered, it and what was refused behind it go out again in their order, one
// at first, then more and more as they are accepted.
//
// A window of 1, the preset, keeps the order of the sender and fails nothing, at the price of a round trip a message.
// A larger one cannot have both: a server may refuse a message and accept those on their way behind it, and cannot
// take them back. What then? The refused one could only come too late, so it
// - fails, as OVERTAKEN, which keeps the order (the preset); or
// - is sent again all the same, `late`: it comes behind those that were on their way with it.
// When a connection is lost nobody knows which of those on their way were refused. Only the last of them can be sent
// again without any risk to the order, so the others fail with UNKNOWN_OUTCOME, or with `late` all are sent again.
// Under either nothing is delivered twice.

import { ClientError } from './client-error.ts';
import type { Lines } from './requests.ts';

export interface Send {
  readonly request: number;
  readonly text: string;
  /** The reserved number to fill; 0: the room gives the next one. */
  readonly seq: number;
  readonly id: string;
  /** Unix milliseconds. */
  readonly until: number;
}

export interface RoomSendsOut {
  transmit(send: Send): void;
  settled(request: number, outcome: Lines | ClientError): void;
}

/** How long to hold back after the server asked for less: shared by all rooms of a client. */
export class Pace {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #refusals = 0;
  /** Unix milliseconds. */
  until = 0;

  constructor(firstMs: number, maxMs: number, random: () => number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  slowDown(now: number): void {
    // Nothing goes out while we hold back: this answers what went out before, and says nothing new.
    if (now < this.until) return;
    const wait = Math.min(this.#firstMs * 2 ** Math.min(this.#refusals, 16), this.#maxMs);
    this.#refusals++;
    this.until = now + Math.round(wait * (0.75 + this.#random() / 2 ** 33));
  }

  /** Something was accepted. */
  ease(): void {
    this.#refusals = 0;
  }
}

type State = 'waiting' | 'flying' | 'refused';

interface Entry extends Send {
  state: State;
  /** It was given to a server at least once. */
  transmitted: boolean;
  /** A try of it was answered by nobody, or by an error that leaves its outcome open. */
  doubtful: boolean;
  /** A message behind it was accepted. */
  overtaken: boolean;
}

export interface RoomSendsOptions {
  /** Messages on their way at once. */
  readonly window: number;
  /** Whether a message may be delivered behind later ones rather than fail. */
  readonly late: boolean;
}

export class RoomSends {
  readonly #out: RoomSendsOut;
  readonly #pace: Pace;
  readonly #window: number;
  readonly #late: boolean;
  readonly #entries: Entry[] = [];
  /** The first so many entries are on their way; those behind wait. */
  #onWay = 0;
  /** Of those, the ones that were refused for now. */
  #refused = 0;
  /** How many may be on their way: the window, or less after a refusal. */
  #allowed: number;
  #open = false;

  constructor(out: RoomSendsOut, pace: Pace, options: RoomSendsOptions) {
    this.#out = out;
    this.#pace = pace;
    this.#window = options.window;
    this.#allowed = options.window;
    this.#late = options.late;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** When tick() wants to be called; Infinity for never. */
  get deadline(): number {
    const oldest = this.#entries[0];
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    return this.#mayTransmit() ? Math.min(oldest.until, this.#pace.until) : oldest.until;
  }

  add(send: Send, now: number): void {
    this.#entries.push({ ...send, state: 'waiting', transmitted: false, doubtful: false, overtaken: false });
    this.#pump(now);
  }

  /** In the room: what is unsettled goes out again, in order. */
  open(now: number): void {
    this.#open = true;
    this.#pump(now);
  }

  /** Out of the room, or without a connection: what is on its way is never answered. */
  close(): void {
    this.#open = false;
    for (let i = 0; i < this.#onWay; i++) {
      const entry = this.#entries[i] as Entry;
      if (entry.state === 'flying') entry.doubtful = true;
      entry.state = 'refused';
    }
    this.#refused = this.#onWay;
    this.#rewind();
  }

  /** The room that knew their ids is gone: what was sent to it may or may not have arrived. */
  forgotten(): void {
    for (const entry of this.#entries.filter((each) => each.transmitted)) {
      this.#remove(entry);
      const text = 'sent, but the room ended before it said whether it arrived';
      this.#out.settled(entry.request, new ClientError('UNKNOWN_OUTCOME', text, true));
    }
  }

  /** RPL_SENT, its arguments as they came. */
  sent(id: string, args: readonly string[], now: number): void {
    const index = this.#entries.findIndex((each) => each.id === id);
    const entry = this.#entries[index];
    if (entry === undefined) return;
    for (let i = 0; i < index; i++) (this.#entries[i] as Entry).overtaken = true;
    this.#remove(entry);
    this.#pace.ease();
    if (this.#allowed < this.#window) this.#allowed++;
    this.#out.settled(entry.request, [args]);
    this.#goOn(now);
  }

  /** An error that names the message `id`; whether that is one of these. */
  refused(id: string, error: ClientError, now: number): boolean {
    const entry = this.#entries.find((each) => each.id === id);
    if (entry === undefined) return false;
    if (error.retriable) {
      this.#pace.slowDown(now);
      this.#allowed = 1;
      // Too fast means not taken; that a room is not available may mean that it cannot say.
      if (error.code !== 'ERR_FLOODING') entry.doubtful = true;
      if (entry.state === 'flying') {
        entry.state = 'refused';
        this.#refused++;
      }
    } else {
      this.#remove(entry);
      // An id is looked at before the number that it came with: that one has expired says that the id is unknown.
      const unknown = entry.doubtful && error.code !== 'ERR_SEQUENCEEXPIRED';
      this.#out.settled(entry.request, unknown ? new ClientError(error.code, error.message, true) : error);
    }
    this.#goOn(now);
    return true;
  }

  /** Gives up a message: one that was not sent yet never will be. Whether it is one of these. */
  cancel(request: number, now: number): boolean {
    const entry = this.#entries.find((each) => each.request === request);
    if (entry === undefined) return false;
    this.#remove(entry);
    const text = entry.transmitted ? 'given up when it was on its way' : 'given up before it was sent';
    this.#out.settled(request, new ClientError('ABORTED', text, entry.transmitted));
    this.#goOn(now);
    return true;
  }

  tick(now: number): void {
    for (const entry of this.#entries.filter((each) => each.until <= now)) {
      this.#remove(entry);
      const text = entry.transmitted ? 'no word whether it arrived' : 'it could not be sent in time';
      this.#out.settled(entry.request, new ClientError('TIMEOUT', text, entry.transmitted));
    }
    this.#goOn(now);
  }

  /** Settles everything with `error`; what was sent may have arrived. */
  fail(error: ClientError): void {
    this.#onWay = 0;
    this.#refused = 0;
    for (const entry of this.#entries.splice(0)) {
      this.#out.settled(entry.request, new ClientError(error.code, error.message, entry.transmitted));
    }
  }

  #mayTransmit(): boolean {
    return this.#open && this.#refused === 0 && this.#onWay < this.#allowed && this.#onWay < this.#entries.length;
  }

  #goOn(now: number): void {
    if (this.#refused > 0) this.#settleRefused();
    this.#pump(now);
  }

  #pump(now: number): void {
    while (now >= this.#pace.until && this.#mayTransmit()) {
      const entry = this.#entries[this.#onWay++] as Entry;
      entry.state = 'flying';
      entry.transmitted = true;
      this.#out.transmit(entry);
    }
  }

  /** Fails what was overtaken, and sends the rest again once nothing behind it flies any more. */
  #settleRefused(): void {
    if (!this.#late) {
      for (const entry of this.#entries.slice(0, this.#onWay)) {
        if (entry.state === 'refused' && entry.overtaken) this.#overtaken(entry);
      }
    }
    const first = this.#entries.findIndex((entry) => entry.state === 'refused');
    if (first < 0) return;
    for (let i = first; i < this.#onWay; i++) if (this.#entries[i]?.state === 'flying') return;
    this.#rewind();
  }

  /** Everything from the first refused one on waits again, but for what a later one may have overtaken unseen. */
  #rewind(): void {
    if (!this.#late) {
      const doubtful = this.#entries.findLast((entry) => entry.doubtful);
      let before = doubtful !== undefined;
      for (const entry of this.#entries.slice(0, this.#onWay)) {
        if (entry === doubtful) before = false;
        if (entry.state === 'refused' && (before || entry.overtaken)) this.#overtaken(entry);
      }
    }
    const first = this.#entries.findIndex((entry) => entry.state === 'refused');
    if (first < 0) return;
    for (let i = first; i < this.#onWay; i++) (this.#entries[i] as Entry).state = 'waiting';
    this.#onWay = first;
    this.#refused = 0;
  }

  #overtaken(entry: Entry): void {
    this.#remove(entry);
    const [code, text] = entry.doubtful
      ? (['UNKNOWN_OUTCOME', 'no word whether it arrived, and sent again it could come behind later ones'] as const)
      : (['OVERTAKEN', 'refused for now while later ones were not, or may not have been'] as const);
    this.#out.settled(entry.request, new ClientError(code, text, entry.doubtful));
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    this.#entries.splice(index, 1);
    if (index >= this.#onWay) return;
    this.#onWay--;
    if (entry.state === 'refused') this.#refused--;
  }
}
