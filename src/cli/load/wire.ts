// What one connection brought, frame by frame, held against what a server owes it. The client's core puts slots in
// order, drops those that it has and asks for those that it lacks, so that its user sees nothing of such faults; this
// file looks at the bytes in front of it, with a scanner of its own.
//
// A server speaks each slot of the room once, and those that it numbers as they come (plain ones) in the order of
// their numbers. So a slot that comes again without having been asked for is doubled; a plain one behind a higher one
// is out of order; a plain one that came only when the client asked for it was lost on the way. A reserved slot may
// come late: it counts as lost when there was one copy of it and that one answered a question.
// Slots that the server itself said it left out (RPL_LAGGED) and those of an epoch that ended are no fault here.
// It knows one room a connection, and neither sockets nor time.

import { equalBytes, readDecimal } from '../../base/bytes.ts';
import { BAD, FRAME, Frame, MORE, Scanner } from '../../wire/scanner.ts';
import { VerbTable } from '../../wire/verbs.ts';
import { isPlain } from './text.ts';

/** What was wrong on all connections. */
export interface WireFaults {
  doubled: number;
  outOfOrder: number;
  /** Came only when it was asked for. */
  foundAgain: number;
  /** Left out by servers, by their own word. */
  lagged: number;
  /** Bytes that are no frame. */
  bad: number;
}

export function noFaults(): WireFaults {
  return { doubled: 0, outOfOrder: 0, foundAgain: 0, lagged: 0, bad: 0 };
}

const VERBS = [
  'CMSG',
  'SKIPSEQUENCE',
  'EPOCH',
  'RPL_LAGGED',
  'RPL_PENDING',
  'RPL_ENDOFHISTORY',
  'RPL_WELCOME',
  'ERR_SEQUENCEGONE',
  'ERR_NOSUCHSEQUENCE',
  'ERR_FLOODING',
  'JOINROOM',
  'FINDSEQUENCE',
  'HISTORY',
] as const;
const table = new VerbTable(VERBS);
const at = (verb: (typeof VERBS)[number]): number => VERBS.indexOf(verb);
const CMSG = at('CMSG');
const SKIPSEQUENCE = at('SKIPSEQUENCE');
const EPOCH = at('EPOCH');
const LAGGED = at('RPL_LAGGED');
const PENDING = at('RPL_PENDING');
const ENDOFHISTORY = at('RPL_ENDOFHISTORY');
const WELCOME = at('RPL_WELCOME');
const JOINROOM = at('JOINROOM');
const FINDSEQUENCE = at('FINDSEQUENCE');
const HISTORY = at('HISTORY');

/** Any frame that a server may send to a client fits. */
const FRAME_BYTES = 64 * 1024;
const EMPTY = new Uint8Array(0);
/** Both are filled and read within one call. */
const frame = new Frame();

export class WireWatch {
  readonly #faults: WireFaults;
  readonly #in = new Scanner(FRAME_BYTES);
  readonly #out = new Scanner(FRAME_BYTES);
  #epoch: Uint8Array = EMPTY;
  /** The highest slot that came or was passed over. */
  #high = 0;
  /** Slots below that did not come. */
  readonly #missing = new Set<number>();
  /** Of those, the ones that the server said it left out. */
  readonly #lagged = new Set<number>();
  /** Slots that the client asked for one by one, and whether a copy has come since. */
  readonly #asked = new Map<number, boolean>();
  #historyFrom = 0;
  #historyEnd = 0;
  /** The position that the client gave. */
  #position: { readonly epoch: string; readonly last: number } | undefined;

  constructor(faults: WireFaults) {
    this.#faults = faults;
  }

  /** Looks at bytes from the server, and leaves them as they are. */
  received(chunk: Uint8Array): void {
    this.#in.feed(chunk);
    for (let found = this.#in.next(frame); found !== MORE; found = this.#in.next(frame)) {
      if (found === FRAME) this.#take();
      else this.#faults.bad++;
      if (found !== FRAME && found !== BAD) return;
    }
  }

