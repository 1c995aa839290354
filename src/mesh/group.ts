// Groups: the units of a link. Some frames announce that others belong to them (`<FACT,…,count>` and count frames);
// such a frame and what follows it is one group, every other frame is a group of its own. A group is taken whole or not
// at all, and what it holds has been brought to canonical form, so whatever is passed on could have been written here.
// But for one kind: what a ROUTE brings to this very server goes on word by word as it comes. Words of one server belong
// together, so of two links that bring some at a time the one that began first is not listened to any more.
//
// It refuses a count that is no number or too high, and a group that is too long: memory for one unfinished group is
// all that a link can hold here. It does not know what verbs mean, beyond where their count stands.

import { copyBytes, equalBytes, utf8Bytes } from '../base/bytes.ts';
import { type ServerId, serverId } from '../base/ids.ts';
import { canonicalize, isCanonical, isCanonicalFrame } from '../wire/canonical.ts';
import { readFrame, WHOLE } from '../wire/grammar.ts';
import { Frame, MAX_ARGS } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';
import { decimalAt, MOST_ID, parseCount } from './fields.ts';
import { argsOf } from './signed.ts';

/** Verb → which argument says how many frames follow. */
export type CountColumns = Readonly<Record<string, number>>;

export const GROUP_VERBS = { FACT: 3, SNAPSHOT: 4, VECTOR: 0, ROUTE: 3 } as const satisfies CountColumns;

/** The most frames behind the first one of a group. */
export const MOST_FRAMES = 1024;
/** The most bytes of the frames behind the first one of a group: the longest frame of a link fits twice. */
export const MOST_BYTES = 128 * 1024;
/** The most servers that pass a ROUTE on. */
export const TTL = 32;

export interface Group {
  readonly verb: string;
  /** What the arguments of the first frame say. */
  readonly args: readonly string[];
  /** The frames behind the first one. */
  readonly count: number;
  /** Those frames in canonical form, an LF behind each. They belong to whoever takes the group. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
const ROUTE = utf8Bytes('ROUTE');
const NO_FRAME = new Frame(0);
/** No server has this number. */
const NOBODY = 0 as ServerId;

export class GroupReader {
  /** After `bad`: what is wrong, in a few words for people. */
  fault = '';
  /** After `here`: the frame in canonical form, good until the next one; who says it; and whether it says it alone. */
  frame: Frame = NO_FRAME;
  from: ServerId = NOBODY;
  isAlone = false;
  readonly #columns: CountColumns;
  readonly #self: ServerId;
  #verb = '';
  #args: readonly string[] = [];
  #count = 0;
  #left = 0;
  /** The frames that came are handed on one by one. */
  #isHere = false;
  /** The rest of the group is passed over. */
  #isBroken = false;
  readonly #writer = new FrameWriter();
  readonly #canonical = new Frame();

  /** `self`: this server, to which a ROUTE may lead. */
  constructor(columns: CountColumns, self: ServerId = NOBODY) {
    this.#columns = columns;
    this.#self = self;
  }

  /** Whether frames of a group are still to come. */
  get open(): boolean {
    return this.#left > 0;
  }

