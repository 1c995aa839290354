// Relations between limits: the presets keep them all, each can be broken by flags alone, and says so by name.

import { describe, expect, test } from 'bun:test';
import { brokenRelations, RELATIONS } from '../../../src/ops/options/option-relations.ts';
import { flagOf, type OptionKey, type Options } from '../../../src/ops/options/option-table.ts';
import { parseOptions } from '../../../src/ops/options/options.ts';

const MACHINE = { hostname: 'alpha', fdLimit: 20_000 };

/** Flags that break the relation of the same number, and may break others. */
const BREAKERS: readonly (readonly string[])[] = [
  ['--text-bytes=8000'],
  ['--text-bytes=16KiB', '--frame-bytes=32KiB'],
  ['--frame-bytes=16KiB'],
  ['--client-frame-bytes=48KiB', '--client-output-bytes=47KiB'],
  ['--room-bytes=15KiB'],
  ['--room-memory-bytes=1MiB', '--room-bytes=2MiB'],
  ['--ring-memory-bytes=1MiB', '--room-bytes=2MiB'],
  ['--pending-bytes=16KiB', '--client-frame-bytes=17KiB'],
  ['--registration-frame-bytes=9KiB'],
  ['--registration-frame-bytes=1025'],
  ['--unregistered-output-bytes=1KiB'],
  ['--unregistered-output-bytes=1MiB'],
  ['--targets=64'],
  ['--rooms=31'],
  ['--idle-ping-ms=90s'],
  ['--reservation-wait-max-ms=9s'],
  ['--ids=65535'],
];

function problemsOf(argv: readonly string[]): readonly string[] {
  const result = parseOptions(argv, {}, MACHINE);
  return 'problems' in result ? result.problems : [];
}

describe('relations', () => {
  test('hold for the presets', () => {
    expect(problemsOf([])).toEqual([]);
  });

  test('each has flags that break it', () => {
    expect(BREAKERS).toHaveLength(RELATIONS.length);
  });

  for (const [i, { keys, because }] of RELATIONS.entries()) {
    test(`${keys.map(flagOf).join(' ')}: ${because}`, () => {
      const line = problemsOf(BREAKERS[i]!).find(
        (problem) =>
          problem.endsWith(`do not go together: ${because}`) &&
          problem.replace(/^the preset /, '').startsWith(`${flagOf(keys[0])} `) &&
          keys.every((key) => problem.includes(flagOf(key))),
      );
      expect(line, problemsOf(BREAKERS[i]!).join('\n')).toBeDefined();
    });
  }

  test('say where each value comes from', () => {
    const result = parseOptions([], {}, MACHINE);
    if (!('options' in result)) throw new Error('no options');
    const settings = {
      textBytes: { name: 'text-bytes', at: 'a.toml:3:14' },
      frameBytes: { name: 'CHORUS_FRAME_BYTES' },
      roomLength: { name: 'room-length', at: 'a.toml:9:15' },
    };
    const settingOf = (key: OptionKey) =>
      settings[key as keyof typeof settings] ?? { name: `the preset ${flagOf(key)}` };
    expect(brokenRelations({ ...result.options, textBytes: 8000 }, settingOf)).toEqual([
      'a.toml:3:14: text-bytes 8000, CHORUS_FRAME_BYTES 8KiB and room-length 64 (a.toml:9:15) do not go together: ' +
        'a frame must hold a text, its verb, its room and its id',
    ]);
  });

  test('are not judged where an option of theirs could not be read', () => {
    const result = parseOptions([], {}, MACHINE);
    if (!('options' in result)) throw new Error('no options');
    const options: Options = { ...result.options, targets: 1000 };
    const settingOf = (key: OptionKey) => ({ name: flagOf(key) });
    expect(brokenRelations(options, settingOf)).toHaveLength(1);
    expect(brokenRelations(options, settingOf, new Set<OptionKey>(['arguments']))).toEqual([]);
    expect(problemsOf(['--arguments=zz', '--targets=64'])).toHaveLength(1);
  });
});
