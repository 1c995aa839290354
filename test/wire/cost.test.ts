import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { Frame, MORE, Scanner } from '../../src/wire/scanner.ts';

/** How many collections of young objects a process of allocate.ts needed. */
async function collections(...args: string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'allocate.ts'), ...args], {
    env: { ...process.env, BUN_JSC_logGC: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, log] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(out + log).toContain('1000000 frames');
  return (out + log).match(/EdenCollection/g)?.length ?? 0;
}

test('reading a million frames makes no garbage', async () => {
  const clean = await collections();
  const wasteful = await collections('waste');
  console.log(`young collections in a million frames: ${clean}; with one small array a frame: ${wasteful}`);
  expect(wasteful).toBeGreaterThan(clean + 2);
  expect(clean).toBeLessThanOrEqual(2);
});

/** The least time in ms in which a scanner gets through so much of this. */
function leastMs(piece: string): number {
  const bytes = new TextEncoder().encode(piece.repeat(Math.floor((512 * 1024) / piece.length)));
  const frame = new Frame();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i++) {
    const scanner = new Scanner(8192);
    const began = performance.now();
    scanner.feed(bytes.slice());
    while (scanner.next(frame) !== MORE);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

test.each(['<', '< ', 'x', 'x\\<'])('garbage of %j costs about what white space does', (piece) => {
  expect(leastMs(piece)).toBeLessThan(8 * leastMs(' '));
});
