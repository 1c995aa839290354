import { expect, test } from 'bun:test';
import { clientsWithin, FALLBACK_FD_LIMIT, fdLimit, MOST_CLIENTS, parseFdLimit } from '../../src/ops/fd-limit.ts';

const limits = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             77                   88                   processes \nMax open files            ${soft}                 524288               files     \n`;

test('reads the soft limit', () => {
  expect(parseFdLimit(limits('1024'))).toBe(1024);
  expect(parseFdLimit(limits('unlimited'))).toBe(Number.MAX_SAFE_INTEGER);
  expect(parseFdLimit('Max processes 3 3\n')).toBeUndefined();
});

test('falls back where there is nothing to read', () => {
  expect(fdLimit('/nowhere/limits')).toBe(FALLBACK_FD_LIMIT);
});

test('is the limit that this process has', async () => {
  // Bun raises its soft limit to the hard one, so a child with a lower hard limit shows what is read.
  const script = `import { fdLimit } from ${JSON.stringify(require.resolve('../../src/ops/fd-limit.ts'))}; console.log(fdLimit());`;
  const child = Bun.spawn(['sh', '-c', 'ulimit -n 300 && exec "$0" -e "$1"', process.execPath, script], {
    stdout: 'pipe',
  });
  expect(await child.stdout.text()).toBe('300\n');
});

test('clients keep off the reserve', () => {
  expect(clientsWithin(1024, 64)).toBe(960);
  expect(clientsWithin(64, 64)).toBe(0);
  expect(clientsWithin(10, 64)).toBe(0);
  expect(clientsWithin(Number.MAX_SAFE_INTEGER, 64)).toBe(MOST_CLIENTS);
});
