// The server's password: the hash that PASS has to fit, one line of a file or of the environment. Messages never show
// what stands there, as it may be a password that somebody forgot to hash.

import { hashProblem } from './passwords.ts';
import { readPrivateFile } from './small-file.ts';

export type ReadPassword =
  | { readonly hash: string | undefined; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

const MOST_FILE_BYTES = 4096;
export const PASSWORD_VARIABLE = 'CHORUS_PASSWORD_HASH';

/** Reads the file at `path` where one is given, else the variable's text; without both everybody is welcome. */
export function readServerPassword(path: string | undefined, variable: string | undefined): ReadPassword {
  if (path === undefined) {
    return variable === undefined || variable === ''
      ? { hash: undefined, warnings: [] }
      : parse(variable, PASSWORD_VARIABLE);
  }
  return readPrivateFile(path, MOST_FILE_BYTES, (content, name) => parse(content.toString('utf8'), name));
}

function parse(text: string, source: string): ReadPassword {
  const lines = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  const [hash = '', ...more] = lines;
  const problem = more.length > 0 ? `expected one line, found ${lines.length}` : hashProblem(hash);
  return problem === undefined ? { hash, warnings: [] } : { problems: [`${source}: ${problem}`] };
}
