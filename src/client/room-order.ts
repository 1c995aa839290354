// The order of one room for one reader: frames come in as they arrive, slots go out in order.
//
//   put ──► epoch 1: next … held … (ended) ──► epoch 2: next … held …
//           └ handed out first                  └ waits until epoch 1 is finished
//
// What it keeps true:
// - Every slot is handed out once, in order: as a message, as skipped, or as lost. Nothing is passed over in silence.
// - What is held back is bounded in number and in bytes; beyond that the oldest gap is given up, and reported.
// - A gap is asked for: one slot by FINDSEQUENCE after a short wait, as it is mostly a reservation still in use; many
//   slots, or ones that the server said it left out, by HISTORY at once. One question at a time, with back-off.
// It refuses frames of epochs before the one it reads. It reads no clock: `now` is in Unix milliseconds.

import { compareEpochs } from '../wire/names.ts';
import { type Ending, EpochSlots, type Message, type OrderEvent } from './epoch-slots.ts';

/** Where a RoomOrder's events and questions go. */
export interface RoomOrderOut {
  event(event: OrderEvent): void;
  /** Ask FINDSEQUENCE for one slot. */
  find(epoch: string, seq: number): void;
  /** Ask HISTORY for up to `count` slots. */
  history(epoch: string, from: number, count: number): void;
}

export interface RoomOrderLimits {
  /** Slots held back at most. */
  readonly heldSlots: number;
  /** Bytes held back at most, by estimate. */
  readonly heldBytes: number;
  /** How long a gap may stay before it is asked for; the first step of the back-off too. */
  readonly gapMs: number;
  /** The longest wait between two questions. */
  readonly gapMaxMs: number;
  /** How long to wait for an answer before asking again. */
  readonly answerMs: number;
}

export const ROOM_ORDER_LIMITS: RoomOrderLimits = {
  heldSlots: 4096,
  heldBytes: 4 * 1024 * 1024,
  gapMs: 200,
  gapMaxMs: 5_000,
  answerMs: 5_000,
};

/** The last slot that a reader has had, and what it needs to go on from there. */
export interface Position {
  readonly epoch: string;
  readonly last: number;
}

/** A slot that find() or history() began at. An answer names it, so that it is never taken for another question's. */
export interface Asked {
  readonly epoch: string;
  readonly from: number;
}

interface Question extends Asked {
  readonly kind: 'find' | 'history';
  readonly until: number;
  /** The server left slots out since this was asked, perhaps some of the answer. */
  lagged: boolean;
}

/** A gap longer than this is filled by HISTORY. */
const MANY_SLOTS = 8;
/** The most slots that a server gives out for one HISTORY. */
const HISTORY_COUNT = 256;
/** A gap that so many answers did not fill is given up. */
const FRUITLESS_ANSWERS = 8;
const NEVER = Number.POSITIVE_INFINITY;

export class RoomOrder {
  readonly #out: RoomOrderOut;
  readonly #limits: RoomOrderLimits;
  readonly #emit: (event: OrderEvent) => void;
  /** The epoch being handed out first, then those that wait for it. Empty before the first welcome. */
  #epochs: EpochSlots[] = [];
  #online = false;
  #question: Question | undefined = undefined;
  /** When to ask about the gap that `#gapAt` begins. */
  #askAt = NEVER;
  #gapAt = 0;
  #tries = 0;
  #fruitless = 0;
  /** HISTORY stops before an undecided slot: the slot at which it last did. */
  #stoppedAt = 0;

  /** `since`: what was had already, by an earlier reader. */
  constructor(out: RoomOrderOut, limits: RoomOrderLimits = ROOM_ORDER_LIMITS, since?: Position) {
    this.#out = out;
    this.#limits = limits;
    this.#emit = (event) => out.event(event);
    if (since !== undefined) this.#epochs = [new EpochSlots(since.epoch, since.last + 1)];
  }

  /** What to give to JOINROOM so that nothing is missed; undefined before the first welcome of a reader without `since`. */
  get position(): Position | undefined {
    const first = this.#epochs[0];
    return first === undefined ? undefined : { epoch: first.epoch, last: first.next - 1 };
  }

  /** Slots held back now. */
  get held(): number {
    return this.#epochs.reduce((sum, slots) => sum + slots.held, 0);
  }

