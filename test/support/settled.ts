// Settled: waits until something that is asked for again and again is as it should be, and shows what it was when it
// never is.

import { expect } from 'bun:test';

const DEADLINE_MS = 15_000;
const AGAIN_MS = 20;

/** Asks until `ask` answers `wanted`; expects it in the end. */
export async function settled<T>(ask: () => T | Promise<T>, wanted: T): Promise<void> {
  const until = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await ask();
    if (Bun.deepEquals(found, wanted) || performance.now() > until) return expect<unknown>(found).toEqual(wanted);
    await Bun.sleep(AGAIN_MS);
  }
}
