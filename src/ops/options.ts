// Options as they are given: flags over the environment over the presets of the table. All mistakes are found at once,
// each a line that names the flag or variable and what was expected. A value is repeated only for options that exist,
// so a secret behind a mistyped flag is never shown.

import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { ListenAddress } from '../net/edge.ts';
import { formatAddress } from './address.ts';
import { clientsWithin, fdLimit } from './fd-limit.ts';
import { nearest } from './nearest.ts';
import { brokenRelations } from './option-relations.ts';
import { flagOf, KEYS, type OptionKey, type Options, rowOf, variableOf } from './option-table.ts';
import { optionsHelp } from './option-text.ts';
import { visible } from './visible.ts';

/** What the presets are derived from. */
export interface Machine {
  readonly hostname: string;
  readonly fdLimit: number;
}

export type ParsedOptions =
  | { readonly options: Options; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] }
  | { readonly help: string }
  | { readonly version: true };

type Environment = Readonly<Record<string, string | undefined>>;

/** One value as it was given; `source` is the flag or variable, `text` what stood there. */
interface Given {
  readonly source: string;
  readonly text: string;
}

const BY_FLAG: ReadonlyMap<string, OptionKey> = new Map(KEYS.map((key) => [flagOf(key), key]));
/** Read apart, for it is no option: what it holds must never be shown. */
const SECRET_VARIABLE = 'CHORUS_SECRET';
const UNSPECIFIED = ['0.0.0.0', '::'];
const HELP_FLAGS = ['--help', '-h'];
const SHOWN_LENGTH = 60;

/** Reads the command line (without the program) and the environment. `machine` stands in for this one in tests. */
export function parseOptions(argv: readonly string[], env: Environment, machine?: Machine): ParsedOptions {
  if (argv.some((word) => HELP_FLAGS.includes(word))) return { help: optionsHelp() };
  if (argv.includes('--version')) return { version: true };
  const problems: string[] = [];
  const unreadable = new Set<OptionKey>();
  const given = readFlags(argv, problems, unreadable);
  const warnings = readEnvironment(env, given);
  const values = readValues(given, problems, unreadable);
  const here = machine ?? { hostname: hostname(), fdLimit: fdLimit() };
  const options = settle(values, here);
  problems.push(
    ...doubledAddresses(options.clients),
    ...unreachableLinks(options),
    ...brokenRelations(options, unreadable),
  );
  if (!unreadable.has('maxClients') && !unreadable.has('fdReserve')) problems.push(...crowding(options, here));
  return problems.length > 0 ? { problems } : { options, warnings };
}

/** A number for a server that was given none: a hash of its name and first address, never 0. */
export function derivedId(name: string, first: ListenAddress): number {
  const digest = createHash('sha256')
    .update(`${name} ${formatAddress(first)}`)
    .digest();
  return digest.readUInt32BE(0) || 1;
}

function readFlags(argv: readonly string[], problems: string[], unreadable: Set<OptionKey>): Map<OptionKey, Given[]> {
  const given = new Map<OptionKey, Given[]>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    const key = BY_FLAG.get(flag);
    if (key === undefined) {
      problems.push(unknownWord(flag));
      // What stands behind an unknown flag is its value, and no mistake of its own.
      if (flag.startsWith('-') && equals < 0 && isValue(argv[i + 1])) i++;
      continue;
    }
    const text = equals < 0 ? argv[i + 1] : word.slice(equals + 1);
    if (text === undefined || (equals < 0 && !isValue(text))) {
      problems.push(`${flag} has no value: expected ${rowOf(key).kind.expected}`);
      unreadable.add(key);
      continue;
    }
    if (equals < 0) i++;
    const values = given.get(key);
    if (values === undefined) given.set(key, [{ source: flag, text }]);
    else values.push({ source: flag, text });
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
  const meant = BY_FLAG.has(flag) ? flag : nearest(flag, [...BY_FLAG.keys(), '--help', '--version']);
  return `unknown option ${visible(word, SHOWN_LENGTH)}: ${meant === undefined ? 'see --help' : `did you mean ${meant}?`}`;
}

