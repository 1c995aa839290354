// Facts on the wire: `<FACT,origin,incarnation,n,count>` and count frames that hold together. What is judged here is
// whether a server could have written them at all; that needs no state, so everybody judges alike, and what is bad is
// refused by the first who gets it.

import type { ServerId } from '../base/ids.ts';
import { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';
import { parseCount, parseServerId } from './fields.ts';
import { FrameCursor, type Group } from './group.ts';
import { isServerName } from './identity.ts';
import type { State, Verdict } from './replica-ports.ts';
import { parseServerFact } from './server-fact.ts';
import type { Position } from './vector.ts';

/** The most bytes of the frames of one fact. */
export const FACT_BYTES = 64 * 1024;
/** An incarnation is a time; one that is further ahead than clocks are wrong is none. */
const AHEAD_MS = 24 * 3600 * 1000;

/** Names one fact: its origin and where it stands there. */
export interface FactHead extends Position {
  readonly id: ServerId;
}

/** What the first frame of a FACT says; undefined when no server could have written it. */
export function parseFactHead(group: Group, now: number): FactHead | undefined {
  const id = parseServerId(group.args[0]);
  const incarnation = parseCount(group.args[1]);
  const n = parseCount(group.args[2]);
  if (id === undefined || n < 1 || group.count < 1 || group.bytes.length > FACT_BYTES) return undefined;
  return isIncarnation(incarnation, now) ? { id, incarnation, n } : undefined;
}

/** Whether a server may have started at `incarnation`. */
export function isIncarnation(incarnation: number, now: number): boolean {
  return incarnation > 0 && incarnation <= now + AHEAD_MS;
}

/** A fact as it is sent: its first frame, and the `count` frames bytes[start, end). */
export function factBytes(head: FactHead, count: number, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const writer = new FrameWriter(end - start + 64);
  writer.begin('FACT').arg(head.id).arg(head.incarnation).arg(head.n).arg(count).end();
  writer.frame(bytes, start, end);
  return writer.bytes.subarray(0, writer.length);
}

/** Judges the frames of a fact, all of them. The first fact of an incarnation begins with the server itself. */
export function checkFact(head: FactHead, group: Group, state: State): Verdict {
  const cursor = new FrameCursor(group.bytes);
  const frame = new Frame();
  let verdict: Verdict = 'good';
  for (let i = 0; cursor.next(frame); i++) {
    const one = checkFrame(head, frame, state);
    if (one === 'bad' || (head.n === 1 && i === 0 && frame.verb() !== 'SERVER')) return 'bad';
    if (one === 'unknown') verdict = one;
  }
  return verdict;
}

/** Judges the frames of one part of a snapshot: the server itself is the first of all and no other one. */
export function checkPart(head: FactHead & { readonly at: number }, group: Group, state: State): Verdict {
  const cursor = new FrameCursor(group.bytes);
  const frame = new Frame();
  for (let at = head.at; cursor.next(frame); at++) {
    const isServer = frame.verb() === 'SERVER';
    if (isServer !== (at === 0) || checkFrame(head, frame, state) === 'bad') return 'bad';
  }
  return 'good';
}

function checkFrame(head: FactHead, frame: Frame, state: State): Verdict {
  const verb = frame.verb();
  if (verb === 'SERVER') {
    const server = parseServerFact(frame);
    return server?.id === head.id && server.incarnation === head.incarnation ? 'good' : 'bad';
  }
  if (verb === 'SQUIT') return parseSquit(frame) === undefined ? 'bad' : 'good';
  return state.check(head.id, head.incarnation, frame);
}

/** `<SQUIT,name,lost-incarnation,comment>`: a server is lost, or leaves. */
export interface Squit {
  readonly name: string;
  readonly incarnation: number;
  readonly comment: string;
}

/** What a SQUIT frame says; undefined when no server could have written it. */
export function parseSquit(frame: Frame): Squit | undefined {
  const name = frame.arg(0);
  const incarnation = parseCount(frame.arg(1));
  return frame.argc < 3 || !isServerName(name) || incarnation < 0
    ? undefined
    : { name, incarnation, comment: frame.arg(2) };
}

export function writeSquit(writer: FrameWriter, squit: Squit): void {
  writer.begin('SQUIT').arg(squit.name).arg(squit.incarnation).arg(squit.comment).end();
}
