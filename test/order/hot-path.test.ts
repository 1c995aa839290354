// Sending allocates nothing: the collector has nothing to do while a million messages are decided and published.

import { expect, test } from 'bun:test';

/** How often the collector ran between the program's two lines. */
async function collections(...args: string[]): Promise<number> {
  const program = Bun.spawn([process.execPath, `${import.meta.dir}/hot-path.ts`, ...args], {
    env: { ...process.env, BUN_JSC_logGC: '1' },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stderr, code] = await Promise.all([program.stderr.text(), program.exited]);
  expect(code).toBe(0);
  expect(stderr).toContain('done');
  return stderr.slice(stderr.indexOf('warm'), stderr.indexOf('done')).split('Collection').length - 1;
}

test('a million sends make no garbage', async () => {
  expect(await collections()).toBe(0);
}, 30_000);

test('one object a message would be seen', async () => {
  expect(await collections('leaky')).toBeGreaterThan(0);
}, 30_000);
