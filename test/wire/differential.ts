// The differential check: one generated stream, read by the reference whole and by the scanner in pieces; both must say
// the same. The suite runs it a fixed number of times, `bun run fuzz` for as long as it is told.

import { bytesOf, type Limits, scanSplit } from './drive.ts';
import { generateCuts, generateStream, type Random } from './generate.ts';
import { readReference } from './reference.ts';

export interface Case {
  readonly stream: string;
  readonly cuts: readonly number[];
  readonly limits: Limits;
}

/** A difference between the two, as text for people; undefined when there is none. */
export function difference({ stream, cuts, limits }: Case): string | undefined {
  const expected = readReference(stream, limits.limit, limits.maxArgs);
  const found = scanSplit(bytesOf(stream), cuts, limits);
  const wanted = JSON.stringify([expected.findings, expected.held]);
  const said = JSON.stringify([found.findings, found.held]);
  return wanted === said ? undefined : `reference ${wanted}\nscanner   ${said}`;
}

export function generateCase(random: Random): Case {
  const stream = generateStream(random);
  const limit = random(3) === 0 ? 4 + random(60) : 8192;
  const maxArgs = random(3) === 0 ? random(6) : 64;
  return { stream, cuts: generateCuts(stream.length, random), limits: { limit, maxArgs } };
}

/** A failing case made as short as taking parts away one after the other gets it; `fails` says what still fails. */
export function minimise(failing: Case, fails: (candidate: Case) => string | undefined = difference): Case {
  let best = failing;
  for (let step = failing.stream.length; step >= 1; step = step > 1 ? step >> 1 : 0) {
    for (let at = 0; at + step <= best.stream.length; ) {
      const shorter = without(best, at, step);
      if (fails(shorter) === undefined) at++;
      else best = shorter;
    }
  }
  for (let i = 0; i < best.cuts.length; ) {
    const fewer = { ...best, cuts: best.cuts.filter((_, index) => index !== i) };
    if (fails(fewer) === undefined) i++;
    else best = fewer;
  }
  return best;
}

/** The case without `count` bytes at `at`; cuts behind them move along. */
function without({ stream, cuts, limits }: Case, at: number, count: number): Case {
  const moved = cuts.map((cut) => (cut <= at ? cut : Math.max(at, cut - count)));
  return { stream: stream.slice(0, at) + stream.slice(at + count), cuts: moved, limits };
}

/** The case as text, to be read and to be put into a test. */
export function describeCase(failing: Case): string {
  return `${JSON.stringify(failing)}\n${difference(failing) ?? 'no difference'}`;
}
