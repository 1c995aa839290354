// Unanswered sends: what a member's server has accepted from its own members and has no outcome for, in the order in
// which it was accepted. It keeps the texts, so that they can be sent again to another home, with the same ids and
// before anything later. It decides nothing and speaks to nobody.

import { assert } from '../base/assert.ts';
import type { ServerId, Uid } from '../base/ids.ts';
import { Tape } from '../base/tape.ts';
import type { Reference } from './references.ts';

/** One message that waits for its outcome. The bytes of its nick never change. */
export class Unanswered implements Reference {
  readonly asker: object;
  readonly server: ServerId;
  /** Counts the sends of this server to the room: with the server, a key for a message that has no id. */
  readonly number: number;
  readonly holder: Uid;
  readonly nick: Uint8Array;
  /** Where its text lies in UnansweredSends.texts. */
  readonly textAt: number;
  readonly textLength: number;
  /** The number that it asked for; 0 when the room chooses. */
  readonly seq: number;
  readonly id: string;
  readonly deadline: number;
  /** Its home has decided it and waits for the commit: see Leading. */
  leading: object | undefined;

  constructor(
    asker: object,
    server: ServerId,
    number: number,
    holder: Uid,
    nick: Uint8Array,
    textAt: number,
    textLength: number,
    seq: number,
    id: string,
    deadline: number,
  ) {
    this.asker = asker;
    this.server = server;
    this.number = number;
    this.holder = holder;
    this.nick = nick;
    this.textAt = textAt;
    this.textLength = textLength;
    this.seq = seq;
    this.id = id;
    this.deadline = deadline;
    this.leading = undefined;
  }
}

/** A buffer that has grown above this is given back when it is empty. */
const KEPT_BYTES = 65_536;

export class UnansweredSends {
  /** The texts of all, one behind the other. */
  readonly texts = new Tape();
  /** Their numbers follow one another: the first is `#from`; those that were answered leave a gap up to `#head`. */
  readonly #sends: (Unanswered | undefined)[] = [];
  #from = 0;
  #head = 0;
  /** Those that wait. */
  size = 0;
  /** Bytes of their texts. */
  bytes = 0;

  /** When the oldest has waited long enough, in Unix ms; Infinity when none waits. */
  get deadline(): number {
    return this.#sends[this.#head]?.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** The number behind which the next one comes: 0 when none waits. */
  get before(): number {
    return this.size === 0 ? 0 : this.#from + this.#sends.length - 1;
  }

  /** Keeps a text, for the send that is added next; where it lies. */
  keep(text: Uint8Array, start: number, end: number): number {
    return this.texts.append(text, start, end);
  }

  /** Its number is one above that of the send before. */
  add(send: Unanswered): void {
    if (this.#sends.length === 0) this.#from = send.number;
    assert(send.number === this.#from + this.#sends.length, 'sends are counted without gaps');
    this.#sends.push(send);
    this.size++;
    this.bytes += send.textLength;
  }

  /** Takes the send with this number; undefined when it was answered before. Its text is good until the next one. */
  take(number: number): Unanswered | undefined {
    const index = number - this.#from;
    const send = this.#sends[index];
    if (send === undefined) return undefined;
    this.#sends[index] = undefined;
    this.size--;
    this.bytes -= send.textLength;
    if (index === this.#head) this.#passAnswered();
    return send;
  }

  /** Takes one that has waited until `now` in vain. */
  takeLate(now: number): Unanswered | undefined {
    const oldest = this.#sends[this.#head];
    return oldest === undefined || oldest.deadline > now ? undefined : this.take(oldest.number);
  }

  /** The oldest first. */
  all(): Unanswered[] {
    return this.#sends.filter((send) => send !== undefined);
  }

  #passAnswered(): void {
    const sends = this.#sends;
    while (this.#head < sends.length && sends[this.#head] === undefined) this.#head++;
    const oldest = sends[this.#head];
    this.texts.trim(oldest?.textAt ?? this.texts.head);
    if (oldest === undefined) {
      sends.length = 0;
      this.#head = 0;
      if (this.texts.held > KEPT_BYTES) this.texts.shrink();
    } else if (this.#head * 2 >= sends.length) {
      sends.splice(0, this.#head);
      this.#from += this.#head;
      this.#head = 0;
    }
  }
}
