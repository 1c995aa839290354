// Leading: what a server does as a room's home. Its Home decides; what is decided goes to the followers, is committed
// when the standby holds it, and then reaches readers everywhere. Sends and reservations of members elsewhere come in
// as frames, and their outcomes leave behind the entries that they speak of. One Leading lives as long as its epoch.
//
// It refuses what speaks of another epoch, and a send in front of which another one is missing: the order of a
// sender's messages is that in which its server sent them.

import type { Epoch, ServerId, Ticket, Uid } from '../base/ids.ts';
import { type ReserveOutcome, type SendOutcome, UNAVAILABLE, WAITING } from '../base/outcome.ts';
import type { Run } from '../base/run.ts';
import type { Frame } from '../wire/scanner.ts';
import { FrameWriter, openFrame } from '../wire/writer.ts';
import type { EpochOrNone } from './epochs.ts';
import { Followers } from './followers.ts';
import { Home } from './home.ts';
import { type HomeOut, NEW } from './home-ports.ts';
import type { Line } from './line.ts';
import type { EntryKind } from './log.ts';
import { outcomeFor } from './member-sends.ts';
import { Nicks } from './nicks.ts';
import { closedAt, firstOpening } from './opening.ts';
import type { Reference } from './references.ts';
import { ReplicatedLog } from './replicated.ts';
import type { Segment } from './segment.ts';
import { numberAt, serverOf, writeOpened } from './server-frames.ts';
import type { SharedOptions } from './shared-ports.ts';
import { standbyOrder } from './standby.ts';
import { Unanswered } from './unanswered.ts';

/** How long a standby may owe an acknowledgement, and how long another is preferred afterwards. */
const ACK_MS = 2_000;
const SLOW_MS = 10_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Of members elsewhere, in all rooms. */
const nicks = new Nicks();

export interface LeadingOut {
  /** One of this server's own members has the outcome of a send. */
  settledHere(send: Unanswered, outcome: SendOutcome, seq: number): void;
  /** The home has something to do at another time. */
  dueChanged(): void;
}

/** Somebody on another server who waits for the outcome of a send. */
class Forwarded implements Reference {
  readonly server: ServerId;
  readonly number: number;

  constructor(server: ServerId, number: number) {
    this.server = server;
    this.number = number;
  }
}

/** What is known of the sends of one other server. */
interface Sender {
  /** The highest number of those that were seen. A server that began anew counts from higher up. */
  seen: number;
  /** Numbers of those that wait for their commit: asked for again, they get the one answer. */
  readonly waiting: Set<number>;
}

/** An answer that leaves behind what was decided before it. */
interface Settlement {
  readonly to: Forwarded;
  readonly outcome: SendOutcome;
  readonly epoch: Epoch;
  readonly seq: number;
}

export class Leading implements HomeOut {
  readonly home: Home;
  readonly segment: Segment;
  standby: ServerId | undefined;
  /** While it is set nothing is decided or committed, and nothing is lost. */
  isHeld = false;
  readonly #options: SharedOptions;
  readonly #out: LeadingOut;
  readonly #line: Line;
  readonly #log: ReplicatedLog;
  readonly #followers: Followers;
  readonly #frames = new FrameWriter();
  /** `<SETTLED,room`. */
  readonly #settled: Uint8Array;
  readonly #senders = new Map<ServerId, Sender>();
  readonly #slow = new Map<ServerId, number>();
  /** Servers of whose sends one is missing here: asked for, or to be asked for when there is room. */
  readonly #missing = new Map<ServerId, 'asked' | 'full'>();
  #settlements: Settlement[] = [];
  #now: number;
  #retired = false;

