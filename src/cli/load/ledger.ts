// The books of a run: every message from its sending to the last of its receivers, and for every room what stands in
// which slot, as its members have it. Members must agree on every slot; each hands on its slots one after the other
// or says which it lost; no message stands in two slots; what one sender sent without reserving a number stands in the
// order of its sending; and what was acknowledged stands where the acknowledgement said, with everybody.
//
// Memory is a few numbers a message, taken at the beginning, and four bytes a slot. It knows no sockets and no time.

import { compareEpochs } from '../../wire/names.ts';

/** What became of a message. */
const UNSENT = 0;
const SENT = 1;
const ACKNOWLEDGED = 2;
const FAILED = 3;

/** In place of a message: nobody said yet what is there, it was skipped, or it is somebody else's. */
const UNKNOWN = 0;
const SKIPPED = -1;
const FOREIGN = -2;

interface EpochLog {
  readonly epoch: string;
  /** From 1. */
  readonly index: number;
  /** Slot → message + 1, or one of the above. */
  slots: Int32Array;
  last: number;
}

interface RoomBook {
  members: number;
  readonly epochs: Map<string, EpochLog>;
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
  readonly #state: Uint8Array;
  readonly #roomOf: Uint16Array;
  readonly #sender: Uint32Array;
  readonly #reserved: Uint8Array;
  /** Where it stands: the index of its epoch, 0 for not seen, and its slot. */
  readonly #epoch: Uint16Array;
  readonly #slot: Uint32Array;
  /** Where the acknowledgement said. */
  readonly #ackEpoch: Uint16Array;
  readonly #ackSlot: Uint32Array;
  readonly #delivered: Uint32Array;
  sent = 0;
  acknowledged = 0;
  failed = 0;
  deliveries = 0;
  /** Deliveries that acknowledgements promise. */
  promised = 0;
  #doubled = 0;
  #outOfOrder = 0;
  #foreign = 0;

