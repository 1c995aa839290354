// A room's peer: one of the servers that share a room, as it stands to the others. It plays one role at a time:
//
//                 ┌── its home was lost, or hands over ──> electing ── sealed and fetched ──┐
//   follower ─────┤                                           │ a newer one was promised    ▼
//      ▲          └──── sealed by another server ───────> frozen <── sealed, fenced ────── home
//      └──────────────────── a newer epoch is opened ────────┘
//
// The home decides (Leading) and streams what it decided; a follower keeps a copy, tells its readers what is
// committed, and sends the home what its own members say (MemberSends). What is asked for while nobody decides waits.
//
// It keeps true: it decides in epochs of its own alone; it tells readers nothing that is not committed, and nothing of
// an epoch older than one it spoke of; it never obeys an epoch older than one that it has promised to.
// It knows no links, clocks or users: they are arguments or ports.

import { assert } from '../base/assert.ts';
import type { Epoch, ServerId } from '../base/ids.ts';
import type { SendOutcome } from '../base/outcome.ts';
import type { Frame } from '../wire/scanner.ts';
import { Allegiance } from './allegiance.ts';
import { Copy } from './copy.ts';
import { Elections } from './elections.ts';
import { type EpochOrNone, homeOf, isNewer, isTimely } from './epochs.ts';
import { HomeWatch } from './home-watch.ts';
import { Leading } from './leading.ts';
import { Line } from './line.ts';
import { MemberSends } from './member-sends.ts';
import { closedAt, firstOpening, type Opening } from './opening.ts';
import { MOVES, type Role } from './roles.ts';
import type { Segment } from './segment.ts';
import { entryKind, epochAt, numberAt, readSealed } from './server-frames.ts';
import type { Cause, SharedOptions } from './shared-ports.ts';

/** How long a server that promised waits for the epoch that it promised to. */
const FROZEN_MS = 3_000;
const NEVER = Number.POSITIVE_INFINITY;

export class RoomPeer {
  role: Role = 'follower';
  readonly #options: SharedOptions;
  readonly line = new Line();
  readonly sends: MemberSends;
  readonly copy: Copy;
  readonly #elections: Elections;
  leading: Leading | undefined;
  /** Home, with nobody else in reach and nothing waiting: the short way. */
  isAlone = false;
  readonly #allegiance: Allegiance;
  #isLeaving = false;
  readonly #watch: HomeWatch;
  #frozenUntil = NEVER;
  #mergeAt = 0;
  #cause: Cause = 'fail-over';
  #now = 0;
  #dueAt = NEVER;
  isClosed = false;

