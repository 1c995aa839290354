// All rooms that this server shares with others: which there are, what happens to the servers that share them, and
// what all rooms of one batch have to send. One room is shared-room.ts; this file finds the one that something is about.
//
//   facts ──> RoomFacts ── claimed, unclaimed ──> SharedRoom ──> SharedOrder
//   frames for this server ── arrived ──────────>    │
//   reached, lost, stalled ─────────────────────>    └── to ──> PeerFrames ── once a batch ──> the link on the way

import { Budget } from '../base/budget.ts';
import { Deadlines } from '../base/deadlines.ts';
import type { Epoch, RoomKey, ServerId, Ticket, Uid } from '../base/ids.ts';
import type { ReserveOutcome, SendOutcome } from '../base/outcome.ts';
import type { Chat } from '../chat/chat.ts';
import type { Session } from '../chat/session.ts';
import type { Departure } from '../mesh/replica-ports.ts';
import { type EpochOrNone, isEpoch, isTimely } from '../order/epochs.ts';
import type { MemoryLimits } from '../order/memory.ts';
import type { Opening } from '../order/opening.ts';
import { entryKind, epochAt, isText, ORDER_VERBS, writeSealed } from '../order/server-frames.ts';
import type { Cause, SharedOptions } from '../order/shared-ports.ts';
import type { Hash } from '../order/standby.ts';
import { roomKey } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';
import { type FrameCarrier, PeerFrames } from './peer-frames.ts';
import type { LogFields, LogLevel } from './ports.ts';
import { Ration } from './ration.ts';
import { type Claim, RoomFacts, type RoomFactsOut } from './room-facts.ts';
import type { Channel, Rooms } from './rooms.ts';
import { SharedRoom, type SharedRoomHost } from './shared-room.ts';

export interface SharedRoomsConfig {
  /** How long a server may be out of reach before its rooms get another home, and before nobody waits for it. */
  readonly holdMs: number;
  readonly ack: 'home' | 'replicated';
  /** What one room keeps, and all of them together, in bytes. */
  readonly memory: MemoryLimits;
  readonly memoryBytes: number;
}

/** What shared rooms ask of the node around them. */
export interface SharedRoomsOut {
  readonly now: number;
  readonly rooms: Rooms;
  /** It is made behind the rooms; nothing is asked of it before. */
  chat(): Chat;
  readonly hash: Hash;
  ticket(): Ticket;
  reachable(): readonly ServerId[];
  /** What RPL_SENT promises may be something else from now on. */
  levelChanged(): void;
  send: FrameCarrier['send'];
  /** The next fact of this server. */
  tell(bytes: Uint8Array, start: number, end: number): void;
  /** Something for chat to hear, about one session, when all that is being done is done. */
  later(session: Session | undefined, tell: () => void): void;
  /** Asks for flush() when the batch is over. */
  wake(): void;
  log(level: LogLevel, event: string, fields: LogFields): void;
}

/** Rooms that ended whose last epoch is remembered. */
const MOST_ENDED = 16_384;
/** What was on its way to a server and went astray is made good after so long. */
const ASTRAY_MS = 1_000;
/** Of so many rooms that go on here within a second each is told; a server that is lost may have been home of thousands. */
const MOST_BEGUN = 50;
const VERBS: ReadonlySet<string> = new Set(ORDER_VERBS);
/** Stands for the verb of an entry of a stream, of which there are many. */
const ENTRY = '';

export class SharedRooms implements SharedRoomHost, RoomFactsOut, FrameCarrier {
  readonly self: ServerId;
  readonly hash: Hash;
  readonly options: SharedRoomHost['options'];
  readonly facts: RoomFacts;
  readonly #out: SharedRoomsOut;
  readonly #frames = new PeerFrames(this);
  readonly #rooms = new Map<RoomKey, SharedRoom>();
  /** The same rooms by their names as they are shown, which is how other servers write them. */
  readonly #named = new Map<string, SharedRoom>();
  /** The room that was spoken of last, mostly the next frame's too, and its name; '' for none. */
  #spokenName = '';
  #spoken: SharedRoom | undefined;
  readonly #dirty = new Set<SharedRoom>();
  readonly #reviews = new Set<SharedRoom>();
  /** Rooms that have ended → the newest epoch that was known of each. */
  readonly #ended = new Map<RoomKey, EpochOrNone>();
  /** Servers that something did not reach, and when that is made good. */
  readonly #astray = new Deadlines<ServerId>();
  readonly #writer = new FrameWriter();
  readonly #begun: Ration;
  #reachable: readonly ServerId[] = [];
  /** Servers that are out of reach and may be back, each until its hold is over. */
  readonly #holds = new Deadlines<ServerId>();
  #awaited: readonly ServerId[] = [];

