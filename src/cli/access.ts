// What a client needs of files and the environment to be let in: the authorities whose certificates it believes, and the
// server's password. Neither is ever on the command line, where every user of the machine could read the password. What
// is wrong ends the program with 2, in one line.

import { visible } from '../ops/log/visible.ts';
import { type Complaints, readAuthorities } from '../ops/secrets/certificates.ts';
import { readSmallFile } from '../ops/secrets/small-file.ts';

/** The variable with the password, where no file has it. */
export const PASSWORD_VARIABLE = 'CHORUS_PASSWORD';
/** The flags of this file, in the form of node:util. */
export const ACCESS_FLAGS = { 'tls-ca': { type: 'string' }, 'password-file': { type: 'string' } } as const;

export interface AccessPaths {
  readonly tlsCa?: string;
  readonly passwordFile?: string;
}

/** The paths among the values of a program's flags. */
export function pathsOf(values: { readonly [K in keyof typeof ACCESS_FLAGS]?: string | undefined }): AccessPaths {
  const { 'tls-ca': tlsCa, 'password-file': passwordFile } = values;
  return { ...(tlsCa === undefined ? {} : { tlsCa }), ...(passwordFile === undefined ? {} : { passwordFile }) };
}

export interface Access {
  /** In PEM; left out: the authorities that the runtime comes with. */
  readonly ca?: string;
  readonly password?: string;
}

const MOST_FILE_BYTES = 4096;

/** Reads what is named; an array of lines that say what is wrong. */
export function readAccess(paths: AccessPaths, env: Readonly<Record<string, string | undefined>>): Access | string[] {
  const complaints: Complaints = { problems: [], warnings: [] };
  const ca = paths.tlsCa === undefined ? undefined : readAuthorities('--tls-ca', paths.tlsCa, Date.now(), complaints);
  const password = readPassword(paths.passwordFile, env[PASSWORD_VARIABLE], complaints);
  if (complaints.problems.length > 0) return complaints.problems;
  return { ...(ca === undefined ? {} : { ca }), ...(password === undefined ? {} : { password }) };
}

/** The same, which says what is wrong and ends the program with 2. */
export function accessOrExit(program: string, paths: AccessPaths): Access {
  const access = readAccess(paths, process.env);
  if (!Array.isArray(access)) return access;
  for (const line of access) process.stderr.write(`${program}: ${line}\n`);
  process.exit(2);
}

function readPassword(path: string | undefined, variable: string | undefined, { problems }: Complaints) {
  if (path === undefined) return variable === '' ? undefined : variable;
  const label = `--password-file ${visible(path)}`;
  const file = readSmallFile(path, MOST_FILE_BYTES);
  if ('problem' in file) problems.push(`${label}: ${file.problem}`);
  else {
    const [first = '', ...more] = file.content.toString('utf8').split(/\r?\n/);
    if (first !== '' && more.every((line) => line === '')) return first;
    problems.push(`${label}: expected the password in one line`);
  }
  return undefined;
}
