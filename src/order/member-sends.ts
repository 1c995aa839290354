// What the members of one server ask of a room whose home is elsewhere: messages and numbers that have no answer yet.
// All of it is kept in order, sent to whoever is home, and sent again, in the same order and before anything later,
// when the home or the way to it is another one. What nobody answered in 20 s is given up: its outcome is unknown.

import type { Epoch, ServerId, Uid } from '../base/ids.ts';
import { type ReserveOutcome, SENT, SENT_BEFORE, type SendOutcome, UNAVAILABLE, WAITING } from '../base/outcome.ts';
import type { Frame } from '../wire/scanner.ts';
import { FrameWriter, openFrame } from '../wire/writer.ts';
import { type EpochOrNone, homeOf } from './epochs.ts';
import type { Home } from './home.ts';
import type { Segment } from './segment.ts';
import { epochAt, numberAt } from './server-frames.ts';
import { Unanswered, UnansweredSends } from './unanswered.ts';

/** After this long a member hears that the outcome is unknown. */
const UNKNOWN_MS = 20_000;
/** A send that has no answer after this long is sent again, for something may have been lost on the way. */
const AGAIN_MS = 3_000;
const NEVER = Number.POSITIVE_INFINITY;

export interface SendLimits {
  readonly pendingEntries: number;
  readonly pendingBytes: number;
}

export interface MemberSendsOptions {
  readonly room: { readonly name: string };
  readonly self: ServerId;
  /** When this server started, in Unix ms. */
  readonly incarnation: number;
  readonly home: SendLimits;
  readonly out: MemberSendsOut;
}

export interface MemberSendsOut {
  to(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): void;
  settled(asker: object, outcome: SendOutcome, epoch: EpochOrNone, seq: number, id: string, since: number): void;
  reserved(holder: Uid, outcome: ReserveOutcome): void;
}

/** Who decides what waits here. */
export interface Decider {
  readonly home: Home;
  /** Decides a message of a member here, whose text is bytes[start, end). */
  decide(send: Unanswered, bytes: Uint8Array, start: number, end: number, now: number): SendOutcome;
}

export class MemberSends {
  /** When what is unanswered is to be sent again, in Unix ms. */
  againAt = NEVER;
  readonly #room: string;
  /** `<FORWARD,room`. */
  readonly #forward: Uint8Array;
  readonly #self: ServerId;
  readonly #limits: SendLimits;
  readonly #out: MemberSendsOut;
  readonly #sends = new UnansweredSends();
  readonly #reserving = new Map<Uid, number>();
  /** Who has asked for a number, and may hold one. */
  readonly #askers = new Set<Uid>();
  readonly #frames = new FrameWriter(1_024);
  #counter: number;

  constructor({ room, self, incarnation, home, out }: MemberSendsOptions) {
    this.#room = room.name;
    this.#forward = openFrame('FORWARD', room.name);
    this.#self = self;
    this.#limits = home;
    // Above every number that this server gave to a send of the room before.
    this.#counter = incarnation * 1_000;
    this.#out = out;
  }

  get isEmpty(): boolean {
    return this.#sends.size === 0 && this.#reserving.size === 0;
  }

