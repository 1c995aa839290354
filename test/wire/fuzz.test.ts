import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Case, difference, minimise } from './differential.ts';

async function fuzz(...args: string[]): Promise<[number, string]> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'fuzz.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, log, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return [code, out + log];
}

test('the fuzzer runs for as long as it is told, from the seed it is told', async () => {
  const [code, out] = await fuzz('--seconds', '0.2', '--seed', '5');
  expect(out).toContain('seed 5');
  expect(out).toMatch(/\n[1-9]\d* streams, no difference\n$/);
  expect(code).toBe(0);
});

test('the fuzzer refuses what it does not understand', async () => {
  for (const args of [
    ['--seconds', 'x'],
    ['--seconds', '0'],
    ['--seed', '1.5'],
    ['--second', '1'],
  ]) {
    expect(await fuzz(...args)).toEqual([2, expect.stringMatching(/^Usage: bun run fuzz \[--seconds N\]/)]);
  }
});

test('the fuzzer says what it understands', async () => {
  expect(await fuzz('--help')).toEqual([0, expect.stringMatching(/^Usage: bun run fuzz \[--seconds N\]/)]);
});

test('a failing stream is made as short as it can be, cuts included', () => {
  const failing: Case = {
    stream: '<PING,a><CSEND,some text\\, and more>x<QUIT>',
    cuts: [3, 9, 25, 30],
    limits: { limit: 64, maxArgs: 8 },
  };
  expect(difference(failing)).toBeUndefined();
  const hasText = ({ stream }: Case): string | undefined => (/e.*m/.test(stream) ? 'has the letters' : undefined);
  expect(minimise(failing, hasText)).toEqual({ ...failing, stream: 'em', cuts: [] });
  const isCut = ({ stream, cuts }: Case): string | undefined =>
    cuts.some((cut) => stream[cut - 1] === '\\' && stream[cut] === ',') ? 'cuts an escape' : undefined;
  expect(minimise(failing, isCut)).toEqual({ ...failing, stream: '\\,', cuts: [1] });
});
