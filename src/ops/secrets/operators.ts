// The file of operators: a line each, `name:hash[:grants]`. Empty lines and those that begin with # say nothing. Grants
// are verbs with commas between them; a line without them grants all. Every mistake is found, with its file and line;
// with a single one nobody is an operator, so that a half-read file never gives or takes a right. Messages never show a
// hash, nor what stands where one should.

import { visible } from '../log/visible.ts';
import { hashProblem } from './passwords.ts';
import { readPrivateFile } from './small-file.ts';

/** The verbs that an operator may be granted. */
export const GRANTS = ['KILL', 'BSEND', 'SCLOSE'] as const;
export type Grant = (typeof GRANTS)[number];

/** Somebody who may become an operator with OPER. */
export interface OperatorAccount {
  readonly name: string;
  readonly hash: string;
  readonly grants: readonly Grant[];
}

export type ReadOperators =
  | { readonly operators: readonly OperatorAccount[]; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

const NAME = /^[A-Za-z0-9_.-]{1,32}$/;
const MOST_FILE_BYTES = 1024 * 1024;

/** Reads the file at `path`. */
export function readOperators(path: string): ReadOperators {
  return readPrivateFile(path, MOST_FILE_BYTES, (content, name) => parseOperators(content.toString('utf8'), name));
}

/** Reads the text of such a file; `file` is what messages call it. */
export function parseOperators(text: string, file: string): ReadOperators {
  const problems: string[] = [];
  const operators = new Map<string, OperatorAccount>();
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const found: string[] = [];
    const operator = parseLine(line, found);
    if (operators.has(operator.name)) found.push(`operator ${operator.name} is there already`);
    if (found.length === 0) operators.set(operator.name, operator);
    problems.push(...found.map((problem) => `${file}:${i + 1}: ${problem}`));
  }
  if (problems.length > 0) return { problems };
  return { operators: [...operators.values()], warnings: operators.size === 0 ? [`${file} names no operator`] : [] };
}

function parseLine(line: string, problems: string[]): OperatorAccount {
  const [name = '', hash, grants, ...rest] = line.split(':').map((part) => part.trim());
  if (hash === undefined) problems.push('expected name:hash or name:hash:grants');
  else {
    // Not shown: a line of the wrong shape may hold a password anywhere.
    if (!NAME.test(name))
      problems.push('expected a name of 1 to 32 letters, digits, "_", "-" or "." before the first :');
    const problem = hashProblem(hash);
    if (problem !== undefined) problems.push(problem);
  }
  if (rest.length > 0) problems.push('expected nothing behind the grants, found another :');
  return { name, hash: hash ?? '', grants: parseGrants(grants, problems) };
}

function parseGrants(text: string | undefined, problems: string[]): readonly Grant[] {
  if (text === undefined) return GRANTS;
  if (text === '') problems.push('expected grants behind the second :; leave it away to grant all');
  const granted: Grant[] = [];
  for (const word of text === '' ? [] : text.split(',')) {
    const grant = GRANTS.find((each) => each === word.trim().toUpperCase());
    if (grant === undefined) problems.push(`expected grants among ${GRANTS.join(', ')}, found "${visible(word, 32)}"`);
    else if (!granted.includes(grant)) granted.push(grant);
  }
  return granted;
}
