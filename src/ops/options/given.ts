// What was given for the options, and where: on the command line, in the environment, in a file. A layer holds the texts
// of one of these places as they stood there; nothing is read out of them yet. A value is repeated in a message only for
// options that exist, so a secret behind a mistyped flag is never shown.

import { visible } from '../log/visible.ts';
import { nearest } from './nearest.ts';
import { flagOf, KEYS, type OptionKey, rowOf, variableOf } from './option-table.ts';

/** One value as it was given. */
export interface Given {
  /** The flag, the variable, or the name in the file. */
  readonly name: string;
  /** Where in a file: `chorus.toml:3:8`. */
  readonly at?: string;
  readonly text: string;
}

/** The values that one place gives, in its order. */
export type Layer = ReadonlyMap<OptionKey, readonly Given[]>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What reading a layer finds out. */
export interface Findings {
  readonly problems: string[];
  /** Options of which something was given that could not be read. */
  readonly unreadable: Set<OptionKey>;
}

const BY_FLAG: ReadonlyMap<string, OptionKey> = new Map(KEYS.map((key) => [flagOf(key), key]));
const BY_VARIABLE: ReadonlyMap<string, OptionKey> = new Map(KEYS.map((key) => [variableOf(key), key]));
/** Read apart, for they are no options: what they hold must never be shown. */
const SECRET_VARIABLES: readonly string[] = [
  'CHORUS_SECRET',
  'CHORUS_API_TOKEN',
  'CHORUS_PASSWORD_HASH',
  // What `chat` sends; the server has nothing to do with it.
  'CHORUS_PASSWORD',
];
const SHOWN_LENGTH = 60;

/** What a message about a value begins with. */
export function labelOf({ name, at }: Pick<Given, 'name' | 'at'>): string {
  return at === undefined ? name : `${at}: ${name}`;
}

/** A value in a message: quoted, short, nothing in it that a terminal would obey. */
export function shown(text: string): string {
  return `"${visible(text, SHOWN_LENGTH)}"`;
}

/** Reads the command line, without the program. */
export function readFlags(argv: readonly string[], { problems, unreadable }: Findings): Layer {
  const given = new Map<OptionKey, Given[]>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const key = BY_FLAG.get(name);
    if (key === undefined) {
      problems.push(unknownWord(name));
      // What stands behind an unknown flag is its value, and no mistake of its own.
      if (name.startsWith('-') && equals < 0 && isValue(argv[i + 1])) i++;
      continue;
    }
    const text = equals < 0 ? argv[i + 1] : word.slice(equals + 1);
    if (text === undefined || (equals < 0 && !isValue(text))) {
      problems.push(`${name} has no value: expected ${rowOf(key).kind.expected}`);
      unreadable.add(key);
      continue;
    }
    if (equals < 0) i++;
    given.set(key, [...(given.get(key) ?? []), { name, text }]);
  }
  for (const [key, values] of given) {
    if (values.length > 1 && rowOf(key).repeatable !== true) {
      problems.push(`${flagOf(key)} is given ${values.length} times: once is enough`);
    }
  }
  return given;
}

function isValue(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith('--');
}

function unknownWord(word: string): string {
  if (!word.startsWith('-')) return `unexpected argument ${shown(word)}: options begin with --, see --help`;
  const flag = word.startsWith('--') ? word : `-${word}`;
  const meant = BY_FLAG.has(flag) ? flag : meantBy(flag, '--', [...BY_FLAG.keys(), '--help', '--version']);
  return `unknown option ${visible(word, SHOWN_LENGTH)}: ${meant === undefined ? 'see --help' : `did you mean ${meant}?`}`;
}

/** The nearest of `words`, all of which begin with `prefix`: what they share makes no two of them alike. */
function meantBy(word: string, prefix: string, words: readonly string[]): string | undefined {
  const own = (each: string): string => each.slice(prefix.length);
  const meant = nearest(own(word), words.map(own));
  return meant === undefined ? undefined : `${prefix}${meant}`;
}

/** Reads the environment. An empty variable is one not set. Adds a warning for each that looks mistyped. */
export function readEnvironment(env: Environment, warnings: string[]): Layer {
  const given = new Map<OptionKey, Given[]>();
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('CHORUS_') || text === undefined || text === '') continue;
    if (SECRET_VARIABLES.includes(name)) continue;
    const key = BY_VARIABLE.get(name);
    if (key !== undefined) given.set(key, [{ name, text }]);
    else {
      // Others may use the prefix (Kubernetes names a service's variables so): only a near miss is worth a word.
      const meant = meantBy(name, 'CHORUS_', [...BY_VARIABLE.keys()]);
      if (meant !== undefined) warnings.push(`${visible(name, SHOWN_LENGTH)} is not an option: did you mean ${meant}?`);
    }
  }
  return given;
}
