// The messages that a client sends to one room, in their order, each until it is settled: accepted (RPL_SENT), refused,
// too old, or ended with the client. Every message has an id of its own and keeps it, so one whose answer was lost is
// sent again, before all later ones, and is delivered once.
//
//   settled | in flight (at most `window`) | waiting
//
// ERR_FLOODING and ERR_ROOMUNAVAILABLE slow down and send again; they settle nothing.

import { ClientError } from './client-error.ts';
import type { Lines } from './requests.ts';

export interface Send {
  readonly request: number;
  readonly text: string;
  readonly id: string;
  /** Unix milliseconds. */
  readonly until: number;
}

export interface RoomSendsOut {
  transmit(text: string, id: string): void;
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
    const wait = Math.min(this.#firstMs * 2 ** Math.min(this.#refusals, 16), this.#maxMs);
    this.#refusals++;
    this.until = now + Math.round(wait * (0.75 + this.#random() / 2 ** 33));
  }

  /** Something was accepted. */
  ease(): void {
    this.#refusals = 0;
  }
}

interface Entry extends Send {
  transmitted: boolean;
}

export class RoomSends {
  readonly #out: RoomSendsOut;
  readonly #pace: Pace;
  readonly #window: number;
  readonly #entries: Entry[] = [];
  #inFlight = 0;
  #open = false;

  constructor(out: RoomSendsOut, pace: Pace, window: number) {
    this.#out = out;
    this.#pace = pace;
    this.#window = window;
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
    this.#entries.push({ ...send, transmitted: false });
    this.#pump(now);
  }

  /** In the room: everything unsettled goes out again, in order. */
  open(now: number): void {
    this.#open = true;
    this.#pump(now);
  }

  /** Out of the room, or without a connection. */
  close(): void {
    this.#open = false;
    this.#inFlight = 0;
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
    const entry = this.#entries.find((each) => each.id === id);
    if (entry === undefined) return;
    this.#remove(entry);
    this.#pace.ease();
    this.#out.settled(entry.request, [args]);
    this.#pump(now);
  }

  /** An error that names the message `id`; whether that is one of these. */
  refused(id: string, error: ClientError, now: number): boolean {
    const index = this.#entries.findIndex((each) => each.id === id);
    const entry = this.#entries[index];
    if (entry === undefined) return false;
    if (error.retriable) {
      this.#pace.slowDown(now);
      this.#inFlight = Math.min(this.#inFlight, index);
    } else {
      this.#remove(entry);
      this.#out.settled(entry.request, error);
    }
    this.#pump(now);
    return true;
  }

  tick(now: number): void {
    for (const entry of this.#entries.filter((each) => each.until <= now)) {
      this.#remove(entry);
      const text = entry.transmitted ? 'no word whether it arrived' : 'it could not be sent in time';
      this.#out.settled(entry.request, new ClientError('TIMEOUT', text, entry.transmitted));
    }
    this.#pump(now);
  }

  /** Settles everything with `error`; what was sent may have arrived. */
  fail(error: ClientError): void {
    for (const entry of this.#entries.splice(0)) {
      this.#out.settled(entry.request, new ClientError(error.code, error.message, entry.transmitted));
    }
    this.#inFlight = 0;
  }

  #mayTransmit(): boolean {
    return this.#open && this.#inFlight < this.#window && this.#inFlight < this.#entries.length;
  }

  #pump(now: number): void {
    while (now >= this.#pace.until && this.#mayTransmit()) {
      const entry = this.#entries[this.#inFlight++] as Entry;
      entry.transmitted = true;
      this.#out.transmit(entry.text, entry.id);
    }
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    this.#entries.splice(index, 1);
    if (index < this.#inFlight) this.#inFlight--;
  }
}