  /** `line` ends with the open segment to lead. */
  constructor(options: SharedOptions, line: Line, segment: Segment, out: LeadingOut, now: number) {
    this.#options = options;
    this.segment = segment;
    this.#line = line;
    this.#out = out;
    this.#now = now;
    this.#settled = openFrame('SETTLED', options.room.name);
    const { home: limits, segment: kept } = options;
    this.#followers = new Followers((...frames) => options.out.to(...frames));
    const waiting = Math.min(limits.pendingEntries, Math.max(1, kept.memory.slots >> 1));
    const waitingBytes = Math.min(limits.pendingBytes, Math.max(1, kept.memory.bytes >> 1));
    this.#log = new ReplicatedLog(segment, { waiting, waitingBytes }, (position) => {
      this.home.committedTo(position, this.#now);
    });
    this.home = new Home({
      room: options.room,
      epoch: segment.epoch,
      first: segment.opening.first,
      log: this.#log,
      limits,
      penalties: options.penalties,
      idBudget: options.budgets.ids,
      kept: segment,
      earlier: line,
      out: this,
      tickets: () => options.out.ticket(),
    });
  }

  get deadline(): number {
    if (this.isHeld) return NEVER;
    let next = this.home.nextDeadline;
    const standby = this.standby === undefined ? undefined : this.#followers.get(this.standby);
    if (standby !== undefined) next = Math.min(next, standby.since + ACK_MS);
    return next;
  }

  /** Whether another server may have taken this one for lost. */
  get isFollowed(): boolean {
    const { out } = this.#options;
    if (this.#followers.size > 0 || this.standby !== undefined) return true;
    return out.reachable().length > 0 || out.awaited().length > 0;
  }

  /** Whether entries count only when a second server has them. Where one may be back in a moment, it is waited for. */
  get isReplicated(): boolean {
    if (this.#options.ack === 'home') return false;
    return this.standby !== undefined || this.#options.out.awaited().length > 0;
  }

  /** Entries that are not committed. */
  get waiting(): number {
    return this.#log.waiting;
  }

  /** Decides a message of a member here, whose text is bytes[start, end); WAITING: LeadingOut.settledHere follows. */
  decide(send: Unanswered, bytes: Uint8Array, start: number, end: number, now: number): SendOutcome {
    this.#now = now;
    if (send.leading === this) return WAITING;
    const outcome = this.#send(send, send.holder, send.nick, bytes, start, end, send.seq, send.id);
    if (outcome === WAITING) send.leading = this;
    return outcome;
  }

  /** A member elsewhere asks for something. */
  asked(verb: 'FORWARD' | 'RESERVE' | 'RELEASE', from: ServerId, frame: Frame, now: number): void {
    this.#now = now;
    if (verb === 'FORWARD') this.#forwarded(from, frame, now);
    else if (verb === 'RESERVE') this.#reserveFor(from, frame.arg(2) as Uid, now);
    else this.home.release(frame.arg(2) as Uid, now);
  }

  #forwarded(from: ServerId, frame: Frame, now: number): void {
    const number = numberAt(frame, 2);
    const before = numberAt(frame, 3);
    const seq = Math.max(0, numberAt(frame, 6));
    if (number < 1 || frame.argc < 9) return;
    const sender = this.#senderOf(from);
    if (before > sender.seen) return this.#askAgain(from);
    if (sender.waiting.has(number)) return;
    const id = frame.arg(7);
    const asker = new Forwarded(from, number);
    const start = frame.argStart[8] as number;
    const end = frame.argEnd[8] as number;
    const { home } = this;
    let outcome: SendOutcome;
    if (number <= sender.seen) {
      // It was looked at before: it is answered again, and never decided by this.
      const known = home.repeated(asker, frame.bytes, start, end, seq, id, now, asker);
      outcome = known === NEW ? UNAVAILABLE : known;
    } else {
      const nick = nicks.of(frame.bytes, frame.argStart[5] as number, frame.argEnd[5] as number);
      outcome = this.#send(asker, frame.name(4) as Uid, nick, frame.bytes, start, end, seq, id);
      if (outcome === UNAVAILABLE) {
        // A refusal could be lost, and what was said behind it come before it: it is asked for again, and that is not.
        this.#missing.set(from, 'full');
        return;
      }
      sender.seen = number;
      this.#missing.delete(from);
    }
    if (outcome === WAITING) {
      sender.waiting.add(number);
      return;
    }
    this.#settlements.push({
      to: asker,
      outcome: outcomeFor({ id }, outcome),
      epoch: home.sentEpoch,
      seq: home.sentSeq,
    });
    this.#options.out.dirty();
  }

  #senderOf(server: ServerId): Sender {
    let sender = this.#senders.get(server);
    if (sender === undefined) {
      sender = { seen: 0, waiting: new Set() };
      this.#senders.set(server, sender);
    }
    return sender;
  }

  /** Asks a server for all that it has no answer to; once, for each of the sends behind a gap shows it. */
  #askAgain(server: ServerId, hasRoom = false): void {
    if (this.#missing.has(server) && !hasRoom) return;
    this.#missing.set(server, 'asked');
    this.#say(server, 'RESEND', this.segment.epoch);
  }

  #reserveFor(from: ServerId, holder: Uid, now: number): void {
    const outcome: ReserveOutcome = this.home.reserve(holder, now);
    const seq = outcome.kind === 'reserved' ? outcome.seq : 0;
    const ms = outcome.kind === 'reserved' ? outcome.ttlMs : outcome.kind === 'refused' ? outcome.retryMs : 0;
    this.#say(from, 'RESERVED', this.segment.epoch, holder, seq, ms);
  }

  /** A follower holds everything up to `position`. */
  acked(from: ServerId, position: number, now: number): void {
    this.#now = now;
    const follower = this.#followers.get(from);
    if (follower === undefined || position <= follower.held) return;
    follower.held = position;
    follower.since = position >= follower.sent ? NEVER : now;
    if (from === this.standby && !this.isHeld) this.#log.held(position);
  }

  /** From now on `server` gets what is above `position` of this epoch. */
  #streamTo(server: ServerId, position: number): void {
    this.#followers.set(server, position);
    this.#options.out.dirty();
  }

  /** Tells `server` how this epoch began, and streams all of it. */
  introduce(server: ServerId, asFirst = false): void {
    this.#sendOpening(server, this.segment, asFirst);
    this.#streamTo(server, 0);
  }

  /** Leads a server on that stands at `position` of an epoch whose end is forgotten: what lies between is lost to it. */
  #afresh(server: ServerId, epoch: Epoch, position: number): void {
    const { opening } = this.segment;
    const name = this.#options.room.name;
    const frames = this.#frames;
    frames.clear();
    frames
      .begin('LAGGED')
      .arg(name)
      .arg(epoch)
      .arg(position + 1)
      .arg(opening.first)
      .end();
    const old = { oldEpoch: epoch, oldPosition: position + 1, oldLast: opening.first - 1 };
    writeOpened(frames, name, { ...opening, ...old, tails: [] });
    this.#options.out.to(server, frames.bytes, 0, frames.length, 2);
    this.#streamTo(server, 0);
  }

  /** `asFirst`: for a server that has nothing in front of it. */
  #sendOpening(server: ServerId, { opening }: Segment, asFirst = false): void {
    this.#frames.clear();
    const { epoch, first } = opening;
    writeOpened(this.#frames, this.#options.room.name, asFirst ? firstOpening(epoch, first) : opening);
    this.#options.out.to(server, this.#frames.bytes, 0, this.#frames.length, 1);
  }

  /** Gives a server all that lies behind its position; false when it is on a line of its own. */
  serve(server: ServerId, epoch: EpochOrNone, position: number): boolean {
    const { segment: current } = this;
    if (epoch === '') return this.#sendLine(server, 0);
    const index = this.#line.segments.findIndex((segment) => segment.epoch === epoch);
    const segment = this.#line.segments[index];
    if (segment === current) {
      this.#streamTo(server, Math.min(position, current.position));
      return true;
    }
    if (segment !== undefined && position <= segment.position) {
      this.#sendPast(server, segment, position, segment.position);
      return this.#sendLine(server, index + 1);
    }
    const joining = this.#line.joining(epoch, position);
    if (joining !== undefined) {
      const branch = this.#line.branchOf(epoch);
      if (branch !== undefined) this.#sendPast(server, branch, position, closedAt(joining.opening, epoch) ?? position);
      return this.#sendLine(server, this.#line.segments.indexOf(joining));
    }
    if (segment !== undefined || !this.#line.knows(epoch, position)) return false;
    this.#afresh(server, epoch, position);
    return true;
  }

  /** Sends the epochs of the line from place `index` on. */
  #sendLine(to: ServerId, index: number): boolean {
    for (const segment of this.#line.segments.slice(index)) {
      const asFirst = index === 0 && segment === this.#line.segments[0];
      if (segment === this.segment) {
        this.introduce(to, asFirst);
      } else {
        this.#sendOpening(to, segment, asFirst);
        this.#sendPast(to, segment, 0, segment.position);
      }
    }
    return true;
  }

  /** Sends the entries above `from` of a closed epoch, or of a branch. */
  #sendPast(server: ServerId, segment: Segment, from: number, until: number): void {
    this.#followers.stream(segment, server, from, Math.min(segment.position, until));
  }

  /** A server is out of reach, or is not awaited any longer; `forEver`: what it was does not come back. */
  lost(server: ServerId, forEver: boolean, now: number): void {
    this.#now = now;
    this.#followers.delete(server);
    this.#missing.delete(server);
    // It may be within reach all the same, in another life: then it is appointed anew, and told everything again.
    if (this.standby === server) this.standby = undefined;
    if (this.isHeld) return;
    const isGone = forEver || !this.#options.out.awaited().includes(server);
    if (isGone) this.home.releaseAll((holder) => serverOf(holder) === server, now);
    this.chooseStandby(now);
  }

  /** A server is within reach (again): what it was sent before may be lost. */
  reached(server: ServerId, now: number): void {
    if (this.#followers.get(server) !== undefined || this.#options.out.hasMembers(server)) this.#offer(server);
    if (!this.isHeld) this.chooseStandby(now);
  }

  /** Who has members follows; who has none is left alone, unless it is the standby. */
  followMembers(): void {
    const { out } = this.#options;
    for (const { server } of this.#followers.all()) {
      if (server !== this.standby && !out.hasMembers(server)) this.#followers.delete(server);
    }
    for (const server of out.reachable()) {
      if (out.hasMembers(server) && this.#followers.get(server) === undefined) this.#offer(server);
    }
  }

  /** Tells a server where this epoch stands; what it lacks of that, it asks for. */
  #offer(server: ServerId): void {
    this.#sendOpening(server, this.segment);
    this.#streamTo(server, this.segment.committed);
  }

  /** Keeps the standby while it is within reach and answers; otherwise takes the next. */
  chooseStandby(now: number): void {
    this.#now = now;
    const { out, room } = this.#options;
    const reachable = out.reachable();
    const { standby } = this;
    if (standby !== undefined && reachable.includes(standby) && !this.#isSlow(standby, now)) return;
    const fresh = reachable.filter((server) => !this.#isSlow(server, now));
    const order = standbyOrder(room.key, fresh.length > 0 ? fresh : reachable, (one) => out.hasMembers(one), out.hash);
    const chosen = order[0];
    this.standby = chosen;
    this.#log.awaitStandby(this.isReplicated);
    if (chosen === standby) return;
    if (chosen !== undefined) this.#appoint(chosen, now);
    out.announce(this.segment.opening, chosen);
    out.dirty();
  }

  tick(now: number): void {
    this.#now = now;
    if (this.isHeld) return;
    this.home.tick(now);
    const { standby } = this;
    const follower = standby === undefined ? undefined : this.#followers.get(standby);
    if (standby === undefined || follower === undefined || now < follower.since + ACK_MS) return;
    this.#slow.set(standby, now + SLOW_MS);
    follower.since = now;
    this.chooseStandby(now);
    // Nobody else is there: what it was sent may be lost.
    if (this.standby === standby) this.introduce(standby);
  }

  /** Sends what the batch decided, and then the outcomes. */
  flush(now: number): void {
    this.#now = now;
    this.#followers.flush(this.segment, this.standby, now);
    const settlements = this.#settlements;
    this.#settlements = [];
    const frames = this.#frames;
    for (const { to, outcome, epoch, seq } of settlements) {
      frames.clear();
      frames.beginAs(this.#settled).arg(to.number).arg(outcome).word(epoch).arg(seq).end();
      this.#options.out.to(to.server, frames.bytes, 0, frames.length, 1);
    }
    // What a home takes that takes nothing would be refused and asked for again, without end.
    if (this.waiting > 0 || this.home.isBlocked) return;
    for (const [server, why] of this.#missing) if (why === 'full') this.#askAgain(server, true);
  }

  /** What was on its way may be lost: every follower begins again behind what it said that it holds. */
  restream(): void {
    for (const { server } of this.#followers.all()) this.introduce(server);
  }

  /** Another server decides from now on. What is not committed is given up here, and answered by whoever follows. */
  retire(): void {
    this.#retired = true;
    this.#log.stop();
    this.home.close();
  }

  publish(_home: Home, kind: EntryKind, seq: number, bytes: Uint8Array, start: number, end: number): void {
    this.#options.out.publish(kind, seq, bytes, start, end);
    if (this.#followers.size > 0) this.#options.out.dirty();
  }

  publishCommitted(_home: Home, run: Run): void {
    this.#options.out.publishRun(run);
    this.#options.out.dirty();
  }

  settled(_home: Home, asker: object, outcome: SendOutcome, seq: number): void {
    if (this.#retired) return;
    if (asker instanceof Unanswered) {
      asker.leading = undefined;
      this.#out.settledHere(asker, outcome, seq);
    } else if (asker instanceof Forwarded) {
      this.#senders.get(asker.server)?.waiting.delete(asker.number);
      this.#settlements.push({ to: asker, outcome, epoch: this.segment.epoch, seq });
      this.#options.out.dirty();
    }
  }

  due(): void {
    this.#out.dueChanged();
  }

  /** An entry waits for the standby, which has to get it first. */
  waits(_home: Home, _ticket: Ticket): void {
    this.#options.out.dirty();
  }

  #send(
    asker: Reference,
    holder: Uid,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
  ): SendOutcome {
    const reference = id === '' ? asker : undefined;
    this.#log.reference = reference;
    const outcome = this.home.send(asker, holder, nick, text, start, end, seq, id, this.#now, reference);
    this.#log.reference = undefined;
    return outcome;
  }

  #appoint(standby: ServerId, now: number): void {
    const follower = this.#followers.get(standby);
    if (follower === undefined) return this.introduce(standby);
    // It follows already; what waits for a commit goes to it now, and is owed an answer.
    follower.since = this.waiting > 0 ? now : NEVER;
  }

  #isSlow(server: ServerId, now: number): boolean {
    return (this.#slow.get(server) ?? 0) > now;
  }

  #say(server: ServerId, verb: string, ...args: (string | number)[]): void {
    const frames = this.#frames;
    frames.clear();
    frames.begin(verb).arg(this.#options.room.name);
    for (const value of args) frames.arg(value);
    this.#options.out.to(server, frames.end().bytes, 0, frames.length, 1);
  }
}
