// The file of operators: what its lines mean, and every mistake by file and line, never showing a hash.

import { afterAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GRANTS,
  type Grant,
  parseOperators,
  type ReadOperators,
  readOperators,
} from '../../../src/ops/secrets/operators.ts';

const HASH =
  '$argon2id$v=19$m=65536,t=2,p=1$C7ioPzRfH8ks4jS9tZnbYH5nOyeg2x4Cx0O3nRbzTEI$szoABlc+86prZ3U3BITAeLP4eNBhP5HPZDG8xi1+mPE';
const folder = mkdtempSync(join(tmpdir(), 'chorus-operators-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problems(read: ReadOperators): readonly string[] {
  return 'problems' in read ? read.problems : [];
}

describe('a line', () => {
  test.each<[string, Grant[]]>([
    [`ada:${HASH}`, [...GRANTS]],
    [`  ada : ${HASH} \r`, [...GRANTS]],
    [`ada:${HASH}:KILL`, ['KILL']],
    [`ada:${HASH}:kill, SClose,KILL`, ['KILL', 'SCLOSE']],
  ])('%p names an operator', (line, grants) => {
    expect(parseOperators(line, 'f')).toEqual({ operators: [{ name: 'ada', hash: HASH, grants }], warnings: [] });
  });

  test.each([
    ['ada', 'expected name:hash'],
    ['ada:hunter2', 'expected a hash'],
    [`:${HASH}`, 'expected a name'],
    [`a b:${HASH}`, 'expected a name'],
    [`${'a'.repeat(33)}:${HASH}`, 'expected a name'],
    [`ada:${HASH}:`, 'expected grants behind the second :'],
    [`ada:${HASH}:KILL,`, 'found ""'],
    [`ada:${HASH}:SHOUT`, 'found "SHOUT"'],
    [`ada:${HASH}:KILL:x`, 'found another :'],
  ])('%p is refused', (line, problem) => {
    const found = problems(parseOperators(`# one\n\n${line}\n`, 'ops.txt'));
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith('ops.txt:3: ');
    expect(found[0]).toContain(problem);
    expect(found[0]).not.toContain('hunter2');
    expect(found[0]).not.toContain(HASH);
  });
});

describe('a file', () => {
  test('has comments, empty lines, any line ends, and a byte order mark', () => {
    const text = `\uFEFF# people\r\n\r\nada:${HASH}\r\n  # more\nbob:${HASH}:BSEND`;
    expect(parseOperators(text, 'f')).toEqual({
      operators: [
        { name: 'ada', hash: HASH, grants: GRANTS },
        { name: 'bob', hash: HASH, grants: ['BSEND'] },
      ],
      warnings: [],
    });
  });

  test('tells all its mistakes, and makes nobody an operator with one', () => {
    expect(problems(parseOperators(`ada:${HASH}\nbob\nada:${HASH}\nc d:x:NO\n`, 'f'))).toEqual([
      'f:2: expected name:hash or name:hash:grants',
      'f:3: operator ada is there already',
      'f:4: expected a name of 1 to 32 letters, digits, "_", "-" or "." before the first :',
      'f:4: expected a hash as `bun run server hash` makes it',
      'f:4: expected grants among KILL, BSEND, SCLOSE, found "NO"',
    ]);
  });

  test('that names nobody is warned of', () => {
    expect(parseOperators('# nobody\n', 'f')).toEqual({ operators: [], warnings: ['f names no operator'] });
  });

  test.each([
    [0o600, undefined],
    [0o640, undefined],
    [0o644, 'can be read by everybody'],
    [0o620, 'can be written by others'],
    [0o666, 'can be written by others'],
  ])('of mode %o', (mode, warning) => {
    const path = join(folder, `mode-${mode}`);
    writeFileSync(path, `ada:${HASH}\n`);
    chmodSync(path, mode);
    const read = readOperators(path);
    if (!('operators' in read)) throw new Error(read.problems.join());
    expect(read.operators).toHaveLength(1);
    expect(read.warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
  });

  test('that is not there, is a folder, or is far too long, is a problem', () => {
    const long = join(folder, 'long');
    writeFileSync(long, '#'.repeat(1024 * 1024 + 1));
    expect(problems(readOperators(join(folder, 'none')))).toEqual([`${join(folder, 'none')}: cannot be read (ENOENT)`]);
    expect(problems(readOperators(folder))).toEqual([expect.stringMatching(/expected a file|EISDIR/)]);
    expect(problems(readOperators(long))).toEqual([`${long}: over 1048576 bytes`]);
  });
});
