// The copy of a room that a server keeps: what comes in from the room's home is put behind what is here, told to the
// readers as far as it is decided, and acknowledged as far as it is not. Where something is missing, the home is asked
// for everything behind what is here, and goes on from there.
//
// It keeps true: readers hear of every decided slot once, in order, and of each epoch's end before the next begins;
// nothing of it before the copy has been complete once. Whose word counts is for the room to say.

import type { Epoch, ServerId } from '../base/ids.ts';
import type { Run } from '../base/run.ts';
import type { Frame } from '../wire/scanner.ts';
import { encodeFrame } from '../wire/writer.ts';
import { type EpochOrNone, homeOf, isNewer } from './epochs.ts';
import { IncomingStreams, type Received } from './incoming.ts';
import type { Line } from './line.ts';
import type { EntryKind } from './log.ts';
import { closedAt, firstOpening, type Opening, type Tail, turnFrame } from './opening.ts';
import { type Readers, Segment } from './segment.ts';
import { epochAt, numberAt, readOpened, readStream, type StreamHead } from './server-frames.ts';
import type { SharedOptions } from './shared-ports.ts';

/** When a question that nobody answered is asked again. */
const ASK_MS = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

/** The frames that a stream is made of, but for its entries. */
export type StreamVerb = 'STREAM' | 'OPENED' | 'LAGGED';

export interface CopyOut {
  /** Whether what `server` says of the room counts: it is home of the newest epoch, and none newer was promised. */
  isObeyed(server: ServerId): boolean;
  /** Tells `server`, which speaks of `epoch`, of anything newer that was promised. */
  correct(server: ServerId, epoch: Epoch): void;
  /** `server` opened `epoch`, which is its own: false when something newer was promised. */
  learn(server: ServerId, epoch: Epoch): boolean;
  /** The home to ask; undefined while there is none elsewhere. */
  source(): ServerId | undefined;
  /** The newest epoch that is known. */
  known(): EpochOrNone;
  /** An epoch of another home begins here. */
  began(epoch: Epoch): void;
  /** Where the entries of an epoch go that an attempt fetches; undefined when it fetches none. */
  fetching(from: ServerId, epoch: Epoch): Segment | undefined;
  /** Entries came for a segment; whether an attempt fetches it. */
  fetched(segment: Segment): boolean;
  say(server: ServerId, verb: string, ...args: (string | number)[]): void;
}

/** A tail that this server's readers may ask for, and that it has not. */
interface Wanted {
  readonly segment: Segment;
  readonly until: number;
}

export class Copy implements Readers {
  /** Whether it has been complete, so that readers can be told of it. */
  isReady = false;
  /** When the home is asked again, in Unix ms. */
  askAgainAt = NEVER;
  readonly #options: SharedOptions;
  readonly #line: Line;
  readonly #out: CopyOut;
  readonly #incoming = new IncomingStreams();
  #wanted: Wanted[] = [];
  /** Epochs whose tails are wanted, and until when each is not begun without them (Unix ms). */
  readonly #awaited = new Map<Epoch, number>();

  constructor(options: SharedOptions, line: Line, out: CopyOut) {
    this.#options = options;
    this.#line = line;
    this.#out = out;
  }

  /** What was on its way from a server will not come. */
  lost(from: ServerId): void {
    this.#incoming.drop(from);
  }

  /** Nothing is asked for any more: the copy is the home's own. */
  stop(): void {
    this.askAgainAt = NEVER;
    this.#wanted = [];
    this.#awaited.clear();
  }

  /** A frame that belongs to a stream. */
  take(verb: StreamVerb, from: ServerId, frame: Frame, now: number): void {
    if (verb === 'OPENED') return this.#opened(from, frame, now);
    if (verb === 'LAGGED') return this.#lagged(from, frame);
    const head = readStream(frame);
    if (head === undefined) return;
    const target = this.#targetOf(from, head, now);
    const received = this.#incoming.begin(from, head, target) ?? this.#incoming.follow(from, frame);
    this.#received(from, received, now);
  }