  constructor(config: SharedRoomsConfig, out: SharedRoomsOut) {
    const { server, order } = out.rooms.config;
    this.#out = out;
    this.self = server.id;
    this.hash = out.hash;
    this.facts = new RoomFacts(server.id, this);
    this.#begun = new Ration(MOST_BEGUN, (count) => out.log('info', 'room.epochs', { count }));
    const limits = { idWindowMs: order.idWindowMs, idWindow: order.idWindow, memory: config.memory };
    this.options = {
      self: server.id,
      incarnation: server.incarnation,
      holdMs: config.holdMs,
      ack: config.ack,
      home: order,
      segment: limits,
      budgets: { memory: new Budget(config.memoryBytes), ids: out.rooms.ids },
      penalties: out.rooms.penalties,
    } satisfies Omit<SharedOptions, 'room' | 'out'>;
  }

  // ── Rooms ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes a room here. */
  create(key: RoomKey, name: string, now: number): Channel {
    const room = this.#add(key, name);
    room.create(this.#ended.get(key) ?? '', now);
    return room.channel;
  }

  /** Makes what this server has of a room that is at home elsewhere. */
  open(key: RoomKey, name: string): Channel {
    return this.#add(key, name).channel;
  }

  /** A frame that another server sent to this one; false when it is about no room's order. */
  arrived(from: ServerId, frame: Frame): boolean {
    const verb = entryKind(frame) === 0 ? frame.verb() : ENTRY;
    if (verb !== ENTRY && !VERBS.has(verb)) return false;
    const room = this.#roomOf(frame);
    // Whoever subscribes here takes this server for a home that it was in another life.
    if (verb === 'SUBSCRIBE' && room?.takesPart !== true) this.#holdsNothing(from, frame, '');
    else if (verb === 'SEAL' && room?.takesPart !== true) this.#holdsNothing(from, frame, epochAt(frame, 1));
    else room?.arrived(from, frame, this.now);
    return true;
  }

  // ── Servers ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A server came within reach, or the way to it is another one. */
  reached(server: ServerId): void {
    this.#holds.clear(server);
    this.#look();
    this.#frames.drained();
    for (const room of this.#rooms.values()) room.reached(server, this.now);
    // Its claims may have come before it could be reached.
    for (const [key, claim] of this.facts.of(server)) if (this.#rooms.has(key)) this.claimed(key, claim);
  }

  /**
   * A server is out of reach. One that left is not awaited; of one that restarted nothing comes back as it was, but it
   * may be here in a moment.
   */
  lost(server: ServerId, why: Departure['kind']): void {
    if (why === 'split') this.#hold(server);
    else if (why === 'left') this.#holds.clear(server);
    this.#look();
    this.#frames.lost(server);
    this.#astray.clear(server);
    for (const room of this.#rooms.values()) room.lost(server, why !== 'split', this.now);
  }

  /** Something that was sent to a server did not get there. */
  astray(server: ServerId): void {
    if (this.#astray.at(server) === undefined) this.#astray.set(server, this.now + ASTRAY_MS);
  }

  /** This server stood still for so long that others may have taken its place. */
  stalled(): void {
    for (const room of this.#rooms.values()) room.stalled(this.now);
  }

  /** A link takes bytes again. */
  drained(): void {
    this.#frames.drained();
  }

  /** This server leaves: rooms that it is home of are given to others. */
  handOver(): void {
    for (const room of this.#rooms.values()) room.handOver(this.now);
    this.wake();
  }

  /** Whether others have still to take over rooms from this server. */
  get isHandingOver(): boolean {
    if (this.#reachable.length === 0) return false;
    for (const room of this.#rooms.values()) if (room.isHandingOver) return true;
    return false;
  }

  /** What RPL_SENT promises at the moment. Where a server may be back in a moment, messages wait for it. */
  get level(): 'home' | 'replicated' {
    const isAlone = this.#reachable.length === 0 && this.#awaited.length === 0;
    return isAlone ? 'home' : (this.options.ack ?? 'replicated');
  }

  // ── Time ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** When tick() is wanted, in Unix ms. What single rooms want is kept with their channels. */
  get deadline(): number {
    return Math.min(this.#astray.next, this.#holds.next, this.#begun.deadline);
  }

  tick(now: number): void {
    this.#begun.tick(now);
    for (let server = this.#astray.take(now); server !== undefined; server = this.#astray.take(now)) {
      if (this.#reachable.includes(server)) this.reached(server);
    }
    for (let server = this.#holds.take(now); server !== undefined; server = this.#holds.take(now)) {
      this.#look();
      for (const room of this.#rooms.values()) room.lost(server, false, now);
    }
  }

  /** Lets rooms say what the batch decided, and ends those that nobody has a use for. */
  settle(): void {
    if (!this.isUnsettled) return;
    for (const room of [...this.#dirty]) {
      this.#dirty.delete(room);
      room.flush(this.now);
    }
    for (const room of [...this.#reviews]) {
      this.#reviews.delete(room);
      if (room.isOver(this.now)) this.#end(room.channel.key);
    }
  }

  /** Sends what all rooms have said. */
  flush(): void {
    this.#frames.flush();
  }

  /** Whether settle() has something to do. */
  get isUnsettled(): boolean {
    return this.#dirty.size > 0 || this.#reviews.size > 0;
  }

  // ── What facts say (RoomFactsOut) ──────────────────────────────────────────────────────────────────────────────

  claimed(key: RoomKey, claim: Claim): void {
    if (!isTimely(claim.epoch, this.now)) return;
    if (!this.#rooms.has(key)) this.#out.chat().roomKnown(key, claim.name, this.now);
    this.#rooms.get(key)?.claimed(claim, this.now);
  }

  unclaimed(key: RoomKey, claim: Claim, by: EpochOrNone): void {
    this.#rooms.get(key)?.unclaimed(claim, isTimely(by, this.now) ? by : '', this.now);
  }

  tell(bytes: Uint8Array, start: number, end: number): void {
    this.#out.tell(bytes, start, end);
  }

  // ── What frames ask (FrameCarrier) ─────────────────────────────────────────────────────────────────────────────

  send(
    server: ServerId,
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
  ): ReturnType<FrameCarrier['send']> {
    return this.#out.send(server, bytes, start, end, count);
  }

  wake(): void {
    this.#out.wake();
  }

  dropped(server: ServerId): void {
    this.astray(server);
  }

  // ── What a room asks (SharedRoomHost) ──────────────────────────────────────────────────────────────────────────

  get now(): number {
    return this.#out.now;
  }

  reachable(): readonly ServerId[] {
    return this.#reachable;
  }

  awaited(): readonly ServerId[] {
    return this.#awaited;
  }

  ticket(): Ticket {
    return this.#out.ticket();
  }

  to(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): void {
    this.#frames.add(server, bytes, start, end, count);
  }

  dirty(room: SharedRoom): void {
    this.#dirty.add(room);
    this.wake();
  }

  review(room: SharedRoom): void {
    this.#reviews.add(room);
    this.wake();
  }

  claim(key: RoomKey): Claim | undefined {
    return this.facts.newest(key, this.now);
  }

  ownClaim(key: RoomKey): Claim | undefined {
    return this.facts.own(key);
  }

  say(key: RoomKey, claim: Claim): void {
    this.facts.say(key, claim);
  }

  unsay(key: RoomKey, by: Epoch): void {
    this.facts.unsay(key, by);
  }

  due(channel: Channel, at: number): void {
    this.#out.rooms.due(channel, at);
  }

  ended(key: RoomKey, epoch: EpochOrNone): void {
    const room = this.#rooms.get(key);
    this.#rooms.delete(key);
    this.#spokenName = '';
    this.#spoken = undefined;
    if (room !== undefined) this.#named.delete(room.channel.name);
    if (room !== undefined) this.#dirty.delete(room);
    if (room !== undefined) this.#reviews.delete(room);
    this.#ended.delete(key);
    this.#ended.set(key, epoch);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MOST_ENDED) return;
      this.#ended.delete(oldest);
    }
  }

  respelled(room: SharedRoom, name: string): void {
    const { channel } = room;
    this.#named.delete(channel.name);
    this.#named.set(name, room);
    this.#spokenName = '';
    channel.rename(name);
    this.#out.chat().roomKnown(channel.key, name, this.now);
  }

  began(room: string, { epoch, oldEpoch: old }: Opening, why: Cause): void {
    if (this.#begun.take(this.now)) this.#out.log('info', 'room.epoch', { room, epoch, old, why });
  }

  settled(session: Session, channel: Channel, outcome: SendOutcome, epoch: EpochOrNone, seq: number, id: string): void {
    if (this.#out.chat().sentInSilence(session, outcome, id)) return;
    this.#out.later(session, () => {
      this.#out.chat().sent(session, channel.key, outcome, seq, id, this.now, epoch === '' ? undefined : epoch);
    });
  }

  reserved(channel: Channel, holder: Uid, outcome: ReserveOutcome): void {
    this.#out.later(undefined, () => this.#out.chat().reserved(holder, channel.key, outcome, this.now));
  }

  again(session: Session): void {
    this.#out.later(session, () => this.#out.chat().again(session, this.now));
  }

  // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sees who is there, and says what follows for RPL_SENT before anything is promised by it. */
  #look(): void {
    this.#reachable = this.#out.reachable();
    this.#awaited = this.#holds.keys();
    this.#out.levelChanged();
  }

  /** Ends a room that nobody has a use for. One that somebody else made and still claims is known from the beginning. */
  #end(key: RoomKey): void {
    this.#out.chat().roomEnded(key);
    const claim = this.claim(key);
    if (claim !== undefined && !this.#rooms.has(key)) this.claimed(key, claim);
  }

  #hold(server: ServerId): void {
    const { holdMs } = this.options;
    if (holdMs > 0 && this.#holds.at(server) === undefined) this.#holds.set(server, this.now + holdMs);
  }

  #add(key: RoomKey, name: string): SharedRoom {
    const { order } = this.#out.rooms.add(key, name, (channel) => new SharedRoom(channel, this));
    this.#rooms.set(key, order);
    this.#named.set(name, order);
    return order;
  }

  #roomOf(frame: Frame): SharedRoom | undefined {
    if (this.#spoken !== undefined && isText(frame, 0, this.#spokenName)) return this.#spoken;
    const name = frame.name(0);
    const room = this.#named.get(name);
    if (room === undefined) return this.#find(frame);
    this.#spokenName = name;
    this.#spoken = room;
    return room;
  }

  /** The room that a frame names in another way. */
  #find(frame: Frame): SharedRoom | undefined {
    const key = roomKey(frame.arg(0)) as RoomKey | undefined;
    return key === undefined ? undefined : (this.#rooms.get(key) ?? this.#discovered(key, frame));
  }

  /** A room that another server brings before its own word that it is home is here. */
  #discovered(key: RoomKey, frame: Frame): SharedRoom | undefined {
    const epoch = frame.arg(1);
    if (frame.verb() !== 'OPENED' || !isEpoch(epoch) || !isTimely(epoch, this.now)) return undefined;
    this.#out.chat().roomKnown(key, frame.arg(0), this.now);
    return this.#rooms.get(key);
  }

  /** Tells whoever seals a room, or subscribes to it, that nothing of it is held here, so that it is not waited for. */
  #holdsNothing(to: ServerId, frame: Frame, promised: EpochOrNone | undefined): void {
    if (promised === undefined) return;
    this.#writer.clear();
    writeSealed(this.#writer, frame.arg(0), promised, { server: this.self, before: '', line: [], branches: [] });
    this.to(to, this.#writer.bytes, 0, this.#writer.length, 1);
  }
}
