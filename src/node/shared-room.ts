// A room that several servers share, as one of them sees it: it joins the room's order (SharedOrder) with the channel
// that delivers it, with chat, which asks for it, and with the other servers. A copy of the room is kept here only from
// when somebody here is in it, or another server gives this one a part to play; until then all that is known is who is
// home of it.

import type { Epoch, RoomKey, ServerId, Ticket, Uid } from '../base/ids.ts';
import { type FindOutcome, type ReserveOutcome, SENT, type SendOutcome, UNAVAILABLE } from '../base/outcome.ts';
import type { Run } from '../base/run.ts';
import type { SlotReader } from '../chat/ports.ts';
import type { Session } from '../chat/session.ts';
import { type EpochOrNone, homeOf, isEpoch, isNewer, isTimely } from '../order/epochs.ts';
import type { EntryKind } from '../order/log.ts';
import type { Opening } from '../order/opening.ts';
import { SharedOrder } from '../order/shared.ts';
import type { Cause, SharedOptions, SharedOut } from '../order/shared-ports.ts';
import type { Hash } from '../order/standby.ts';
import type { Frame } from '../wire/scanner.ts';
import { Joiners, type Place } from './joiners.ts';
import type { Claim } from './room-facts.ts';
import type { Channel, ChannelOrder } from './rooms.ts';

/** How long somebody who joins waits for the copy, and for a copy that is here to come as far as it has read. */
const JOIN_MS = 10_000;
const BEHIND_MS = 2_000;
/**
 * How long a room that has lost its home is kept although nobody is in it: its next home may be about to open, and who
 * was in it may be waiting to join.
 */
const HOMELESS_MS = 4_000;
const NEVER = Number.POSITIVE_INFINITY;

/** What a shared room asks of what all of them share. */
export interface SharedRoomHost {
  readonly now: number;
  readonly self: ServerId;
  readonly options: Omit<SharedOptions, 'room' | 'out'>;
  reachable(): readonly ServerId[];
  awaited(): readonly ServerId[];
  readonly hash: Hash;
  ticket(): Ticket;
  /** So many frames for another server, which belong together, behind those before. */
  to(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): void;
  /** The order has something to send when the batch is over. */
  dirty(room: SharedRoom): void;
  /** The newest claim that is known of the room, and this server's own. */
  claim(key: RoomKey): Claim | undefined;
  ownClaim(key: RoomKey): Claim | undefined;
  say(key: RoomKey, claim: Claim): void;
  unsay(key: RoomKey, by: Epoch): void;
  /** tick() is wanted at `at`. */
  due(channel: Channel, at: number): void;
  /** Nobody may want the room any more: end() is to be asked about when all that is being done is done. */
  review(room: SharedRoom): void;
  ended(key: RoomKey, epoch: EpochOrNone): void;
  /** The newest claim spells the room in another way than it is shown here. */
  respelled(room: SharedRoom, name: string): void;
  /** A room goes on in an epoch of this server's own. */
  began(room: string, opening: Opening, why: Cause): void;
  settled(session: Session, channel: Channel, outcome: SendOutcome, epoch: EpochOrNone, seq: number, id: string): void;
  reserved(channel: Channel, holder: Uid, outcome: ReserveOutcome): void;
  /** What a command of the session waited for is there, or will not be. */
  again(session: Session): void;
}

export class SharedRoom implements ChannelOrder, SharedOut {
  readonly channel: Channel;
  readonly #host: SharedRoomHost;
  #order: SharedOrder | undefined;
  /** Servers with somebody in the room. */
  readonly #peopled = new Set<ServerId>();
  readonly #joiners = new Joiners();
  /** The newest epoch that was heard of. */
  #heard: EpochOrNone = '';
  #peerDue = NEVER;
  /** When tick() was asked for. */
  #due = NEVER;
  #isLeaving = false;
  /** flush() was asked for. */
  #isDirty = false;
  /** When the room ends unless somebody is in it. */
  #endsAt = NEVER;

  constructor(channel: Channel, host: SharedRoomHost) {
    this.channel = channel;
    this.#host = host;
  }

