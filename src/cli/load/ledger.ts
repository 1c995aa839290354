// The books of a run: every message from its sending to the last of its receivers, and for every room what stands in
// which slot, as its members have it. Members must agree on every slot; each hands on its slots one after the other
// or says which it lost; no message stands in two slots; what one sender sent without reserving a number stands in the
// order of its sending; and what was acknowledged stands where the acknowledgement said, with everybody.
//
// What all members of a room have passed is final: it is added up and forgotten. So memory is what is on its way, and
// what went wrong. It knows no sockets, and of time only what it is given to keep.

import { compareEpochs } from '../../wire/names.ts';

/** In place of a message: nobody said yet what is there, it was skipped, or it is somebody else's. */
const UNKNOWN = 0;
const SKIPPED = -1;
const FOREIGN = -2;

const FEWEST_SLOTS = 256;
/** Of messages that failed and that nobody has seen, so many are remembered. */
const MOST_FAILED = 100_000;

interface EpochLog {
  readonly epoch: string;
  /** What stands in slots from `base` on: a message + 1, or one of the above. */
  slots: Int32Array;
  base: number;
  last: number;
}

interface RoomBook {
  readonly members: MemberBook[];
  readonly epochs: Map<string, EpochLog>;
  /** Of each sender the last message that is final. */
  readonly latest: Map<number, number>;
}

/** How far one member has read. */
export class MemberBook {
  readonly room: number;
  log: EpochLog | undefined;
  last = 0;

  constructor(room: number) {
    this.room = room;
  }
}

/** A message that is not final. */
export interface Message {
  readonly number: number;
  readonly room: number;
  readonly sender: number;
  /** Which connection of its sender it was sent on. */
  readonly session: number;
  /** It has a number that was reserved: its place says nothing about when it was sent. */
  readonly reserved: boolean;
  /** When it was to be sent. */
  readonly due: number;
}

interface Entry extends Message {
  state: 'sent' | 'acknowledged' | 'failed';
  /** Where it stands; undefined for not seen. */
  log: EpochLog | undefined;
  slot: number;
  /** Where the acknowledgement said. */
  saidLog: EpochLog | undefined;
  saidSlot: number;
  delivered: number;
  /** All members have passed it. */
  passed: boolean;
}

export interface Account {
  readonly sent: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly unanswered: number;
  /** Acknowledged; or without ids, seen by anybody or sent on a connection that held. */
  readonly accepted: number;
  /** Deliveries of accepted messages that there are, and that there should be. */
  readonly delivered: number;
  readonly expected: number;
  /** Deliveries of messages that were not accepted as far as their senders know. */
  readonly unexpected: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Messages of others in our rooms. */
  readonly foreign: number;
  /** How often a room went on in another epoch. */
  readonly epochs: number;
}

export class Ledger {
  readonly #ids: boolean;
  readonly #rooms: readonly RoomBook[];
  readonly #entries = new Map<number, Entry>();
  /** Those that failed before anybody had seen them, the oldest first; those in front of `#oldestFailure` are forgotten. */
  #failures: number[] = [];
  #oldestFailure = 0;
  /** Of what has a lower number and is not known it cannot be said whether it was there before. */
  #forgotten = 0;
  sent = 0;
  acknowledged = 0;
  failed = 0;
  deliveries = 0;
  /** Deliveries that acknowledgements promise. */
  promised = 0;
  #accepted = 0;
  #delivered = 0;
  #expected = 0;
  #unexpected = 0;
  #doubled = 0;
  #outOfOrder = 0;
  #foreign = 0;

  constructor(rooms: number, ids: boolean) {
    this.#ids = ids;
    this.#rooms = Array.from({ length: rooms }, () => ({ members: [], epochs: new Map(), latest: new Map() }));
  }

  /** Sent and neither acknowledged nor failed. */
  get unanswered(): number {
    return this.sent - this.acknowledged - this.failed;
  }

  get doubled(): number {
    return this.#doubled;
  }

  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  /** How many messages are not final. */
  get open(): number {
    return this.#entries.size;
  }

  /** How often rooms went on in another epoch. */
  get epochs(): number {
    return this.#rooms.reduce((sum, { epochs }) => sum + Math.max(epochs.size - 1, 0), 0);
  }

  /** All members join before the first message is sent. */
  join(room: number): MemberBook {
    const member = new MemberBook(room);
    this.#room(room).members.push(member);
    return member;
  }

