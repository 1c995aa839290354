// Options as TOML: the example of a file says what the table says, what `check` prints can be read again, and a random
// set of options is the same one, however it is given.

import { describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { formatAddress } from '../../../src/ops/address.ts';
import { parseConfig } from '../../../src/ops/options/config-file.ts';
import {
  flagOf,
  KEYS,
  nameOf,
  type OptionKey,
  type Options,
  rowOf,
  variableOf,
} from '../../../src/ops/options/option-table.ts';
import { effectiveToml, exampleToml, tomlValue } from '../../../src/ops/options/option-toml.ts';
import { type JudgedOptions, readOptions } from '../../../src/ops/options/options.ts';

const MACHINE = { hostname: 'alpha.example.org', fdLimit: 20_000 };
const IN_FILE = KEYS.filter((key) => rowOf(key).outside !== true);

async function read(argv: readonly string[], env: Record<string, string> = {}): Promise<JudgedOptions> {
  const judged = await readOptions(argv, env, MACHINE);
  if (!('options' in judged)) throw new Error('no options');
  return judged;
}

async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-toml-'));
  try {
    const path = join(folder, 'a.toml');
    writeFileSync(path, text);
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the example', () => {
  const uncommented = exampleToml().replace(/^#(?=\S)/gm, '');

  test('of docs/chorus.example.toml is up to date (bun src/ops/options/options-docs.ts writes it)', async () => {
    const file = Bun.file(new URL('../../../docs/chorus.example.toml', import.meta.url));
    expect(await file.text()).toBe(exampleToml());
  });

  test('is a file that sets nothing', async () => {
    expect(await parseConfig(exampleToml(), 'a')).toEqual({ given: new Map(), problems: [], unreadable: new Set() });
  });

  test('has every option once, in order; without the marks of comments it sets each to its preset', async () => {
    const { given, problems } = await parseConfig(uncommented, 'a');
    expect(problems).toEqual([]);
    expect([...given.keys()]).toEqual(IN_FILE);
    const options = await withFile(uncommented, async (path) => (await read(['--config', path])).options);
    const presets = (await read([])).options;
    for (const key of IN_FILE) {
      const { example, kind } = rowOf(key);
      expect(options[key], key).toEqual(
        example === undefined ? presets[key] : (kind.read(example) as never) || presets[key],
      );
    }
  });

  test('says what a reload changes', () => {
    const paragraphs = exampleToml().split('\n\n');
    for (const key of IN_FILE) {
      const [paragraph, ...more] = paragraphs.filter((each) => each.includes(`\n#${nameOf(key)} = `));
      expect(more).toEqual([]);
      expect(paragraph, key).toContain(rowOf(key).live === true ? '(live)' : '(restart)');
    }
  });

  test('fits 100 columns', () => {
    for (const line of exampleToml().split('\n')) expect([...line].length, line).toBeLessThanOrEqual(100);
  });
});

/** Texts that give an option a value, as flags and variables take them. */
const TEXTS = {
  name: fc.constantFrom('a', 'B.c-d_9'),
  clients: fc.constantFrom('127.0.0.1:7400', 'a:1,[::1]:0', 'localhost:0,b:2'),
  id: fc.integer({ min: 1, max: 4_294_967_295 }).map(String),
  info: fc.constantFrom('a "b" \\c', "it's # no comment", 'é💬', 'a, [b]'),
  operators: fc.constantFrom('ops', './a b/ops "x"', 'a\\b'),
  showHosts: fc.constantFrom('on', 'off'),
  logLevel: fc.constantFrom('debug', 'warn'),
  trace: fc.constantFrom('ann', 'B[o]b'),
  logFormat: fc.constantFrom('pretty', 'json'),
  shutdownMs: fc.constantFrom('0', '250', '250ms', '7s', '1 h'),
  network: fc.constantFrom('n', 'net-2'),
  secretFile: fc.constantFrom('s', 'tab\there', 'delete\x7f'),
  links: fc.constantFrom('off', '10.0.0.1:7', '[::1]:7401'),
  discovery: fc.constantFrom('off', '239.1.1.1:1'),
  interface: fc.constantFrom('10.0.0.1'),
  peers: fc.constantFrom('a:1', 'a:1,b:2'),
  advertise: fc.constantFrom('10.1.1.1:1'),
  advertiseClients: fc.constantFrom('a:1', 'a:1,a:2'),
  hold: fc.constantFrom('0', '1m'),
  perIp: fc.constantFrom('off', '1', '99'),
  flood: fc.constantFrom('off', '1:1', '999999:1000000'),
  idleTimeoutMs: fc.constantFrom('2m', '40s', '86400000'),
  textBytes: fc.constantFrom('1', '1KiB', '2 kib'),
  roomMemoryBytes: fc.constantFrom('1GiB', '512MiB', '2097152'),
  presence: fc.constantFrom('0', '7'),
} as const satisfies Partial<Record<OptionKey, fc.Arbitrary<string>>>;

type Texts = Partial<Record<keyof typeof TEXTS, string>>;
const texts: fc.Arbitrary<Texts> = fc.record(TEXTS, { requiredKeys: [] });

const keysOf = (given: Texts): (keyof typeof TEXTS)[] => Object.keys(given) as (keyof typeof TEXTS)[];
const flagsOf = (given: Texts): string[] => keysOf(given).map((key) => `${flagOf(key)}=${given[key]}`);
const variablesOf = (given: Texts): Record<string, string> =>
  Object.fromEntries(keysOf(given).map((key) => [variableOf(key), given[key] as string]));
const linesOf = (given: Texts): string =>
  keysOf(given)
    .map((key) => `${nameOf(key)} = ${tomlValue(key, rowOf(key).kind.read(given[key] as string))}\n`)
    .join('');

/** Options without the path of the file, which differs by how they were given. */
function values({ options, problems }: JudgedOptions): Omit<Options, 'config'> {
  expect(problems).toEqual([]);
  const { config: _, ...rest } = options;
  return rest;
}

describe('any set of options', () => {
  test('is one configuration, whether flags, variables or a file give it', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        const byFlags = values(await read(flagsOf(given)));
        expect(values(await read([], variablesOf(given)))).toEqual(byFlags);
        await withFile(linesOf(given), async (path) => {
          expect(values(await read(['--config', path]))).toEqual(byFlags);
          expect(values(await read([], { CHORUS_CONFIG: path }))).toEqual(byFlags);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('from three places: flags win over variables, which win over the file, which wins over presets', async () => {
    await fc.assert(
      fc.asyncProperty(texts, texts, texts, async (flags, variables, lines) => {
        const expected = values(await read(flagsOf({ ...lines, ...variables, ...flags })));
        await withFile(linesOf(lines), async (path) => {
          const judged = await read(['--config', path, ...flagsOf(flags)], variablesOf(variables));
          expect(values(judged)).toEqual(expected);
          for (const key of KEYS) {
            const origin = judged.origins[key];
            if (key in flags) expect(origin).toBe(flagOf(key));
            else if (key in variables) expect(origin).toBe(variableOf(key));
            else if (key in lines) expect(origin).toStartWith(`${path}:`);
            else if (key !== 'config') expect(origin).not.toMatch(/^(--|CHORUS_|\/)/);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  test('is what it was when the output of check is read as a file', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        const { options, origins } = await read(flagsOf(given));
        await withFile(effectiveToml(options, origins), async (path) => {
          expect(values(await read(['--config', path]))).toEqual(values({ ...(await read([])), options }));
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('all mistakes are told at once', () => {
  test('from the file, the environment and the command line, each with its place', async () => {
    const text = 'nmae = "x"\nid = "7"\ntargets = 64\nmax-clients = 30000\nlinks = "a.example:1"\n';
    await withFile(text, async (path) => {
      const argv = ['--config', path, '--flod', '1', '--presence=-1'];
      const { problems } = await read(argv, { CHORUS_PER_IP: 'none', CHORUS_IDLE_PING_MS: '2m' });
      expect(problems).toEqual([
        'unknown option --flod: did you mean --flood?',
        `${path}:1:1: unknown option nmae: did you mean name?`,
        `${path}:2:6: id is a text in quotes: expected a whole number from 1 to 4294967295`,
        'CHORUS_PER_IP "none": expected off, or a whole number from 1 to 1000000',
        '--presence "-1": expected a whole number from 0 to 1000000',
        `${path}:5:9: links a.example: other servers have to reach it by an IP address; give one with --advertise`,
        `${path}:3:11: targets 64 and the preset --arguments 64 do not go together: the targets of LSEND and its text are arguments`,
        'CHORUS_IDLE_PING_MS 2m and the preset --idle-timeout-ms 90s do not go together: a client is asked before it is given up',
        `${path}:4:15: max-clients 30000: expected at most 19936, as 20000 files may be open and --fd-reserve keeps 64 back; ulimit -n raises the limit`,
      ]);
    });
  });

  test('also of a file that has no name, or is not there', async () => {
    expect((await read(['--config=', '--rooms=0'])).problems).toEqual([
      '--config "": expected the path of a file',
      '--rooms "0": expected a whole number from 1 to 1000000',
    ]);
    const { problems } = await read(['--rooms=0'], { CHORUS_CONFIG: '/nowhere/a.toml' });
    expect(problems).toEqual([
      '/nowhere/a.toml: cannot be read (ENOENT)',
      '--rooms "0": expected a whole number from 1 to 1000000',
    ]);
  });

  test('also those in a file that a flag overrules, but no relation is judged by them', async () => {
    await withFile('targets = "x"\narguments = "y"\n', async (path) => {
      const { problems } = await read(['--config', path, '--targets', '64']);
      expect(problems).toEqual([
        `${path}:1:11: targets is a text in quotes: expected a whole number from 1 to 255`,
        `${path}:2:13: arguments is a text in quotes: expected a whole number from 8 to 256`,
      ]);
    });
  });

  test('and the value that overrules a bad one in the file counts', async () => {
    await withFile('targets = "x"\n', async (path) => {
      const { problems, options } = await read(['--config', path, '--targets', '64']);
      expect(options.targets).toBe(64);
      expect(problems).toEqual([
        `${path}:1:11: targets is a text in quotes: expected a whole number from 1 to 255`,
        expect.stringMatching(/^--targets 64 and the preset --arguments 64 do not go together/),
      ]);
    });
  });

  test('of a file that is no TOML nothing more is said, of flags it is', async () => {
    await withFile('targets = 64\nname\n', async (path) => {
      const { problems } = await read(['--config', path, '--rooms', '0', '--reservation-wait-ms', '1h']);
      expect(problems).toEqual([
        expect.stringMatching(/a\.toml:2:5: expected name = value/),
        '--rooms "0": expected a whole number from 1 to 1000000',
      ]);
    });
  });
});

test('paths and addresses are written so that a person can type them', async () => {
  const { options } = await read(['--clients', 'a:1,[::1]:2', '--flood', 'off', '--per-ip', '5']);
  expect(options.clients.map(formatAddress)).toEqual(['a:1', '[::1]:2']);
  expect(tomlValue('clients', options.clients)).toBe('["a:1", "[::1]:2"]');
  expect(tomlValue('flood', options.flood)).toBe('"off"');
  expect(tomlValue('perIp', options.perIp)).toBe('5');
  expect(tomlValue('showHosts', options.showHosts)).toBe('false');
  expect(tomlValue('frameBytes', options.frameBytes)).toBe('"8KiB"');
});
