// The version: the manifest's, and in a clone the commit that git names.

import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pkg from '../../package.json' with { type: 'json' };
import { commit, VERSION, versionText } from '../../src/ops/version.ts';

const ROOT = join(import.meta.dir, '..', '..');
/** Empty where there is no git, no clone, or one that git does not trust here. */
const HEAD = existsSync(join(ROOT, '.git')) && Bun.which('git') !== null ? headOf(ROOT) : '';

test('the version is that of the manifest', () => {
  expect(VERSION).toBe(pkg.version);
  expect(versionText()).toStartWith(`chorus ${pkg.version}`);
});

test.skipIf(HEAD === '')('in a clone the commit is the one that git is at (needs git and a clone)', () => {
  const found = commit() ?? '';
  expect(HEAD).toStartWith(found.replace('-dirty', ''));
  expect(found.length).toBeGreaterThanOrEqual(12);
  expect(versionText()).toBe(`chorus ${pkg.version} (commit ${found})`);
});

function headOf(folder: string): string {
  return Bun.spawnSync(['git', 'rev-parse', 'HEAD'], { cwd: folder }).stdout.toString().trim();
}
