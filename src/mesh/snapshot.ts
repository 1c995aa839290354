// Snapshots: the whole state of one origin at one position, for somebody who is too far behind for its facts. It is
// frozen when it is made and cut into groups of bounded size, so that a large one neither blocks what else a link has to
// say nor needs to be read in one go:
//
//   <SNAPSHOT,origin,incarnation,n,at,count,total>   and count frames, of which the first is number `at` of all `total`
//
// A receiver takes the parts of one snapshot at a time, in order, and uses them when all are there.

import type { ServerId } from '../base/ids.ts';
import { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';
import { parseCount, parseServerId } from './fields.ts';
import { copyOf, FrameCursor, type Group, MOST_FRAMES } from './group.ts';
import type { Position } from './vector.ts';

/** Frames are put into one part until it has this many bytes. */
const PART_BYTES = 32 * 1024;

/** A snapshot on its way out: groups as they are sent, shared by all who get it. */
export interface Snapshot extends Position {
  readonly id: ServerId;
  readonly parts: readonly Uint8Array[];
}

/** Cuts the frames bytes[0, length), each with its LF, into the parts of a snapshot. */
export function freeze(id: ServerId, at: Position, bytes: Uint8Array, length: number): Snapshot {
  const { incarnation, n } = at;
  const cuts = cutsOf(bytes, length);
  const total = cuts.reduce((sum, cut) => sum + cut.count, 0);
  let before = 0;
  const parts = cuts.map(({ start, end, count }) => {
    const writer = new FrameWriter(end - start + 128);
    writer.begin('SNAPSHOT').arg(id).arg(incarnation).arg(n).arg(before).arg(count).arg(total).end();
    writer.frame(bytes, start, end);
    before += count;
    return copyOf(writer.bytes, 0, writer.length);
  });
  return { id, incarnation, n, parts };
}

interface Slice {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

function cutsOf(bytes: Uint8Array, length: number): Slice[] {
  const cursor = new FrameCursor(bytes.subarray(0, length));
  const frame = new Frame();
  const cuts: Slice[] = [];
  let start = 0;
  let end = 0;
  let count = 0;
  while (cursor.next(frame)) {
    if (count === MOST_FRAMES || (count > 0 && frame.end + 1 - start > PART_BYTES)) {
      cuts.push({ start, end, count });
      start = end;
      count = 0;
    }
    count++;
    end = frame.end + 1;
  }
  cuts.push({ start, end, count });
  return cuts;
}

/** What the first frame of a part says. */
export interface PartHead extends Position {
  readonly id: ServerId;
  readonly at: number;
  readonly total: number;
}

/** Undefined when no sender could have written it. */
export function parsePart(group: Group): PartHead | undefined {
  const id = parseServerId(group.args[0]);
  const [incarnation, n, at, , total] = group.args.slice(1).map(parseCount) as number[];
  if (id === undefined || incarnation === undefined || n === undefined || at === undefined || total === undefined) {
    return undefined;
  }
  const good = incarnation > 0 && n > 0 && at >= 0 && group.count > 0 && at + group.count <= total;
  return good ? { id, incarnation, n, at, total } : undefined;
}

/** The snapshot that a link is bringing, as far as it has come. */
export class Intake {
  readonly #mostBytes: number;
  #head: PartHead | undefined;
  #parts: Uint8Array[] = [];
  #next = 0;
  #bytes = 0;

  /** Takes snapshots of at most that many bytes. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Whose snapshot has begun and is not whole. */
  get id(): ServerId | undefined {
    return this.#head?.id;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes the next part: all of them when it was the last, `more` when others follow, `lost` when parts before it are
   * missing (nothing is kept then), `large` when it is more than can be taken.
   */
  take(head: PartHead, group: Group): readonly Uint8Array[] | 'more' | 'lost' | 'large' {
    if (head.at === 0) this.#begin(head);
    const open = this.#head;
    const continues =
      open?.id === head.id && open.incarnation === head.incarnation && open.n === head.n && open.total === head.total;
    if (!continues || head.at !== this.#next) {
      this.clear();
      return 'lost';
    }
    this.#parts.push(group.bytes);
    this.#bytes += group.bytes.length;
    this.#next += group.count;
    if (this.#bytes > this.#mostBytes) {
      this.clear();
      return 'large';
    }
    if (this.#next < head.total) return 'more';
    const parts = this.#parts;
    this.clear();
    return parts;
  }

  clear(): void {
    this.#head = undefined;
    this.#parts = [];
    this.#next = 0;
    this.#bytes = 0;
  }

  #begin(head: PartHead): void {
    this.clear();
    this.#head = head;
  }
}
