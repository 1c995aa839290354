// RPL_LIMITS: its names, their order, plain numbers.

import { expect, test } from 'bun:test';
import { ANNOUNCED, announcedLimits } from '../../../src/ops/options/limits.ts';
import { KEYS, rowOf } from '../../../src/ops/options/option-table.ts';
import { parseOptions } from '../../../src/ops/options/options.ts';

test('names every limit in its order, with plain numbers', () => {
  const result = parseOptions(['--ttl-ms', '2s', '--frame-bytes', '10KiB'], {}, { hostname: 'a', fdLimit: 1024 });
  if (!('options' in result)) throw new Error('no options');
  const told = announcedLimits(result.options, 'home').map(([name, value]) => `${name}=${value}`);
  expect(told.join(' ')).toBe(
    'protocol=1 frame=10240 text=4096 args=64 nick=32 room=64 rooms=32 targets=32 ring=1024 ttl=2000 history=256 presence=500 ack=home',
  );
  expect(announcedLimits(result.options, 'replicated').at(-1)).toEqual(['ack', 'replicated']);
});

test('what rows announce and what is told are the same names, each once', () => {
  const rows = KEYS.flatMap((key) => rowOf(key).announced ?? []);
  expect(['protocol', 'ack', ...rows].sort()).toEqual([...ANNOUNCED].sort());
});
