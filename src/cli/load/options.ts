// The flags of the load generator, checked before anything is dialled. A wrong one is named in one line.
// Everything that costs memory or time has a bound here: clients, messages in all, seconds.

import { isServerAddress } from '../../client/servers.ts';
import { RUN } from '../../ops/options/invocation.ts';
import { ACCESS_FLAGS, type AccessPaths, PASSWORD_VARIABLE, pathsOf } from '../access.ts';
import { type Flags, numberFlag, parseFlags, shown } from '../flags.ts';

export interface LoadOptions extends AccessPaths {
  /** `host:port` or `tls://host:port`; clients are spread over them in turn. */
  readonly servers: readonly string[];
  readonly clients: number;
  readonly rooms: number;
  /** Messages a second, over all clients. */
  readonly rate: number;
  readonly seconds: number;
  /** Bytes of a text. */
  readonly size: number;
  /** The share of messages, from 0 to 1, that reserve a number first. */
  readonly reserve: number;
  /** Whether messages carry ids, and so are acknowledged and sent again after a lost connection. */
  readonly ids: boolean;
  /** Messages of a client on their way at once. */
  readonly window: number;
  readonly overtaken: 'fail' | 'late';
  /** How long a message is tried, ms; a server that is silent for half as long is left for another. */
  readonly patienceMs: number;
  /** Processes whose processor time is told at the end. */
  readonly pids: readonly number[];
  readonly json: boolean;
}

const MOST_MESSAGES = 20_000_000;
/** What a text must hold: its number, how it was sent, and two dots. */
const LEAST_SIZE = 16;

const FLAGS = {
  servers: { type: 'string', multiple: true },
  clients: { type: 'string' },
  rooms: { type: 'string' },
  rate: { type: 'string' },
  seconds: { type: 'string' },
  size: { type: 'string' },
  reserve: { type: 'string' },
  ids: { type: 'string' },
  window: { type: 'string' },
  overtaken: { type: 'string' },
  patience: { type: 'string' },
  pid: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  ...ACCESS_FLAGS,
} as const;

export const USAGE = `Usage: ${RUN} load [--servers H:P,H:P] [--clients N] [--rooms R] [--rate N] [--seconds S] …

Clients, each in one room, send at a fixed rate, whatever the servers do; what each of them receives is checked.
The members of a room are spread over the servers. A client that loses its server goes on at the next one.
Latency is counted from the time at which a message was to be sent, so a server that stalls cannot hide it.

  --servers H:P,…   servers; clients are spread over them (127.0.0.1:7400); tls://H:P for TLS
  --tls-ca FILE     authorities whose certificates are believed, in PEM (those that Bun comes with)
  --password-file F the servers' password, where they ask for one (the variable ${PASSWORD_VARIABLE})
  --clients N       clients in all (100)
  --rooms R         rooms; clients are spread over them (10)
  --rate N          messages a second over all clients (100)
  --seconds S       how long to send (10)
  --size BYTES      bytes of a text (100)
  --reserve SHARE   share of messages that take a number with GETSEQUENCE first, 0 to 1 (0)
  --ids on|off      whether messages carry ids; without, none is acknowledged (on)
  --window N        messages of one client on their way at once (1)
  --overtaken W     fail or late: what becomes of those that a later one may have passed, above window 1 (fail)
  --patience S      how long a message is tried; a server silent for half as long is left (20)
  --pid PID,…       processes whose processor time and memory are told at the end
  --json            the result as one JSON object on stdout
  --help            this text

It ends with 1 when an acknowledged message was lost, doubled or out of order, with 2 for a wrong flag, else with 0.
Ctrl-C ends it early, with the table; a second one ends it at once.`;

/** Reads the arguments behind the program's name; `files` is how many this process may have open. */
export function readLoadFlags(args: readonly string[], files: number): Flags<LoadOptions> {
  const values = parseFlags(args, FLAGS);
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  const wrong: string[] = [];
  /** A decimal number in a range; the first mistake is kept. */
  const number = (name: NumberFlag, preset: number, least: number, most: number, whole = true): number => {
    const text = values[name];
    if (text === undefined) return preset;
    const value = numberFlag(name, text, least, most, whole);
    if (typeof value === 'number') return value;
    wrong.push(value);
    return preset;
  };
  const choice = <T extends string>(name: 'ids' | 'overtaken', preset: T, other: T): T => {
    const text = values[name] ?? preset;
    if (text === preset || text === other) return text as T;
    wrong.push(`--${name} ${shown(text)} is neither ${preset} nor ${other}`);
    return preset;
  };
  const servers = listOf(values.servers, '127.0.0.1:7400');
  const pids = listOf(values.pid, '');
  const options: LoadOptions = {
    servers,
    clients: number('clients', 100, 1, 100_000),
    rooms: number('rooms', 10, 1, 10_000),
    rate: number('rate', 100, 0.01, 1_000_000, false),
    seconds: number('seconds', 10, 0.1, 86_400, false),
    size: number('size', 100, LEAST_SIZE, 4_096),
    reserve: number('reserve', 0, 0, 1, false),
    ids: choice('ids', 'on', 'off') === 'on',
    window: number('window', 1, 1, 1_000),
    overtaken: choice('overtaken', 'fail', 'late'),
    patienceMs: number('patience', 20, 1, 300, false) * 1_000,
    pids: pids.map(Number),
    json: values.json === true,
    ...pathsOf(values),
  };
  const address = servers.find((server) => !isServerAddress(server));
  if (address !== undefined) wrong.push(`--servers ${shown(address)} is neither HOST:PORT nor tls://HOST:PORT`);
  const pid = pids.find((text) => !/^[1-9]\d{0,9}$/.test(text));
  if (pid !== undefined) wrong.push(`--pid ${shown(pid)} is not the number of a process`);
  const [first = together(options, files, values.rooms === undefined)] = wrong;
  if (first !== undefined) return { wrong: first };
  return { options: { ...options, rooms: Math.min(options.rooms, options.clients) } };
}

/** What each alone may be and all together may not; undefined when nothing is wrong. */
function together(options: LoadOptions, files: number, roomsPreset: boolean): string | undefined {
  const { clients, rooms, rate, seconds, ids, reserve, window } = options;
  if (rooms > clients && !roomsPreset)
    return `--rooms ${rooms} is more than --clients ${clients}: a client is in one room`;
  if (clients + 64 > files) return `--clients ${clients} needs more open files than this process may have (${files})`;
  if (rate * seconds > MOST_MESSAGES)
    return `--rate ${rate} for --seconds ${seconds} is more than ${MOST_MESSAGES} messages`;
  if (!ids && reserve > 0) return '--ids off goes without --reserve';
  if (!ids && window > 1) return '--ids off goes without --window: nothing is waited for';
  return undefined;
}

type NumberFlag = 'clients' | 'rooms' | 'rate' | 'seconds' | 'size' | 'reserve' | 'window' | 'patience';

function listOf(values: readonly string[] | undefined, preset: string): string[] {
  return (values ?? [preset]).flatMap((value) => (value === '' ? [] : value.split(',')));
}