  // ── What happens to it ─────────────────────────────────────────────────────────────────────────────────────────

  /** This server makes the room, in an epoch newer than `known`. */
  create(known: EpochOrNone, now: number): void {
    this.#make().peer.create(known, now);
  }

  /** A server says that it is home. */
  claimed(claim: Claim, now: number): void {
    if (isNewer(claim.epoch, this.#heard)) this.#heard = claim.epoch;
    this.#endsAt = NEVER;
    this.#order?.peer.heard(claim.epoch, claim.standby, now);
    const own = this.#host.ownClaim(this.channel.key);
    if (own !== undefined && isNewer(claim.epoch, own.epoch) && !this.isHome) {
      this.#host.unsay(this.channel.key, claim.epoch);
    }
    this.#spell(this.#host.claim(this.channel.key));
    this.#retryJoins(now);
    this.#settle();
  }

  /** A server is home no longer. By an epoch of its own the room has ended; '': nothing is known of that server any more. */
  unclaimed(claim: Claim, by: EpochOrNone, now: number): void {
    const origin = homeOf(claim.epoch);
    const goesOn = by !== '' && homeOf(by) !== origin;
    if (isNewer(by, this.#heard)) this.#heard = by;
    if (goesOn) this.#order?.peer.heard(by as Epoch, undefined, now);
    const left = this.#host.claim(this.channel.key);
    this.#spell(left);
    // Where an older epoch is left, somebody was apart and has that room still: it is another one than that which ended.
    const hasEnded = by !== '' && !goesOn && !this.isHome && !isNewer(left?.epoch ?? '', claim.epoch);
    if (hasEnded) this.#endsAt = now;
    else if (left === undefined) this.#endsAt = now + HOMELESS_MS;
    if (hasEnded && this.#peopled.size > 0) this.#order?.peer.lost(origin, true, now);
    this.#settle();
  }

  reached(server: ServerId, now: number): void {
    this.#order?.peer.reached(server, now);
    this.#settle();
  }

  lost(server: ServerId, forEver: boolean, now: number): void {
    this.#order?.peer.lost(server, forEver, now);
    this.#settle();
  }

  stalled(now: number): void {
    this.#order?.peer.stalled(now);
    this.#settle();
  }

  /** Whether anything of its order is kept here: a room at home elsewhere is known before anybody is in it. */
  get takesPart(): boolean {
    return this.#order !== undefined;
  }

  /** A frame of another server about this room. */
  arrived(from: ServerId, frame: Frame, now: number): void {
    if (this.#order === undefined) this.#takePart(from, frame, now);
    this.#order?.peer.receive(from, frame, now);
  }

  flush(now: number): void {
    this.#isDirty = false;
    this.#order?.peer.flush(now);
    this.#settle();
  }

  /** This server leaves: the room is given to its standby, if there is one; who was in it may just have been sent there. */
  handOver(now: number): void {
    if (!this.isHome) return;
    this.#order?.peer.handOver(now);
    this.#isLeaving = true;
    this.#settle();
  }

  /** Whether somebody else has still to take over from this server. */
  get isHandingOver(): boolean {
    return this.#isLeaving && this.#host.ownClaim(this.channel.key) !== undefined;
  }

  /** Whether nobody here or elsewhere has a use for the room. */
  isOver(now: number): boolean {
    return this.#endsAt <= now && this.#peopled.size === 0;
  }

  // ── What the channel and chat ask ──────────────────────────────────────────────────────────────────────────────

  /** Whether another server is its home, or nobody is for now. */
  get elsewhere(): boolean {
    return !this.isHome;
  }

  get isHome(): boolean {
    return this.#order?.peer.leading !== undefined;
  }

  admits(asker: Session, place: Place): 'yes' | 'later' | 'no' {
    const { now } = this.#host;
    const answer = this.#joiners.takeAnswer(asker);
    const order = this.#order ?? this.#follow();
    if (answer === undefined && !this.#isWanted) order?.rest();
    if (this.#isHere(place) || (answer === 'late' && order?.isReady === true)) return 'yes';
    if (answer === 'late') return 'no';
    order?.wake(now);
    this.#joiners.add(asker, place, now + (order?.isReady === true ? BEHIND_MS : JOIN_MS));
    this.#announceDue();
    return 'later';
  }

  /** Whether anybody of a server is in the room has changed. */
  peopled(server: ServerId, some: boolean): void {
    if (some) this.#peopled.add(server);
    else this.#peopled.delete(server);
    if (some && this.isHome) this.#endsAt = NEVER;
    this.#order?.peer.membersChanged(this.#host.now);
    if (this.#peopled.size === 0) this.#host.review(this);
  }

  tick(now: number): void {
    this.#due = NEVER;
    if (this.#peerDue <= now) {
      this.#peerDue = NEVER;
      this.#order?.peer.tick(now);
      this.#peerDue = Math.max(this.#order?.peer.nextDeadline ?? NEVER, now + 1);
    }
    for (const session of this.#joiners.takeOverdue(now)) this.#host.again(session);
    this.#settle();
  }

  /** No log of a shared room answers late. */
  done(): void {}

  close(): void {
    const { key } = this.channel;
    const own = this.#host.ownClaim(key);
    this.#order?.close();
    if (own !== undefined) this.#host.unsay(key, own.epoch);
    this.#host.ended(key, isNewer(this.epoch, this.#heard) ? this.epoch : this.#heard);
    for (const session of this.#joiners.takeReady(() => true)) this.#host.again(session);
  }

  // ── RoomOrder ──────────────────────────────────────────────────────────────────────────────────────────────────

  get epoch(): Epoch {
    const epoch = this.#order?.epoch ?? '';
    return (epoch === '' ? this.#heard : epoch) as Epoch;
  }

  get next(): number {
    return this.#order?.next ?? 1;
  }

  get floor(): number {
    return this.#order?.floor ?? 1;
  }

  get sentSeq(): number {
    return this.#order?.sentSeq ?? 0;
  }

  get sentEpoch(): Epoch {
    return (this.#order?.sentEpoch ?? '') as Epoch;
  }

  send(
    asker: Session,
    holder: Uid,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
  ): SendOutcome {
    return this.#order?.send(asker, holder, nick, text, start, end, seq, id, now) ?? UNAVAILABLE;
  }

  reserve(holder: Uid, now: number): ReserveOutcome | undefined {
    return this.#order === undefined ? { kind: 'unavailable' } : this.#order.reserve(holder, now);
  }

  release(holder: Uid, now: number): void {
    this.#order?.release(holder, now);
  }

  find(epoch: Epoch, seq: number, now: number): FindOutcome {
    return this.#order?.find(epoch, seq, now) ?? { kind: 'gone', floor: 1 };
  }

  history(epoch: Epoch, from: number, count: number): SlotReader | undefined {
    return this.#order?.history(epoch, from, count);
  }

  resume(epoch: Epoch, last: number): SlotReader | undefined {
    return this.#order?.resume(epoch, last);
  }

  ahead(): SlotReader | undefined {
    return this.#order?.ahead();
  }

  // ── What the order asks (SharedOut) ────────────────────────────────────────────────────────────────────────────

  to(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): void {
    this.#host.to(server, bytes, start, end, count);
  }

  reachable(): readonly ServerId[] {
    return this.#host.reachable();
  }

  awaited(): readonly ServerId[] {
    return this.#host.awaited();
  }

  hasMembers(server: ServerId): boolean {
    return this.#peopled.has(server);
  }

  get hash(): Hash {
    return this.#host.hash;
  }

  ticket(): Ticket {
    return this.#host.ticket();
  }

  publish(kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void {
    this.channel.deliver(kind, seq, bytes, start, end);
  }

  publishRun(run: Run): void {
    this.channel.deliverRun(run);
  }

  turn(bytes: Uint8Array): void {
    this.channel.turn(bytes);
  }

  settled(asker: object, outcome: SendOutcome, epoch: EpochOrNone, seq: number, id: string, since: number): void {
    if (outcome === SENT) this.channel.committed(this.#host.now - since);
    this.#host.settled(asker as Session, this.channel, outcome, epoch, seq, id);
  }

  reserved(holder: Uid, outcome: ReserveOutcome): void {
    this.#host.reserved(this.channel, holder, outcome);
  }

  announce({ epoch, oldEpoch, oldLast }: Opening, standby: ServerId | undefined): void {
    const { key, name } = this.channel;
    if (epoch !== this.#heard) {
      this.channel.began();
      // Of a room that lost its home while nobody was in it nothing is left, unless somebody comes back at once.
      const isOrphan = this.#endsAt !== NEVER && this.#peopled.size === 0;
      this.#endsAt = isOrphan ? this.#host.now + HOMELESS_MS : NEVER;
    }
    this.#heard = epoch;
    this.#host.say(key, { name, epoch, standby, oldEpoch, oldLast });
    // Only its home ends a room in which nobody is, and that is this server now.
    this.channel.wakeBy(this.#host.now + HOMELESS_MS);
  }

  began(opening: Opening, why: Cause): void {
    this.#host.began(this.channel.name, opening, why);
  }

  /** Whatever makes the copy complete, those who wait for it are told in #settle. */
  ready(): void {}

  due(at: number): void {
    this.#peerDue = at;
    this.#announceDue();
  }

  dirty(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#host.dirty(this);
  }

  // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #make(): SharedOrder {
    this.#order = new SharedOrder({ ...this.#host.options, room: this.channel, out: this });
    return this.#order;
  }

  /** Whoever made the room elsewhere may have spelled it in another way: all show it as the newest claim does. */
  #spell(newest: Claim | undefined): void {
    if (newest !== undefined && newest.name !== this.channel.name) this.#host.respelled(this, newest.name);
  }

  /** Follows the home that is known, if one is. */
  #follow(): SharedOrder | undefined {
    const claim = this.#host.claim(this.channel.key);
    if (claim === undefined) return undefined;
    const order = this.#make();
    order.peer.follow(claim.epoch, claim.standby, this.#host.now);
    return order;
  }

  /** Another server wants this one to have a part in the room. */
  #takePart(from: ServerId, frame: Frame, now: number): void {
    if (frame.verb() !== 'OPENED') return;
    const epoch = frame.arg(1);
    if (!isEpoch(epoch) || homeOf(epoch) !== from || !isTimely(epoch, now)) return;
    const claim = this.#host.claim(this.channel.key);
    const isKnown = claim !== undefined && !isNewer(epoch, claim.epoch);
    this.#make().peer.follow(isKnown ? claim.epoch : epoch, isKnown ? claim.standby : undefined, now);
    // Word that it is home is on its way.
    if (claim === undefined) this.#endsAt = now + JOIN_MS;
  }

  /** Whether somebody here is in the room, or waits to be: where nobody is nobody is told of it, and the copy is old. */
  get #isWanted(): boolean {
    return this.#peopled.has(this.#host.self) || this.#joiners.size > 0;
  }

  #retryJoins(now: number): void {
    if (this.#order !== undefined || this.#joiners.size === 0) return;
    this.#follow()?.wake(now);
  }

  /** Whether the copy has come as far as somebody has read elsewhere: what that one has would come as new otherwise. */
  #isHere({ epoch, last }: Place): boolean {
    const order = this.#order;
    if (order?.isReady !== true) return false;
    if (epoch === '' || this.isHome) return true;
    return epoch === order.epoch ? last < order.next : !isNewer(epoch, order.epoch);
  }

  /** Behind everything that may have changed something. */
  #settle(): void {
    if (this.#joiners.size > 0) {
      for (const session of this.#joiners.takeReady((place) => this.#isHere(place))) this.#host.again(session);
    }
    if (this.isOver(this.#host.now)) this.#host.review(this);
    this.#announceDue();
  }

  #announceDue(): void {
    let at = this.#peerDue;
    // Once that time has come the room is reviewed whenever something about it changes.
    if (this.#endsAt > this.#host.now) at = Math.min(at, this.#endsAt);
    at = Math.min(at, this.#joiners.deadline);
    if (at === this.#due) return;
    this.#due = at;
    this.#host.due(this.channel, at);
  }
}
