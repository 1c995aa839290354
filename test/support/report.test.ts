import { describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add, judge, NONE, readReport, type Tally, tallyLine } from './report.ts';

const report = (
  tests: number,
  failures: number,
  skipped: number,
  ...files: readonly string[]
): string => `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="${tests}" assertions="9" failures="${failures}" skipped="${skipped}" time="0.02">
${files.map((file) => `  <testsuite name="${file}" file="${file}" tests="1"></testsuite>`).join('\n')}
</testsuites>
`;

test('a tally reads as a sentence, with the skipped ones when there are any', () => {
  expect(tallyLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
  expect(tallyLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped');
  expect(add({ passed: 1, failed: 2, skipped: 3 }, { ...NONE, passed: 4 })).toEqual({
    passed: 5,
    failed: 2,
    skipped: 3,
  });
});

describe('a report', () => {
  test('gives its numbers', () => {
    expect(readReport(report(10, 2, 3, 'a.test.ts'))).toEqual({ passed: 5, failed: 2, skipped: 3 });
  });

  test('that is cut off or none is refused', () => {
    expect(readReport('')).toBeUndefined();
    expect(readReport(report(10, 0, 0).replace('</testsuites>', ''))).toBeUndefined();
    expect(readReport(report(10, 0, 0).replace(' failures="0"', ''))).toBeUndefined();
  });
});

describe('a run', () => {
  test('is what its report says when all expected files are in it', () => {
    const [tally, troubles] = judge(report(4, 0, 1, 'test/a.test.ts'), 0, ['test/a.test.ts']);
    expect(tally).toEqual({ passed: 3, failed: 0, skipped: 1 });
    expect(troubles).toEqual([]);
  });

  test('without a report failed, whatever its exit code', () => {
    for (const code of [0, 1, 137]) expect(judge(undefined, code, [])[0]).toEqual({ ...NONE, failed: 1 });
    expect(judge('<testsuites', 0, [])[1][0]).toContain('exit code 0');
  });

  test('failed once for each file that did not load', () => {
    const [tally, troubles] = judge(report(4, 1, 0, 'test/a.test.ts'), 1, ['test/a.test.ts', 'test/b.test.ts']);
    expect(tally).toEqual({ passed: 3, failed: 2, skipped: 0 });
    expect(troubles).toEqual(['test/b.test.ts: no test in it ran']);
  });

  test('failed when it ended badly and nothing else says why', () => {
    expect(judge(report(4, 0, 0), 1, [])[0].failed).toBe(1);
    expect(judge(report(4, 2, 0), 1, [])[0].failed).toBe(2);
  });
});

describe('a real run', () => {
  const PASSING = "import { test } from 'bun:test'; test('a', () => {}); test.skipIf(true)('b', () => {});";

  function run(files: Readonly<Record<string, string>>): Tally {
    const folder = mkdtempSync(join(tmpdir(), 'chorus-report-'));
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      const command = [process.execPath, 'test', '--reporter=junit', '--reporter-outfile=report.xml'];
      const { exitCode } = Bun.spawnSync(command, { cwd: folder });
      const path = join(folder, 'report.xml');
      return judge(existsSync(path) ? readFileSync(path, 'utf8') : undefined, exitCode, Object.keys(files))[0];
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('that passes is counted as it is', () => {
    expect(run({ 'a.test.ts': PASSING })).toEqual({ passed: 1, failed: 0, skipped: 1 });
  });

  test('in which a test fails, and another file does not load, has two failures', () => {
    const failing = "import { test } from 'bun:test'; test('c', () => { throw new Error('x'); });";
    const files = { 'a.test.ts': PASSING, 'b.test.ts': failing, 'c.test.ts': "throw new Error('at load');" };
    expect(run(files)).toEqual({ passed: 1, failed: 2, skipped: 1 });
  });

  test('in which a test ends the process with 0 has failed', () => {
    const exiting = "import { test } from 'bun:test'; test('c', () => process.exit(0));";
    expect(run({ 'a.test.ts': PASSING, 'b.test.ts': exiting }).failed).toBe(1);
  });
});
