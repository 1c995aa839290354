// The help of a bench that is started by itself: what its file opens with.

import { readFileSync } from 'node:fs';

/** Where --help is asked for, says the opening comment of the program at `path`, and ends the process. */
export function helpIfAsked(path: string, args: readonly string[] = process.argv.slice(2)): void {
  if (!args.includes('--help') && !args.includes('-h')) return;
  const source = readFileSync(path, 'utf8');
  const opening = source.slice(0, source.search(/^(?!\/\/)/m));
  process.stdout.write(opening.replaceAll(/^\/\/ ?/gm, ''));
  process.exit(0);
}
