// Rooms as the node sees them: a channel joins a room's order (its home) with its delivery (its ring) and knows who
// subscribes. Nothing here knows users or commands; nothing here decides a number.
//
//   chat ── send, reserve … ──> Home ── publish ──> Ring ──> outboxes
//        ── announce ────────────────────────────────^

import { Budget } from '../base/budget.ts';
import { Deadlines } from '../base/deadlines.ts';
import {
  type ConnectionId,
  type Epoch,
  epoch as epochOf,
  type RoomKey,
  type ServerId,
  type Ticket,
} from '../base/ids.ts';
import type { SendOutcome } from '../base/outcome.ts';
import type { RoomPort } from '../chat/ports.ts';
import type { Session } from '../chat/session.ts';
import type { Outbox, Shared } from '../fanout/outbox.ts';
import { Ring, type RingLimits } from '../fanout/ring.ts';
import { Home, type HomeLimits, type HomeOut } from '../order/home.ts';
import { type EntryKind, type RoomLog, SKIP } from '../order/log.ts';
import { Penalties, type PenaltyLimits } from '../order/reservations.ts';
import { encodeFrame } from '../wire/writer.ts';
import { RoomCounters } from './room-counters.ts';

export interface RoomsConfig {
  readonly server: { readonly id: ServerId; readonly incarnation: number };
  readonly ring: RingLimits;
  /** Bytes that all rings together may hold. */
  readonly ringMemory: number;
  readonly order: HomeLimits;
  /** Message ids that all rooms together know. */
  readonly ids: number;
  readonly penalties: PenaltyLimits;
}

/** What the rooms ask of the node. */
export interface RoomsOut {
  readonly shared: Shared;
  readonly now: number;
  outbox(connection: ConnectionId): Outbox | undefined;
  /** A connection has left a ring that it may not have read to its end. */
  left(connection: ConnectionId): void;
  /** Members of a room, wherever they are. */
  members(room: RoomKey): number;
  openLog(room: RoomKey, epoch: Epoch, first: number): RoomLog;
  ticket(): Ticket;
  /** A ring has news for its readers. */
  dirty(ring: Ring): void;
  /** Half of a ring came since its readers were given something: now. */
  overflowing(ring: Ring): void;
  settled(session: Session, channel: Channel, outcome: SendOutcome, seq: number, id: string): void;
}

export class Channel implements RoomPort, HomeOut {
  readonly key: RoomKey;
  /** The name as it is shown. */
  readonly name: string;
  readonly ring: Ring;
  readonly order: Home;
  readonly #rooms: Rooms;