/** Adds what no flag gave. An empty variable is one not set. Answers a warning for each that looks mistyped. */
function readEnvironment(env: Environment, given: Map<OptionKey, Given[]>): string[] {
  const known = new Map(KEYS.map((key) => [variableOf(key), key]));
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('CHORUS_') || text === undefined || text === '') continue;
    if (name === SECRET_VARIABLE) continue;
    const key = known.get(name);
    if (key === undefined) {
      // Others may use the prefix (Kubernetes names a service's variables so): only a near miss is worth a word.
      const meant = nearest(name, [...known.keys()]);
      if (meant !== undefined) warnings.push(`${visible(name, SHOWN_LENGTH)} is not an option: did you mean ${meant}?`);
    } else if (!given.has(key)) given.set(key, [{ source: name, text }]);
  }
  return warnings;
}

function readValues(
  given: ReadonlyMap<OptionKey, readonly Given[]>,
  problems: string[],
  unreadable: Set<OptionKey>,
): Map<OptionKey, unknown> {
  const values = new Map<OptionKey, unknown>();
  for (const key of KEYS) {
    const { kind, repeatable } = rowOf(key);
    const read: unknown[] = [];
    for (const { source, text } of given.get(key) ?? []) {
      const value = kind.read(text);
      if (value === undefined) {
        problems.push(`${source} ${shown(text)}: expected ${kind.expected}`);
        unreadable.add(key);
      } else if (repeatable === true) read.push(...(value as unknown[]));
      else read.push(value);
    }
    if (read.length > 0) values.set(key, repeatable === true ? read : read[0]);
  }
  return values;
}

/** Fills in the presets and what is derived. */
function settle(values: Map<OptionKey, unknown>, machine: Machine): Options {
  for (const key of KEYS) if (!values.has(key)) values.set(key, rowOf(key).preset);
  const found = Object.fromEntries(values) as { -readonly [K in OptionKey]: Options[K] };
  // The rows of these three have no preset: `undefined` and 0 stand for what is derived here.
  found.name ??= nameFromHost(machine.hostname);
  // 0: derived when the server listens, for only then is a port that was picked known.
  found.id ??= 0;
  found.maxClients ||= clientsWithin(machine.fdLimit, found.fdReserve);
  return found;
}

/** What is wrong when the clients and the reserve are more than the files that this process may open. */
function crowding(options: Options, machine: Machine): string[] {
  const room = clientsWithin(machine.fdLimit, options.fdReserve);
  if (room >= 1 && options.maxClients <= room) return [];
  const files = `${machine.fdLimit} files may be open and ${flagOf('fdReserve')} keeps ${options.fdReserve} back`;
  const expected = room < 1 ? 'no client fits' : `expected at most ${room}`;
  return [`${flagOf('maxClients')} ${options.maxClients}: ${expected}, as ${files}; ulimit -n raises the limit`];
}

/** Servers are known by an IP address that others reach. */
function unreachableLinks({ links, advertise }: Options): string[] {
  if (links === 'off') return [];
  const [flag, { host }] = advertise === undefined ? ['--links', links] : ['--advertise', advertise];
  if (isIP(host) !== 0 && !UNSPECIFIED.includes(host)) return [];
  const why = `${flag} ${host}: other servers have to reach it by an IP address`;
  return [`${why}; give one${flag === '--links' ? ' with --advertise' : ''}`];
}

function nameFromHost(host: string): string {
  const label = host.split('.')[0]!.replace(/[^A-Za-z0-9_-]/g, '-');
  return /^[A-Za-z0-9]/.test(label) ? label.slice(0, 63) : 'chorus';
}

function doubledAddresses(addresses: readonly ListenAddress[]): string[] {
  const fixed = addresses.filter((address) => address.port !== 0).map(formatAddress);
  const doubled = new Set(fixed.filter((text, i) => fixed.indexOf(text) !== i));
  return [...doubled].map((text) => `${flagOf('clients')} ${text} is given twice`);
}

/** A value in a message: quoted, short, nothing in it that a terminal would obey. */
function shown(text: string): string {
  return `"${visible(text, SHOWN_LENGTH)}"`;
}
