// The configuration file: every mistake in it with its place, all at once, and never what may be a secret.

import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseConfig, readConfigFile } from '../../../src/ops/options/config-file.ts';
import { exampleToml } from '../../../src/ops/options/option-toml.ts';

const folder = mkdtempSync(join(tmpdir(), 'chorus-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function problems(text: string): Promise<readonly string[]> {
  return (await parseConfig(text, 'a.toml')).problems;
}

test('every option is given under its name, in any order, with its place', async () => {
  const text =
    '# a comment\nflood = "5:10"\nname = \'a\'\nshow-hosts = true\nid = 1_0\nclients = ["a:1",\n  "b:2,c:3"]\n';
  const { given, problems } = await parseConfig(text, 'a.toml');
  expect(problems).toEqual([]);
  expect([...given]).toEqual([
    ['flood', [{ name: 'flood', at: 'a.toml:2:9', text: '5:10' }]],
    ['name', [{ name: 'name', at: 'a.toml:3:8', text: 'a' }]],
    ['showHosts', [{ name: 'show-hosts', at: 'a.toml:4:14', text: 'on' }]],
    ['id', [{ name: 'id', at: 'a.toml:5:6', text: '10' }]],
    [
      'clients',
      [
        { name: 'clients', at: 'a.toml:6:12', text: 'a:1' },
        { name: 'clients', at: 'a.toml:7:3', text: 'b:2,c:3' },
      ],
    ],
  ]);
});

describe('a mistake is told with its place', () => {
  test.each([
    ['nmae = "x"', '1:1: unknown option nmae: did you mean name?'],
    ['\nframe_bytes = 1', '2:1: unknown option frame_bytes: did you mean frame-bytes?'],
    ['zzzzzzzz = 1', '1:1: unknown option zzzzzzzz: see --help'],
    ['name.x = "a"', '1:1: unknown option name.x: did you mean name?'],
    ['constructor = 1', '1:1: unknown option constructor: see --help'],
    ['__proto__ = 1', '1:1: unknown option __proto__: see --help'],
    ['config = "b.toml"', '1:1: config cannot stand in the file: it is the file'],
    [
      'rooms = 1\n[limits]\nrooms = 2',
      '2:2: unexpected section [limits]: options stand at the top, named as their flags',
    ],
    ['[rooms]\n', '1:2: unexpected section [rooms]: options stand at the top, named as their flags'],
    ['[[peers]]', '1:3: unexpected section [peers]: options stand at the top, named as their flags'],
    ['id = "7"', '1:6: id is a text in quotes: expected a whole number from 1 to 4294967295'],
    ['id = 7.0', '1:6: id is a fraction: expected a whole number from 1 to 4294967295'],
    ['id = -1', '1:6: id "-1": expected a whole number from 1 to 4294967295'],
    ['id = 99999999999999999999', '1:6: id "99999999999999999999": expected a whole number from 1 to 4294967295'],
    ['log-level = true', '1:13: log-level is true or false: expected one of debug, info, warn, error, in quotes'],
    [
      'log-level = 1979-05-27',
      '1:13: log-level is a date or time: expected one of debug, info, warn, error, in quotes',
    ],
    ['log-level = ["info"]', '1:13: log-level is a list: expected one of debug, info, warn, error, in quotes'],
    ['show-hosts = 1', '1:14: show-hosts is a whole number: expected off or on'],
    ['show-hosts = "yes"', '1:14: show-hosts "yes": expected off or on'],
    ['per-ip = { a = 1 }', '1:10: per-ip is a table: expected off, or a whole number from 1 to 1000000'],
    ['operators = ""', '1:13: operators "": expected the path of a file'],
    [
      'clients = []',
      '1:11: clients is empty: expected HOST:PORT, as in 127.0.0.1:7400, 0.0.0.0:0 or [::1]:7400, with tls:// before it for TLS',
    ],
    [
      'peers = ["a:1",\n\n  5]',
      '3:3: peers is a whole number: expected HOST:PORT, as in 127.0.0.1:7400, 0.0.0.0:0 or [::1]:7400, in quotes',
    ],
    ['peers = ["a:1", "b"]', '1:17: peers "b": expected HOST:PORT, as in 127.0.0.1:7400, 0.0.0.0:0 or [::1]:7400'],
    ['info = "\\u001b[2J"', '1:8: info "\\u{1b}[2J": expected at most 128 characters, no control characters'],
    ['"\\u001b[2J" = 1', '1:1: unknown option \\u{1b}[2J: see --help'],
  ])('%j', async (text, expected) => {
    expect(await problems(text)).toEqual([`a.toml:${expected}`]);
    // The line counts, wherever it stands.
    const lower = `# before\r\n\r\ntargets = 5\n${text}`;
    const [line = 0, rest] = [Number(expected.split(':')[0]), expected.slice(expected.indexOf(':'))];
    expect(await problems(lower)).toEqual([`a.toml:${line + 3}${rest}`]);
  });

  test.each([
    ['name = alpha', '1:8'],
    ['name = "a\n', '1:10'],
    ['flood = 5:10', '1:10'],
    ['id = 1\nname =\ninfo = ""', '2:7'],
    ['id = 1\nname = # none\ninfo = ""', '2:14'],
    ['id = 1\nid = 2', '2:1'],
    ['frame-bytes 5', '1:12'],
    ['id = 1\nname\n\ninfo = ""', '2:5'],
    ['peers = ["a:1" "b:2"]', '1:15'],
    ['\0', '1:1'],
  ])('%j is no TOML', async (text, place) => {
    const [problem = '', ...more] = await problems(text);
    expect(problem).toStartWith(`a.toml:${place}: expected name = value, texts in quotes: `);
    expect(more).toEqual([]);
  });

  test('all at once', async () => {
    const found = await problems('nmae = "x"\nid = "7"\nrooms = 0\npeers = [1, "b", "c:1"]\n[x]\ny = 1\n');
    expect(found.map((line) => line.split(':').slice(0, 3).join(':'))).toEqual([
      'a.toml:1:1',
      'a.toml:2:6',
      'a.toml:3:9',
      'a.toml:4:10',
      'a.toml:4:13',
      'a.toml:5:2',
    ]);
  });

  test('and shows no value of an option that does not exist', async () => {
    for (const text of ['pasword = "hunter2"', '[hash]\nada = "hunter2"', 'secret = "hunter2"', 'x = hunter2']) {
      const found = await problems(text);
      expect(found).toHaveLength(1);
      expect(found.join()).not.toContain('hunter2');
    }
  });
});

describe('a text that nobody meant', () => {
  const lines = exampleToml().replace(/^#(?=\S)/gm, '');
  const bits = [
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    '=',
    '.',
    ',',
    '\n',
    '\r',
    '\\',
    '"""',
    "'''",
    '#',
    '-',
    '_',
    'inf',
    'nan',
  ];
  const others = [
    '1979-05-27',
    '07:32:00',
    '\\u',
    '\\U0010FFFF',
    '\0',
    '\ud800',
    '\u202e',
    'é',
    '💬',
    '0x',
    '\t',
    '\x1b',
  ];
  const edits = fc.array(fc.tuple(fc.nat(lines.length), fc.nat(3), fc.constantFrom(...bits, ...others)), {
    maxLength: 6,
  });

  test('is mistakes with places, or a file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(lines.length), fc.nat(400), edits, async (from, length, changes) => {
        let text = lines.slice(from, from + length);
        for (const [at, cut, bit] of changes) {
          const place = text.length === 0 ? 0 : at % text.length;
          text = text.slice(0, place) + bit + text.slice(place + cut);
        }
        for (const problem of await problems(text))
          expect(problem).toMatch(/^a\.toml:\d+:\d+: [^\p{Cc}\p{Cs}\u202e]+$/u);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['deep lists', `id = ${'['.repeat(60_000)}`],
    ['deep tables', `id = ${'{a='.repeat(20_000)}`],
    ['a long key', `${'a.'.repeat(30_000)}b = 1`],
    ['a long text', `info = "${'x'.repeat(65_000)}"`],
    ['a long number', `id = ${'9'.repeat(65_000)}`],
  ])('%s: one mistake', async (_what, text) => {
    const [problem = '', ...more] = await problems(text);
    expect(problem).toMatch(/^a\.toml:1:\d+: /);
    expect(problem.length).toBeLessThan(300);
    expect(more).toEqual([]);
  });
});

describe('a file', () => {
  test('is called by its path', async () => {
    const path = write('bad.toml', 'nmae = 1\n');
    expect((await readConfigFile(path)).problems).toEqual([`${path}:1:1: unknown option nmae: did you mean name?`]);
  });

  test('may begin with a byte order mark and have lines that end as in Windows', async () => {
    const { given, problems } = await readConfigFile(write('bom.toml', '\uFEFFname = "a"\r\nid = 7\r\n'));
    expect(problems).toEqual([]);
    expect([...given.keys()]).toEqual(['name', 'id']);
  });

  test('that cannot be read is one mistake', async () => {
    const latin = write('latin.toml', Uint8Array.of(0x23, 0xe9, 0x0a));
    const large = write('large.toml', `#${'x'.repeat(64 * 1024)}`);
    const cases = [
      [join(folder, 'none.toml'), 'cannot be read (ENOENT)'],
      [folder, 'expected a file'],
      [latin, 'expected UTF-8'],
      [large, 'over 65536 bytes'],
    ] as const;
    for (const [path, why] of cases) expect((await readConfigFile(path)).problems).toEqual([`${path}: ${why}`]);
  });
});

test('a server without a file never loads what reads one', async () => {
  const settings = require.resolve('../../../src/ops/options/settings.ts');
  const script = `import { readSettings } from ${JSON.stringify(settings)};
    const loaded = () => Object.keys(require.cache).filter((path) => path.includes('toml-eslint-parser')).length;
    await readSettings([], {});
    const without = loaded();
    await readSettings(['--config', ${JSON.stringify(write('empty.toml', ''))}], {});
    console.log(without, loaded() > 0);`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', cwd: join(import.meta.dir, '../../..') });
  expect(await child.stdout.text()).toBe('0 true\n');
});
