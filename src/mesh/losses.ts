// Losses: servers that are out of reach, and until when that is held back. Nothing is told of a server that comes back
// within its time. A server that said itself that it leaves has none. What was known of servers that are forgotten is
// one number each: facts of an earlier incarnation, or of one that has left, never bring it back.

import { Deadlines } from '../base/deadlines.ts';
import type { ServerId } from '../base/ids.ts';

interface End {
  readonly incarnation: number;
  readonly left: boolean;
}

export class Losses {
  readonly #holdMs: number;
  readonly #mostEnds: number;
  readonly #due = new Deadlines<ServerId>();
  /** Server → the newest incarnation that is over or that has left. In the order of their ends. */
  readonly #ends = new Map<ServerId, End>();
  /** Server → what its loss was said to be. */
  readonly #comments = new Map<ServerId, string>();

  /** Remembers the ends of `mostEnds` servers. */
  constructor(holdMs: number, mostEnds: number) {
    this.#holdMs = holdMs;
    this.#mostEnds = mostEnds;
  }

  /** When take() gives a server, in Unix milliseconds; Infinity when none is out of reach. */
  get deadline(): number {
    return this.#due.next;
  }

  /** Whether facts of that incarnation may still be heard. */
  admits(id: ServerId, incarnation: number): boolean {
    const end = this.#ends.get(id);
    return end === undefined || incarnation > end.incarnation || (incarnation === end.incarnation && !end.left);
  }

  /** The latest incarnation that is over or has left; 0 for none. */
  ended(id: ServerId): number {
    return this.#ends.get(id)?.incarnation ?? 0;
  }

  /** The server went out of reach; it has `graceMs` to come back at least. */
  lost(id: ServerId, now: number, graceMs = 0): void {
    if (this.#due.at(id) === undefined) this.#due.set(id, now + Math.max(this.#holdMs, graceMs));
  }

  /** The server said that it leaves. */
  left(id: ServerId, incarnation: number, now: number): void {
    this.#end(id, { incarnation, left: true });
    this.#due.set(id, now);
  }

  /** The server is within reach. */
  back(id: ServerId): void {
    this.#due.clear(id);
    this.#comments.delete(id);
  }

  /** Somebody said why the server was lost. */
  explain(id: ServerId, comment: string): void {
    this.#comments.set(id, comment);
  }

  /** Why the server was lost, as far as anybody said so. */
  comment(id: ServerId): string {
    return this.#comments.get(id) ?? '';
  }

  /** A server whose time is over; undefined when there is none. */
  take(now: number): ServerId | undefined {
    return this.#due.take(now);
  }

  /** Nothing is known of that incarnation any more. */
  forget(id: ServerId, incarnation: number): void {
    this.#due.clear(id);
    this.#comments.delete(id);
    if (this.admits(id, incarnation)) this.#end(id, { incarnation, left: false });
  }

  #end(id: ServerId, end: End): void {
    this.#ends.delete(id);
    this.#ends.set(id, end);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= this.#mostEnds) return;
      this.#ends.delete(oldest);
    }
  }
}
