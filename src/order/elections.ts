// Elections: how a server comes to open the next epoch of a room, and how a home that stood still finds out whether it
// still is one. It asks every server within reach to seal what is older, compares what they hold, fetches what it
// lacks, and says how the epoch begins. Steps have deadlines: who does not answer is left out, or sends nothing more, and
// somebody else who holds the same is asked for it. All that is fetched together has one, too, however much is still on
// its way; until then those who have promised are told that it goes on, or the next of them would begin anew. What one
// alone held becomes a tail when it is seen again; until then no epoch behind it is spoken of, so that whoever is in one
// is not led past it.

import type { Epoch, ServerId } from '../base/ids.ts';
import { FrameWriter } from '../wire/writer.ts';
import { Attempt, type Part, type Plan, planOf } from './attempt.ts';
import { type EpochOrNone, epochAfter } from './epochs.ts';
import { Followers } from './followers.ts';
import type { Line } from './line.ts';
import { firstOpening, type Held, type Holding, MOST_TAILS, type Opening, type Tail } from './opening.ts';
import { emptySlot } from './readers.ts';
import { Segment } from './segment.ts';
import { writeSealed } from './server-frames.ts';
import type { SharedOptions } from './shared-ports.ts';
import { standbyOrder } from './standby.ts';

/** How long one step may take. */
const STEP_MS = 2_000;
/** How long everything that is fetched may take, while it comes: members wait for their answers no longer than 20 s. */
const FETCH_MS = 10_000;
/** Lines are joined at most so often, and not for more than half of the time. */
const MERGE_MS = 500;
/** A home that stood still and sees nobody goes on by itself after this long. */
const ALONE_MS = 5_000;
const NEVER = Number.POSITIVE_INFINITY;

export interface ElectionsOut {
  /** Nothing older than `epoch` is obeyed any more. */
  promise(epoch: Epoch): void;
  /** The attempt has come to its end: `opening` begins, behind the epochs `through` that the line lacks. */
  open(opening: Opening, through: readonly Segment[]): void;
  /** The home that asked still is one. */
  resume(): void;
}

/** A home that stood still, and asks. */
interface Probe {
  readonly epoch: Epoch;
  waiting: Set<ServerId>;
  isAnswered: boolean;
  until: number;
  readonly aloneAt: number;
}

export class Elections {
  readonly #options: SharedOptions;
  readonly #line: Line;
  readonly #out: ElectionsOut;
  readonly #frames = new FrameWriter();
  readonly #sender: Followers;
  #attempt: Attempt | undefined;
  #begunAt = NEVER;
  #parts: Part[] = [];
  #probe: Probe | undefined;
  /** Who holds a copy, as far as the last attempt saw. */
  #holders: ServerId[] = [];

  constructor(options: SharedOptions, line: Line, out: ElectionsOut) {
    this.#options = options;
    this.#line = line;
    this.#out = out;
    this.#sender = new Followers((...frames) => options.out.to(...frames));
  }

  get isProbing(): boolean {
    return this.#probe !== undefined;
  }

