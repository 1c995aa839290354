// One simulated server: a SharedOrder, the members who talk through it, and a reader of everything that it tells its
// readers. It knows the room from facts, as a real server would, and loses everything but its number when it crashes.

import { Budget } from '../../../src/base/budget.ts';
import { utf8, utf8Bytes } from '../../../src/base/bytes.ts';
import {
  type Epoch,
  type RoomKey,
  type ServerId,
  serverId,
  type Ticket,
  ticket,
  type Uid,
  uid,
} from '../../../src/base/ids.ts';
import { type ReserveOutcome, SENT, SENT_BEFORE, type SendOutcome, WAITING } from '../../../src/base/outcome.ts';
import { isNewer } from '../../../src/order/epochs.ts';
import type { Opening } from '../../../src/order/opening.ts';
import { Penalties } from '../../../src/order/reservations.ts';
import { SharedOrder } from '../../../src/order/shared.ts';
import { FRAME, Frame, Scanner } from '../../../src/wire/scanner.ts';
import { FrameWriter } from '../../../src/wire/writer.ts';
import { HOME_LIMITS } from '../limits.ts';
import { forEach } from '../run.ts';
import { hashOf, newestEpoch, type Surroundings } from './surroundings.ts';

/** One thing that the reader of a server was told. */
export interface Told {
  readonly verb: string;
  readonly args: readonly string[];
  readonly frame: string;
  readonly at: number;
}

/** One message of a member, and what became of it. */
export interface Sent {
  readonly node: number;
  readonly holder: Uid;
  readonly text: string;
  readonly id: string;
  readonly seq: number;
  readonly at: number;
  outcome: SendOutcome;
  epoch: string;
  slot: number;
  answeredAt: number;
  /** The epoch that was the newest of all while it was under way; '' when there were several. */
  onlyEpoch: string;
  /** Whether its sender sent it before. */
  again: boolean;
}

export interface Fact {
  readonly epoch: Epoch;
  readonly standby: ServerId | undefined;
}

/** A stay of readers at a server, from when its copy was complete until it crashed. */
export interface Stay {
  readonly node: number;
  readonly told: Told[];
  /** Where it began. */
  epoch: string;
  next: number;
}

export class Node {
  readonly index: number;
  readonly id: ServerId;
  readonly #world: Surroundings;
  order: SharedOrder | undefined;
  fact: Fact | undefined;
  isAlive = false;
  /** Counts its lives. */
  starts = 0;
  isPaused = false;
  /** When it fell asleep as a home that others followed; Infinity when it did not. */
  pausedAt = 0;
  readonly deferred: (() => void)[] = [];
  /** Servers out of reach that may be back: when each was lost. */
  readonly awaited = new Map<ServerId, number>();
  stay: Stay | undefined;
  readonly scanners = new Map<number, Scanner>();
  readonly granted: { holder: Uid; seq: number; epoch: string; at: number; stay: Stay | undefined }[] = [];
  /** Numbers that members here hold. */
  readonly numbers = new Map<Uid, number>();
  readonly #frame = new Frame();
  #tickets = 0;
  readonly #skew: number;
  #incarnation = 0;
  #isDirty = false;
  #due = 0;

  constructor(world: Surroundings, index: number, skew: number) {
    this.#world = world;
    this.index = index;
    this.id = serverId(index + 1);
    this.#skew = skew;
  }

  /** When it wants to be woken, on its own clock; Infinity: not before something happens. */
  get due(): number {
    return this.#due;
  }

  /** What its clock says. */
  get now(): number {
    return this.#world.now + this.#skew;
  }

  start(): void {
    this.isAlive = true;
    this.starts++;
    this.#incarnation = this.now;
    this.fact = undefined;
    this.order = undefined;
    this.stay = undefined;
    this.#isDirty = false;
    this.numbers.clear();
    this.scanners.clear();
    this.awaited.clear();
  }

  crash(): void {
    this.isAlive = false;
    this.isPaused = false;
    this.deferred.length = 0;
    this.order = undefined;
    this.stay = undefined;
  }

