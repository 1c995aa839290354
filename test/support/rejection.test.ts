// Waiting for a rejection takes nothing from anybody else: not from promises that resolve, nor from the output of
// children. The second test hangs where the first child's reader waits with `expect(late).rejects` instead.

import { expect, test } from 'bun:test';
import { rejection } from './rejection.ts';

const CHILDREN = 8;
const ALL_SPOKE_MS = 200;

test('a promise that resolves is no rejection', async () => {
  expect((await rejection(rejection(Promise.resolve(7)))).message).toContain('resolved to 7');
  expect((await rejection(Promise.reject(new Error('no')))).message).toBe('no');
});

test('what children say while a rejection is waited for is read to its end', async () => {
  const command = ['sh', '-c', 'read line; echo first; echo last'];
  const children = Array.from({ length: CHILDREN }, () => Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe' }));
  let waited = false;
  const texts = children.map(async ({ stdout }) => {
    let text = '';
    for await (const chunk of stdout) {
      text += new TextDecoder().decode(chunk);
      if (waited) continue;
      waited = true;
      const late = Bun.sleep(20).then(() => Promise.reject(new Error('late')));
      expect((await rejection(late)).message).toBe('late');
    }
    return text;
  });
  for (const { stdin } of children) {
    stdin.write('\n');
    stdin.end();
  }
  // All of them have spoken before any is heard, so that their output is ready in one turn of the loop.
  Bun.sleepSync(ALL_SPOKE_MS);
  expect(await Promise.all(texts)).toEqual(Array(CHILDREN).fill('first\nlast\n'));
});
