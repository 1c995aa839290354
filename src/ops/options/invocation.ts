// How the programs of this project are called here, for what tells people what to type: `bun run` from source, the
// executable's name or path from the executable.

import { basename } from 'node:path';

/** What stands before the name of a program. */
export const RUN: string = Bun.isStandaloneExecutable ? nameOf(process.execPath) : 'bun run';

/** The name alone, where a shell would find the same file by it. */
function nameOf(path: string): string {
  const name = basename(path);
  return Bun.which(name) === path ? name : path;
}