  create(): void {
    this.order = this.#make();
    this.order.peer.create('', this.now);
    this.#arrive();
  }

  /** A fact from elsewhere. */
  learn(fact: Fact): void {
    const known = this.fact?.epoch ?? '';
    if (isNewer(known, fact.epoch)) return;
    this.fact = fact;
    if (this.order === undefined) {
      this.order = this.#make();
      this.order.peer.follow(fact.epoch, fact.standby, this.now);
    } else {
      this.order.peer.heard(fact.epoch, fact.standby, this.now);
    }
  }

  /** A server is within reach, or the way to it is another one. */
  reached(server: ServerId): void {
    this.awaited.delete(server);
    this.order?.peer.reached(server, this.now);
  }

  /** A server is out of reach. It is awaited for as long as its users are held, unless what it was is over. */
  lost(server: ServerId, forEver: boolean): void {
    const world = this.#world;
    const since = world.now;
    if (!forEver) world.checkers.parted(this);
    if (!forEver && world.holdMs > 0) {
      this.awaited.set(server, since);
      world.later(this.index, world.holdMs, () => {
        if (this.awaited.get(server) !== since) return;
        this.awaited.delete(server);
        this.#lose(server, false);
      });
    }
    this.#lose(server, forEver);
  }

  #lose(server: ServerId, forEver: boolean): void {
    this.order?.peer.lost(server, forEver, this.now);
    if (forEver || !this.awaited.has(server)) this.#world.checkers.lost(this, this.#world.nodes[server - 1] as Node);
  }

  receive(from: number, bytes: Uint8Array): void {
    let scanner = this.scanners.get(from);
    if (scanner === undefined) {
      scanner = new Scanner(65_536);
      this.scanners.set(from, scanner);
    }
    scanner.feed(bytes.slice());
    while (scanner.next(this.#frame) === FRAME) {
      this.order?.peer.receive(serverId(from + 1), this.#frame, this.now);
    }
  }

  user(n: number): Uid {
    return uid(this.id, this.#incarnation * 1_000 + n);
  }

  send(holder: Uid, text: string, id: string, seq: number, again = false): Sent | undefined {
    const { order } = this;
    if (order === undefined || !order.isReady) return undefined;
    const { now } = this;
    const sent: Sent = {
      node: this.index,
      holder,
      text,
      id,
      seq,
      at: this.#world.now,
      outcome: WAITING,
      epoch: '',
      slot: 0,
      answeredAt: 0,
      onlyEpoch: newestEpoch(this.#world.nodes),
      again,
    };
    const bytes = utf8Bytes(text);
    sent.outcome = order.send(sent, holder, utf8Bytes('ann'), bytes, 0, bytes.length, seq, id, now);
    bytes.fill(0);
    if (sent.outcome !== WAITING) this.#answered(sent, sent.outcome, order.sentEpoch, order.sentSeq);
    this.#world.sends.push(sent);
    return sent;
  }

  #answered(sent: Sent, outcome: SendOutcome, epoch: string, seq: number): void {
    const world = this.#world;
    sent.outcome = outcome;
    sent.answeredAt = world.now;
    sent.epoch = epoch;
    sent.slot = seq;
    if (newestEpoch(world.nodes) !== sent.onlyEpoch) sent.onlyEpoch = '';
    if (outcome === SENT || outcome === SENT_BEFORE) world.checkers.promised(sent);
  }

  reserve(holder: Uid): void {
    const outcome = this.order?.reserve(holder, this.now);
    if (outcome !== undefined) this.#grant(holder, outcome);
  }

  release(holder: Uid): void {
    this.numbers.delete(holder);
    this.order?.release(holder, this.now);
  }

  #grant(holder: Uid, outcome: ReserveOutcome): void {
    if (outcome.kind !== 'reserved' || this.order === undefined) return;
    this.numbers.set(holder, outcome.seq);
    const { epoch } = this.order;
    this.granted.push({ holder, seq: outcome.seq, epoch, at: this.#world.now, stay: this.stay });
  }

  #arrive(): void {
    this.stay = { node: this.index, told: [], epoch: this.order?.epoch ?? '', next: this.order?.next ?? 1 };
    this.#world.stays.push(this.stay);
    // What is decided above the first undecided slot is told to whoever comes.
    const frames = new FrameWriter();
    const reader = this.order?.ahead();
    while (reader?.next(frames) === true);
    for (const frame of utf8(frames.bytes, 0, frames.length).split('\n').slice(0, -1)) {
      const bytes = utf8Bytes(frame);
      this.#tell(bytes, 0, bytes.length);
    }
  }

  #tell(bytes: Uint8Array, start: number, end: number): void {
    const frame = utf8(bytes, start, end).trimEnd();
    const [verb = '', ...args] = frame.slice(1, -1).split(',');
    const told = { verb, args, frame, at: this.#world.now };
    this.stay?.told.push(told);
    this.#world.checkers.told(this, told);
  }

  #make(): SharedOrder {
    const world = this.#world;
    const incarnation = this.#incarnation;
    const isMine = () => this.isAlive && this.#incarnation === incarnation;
    return new SharedOrder({
      room: { key: 'lobby' as RoomKey, name: 'Lobby' },
      self: this.id,
      incarnation,
      holdMs: world.holdMs,
      home: { ...HOME_LIMITS, pendingEntries: world.pendingEntries },
      segment: { ...HOME_LIMITS, memory: world.memory },
      budgets: { memory: new Budget(world.budget), ids: new Budget(1 << 20) },
      penalties: new Penalties({ reservationWaitMs: 200, reservationWaitMaxMs: 400 }),
      out: {
        to: (server, bytes, start, end) => {
          if (isMine()) world.say(this.index, server - 1, bytes.slice(start, end));
        },
        reachable: () => world.reachable(this.index),
        awaited: () => [...this.awaited.keys()],
        hasMembers: (server) => world.hasMembers(server - 1),
        hash: hashOf,
        ticket: (): Ticket => ticket(++this.#tickets),
        publish: (_kind, seq, bytes, start, end) => {
          this.#tell(bytes, start, end);
          world.checkers.decided(this, seq);
        },
        publishRun: (run) =>
          forEach(run, (seq, bytes, start, end) => {
            this.#tell(bytes, start, end);
            world.checkers.decided(this, Math.abs(seq));
          }),
        turn: (bytes) => {
          this.numbers.clear();
          this.#tell(bytes, 0, bytes.length);
        },
        settled: (asker, outcome, epoch, seq) => {
          const sent = asker as Sent;
          if (sent.outcome !== WAITING) world.fail('ANSWER', `answered twice: ${sent.text}`);
          this.#answered(sent, outcome, epoch, seq);
        },
        reserved: (holder, outcome) => this.#grant(holder, outcome),
        announce: (opening: Opening, standby) => {
          this.fact = { epoch: opening.epoch, standby };
          world.note(`${this.index} announces ${opening.epoch} standby ${standby ?? '-'}`);
          world.flood(this.index, this.fact);
        },
        began: ({ epoch }, why) => world.note(`${this.index} goes on in ${epoch} by ${why}`),
        ready: () => this.#arrive(),
        due: (at) => this.#wake(at),
        dirty: () => {
          if (this.#isDirty) return;
          this.#isDirty = true;
          world.later(this.index, 0, () => {
            this.#isDirty = false;
            this.order?.peer.flush(this.now);
          });
        },
      },
    });
  }

  #wake(at: number): void {
    this.#due = at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#world.wake(this.index, at - this.now, () => {
      if (this.order !== undefined && this.#due <= this.now) {
        this.#due = Number.POSITIVE_INFINITY;
        this.order.peer.tick(this.now);
        const next = this.order.peer.nextDeadline;
        if (next !== Number.POSITIVE_INFINITY && this.#due === Number.POSITIVE_INFINITY) this.#wake(next);
      }
    });
  }
}