  /** When tick() wants to be called; Infinity for never. */
  get deadline(): number {
    if (!this.#online) return NEVER;
    return this.#question === undefined ? this.#askAt : this.#question.until;
  }

  /** RPL_WELCOME of the room. `recovered` says whether everything behind the position that was given follows. */
  welcome(epoch: string, next: number, floor: number, recovered: boolean, now: number): void {
    this.#online = true;
    this.#forgetGap();
    const first = this.#epochs[0];
    if (first === undefined) this.#epochs = [new EpochSlots(epoch, next)];
    else if (recovered) this.#rewind(first);
    else this.#startAfresh(epoch, next, floor);
    this.#settle(now);
  }

  /** The connection is gone. What is held is kept for the next one. */
  disconnected(): void {
    this.#online = false;
    this.#forgetGap();
  }

  /** CMSG, or with no message SKIPSEQUENCE. */
  slot(epoch: string, seq: number, message: Message | undefined, now: number): void {
    // What most slots are: the next one of the epoch being read, with nothing behind it.
    if (this.#isOnly(epoch, seq) && (this.#epochs[0] as EpochSlots).pass(seq, message, this.#emit)) return;
    const slots = this.#at(epoch) ?? this.#missedEpoch(epoch, seq);
    if (slots === undefined || !slots.put(seq, message)) return;
    this.#settle(now);
  }

  /** EPOCH: what was held back is released, and reading goes on at `ending.next`. */
  epoch(ending: Ending, now: number): void {
    const last = this.#epochs.at(-1);
    if (last === undefined || !this.#online || compareEpochs(ending.epoch, last.epoch) <= 0) return;
    last.ending = ending;
    this.#epochs.push(new EpochSlots(ending.epoch, Math.max(ending.next, last.next)));
    this.#settle(now);
  }

  /** RPL_LAGGED: the server left these slots out. */
  lagged(epoch: string, from: number, to: number, now: number): void {
    const slots = this.#at(epoch) ?? this.#missedEpoch(epoch, from);
    if (slots === undefined) return;
    slots.missedBelow = Math.max(slots.missedBelow, to + 1);
    if (this.#question !== undefined) this.#question.lagged = true;
    this.#settle(now);
  }

  /** RPL_PENDING: the slot is still reserved, for `ms`. */
  pending(asked: Asked, ms: number, now: number): void {
    if (this.#slotsOf(asked) === undefined) return;
    this.#question = undefined;
    this.#askAt = now + Math.min(Math.max(ms, this.#limits.gapMs), this.#limits.gapMaxMs);
  }

  /** ERR_SEQUENCEGONE: everything below `floor` is kept no longer. */
  gone(asked: Asked, floor: number, now: number): void {
    const slots = this.#slotsOf(asked);
    if (slots === undefined) return;
    this.#question = undefined;
    const end = slots.gapEnd();
    // A floor that explains nothing means that the epoch itself is forgotten.
    slots.giveUp(floor > slots.next ? Math.min(floor, end) : Math.max(end, slots.missedBelow), this.#emit);
    this.#settle(now);
  }

  /** ERR_NOSUCHSEQUENCE (`never`), or a refusal that says nothing about the slot. */
  refused(asked: Asked, never: boolean, now: number): void {
    const slots = this.#slotsOf(asked);
    if (slots === undefined) return;
    this.#question = undefined;
    // Nothing is decided any more in an epoch that has ended: what is not there by now never will be.
    if (never && slots.ending !== undefined) slots.put(asked.from, undefined);
    else if (never) this.#fruitless++;
    this.#retry(now);
    this.#settle(now);
  }

  /** RPL_ENDOFHISTORY: what there is below (epoch, next) was sent. */
  endOfHistory(asked: Asked, epoch: string, next: number, now: number): void {
    const slots = this.#slotsOf(asked);
    if (slots === undefined) return;
    const lagged = this.#question?.lagged === true;
    this.#question = undefined;
    if (compareEpochs(epoch, slots.epoch) > 0 && !lagged) slots.missedBelow = 0;
    if (slots.next === asked.from) {
      this.#fruitless++;
      this.#retry(now);
    }
    if (slots.next === asked.from || slots.next === next) this.#stoppedAt = slots.next;
    this.#settle(now);
  }

  /** Asks what is due. */
  tick(now: number): void {
    if (now < this.deadline) return;
    if (this.#question !== undefined) {
      this.#question = undefined;
      this.#retry(now);
    }
    this.#settle(now);
  }

  /** Whether `epoch` is all that is read, and nothing up to `seq` is known to be missing. */
  #isOnly(epoch: string, seq: number): boolean {
    const first = this.#epochs[0];
    if (first?.epoch !== epoch || this.#epochs.length > 1) return false;
    return this.#online && this.#gapAt === 0 && first.missedBelow <= seq;
  }

  #at(epoch: string): EpochSlots | undefined {
    return this.#online ? this.#epochs.find((slots) => slots.epoch === epoch) : undefined;
  }

  /** The epoch that the open question is about, when it is `asked`. */
  #slotsOf(asked: Asked): EpochSlots | undefined {
    const question = this.#question;
    if (question === undefined || question.epoch !== asked.epoch || question.from !== asked.from) return undefined;
    return this.#at(asked.epoch);
  }

  /** A later epoch shows without its EPOCH: the one before ended somewhere unseen. Undefined for an earlier epoch. */
  #missedEpoch(epoch: string, seq: number): EpochSlots | undefined {
    const last = this.#epochs.at(-1);
    if (last === undefined || !this.#online || compareEpochs(epoch, last.epoch) <= 0) return undefined;
    last.ending = { epoch, next: seq, oldEpoch: last.epoch, oldLast: last.next - 1, branches: [], seen: false };
    const slots = new EpochSlots(epoch, seq);
    this.#epochs.push(slots);
    return slots;
  }

  /** Everything behind the position comes again, endings too; what is held of its epoch is good all the same. */
  #rewind(first: EpochSlots): void {
    first.ending = undefined;
    first.missedBelow = 0;
    this.#epochs = [first];
  }

  /** The server cannot continue from the position: hand out what is here, report what is not, start at its word. */
  #startAfresh(epoch: string, next: number, floor: number): void {
    const last = this.#epochs.at(-1) as EpochSlots;
    while (this.#epochs.length > 1) this.#finish(this.#epochs.shift() as EpochSlots);
    if (last.epoch === epoch) {
      // What is still kept, from the floor on, can be fetched.
      last.giveUp(Math.max(floor, last.next), this.#emit);
      last.missedBelow = Math.max(next, last.next);
      return;
    }
    last.finish(0, this.#emit);
    this.#emit({ kind: 'lost', epoch: last.epoch, from: last.next, to: undefined, resumeAt: { epoch, next } });
    this.#epochs = [new EpochSlots(epoch, next)];
  }

  /** Hands out whatever can be, then sees to the first gap. */
  #settle(now: number): void {
    if (!this.#online) return;
    this.#advance();
    while (this.#overfull() || this.#fruitless >= FRUITLESS_ANSWERS) {
      const slots = this.#epochs[0] as EpochSlots;
      this.#forgetGap();
      slots.giveUp(slots.gapEnd(), this.#emit);
      this.#advance();
    }
    this.#ask(now);
  }

  #advance(): void {
    for (;;) {
      const slots = this.#epochs[0];
      if (slots === undefined) return;
      slots.drain(this.#emit);
      if (slots.ending === undefined || slots.missedBelow > slots.next) return;
      this.#finish(slots);
      this.#epochs.shift();
    }
  }

  #finish(slots: EpochSlots): void {
    const ending = slots.ending as Ending;
    const { epoch, next, oldEpoch, oldLast, branches } = ending;
    if (slots.missedBelow > slots.next) slots.giveUp(slots.missedBelow, this.#emit);
    slots.finish(oldEpoch === slots.epoch ? oldLast : 0, this.#emit);
    if (ending.seen) this.#emit({ kind: 'epoch', epoch, next, oldEpoch, oldLast, branches });
    else this.#emit({ kind: 'lost', epoch: slots.epoch, from: slots.next, to: undefined, resumeAt: { epoch, next } });
  }

  #overfull(): boolean {
    const first = this.#epochs[0];
    if (first === undefined || !first.gap) return false;
    const bytes = this.#epochs.reduce((sum, slots) => sum + slots.heldBytes, 0);
    return this.held > this.#limits.heldSlots || bytes > this.#limits.heldBytes;
  }

  #ask(now: number): void {
    const slots = this.#epochs[0] as EpochSlots;
    if (!slots.gap) return this.#forgetGap();
    if (this.#gapAt !== slots.next) this.#openGap(slots, now);
    if (this.#question !== undefined || now < this.#askAt) return;
    const size = slots.gapEnd() - slots.next;
    const many = size > MANY_SLOTS || slots.missedBelow > slots.next;
    const kind = many && this.#stoppedAt !== slots.next ? 'history' : 'find';
    this.#question = { kind, epoch: slots.epoch, from: slots.next, until: now + this.#limits.answerMs, lagged: false };
    if (kind === 'find') this.#out.find(slots.epoch, slots.next);
    else this.#out.history(slots.epoch, slots.next, Math.min(size, HISTORY_COUNT));
  }

  /** The gap begins elsewhere than before: a question about one slot is answered, one about many may not be. */
  #openGap(slots: EpochSlots, now: number): void {
    if (this.#question?.kind === 'find' || this.#question?.epoch !== slots.epoch) this.#question = undefined;
    this.#gapAt = slots.next;
    this.#tries = 0;
    this.#fruitless = 0;
    this.#askAt = slots.missedBelow > slots.next ? now : now + this.#limits.gapMs;
  }

  #retry(now: number): void {
    this.#askAt = now + Math.min(this.#limits.gapMs * 2 ** this.#tries, this.#limits.gapMaxMs);
    this.#tries++;
  }

  #forgetGap(): void {
    this.#question = undefined;
    this.#askAt = NEVER;
    this.#gapAt = 0;
    this.#tries = 0;
    this.#fruitless = 0;
    this.#stoppedAt = 0;
  }
}
