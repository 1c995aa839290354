// The frames that servers order a room with, as values: writing and reading them. Who may say what, and when, is for
// the room to judge. A frame that lacks an argument or holds a number that is none reads as undefined.

import { safeDecimal } from '../base/bytes.ts';
import { type Epoch, type ServerId, serverId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import { type EpochOrNone, isEpoch } from './epochs.ts';
import { type EntryKind, MESSAGE, SKIP } from './log.ts';
import { type Held, type Holding, MOST_TAILS, type Opening, type Tail } from './opening.ts';
import { type ReferenceRun, readReferences } from './references.ts';

/** Verbs that a server takes for the ordering of the room that their first argument names, entries left out. */
export const ORDER_VERBS = [
  ...['SUBSCRIBE', 'OPENED', 'STREAM', 'LAGGED', 'ACK', 'SEAL', 'SEALED', 'HANDOVER'],
  ...['FORWARD', 'SETTLED', 'RESEND', 'RESERVE', 'RESERVED', 'RELEASE'],
] as const;

const NO_REFERENCES: readonly ReferenceRun[] = [];

/** Epochs of a line, and branches, that a SEALED speaks of: the newest. */
const MOST_LINE = 9;
const MOST_BRANCHES = 5;

/** Argument `i` as a number from 0 on; -1 when it is none. */
export function numberAt(frame: Frame, i: number): number {
  if (i >= frame.argc) return -1;
  return safeDecimal(frame.bytes, frame.argStart[i] as number, frame.argEnd[i] as number);
}

/** Whether argument `i` is this text, which is ASCII and needs no escape. */
export function isText(frame: Frame, i: number, text: string): boolean {
  return i < frame.argc && isSame(frame.bytes, frame.argStart[i] as number, frame.argEnd[i] as number, text);
}

/** Which entry of a stream a frame in canonical form is; 0 when it is none. */
export function entryKind({ bytes, verbStart, verbEnd }: Frame): EntryKind | 0 {
  if (isSame(bytes, verbStart, verbEnd, 'CMSG')) return MESSAGE;
  return isSame(bytes, verbStart, verbEnd, 'SKIPSEQUENCE') ? SKIP : 0;
}

function isSame(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The epoch that was read last: mostly the next one is the same. */
let lastEpoch: EpochOrNone = '';

/** Argument `i` as an epoch, '' when it is empty; undefined when it is neither. */
export function epochAt(frame: Frame, i: number): EpochOrNone | undefined {
  const text = frame.name(i);
  if (text === lastEpoch || text === '') return text as EpochOrNone;
  if (!isEpoch(text)) return undefined;
  lastEpoch = text;
  return text;
}

export function writeOpened(to: FrameWriter, room: string, opening: Opening): void {
  const { epoch, first, oldEpoch, oldPosition, oldLast, tails } = opening;
  to.begin('OPENED').arg(room).arg(epoch).arg(first).arg(oldEpoch).arg(oldPosition).arg(oldLast);
  for (const tail of tails) to.arg(tail.epoch).arg(tail.from).arg(tail.last).arg(tail.position);
  to.end();
}

export function readOpened(frame: Frame): Opening | undefined {
  const epoch = epochAt(frame, 1);
  const oldEpoch = epochAt(frame, 3);
  const [first, oldPosition, oldLast] = [numberAt(frame, 2), numberAt(frame, 4), numberAt(frame, 5)];
  if (!epoch || oldEpoch === undefined || first < 1 || oldPosition < 0 || oldLast < 0) return undefined;
  const tails: Tail[] = [];
  for (let i = 6; i + 3 < frame.argc && tails.length < MOST_TAILS; i += 4) {
    const of = epochAt(frame, i);
    const [from, last, position] = [numberAt(frame, i + 1), numberAt(frame, i + 2), numberAt(frame, i + 3)];
    if (!of || from < 0 || last < 0 || position < 0) return undefined;
    tails.push({ epoch: of, from, last, position });
  }
  return { epoch, first, oldEpoch, oldPosition, oldLast, tails };
}

/** The answer to SEAL: the newest epoch that this server stands by, and what it holds. */
export function writeSealed(to: FrameWriter, room: string, promised: EpochOrNone, holding: Holding): void {
  const line = holding.line.slice(-MOST_LINE);
  const before = holding.line.at(-MOST_LINE - 1)?.epoch ?? holding.before;
  to.begin('SEALED').arg(room).arg(promised).arg(before).arg(line.length);
  for (const { epoch, first, position, last } of [...line, ...holding.branches.slice(-MOST_BRANCHES)]) {
    to.arg(epoch).arg(first).arg(position).arg(last);
  }
  to.end();
}

export function readSealed(from: ServerId, frame: Frame): { promised: EpochOrNone; holding: Holding } | undefined {
  const promised = epochAt(frame, 1);
  const before = epochAt(frame, 2);
  const lines = numberAt(frame, 3);
  if (promised === undefined || before === undefined || lines < 0) return undefined;
  const held: Held[] = [];
  for (let i = 4; i + 3 < frame.argc; i += 4) {
    const epoch = epochAt(frame, i);
    const [first, position, last] = [numberAt(frame, i + 1), numberAt(frame, i + 2), numberAt(frame, i + 3)];
    if (!epoch || first < 1 || position < 0 || last < 0) return undefined;
    held.push({ epoch, first, position, last });
  }
  return { promised, holding: { server: from, before, line: held.slice(0, lines), branches: held.slice(lines) } };
}

/** What a STREAM says of the frames behind it. */
export interface StreamHead {
  readonly epoch: Epoch;
  /** The position in front of the first entry. */
  readonly position: number;
  readonly committed: number;
  readonly count: number;
  /** By what the entries are known, in order. */
  readonly references: readonly ReferenceRun[];
}

export function readStream(frame: Frame): StreamHead | undefined {
  const epoch = epochAt(frame, 1);
  const [position, committed, count] = [numberAt(frame, 2), numberAt(frame, 3), numberAt(frame, 4)];
  if (!epoch || position < 0 || committed < 0 || count < 0) return undefined;
  if (count === 0) return { epoch, position, committed, count, references: NO_REFERENCES };
  const references: ReferenceRun[] = [];
  let left = count;
  for (let i = 5; left > 0; i++) {
    const run = i < frame.argc ? readReferences(frame, i, left) : undefined;
    if (run === undefined) return undefined;
    references.push(run);
    left -= run.count;
  }
  return { epoch, position, committed, count, references };
}

/** The server that a uid was given out by. */
export function serverOf(uid: string): ServerId {
  return serverId(Number(uid.slice(0, uid.indexOf('.'))));
}
