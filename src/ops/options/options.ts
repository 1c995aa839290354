// Options as they are set: flags over the environment over the file over the presets of the table. All mistakes are found
// at once, each a line that names the flag, the variable or the place in the file, and what was expected.

import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { ListenAddress } from '../../net/edge.ts';
import { formatAddress, isUnspecified } from '../address.ts';
import { clientsWithin, fdLimit } from '../fd-limit.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import {
  type Environment,
  type Findings,
  type Given,
  type Layer,
  labelOf,
  readEnvironment,
  readFlags,
  shown,
} from './given.ts';
import { brokenRelations, type Setting } from './option-relations.ts';
import { flagOf, KEYS, type OptionKey, type Options, rowOf, TABLE } from './option-table.ts';
import { optionsHelp } from './option-text.ts';

/** What the presets are derived from. */
export interface Machine {
  readonly hostname: string;
  readonly fdLimit: number;
}

/** Where the value of each option comes from: a flag, a variable, a place in the file, or the preset. */
export type Origins = Readonly<Record<OptionKey, string>>;

/** All that can be said of the options that were given. With a problem, `options` are those that could be read. */
export interface JudgedOptions {
  readonly options: Options;
  readonly origins: Origins;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export type ParsedOptions =
  | Pick<JudgedOptions, 'options' | 'origins' | 'warnings'>
  | { readonly problems: readonly string[] }
  | { readonly help: string }
  | { readonly version: true };

const HELP_FLAGS = ['--help', '-h'];
const NO_FILE: ConfigFile = { given: new Map(), problems: [], unreadable: new Set() };

/** Reads the command line (without the program) and the environment alone. `machine` stands in for this one in tests. */
export function parseOptions(argv: readonly string[], env: Environment, machine?: Machine): ParsedOptions {
  return question(argv) ?? answer(judge(argv, env, NO_FILE, machine));
}

/** Reads the command line, the environment, and the file that one of them names. */
export async function readOptions(
  argv: readonly string[],
  env: Environment,
  machine?: Machine,
): Promise<JudgedOptions | { readonly help: string } | { readonly version: true }> {
  const asked = question(argv);
  if (asked !== undefined) return asked;
  const path = configPath(argv, env);
  return judge(argv, env, path === undefined ? NO_FILE : await readConfigFile(path), machine);
}

/** What is found here. */
export function thisMachine(): Machine {
  return { hostname: hostname(), fdLimit: fdLimit() };
}

function answer(judged: JudgedOptions): ParsedOptions {
  return judged.problems.length > 0 ? { problems: judged.problems } : judged;
}

/** What the command line asks for instead of a server. */
function question(argv: readonly string[]): { readonly help: string } | { readonly version: true } | undefined {
  if (argv.some((word) => HELP_FLAGS.includes(word))) return { help: optionsHelp() };
  return argv.includes('--version') ? { version: true } : undefined;
}

/** The path of the file; what is none is told with the other mistakes. */
function configPath(argv: readonly string[], env: Environment): string | undefined {
  const layers = [readFlags(argv, { problems: [], unreadable: new Set() }), readEnvironment(env, [])];
  const [first] = merge(layers).get('config') ?? [];
  return first && TABLE.config.kind.read(first.text);
}

function judge(argv: readonly string[], env: Environment, file: ConfigFile, machine?: Machine): JudgedOptions {
  const findings: Findings = { problems: [], unreadable: new Set() };
  const warnings: string[] = [];
  const above = [readFlags(argv, findings), readEnvironment(env, warnings)];
  const overruled = merge(above);
  const given = merge([...above, file.given]);
  findings.problems.push(...file.problems);
  for (const key of file.unreadable) if (!overruled.has(key)) findings.unreadable.add(key);
  const values = readValues(given, findings);
  const here = machine ?? thisMachine();
  const options = settle(values, here);
  const { problems, unreadable } = findings;
  problems.push(...contradictions(options, (key) => settingOf(key, given), unreadable, here));
  return { options, origins: originsOf(given), problems, warnings };
}

/** The first layer that gives an option gives all of it. */
function merge(layers: readonly Layer[]): Layer {
  const merged = new Map<OptionKey, readonly Given[]>();
  for (const layer of layers) for (const [key, values] of layer) if (!merged.has(key)) merged.set(key, values);
  return merged;
}

function originsOf(given: Layer): Origins {
  const origins = KEYS.map((key) => {
    const [first] = given.get(key) ?? [];
    const { preset, presetText } = rowOf(key);
    return [key, first === undefined ? (preset === undefined ? presetText : 'preset') : (first.at ?? first.name)];
  });
  return Object.fromEntries(origins) as Origins;
}

/** How a message names an option: as it was given, and where; by its flag when nobody gave it. */
function settingOf(key: OptionKey, given: Layer): Setting {
  const [first] = given.get(key) ?? [];
  return first ?? { name: `the preset ${flagOf(key)}` };
}

/** A number for a server that was given none: a hash of its name and first address, never 0. */
export function derivedId(name: string, first: ListenAddress): number {
  const digest = createHash('sha256')
    .update(`${name} ${formatAddress(first)}`)
    .digest();
  return digest.readUInt32BE(0) || 1;
}

function readValues(given: Layer, { problems, unreadable }: Findings): Map<OptionKey, unknown> {
  const values = new Map<OptionKey, unknown>();
  for (const key of KEYS) {
    const { kind, repeatable } = rowOf(key);
    const texts = given.get(key);
    if (texts === undefined) continue;
    const read: unknown[] = [];
    for (const each of texts) {
      const value = kind.read(each.text);
      if (value === undefined) {
        problems.push(`${labelOf(each)} ${shown(each.text)}: expected ${kind.expected}`);
        unreadable.add(key);
      } else if (repeatable === true) read.push(...(value as unknown[]));
      else read.push(value);
    }
    if (!unreadable.has(key)) values.set(key, repeatable === true ? read : read[0]);
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

/** What cannot be together, a line each; options in `unreadable` are not judged. */
export function contradictions(
  options: Options,
  settingOf: (key: OptionKey) => Setting,
  unreadable: ReadonlySet<OptionKey>,
  machine: Machine,
): string[] {
  const judged = (...keys: readonly OptionKey[]): boolean => !keys.some((key) => unreadable.has(key));
  return [
    ...(judged('clients') ? doubledAddresses(options, settingOf) : []),
    ...(judged('links', 'advertise') ? unreachableLinks(options, settingOf) : []),
    ...brokenRelations(options, settingOf, unreadable),
    ...(judged('maxClients', 'fdReserve') ? crowding(options, settingOf, machine) : []),
  ];
}

/** What is wrong when the clients and the reserve are more than the files that this process may open. */
function crowding(options: Options, settingOf: (key: OptionKey) => Setting, machine: Machine): string[] {
  const room = clientsWithin(machine.fdLimit, options.fdReserve);
  if (room >= 1 && options.maxClients <= room) return [];
  const files = `${machine.fdLimit} files may be open and ${flagOf('fdReserve')} keeps ${options.fdReserve} back`;
  const expected = room < 1 ? 'no client fits' : `expected at most ${room}`;
  const label = labelOf(settingOf('maxClients'));
  return [`${label} ${options.maxClients}: ${expected}, as ${files}; ulimit -n raises the limit`];
}

/** Servers are known by an IP address that others reach. */
function unreachableLinks({ links, advertise }: Options, settingOf: (key: OptionKey) => Setting): string[] {
  if (links === 'off') return [];
  const { host } = advertise ?? links;
  if (isIP(host) !== 0 && !isUnspecified(host)) return [];
  const label = labelOf(settingOf(advertise === undefined ? 'links' : 'advertise'));
  const why = `${label} ${host}: other servers have to reach it by an IP address`;
  return [`${why}; give one${advertise === undefined ? ` with ${flagOf('advertise')}` : ''}`];
}

function doubledAddresses({ clients }: Options, settingOf: (key: OptionKey) => Setting): string[] {
  const fixed = clients.filter((address) => address.port !== 0).map(formatAddress);
  const doubled = new Set(fixed.filter((text, i) => fixed.indexOf(text) !== i));
  return [...doubled].map((text) => `${labelOf(settingOf('clients'))} ${text} is given twice`);
}

function nameFromHost(host: string): string {
  const label = host.split('.')[0]!.replace(/[^A-Za-z0-9_-]/g, '-');
  return /^[A-Za-z0-9]/.test(label) ? label.slice(0, 63) : 'chorus';
}
