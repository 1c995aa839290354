// Flags of the programs: each mistake in one line that names the flag, and nothing in it that a terminal would obey.

import { expect, test } from 'bun:test';
import { numberFlag, parseFlags } from '../../src/cli/flags.ts';

const TABLE = { rate: { type: 'string' }, servers: { type: 'string' }, json: { type: 'boolean' } } as const;

test('what is in the table is read', () => {
  expect(parseFlags(['--rate', '3', '--json'], TABLE)).toMatchObject({ rate: '3', json: true });
  expect(parseFlags(['--rate=-3', '-h'], TABLE)).toMatchObject({ rate: '-3', help: true });
});

test.each([
  [['--rat', '3'], 'unknown option --rat: did you mean --rate?'],
  [['--hlep'], 'unknown option --hlep: did you mean --help?'],
  [['--nonsense'], 'unknown option --nonsense'],
  [['-x'], 'unknown option -x'],
  [['--rate'], '--rate has no value'],
  [['--rate', '--json'], '--rate has no value; write --rate=VALUE if it begins with -'],
  [['--rate', '-1'], '--rate has no value; write --rate=VALUE if it begins with -'],
  [['--json=1'], '--json takes no value'],
  [['lobby'], 'unexpected argument "lobby": options begin with --'],
  [["it's"], 'unexpected argument "it\'s": options begin with --'],
  [['\x1b[2J'], 'unexpected argument "\\u{1b}[2J": options begin with --'],
  [['--\x1b[2J'], 'unknown option --\\u{1b}[2J'],
])('%j is named', (args, line) => {
  expect(parseFlags(args, TABLE)).toBe(line);
});

test('a number is within its bounds, or told with them', () => {
  expect(numberFlag('rate', '2.5', 0.01, 10, false)).toBe(2.5);
  for (const text of ['', 'x', '-1', '11', '2.5', '1e3']) {
    expect(numberFlag('rate', text, 1, 10)).toBe(`--rate ${JSON.stringify(text)} is not a whole number from 1 to 10`);
  }
});
