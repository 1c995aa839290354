// Report: the numbers of a JUnit report as `bun test` writes it, and what is missing from it.
// The report alone cannot be trusted: a test file that fails to load is not in it, and a test that ends the process
// leaves no report at all, with exit code 0. Whoever counts must therefore say which files had to be there.

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NONE: Tally = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The tally in words, with the skipped ones only when there are any. */
export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** The numbers of a report; undefined when it is no complete report. */
export function readReport(xml: string): Tally | undefined {
  const head = /<testsuites\b([^>]*)>/.exec(xml)?.[1];
  if (head === undefined || !xml.trimEnd().endsWith('</testsuites>')) return undefined;
  const [tests, failed, skipped] = [number(head, 'tests'), number(head, 'failures'), number(head, 'skipped')];
  if (tests === undefined || failed === undefined || skipped === undefined) return undefined;
  return { passed: tests - failed - skipped, failed, skipped };
}

/** The test files that the report names. */
function reportedFiles(xml: string): Set<string> {
  const files = new Set<string>();
  for (const match of xml.matchAll(/<testsuite\b[^>]*? file="([^"]*)"/g)) files.add(match[1] as string);
  return files;
}

/**
 * What a run of tests comes to: the report's numbers, one failure for each expected file that it does not name, and
 * one for a bad end (no report, an exit code other than 0) that nothing else accounts for.
 */
export function judge(xml: string | undefined, exitCode: number, expected: readonly string[]): [Tally, string[]] {
  const read = xml === undefined ? undefined : readReport(xml);
  if (xml === undefined || read === undefined) {
    return [
      { ...NONE, failed: 1 },
      [`the tests ended (exit code ${exitCode}) without a report: a crash, or process.exit`],
    ];
  }
  const reported = reportedFiles(xml);
  const troubles = expected.filter((file) => !reported.has(file)).map((file) => `${file}: no test in it ran`);
  if (exitCode !== 0 && read.failed + troubles.length === 0)
    troubles.push(`the tests ended with exit code ${exitCode}`);
  return [{ ...read, failed: read.failed + troubles.length }, troubles];
}

function number(attributes: string, name: string): number | undefined {
  const digits = new RegExp(`\\b${name}="(\\d+)"`).exec(attributes)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
