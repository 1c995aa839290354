// The conformance vectors: what a reader of the protocol says of a stream, and what a writer makes of values, as JSON
// that a reader in any language can take. Here they are loaded and spelled out; nothing is checked in this file.

import faults from './vectors/faults.json';
import frames from './vectors/frames.json';
import garbage from './vectors/garbage.json';
import limits from './vectors/limits.json';
import utf8 from './vectors/utf8.json';
import writer from './vectors/writer.json';

/** A text, or parts to be joined; a part may be [text, how often]. */
type Spelled = string | readonly (string | readonly [string, number])[];

interface RawCase {
  readonly name: string;
  readonly bytes: Spelled;
  readonly expect: readonly RawFinding[];
  readonly limit?: number;
  readonly maxArgs?: number;
  readonly held?: number;
}
interface RawFinding {
  readonly verb?: string;
  readonly args?: readonly (string | readonly [string, number])[];
  readonly offset?: number;
  readonly tooLong?: boolean;
}

export interface ReaderCase {
  readonly name: string;
  /** A character a byte. */
  readonly stream: string;
  readonly expect: readonly object[];
  readonly limits: { readonly limit: number; readonly maxArgs: number };
  readonly held: number;
}

export const READER_CASES: readonly ReaderCase[] = [
  ...load('frames', frames.cases as unknown as RawCase[]),
  ...load('faults', faults.cases as unknown as RawCase[]),
  ...load('garbage', garbage.cases as unknown as RawCase[]),
  ...load('utf8', utf8.cases as unknown as RawCase[]),
  ...load('limits', limits.cases as unknown as RawCase[]),
];

export const WRITER_CASES: readonly { name: string; verb: string; args: (string | number)[]; bytes: string }[] =
  writer.frames;
export const FORM_CASES: readonly { name: string; form: string; canonical: string }[] = writer.forms;

function load(file: string, cases: readonly RawCase[]): ReaderCase[] {
  return cases.map((raw) => ({
    name: `${file}: ${raw.name}`,
    stream: spell(raw.bytes),
    expect: raw.expect.map((finding) =>
      finding.args === undefined ? finding : { ...finding, args: finding.args.map((arg) => spell([arg])) },
    ),
    limits: { limit: raw.limit ?? 8192, maxArgs: raw.maxArgs ?? 64 },
    held: raw.held ?? 0,
  }));
}

function spell(spelled: Spelled): string {
  if (typeof spelled === 'string') return spelled;
  return spelled.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1]))).join('');
}
