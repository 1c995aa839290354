// Unanswered sends: what a member's server has accepted from its own members and has no outcome for, in the order in
// which it was accepted. It keeps the texts, so that they can be sent again to another home, with the same ids and
// before anything later. It decides nothing and speaks to nobody.

import type { Uid } from '../base/ids.ts';

/** One message that waits for its outcome. The bytes of its text are its own, and those of its nick never change. */
export class Unanswered {
  readonly asker: object;
  /** Counts the sends of this server to the room: with the server, a key for a message that has no id. */
  readonly number: number;
  readonly holder: Uid;
  readonly nick: Uint8Array;
  readonly text: Uint8Array;
  /** The number that it asked for; 0 when the room chooses. */
  readonly seq: number;
  readonly id: string;
  readonly deadline: number;

  constructor(fields: Unanswered) {
    this.asker = fields.asker;
    this.number = fields.number;
    this.holder = fields.holder;
    this.nick = fields.nick;
    this.text = fields.text;
    this.seq = fields.seq;
    this.id = fields.id;
    this.deadline = fields.deadline;
  }
}

export class UnansweredSends {
  readonly #byNumber = new Map<number, Unanswered>();
  #newest = 0;
  /** Bytes of all texts. */
  bytes = 0;

  get size(): number {
    return this.#byNumber.size;
  }

  /** When the oldest has waited long enough, in Unix ms; Infinity when none waits. */
  get deadline(): number {
    for (const send of this.#byNumber.values()) return send.deadline;
    return Number.POSITIVE_INFINITY;
  }

  /** The number behind which the next one comes: 0 when none waits. */
  get before(): number {
    return this.#byNumber.size === 0 ? 0 : this.#newest;
  }

  add(send: Unanswered): void {
    this.#byNumber.set(send.number, send);
    this.#newest = send.number;
    this.bytes += send.text.length;
  }

  /** Takes the send with this number; undefined when it was answered before. */
  take(number: number): Unanswered | undefined {
    const send = this.#byNumber.get(number);
    if (send === undefined) return undefined;
    this.#byNumber.delete(number);
    this.bytes -= send.text.length;
    return send;
  }

  /** Takes one that has waited until `now` in vain. */
  takeLate(now: number): Unanswered | undefined {
    for (const send of this.#byNumber.values()) return send.deadline <= now ? this.take(send.number) : undefined;
    return undefined;
  }

  /** The oldest first. */
  all(): Unanswered[] {
    return [...this.#byNumber.values()];
  }
}
