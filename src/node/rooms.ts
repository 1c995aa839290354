// Rooms as the node sees them: a channel joins a room's order with its delivery (its ring) and knows who subscribes.
// The order of a room is its home where this server is alone, else what it shares with others (shared-room.ts). Nothing
// here knows users or commands; nothing here decides a number.
//
//   chat ── send, reserve … ──> Home or SharedRoom ── append ──> Ring ──> outboxes
//        ── announce ─────────────────────────────────────────────^

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
import type { Run, RunLimits } from '../base/run.ts';
import type { RoomOrder, RoomPort } from '../chat/ports.ts';
import type { Session } from '../chat/session.ts';
import type { Outbox, Shared } from '../fanout/outbox.ts';
import { Ring, type RingLimits, runLimits, type Stamps } from '../fanout/ring.ts';
import { Home } from '../order/home.ts';
import type { HomeLimits, HomeOut } from '../order/home-ports.ts';
import { type EntryKind, type RoomLog, SKIP } from '../order/log.ts';
import { Penalties, type PenaltyLimits } from '../order/reservations.ts';
import type { StageOut } from '../order/stage.ts';
import type { Place } from './joiners.ts';
import { RoomCounters } from './room-counters.ts';
import { Turns } from './turns.ts';

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

/** The order of one room, as its channel drives it. */
export interface ChannelOrder extends RoomOrder {
  tick(now: number): void;
  done(ticket: Ticket, result: number, now: number): void;
  close(): void;
  /** Left out where nothing is ever staged. */
  publishStaged?(): void;
  /** As in RoomPort. Left out by an order that is this server's alone. */
  readonly elsewhere?: boolean;
  admits?(asker: Session, place: Place): 'yes' | 'later' | 'no';
  peopled?(server: ServerId, some: boolean): void;
}

const FIRST = 1;

export class Channel<Order extends ChannelOrder = ChannelOrder> implements RoomPort, HomeOut, StageOut {
  readonly key: RoomKey;
  readonly ring: Ring;
  readonly order: Order;
  readonly peopled: RoomPort['peopled'];
  readonly #rooms: Rooms;
  readonly #turns: Turns;
  readonly #stamps: Stamps;