  /** An entry of the stream that was begun last. */
  entry(kind: EntryKind, from: ServerId, frame: Frame, now: number): void {
    this.#received(from, this.#incoming.entry(from, frame, kind), now);
  }

  /** What stands at or below a position is kept nowhere. */
  #lagged(from: ServerId, frame: Frame): void {
    const epoch = epochAt(frame, 1);
    const [position, floor] = [numberAt(frame, 2), numberAt(frame, 3)];
    if (!epoch || position < 0 || floor < 1) return;
    const { current } = this.#line;
    const here = epoch === current?.epoch ? current : this.#wantedOf(epoch)?.segment;
    const segment = this.#out.fetching(from, epoch) ?? (this.#out.isObeyed(from) ? here : undefined);
    if (segment === undefined || position <= segment.position) return;
    const { next } = segment.numbers;
    segment.skipTo(position, floor);
    if (segment === current && this.isReady && floor > next) this.#tellLagged(segment, next, floor - 1);
  }

  #tellLagged({ name, epoch }: Segment, from: number, to: number): void {
    this.#options.out.turn(encodeFrame('RPL_LAGGED', name, epoch, from, to));
  }

  publish(run: Run): void {
    this.#options.out.publishRun(run);
  }

  /** Asks the home for everything behind what is here. */
  subscribe(now: number): void {
    this.askAgainAt = NEVER;
    const source = this.#out.source();
    if (source === undefined) return;
    const { current } = this.#line;
    this.#out.say(source, 'SUBSCRIBE', current?.epoch ?? '', current?.heldBy(this.#options.self) ?? 0);
    this.askAgainAt = now + ASK_MS;
  }

  /** As subscribe, unless an answer is owed. */
  ask(now: number): void {
    if (this.askAgainAt === NEVER) this.subscribe(now);
  }

  /** An epoch was opened. */
  #opened(from: ServerId, frame: Frame, now: number): void {
    const opening = readOpened(frame);
    if (opening === undefined) return;
    const { epoch } = opening;
    if (homeOf(epoch) === from && isNewer(epoch, this.#out.known()) && !this.#out.learn(from, epoch)) return;
    if (!this.#out.isObeyed(from)) return this.#out.correct(from, epoch);
    const { current } = this.#line;
    if (current !== undefined && !isNewer(epoch, current.epoch)) return;
    const closed = current === undefined ? 0 : closedAt(opening, current.epoch);
    // A server that has nothing asks for all that is kept, and not for the newest epoch alone.
    const fits = current === undefined ? opening.oldEpoch === '' : this.#fits(current, closed);
    if (!fits) return this.ask(now);
    if (!this.#hasTails(opening, from, now)) return;
    if (current !== undefined) this.close(current, closed ?? 0, now);
    this.#awaited.clear();
    this.begin(opening);
    this.askAgainAt = now + ASK_MS;
    this.#out.began(epoch);
  }

  /** Ends an epoch at `end`: readers hear of all that stands up to there. */
  close(segment: Segment, end: number, now: number): void {
    this.#commit(segment, end, now);
    segment.close(end);
  }

  /** Begins an epoch behind those that are here, and tells the readers. */
  begin(opening: Opening): Segment {
    const { room, segment: limits, budgets } = this.#options;
    const segment = new Segment(room.name, opening, limits, budgets);
    this.enter(segment);
    return segment;
  }

  /** Goes on with a segment that was filled elsewhere. */
  enter(segment: Segment): void {
    if (this.#line.current !== undefined) {
      segment.turn = turnFrame(segment.name, segment.opening, this.#line.held());
      if (this.isReady) this.#options.out.turn(segment.turn);
    }
    this.#line.push(segment);
    const { first } = segment.opening;
    if (this.isReady && segment.floor > first) this.#tellLagged(segment, first, segment.floor - 1);
  }

  #wantedOf(epoch: Epoch): Wanted | undefined {
    return this.#wanted.find(({ segment }) => segment.epoch === epoch);
  }

  /** Where the entries of a stream belong; undefined when they are not wanted. */
  #targetOf(from: ServerId, { epoch, position }: StreamHead, now: number): Segment | undefined {
    const fetching = this.#out.fetching(from, epoch);
    if (fetching !== undefined) return position <= fetching.position ? fetching : undefined;
    if (!this.#out.isObeyed(from)) {
      this.#out.correct(from, epoch);
      return undefined;
    }
    const { current } = this.#line;
    if (epoch === current?.epoch) {
      if (position <= current.position) return current;
      this.ask(now);
      return undefined;
    }
    const wanted = this.#wantedOf(epoch);
    // A newer epoch whose opening was not heard.
    if (wanted === undefined && isNewer(epoch, current?.epoch ?? '')) this.ask(now);
    return wanted?.segment;
  }

  #received(from: ServerId, received: Received | undefined, now: number): void {
    const segment = received?.segment;
    if (received === undefined || segment === undefined || this.#out.fetched(segment)) return;
    const wanted = this.#wanted.find((one) => one.segment === segment);
    if (wanted !== undefined) return this.#haveTail(wanted, now);
    if (segment !== this.#line.current) return;
    const { committed } = received.head;
    this.#commit(segment, committed, now);
    this.askAgainAt = NEVER;
    if (!this.isReady && segment.epoch === this.#out.known() && segment.position >= committed) {
      this.isReady = true;
      this.#options.out.ready();
    }
    // Only the standby is given what is not committed, and so only the standby answers.
    if (segment.position > committed) this.#out.say(from, 'ACK', segment.epoch, segment.position);
  }

  /** Tells readers of everything up to `position`. */
  #commit(segment: Segment, position: number, now: number): void {
    segment.commit(position, now, this.isReady ? this : undefined);
  }

  #haveTail({ segment, until }: Wanted, now: number): void {
    if (segment.position < until) return;
    segment.commit(until, now);
    segment.close(until);
    this.#wanted = this.#wanted.filter((one) => one.segment !== segment);
    this.#line.addBranch(segment);
    if (this.#wanted.length === 0) this.subscribe(now);
  }

  /** Whether the copy of `current` may end at `closed`: it has all of that, and told nobody of more. */
  #fits(current: Segment, closed: number | undefined): boolean {
    if (closed === undefined || current.position < closed) return false;
    return current.heldBy(this.#options.self) <= closed;
  }

  /**
   * Whether all that an epoch joins is here, or was waited for long enough. It comes first: who goes on from here alone
   * has to know every message that its readers may find.
   */
  #hasTails(opening: Opening, from: ServerId, now: number): boolean {
    const { epoch, tails } = opening;
    // A home tells of every epoch up to its own again and again: each is waited for once, whatever is told in between.
    const until = this.#awaited.get(epoch) ?? now + ASK_MS;
    if (!this.#awaited.has(epoch)) this.#wantTails(opening, from);
    this.#awaited.set(epoch, until);
    const isMissing = tails.some((tail) => this.#wantedOf(tail.epoch) !== undefined && !this.#isHere(tail));
    if (!isMissing || now >= until) return true;
    this.askAgainAt = until;
    return false;
  }

  /** Whether a tail is here, or was; perhaps it came another way than that on which it was asked for. */
  #isHere({ epoch, position }: Tail): boolean {
    return this.#line.had(epoch, position);
  }

  #wantTails(opening: Opening, from: ServerId): void {
    const { room, segment: limits, budgets } = this.#options;
    for (const tail of opening.tails) {
      const { epoch, position } = tail;
      if (this.#isHere(tail)) continue;
      const had = this.#line.of(epoch)?.position ?? 0;
      const segment = new Segment(room.name, firstOpening(epoch), limits, budgets, had);
      this.#wanted = this.#wanted.filter((one) => one.segment.epoch !== epoch);
      this.#wanted.push({ segment, until: position });
      this.#out.say(from, 'SUBSCRIBE', epoch, had, position);
    }
  }
}
