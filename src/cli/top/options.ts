// The flags of top, checked before anything is asked. A wrong one is named in one line. The token comes from a file or
// the environment, as the server takes it; a flag for it does not exist, since others can read a process's arguments.

import { formatAddress, isUnspecified, parseAddress } from '../../ops/address.ts';
import { RUN } from '../../ops/options/invocation.ts';
import { readSecrets } from '../../ops/secrets/secrets.ts';
import { type Flags, numberFlag, parseFlags, shown } from '../flags.ts';
import { SORTS } from './keys.ts';
import type { RoomSort } from './source.ts';

export interface TopOptions {
  /** Where to look, as in `http://127.0.0.1:7480`. */
  readonly bases: readonly string[];
  readonly token: string | undefined;
  readonly intervalMs: number;
  readonly sort: RoomSort;
  readonly once: boolean;
  readonly json: boolean;
}

const USUAL = '127.0.0.1:7480';
const LEAST_S = 0.2;
const MOST_S = 60;
const FLAGS = {
  http: { type: 'string', multiple: true },
  'api-token-file': { type: 'string' },
  interval: { type: 'string' },
  sort: { type: 'string' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const USAGE = `Usage: ${RUN} top [--http HOST:PORT] [--api-token-file FILE] [--interval S] [--sort rate|members|name]

What a server does, at a terminal and refreshed: its rates, the network, its links, the rooms that are busiest, the
clients that do not take what they are given, and what happens. It reads what the server has for operators over HTTP.

  --http HOST:PORT       where operators look, or https://HOST[:PORT]; several with commas, keys 1 to 9 choose (${USUAL})
  --api-token-file FILE  the token of the API; or CHORUS_API_TOKEN_FILE, or the token itself in CHORUS_API_TOKEN
  --interval S           look every so many seconds, ${LEAST_S} to ${MOST_S} (2; 1 with --once)
  --sort ORDER           the first rooms: rate, members or name (rate)
  --once                 look for one interval, print it, and end; so it is, too, where stdout is no terminal
  --json                 the same as one JSON object
  --help                 this text

While it runs, h shows the keys. It exits with 0 when it is ended, with 1 when --once finds nobody, and with 2 for a wrong
flag, a wrong token, or where no Chorus server answers.`;

/** Reads the arguments behind the program's name. */
export function readTopFlags(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Flags<TopOptions> {
  const values = parseFlags(args, FLAGS);
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  const places = (values.http ?? [env.CHORUS_HTTP || USUAL]).flatMap((each) => each.split(','));
  const bases = places.map(baseOf);
  const bad = bases.indexOf(undefined);
  if (bad >= 0) return { wrong: `--http ${shown(places[bad] as string)} is not HOST:PORT` };
  const once = values.once === true || values.json === true;
  const seconds = numberFlag('interval', values.interval ?? (once ? '1' : '2'), LEAST_S, MOST_S, false);
  if (typeof seconds === 'string') return { wrong: seconds };
  const sort = SORTS.find((each) => each === (values.sort ?? SORTS[0]));
  if (sort === undefined) return { wrong: `--sort ${shown(values.sort ?? '')} is none of ${SORTS.join(', ')}` };
  const file = values['api-token-file'] ?? (env.CHORUS_API_TOKEN_FILE || undefined);
  const read = readSecrets(file, env.CHORUS_API_TOKEN, 'CHORUS_API_TOKEN');
  if ('problems' in read) return { wrong: read.problems.join('; ') };
  const [token] = read.secrets;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    return { wrong: 'a token is printable ASCII without spaces' };
  const options = { token, intervalMs: seconds * 1000, sort, once, json: values.json === true };
  return { options: { bases: bases as string[], ...options } };
}

/** Where requests go; undefined for what is no address. */
function baseOf(text: string): string | undefined {
  if (/^https?:\/\//.test(text)) return URL.canParse(text) ? new URL(text).origin : undefined;
  const address = parseAddress(text);
  if (address === undefined || address.port === 0) return undefined;
  // Somewhere to listen is nowhere to go to.
  const host = isUnspecified(address.host) ? '127.0.0.1' : address.host;
  return `http://${formatAddress({ host, port: address.port })}`;
}
