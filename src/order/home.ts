// A room's home: gives out the numbers of one epoch, decides each of them once, and publishes what its log committed,
// in the order of decision. A slot is
//
//   free ── reserve ──> reserved ── send ──┐
//     └──── send ──────────────────────────┴─> appended ──> committed = published
//                         reserved ── ended ──> skipped (appended as an empty slot, and so on)
//
// What a log refuses is not published, and its number is given to nobody else: it becomes an empty slot as soon as
// the log takes one. With a log that answers at once a send is decided before it returns, and committed and published
// too, or with others of its batch of input where there is a stage; it allocates nothing. Whoever asks for anything else
// finds all published. This file knows no users, sockets or clocks; whoever publishes must not call back into it.

import { assert } from '../base/assert.ts';
import type { Epoch, RoomKey, Ticket, Uid } from '../base/ids.ts';
import {
  EXPIRED,
  type FindOutcome,
  ID_REUSED,
  type ReserveOutcome,
  SENT,
  SENT_BEFORE,
  type SendOutcome,
  UNAVAILABLE,
  WAITING,
} from '../base/outcome.ts';
import { Run } from '../base/run.ts';
import { encoded, SlotEncoder } from './encode.ts';
import { type EarlierIds, type HomeLimits, type HomeOptions, type HomeOut, type Known, NEW } from './home-ports.ts';
import { fingerprint, MessageIds } from './ids.ts';
import { type EntryKind, LATE, MESSAGE, REFUSED, type RoomLog, SKIP, type Slot } from './log.ts';
import { Numbers } from './numbers.ts';
import { type Entry, Pending, type Waiter } from './pending.ts';
import { CatchUpReader, emptySlot, HistoryReader } from './readers.ts';
import type { Reference } from './references.ts';
import { type Penalties, type Reservation, Reservations } from './reservations.ts';
import { Retries } from './retries.ts';
import { Stage } from './stage.ts';
import { Tickets } from './tickets.ts';

/** After this long somebody who waits for a commit hears that its outcome is unknown. */
const COMMIT_MS = 20_000;
/** When to ask again for a slot that waits for its commit. */
const ASK_AGAIN_MS = 100;
/** What is being published: one home does so at a time. */
const committed = new Run(new Uint8Array(0));

