// The network's secret: what a file or a variable may hold, what is told of mistakes, and the macs.

import { afterAll, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HmacSecrets, parseSecrets, type ReadSecrets, readSecretFile } from '../../../src/ops/secrets/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'chorus-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ONE = 'correct horse battery staple';
const TWO = 'another long enough secret';
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function problems(read: ReadSecrets): readonly string[] {
  return 'problems' in read ? read.problems : [];
}

describe('the text', () => {
  test.each<[string, string[]]>([
    [ONE, [ONE]],
    [`${ONE}\n`, [ONE]],
    [`${ONE}\r\n${TWO}\r\n`, [ONE, TWO]],
    [`\n${ONE}\n\n${TWO}`, [ONE, TWO]],
    ['päßwörter, <with> \\ everything', ['päßwörter, <with> \\ everything']],
  ])('%j', (text, secrets) => {
    expect(parseSecrets(text, 'f')).toEqual({ secrets, warnings: [] });
    expect(parseSecrets(bytes(text), 'f')).toEqual({ secrets, warnings: [] });
  });

  test.each<[string | Uint8Array, string]>([
    ['', 'holds no secret'],
    ['\n\n', 'holds no secret'],
    [`${ONE}\n${TWO}\nthird\n`, 'found 3'],
    [`${ONE}\n${ONE}\n`, 'both secrets are the same'],
    ['   \t  ', 'nothing but white space'],
    [`\uFEFF${ONE}`, 'byte order mark'],
    [new Uint8Array([0x61, 0xff]), 'expected UTF-8'],
  ])('%j is refused', (text, problem) => {
    const found = problems(parseSecrets(text, 'CHORUS_SECRET'));
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith('CHORUS_SECRET: ');
    expect(found[0]).toContain(problem);
    expect(found[0]).not.toContain('horse');
  });

  test('is not trimmed, and weak or odd secrets are warned of without being shown', () => {
    const read = parseSecrets(`short\n ${ONE}`, 'f');
    if (!('secrets' in read)) throw new Error('refused');
    expect(read.secrets).toEqual(['short', ` ${ONE}`]);
    expect(read.warnings).toHaveLength(2);
    expect(read.warnings[0]).toContain('secret 1 in f has fewer than 16 characters');
    expect(read.warnings[1]).toContain('secret 2 in f has white space at an end');
    expect(read.warnings.join()).not.toContain('short\n');
  });
});

describe('the file', () => {
  test.each([
    [0o600, undefined],
    [0o640, undefined],
    [0o644, 'can be read by everybody'],
    [0o660, 'can be written by others'],
  ])('of mode %o', (mode, warning) => {
    const path = join(folder, `mode-${mode}`);
    writeFileSync(path, `${ONE}\n`);
    chmodSync(path, mode);
    const read = readSecretFile(path);
    if (!('secrets' in read)) throw new Error(read.problems.join());
    expect(read.secrets).toEqual([ONE]);
    expect(read.warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
  });

  test('that is not there, is a folder, or is far too long, is a problem', () => {
    const long = join(folder, 'long');
    writeFileSync(long, 'x'.repeat(4097));
    expect(problems(readSecretFile(join(folder, 'none')))).toEqual([
      `${join(folder, 'none')}: cannot be read (ENOENT)`,
    ]);
    expect(problems(readSecretFile(folder))).toEqual([expect.stringMatching(/expected a file|EISDIR/)]);
    expect(problems(readSecretFile(long))).toEqual([`${long}: over 4096 bytes`]);
  });
});

describe('macs', () => {
  test('are lower-case hex HMAC-SHA-256 with the first secret', () => {
    const expected = createHmac('sha256', 'key').update('The quick brown fox jumps over the lazy dog').digest('hex');
    expect(expected).toBe('f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8');
    expect(new HmacSecrets(['key', 'other']).mac(bytes('The quick brown fox jumps over the lazy dog'))).toBe(expected);
  });

  test('are accepted of either secret, and in one form only', () => {
    const both = new HmacSecrets(['new', 'old']);
    const text = bytes('x');
    for (const secret of ['new', 'old']) expect(both.verify(text, new HmacSecrets([secret]).mac(text))).toBe(true);
    const right = both.mac(text);
    const wrong = [
      new HmacSecrets(['third']).mac(text),
      right.toUpperCase(),
      right.slice(1),
      `${right}0`,
      ` ${right}`,
      '',
      '0'.repeat(64),
      'g'.repeat(64),
    ];
    for (const mac of wrong) expect(both.verify(text, mac)).toBe(false);
    expect(both.verify(bytes('y'), right)).toBe(false);
  });

  test('give way to others', () => {
    const secrets = new HmacSecrets(['old']);
    const mac = secrets.mac(bytes('x'));
    secrets.use(['new', 'old']);
    expect(secrets.verify(bytes('x'), mac)).toBe(true);
    expect(secrets.mac(bytes('x'))).toBe(new HmacSecrets(['new']).mac(bytes('x')));
    secrets.use(['new']);
    expect(secrets.verify(bytes('x'), mac)).toBe(false);
    expect(() => secrets.use([])).toThrow();
    expect(secrets.verify(bytes('x'), new HmacSecrets(['new']).mac(bytes('x')))).toBe(true);
  });

  test('need a secret', () => {
    expect(() => new HmacSecrets([])).toThrow();
    expect(() => new HmacSecrets([''])).toThrow();
  });
});