  /** Books for `messages` messages in `rooms` rooms. */
  constructor(messages: number, rooms: number, ids: boolean) {
    this.#ids = ids;
    this.#rooms = Array.from({ length: rooms }, () => ({ members: 0, epochs: new Map() }));
    this.#state = new Uint8Array(messages);
    this.#roomOf = new Uint16Array(messages);
    this.#sender = new Uint32Array(messages);
    this.#reserved = new Uint8Array(messages);
    this.#epoch = new Uint16Array(messages);
    this.#slot = new Uint32Array(messages);
    this.#ackEpoch = new Uint16Array(messages);
    this.#ackSlot = new Uint32Array(messages);
    this.#delivered = new Uint32Array(messages);
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

  /** How often rooms went on in another epoch. */
  get epochs(): number {
    return this.#rooms.reduce((sum, { epochs }) => sum + Math.max(epochs.size - 1, 0), 0);
  }

  join(room: number): MemberBook {
    (this.#rooms[room] as RoomBook).members++;
    return new MemberBook(room);
  }

  /** `reserved`: its place says nothing about when it was sent. */
  send(message: number, room: number, sender: number, reserved: boolean): void {
    this.#state[message] = SENT;
    this.#roomOf[message] = room;
    this.#sender[message] = sender;
    this.#reserved[message] = reserved ? 1 : 0;
    this.sent++;
  }

  acknowledge(message: number, epoch: string, slot: number): void {
    const room = this.#rooms[this.#roomOf[message] as number] as RoomBook;
    this.#state[message] = ACKNOWLEDGED;
    this.#ackEpoch[message] = logOf(room, epoch).index;
    this.#ackSlot[message] = slot;
    this.acknowledged++;
    this.promised += room.members;
  }

  /** The message was refused, or nobody knows what became of it. */
  fail(message: number): void {
    this.#state[message] = FAILED;
    this.failed++;
  }

  /** `member` was given a message; -1 for one of somebody else. */
  message(member: MemberBook, message: number, epoch: string, slot: number): void {
    if (!this.#advance(member, epoch, slot, slot)) return;
    const own = message >= 0 && this.#state[message] !== UNSENT && this.#roomOf[message] === member.room;
    this.#put(member.log as EpochLog, slot, own ? message + 1 : FOREIGN);
    if (!own) {
      this.#foreign++;
      return;
    }
    const { index } = member.log as EpochLog;
    if (this.#epoch[message] === 0) {
      this.#epoch[message] = index;
      this.#slot[message] = slot;
    } else if (this.#epoch[message] !== index || this.#slot[message] !== slot) {
      this.#doubled++;
      return;
    }
    this.#delivered[message] = (this.#delivered[message] as number) + 1;
    this.deliveries++;
  }

  skipped(member: MemberBook, epoch: string, from: number, to: number): void {
    if (!this.#advance(member, epoch, from, to)) return;
    for (let slot = from; slot <= to; slot++) this.#put(member.log as EpochLog, slot, SKIPPED);
  }

  /** `member` was told that it will not have these. */
  lost(member: MemberBook, epoch: string, from: number, to: number): void {
    this.#advance(member, epoch, from, to);
  }

  /** `member` goes on at `next` of another epoch. */
  moved(member: MemberBook, epoch: string, next: number): void {
    member.log = logOf(this.#rooms[member.room] as RoomBook, epoch);
    member.last = next - 1;
  }

  /** Closes the books. `held` says of a message without an id whether its sender's connection held until now. */
  close(held: (message: number) => boolean): Account {
    this.#checkSenders();
    let [accepted, delivered, expected, unexpected] = [0, 0, 0, 0];
    for (let message = 0; message < this.#state.length; message++) {
      const state = this.#state[message];
      if (state === UNSENT) continue;
      const got = this.#delivered[message] as number;
      if (state === ACKNOWLEDGED || (!this.#ids && (got > 0 || held(message)))) {
        accepted++;
        delivered += got;
        expected += (this.#rooms[this.#roomOf[message] as number] as RoomBook).members;
        if (state === ACKNOWLEDGED) this.#checkPlace(message);
      } else {
        unexpected += got;
      }
    }
    return {
      sent: this.sent,
      acknowledged: this.acknowledged,
      failed: this.failed,
      unanswered: this.unanswered,
      accepted,
      delivered,
      expected,
      unexpected,
      doubled: this.#doubled,
      outOfOrder: this.#outOfOrder,
      foreign: this.#foreign,
      epochs: this.epochs,
    };
  }

  /** Moves `member` over slots from..to; false when it had them before. */
  #advance(member: MemberBook, epoch: string, from: number, to: number): boolean {
    let log = member.log;
    if (log === undefined || log.epoch !== epoch) {
      const next = logOf(this.#rooms[member.room] as RoomBook, epoch);
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
  #put(log: EpochLog, slot: number, value: number): void {
    if (slot >= log.slots.length) {
      const slots = new Int32Array(Math.max(slot + 1, log.slots.length * 2));
      slots.set(log.slots);
      log.slots = slots;
    }
    const there = log.slots[slot];
    if (there === UNKNOWN) log.slots[slot] = value;
    else if (there !== value) this.#outOfOrder++;
    log.last = Math.max(log.last, slot);
  }

  #checkPlace(message: number): void {
    if (this.#epoch[message] === 0) return;
    if (this.#epoch[message] !== this.#ackEpoch[message] || this.#slot[message] !== this.#ackSlot[message]) {
      this.#outOfOrder++;
    }
  }

  /** One sender's messages stand in the order of their sending. */
  #checkSenders(): void {
    for (const { epochs } of this.#rooms) {
      const latest = new Map<number, number>();
      for (const log of [...epochs.values()].sort((a, b) => compareEpochs(a.epoch, b.epoch))) {
        for (let slot = 1; slot <= log.last; slot++) {
          const message = (log.slots[slot] as number) - 1;
          if (message < 0 || this.#reserved[message] === 1) continue;
          const sender = this.#sender[message] as number;
          if (message < (latest.get(sender) ?? 0)) this.#outOfOrder++;
          else latest.set(sender, message);
        }
      }
    }
  }
}

function logOf(room: RoomBook, epoch: string): EpochLog {
  let log = room.epochs.get(epoch);
  if (log === undefined) {
    log = { epoch, index: room.epochs.size + 1, slots: new Int32Array(256), last: 0 };
    room.epochs.set(epoch, log);
  }
  return log;
}
