// A small file, such as one of options or of secrets: read whole and bounded. One that holds what not everybody may know
// is warned of where others can read or write it. What stands in it is for whoever asked to judge, and no message of
// this file shows any of it.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { visible } from '../log/visible.ts';

export type SmallFile = { readonly content: Buffer; readonly mode: number } | { readonly problem: string };

/** Reads the file at `path`, which has at most `mostBytes`; `problem` does not name it. */
export function readSmallFile(path: string, mostBytes: number): SmallFile {
  try {
    // One descriptor for both: what is judged is what is read.
    const fd = openSync(path, 'r');
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) return { problem: 'expected a file' };
      if (stats.size > mostBytes) return { problem: `over ${mostBytes} bytes` };
      return { content: readFileSync(fd), mode: stats.mode };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { problem: `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})` };
  }
}

interface Problems {
  readonly problems: readonly string[];
}

/**
 * What `parse` makes of the file at `path`, which has at most `mostBytes`; what is to be said of the file itself stands
 * in front of its warnings. `parse` is given the name that messages have for the file.
 */
export function readPrivateFile<T extends { readonly warnings: readonly string[] }>(
  path: string,
  mostBytes: number,
  parse: (content: Buffer, name: string) => T | Problems,
): T | Problems {
  const name = visible(path);
  const file = readSmallFile(path, mostBytes);
  if ('problem' in file) return { problems: [`${name}: ${file.problem}`] };
  const read = parse(file.content, name);
  return 'problems' in read ? read : { ...read, warnings: [...modeWarnings(file.mode, name), ...read.warnings] };
}

/** What is to be said of a file called `name` that others can read or write. */
export function modeWarnings(mode: number, name: string): string[] {
  if ((mode & 0o022) !== 0) return [`${name} can be written by others: chmod 600 it`];
  return (mode & 0o004) !== 0 ? [`${name} can be read by everybody: chmod 600 it`] : [];
}
