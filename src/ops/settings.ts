// All that a server is set to: its options, and what stands in the files that they name. It is read as a whole, at the
// start and again for a reload, and every mistake in any of it is found at once.

import { tokenProblems } from './api-token.ts';
import type { Environment } from './given.ts';
import { type OperatorAccount, readOperators } from './operators.ts';
import type { Options } from './option-table.ts';
import { type Machine, type Origins, readOptions } from './options.ts';
import { type ReadSecrets, readSecrets } from './secrets.ts';
import { visible } from './visible.ts';

export interface Settings {
  readonly options: Options;
  readonly origins: Origins;
  readonly operators: readonly OperatorAccount[];
  /** The network's secret, two while it is being changed; none: the server is alone. */
  readonly secrets: readonly string[];
  /** Tokens of the API, two while one is being changed; none: it is off. */
  readonly apiTokens: readonly string[];
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
  if (judged.problems.length > 0 || 'problems' in accounts || 'problems' in network || 'problems' in api) {
    const found = [accounts, network, api].flatMap((each) => ('problems' in each ? each.problems : []));
    return { problems: [...judged.problems, ...found] };
  }
  const { operators } = accounts;
  const { secrets } = network;
  return {
    options,
    origins,
    operators,
    secrets,
    apiTokens: api.secrets,
    warnings: [...judged.warnings, ...accounts.warnings, ...network.warnings, ...api.warnings],
  };
}

function readApiTokens({ apiTokenFile }: Options, env: Environment): ReadSecrets {
  const read = readSecrets(apiTokenFile, env.CHORUS_API_TOKEN, 'CHORUS_API_TOKEN');
  if ('problems' in read) return read;
  const problems = tokenProblems(read.secrets, apiTokenFile === undefined ? 'CHORUS_API_TOKEN' : visible(apiTokenFile));
  return problems.length > 0 ? { problems } : read;
}
