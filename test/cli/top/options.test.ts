// The flags of top: what they mean, and the one that is wrong.

import { describe, expect, test } from 'bun:test';
import { readTopFlags } from '../../../src/cli/top/options.ts';

describe('the flags of top', () => {
  test('say where to look, one place or several', () => {
    const bases = (...args: string[]) => readTopFlags(args, {});
    expect(bases()).toMatchObject({ options: { bases: ['http://127.0.0.1:7480'], intervalMs: 2000, sort: 'rate' } });
    expect(bases('--http', '0.0.0.0:1,[::1]:2', '--http', 'https://chat.example/x')).toMatchObject({
      options: { bases: ['http://127.0.0.1:1', 'http://[::1]:2', 'https://chat.example'] },
    });
  });

  test('look once in a second where that is asked for', () => {
    expect(readTopFlags(['--once'], {})).toMatchObject({ options: { once: true, json: false, intervalMs: 1000 } });
    expect(readTopFlags(['--json'], {})).toMatchObject({ options: { once: true, json: true } });
  });

  test.each([
    [['--http', '127.0.0.1:1,nowhere'], '--http "nowhere" is not HOST:PORT'],
    [['--http', '127.0.0.1:0'], '--http "127.0.0.1:0" is not HOST:PORT'],
    [['--sort', 'size'], '--sort "size" is none of rate, members, name'],
    [['--interval', '61'], '--interval "61" is not a number from 0.2 to 60'],
  ])('%j is wrong', (args, wrong) => {
    expect(readTopFlags(args, {})).toEqual({ wrong });
  });
});
