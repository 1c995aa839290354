// All that a server is set to: its options, and what stands in the files that they name. It is read as a whole, at the
// start and again for a reload, and every mistake in any of it is found at once.

import { tokenProblems } from '../http/api-token.ts';
import { visible } from '../log/visible.ts';
import { exposures } from '../options/exposure.ts';
import { type OperatorAccount, readOperators } from '../secrets/operators.ts';
import { type ReadSecrets, readSecrets } from '../secrets/secrets.ts';
import { PASSWORD_VARIABLE, readServerPassword } from '../secrets/server-password.ts';
import { idleForTls, missingForTls, readTls, type TlsSettings } from '../secrets/tls-settings.ts';
import type { Environment } from './given.ts';
import type { Options } from './option-table.ts';
import { type Machine, type Origins, readOptions } from './options.ts';

export interface Settings {
  readonly options: Options;
  readonly origins: Origins;
  readonly operators: readonly OperatorAccount[];
  /** The network's secret, two while it is being changed; none: the server is alone. */
  readonly secrets: readonly string[];
  /** Tokens of the API, two while one is being changed; none: it is off. */
  readonly apiTokens: readonly string[];
  /** The hash of the server's password; undefined: everybody is welcome. */
  readonly passwordHash: string | undefined;
  readonly tls: TlsSettings;
  readonly warnings: readonly string[];
}

export type ReadSettings =
  | Settings
  | { readonly problems: readonly string[] }
  | { readonly help: string }
  | { readonly version: true };

/** Reads the command line (without the program), the environment, and the files that they name. */
export async function readSettings(
  argv: readonly string[],
  env: Environment,
  machine?: Machine,
): Promise<ReadSettings> {
  const judged = await readOptions(argv, env, machine);
  if (!('options' in judged)) return judged;
  const { options, origins } = judged;
  const accounts = options.operators === undefined ? { operators: [], warnings: [] } : readOperators(options.operators);
  const network = readSecrets(options.secretFile, env.CHORUS_SECRET);
  const api = readApiTokens(options, env);
  const password = readServerPassword(options.passwordFile, env[PASSWORD_VARIABLE]);
  const found = {
    problems: [...judged.problems, ...missingForTls(options), ...idleForTls(options)],
    warnings: [...judged.warnings],
  };
  const read = [accounts, network, api, password];
  for (const each of read) if ('problems' in each) found.problems.push(...each.problems);
  const tls = readTls(options, Date.now(), found);
  const isGood = !('problems' in accounts || 'problems' in network || 'problems' in api || 'problems' in password);
  if (!isGood || found.problems.length > 0) return { problems: found.problems };
  const { operators } = accounts;
  const { secrets } = network;
  for (const { warnings } of [accounts, network, api, password]) found.warnings.push(...warnings);
  found.warnings.push(...exposures(options, secrets.length > 0));
  const { warnings } = found;
  return { options, origins, operators, secrets, apiTokens: api.secrets, passwordHash: password.hash, tls, warnings };
}

function readApiTokens({ apiTokenFile }: Options, env: Environment): ReadSecrets {
  const read = readSecrets(apiTokenFile, env.CHORUS_API_TOKEN, 'CHORUS_API_TOKEN');
  if ('problems' in read) return read;
  const problems = tokenProblems(read.secrets, apiTokenFile === undefined ? 'CHORUS_API_TOKEN' : visible(apiTokenFile));
  return problems.length > 0 ? { problems } : read;
}