  constructor(rooms: Rooms, key: RoomKey, name: string, make: (channel: Channel) => Order) {
    this.#rooms = rooms;
    this.key = key;
    this.#turns = new Turns(name);
    const { config, out, budget } = rooms;
    this.#stamps = out.shared.stamps;
    this.ring = new Ring(config.ring, out.shared.stamps, budget, FIRST, (...lost) => this.#lagged(...lost));
    const order = make(this);
    this.order = order;
    this.peopled = order.peopled && ((server, some) => order.peopled?.(server, some));
  }

  /** The name as it is shown. */
  get name(): string {
    return this.#turns.room;
  }

  /** Another spelling of its name, for everything that is said from now on. */
  rename(name: string): void {
    this.#turns.room = name;
  }

  get runLimits(): RunLimits {
    return this.#rooms.runLimits;
  }

  get elsewhere(): boolean {
    return this.order.elsewhere === true;
  }

  ready(asker: Session, epoch: Epoch | '', last: number): 'yes' | 'later' | 'no' {
    return this.order.admits?.(asker, { epoch, last }) ?? 'yes';
  }

  subscribe(connection: ConnectionId): void {
    this.publishStaged();
    // Of what a copy took up before anybody read it the ring knows nothing.
    this.ring.low = Math.max(this.ring.low, this.order.next);
    this.#rooms.out.outbox(connection)?.subscribe(this.ring);
  }

  unsubscribe(connection: ConnectionId): void {
    this.publishStaged();
    this.#rooms.out.outbox(connection)?.unsubscribe(this.ring);
    this.#rooms.out.left(connection);
  }

  welcomed(connection: ConnectionId): void {
    this.#rooms.out.outbox(connection)?.met(this.ring);
  }

  announce(bytes: Uint8Array, start: number, end: number): void {
    this.publishStaged();
    this.append(bytes, start, end, 0);
  }

  wakeAt(at: number): void {
    this.#rooms.wakes.set(this, at);
  }

  /** As wakeAt, but never later than was asked for before. */
  wakeBy(at: number): void {
    this.wakeAt(Math.min(at, this.#rooms.wakes.at(this) ?? at));
  }

  close(): void {
    this.order.close();
    this.ring.close();
    this.#rooms.forget(this);
  }

  /** The home committed an entry. */
  publish(_home: Home, kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void {
    this.deliver(kind, seq, bytes, start, end);
  }

  /** A slot is decided: its frame goes to every subscriber. */
  deliver(kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void {
    this.#rooms.counted.published(kind === SKIP, this.ring.readers.length);
    this.append(bytes, start, end, seq);
  }

  publishCommitted(_home: Home, run: Run): void {
    this.deliverRun(run);
  }

  /** As deliver(), of several slots, which get their places in the server's order of decision here. */
  deliverRun(run: Run): void {
    const { counted, out, runLimits } = this.#rooms;
    const { count, seqs, stamps } = run;
    const readers = this.ring.readers.length;
    for (let i = 0; i < count; i++) counted.published((seqs[i] as number) < 0, readers);
    if (count > runLimits.entries || run.end - run.start > runLimits.bytes) return this.#appendEach(run);
    for (let i = 0; i < count; i++) stamps[i] = ++out.shared.stamps.last;
    this.#appendRun(run);
  }

  /** The home has staged something. */
  staged(): void {
    this.#rooms.staged(this);
  }

  stamp(): number {
    return ++this.#stamps.last;
  }

  /** The home committed messages: their frames go to every subscriber. */
  publishRun(run: Run): void {
    this.#rooms.counted.messagesPublished(run.count, this.ring.readers.length);
    this.#appendRun(run);
  }

  #appendRun(run: Run): void {
    const { out } = this.#rooms;
    const { ring } = this;
    const full = ring.appendRun(run, out.now);
    if (full) out.overflowing(ring);
    else if (!ring.dirty) out.dirty(ring);
  }

  #appendEach({ bytes, start, count, ends, seqs, lows }: Run): void {
    for (let i = 0, from = start; i < count; from = ends[i++] as number) {
      this.append(bytes, from, ends[i] as number, Math.abs(seqs[i] as number), lows[i]);
    }
  }

  /** Has the home publish what it staged. */
  publishStaged(): void {
    this.order.publishStaged?.();
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

  /** A message of somebody here was committed `ms` after it came, as it had to wait for another server. */
  committed(ms: number): void {
    this.#rooms.counted.committed(ms);
  }

  /** An epoch has begun here. */
  began(): void {
    this.#rooms.counted.epochs++;
  }

  /** Gives one frame to every subscriber; `seq` is the slot that it decides, 0 for none. */
  append(bytes: Uint8Array, start: number, end: number, seq: number, low = this.order.next): void {
    const { out } = this.#rooms;
    const { ring } = this;
    const full = ring.append(bytes, start, end, seq, low, out.now);
    if (full) out.overflowing(ring);
    else if (!ring.dirty) out.dirty(ring);
  }

  /** EPOCH or RPL_LAGGED, a frame of the order itself, for every subscriber. Its bytes never change. */
  turn(bytes: Uint8Array): void {
    this.#turns.add(this.ring.tape.head, bytes);
    this.append(bytes, 0, bytes.length, 0);
  }

  /** What an overtaken reader is told that knows how the room stood at position `since`. */
  #lagged(from: number, to: number, since: number): Uint8Array {
    const overtaken = { from, to, since, tail: this.ring.tape.tail };
    return this.#turns.word(overtaken, this.order.epoch, () => this.#rooms.out.members(this.key));
  }
}

export class Rooms {
  readonly config: RoomsConfig;
  readonly out: RoomsOut;
  readonly budget: Budget;
  readonly penalties: Penalties;
  readonly ids: Budget;
  readonly runLimits: RunLimits;
  /** When chat wants to see to a room. */
  readonly wakes = new Deadlines<Channel>();
  /** When a home has something to decide. */
  readonly #homes = new Deadlines<Channel>();
  /** What rooms have said since the start. */
  readonly counted = new RoomCounters();
  readonly #channels = new Set<Channel>();
  readonly #waiting = new Map<Ticket, Channel>();
  /** Those that have staged something in this batch of input. */
  readonly #staged: Channel[] = [];
  #newest = 0;

  constructor(config: RoomsConfig, out: RoomsOut) {
    this.config = config;
    this.out = out;
    this.budget = new Budget(config.ringMemory);
    this.penalties = new Penalties(config.penalties);
    this.ids = new Budget(config.ids);
    this.runLimits = runLimits(config.ring);
  }

  /** Makes the channel of a new room, in an epoch above every one before, whatever the clock did. */
  open(key: RoomKey, name: string, now: number): Channel {
    this.counted.epochs++;
    this.#newest = Math.max(now, this.config.server.incarnation, this.#newest + 1);
    const epoch = epochOf(this.#newest, this.config.server.id);
    return this.add(key, name, (channel) => this.#home(channel, epoch));
  }

  /** Adds a channel with an order that `make` makes for it. */
  add<Order extends ChannelOrder>(key: RoomKey, name: string, make: (channel: Channel) => Order): Channel<Order> {
    const channel = new Channel(this, key, name, make);
    this.#channels.add(channel);
    return channel;
  }

  #home(channel: Channel, epoch: Epoch): Home {
    const { config, out, penalties, ids } = this;
    const { key, name } = channel;
    const log = out.openLog(key, epoch, FIRST);
    return new Home({
      room: { key, name },
      epoch,
      first: FIRST,
      log,
      stage: this.runLimits.entries > 0 && log.appendRun !== undefined ? channel : undefined,
      limits: config.order,
      idBudget: ids,
      penalties,
      out: channel,
      tickets: () => out.ticket(),
    });
  }

  /** Its home has something for publishStaged(), which is called before the ring is flushed. */
  staged(channel: Channel): void {
    this.#staged.push(channel);
    if (!channel.ring.dirty) this.out.dirty(channel.ring);
  }

  /** Has every room publish what it staged. */
  publishStaged(): void {
    for (let channel = this.#staged.pop(); channel !== undefined; channel = this.#staged.pop()) channel.publishStaged();
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
