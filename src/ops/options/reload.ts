// A reload: the settings are read again as a start would read them, and compared with those that run. What its row in
// the table calls live is changed; the rest waits for a restart, and is said to. It is all or nothing: with a single
// mistake nothing changes. What runs afterwards may be a mixture that nobody ever wrote down, so it is judged as a whole
// too: values that only go together after a restart are refused. This file decides and applies nothing.

import type { OperatorAccount } from '../secrets/operators.ts';
import { describeTls, missingForTls } from '../secrets/tls-settings.ts';
import { flagOf, KEYS, nameOf, type OptionKey, type Options, rowOf } from './option-table.ts';
import { contradictions, type Machine, type Origins, thisMachine } from './options.ts';
import type { Settings } from './settings.ts';

/** Something that is set to something else. */
export interface Change {
  /** A flag; what it names the file of, where it is what that file holds. */
  readonly option: string;
  readonly from: string;
  readonly to: string;
  /** Where the new value comes from. */
  readonly origin: string;
}

/** What a reload comes to: what runs from now on, what changes with it, and what only a restart would change. */
export interface Plan {
  readonly settings: Settings;
  readonly changed: readonly Change[];
  readonly waiting: readonly Change[];
}

/** What becomes of `running` when `read` was read. */
export function planReload(
  running: Settings,
  read: Settings,
  machine: Machine = thisMachine(),
): Plan | { readonly problems: readonly string[] } {
  // Whether a server is alone is settled when it starts.
  const keepsCompany = running.secrets.length > 0 === read.secrets.length > 0;
  const isTaken = (key: OptionKey): boolean => rowOf(key).live === true && (key !== 'secretFile' || keepsCompany);
  const options = mix(isTaken, read.options, running.options) as unknown as Options;
  const origins = mix(isTaken, read.origins, running.origins) as unknown as Origins;
  const settingOf = (key: OptionKey) => ({ name: flagOf(key), at: isTaken(key) ? origins[key] : 'until a restart' });
  const problems = [...contradictions(options, settingOf, new Set(), machine), ...missingForTls(options)];
  if (problems.length > 0) return { problems };
  const changed: Change[] = [];
  const waiting: Change[] = [];
  for (const key of KEYS) {
    const change = { from: textOf(key, running.options), to: textOf(key, read.options) };
    const list = isTaken(key) ? changed : waiting;
    if (change.from !== change.to) list.push({ option: flagOf(key), ...change, origin: read.origins[key] });
  }
  changed.push(...operatorsChange(running, read), ...secretsChange('apiTokens', 'apiTokenFile', running, read));
  changed.push(...passwordChange(running, read), ...certificateChanges(running, read));
  (keepsCompany ? changed : waiting).push(...secretsChange('secrets', 'secretFile', running, read));
  const secrets = keepsCompany ? read.secrets : running.secrets;
  return { settings: { ...read, options, origins, secrets }, changed, waiting };
}

/** Of each option the value in `taken` where `isTaken` says so, else the one in `kept`. */
function mix<R extends Readonly<Record<OptionKey, unknown>>>(
  isTaken: (key: OptionKey) => boolean,
  taken: R,
  kept: R,
): Record<string, unknown> {
  return Object.fromEntries(KEYS.map((key) => [key, (isTaken(key) ? taken : kept)[key]]));
}

function textOf(key: OptionKey, options: Options): string {
  const { kind, presetText } = rowOf(key);
  const value = options[key];
  return value === undefined || (Array.isArray(value) && value.length === 0) ? presetText : kind.write(value);
}

/** An option that names a file which is read, too. */
type FileKey = 'operators' | 'secretFile' | 'apiTokenFile' | 'passwordFile' | 'tlsCert' | 'linkCert' | 'linkCa';

function operatorsChange(running: Settings, read: Settings): Change[] {
  const [from, to] = [running.operators, read.operators].map(written) as [string[], string[]];
  if (from.join('\n') === to.join('\n')) return [];
  return [{ option: 'operators', from: namesOf(running), to: namesOf(read), origin: originOf(read, 'operators') }];
}

function written(operators: readonly OperatorAccount[]): string[] {
  return operators.map(({ name, hash, grants }) => [name, hash, ...[...grants].sort()].join(':')).sort();
}

function namesOf({ operators }: Settings): string {
  return operators.map(({ name }) => name).join(' ') || 'none';
}

/** How many secrets there are is all that may be said of them. */
function secretsChange(what: 'secrets' | 'apiTokens', key: FileKey, running: Settings, read: Settings): Change[] {
  if (running[what].join('\n') === read[what].join('\n')) return [];
  const count = (settings: Settings): string => String(settings[what].length || 'none');
  return [{ option: nameOf(what), from: count(running), to: count(read), origin: originOf(read, key) }];
}

/** Whether there is one is all that may be said of it. */
function passwordChange(running: Settings, read: Settings): Change[] {
  if (running.passwordHash === read.passwordHash) return [];
  const told = ({ passwordHash }: Settings): string => (passwordHash === undefined ? 'none' : 'one');
  return [{ option: 'password', from: told(running), to: told(read), origin: originOf(read, 'passwordFile') }];
}

function certificateChanges({ tls: running }: Settings, read: Settings): Change[] {
  const { clients, links } = read.tls;
  const changes: Change[] = [];
  const change = (key: FileKey, from: string, to: string): void => {
    changes.push({ option: nameOf(key), from, to, origin: originOf(read, key) });
  };
  if (running.clients?.cert !== clients?.cert) change('tlsCert', describeTls(running.clients), describeTls(clients));
  if (running.links?.cert !== links?.cert) change('linkCert', describeTls(running.links), describeTls(links));
  if (running.links?.ca !== links?.ca) change('linkCa', countOf(running.links?.ca), countOf(links?.ca));
  return changes;
}

/** How many authorities there are. */
function countOf(ca = ''): string {
  return String(ca.split('-----BEGIN').length - 1 || 'none');
}

function originOf({ options, origins }: Settings, key: FileKey): string {
  return options[key] ?? origins[key];
}