  get deadline(): number {
    return Math.min(this.#attempt?.deadline ?? NEVER, this.#probe?.until ?? NEVER);
  }

  nextEpoch(known: EpochOrNone, now: number): Epoch {
    const { incarnation, self } = this.#options;
    return epochAfter(known, Math.max(now, incarnation), self);
  }

  isWithin(server: ServerId): boolean {
    return server === this.#options.self || this.#options.out.reachable().includes(server);
  }

  /** How many servers within reach come before this one in succeeding a home whose standby is `standby`. */
  rank(standby: ServerId | undefined): number {
    const { out, room, self } = this.#options;
    if (standby === self) return 0;
    const reachable = out.reachable();
    const order = standbyOrder(room.key, [...reachable, self], (server) => out.hasMembers(server), out.hash);
    const first = standby !== undefined && reachable.includes(standby) ? [standby] : [];
    return [...first, ...order.filter((server) => server !== standby)].indexOf(self);
  }

  /** Who is to hear of an epoch that begins here: who has a copy, and who has members. */
  introduced(): ServerId[] {
    const { out } = this.#options;
    return out.reachable().filter((server) => this.#holders.includes(server) || out.hasMembers(server));
  }

  /** Asks everybody within reach to seal what is older than a new epoch. */
  begin(known: EpochOrNone, now: number): void {
    const { out } = this.#options;
    const epoch = this.nextEpoch(known, now);
    this.#probe = undefined;
    this.#out.promise(epoch);
    const reachable = out.reachable();
    this.#attempt = new Attempt(epoch, reachable, now + STEP_MS);
    this.#begunAt = now;
    this.#parts = [];
    for (const server of reachable) this.#say(server, 'SEAL', epoch);
    if (reachable.length === 0) this.#compare(now);
  }

  /** When lines may be joined again, where an epoch begins now. */
  restedAt(now: number): number {
    return now + Math.max(MERGE_MS, now - this.#begunAt);
  }

  giveUp(): void {
    this.#attempt = undefined;
    this.#parts = [];
    this.#probe = undefined;
  }

  /** Asks whether `epoch` still is the newest. */
  probe(epoch: Epoch, now: number): void {
    this.#probe = { epoch, waiting: new Set(), isAnswered: false, until: 0, aloneAt: now + ALONE_MS };
    this.#ask(now);
  }

  /** The answer to SEAL, of a server that knows nothing newer than this one does. */
  sealed(promised: EpochOrNone, holding: Holding, now: number): void {
    const attempt = this.#attempt;
    if (attempt !== undefined && attempt.plan === undefined && promised === attempt.epoch) {
      attempt.answered(holding);
      if (attempt.waiting.size === 0) this.#compare(now);
    }
    if (this.#probe !== undefined && promised === this.#probe.epoch) {
      this.#probe.waiting.delete(holding.server);
      // One that has nothing itself does not know.
      if (holding.line.length > 0) this.#probe.isAnswered = true;
      if (this.#probe.waiting.size === 0 && this.#probe.isAnswered) this.#goOn();
    }
  }

  /** A server is within reach: a home that asks, asks it too. */
  reached(server: ServerId, now: number): void {
    const probe = this.#probe;
    if (probe === undefined) return;
    probe.waiting.add(server);
    probe.until = now + STEP_MS;
    this.#say(server, 'SEAL', probe.epoch);
  }

  lost(server: ServerId, now: number): void {
    const attempt = this.#attempt;
    if (attempt !== undefined && attempt.plan === undefined) {
      // What it holds cannot be had; it is a tail when it is seen again.
      attempt.holdings.delete(server);
      if (attempt.waiting.delete(server) && attempt.waiting.size === 0) this.#compare(now);
    } else if (attempt !== undefined && this.#sources().includes(server)) {
      this.#doWithout(attempt, [server], now);
    }
    const probe = this.#probe;
    if (probe?.waiting.delete(server) === true && probe.waiting.size === 0 && probe.isAnswered) this.#goOn();
  }

  tick(now: number): void {
    const attempt = this.#attempt;
    if (attempt !== undefined && attempt.deadline <= now) {
      if (attempt.plan === undefined) this.#compare(now);
      else if (attempt.fetchUntil <= now) this.#finish();
      else if (this.#isComing(attempt)) this.#awaitMore(attempt, now);
      else this.#doWithout(attempt, this.#sources(), now);
    }
    const probe = this.#probe;
    if (probe === undefined || probe.until > now) return;
    if (probe.isAnswered || probe.aloneAt <= now) this.#goOn();
    else if (this.#options.out.reachable().length > 0) this.#ask(now);
    else probe.until = probe.aloneAt;
  }

  /** Where the entries of an epoch go that are fetched from a server; undefined when none are. */
  targetOf(from: ServerId, epoch: Epoch): Segment | undefined {
    if (this.#attempt?.plan === undefined) return undefined;
    // Parts of one epoch come one behind the other, as they were asked for.
    const isNext = (part: Part) => part.from === from && part.segment.epoch === epoch && isComing(part);
    return this.#parts.find(isNext)?.segment;
  }

  /** Entries came for a segment; whether it is one that is fetched. */
  received(segment: Segment): boolean {
    if (!this.#parts.some((part) => part.segment === segment)) return false;
    if (!this.#parts.some(isComing)) this.#finish();
    return true;
  }

  saySealed(to: ServerId, promised: EpochOrNone): void {
    this.#frames.clear();
    writeSealed(this.#frames, this.#options.room.name, promised, this.#own(true));
    this.#options.out.to(to, this.#frames.bytes, 0, this.#frames.length, 1);
  }

  /** Sends a part of one epoch to somebody who collects it. */
  sendPart(to: ServerId, epoch: Epoch, position: number, until: number): void {
    const own = this.#line.of(epoch);
    const segment = own !== undefined && own.position >= until ? own : (this.#line.branchOf(epoch) ?? own);
    if (segment !== undefined) {
      this.#sender.stream(segment, to, position, Math.min(segment.position, until));
      return;
    }
    // It is kept no longer, and who asks is not left to wait.
    const nothing = this.#segment(firstOpening(epoch), until);
    this.#sender.stream(nothing, to, position, until);
    nothing.free();
  }

  /** What is held here, or (`forOthers`) what is told of it. */
  #own(forOthers = false): Holding {
    const { self } = this.#options;
    const { segments } = this.#line;
    const before = segments[0]?.opening.oldEpoch ?? '';
    const line = this.#line.held(forOthers ? self : undefined);
    return { server: self, before, line, branches: this.#line.heldBranches() };
  }

  /** Everybody has answered who will: what is to be fetched, and from whom? */
  #compare(now: number): void {
    const attempt = this.#attempt as Attempt;
    const plan = planOf(this.#own(), attempt.holdings.values(), (epoch, position) => this.#line.knows(epoch, position));
    attempt.plan = plan;
    attempt.fetchUntil = now + FETCH_MS;
    this.#holders = [...attempt.holdings.values()].filter(({ line }) => line.length > 0).map(({ server }) => server);
    const line = this.#missingOfLine(plan);
    this.#parts = [...line, ...this.#missingTails(plan, attempt.holdings.values(), line)];
    this.#isComing(attempt);
    const coming = this.#parts.filter(isComing);
    for (const part of coming) this.#askFor(part);
    if (coming.length === 0) this.#finish();
    else this.#awaitMore(attempt, now);
  }

  /** More is on its way. Who has promised is told so, but for the beginning, when all of them have just answered. */
  #awaitMore(attempt: Attempt, now: number): void {
    const isQuick = now < this.#begunAt + STEP_MS;
    attempt.deadline = Math.min(now + STEP_MS, attempt.fetchUntil);
    if (!isQuick) for (const server of attempt.holdings.keys()) this.#say(server, 'SEAL', attempt.epoch);
  }

  #askFor({ from, segment, upTo }: Part): void {
    this.#say(from, 'SUBSCRIBE', segment.epoch, segment.position, upTo);
  }

  /** Whom something is awaited from. */
  #sources(): ServerId[] {
    return this.#parts.filter(isComing).map(({ from }) => from);
  }

  /** Nothing more comes from `servers`: what they were asked for is had from others, as far as those hold it. */
  #doWithout(attempt: Attempt, servers: readonly ServerId[], now: number): void {
    for (const server of servers) attempt.silent.add(server);
    for (const part of this.#parts) {
      if (!isComing(part) || !servers.includes(part.from)) continue;
      const other = attempt.holderOf(part.segment.epoch);
      part.upTo = Math.min(part.until, other?.position ?? 0);
      if (other === undefined || !isComing(part)) continue;
      part.from = other.server;
      this.#askFor(part);
    }
    if (!this.#parts.some(isComing)) this.#finish();
    else this.#awaitMore(attempt, now);
  }

  /** Whether more has come of what is fetched than when this was asked last: the rest is on its way, however slow. */
  #isComing(attempt: Attempt): boolean {
    const before = attempt.got;
    attempt.got = this.#parts.reduce((sum, { segment }) => sum + segment.position, 0);
    return attempt.got > before;
  }

  /** What the own line lacks of the main one; nothing when the own line went its own way. */
  #missingOfLine(plan: Plan): Part[] {
    const parts: Part[] = [];
    const { main } = plan;
    if (main.server === this.#options.self || this.#strays(plan)) return parts;
    const { segments } = this.#line;
    const index = main.line.findLastIndex((held) => this.#line.of(held.epoch) !== undefined);
    const here = main.line[index];
    const own = here === undefined ? undefined : this.#line.of(here.epoch);
    if (own !== undefined && here !== undefined && own.position < here.position) {
      parts.push(partOf('line', main.server, own, here.position));
    }
    if (own === undefined && segments.length > 0) return parts;
    for (let i = index + 1; i < main.line.length; i++) {
      const segment = this.#segment(openingOf(main, i), 0);
      parts.push(partOf('line', main.server, segment, (main.line[i] as Held).position));
    }
    return parts;
  }

  /**
   * What others hold that never was here, beside what the line lacks: tails to speak of, and whatever an epoch that was
   * left out before holds, so that no message in it is decided again.
   */
  #missingTails(plan: Plan, holdings: Iterable<Holding>, line: readonly Part[]): Part[] {
    const parts: Part[] = [];
    const strays = this.#strays(plan);
    const want = (from: ServerId, { epoch, first, position }: Held, base: number) => {
      const { current } = this.#line;
      const taken = [...line, ...parts].filter(({ segment }) => segment.epoch === epoch).map(({ until }) => until);
      const here = Math.max(this.#line.of(epoch)?.position ?? 0, base, ...taken);
      if (here >= position || this.#line.had(epoch, position)) return;
      // The own line went its own way, and somebody is further on it.
      const isOwn = strays && epoch === current?.epoch;
      const segment = isOwn ? current : this.#segment(firstOpening(epoch, first), here);
      parts.push(partOf(isOwn ? 'line' : 'tail', from, segment, position));
    };
    for (const tail of plan.tails) want(tail.server, tail, tail.base);
    for (const held of plan.main.line) want(plan.main.server, held, 0);
    for (const holding of holdings) {
      for (const held of [...holding.line, ...holding.branches]) want(holding.server, held, 0);
    }
    return parts;
  }

  /** Whether the own line holds something that the main one does not, or ended an epoch before it did. */
  #strays({ main }: Plan): boolean {
    const { segments } = this.#line;
    if (main.server === this.#options.self) return false;
    const common = segments.findLastIndex(({ epoch }) => main.line.some((held) => held.epoch === epoch));
    const own = segments[common];
    const theirs = main.line.find(({ epoch }) => epoch === own?.epoch);
    if (segments.length > common + 1) return true;
    return own !== undefined && theirs !== undefined && own.position > theirs.position;
  }

  /** What could be had is here: the epoch begins. */
  #finish(): void {
    const attempt = this.#attempt as Attempt;
    const plan = attempt.plan as Plan;
    const strays = this.#strays(plan);
    const through = this.#fetchedLine();
    const mainTip = plan.main.line.at(-1);
    for (const { kind, segment } of this.#parts) {
      if (kind !== 'tail' || segment.position === segment.committed) continue;
      segment.commit(segment.position, attempt.deadline);
      segment.close(segment.position);
      this.#line.addBranch(segment);
    }
    const ownTip = through.at(-1) ?? (mainTip && this.#line.of(mainTip.epoch)) ?? this.#line.current;
    // The main line is what others may end their epoch with, but only if all of it is here.
    const branch = strays && mainTip !== undefined ? this.#line.branchOf(mainTip.epoch) : undefined;
    const tip = branch !== undefined && branch.position >= (mainTip?.position ?? 0) ? branch : ownTip;
    const opening: Opening = {
      epoch: attempt.epoch,
      first: plan.first,
      oldEpoch: tip?.epoch ?? '',
      oldPosition: tip?.position ?? 0,
      oldLast: tip?.last ?? 0,
      tails: this.#tails(plan)
        .filter(({ epoch }) => !this.#isBehindGap(attempt, epoch))
        .slice(-MOST_TAILS),
    };
    this.giveUp();
    this.#out.open(opening, through);
  }

  /** The epochs that were fetched for the own line, as far as they go on without a gap. */
  #fetchedLine(): Segment[] {
    const { current } = this.#line;
    const through: Segment[] = [];
    for (const { kind, segment, until } of this.#parts) {
      if (kind !== 'line') continue;
      if (segment !== current) through.push(segment);
      if (segment.position < until) break;
    }
    return through;
  }

  /** The tails to speak of: none without a fork, else everything behind it, on every side, as far as it is here. */
  #tails({ tails, forked }: Plan): Tail[] {
    if (tails.length === 0) return [];
    const all: Tail[] = [];
    // What is empty and part of the own line needs no word; who is in an empty one that is not has to leave it.
    for (const held of forked) {
      if (held.position > 0 || this.#line.of(held.epoch) === undefined) this.#addTail(all, held, 0);
    }
    for (const tail of tails) if (!all.some(({ epoch }) => epoch === tail.epoch)) this.#addTail(all, tail, tail.base);
    return all;
  }

  /** Whether somebody holds in front of `epoch` what could not be had: whoever is in it may know messages from there. */
  #isBehindGap({ holdings }: Attempt, of: Epoch): boolean {
    const missing = this.#parts.filter(({ segment, until }) => segment.position < until);
    const lacks = (held: Held) =>
      missing.some(({ segment }) => segment.epoch === held.epoch && segment.position < held.position);
    return [...holdings.values()].some(({ line }) => {
      const at = line.findIndex(({ epoch }) => epoch === of);
      return at > 0 && line.slice(0, at).some(lacks);
    });
  }

  #addTail(tails: Tail[], { epoch, first, position: held, last: highest }: Held, base: number): void {
    const own = this.#line.of(epoch);
    // The end of the own line may have been fetched from somebody who had forgotten that it was a line of its own.
    const most = own === this.#line.current ? Math.max(held, own?.position ?? 0) : held;
    const segment = own !== undefined && own.position >= most ? own : (this.#line.branchOf(epoch) ?? own);
    const position = Math.min(most, segment?.position ?? 0);
    if (position < most && position <= base) return;
    let [from, last] = [NEVER, 0];
    const slot = emptySlot();
    for (let at = base + 1; segment !== undefined && at <= position; at++) {
      if (!segment.readAt(at, slot)) continue;
      from = Math.min(from, slot.seq);
      last = Math.max(last, slot.seq);
    }
    tails.push(last > 0 ? { epoch, from, last, position } : { epoch, from: first, last: highest, position });
  }

  #segment(opening: Opening, base: number): Segment {
    const { room, segment, budgets } = this.#options;
    return new Segment(room.name, opening, segment, budgets, base);
  }

  #ask(now: number): void {
    const probe = this.#probe as Probe;
    const reachable = this.#options.out.reachable();
    probe.waiting = new Set(reachable);
    probe.until = Math.min(now + STEP_MS, Math.max(probe.aloneAt, now + 1));
    for (const server of reachable) this.#say(server, 'SEAL', probe.epoch);
  }

  #goOn(): void {
    this.#probe = undefined;
    this.#out.resume();
  }

  #say(server: ServerId, verb: string, ...args: (string | number)[]): void {
    this.#frames.clear();
    this.#frames.begin(verb).arg(this.#options.room.name);
    for (const value of args) this.#frames.arg(value);
    this.#options.out.to(server, this.#frames.end().bytes, 0, this.#frames.length, 1);
  }
}

function partOf(kind: Part['kind'], from: ServerId, segment: Segment, until: number): Part {
  return { kind, segment, until, from, upTo: until };
}

/** Whether there is more of a part where it is asked for. */
function isComing({ segment, upTo }: Part): boolean {
  return segment.position < upTo;
}

/** How epoch `i` of another server's line began, as far as the line shows it. */
function openingOf({ before, line }: Holding, i: number): Opening {
  const { epoch, first } = line[i] as Held;
  const old = line[i - 1];
  return {
    epoch,
    first,
    oldEpoch: old?.epoch ?? before,
    oldPosition: old?.position ?? 0,
    oldLast: old?.last ?? 0,
    tails: [],
  };
}
