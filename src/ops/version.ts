// Which version this is: that of the manifest, and the commit where it is known. The executable has its commit from when
// it was built; from source it is asked of git, and only when somebody wants to know.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pkg from '../../package.json' with { type: 'json' };

/** Put in place of this name when the executable is built; empty: not known then. */
declare const BUILT_FROM: string | undefined;

const ROOT = join(import.meta.dir, '..', '..');
const COMMIT = /^[0-9a-f]{7,40}(?:-dirty)?$/;

export const VERSION: string = pkg.version;

/** The commit of this source, with `-dirty` where files differ from it; undefined where that is not known. */
export function commit(): string | undefined {
  const text = typeof BUILT_FROM === 'string' ? BUILT_FROM : askGit();
  return COMMIT.test(text) ? text : undefined;
}

/** One line for people: `chorus 0.1.0 (commit 0123456789ab)`. */
export function versionText(): string {
  const from = commit();
  return `chorus ${VERSION}${from === undefined ? '' : ` (commit ${from})`}`;
}

/** Asks git, where this is a clone: a folder inside of somebody else's is none of theirs. */
function askGit(): string {
  const git = Bun.which('git');
  if (git === null || !existsSync(join(ROOT, '.git'))) return '';
  const command = [git, 'describe', '--always', '--exclude=*', '--abbrev=12', '--dirty'];
  const { stdout, success } = Bun.spawnSync(command, { cwd: ROOT, stdin: 'ignore', stderr: 'ignore' });
  return success ? stdout.toString().trim() : '';
}