  constructor(rooms: Rooms, key: RoomKey, name: string, epoch: Epoch) {
    this.#rooms = rooms;
    this.key = key;
    this.name = name;
    const { config, out, penalties } = rooms;
    const first = 1;
    this.order = new Home({
      room: { key, name },
      epoch,
      first,
      log: out.openLog(key, epoch, first),
      limits: config.order,
      idBudget: rooms.ids,
      penalties,
      out: this,
      tickets: () => out.ticket(),
    });
    this.ring = new Ring(config.ring, out.shared.stamps, rooms.budget, first, (from, to) => this.#lagged(from, to));
  }

  subscribe(connection: ConnectionId): void {
    this.#rooms.out.outbox(connection)?.subscribe(this.ring);
  }

  unsubscribe(connection: ConnectionId): void {
    this.#rooms.out.outbox(connection)?.unsubscribe(this.ring);
    this.#rooms.out.left(connection);
  }

  announce(bytes: Uint8Array, start: number, end: number): void {
    this.#append(bytes, start, end, 0);
  }

  wakeAt(at: number): void {
    this.#rooms.wakes.set(this, at);
  }

  close(): void {
    this.order.close();
    this.ring.close();
    this.#rooms.forget(this);
  }

  /** The home committed an entry. */
  publish(_home: Home, kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void {
    this.#rooms.counted.published(kind === SKIP, this.ring.readers.length);
    this.#append(bytes, start, end, seq);
  }

  /** The home has something to decide at `at`; Infinity: nothing. */
  due(_home: Home, at: number): void {
    this.#rooms.due(this, at);
  }

  /** The log answers an append of the home under this ticket. */
  waits(_home: Home, ticket: Ticket): void {
    this.#rooms.waits(this, ticket);
  }

  /** The home answers a send late. */
  settled(_home: Home, asker: object, outcome: SendOutcome, seq: number, id: string): void {
    this.#rooms.out.settled(asker as Session, this, outcome, seq, id);
  }

  #append(bytes: Uint8Array, start: number, end: number, seq: number): void {
    const { out } = this.#rooms;
    const { ring } = this;
    const full = ring.append(bytes, start, end, seq, this.order.next, out.now);
    if (full) out.overflowing(ring);
    else if (!ring.dirty) out.dirty(ring);
  }

  /** What an overtaken reader is told: the slots it may lack, or, when it missed presence alone, who is left. */
  #lagged(from: number, to: number): Uint8Array {
    if (from > to) return encodeFrame('RPL_MEMBERS', this.name, this.#rooms.out.members(this.key));
    return encodeFrame('RPL_LAGGED', this.name, this.order.epoch, from, to);
  }
}

export class Rooms {
  readonly config: RoomsConfig;
  readonly out: RoomsOut;
  readonly budget: Budget;
  readonly penalties: Penalties;
  readonly ids: Budget;
  /** When chat wants to see to a room. */
  readonly wakes = new Deadlines<Channel>();
  /** When a home has something to decide. */
  readonly #homes = new Deadlines<Channel>();
  /** What rooms have said since the start. */
  readonly counted = new RoomCounters();
  readonly #channels = new Set<Channel>();
  readonly #waiting = new Map<Ticket, Channel>();
  #newest = 0;

  constructor(config: RoomsConfig, out: RoomsOut) {
    this.config = config;
    this.out = out;
    this.budget = new Budget(config.ringMemory);
    this.penalties = new Penalties(config.penalties);
    this.ids = new Budget(config.ids);
  }

  /** Makes the channel of a new room, in an epoch above every one before, whatever the clock did. */
  open(key: RoomKey, name: string, now: number): Channel {
    this.counted.epochs++;
    this.#newest = Math.max(now, this.config.server.incarnation, this.#newest + 1);
    const channel = new Channel(this, key, name, epochOf(this.#newest, this.config.server.id));
    this.#channels.add(channel);
    return channel;
  }

  due(channel: Channel, at: number): void {
    if (at === Number.POSITIVE_INFINITY) this.#homes.clear(channel);
    else this.#homes.set(channel, at);
  }

  waits(channel: Channel, ticket: Ticket): void {
    this.#waiting.set(ticket, channel);
  }

  /** The answer of a log; nothing when nobody waits for this ticket (any more). */
  done(ticket: Ticket, result: number, now: number): void {
    const channel = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    channel?.order.done(ticket, result, now);
  }

  /** When tick() is due, in Unix ms. */
  get next(): number {
    return Math.min(this.#homes.next, this.wakes.next);
  }

  /** Lets homes decide what is due; answers the rooms that chat wanted to see to. */
  *tick(now: number): Iterable<RoomKey> {
    for (let channel = this.#homes.take(now); channel !== undefined; channel = this.#homes.take(now)) {
      channel.order.tick(now);
    }
    for (let channel = this.wakes.take(now); channel !== undefined; channel = this.wakes.take(now)) {
      yield channel.key;
    }
  }

  /** Rings forget what is older than they keep. */
  age(now: number): void {
    for (const channel of this.#channels) channel.ring.age(now);
  }

  forget(channel: Channel): void {
    this.#channels.delete(channel);
    this.wakes.clear(channel);
    this.#homes.clear(channel);
    for (const [ticket, waiting] of this.#waiting) if (waiting === channel) this.#waiting.delete(ticket);
  }
}
