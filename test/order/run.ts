// The entries of a run, one by one.

import type { Run } from '../../src/base/run.ts';

/** Calls `each` with the number, negative for a slot that stays empty, and the frame of every entry. */
export function forEach(
  { bytes, start, count, ends, seqs }: Run,
  each: (seq: number, bytes: Uint8Array, start: number, end: number) => void,
): void {
  for (let i = 0, from = start; i < count; from = ends[i++] as number) {
    each(seqs[i] as number, bytes, from, ends[i] as number);
  }
}