  /** Messages are numbered from 0 on, in the order of their sending. */
  send(message: Message): void {
    this.#entries.set(message.number, {
      ...message,
      state: 'sent',
      log: undefined,
      slot: 0,
      saidLog: undefined,
      saidSlot: 0,
      delivered: 0,
      passed: false,
    });
    this.sent++;
  }

  acknowledge(number: number, epoch: string, slot: number): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) return;
    const room = this.#room(entry.room);
    entry.state = 'acknowledged';
    entry.saidLog = logOf(room, epoch);
    entry.saidSlot = slot;
    this.acknowledged++;
    this.promised += room.members.length;
    if (entry.passed) this.#settle(entry);
  }

  /** The message was refused, or nobody knows what became of it. */
  fail(number: number): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) return;
    entry.state = 'failed';
    this.failed++;
    if (entry.passed) return this.#settle(entry);
    if (entry.log !== undefined) return;
    this.#failures.push(number);
    if (this.#failures.length - this.#oldestFailure > MOST_FAILED) this.#forget();
  }

  /** `member` was given a message, -1 for one of somebody else; returns it while it is known. */
  message(member: MemberBook, number: number, epoch: string, slot: number): Message | undefined {
    if (!this.#advance(member, epoch, slot, slot)) return undefined;
    const log = member.log as EpochLog;
    const entry = this.#entries.get(number);
    const own = entry === undefined ? number >= 0 && number < this.sent : entry.room === member.room;
    this.#put(member.room, log, slot, own ? number + 1 : FOREIGN);
    if (!own) this.#foreign++;
    else if (entry !== undefined) return this.#deliver(entry, log, slot);
    // It was final: everybody had it, or nobody will say any more.
    else if (number < this.#forgotten) this.#unexpected++;
    else this.#doubled++;
    return undefined;
  }

  skipped(member: MemberBook, epoch: string, from: number, to: number): void {
    if (!this.#advance(member, epoch, from, to)) return;
    for (let slot = from; slot <= to; slot++) this.#put(member.room, member.log as EpochLog, slot, SKIPPED);
  }

  /** `member` was told that it will not have these. */
  lost(member: MemberBook, epoch: string, from: number, to: number): void {
    this.#advance(member, epoch, from, to);
  }

  /** `member` goes on at `next` of another epoch. */
  moved(member: MemberBook, epoch: string, next: number): void {
    member.log = logOf(this.#room(member.room), epoch);
    member.last = next - 1;
  }

  /** Closes the books. `held` says of a message without an id whether its sender's connection held until now. */
  close(held: (message: Message) => boolean): Account {
    for (const room of this.#rooms) for (const log of inOrder(room)) this.#finish(room, log, log.last);
    for (const entry of this.#entries.values()) {
      if (!this.#ids && entry.state === 'sent' && entry.log === undefined && !held(entry)) entry.state = 'failed';
      this.#settle(entry);
    }
    return {
      sent: this.sent,
      acknowledged: this.acknowledged,
      failed: this.failed,
      unanswered: this.unanswered,
      accepted: this.#accepted,
      delivered: this.#delivered,
      expected: this.#expected,
      unexpected: this.#unexpected,
      doubled: this.#doubled,
      outOfOrder: this.#outOfOrder,
      foreign: this.#foreign,
      epochs: this.epochs,
    };
  }

  #room(room: number): RoomBook {
    return this.#rooms[room] as RoomBook;
  }

  #deliver(entry: Entry, log: EpochLog, slot: number): Message | undefined {
    if (entry.log === undefined) {
      entry.log = log;
      entry.slot = slot;
    } else if (entry.log !== log || entry.slot !== slot) {
      this.#doubled++;
      return undefined;
    }
    entry.delivered++;
    this.deliveries++;
    return entry;
  }

  /** Moves `member` over slots from..to; false when it had them before. */
  #advance(member: MemberBook, epoch: string, from: number, to: number): boolean {
    let log = member.log;
    if (log === undefined || log.epoch !== epoch) {
      const next = logOf(this.#room(member.room), epoch);
      // Members are told when an epoch ends: without that it is a leap.
      if (log !== undefined) this.#outOfOrder++;
      log = next;
      member.log = log;
      member.last = from - 1;
    }
    if (from <= member.last) {
      this.#doubled++;
      return false;
    }
    // Nobody said what became of those between.
    if (from > member.last + 1) this.#outOfOrder++;
    member.last = to;
    return true;
  }

  /** Members must agree on what stands in a slot. */
  #put(room: number, log: EpochLog, slot: number, value: number): void {
    if (slot < log.base || slot >= log.base + log.slots.length) this.#stretch(this.#room(room), log, slot);
    const there = log.slots[slot - log.base];
    if (there === UNKNOWN) log.slots[slot - log.base] = value;
    else if (there !== value) this.#outOfOrder++;
    log.last = Math.max(log.last, slot);
  }

  /** Makes a place for `slot`: of what all have passed, where that is half of all, else of new memory. */
  #stretch(room: RoomBook, log: EpochLog, slot: number): void {
    for (const each of inOrder(room)) {
      const passed = passedBy(room.members, each);
      this.#finish(room, each, Math.min(passed, each.last));
      if (passed < each.last) break;
    }
    const empty = log.last < log.base;
    const base = empty ? slot : Math.min(log.base, slot);
    const end = empty ? slot + 1 : Math.max(log.last, slot) + 1;
    const size = Math.max(FEWEST_SLOTS, log.slots.length);
    const slots = new Int32Array((end - base) * 2 <= size ? size : Math.max((end - base) * 2, FEWEST_SLOTS));
    if (!empty) slots.set(log.slots.subarray(0, log.last + 1 - log.base), log.base - base);
    log.slots = slots;
    log.base = base;
  }

  /** Slots up to `to` are final. */
  #finish(room: RoomBook, log: EpochLog, to: number): void {
    for (let slot = log.base; slot <= to; slot++) {
      const entry = this.#entries.get((log.slots[slot - log.base] as number) - 1);
      // One that stands elsewhere as well is doubled, and judged where it was seen first.
      if (entry === undefined || entry.log !== log || entry.slot !== slot) continue;
      this.#checkSender(room, entry);
      entry.passed = true;
      // Without ids nothing more will be heard of it.
      if (!this.#ids || entry.state !== 'sent') this.#settle(entry);
    }
    if (to < log.base) return;
    log.slots.copyWithin(0, to + 1 - log.base);
    log.slots.fill(UNKNOWN, Math.max(log.last - to, 0));
    log.base = to + 1;
  }

  /** Adds a message up, and forgets it. */
  #settle(entry: Entry): void {
    this.#entries.delete(entry.number);
    if (entry.state !== 'acknowledged' && (this.#ids || entry.state === 'failed')) {
      this.#unexpected += entry.delivered;
      return;
    }
    this.#accepted++;
    this.#delivered += entry.delivered;
    this.#expected += this.#room(entry.room).members.length;
    const told = entry.state === 'acknowledged' && entry.log !== undefined;
    if (told && (entry.log !== entry.saidLog || entry.slot !== entry.saidSlot)) this.#outOfOrder++;
  }

  /** One sender's messages stand in the order of their sending. */
  #checkSender({ latest }: RoomBook, { number, sender, reserved }: Message): void {
    if (reserved) return;
    if (number < (latest.get(sender) ?? 0)) this.#outOfOrder++;
    else latest.set(sender, number);
  }

  #forget(): void {
    const oldest = this.#failures[this.#oldestFailure++] as number;
    if (this.#oldestFailure > MOST_FAILED) {
      this.#failures = this.#failures.slice(this.#oldestFailure);
      this.#oldestFailure = 0;
    }
    if (this.#entries.get(oldest)?.log !== undefined) return;
    this.#entries.delete(oldest);
    this.#forgotten = Math.max(this.#forgotten, oldest + 1);
  }
}

/** The highest slot of `log` that no member will hear of any more. */
function passedBy(members: readonly MemberBook[], log: EpochLog): number {
  let least = Number.POSITIVE_INFINITY;
  for (const member of members) {
    if (member.log === log) least = Math.min(least, member.last);
    else if (member.log === undefined || compareEpochs(member.log.epoch, log.epoch) < 0) return 0;
  }
  return least;
}

function inOrder({ epochs }: RoomBook): EpochLog[] {
  return [...epochs.values()].sort((a, b) => compareEpochs(a.epoch, b.epoch));
}

function logOf(room: RoomBook, epoch: string): EpochLog {
  let log = room.epochs.get(epoch);
  if (log === undefined) {
    log = { epoch, slots: new Int32Array(0), base: 1, last: 0 };
    room.epochs.set(epoch, log);
  }
  return log;
}