export class Home {
  readonly key: RoomKey;
  readonly name: string;
  readonly epoch: Epoch;
  /** The seq, and its epoch, of the last SENT or SENT_BEFORE that send() answered. */
  sentSeq = 0;
  sentEpoch: Epoch;
  readonly #log: RoomLog;
  readonly #limits: HomeLimits;
  readonly #out: HomeOut;
  readonly #stage: Stage | undefined;
  readonly #tickets: Tickets;
  readonly #encoder: SlotEncoder;
  readonly #ids: MessageIds;
  readonly #keeps: boolean;
  readonly #earlier: EarlierIds | undefined;
  readonly #penalties: Penalties;
  readonly #reservations = new Reservations();
  readonly #pending = new Pending<object>();
  readonly #numbers: Numbers;
  /** Slots to be left empty as soon as the log takes them. While there is one, nothing new is decided. */
  readonly #retries = new Retries();
  /** The highest position that the log was given and did not refuse. */
  #appended = 0;
  /** The highest position that was published. */
  #published = 0;
  #due = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: HomeOptions) {
    const { room, epoch, log, out, tickets, penalties, first, limits } = options;
    assert(log.epoch === epoch && log.committed === 0, 'a home begins with an empty log of its own epoch');
    this.key = room.key;
    this.name = room.name;
    this.epoch = epoch;
    this.sentEpoch = epoch;
    this.#log = log;
    this.#limits = limits;
    this.#out = out;
    this.#stage = options.stage && new Stage(options.stage, log);
    this.#tickets = new Tickets(tickets);
    this.#penalties = penalties;
    this.#encoder = new SlotEncoder(room.name, epoch);
    this.#keeps = options.kept !== undefined;
    this.#ids = options.kept?.ids ?? new MessageIds(options.idBudget, limits);
    this.#numbers = options.kept?.numbers ?? new Numbers(first);
    this.#earlier = options.earlier;
  }

  /** The lowest slot that is not decided. */
  get next(): number {
    return this.#numbers.next;
  }

  /** 1 + the highest seq that is kept no longer, when all is published. */
  get floor(): number {
    this.publishStaged();
    return this.#log.floor;
  }

  /** Whether nothing is taken: it is closed, or its log still owes it a slot that it refused to decide. */
  get isBlocked(): boolean {
    return this.#closed || this.#retries.size !== 0;
  }

  /** When tick() is wanted, in Unix milliseconds; Infinity when nothing is due. */
  get nextDeadline(): number {
    return Math.min(this.#reservations.deadline, this.#retries.at, this.#pending.deadline, this.#ids.deadline);
  }

  /**
   * Numbers and decides a message. `nick` and text[start, end) are canonical bytes; `seq` 0: the room numbers it;
   * `id` '' for none; `reference` is what a repetition is known by, where there is no id. WAITING: HomeOut.settled
   * follows, with the same asker and id.
   */
  send(
    asker: object,
    holder: Uid,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
    reference?: Reference,
  ): SendOutcome {
    let print = 0;
    if (id.length > 0) {
      print = fingerprint(text, start, end);
      const known = this.#lookUp(asker, seq, id, print, now);
      if (known !== NEW) return known;
    } else if (reference !== undefined && this.#knows(reference)) return SENT_BEFORE;
    if (seq !== 0 && !this.#holds(holder, seq, now)) return EXPIRED;
    if (this.isBlocked) return UNAVAILABLE;
    const slot = seq === 0 ? this.#numbers.last + 1 : seq;
    if (seq === 0 && this.#stages(slot, nick, text, start, end, id, now)) {
      return this.#sent(slot, id, print, now, reference);
    }
    this.publishStaged();
    const length = this.#encoder.message(slot, nick, now, text, start, end, id);
    if (this.#pending.size !== 0 && this.#isFull(length)) return UNAVAILABLE;
    const ticket = this.#tickets.next;
    const answer = this.#log.append(this.#appended, MESSAGE, slot, encoded.bytes, 0, length, ticket);
    // Nobody saw the number and none follows it; a reservation lives on.
    if (answer === REFUSED) return UNAVAILABLE;
    this.#appended++;
    if (seq === 0) this.#numbers.last = slot;
    else this.#fill(seq);
    if (answer === LATE || this.#pending.size !== 0) {
      const entry = this.#defer(answer, MESSAGE, slot, length, id, print, ticket, reference);
      this.#wait(entry, asker, seq, id, now);
      return WAITING;
    }
    this.#decide(answer, slot);
    this.#out.publish(this, MESSAGE, slot, encoded.bytes, 0, length);
    return this.#sent(slot, id, print, now, reference);
  }

  /** Logs and publishes what is staged. */
  publishStaged(): void {
    const run = this.#stage?.take();
    if (run === undefined) return;
    if (run.count > 0) this.#appended = this.#log.appendRun?.(this.#appended, run) ?? REFUSED;
    this.#published = this.#appended;
    this.#stage?.publish(run);
  }

  /** What is known of a message that was sent before, as send() would answer; NEW: nothing. */
  repeated(
    asker: object,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
    reference: Reference,
  ): Known {
    if (id !== '') return this.#lookUp(asker, seq, id, fingerprint(text, start, end), now);
    return this.#knows(reference) ? SENT_BEFORE : NEW;
  }

  reserve(holder: Uid, now: number): ReserveOutcome {
    this.#endReservations(now);
    const live = this.#reservations.of(holder);
    if (live !== undefined) return { kind: 'reserved', seq: live.seq, ttlMs: live.deadline - now };
    if (this.isBlocked) return { kind: 'unavailable' };
    const waitMs = this.#penalties.waitMs(holder, now);
    if (waitMs > 0) return { kind: 'refused', retryMs: waitMs };
    const { reservations, ttlMs } = this.#limits;
    if (this.#reservations.size >= reservations) {
      return { kind: 'refused', retryMs: this.#reservations.deadline - now };
    }
    const seq = ++this.#numbers.last;
    this.#numbers.hold(seq);
    this.#reservations.add({ seq, holder, deadline: now + ttlMs });
    this.#announceDue();
    return { kind: 'reserved', seq, ttlMs };
  }

  /** The holder left or was lost: its reservation is skipped at once. */
  release(holder: Uid, now: number): void {
    const reservation = this.#reservations.of(holder);
    if (reservation === undefined) return;
    this.#reservations.remove(reservation);
    this.#leaveEmpty(reservation, now);
    this.#announceDue();
  }

  /** Everybody of whom `isLost` says so has left: their reservations are skipped at once. */
  releaseAll(isLost: (holder: Uid) => boolean, now: number): void {
    for (const holder of this.#reservations.holders()) if (isLost(holder)) this.release(holder, now);
  }

  find(epoch: Epoch, seq: number, now: number): FindOutcome {
    if (epoch !== this.epoch) return { kind: 'gone', floor: this.floor };
    if (seq > this.#numbers.last || seq < 1) return { kind: 'never' };
    const slot = emptySlot();
    if (this.read(seq, slot)) return { kind: 'slot', bytes: slot.bytes, start: slot.start, end: slot.end };
    const reservation = this.#reservations.at(seq);
    if (reservation !== undefined) return { kind: 'pending', ms: Math.max(0, reservation.deadline - now) };
    if (this.#numbers.isUndecided(seq)) return { kind: 'pending', ms: ASK_AGAIN_MS };
    return { kind: 'gone', floor: this.floor };
  }

  /** Fills `slot` with the published slot `seq`; false when it is undecided or kept no longer. */
  read(seq: number, slot: Slot): boolean {
    this.publishStaged();
    // A log may have committed what it has not told yet: that is not published, so nobody reads it.
    return !this.#closed && this.#log.read(seq, slot) && slot.position <= this.#published;
  }

  /**
   * A reader of at most `count` slots from `from` on (0: the first kept), ending before an undecided slot; undefined
   * when `epoch` or `from` is kept no longer.
   */
  history(epoch: Epoch, from: number, count: number): HistoryReader | undefined {
    if (epoch !== this.epoch || (from !== 0 && from < this.floor)) return undefined;
    return new HistoryReader(this, from === 0 ? this.floor : from, count, this.#published);
  }

  /**
   * A reader of everything published until now above `last`, for somebody who gets all that follows live; undefined
   * when `epoch` is unknown or the slots behind `last` are kept no longer.
   */
  resume(epoch: Epoch, last: number): CatchUpReader | undefined {
    if (epoch !== this.epoch || last + 1 < this.floor) return undefined;
    return new CatchUpReader(this, last + 1, this.#numbers.last + 1, this.#published);
  }

  /** Like resume, for what is decided above `next` already; undefined when that is nothing. */
  ahead(): CatchUpReader | undefined {
    this.publishStaged();
    const { next, last, ahead } = this.#numbers;
    return ahead === 0 ? undefined : new CatchUpReader(this, next, last + 1, this.#published);
  }

  /** Does what is due at `now`: ends reservations, answers those who waited too long, tries a refused slot again. */
  tick(now: number): void {
    this.#endReservations(now);
    for (let waiter = this.#pending.takeWaiter(now); waiter !== undefined; waiter = this.#pending.takeWaiter(now)) {
      this.#settle(waiter, UNAVAILABLE, waiter.asked);
    }
    if (this.#retries.at <= now) this.#retries.run(now, (seq) => this.#skip(seq));
    this.#ids.tick(now);
    this.#announceDue();
  }

  /** The log's late answer to an append: its position, or REFUSED. What was answered before is ignored. */
  done(ticket: Ticket, result: number, now: number): void {
    const entry = this.#pending.byTicket(ticket);
    if (entry === undefined || entry.committed || this.#closed) return;
    if (result === REFUSED) this.#fail(entry, now);
    else {
      assert(result === entry.position, 'a log that committed an entry at another place');
      entry.committed = true;
      this.#publishCommitted(now);
    }
    this.#announceDue();
  }

  /** The log has committed every entry up to `position`, as done() says of one. */
  committedTo(position: number, now: number): void {
    if (this.#closed) return;
    this.#publishCommitted(now, position);
    this.#announceDue();
  }

  /** The room ends. Whoever waits is told so, and all memory is given back. */
  close(): void {
    if (this.#closed) return;
    this.publishStaged();
    this.#closed = true;
    for (const entry of this.#pending.takeFrom(1)) this.#settleAll(entry, UNAVAILABLE, 0);
    this.#log.close();
    if (!this.#keeps) this.#ids.close();
    this.#announceDue();
  }

  /** What is known of a message's id; somebody who asks again waits with the first one. */
  #lookUp(asker: object, seq: number, id: string, print: number, now: number): Known {
    if (this.#ids.find(id)) {
      if (this.#ids.print !== print) return ID_REUSED;
      this.sentSeq = this.#ids.seq;
      this.sentEpoch = this.epoch;
      return SENT_BEFORE;
    }
    const earlier = this.#earlier;
    if (earlier?.find(id) === true) {
      if (earlier.print !== print) return ID_REUSED;
      this.sentSeq = earlier.seq;
      this.sentEpoch = earlier.epoch;
      return SENT_BEFORE;
    }
    const entry = this.#pending.size === 0 ? undefined : this.#pending.byId(id);
    if (entry === undefined) return NEW;
    if (entry.print !== print) return ID_REUSED;
    if (this.#pending.waiting >= this.#limits.pendingEntries * 2) return UNAVAILABLE;
    this.#wait(entry, asker, seq, id, now);
    return WAITING;
  }

  /** Whether a message without an id was decided, in this epoch or an earlier one; `sentSeq` and `sentEpoch` say where. */
  #knows({ server, number }: Reference): boolean {
    const earlier = this.#earlier;
    if (this.#ids.findReference(server, number)) {
      this.sentSeq = this.#ids.seq;
      this.sentEpoch = this.epoch;
    } else if (earlier?.findReference(server, number) === true) {
      this.sentSeq = earlier.seq;
      this.sentEpoch = earlier.epoch;
    } else return false;
    return true;
  }

  /** Decides a message that the room numbers, and leaves it to publishStaged(); false where it has to go by itself. */
  #stages(
    slot: number,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    id: string,
    now: number,
  ): boolean {
    const stage = this.#stage;
    const run = stage?.open();
    if (stage === undefined || run === undefined) return false;
    const at = this.#encoder.messageIn(run, stage.room(run), slot, nick, now, text, start, end, id);
    if (at === 0) return false;
    this.#numbers.last = slot;
    this.#numbers.decide(slot);
    stage.add(run, at, slot, this.#numbers.next);
    return true;
  }

  /** A message was decided at `slot`. */
  #sent(slot: number, id: string, print: number, now: number, reference: Reference | undefined): SendOutcome {
    this.#ids.note(id, reference, slot, print, now);
    if (id.length > 0) this.#announceDue();
    this.sentSeq = slot;
    this.sentEpoch = this.epoch;
    return SENT;
  }

  #holds(holder: Uid, seq: number, now: number): boolean {
    const reservation = this.#reservations.of(holder);
    return reservation !== undefined && reservation.seq === seq && now < reservation.deadline;
  }

  #isFull(length: number): boolean {
    const { pendingEntries, pendingBytes } = this.#limits;
    return this.#pending.size >= pendingEntries || this.#pending.bytes + length > pendingBytes;
  }

  /** The reservation of `seq` was used. */
  #fill(seq: number): void {
    const reservation = this.#reservations.at(seq) as Reservation;
    this.#reservations.remove(reservation);
    this.#penalties.used(reservation.holder);
    this.#announceDue();
  }

  /** Counts a slot as decided, at `position`. It is published next. */
  #decide(position: number, seq: number): void {
    assert(position === this.#published + 1, 'published out of order');
    this.#published = position;
    this.#numbers.decide(seq);
  }

  /** Keeps the frame that was encoded last until the log has committed it and everything before it. */
  #defer(
    answer: number,
    kind: EntryKind,
    seq: number,
    length: number,
    id: string,
    print: number,
    ticket: Ticket,
    reference?: Reference,
  ): Entry<object> {
    const committed = answer !== LATE;
    this.#tickets.used();
    this.#numbers.hold(seq);
    const entry = { position: this.#appended, kind, seq, id, print, reference, ticket, committed };
    const kept = this.#pending.push(entry, encoded.bytes, length);
    if (!committed) this.#out.waits(this, ticket);
    return kept;
  }

  #wait(entry: Entry<object>, asker: object, asked: number, id: string, now: number): void {
    this.#pending.wait(entry, { asker, asked, id, deadline: now + COMMIT_MS, answered: false, next: undefined });
    // Whoever came before is given up before.
    if (this.#pending.waiting === 1) this.#announceDue();
  }

  /** Publishes what stands in front and is committed, all up to position `upTo` among it, and answers who waits. */
  #publishCommitted(now: number, upTo = 0): void {
    this.#retries.reset();
    for (;;) {
      const taken = this.#pending.takeRun(upTo, committed);
      if (taken.length === 0) return;
      for (const [i, { position, seq, id, print, reference }] of taken.entries()) {
        this.#decide(position, seq);
        committed.lows[i] = this.next;
        this.#ids.note(id, reference, seq, print, now);
      }
      committed.low = this.next;
      this.#out.publishCommitted(this, committed);
      for (const entry of taken) this.#settleAll(entry, SENT, entry.seq);
    }
  }

  /** The log refused an entry: it fails, and so does all behind it, which follows a position that will not be. */
  #fail(refused: Entry<object>, now: number): void {
    const failed = this.#pending.takeFrom(refused.position);
    this.#appended = refused.position - 1;
    for (const entry of failed) this.#retries.add(entry.seq, now);
    for (const entry of failed) this.#settleAll(entry, UNAVAILABLE, 0);
  }

  /** Answers all who wait for an entry: the first with `outcome`, those who repeated it with what fits. */
  #settleAll(entry: Entry<object>, outcome: SendOutcome, seq: number): void {
    let mine = outcome;
    for (let waiter = entry.waiter; waiter !== undefined; waiter = waiter.next) {
      if (!waiter.answered) this.#settle(waiter, mine, outcome === UNAVAILABLE ? waiter.asked : seq);
      if (outcome === SENT) mine = SENT_BEFORE;
    }
  }

  #settle(waiter: Waiter<object>, outcome: SendOutcome, seq: number): void {
    waiter.answered = true;
    this.#out.settled(this, waiter.asker, outcome, seq, waiter.id);
  }

  #endReservations(now: number): void {
    const held = this.#reservations;
    for (let one = held.takeEnded(now); one !== undefined; one = held.takeEnded(now)) this.#leaveEmpty(one, now);
  }

  /** A reservation that was not used: its slot is skipped. */
  #leaveEmpty(reservation: Reservation, now: number): void {
    this.#penalties.missed(reservation.holder, now);
    if (this.#closed) return;
    // Behind those that wait already, so that the log is not asked more often than the retry says.
    if (this.#retries.size !== 0 || !this.#skip(reservation.seq)) this.#retries.add(reservation.seq, now);
  }

  /** Decides that a slot stays empty; false when the log refuses. */
  #skip(seq: number): boolean {
    this.publishStaged();
    const length = this.#encoder.skip(seq);
    const ticket = this.#tickets.next;
    const answer = this.#log.append(this.#appended, SKIP, seq, encoded.bytes, 0, length, ticket);
    if (answer === REFUSED) return false;
    this.#appended++;
    if (answer === LATE || this.#pending.size !== 0) {
      this.#defer(answer, SKIP, seq, length, '', 0, ticket);
    } else {
      this.#retries.reset();
      this.#decide(answer, seq);
      this.#out.publish(this, SKIP, seq, encoded.bytes, 0, length);
    }
    return true;
  }

  #announceDue(): void {
    const at = this.#closed ? Number.POSITIVE_INFINITY : this.nextDeadline;
    if (at === this.#due) return;
    this.#due = at;
    this.#out.due(this, at);
  }
}
