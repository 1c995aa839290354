// Version vectors: how far somebody knows each server's facts. A position is an incarnation of an origin and the number
// of its newest fact that is known; positions of one origin are compared by incarnation, then by number. The frames are
//
//   <VECTOR,count>                           and count of      everything that the sender knows and can reach
//   <HAS,origin,incarnation,n[,digest]>      also alone        the sender has this origin up to here
//   <WANT,origin,incarnation,n>                                the sender has it up to here (0,0: nothing): the rest, please
//
// An entry exists exactly as long as the state that it speaks of.

import type { ServerId } from '../base/ids.ts';
import { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import { parseCount, parseServerId } from './fields.ts';
import { FrameCursor, type Group } from './group.ts';
import { argsOf } from './signed.ts';

export interface Position {
  readonly incarnation: number;
  /** The newest fact that is known, 0 for none. */
  readonly n: number;
}

/** What one knows of an origin that one knows nothing of. */
export const NOTHING: Position = { incarnation: 0, n: 0 };

export interface Entry extends Position {
  /** Of the state at this position; '' where it is not told. */
  readonly digest: string;
}

export type Vector = ReadonlyMap<ServerId, Entry>;

/** Negative, 0 or positive as `a` is behind, the same as, or ahead of `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.incarnation - b.incarnation || a.n - b.n;
}

export function writeHas(writer: FrameWriter, id: ServerId, at: Position, digest = ''): void {
  writer.begin('HAS').arg(id).arg(at.incarnation).arg(at.n);
  if (digest !== '') writer.arg(digest);
  writer.end();
}

export function writeWant(writer: FrameWriter, id: ServerId, at: Position): void {
  writer.begin('WANT').arg(id).arg(at.incarnation).arg(at.n).end();
}

export function writeVector(writer: FrameWriter, vector: Vector): void {
  writer.begin('VECTOR').arg(vector.size).end();
  for (const [id, entry] of vector) writeHas(writer, id, entry, entry.digest);
}

/** An origin and its entry, as HAS and WANT name them; undefined for anything else. */
export function parseEntry(args: readonly string[]): { readonly id: ServerId; readonly entry: Entry } | undefined {
  const id = parseServerId(args[0]);
  const incarnation = parseCount(args[1]);
  const n = parseCount(args[2]);
  if (id === undefined || incarnation < 0 || n < 0) return undefined;
  return { id, entry: { incarnation, n, digest: args[3] ?? '' } };
}

/** The entries of a VECTOR in their order; undefined when one is bad or an origin is named twice. */
export function parseVector(group: Group): Vector | undefined {
  const vector = new Map<ServerId, Entry>();
  const cursor = new FrameCursor(group.bytes);
  const frame = new Frame();
  while (cursor.next(frame)) {
    const parsed = frame.verb() === 'HAS' ? parseEntry(argsOf(frame)) : undefined;
    if (parsed === undefined || vector.has(parsed.id)) return undefined;
    vector.set(parsed.id, parsed.entry);
  }
  return vector;
}
