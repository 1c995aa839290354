// What the programs of the terminal share about flags: a wrong one is named in one line that says what was expected,
// before anything is done, and ends the program with 2; --help ends it with 0. This file knows no program's own flags.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { visible } from '../ops/log/visible.ts';
import { nearest } from '../ops/options/nearest.ts';

export type Flags<T> = { readonly options: T } | { readonly help: string } | { readonly wrong: string };

/** What a program takes: each flag by name, in the form of node:util. */
type FlagTable = NonNullable<ParseArgsConfig['options']>;

/** The values of the flags in `args`; a string when one is not in the table, or not of its form. */
export function parseFlags<const T extends FlagTable>(args: readonly string[], table: T) {
  const help = { type: 'boolean', short: 'h' } as const;
  try {
    return parseArgs({ args: [...args], options: { ...table, help } as T & { help: typeof help } }).values;
  } catch (error) {
    return wrongFlag(error as NodeJS.ErrnoException, [...Object.keys(table), 'help']);
  }
}

const SHOWN_LENGTH = 60;

/** What node:util found wrong, in the words of the server's own options. `names`: the flags that there are. */
function wrongFlag({ code, message }: NodeJS.ErrnoException, names: readonly string[]): string {
  const [, word = ''] = /'(.*?)(?: <value>)?'(?=[ .]|$)/s.exec(message) ?? [];
  const name = visible(word, SHOWN_LENGTH);
  switch (code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION': {
      const meant = nearest(word.replace(/^-+/, ''), names);
      return `unknown option ${name}${meant === undefined ? '' : `: did you mean --${meant}?`}`;
    }
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return `unexpected argument "${name}": options begin with --`;
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      if (message.includes('does not take')) return `${name} takes no value`;
      return `${name} has no value${message.includes('ambiguous') ? `; write ${name}=VALUE if it begins with -` : ''}`;
    default:
      return message;
  }
}

/** A decimal number from `least` to `most`, perhaps whole; a line that says what was expected when it is none. */
export function numberFlag(name: string, text: string, least: number, most: number, whole = true): number | string {
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  return `--${name} ${shown(text)} is not a ${whole ? 'whole ' : ''}number from ${least} to ${most}`;
}

/** A value as it was given, without anything that a terminal would obey. */
export function shown(value: string): string {
  return JSON.stringify(value);
}

/** The options, where there are some; else says on stdout or stderr what there is to say, and ends the process. */
export function optionsOrExit<T>(program: string, flags: Flags<T>): T {
  if ('options' in flags) return flags.options;
  if ('help' in flags) process.stdout.write(`${flags.help}\n`);
  else process.stderr.write(`${program}: ${flags.wrong} (--help shows the flags)\n`);
  process.exit('help' in flags ? 0 : 2);
}
