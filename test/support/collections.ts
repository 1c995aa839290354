// How often the collector runs while a program does what a test asks of it: how garbage is counted, on any machine.

import { expect } from 'bun:test';

/**
 * Runs `program` in a process of its own and counts the collections between the line on stderr that has `warm` in it
 * and the one that has `done`.
 */
export async function collections(program: string, ...args: readonly string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, program, ...args], {
    env: { ...process.env, BUN_JSC_logGC: '1' },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  expect(code).toBe(0);
  expect(stderr).toContain('done');
  return stderr.slice(stderr.indexOf('warm'), stderr.indexOf('done')).split('Collection').length - 1;
}
