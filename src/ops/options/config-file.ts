// The configuration file: a TOML document in which every option stands under the name of its flag, at the top and once;
// what may be repeated is a list. All mistakes are found at once, each with its file, line and column and what was
// expected, as far as the document can be read as TOML; values that a flag or a variable overrules are judged too. It
// refuses sections, and keys that no flag has. It holds no secret, only the paths of files that do.

import { visible } from '../log/visible.ts';
import { readSmallFile } from '../secrets/small-file.ts';
import { type Findings, type Given, type Layer, shown } from './given.ts';
import { nearest } from './nearest.ts';
import { KEYS, nameOf, type OptionKey, rowOf } from './option-table.ts';
import { type Assignment, type Position, readToml, type TomlValue } from './toml.ts';

export interface ConfigFile {
  readonly given: Layer;
  readonly problems: readonly string[];
  readonly unreadable: ReadonlySet<OptionKey>;
}

/** Several times what all options take. It is read while a server runs, which then does nothing else. */
const MOST_FILE_BYTES = 64 * 1024;
const SHOWN_LENGTH = 60;
const BY_NAME: ReadonlyMap<string, OptionKey> = new Map(KEYS.map((key) => [nameOf(key), key]));
const FOUND = {
  string: 'a text in quotes',
  integer: 'a whole number',
  boolean: 'true or false',
  float: 'a fraction',
  date: 'a date or time',
  list: 'a list',
  table: 'a table',
} as const satisfies Record<TomlValue['type'], string>;

/** Reads the file at `path`. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const name = visible(path);
  const read = readText(path);
  return 'problem' in read ? nothing(`${name}: ${read.problem}`) : parseConfig(read.text, name);
}

function readText(path: string): { readonly text: string } | { readonly problem: string } {
  const file = readSmallFile(path, MOST_FILE_BYTES);
  if ('problem' in file) return file;
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(file.content) };
  } catch {
    return { problem: 'expected UTF-8' };
  }
}

/** A file of which nothing can be said: every option may stand in it. */
function nothing(problem: string): ConfigFile {
  return { given: new Map(), problems: [problem], unreadable: new Set(KEYS) };
}

/** Reads the text of such a file; `file` is what messages call it. */
export async function parseConfig(text: string, file: string): Promise<ConfigFile> {
  const read = await readToml(text);
  const place = ({ line, column }: Position): string => `${file}:${line}:${column}`;
  if ('fault' in read) return nothing(`${place(read.at)}: expected name = value, texts in quotes: ${read.fault}`);
  const given = new Map<OptionKey, Given[]>();
  const findings: Findings = { problems: [], unreadable: new Set() };
  for (const assignment of read.assignments) {
    const key = BY_NAME.get(assignment.key);
    if (key === undefined || rowOf(key).outside === true || isSection(assignment)) {
      findings.problems.push(`${place(assignment.at)}: ${misplaced(assignment, key)}`);
    } else given.set(key, readValue(key, assignment, place, findings));
  }
  return { given, ...findings };
}

/** A table under its own header: nobody meant a value. */
function isSection({ at, value }: Assignment): boolean {
  return value.type === 'table' && value.at === at;
}

function misplaced(assignment: Assignment, key: OptionKey | undefined): string {
  const name = visible(assignment.key, SHOWN_LENGTH);
  if (isSection(assignment)) return `unexpected section [${name}]: options stand at the top, named as their flags`;
  if (key !== undefined) return `${name} cannot stand in the file: it is the file`;
  const meant = nearest(assignment.key, [...BY_NAME.keys()]);
  return `unknown option ${name}: ${meant === undefined ? 'see --help' : `did you mean ${meant}?`}`;
}

/** The texts of one option; finds out whether they can be read. */
function readValue(
  key: OptionKey,
  { value }: Assignment,
  place: (at: Position) => string,
  { problems, unreadable }: Findings,
): Given[] {
  const { kind, repeatable, preset } = rowOf(key);
  const isList = repeatable === true && value.type === 'list';
  const given: Given[] = [];
  const refuse = (at: Position, found: string, hint = ''): void => {
    problems.push(`${place(at)}: ${nameOf(key)} ${found}: expected ${kind.expected}${hint}`);
    unreadable.add(key);
  };
  // Nothing may be listed where nothing is the preset.
  if (isList && value.items.length === 0 && (preset as readonly unknown[]).length > 0) refuse(value.at, 'is empty');
  const quotes = kind.toml.every((type) => type === 'string') ? ', in quotes' : '';
  for (const item of isList ? value.items : [value]) {
    const one = { name: nameOf(key), at: place(item.at), text: item.text };
    if (!kind.toml.some((type) => type === item.type)) refuse(item.at, `is ${FOUND[item.type]}`, quotes);
    else if (kind.read(item.text) === undefined) refuse(item.at, shown(item.text));
    else given.push(one);
  }
  return given;
}
