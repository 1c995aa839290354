// A log that is slow and refuses: it holds entries back, commits them later, tells its owner later still and out of
// order, refuses at once or after a while (and then drops what came behind), now and then tells twice, and now and then
// is silent for long. It never loses what it committed and never commits anything twice. When the world is calm it
// answers everything that it owes.

import type { Ticket } from '../../src/base/ids.ts';
import { type EntryKind, LATE, REFUSED, type RoomLog } from '../../src/order/log.ts';
import { WrappedLog } from '../support/wrapped-log.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** How a log behaves; chances for each append. */
export interface LogWeather {
  readonly late: number;
  readonly delayMs: number;
  readonly refused: number;
  readonly refusedLate: number;
  /** How often it is silent, and for how long. */
  readonly silent: number;
  readonly silentMs: number;
  readonly toldTwice: number;
}

interface Entry {
  readonly kind: EntryKind;
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly ticket: Ticket;
  dropped: boolean;
}

export type Tell = (ticket: Ticket, result: number) => void;

export class SlowLog extends WrappedLog {
  readonly #world: World;
  readonly #random: Random;
  readonly #weather: LogWeather;
  readonly #tell: Tell;
  readonly #count: (event: string) => void;
  #waiting: Entry[] = [];
  #closed = false;
  #silentUntil = 0;

  constructor(
    inner: RoomLog,
    world: World,
    random: Random,
    weather: LogWeather,
    tell: Tell,
    count: (event: string) => void,
  ) {
    super(inner);
    this.#world = world;
    this.#random = random;
    this.#weather = weather;
    this.#tell = tell;
    this.#count = count;
  }

  append(
    after: number,
    kind: EntryKind,
    seq: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    ticket: Ticket,
  ): number {
    if (after !== this.committed + this.#waiting.length || this.#happens('refused')) {
      this.#count('log: refused at once');
      return REFUSED;
    }
    if (this.#waiting.length === 0 && !this.#happens('late')) {
      return this.inner.append(after, kind, seq, bytes, start, end, ticket);
    }
    const entry = { kind, seq, bytes: bytes.slice(start, end), ticket, dropped: false };
    this.#waiting.push(entry);
    if (this.#happens('silent')) {
      this.#count('log: silent for long');
      this.#silentUntil = this.#world.now + this.#random.below(this.#weather.silentMs + 1);
    }
    const at = Math.max(this.#world.now + this.#random.below(this.#weather.delayMs + 1), this.#silentUntil);
    this.#world.at(at, () => this.#decide(entry));
    return LATE;
  }

  override close(): void {
    this.#closed = true;
    super.close();
  }

  #happens(what: 'late' | 'refused' | 'refusedLate' | 'silent' | 'toldTwice'): boolean {
    return !this.#world.calm && this.#random.chance(this.#weather[what]);
  }

  /** The entry's time has come: it is committed with all before it, or refused with all behind it. */
  #decide(entry: Entry): void {
    if (this.#closed || entry.dropped || !this.#waiting.includes(entry)) return;
    const at = this.#waiting.indexOf(entry);
    if (this.#happens('refusedLate')) {
      this.#count('log: refused late');
      for (const behind of this.#waiting.splice(at)) {
        behind.dropped = true;
        if (behind === entry || this.#random.chance(0.5)) this.#answer(behind.ticket, REFUSED);
      }
      return;
    }
    for (const one of this.#waiting.splice(0, at + 1)) {
      const after = this.inner.committed;
      const { kind, seq, bytes, ticket } = one;
      this.#answer(ticket, this.inner.append(after, kind, seq, bytes, 0, bytes.length, ticket));
      this.#count('log: committed late');
    }
  }

  #answer(ticket: Ticket, result: number): void {
    const again = this.#happens('toldTwice') ? 2 : 1;
    for (let i = 0; i < again; i++) {
      this.#world.after(this.#random.chance(0.5) ? 0 : this.#random.below(20), () => {
        if (!this.#closed) this.#tell(ticket, result);
      });
    }
  }
}
