// The line of a room: the epochs that its readers here have read, one behind the other, and beside them the branches,
// tails of epochs that were decided on another side of a split. Everything is kept as long as memory allows; what is
// forgotten is remembered by name for a while, so that an old epoch is not taken for an unknown one.
//
//   epoch 1 ──closed── epoch 2 ──closed── epoch 3 (current)
//                 └─── epoch 1, tail beyond its end   ┐ branches: readable by (epoch, seq),
//                      epoch 2', on the other side    ┘ named by the opening of epoch 3

import type { Epoch, ServerId } from '../base/ids.ts';
import type { FindOutcome } from '../base/outcome.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { EarlierIds } from './home-ports.ts';
import type { Held } from './opening.ts';
import type { CatchUpReader, HistoryReader } from './readers.ts';
import type { Segment } from './segment.ts';

/** Closed epochs and branches that are kept; epochs that are remembered by name. */
const MOST_CLOSED = 16;
const MOST_BRANCHES = 16;
const MOST_PAST = 256;

export class Line implements EarlierIds {
  seq = 0;
  print = 0;
  epoch: Epoch;
  /** The oldest first; the last one is current. */
  readonly segments: Segment[] = [];
  readonly branches: Segment[] = [];
  /** Past epochs, and how far each is known to have gone. */
  readonly #past = new Map<Epoch, number>();
  /** Epochs of which entries were here, and how far. */
  readonly #had = new Map<Epoch, number>();

  constructor() {
    this.epoch = '' as Epoch;
  }

  get current(): Segment | undefined {
    return this.segments.at(-1);
  }

