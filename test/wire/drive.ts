// Driving a scanner over a stream that comes in pieces, and writing down what it says.
// Every chunk is a copy of its own that is overwritten once the scanner may no longer need it, so that a scanner which
// looks at bytes that it does not own is found out.

import { BAD, FRAME, Frame, MORE, Scanner } from '../../src/wire/scanner.ts';
import type { Finding, Reading } from './reference.ts';

export interface Limits {
  readonly limit: number;
  readonly maxArgs: number;
}

export const CLIENT: Limits = { limit: 8192, maxArgs: 64 };

const frame = new Frame(256);

/** What a scanner says of `bytes`, cut in pieces behind the given offsets, which rise. */
export function scanSplit(bytes: Uint8Array, cuts: readonly number[], limits: Limits): Reading & { offset: number } {
  const scanner = new Scanner(limits.limit, limits.maxArgs);
  const findings: Finding[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const chunk = bytes.slice(from, cut);
    from = cut;
    scanner.feed(chunk);
    if (!drain(scanner, findings)) break;
    chunk.fill(0x3c);
  }
  return { findings, held: scanner.held, offset: scanner.offset };
}

/** Takes everything up to MORE; false when there is nothing more to come. */
function drain(scanner: Scanner, findings: Finding[]): boolean {
  for (;;) {
    const found = scanner.next(frame);
    if (found === MORE) return true;
    if (found === FRAME) {
      const args = Array.from({ length: frame.argc }, (_, i) => frame.arg(i));
      assertNested(frame);
      findings.push({ verb: frame.verb(), args, next: scanner.offset });
    } else if (found === BAD) {
      findings.push({ verb: scanner.faultVerb, offset: scanner.faultOffset, next: scanner.offset });
    } else {
      findings.push({ tooLong: true });
      return false;
    }
  }
}

/** The offsets of a frame's parts lie inside it, one behind the other. */
function assertNested(frame: Frame): void {
  const ends = [frame.bytes[frame.start], frame.bytes[frame.end - 1]];
  if (ends[0] !== 0x3c || ends[1] !== 0x3e) throw new Error(`a frame between ${ends}`);
  const offsets = [frame.start + 1, frame.verbStart, frame.verbEnd];
  for (let i = 0; i < frame.argc; i++) offsets.push(frame.argStart[i] as number, frame.argEnd[i] as number);
  offsets.push(frame.end - 1);
  if (offsets.some((offset, i) => offset < (offsets[i - 1] ?? 0))) throw new Error(`offsets cross: ${offsets}`);
}

/** The ways to cut a stream that every case is read in: whole, byte by byte, in two at each place, in three. */
export function* allCuts(length: number): Generator<readonly number[]> {
  yield [];
  yield Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1);
  for (let cut = 0; cut <= length; cut++) yield [cut];
  for (let cut = 1; cut + 3 < length; cut += 1 + (length >> 6)) yield [cut, cut, cut + 2];
}

/** A stream given as a character a byte. */
export function bytesOf(stream: string): Uint8Array {
  return Uint8Array.from(stream, (char) => char.charCodeAt(0));
}
