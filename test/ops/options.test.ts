// The options: every row read from flags and environment, every bad value refused with a line that names its source,
// all mistakes at once.

import { describe, expect, test } from 'bun:test';
import { flagOf, KEYS, type OptionKey, type Options, rowOf, variableOf } from '../../src/ops/option-table.ts';
import { derivedId, type Machine, parseOptions } from '../../src/ops/options.ts';

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

/** For every option a value that is not its preset and what it is read as, and values that are refused. */
const CASES: { readonly [K in OptionKey]: { good: string; value: Options[K]; bad: readonly string[] } } = {
  config: { good: 'a.toml', value: 'a.toml', bad: ['', 'a\0b'] },
  name: { good: 'a.b', value: 'a.b', bad: ['', 'a b', '-a', '.a', 'a,b', 'ä', 'x'.repeat(64)] },
  clients: {
    good: '[::1]:0,localhost:7401',
    value: [
      { host: '::1', port: 0 },
      { host: 'localhost', port: 7401 },
    ],
    bad: ['', '7400', ':7400', 'a', 'a:', 'a:65536', '::1:7400', '[::1]', '[::1]:x', '10.0.0.300:1', 'a:1,', '[a]:1'],
  },
  network: { good: 'a-b', value: 'a-b', bad: ['', 'a b', '-a', 'x'.repeat(64)] },
  secretFile: { good: 'secret', value: 'secret', bad: ['', 'a\0b'] },
  links: { good: 'off', value: 'off', bad: ['', '7401', 'no', 'a:', 'a:1,b:2'] },
  discovery: { good: '239.1.2.3:7', value: { host: '239.1.2.3', port: 7 }, bad: ['', 'on', '239.1.2.3'] },
  interface: { good: '10.0.0.1', value: '10.0.0.1', bad: ['', 'eth0', '10.0.0', '::1'] },
  peers: { good: 'b.example:7401', value: [{ host: 'b.example', port: 7401 }], bad: ['', 'b.example', 'a:1,'] },
  advertise: { good: '[::1]:1', value: { host: '::1', port: 1 }, bad: ['', 'off', '::1:1'] },
  advertiseClients: {
    good: 'a:1,b:2',
    value: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
    bad: ['', 'a', 'a:1,'],
  },
  http: { good: 'off', value: 'off', bad: ['', '7480', 'on', 'a:', 'a:1,b:2'] },
  apiTokenFile: { good: 'token', value: 'token', bad: ['', 'a\0b'] },
  hold: { good: '0', value: 0, bad: ['-1', '2m', ''] },
  id: { good: '7', value: 7, bad: ['0', '-1', '4294967296', '1.5', '0x10', 'x', '1e3', ''] },
  info: { good: 'a, b <c>', value: 'a, b <c>', bad: ['a\nb', '\x1b[2J', '\u202e', 'x'.repeat(129)] },
  operators: { good: 'ops.txt', value: 'ops.txt', bad: ['', 'a\0b'] },
  showHosts: { good: 'on', value: true, bad: ['', 'true', 'ON', '1'] },
  logLevel: { good: 'debug', value: 'debug', bad: ['', 'DEBUG', 'trace', 'inf'] },
  logFormat: { good: 'json', value: 'json', bad: ['', 'text', 'JSON'] },
  drainMs: { good: '0', value: 0, bad: ['-1', '61m', ''] },
  shutdownMs: { good: '0', value: 0, bad: ['-1', '61m', '2h', '1d', '5 sec', ''] },
  maxClients: { good: '100', value: 100, bad: ['-1', '1000001', 'all', ''] },
  fdReserve: { good: '8', value: 8, bad: ['7', '65537', ''] },
  perIp: { good: 'off', value: 'off', bad: ['0', 'OFF', 'none', '1000001', ''] },
  flood: {
    good: '5:10',
    value: { perSecond: 5, burst: 10 },
    bad: ['5', '0:5', '5:0', '5:', ':5', '1:2:3', '1:2:', 'on'],
  },
  registrationMs: { good: '100', value: 100, bad: ['99', '2h', ''] },
  registrationFrames: { good: '2', value: 2, bad: ['1', '1001'] },
  registrationFrameBytes: { good: '512', value: 512, bad: ['127', '65KiB', '1KB'] },
  registrationBytes: { good: '2KiB', value: 2048, bad: ['127', '2MiB'] },
  idlePingMs: { good: '10s', value: 10_000, bad: ['999', '25h'] },
  idleTimeoutMs: { good: '2m', value: 120_000, bad: ['999', '25h'] },
  writeDeadlineMs: { good: '1h', value: 3_600_000, bad: ['999', '61m'] },
  unregisteredOutputBytes: { good: '8KiB', value: 8192, bad: ['1023', '2MiB'] },
  clientOutputBytes: { good: '1MiB', value: 1_048_576, bad: ['4095', '2GiB'] },
  passwordChecks: { good: '1', value: 1, bad: ['0', '65'] },
  passwordQueue: { good: '0', value: 0, bad: ['-1', '65537'] },
  passwordFailures: { good: '1', value: 1, bad: ['0', '1001'] },
  frameBytes: { good: '10kib', value: 10_240, bad: ['511', '33KiB', '8192.5', '8 192', '99999999999999999999'] },
  clientFrameBytes: { good: '32 KiB', value: 32_768, bad: ['1023', '49KiB'] },
  textBytes: { good: '1', value: 1, bad: ['0', '17KiB'] },
  arguments: { good: '256', value: 256, bad: ['7', '257'] },
  targets: { good: '1', value: 1, bad: ['0', '256'] },
  nickLength: { good: '9', value: 9, bad: ['0', '33'] },
  nickHistory: { good: '1', value: 1, bad: ['0', '1001'] },
  nickHistoryMs: { good: '1h', value: 3_600_000, bad: ['999', '25h'] },
  goneUsers: { good: '1', value: 1, bad: ['0', '1048577'] },
  roomLength: { good: '1', value: 1, bad: ['0', '65'] },
  roomsPerUser: { good: '1', value: 1, bad: ['0', '10001'] },
  rooms: { good: '1000000', value: 1_000_000, bad: ['0', '1000001'] },
  roomIdleMs: { good: '0', value: 0, bad: ['-1', '25h'] },
  presence: { good: '0', value: 0, bad: ['-1', '1000001'] },
  ttlMs: { good: '100ms', value: 100, bad: ['99', '11m'] },
  reservations: { good: '1', value: 1, bad: ['0', '1001'] },
  reservationWaitMs: { good: '0', value: 0, bad: ['-1', '2h'] },
  reservationWaitMaxMs: { good: '20m', value: 1_200_000, bad: ['-1', '25h'] },
  idWindowMs: { good: '1s', value: 1000, bad: ['999', '25h'] },
  idWindow: { good: '1', value: 1, bad: ['0', '16777217'] },
  ids: { good: '65536', value: 65_536, bad: ['0', '16777217'] },
  pendingEntries: { good: '1', value: 1, bad: ['0', '1048577'] },
  pendingBytes: { good: '16KiB', value: 16_384, bad: ['16383', '2GiB'] },
  historyCount: { good: '1', value: 1, bad: ['0', '65537'] },
  roomMessages: { good: '1', value: 1, bad: ['0', '1048577'] },
  roomBytes: { good: '16KiB', value: 16_384, bad: ['4095', '2GiB'] },
  roomMemoryBytes: { good: '1GiB', value: 2 ** 30, bad: ['1023KiB', '1025GiB'] },
  ringAgeMs: { good: '1s', value: 1000, bad: ['999', '2h'] },
  ringMemoryBytes: { good: '1MiB', value: 2 ** 20, bad: ['1023KiB', '1025GiB'] },
};

describe('every option', () => {
  for (const key of KEYS) {
    const { good, value, bad } = CASES[key];
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
    CHORUS_PORT_7400_TCP_ADDR: '10.0.0.1',
    CHORUS_SERVICE_HOST: '10.0.0.1',
    PATH: '/bin',
  };
  expect(parseOptions([], env, MACHINE)).toMatchObject({
    warnings: ['CHORUS_FLOD is not an option: did you mean CHORUS_FLOOD?'],
  });
});
