// The options: every row read from flags and environment, every bad value refused with a line that names its source,
// all mistakes at once.

import { describe, expect, test } from 'bun:test';
import { flagOf, KEYS, type Options, rowOf, variableOf } from '../../../src/ops/options/option-table.ts';
import { derivedId, type Machine, parseOptions } from '../../../src/ops/options/options.ts';
import { VALUES } from './option-values.ts';

const MACHINE: Machine = { hostname: 'alpha.example.org', fdLimit: 20_000 };

function parsed(argv: readonly string[], env: Record<string, string> = {}, machine = MACHINE): Options {
  const result = parseOptions(argv, env, machine);
  if (!('options' in result)) throw new Error(JSON.stringify(result));
  return result.options;
}

function problems(argv: readonly string[], env: Record<string, string> = {}, machine = MACHINE): readonly string[] {
  const result = parseOptions(argv, env, machine);
  return 'problems' in result ? result.problems : [];
}

describe('every option', () => {
  for (const key of KEYS) {
    const { good, value, bad } = VALUES[key];
    const flag = flagOf(key);
    test(flag, () => {
      expect(parsed([flag, good])[key]).toEqual(value);
      expect(parsed([`${flag}=${good}`])[key]).toEqual(value);
      expect(parsed([], { [variableOf(key)]: good })[key]).toEqual(value);
      expect(parsed([])[key]).not.toEqual(value);
      // What it is written as is read as the same, so that messages and docs can be typed in.
      const { kind } = rowOf(key);
      expect(kind.read(kind.write(value))).toEqual(value);
      for (const text of bad) {
        const found = problems([`${flag}=${text}`]);
        expect(found, `${flag}=${text}`).toHaveLength(1);
        expect(found[0]).toStartWith(`${flag} "`);
        expect(found[0]).toEndWith(`: expected ${kind.expected}`);
        if (text === '' || text.includes('\0')) continue;
        expect(problems([], { [variableOf(key)]: text })[0]).toStartWith(`${variableOf(key)} "`);
      }
    });
  }
});

describe('presets', () => {
  test('are those that are documented', () => {
    expect(parsed([])).toMatchObject({
      name: 'alpha',
      id: 0,
      clients: [{ host: '127.0.0.1', port: 7400 }],
      operators: undefined,
      flood: { perSecond: 20, burst: 200 },
      perIp: 16,
      maxClients: 19_936,
      frameBytes: 8192,
      registrationMs: 5000,
      registrationFrames: 8,
      registrationBytes: 1024,
      clientFrameBytes: 16_384,
      arguments: 64,
      textBytes: 4096,
      unregisteredOutputBytes: 4096,
      clientOutputBytes: 262_144,
      writeDeadlineMs: 60_000,
      ttlMs: 5000,
      reservations: 8,
      roomMessages: 1024,
      presence: 500,
      idWindow: 65_536,
    });
  });

  test('each lies in its own range', () => {
    for (const key of KEYS) {
      const { kind, preset, presetText } = rowOf(key);
      // An empty list is one that nobody gave: there is no way to write it.
      if (Array.isArray(preset) && preset.length === 0) expect(kind.read(''), key).toBeUndefined();
      else if (preset !== undefined) expect(kind.read(presetText), key).toEqual(preset);
    }
  });

  test('a host name that is no server name gives one all the same', () => {
    const nameOn = (hostname: string): string => parsed([], {}, { ...MACHINE, hostname }).name;
    expect(nameOn('my host.lan')).toBe('my-host');
    expect(nameOn('')).toBe('chorus');
    expect(nameOn('-x')).toBe('chorus');
    expect(nameOn('h'.repeat(80))).toHaveLength(63);
  });

  test('the id follows the name and the first address, and stays the same', () => {
    const first = { host: '127.0.0.1', port: 7400 };
    const ids = [derivedId('a', first), derivedId('b', first), derivedId('a', { ...first, port: 7401 })];
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe(derivedId('a', first));
    expect(ids.every((id) => Number.isInteger(id) && id > 0 && id < 2 ** 32)).toBe(true);
    expect(parsed(['--name', 'a', '--id', '9']).id).toBe(9);
    expect(parsed(['--name', 'a']).id).toBe(0);
  });

  test('servers are reached by an IP address', () => {
    const words = (...argv: string[]): readonly string[] => problems(argv, {});
    expect(words('--links', '0.0.0.0:1')).toEqual([
      '--links 0.0.0.0: other servers have to reach it by an IP address; give one with --advertise',
    ]);
    expect(words('--links', '0.0.0.0:1', '--advertise', 'a.example:1')).toEqual([
      '--advertise a.example: other servers have to reach it by an IP address; give one',
    ]);
    expect(parsed(['--links', '0.0.0.0:1', '--advertise', '10.0.0.1:1']).advertise).toEqual({
      host: '10.0.0.1',
      port: 1,
    });
    expect(parsed(['--links', 'off']).links).toBe('off');
  });

  test('the number of clients follows the limit on open files', () => {
    expect(parsed([], {}, { ...MACHINE, fdLimit: 256 }).maxClients).toBe(192);
    expect(parsed(['--fd-reserve', '100', '--max-clients', '0'], {}, { ...MACHINE, fdLimit: 256 }).maxClients).toBe(
      156,
    );
    expect(parsed([], {}, { ...MACHINE, fdLimit: 2 ** 30 }).maxClients).toBe(1_000_000);
    expect(problems(['--max-clients', '193'], {}, { ...MACHINE, fdLimit: 256 })).toEqual([
      '--max-clients 193: expected at most 192, as 256 files may be open and --fd-reserve keeps 64 back; ulimit -n raises the limit',
    ]);
    expect(problems(['--max-clients', '192'], {}, { ...MACHINE, fdLimit: 256 })).toEqual([]);
    expect(problems([], {}, { ...MACHINE, fdLimit: 64 })[0]).toContain('no client fits');
  });
});