  /** Looks at bytes that the client sends. */
  sent(chunk: Uint8Array): void {
    this.#out.feed(chunk);
    while (this.#out.next(frame) === FRAME) this.#note();
  }

  /** The end: counts what only answers brought. */
  finish(): void {
    for (const copy of this.#asked.values()) if (copy) this.#faults.foundAgain++;
    this.#asked.clear();
  }

  #note(): void {
    const verb = table.find(frame.bytes, frame.verbStart, frame.verbEnd);
    if (verb === JOINROOM) this.#position = frame.argc < 3 ? undefined : { epoch: frame.arg(1), last: number(2) };
    else if (verb === FINDSEQUENCE && this.#isCurrent(1)) this.#asked.set(number(2), false);
    else if (verb === HISTORY && this.#isCurrent(1)) {
      this.#historyFrom = number(2);
      this.#historyEnd = this.#historyFrom + number(3);
    }
  }

  #take(): void {
    const verb = table.find(frame.bytes, frame.verbStart, frame.verbEnd);
    if (verb === CMSG || verb === SKIPSEQUENCE) return this.#slot(verb);
    if (verb === WELCOME) return this.#welcome();
    if (verb === EPOCH) return this.#enter(frame.arg(1), number(2) - 1);
    if (verb === LAGGED && this.#isCurrent(1)) return this.#leftOut(number(2), number(3));
    if (verb === PENDING) this.#asked.delete(number(2));
    else if (verb === ENDOFHISTORY) this.#endHistory();
    else if (verb > WELCOME && verb < JOINROOM) this.#refused(frame.arg(0));
  }

  #welcome(): void {
    if (frame.argc < 7) return;
    const position = this.#position;
    if (position !== undefined && frame.arg(6) === '1') this.#enter(position.epoch, position.last);
    else this.#enter(frame.arg(3), number(4) - 1);
  }

  #enter(epoch: string, high: number): void {
    this.#epoch = new Uint8Array(epoch.length);
    for (let i = 0; i < epoch.length; i++) this.#epoch[i] = epoch.charCodeAt(i);
    this.#high = high;
    this.#missing.clear();
    this.#lagged.clear();
    this.#asked.clear();
    this.#endHistory();
  }

  #slot(verb: number): void {
    if (!this.#isCurrent(1)) return;
    const seq = number(2);
    if (seq > this.#high) {
      for (let below = this.#high + 1; below < seq; below++) this.#missing.add(below);
      this.#high = seq;
    } else if (this.#missing.delete(seq)) {
      const plain = verb === CMSG && isPlain(frame.bytes, frame.argStart[5] as number, frame.argEnd[5] as number);
      this.#late(seq, plain);
    } else if (!this.#asked.delete(seq) && !this.#inHistory(seq)) {
      this.#faults.doubled++;
    }
  }

  /** A slot that was passed over comes after all. */
  #late(seq: number, plain: boolean): void {
    if (this.#lagged.delete(seq)) return;
    if (this.#inHistory(seq)) this.#faults.foundAgain++;
    else if (!this.#asked.has(seq)) this.#faults.outOfOrder += plain ? 1 : 0;
    else if (plain) {
      this.#faults.foundAgain++;
      this.#asked.delete(seq);
    } else {
      this.#asked.set(seq, true);
    }
  }

  #leftOut(from: number, to: number): void {
    for (let seq = this.#high + 1; seq <= to; seq++) this.#missing.add(seq);
    this.#high = Math.max(this.#high, to);
    for (let seq = from; seq <= to; seq++) {
      if (!this.#missing.has(seq)) continue;
      this.#lagged.add(seq);
      this.#faults.lagged++;
    }
  }

  #refused(verb: string): void {
    if (verb === 'HISTORY') this.#endHistory();
    // One question at a time is open: what did not come since it was asked was it.
    if (verb === 'FINDSEQUENCE') for (const [seq, copy] of this.#asked) if (!copy) this.#asked.delete(seq);
  }

  #inHistory(seq: number): boolean {
    return seq >= this.#historyFrom && seq < this.#historyEnd;
  }

  #endHistory(): void {
    this.#historyFrom = 0;
    this.#historyEnd = 0;
  }

  #isCurrent(arg: number): boolean {
    if (frame.argc <= arg) return false;
    const [start, end] = [frame.argStart[arg] as number, frame.argEnd[arg] as number];
    return equalBytes(frame.bytes, start, end, this.#epoch, 0, this.#epoch.length);
  }
}

/** Argument `i` of the frame at hand as a number; 0 when it is none. */
function number(i: number): number {
  if (i >= frame.argc) return 0;
  return Math.max(readDecimal(frame.bytes, frame.argStart[i] as number, frame.argEnd[i] as number), 0);
}