  get deadline(): number {
    let next = Math.min(this.#sends.deadline, this.againAt);
    for (const until of this.#reserving.values()) next = Math.min(next, until);
    return next;
  }

  /** The number behind which the next send comes; 0 when none waits. */
  get before(): number {
    return this.#sends.before;
  }

  /** Keeps a message until it has an outcome; undefined when too many wait. The bytes of `nick` never change. */
  add(
    asker: object,
    holder: Uid,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
  ): Unanswered | undefined {
    const { pendingEntries, pendingBytes } = this.#limits;
    const sends = this.#sends;
    if (sends.size >= pendingEntries || sends.bytes + end - start > pendingBytes) return undefined;
    const at = sends.keep(text, start, end);
    const until = now + UNKNOWN_MS;
    const send = new Unanswered(asker, this.#self, ++this.#counter, holder, nick, at, end - start, seq, id, until);
    sends.add(send);
    return send;
  }

  /** A send is answered by whoever asked, who knows the outcome already. */
  take(number: number): Unanswered | undefined {
    const send = this.#sends.take(number);
    if (this.isEmpty) this.againAt = NEVER;
    return send;
  }

  /** A send has its outcome. */
  settle(number: number, outcome: SendOutcome, epoch: EpochOrNone, seq: number): void {
    const send = this.take(number);
    if (send === undefined) return;
    const slot = outcome === SENT || outcome === SENT_BEFORE ? seq : send.seq;
    const since = send.deadline - UNKNOWN_MS;
    this.#out.settled(send.asker, outcomeFor(send, outcome), epoch, slot, send.id, since);
  }

  /** The home answers a send, or a question for a number of the epoch `current`. */
  answered(verb: 'SETTLED' | 'RESERVED', home: ServerId, frame: Frame, current: Segment | undefined): void {
    if (verb === 'SETTLED') {
      const outcome = numberAt(frame, 2) as SendOutcome;
      return this.settle(numberAt(frame, 1), outcome, epochAt(frame, 3) ?? '', numberAt(frame, 4));
    }
    const [holder, seq, ms] = [frame.arg(2) as Uid, numberAt(frame, 3), numberAt(frame, 4)];
    if (current === undefined || epochAt(frame, 1) !== current.epoch) return;
    if (seq > 0) current.reach(seq);
    const none: ReserveOutcome = ms > 0 ? { kind: 'refused', retryMs: ms } : { kind: 'unavailable' };
    const wanted = this.answerReserve(holder, seq > 0 ? { kind: 'reserved', seq, ttlMs: ms } : none);
    // Nobody waits for it any more: the number is given back.
    if (!wanted && seq > 0) this.say(home, 'RELEASE', current.epoch, holder);
  }

  /** This server is the home: all that waits is decided, in order. */
  decideAll(leading: Decider | undefined, now: number): void {
    if (leading === undefined) return;
    for (const send of this.#sends.all()) {
      const { texts } = this.#sends;
      const start = send.textAt - texts.base;
      const outcome = leading.decide(send, texts.buffer, start, start + send.textLength, now);
      if (outcome !== WAITING) this.settle(send.number, outcome, leading.home.sentEpoch, leading.home.sentSeq);
    }
    for (const holder of [...this.#reserving.keys()]) this.answerReserve(holder, leading.home.reserve(holder, now));
  }

  /** Gives one send to the home of `epoch`, behind the send numbered `before`. */
  forward(epoch: Epoch, send: Unanswered, before: number, now: number): void {
    const { number, holder, nick, seq, id } = send;
    const { texts } = this.#sends;
    const start = send.textAt - texts.base;
    const frames = this.#frames;
    frames.clear();
    frames.beginAs(this.#forward).word(epoch).arg(number).arg(before).word(holder);
    frames
      .raw(nick, 0, nick.length)
      .arg(seq)
      .arg(id)
      .raw(texts.buffer, start, start + send.textLength)
      .end();
    this.#out.to(homeOf(epoch), frames.bytes, 0, frames.length, 1);
    if (this.againAt === NEVER) this.againAt = now + AGAIN_MS;
  }

  /** Gives everything that waits to the home of `epoch`, in order. */
  resend(epoch: Epoch, now: number): void {
    let before = 0;
    this.againAt = NEVER;
    for (const send of this.#sends.all()) {
      this.forward(epoch, send, before, now);
      before = send.number;
    }
    for (const holder of this.#reserving.keys()) this.askReserve(epoch, holder, now);
  }

  /** Keeps a question for a number until it is answered. */
  reserve(holder: Uid, now: number): void {
    this.#reserving.set(holder, now + UNKNOWN_MS);
    this.#askers.add(holder);
  }

  askReserve(epoch: Epoch, holder: Uid, now: number): void {
    this.say(homeOf(epoch), 'RESERVE', epoch, holder);
    if (this.againAt === NEVER) this.againAt = now + AGAIN_MS;
  }

  /** A question for a number is answered, if it still stands. */
  answerReserve(holder: Uid, outcome: ReserveOutcome): boolean {
    if (!this.#reserving.delete(holder)) return false;
    if (this.isEmpty) this.againAt = NEVER;
    this.#out.reserved(holder, outcome);
    return true;
  }

  /** The holder is gone; whether it ever asked for a number. */
  forget(holder: Uid): boolean {
    this.#reserving.delete(holder);
    return this.#askers.delete(holder);
  }

  /** Gives up what has waited too long. */
  tick(epoch: EpochOrNone, now: number): void {
    for (let late = this.#sends.takeLate(now); late !== undefined; late = this.#sends.takeLate(now)) {
      this.#out.settled(late.asker, UNAVAILABLE, epoch, late.seq, late.id, late.deadline - UNKNOWN_MS);
    }
    for (const [holder, until] of this.#reserving) {
      if (until <= now) this.answerReserve(holder, { kind: 'unavailable' });
    }
    if (this.isEmpty) this.againAt = NEVER;
  }

  /** The room has ended: everybody who waits is told so. */
  close(): void {
    for (const { number, asker, seq, id, deadline } of this.#sends.all()) {
      this.take(number);
      this.#out.settled(asker, UNAVAILABLE, '', seq, id, deadline - UNKNOWN_MS);
    }
    for (const holder of [...this.#reserving.keys()]) this.answerReserve(holder, { kind: 'unavailable' });
  }

  say(server: ServerId, verb: string, ...args: (string | number)[]): void {
    const frames = this.#frames;
    frames.clear();
    frames.begin(verb).arg(this.#room);
    for (const value of args) frames.arg(value);
    this.#out.to(server, frames.end().bytes, 0, frames.length, 1);
  }
}

/** A message without an id of its own was never sent before, as far as its sender knows. */
export function outcomeFor(send: { readonly id: string }, outcome: SendOutcome): SendOutcome {
  return send.id === '' && outcome === SENT_BEFORE ? SENT : outcome;
}