  /** Begins the next epoch. */
  push(segment: Segment): void {
    const { current } = this;
    if (current !== undefined) remember(this.#past, current.epoch, current.position);
    if (current !== undefined) remember(this.#had, current.epoch, current.position);
    for (const { epoch, position } of segment.opening.tails) remember(this.#past, epoch, position);
    this.segments.push(segment);
    while (this.segments.length > MOST_CLOSED + 1) this.segments.shift()?.free();
  }

  /** Whether entries of `epoch` up to `position` are here, or were and are forgotten. */
  had(epoch: Epoch, position: number): boolean {
    const here = Math.max(this.of(epoch)?.position ?? -1, this.branchOf(epoch)?.position ?? -1);
    return Math.max(here, this.#had.get(epoch) ?? -1) >= position;
  }

  addBranch(segment: Segment): void {
    remember(this.#had, segment.epoch, segment.position);
    const shorter = this.branches.findIndex(
      ({ epoch, oldest, position }) =>
        epoch === segment.epoch && oldest >= segment.oldest && position <= segment.position,
    );
    if (shorter >= 0) for (const old of this.branches.splice(shorter, 1)) old.free();
    this.branches.push(segment);
    while (this.branches.length > MOST_BRANCHES) this.branches.shift()?.free();
  }

  /** When tick() has ids to forget, in Unix ms. */
  get deadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { ids } of this.segments) next = Math.min(next, ids.deadline);
    return next;
  }

  tick(now: number): void {
    for (const { ids } of [...this.segments, ...this.branches]) ids.tick(now);
  }

  of(epoch: Epoch): Segment | undefined {
    return this.segments.find((segment) => segment.epoch === epoch);
  }

  /** The copy of a tail of `epoch` that goes furthest. */
  branchOf(epoch: Epoch): Segment | undefined {
    let furthest: Segment | undefined;
    for (const branch of this.branches) {
      if (branch.epoch === epoch && branch.position > (furthest?.position ?? -1)) furthest = branch;
    }
    return furthest;
  }

  /** Whether everything of `epoch` up to `position` was part of this room's past, as far as that is remembered. */
  knows(epoch: Epoch, position: number): boolean {
    return (this.#past.get(epoch) ?? -1) >= position;
  }

  /** The epoch of the line whose opening speaks of the tail of `epoch` up to `position`. */
  joining(epoch: Epoch, position: number): Segment | undefined {
    return this.segments.find(({ opening }) =>
      opening.tails.some((tail) => tail.epoch === epoch && tail.position >= position),
    );
  }

  /** The epochs of the line, as far as they are held; with `teller`, as far as that server may tell others so. */
  held(teller?: ServerId): Held[] {
    return this.segments.map((segment) => {
      const { epoch, opening, last } = segment;
      const position = teller === undefined ? segment.position : segment.heldBy(teller);
      return { epoch, first: opening.first, position, last };
    });
  }

  heldBranches(): Held[] {
    return this.branches.map(({ epoch, opening, position, last }) => ({ epoch, first: opening.first, position, last }));
  }

  /** Looks for a message in all epochs but the current one, whose home has looked there already. */
  find(id: string): boolean {
    const { current, segments, branches } = this;
    for (const segment of segments) if (segment !== current && segment.ids.find(id)) return this.#found(segment);
    for (const branch of branches) if (branch.ids.find(id)) return this.#found(branch);
    return false;
  }

  /** As find(), for a message that has no id. */
  findReference(server: ServerId, number: number): boolean {
    const { current, segments, branches } = this;
    for (const segment of segments) {
      if (segment !== current && segment.ids.findReference(server, number)) return this.#found(segment);
    }
    for (const branch of branches) if (branch.ids.findReference(server, number)) return this.#found(branch);
    return false;
  }

  #found({ ids, epoch }: Segment): true {
    this.seq = ids.seq;
    this.print = ids.print;
    this.epoch = epoch;
    return true;
  }

  /** What stands in a slot of any epoch but the one that a home decides. */
  findSlot(epoch: Epoch, seq: number): FindOutcome {
    const segment = this.of(epoch);
    const found = segment?.find(seq);
    if (found?.kind === 'slot' || found?.kind === 'pending') return found;
    const branch = this.branchOf(epoch)?.find(seq);
    if (branch?.kind === 'slot') return branch;
    return found ?? branch ?? { kind: 'gone', floor: this.current?.floor ?? 1 };
  }

  /** Slots of one epoch; undefined when it, or `from`, is kept no longer. */
  history(epoch: Epoch, from: number, count: number): LineReader | undefined {
    const index = this.segments.findIndex((segment) => segment.epoch === epoch);
    const segment = this.segments[index];
    const branch = this.branchOf(epoch);
    const inBranch = branch !== undefined && (segment === undefined || from > highest(segment));
    const read = inBranch ? branch : segment;
    const reader = read?.history(from, count);
    if (read === undefined || reader === undefined) return undefined;
    return new PastReader(read, reader, inBranch ? undefined : this.segments[index + 1]);
  }

  /** Everything decided above (epoch, last) until now, with the turns from epoch to epoch; undefined as in history. */
  resume(epoch: Epoch, last: number): ChainReader | undefined {
    const index = this.segments.findIndex((segment) => segment.epoch === epoch);
    const first = this.segments[index];
    if (first === undefined || last + 1 < first.floor) return undefined;
    const parts: Part[] = [{ segment: first, slots: first.catchUp(last + 1), told: true }];
    for (const segment of this.segments.slice(index + 1)) {
      parts.push({ segment, slots: segment.catchUp(segment.opening.first), told: false });
    }
    return new ChainReader(parts);
  }

  /** What is decided above the lowest undecided slot of the current epoch; undefined when that is nothing. */
  ahead(): CatchUpReader | undefined {
    const { current } = this;
    return current === undefined || current.numbers.ahead === 0 ? undefined : current.catchUp(current.numbers.next);
  }

  free(): void {
    for (const segment of [...this.segments, ...this.branches]) segment.free();
    this.segments.length = 0;
    this.branches.length = 0;
  }
}

/** Notes how far an epoch went; the one noted the longest ago is forgotten when there are too many. */
function remember(past: Map<Epoch, number>, epoch: Epoch, position: number): void {
  const known = past.get(epoch) ?? -1;
  past.delete(epoch);
  past.set(epoch, Math.max(known, position));
  for (const oldest of past.keys()) {
    if (past.size <= MOST_PAST) return;
    past.delete(oldest);
  }
}

/** The highest number that is decided in a segment. */
function highest({ numbers }: Segment): number {
  let seq = numbers.last;
  while (numbers.isUndecided(seq)) seq--;
  return seq;
}

/** A reader that says where to go on, which may be in another epoch. */
export interface LineReader {
  readonly at: number;
  readonly epoch: Epoch;
  next(frames: FrameWriter): boolean;
}

/** Slots of one epoch; at its end it points to the next one. */
class PastReader implements LineReader {
  readonly #segment: Segment;
  readonly #slots: HistoryReader;
  readonly #following: Segment | undefined;

  constructor(segment: Segment, slots: HistoryReader, following: Segment | undefined) {
    this.#segment = segment;
    this.#slots = slots;
    this.#following = following;
  }

  get at(): number {
    return this.#goesOn ? (this.#following?.opening.first ?? this.#slots.at) : this.#slots.at;
  }

  get epoch(): Epoch {
    return this.#goesOn ? (this.#following?.epoch ?? this.#segment.epoch) : this.#segment.epoch;
  }

  next(frames: FrameWriter): boolean {
    return this.#slots.next(frames);
  }

  get #goesOn(): boolean {
    return this.#following !== undefined && this.#slots.at > highest(this.#segment);
  }
}

interface Part {
  readonly segment: Segment;
  readonly slots: CatchUpReader;
  /** Whether the reader knows that this epoch began. */
  told: boolean;
}

/** Several epochs, one behind the other, each but the first behind the frame that told of it. */
class ChainReader implements LineReader {
  readonly #parts: readonly Part[];
  #index = 0;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  get at(): number {
    return this.#part.slots.at;
  }

  get epoch(): Epoch {
    return this.#part.segment.epoch;
  }

  next(frames: FrameWriter): boolean {
    const part = this.#part;
    const { turn } = part.segment;
    if (!part.told) frames.frame(turn, 0, turn.length);
    part.told = true;
    if (part.slots.next(frames)) return true;
    if (this.#index + 1 === this.#parts.length) return false;
    this.#index++;
    return true;
  }

  get #part(): Part {
    return this.#parts[this.#index] as Part;
  }
}