  /**
   * Takes the link's next frame: the group that it completes; `more` when others belong to it; `here` when it is one of
   * those that a ROUTE brings to this server, and `begun` when the next one is the first of them; `bad` ends the link.
   */
  take(frame: Frame): Group | 'more' | 'begun' | 'here' | 'bad' {
    if (this.#left === 0) return this.#begin(frame);
    if (this.#isBroken) return this.#passOver();
    return this.#isHere ? this.#handOn(frame) : this.#add(frame);
  }

  /** Another link begins to bring what `from` says: what this one has of it still is passed over. */
  breakOff(from: ServerId): void {
    if (this.#isHere && this.#left > 0 && this.from === from) this.#isBroken = true;
  }

  #passOver(): 'more' {
    this.#left--;
    this.#isBroken = this.#left > 0;
    return 'more';
  }

  #begin(frame: Frame): Group | 'more' | 'begun' | 'bad' {
    frame.ahead = 0;
    const verb = isRoute(frame) ? 'ROUTE' : frame.verb();
    if (verb === 'ROUTE' && this.#beginsHere(frame)) return 'begun';
    const args = argsOf(frame);
    const column = Object.hasOwn(this.#columns, verb) ? this.#columns[verb] : undefined;
    if (column === undefined) return { verb, args, count: 0, bytes: NO_BYTES };
    const count = parseCount(args[column]);
    if (count < 0 || count > MOST_FRAMES) return this.#refuse(`${verb} with a bad count`);
    if (count === 0) return { verb, args, count, bytes: NO_BYTES };
    this.#verb = verb;
    this.#args = args;
    this.#count = count;
    this.#left = count;
    this.#isHere = false;
    return 'more';
  }

  /** Begins a ROUTE, if it leads to this server and all of it is good. */
  #beginsHere(frame: Frame): boolean {
    if (decimalAt(frame, 0) !== this.#self) return false;
    const [from, ttl, count] = [decimalAt(frame, 1), decimalAt(frame, 2), decimalAt(frame, 3)];
    if (from < 1 || from > MOST_ID || ttl < 1 || ttl > TTL || count < 1 || count > MOST_FRAMES) return false;
    this.from = serverId(from);
    this.#count = count;
    this.#left = count;
    this.#isHere = true;
    return true;
  }

  #handOn(frame: Frame): 'here' {
    this.isAlone = this.#count === 1;
    this.frame = isCanonicalFrame(frame) ? frame : this.#inForm(frame);
    this.frame.ahead = --this.#left;
    return 'here';
  }

  /** Behind `here`: frames that were taken along with that one are not to come any more. */
  handedOn(): void {
    this.#left = this.frame.ahead;
  }

  /** The frame in the form in which it would have been written here. */
  #inForm(frame: Frame): Frame {
    const writer = this.#writer;
    writer.clear();
    writeCanonical(writer, frame);
    readFrame(this.#canonical, writer.bytes, 0, writer.length, MAX_ARGS);
    writer.clear();
    return this.#canonical;
  }

  #add(frame: Frame): Group | 'more' | 'bad' {
    const writer = this.#writer;
    writeCanonical(writer, frame);
    if (writer.length > MOST_BYTES) return this.#refuse(`${this.#verb} of too many bytes`);
    if (--this.#left > 0) return 'more';
    const bytes = writer.bytes.slice(0, writer.length);
    writer.clear();
    return { verb: this.#verb, args: this.#args, count: this.#count, bytes };
  }

  #refuse(fault: string): 'bad' {
    this.fault = fault;
    return 'bad';
  }
}

/** Reads frames that lie one behind the other, each with its LF, as groups and snapshots hold them. */
export class FrameCursor {
  readonly #parts: readonly Uint8Array[];
  #part = 0;
  #at = 0;

  constructor(...parts: readonly Uint8Array[]) {
    this.#parts = parts;
  }

  /** Fills `frame` with the next one; false when there is none, or none that is whole. */
  next(frame: Frame): boolean {
    let bytes = this.#parts[this.#part];
    while (bytes !== undefined && this.#at >= bytes.length) {
      bytes = this.#parts[++this.#part];
      this.#at = 0;
    }
    if (bytes === undefined || readFrame(frame, bytes, this.#at, bytes.length, MAX_ARGS) !== WHOLE) return false;
    this.#at = frame.end + 1;
    return true;
  }
}

/** Whether its verb is spelled as it is written. */
function isRoute({ bytes, verbStart, verbEnd }: Frame): boolean {
  return equalBytes(bytes, verbStart, verbEnd, ROUTE, 0, ROUTE.length);
}

/** Writes a frame that was read in the one form in which it is written. */
export function writeCanonical(writer: FrameWriter, frame: Frame): void {
  const { bytes } = frame;
  if (isCanonicalFrame(frame)) {
    writer.frame(bytes, frame.start, frame.end).lf();
    return;
  }
  writer.begin(frame.verb());
  for (let i = 0; i < frame.argc; i++) {
    const start = frame.argStart[i] as number;
    const end = frame.argEnd[i] as number;
    if (frame.argEscaped[i] === 0 || isCanonical(bytes, start, end)) writer.raw(bytes, start, end);
    else {
      const form = canonicalize(bytes, start, end);
      writer.raw(form, 0, form.length);
    }
  }
  writer.end();
}

/** A copy of bytes[start, end). */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start);
  copyBytes(bytes, start, end, copy, 0);
  return copy;
}