  constructor(options: SharedOptions) {
    this.#options = options;
    this.#allegiance = new Allegiance(options.self);
    this.#watch = new HomeWatch(options.holdMs);
    this.sends = new MemberSends(options);
    this.copy = new Copy(options, this.line, {
      isObeyed: (server) => this.leading === undefined && this.#allegiance.isOwedTo(server),
      correct: (server, epoch) => this.#correct(server, epoch),
      learn: (server, epoch) => this.#learnFrom(server, epoch),
      source: () => (this.asked === undefined ? undefined : this.#allegiance.leader),
      known: () => this.#allegiance.known,
      began: (epoch) => this.#began(epoch),
      fetching: (from, epoch) => this.#elections.targetOf(from, epoch),
      fetched: (segment) => this.#elections.received(segment),
      say: (server, verb, ...args) => this.sends.say(server, verb, ...args),
    });
    this.#elections = new Elections(options, this.line, {
      promise: (epoch) => this.#allegiance.promise(epoch),
      open: (opening, through) => this.#open(opening, through),
      resume: () => this.#resume(),
    });
  }

  get epoch(): EpochOrNone {
    return this.line.current?.epoch ?? this.#allegiance.known;
  }

  get standby(): ServerId | undefined {
    return this.leading?.standby ?? this.#allegiance.standby;
  }

  get nextDeadline(): number {
    if (this.isClosed) return NEVER;
    let next = Math.min(this.sends.deadline, this.copy.askAgainAt, this.#elections.deadline, this.line.deadline);
    if (this.leading !== undefined) next = Math.min(next, this.leading.deadline);
    if (this.role === 'frozen' && !this.#elections.isProbing) next = Math.min(next, this.#frozenUntil);
    return Math.min(next, this.#succeedAt);
  }

  /** Makes the room, in an epoch newer than `known`: this server is its home. */
  create(known: EpochOrNone, now: number): void {
    this.#now = now;
    this.#allegiance.promise(known);
    const epoch = this.#elections.nextEpoch(this.#allegiance.promised, now);
    this.role = 'electing';
    this.copy.isReady = true;
    this.copy.begin(firstOpening(epoch));
    this.#lead();
    this.after();
  }

  /** The room exists, in `known` with `standby`: this server follows it from now on. */
  follow(known: Epoch, standby: ServerId | undefined, now: number): void {
    this.#now = now;
    this.#allegiance.know(known);
    this.#allegiance.standby = standby;
    this.#watchHome();
    this.copy.subscribe(this.#now);
    this.after();
  }

  /** The room has ended here. */
  close(): void {
    this.#retire();
    this.isClosed = true;
    this.sends.close();
    this.line.free();
    this.after();
  }

  // What happens around it.

  /** A fact about the room: `epoch` has begun, with `standby`. */
  heard(epoch: Epoch, standby: ServerId | undefined, now: number): void {
    this.#now = now;
    if (isNewer(epoch, this.#allegiance.known) && this.#elections.isWithin(homeOf(epoch))) this.#learn(epoch);
    if (epoch === this.#allegiance.known && this.role !== 'home') this.#allegiance.standby = standby;
    this.after();
  }

  /** A server came within reach, or the way to it is another one: what was on its way may be lost. */
  reached(server: ServerId, now: number): void {
    this.#now = now;
    this.copy.lost(server);
    if (server === this.#allegiance.leader && this.#watch.found()) {
      this.copy.subscribe(this.#now);
      this.#resend();
    }
    this.#elections.reached(server, now);
    if (this.role === 'home') this.leading?.reached(server, now);
    this.after();
  }

  /** A server is out of reach, or is awaited no longer; `forEver` when it left, or is back as another incarnation. */
  lost(server: ServerId, forEver: boolean, now: number): void {
    this.#now = now;
    this.copy.lost(server);
    if (server === this.#allegiance.leader) this.#watch.lost(forEver, now);
    this.#elections.lost(server, now);
    this.leading?.lost(server, forEver, now);
    if (this.#isLeaving) this.#handOver();
    this.after();
  }

  /** Members came to or left some server. */
  membersChanged(now: number): void {
    this.#now = now;
    this.leading?.followMembers();
    // Where nobody is, nobody has to be told of the room.
    const isWanted = this.#options.out.hasMembers(this.#options.self);
    if (this.leading === undefined && !this.copy.isReady && isWanted) this.copy.ask(now);
    this.after();
  }

  /** This server stood still for so long that it may have been replaced: it asks before it decides again. */
  stalled(now: number): void {
    this.#now = now;
    if (this.role === 'home' && this.leading?.isFollowed) {
      this.#become('frozen');
      this.leading.isHeld = true;
      this.#elections.probe(this.leading.segment.epoch, now);
    } else if (this.role === 'electing') {
      this.#freeze();
    }
    this.after();
  }

  /** This server leaves: its standby becomes the home, with everything that was decided. */
  handOver(now: number): void {
    this.#now = now;
    if (this.role !== 'home' || this.leading?.standby === undefined) return;
    this.leading.home.releaseAll(() => true, now);
    this.#isLeaving = true;
    this.#handOver();
    this.after();
  }

  /** The batch is over: what was decided in it leaves. */
  flush(now: number): void {
    this.#now = now;
    this.leading?.flush(now);
    this.after();
  }

  tick(now: number): void {
    this.#now = now;
    this.sends.tick(this.epoch, now);
    this.line.tick(now);
    if (this.role === 'home') this.leading?.tick(now);
    this.#elections.tick(now);
    if (this.role === 'frozen' && !this.#elections.isProbing && this.#frozenUntil <= now) this.#thaw();
    if (this.#succeedAt <= now) this.#elect('fail-over');
    if (this.copy.askAgainAt <= now) this.copy.subscribe(this.#now);
    if (this.sends.againAt <= now) {
      this.copy.subscribe(this.#now);
      this.#resend();
    }
    this.after();
  }

  /** One frame of another server, in the order in which they came. */
  receive(from: ServerId, frame: Frame, now: number): void {
    this.#now = now;
    if (this.isClosed) return;
    const kind = entryKind(frame);
    if (kind === 0) this.#take(from, frame);
    else this.copy.entry(kind, from, frame, now);
    // What follows from all frames of a batch is seen to once.
    this.#options.out.dirty();
  }

  #take(from: ServerId, frame: Frame): void {
    const allegiance = this.#allegiance;
    const verb = frame.verb();
    switch (verb) {
      case 'STREAM':
      case 'OPENED':
      case 'LAGGED':
        return this.copy.take(verb, from, frame, this.#now);
      case 'ACK':
        if (epochAt(frame, 1) === this.leading?.segment.epoch) this.leading?.acked(from, numberAt(frame, 2), this.#now);
        if (this.#isLeaving) this.#handOver();
        return;
      case 'FORWARD':
      case 'RESERVE':
      case 'RELEASE':
        if (this.#obeys(from, frame)) this.leading?.asked(verb, from, frame, this.#now);
        return;
      case 'SETTLED':
      case 'RESERVED':
        if (from === allegiance.leader) this.sends.answered(verb, from, frame, this.line.current);
        return;
      case 'RESEND':
        if (from === allegiance.leader && epochAt(frame, 1) === allegiance.known) this.#resend();
        return;
      case 'SUBSCRIBE':
        return this.#subscribed(from, epochAt(frame, 1), numberAt(frame, 2), numberAt(frame, 3));
      case 'SEAL':
        return this.#seal(from, epochAt(frame, 1));
      case 'SEALED':
        return this.#sealed(from, frame);
      case 'HANDOVER':
        if (this.role === 'follower' && from === allegiance.leader && epochAt(frame, 1) === this.epoch)
          this.#elect('hand-over');
        return;
    }
  }

  /** Gives all that is unanswered to the home. */
  #resend(): void {
    this.sends.againAt = NEVER;
    if (this.asked !== undefined) this.sends.resend(this.asked, this.#now);
  }

  // What followers ask of a home.

  #subscribed(from: ServerId, epoch: EpochOrNone | undefined, position: number, until: number): void {
    if (epoch === undefined || position < 0) return;
    // Somebody collects a part of one epoch: every copy will do.
    if (until > 0 && epoch !== '') return this.#elections.sendPart(from, epoch, position, until);
    const leading = this.leading;
    if (leading === undefined || this.role !== 'home') {
      if (this.role !== 'electing') this.#elections.saySealed(from, this.#allegiance.promised);
      return;
    }
    if (epoch !== '' && isNewer(epoch, leading.segment.epoch)) return this.#learn(epoch);
    if (leading.serve(from, epoch, position)) return;
    // Somebody has what this line has not: two sides of a split see each other again. Whoever comes while that is
    // being settled asks again.
    if (this.#now >= this.#mergeAt) this.#elect('merge');
  }

  // Roles.

  get decides(): boolean {
    return this.role === 'home' && !this.#isLeaving;
  }

  /** The epoch whose home, which is elsewhere and within reach, is to be asked; undefined when there is none. */
  get asked(): Epoch | undefined {
    const { known, leader } = this.#allegiance;
    return this.role === 'follower' && leader !== undefined && this.#watch.isThere ? (known as Epoch) : undefined;
  }

  /** When this server is to take the place of its home; Infinity while that is there. */
  get #succeedAt(): number {
    if (this.role !== 'follower' || this.#watch.isThere) return NEVER;
    return this.#watch.succeedAt(this.#elections.rank(this.#allegiance.standby));
  }

  /** Tells `server`, which speaks of `epoch`, of a newer one. */
  #correct(server: ServerId, epoch: EpochOrNone): void {
    const { promised } = this.#allegiance;
    if (isNewer(promised, epoch)) this.#elections.saySealed(server, promised);
  }

  /** Whether a frame for the home of its epoch came to the right one; otherwise the sender is told, or we learn. */
  #obeys(from: ServerId, frame: Frame): boolean {
    const epoch = epochAt(frame, 1) ?? '';
    if (isNewer(epoch, this.#allegiance.promised)) this.#learn(epoch as Epoch);
    else if (this.decides && epoch === this.leading?.segment.epoch) return true;
    else this.#correct(from, epoch);
    return false;
  }

  #become(role: Role): void {
    assert(MOVES[this.role].includes(role), `no way from ${this.role} to ${role}`);
    this.role = role;
  }

  /** `server` says that its own `epoch` has begun. */
  #learnFrom(server: ServerId, epoch: Epoch): boolean {
    if (!isNewer(this.#allegiance.promised, epoch)) this.#learn(epoch);
    else this.#correct(server, epoch);
    return epoch === this.#allegiance.known;
  }

  /** The copy goes on with an epoch of another home. */
  #began(epoch: Epoch): void {
    if (this.role !== 'follower') this.#become('follower');
    if (epoch === this.#allegiance.known) this.#resend();
  }

  /** A newer epoch has begun: what this server decides, or tries to, is over. */
  #learn(epoch: Epoch): void {
    if (!isNewer(epoch, this.#allegiance.known) || !isTimely(epoch, this.#now)) return;
    this.#retire();
    this.#elections.giveUp();
    this.#allegiance.know(epoch);
    if (this.role === 'home') this.#become('frozen');
    if (this.role !== 'follower') this.#become('follower');
    this.#watchHome();
    this.copy.subscribe(this.#now);
  }

  /** Whether the home of the known epoch is within reach. */
  #watchHome(): void {
    const { leader } = this.#allegiance;
    // Nobody is home of an epoch of this server's own that it does not lead.
    const isThere = leader !== undefined && this.#elections.isWithin(leader);
    this.#watch.begin(isThere ? NEVER : this.#now);
  }

  /** Decides nothing more in the epoch that this server was home of. */
  #retire(): void {
    this.leading?.retire();
    this.leading = undefined;
    this.#isLeaving = false;
    this.isAlone = false;
  }

  /** Another server is about to open an epoch. */
  #freeze(): void {
    this.#retire();
    this.#elections.giveUp();
    if (this.role !== 'frozen') this.#become('frozen');
    this.#frozenUntil = this.#now + FROZEN_MS + this.#elections.rank(this.#allegiance.standby) * 500;
  }

  /** The epoch that was promised did not come. */
  #thaw(): void {
    const { leader } = this.#allegiance;
    if (leader !== undefined && this.#allegiance.isOwedTo(leader) && this.#elections.isWithin(leader)) {
      this.#become('follower');
      this.#watchHome();
      this.copy.subscribe(this.#now);
      this.#resend();
    } else {
      this.#elect('fail-over');
    }
  }

  /** After a pause: nobody knows a newer epoch. */
  #resume(): void {
    const leading = this.leading as Leading;
    this.#become('home');
    leading.isHeld = false;
    leading.restream();
    leading.chooseStandby(this.#now);
    this.sends.decideAll(this.leading, this.#now);
  }

  #elect(why: Cause): void {
    this.#cause = why;
    this.#retire();
    if (this.role !== 'electing') this.#become('electing');
    this.#elections.begin(this.#allegiance.promised, this.#now);
  }

  #seal(from: ServerId, epoch: EpochOrNone | undefined): void {
    if (epoch === undefined || epoch === '' || !isTimely(epoch, this.#now)) return;
    const { promised } = this.#allegiance;
    const isNew = isNewer(epoch, promised);
    if (isNew) this.#allegiance.promise(epoch);
    // Who says it again is on its way still, and is waited for anew.
    if (isNew || (epoch === promised && this.role === 'frozen' && !this.#elections.isProbing)) this.#freeze();
    this.#elections.saySealed(from, this.#allegiance.promised);
  }

  #sealed(from: ServerId, frame: Frame): void {
    const answer = readSealed(from, frame);
    if (answer === undefined || !isTimely(answer.promised, this.#now)) return;
    const { known, leader } = this.#allegiance;
    if (from === leader && isNewer(known, answer.promised)) {
      // A home stands by its epoch for as long as it lives: this one is in another life, which knows nothing of it.
      this.#watch.lost(false, this.#now);
      return;
    }
    if (!isNewer(answer.promised, this.#allegiance.promised))
      return this.#elections.sealed(answer.promised, answer.holding, this.#now);
    // Something newer has been promised elsewhere: it is waited for.
    this.#allegiance.promise(answer.promised);
    this.#freeze();
  }

  /** Everything is here: the own epoch begins, behind `through`, which the line lacked. */
  #open(opening: Opening, through: readonly Segment[]): void {
    const { current } = this.line;
    if (current !== undefined) {
      const end = closedAt(through[0]?.opening ?? opening, current.epoch) ?? current.position;
      this.copy.close(current, end, this.#now);
    }
    for (const segment of through) {
      this.copy.enter(segment);
      this.copy.close(segment, segment.position, this.#now);
    }
    this.copy.isReady = true;
    this.copy.begin(opening);
    this.#lead();
    this.#options.out.began(opening, this.#cause);
  }

  /** The current epoch is this server's own: it decides from now on. */
  #lead(): void {
    const segment = this.line.current as Segment;
    this.#allegiance.know(segment.epoch);
    this.#mergeAt = this.#elections.restedAt(this.#now);
    this.#watch.begin(NEVER);
    this.copy.stop();
    this.#become('home');
    const out = {
      settledHere: (send: { readonly number: number }, outcome: SendOutcome, seq: number) =>
        this.sends.settle(send.number, outcome, segment.epoch, seq),
      dueChanged: () => this.#announceDue(),
    };
    this.leading = new Leading(this.#options, this.line, segment, out, this.#now);
    for (const server of this.#elections.introduced()) this.leading.introduce(server);
    this.leading.chooseStandby(this.#now);
    if (this.leading.standby === undefined) this.#options.out.announce(segment.opening, undefined);
    this.sends.decideAll(this.leading, this.#now);
  }

  /** Everything is committed: the standby may open its epoch. */
  #handOver(): void {
    const leading = this.leading;
    if (leading === undefined) return;
    if (leading.standby === undefined) {
      this.#isLeaving = false;
      this.sends.decideAll(this.leading, this.#now);
    } else if (leading.waiting === 0) {
      const { standby, segment } = leading;
      leading.flush(this.#now);
      this.#freeze();
      this.sends.say(standby, 'HANDOVER', segment.epoch);
    }
  }

  /** Something changed: behind everything that does. */
  after(): void {
    this.isAlone = this.decides && this.sends.isEmpty && this.leading?.isFollowed === false;
    this.#announceDue();
  }

  #announceDue(): void {
    const at = this.nextDeadline;
    if (at === this.#dueAt) return;
    this.#dueAt = at;
    this.#options.out.due(at);
  }
}
