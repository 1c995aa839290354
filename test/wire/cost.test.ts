import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { ARG_CLASS } from '../../src/wire/octets.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { bytesOf } from './drive.ts';

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

test('reading a frame costs little more than looking at its bytes', () => {
  const frames = 1_000;
  const line = '<CSEND,general Kenobi you are a bold one today x,lobby,,a1b2c3>\n';
  expect(line).toHaveLength(64);
  const chunk = bytesOf(line.repeat(frames));
  const scanner = new Scanner(8192);
  const frame = new Frame();
  let bare = Number.POSITIVE_INFINITY;
  let scanned = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 300; round++) {
    const started = Bun.nanoseconds();
    const special = countSpecial(chunk);
    const between = Bun.nanoseconds();
    const whole = countFrames(scanner, frame, chunk);
    const ended = Bun.nanoseconds();
    expect([special, whole]).toEqual([6 * frames, frames]);
    bare = Math.min(bare, (between - started) / frames);
    scanned = Math.min(scanned, (ended - between) / frames);
  }
  console.log(`a frame of 64 bytes: ${scanned.toFixed(1)} ns, a bare pass over them: ${bare.toFixed(1)} ns`);
});

function countSpecial(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if (ARG_CLASS[bytes[i] as number] !== 0) count++;
  return count;
}

function countFrames(scanner: Scanner, frame: Frame, chunk: Uint8Array): number {
  let count = 0;
  scanner.feed(chunk);
  while (scanner.next(frame) === FRAME) count++;
  return count;
}