describe('the command line', () => {
  test('wins over the environment, which wins over presets; an empty variable is not set', () => {
    expect(parsed(['--ttl-ms', '1s'], { CHORUS_TTL_MS: '2s' }).ttlMs).toBe(1000);
    expect(parsed([], { CHORUS_TTL_MS: '2s' }).ttlMs).toBe(2000);
    expect(parsed([], { CHORUS_TTL_MS: '' }).ttlMs).toBe(5000);
    // Overruled, so not looked at.
    expect(parsed(['--ttl-ms', '1s'], { CHORUS_TTL_MS: 'zzz' }).ttlMs).toBe(1000);
  });

  test('takes --clients several times, and no address twice', () => {
    const argv = ['--clients', '127.0.0.1:0', '--clients', '[::1]:7400', '--clients=127.0.0.1:0'];
    expect(parsed(argv).clients).toHaveLength(3);
    expect(problems(['--clients', 'a:1,a:1'])).toEqual(['--clients a:1 is given twice']);
    expect(problems(['--rooms', '1', '--rooms=2', '--rooms-per-user', '1'])).toEqual([
      '--rooms is given 2 times: once is enough',
    ]);
  });

  test('all mistakes are told at once, each naming its flag', () => {
    const argv = ['--nmae', 'x', '--frame-bytes', '12', 'stray', '--per-ip', '--id', '0', '--idle-ping-ms', '2m', '-x'];
    const found = problems(argv, { CHORUS_FLOOD: 'often' });
    expect(found).toEqual([
      'unknown option --nmae: did you mean --name?',
      'unexpected argument "stray": options begin with --, see --help',
      expect.stringMatching(/^--per-ip has no value: expected off, or a whole number/),
      'unknown option -x: see --help',
      expect.stringMatching(/^--id "0": expected a whole number from 1 to 4294967295$/),
      expect.stringMatching(/^CHORUS_FLOOD "often": expected off, or RATE:BURST/),
      expect.stringMatching(/^--frame-bytes "12": expected a size/),
      expect.stringMatching(/^--idle-ping-ms 2m and the preset --idle-timeout-ms 90s do not go together/),
    ]);
  });

  test.each([
    ['--client', '--clients'],
    ['--log-lvel', '--log-level'],
    ['--maxclients', '--max-clients'],
    ['--registration-frames-bytes', '--registration-frame-bytes'],
    ['-name', '--name'],
    ['--hlep', '--help'],
  ])('%s: did you mean %s?', (typed, meant) => {
    expect(problems([typed, '1'])).toEqual([`unknown option ${typed}: did you mean ${meant}?`]);
  });

  test('what is like no option is taken for none', () => {
    for (const typed of ['--bogus', '--port', '--x']) {
      expect(problems([typed, '1'])).toEqual([`unknown option ${typed}: see --help`]);
    }
  });

  test('a value behind an unknown flag may be a secret and is never shown', () => {
    for (const argv of [['--password=hunter2'], ['--password', 'hunter2'], ['--opertors', 'hunter2']]) {
      expect(problems(argv)).toHaveLength(1);
      expect(problems(argv).join()).not.toContain('hunter2');
    }
  });

  test('what a terminal would obey is shown as text, and briefly', () => {
    const [line] = problems([`--name=\x1b[2J\u202e${'x'.repeat(500)}`]);
    expect(line).toContain('\\u{1b}[2J\\u{202e}xxx');
    expect(line!.length).toBeLessThan(250);
  });

  test('--help and --version stand before everything else', () => {
    expect(parseOptions(['--nonsense', '--help'], {}, MACHINE)).toHaveProperty('help');
    expect(parseOptions(['-h'], {}, MACHINE)).toHaveProperty('help');
    expect(parseOptions(['--version'], {}, MACHINE)).toEqual({ version: true });
  });

  test('this machine needs no options', () => {
    expect(parseOptions([], {})).toHaveProperty('options');
  });
});

test('a variable that looks mistyped is warned of, others are left alone', () => {
  const env = {
    CHORUS_FLOD: '1:1',
    CHORUS_PORT: 'tcp://10.0.0.1:7400',
    CHORUS_PORT_7400_TCP_ADDR: '10.0.0.1',
    CHORUS_SERVICE_HOST: '10.0.0.1',
    PATH: '/bin',
  };
  expect(parseOptions([], env, MACHINE)).toMatchObject({
    warnings: ['CHORUS_FLOD is not an option: did you mean CHORUS_FLOOD?'],
  });
});
