// The flags of the load generator, checked before anything is dialled. A wrong one is named in one line.
// Everything that costs memory or time has a bound here: clients, messages in all, seconds.

import { isServerAddress, transportOf } from '../../client/servers.ts';
import { RUN } from '../../ops/options/invocation.ts';
import { ACCESS_FLAGS, type AccessPaths, PASSWORD_VARIABLE, pathsOf } from '../access.ts';
import { type Flags, numberFlag, parseFlags, shown } from '../flags.ts';

export interface LoadOptions extends AccessPaths {
  /** As clients dial them; clients are spread over them in turn. */
  readonly servers: readonly string[];
  readonly clients: number;
  readonly rooms: number;
  /** Members of each room that send. */
  readonly publishers: number;
  /** Messages a second, over all clients; `max` for a closed loop. */
  readonly rate: number | 'max';
  readonly seconds: number;
  /** The first seconds, in which the rate rises. */
  readonly ramp: number;
  /** Clients that connect a second; undefined: as fast as they are let in. */
  readonly connect: number | undefined;
  /** Connections that are cut a second, and come back. */
  readonly churn: number;
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
  /** Where the report goes. */
  readonly report: string | undefined;
}

/** A run ends here at the latest. */
export const MOST_MESSAGES = 1_000_000_000;
/** What a text must hold: its number, how it was sent, and two dots. */
const LEAST_SIZE = 16;
const SERVER = '127.0.0.1:7400';
const WEB_SERVER = '127.0.0.1:7490';

const FLAGS = {
  servers: { type: 'string', multiple: true },
  web: { type: 'boolean' },
  clients: { type: 'string' },
  rooms: { type: 'string' },
  members: { type: 'string' },
  publishers: { type: 'string' },
  rate: { type: 'string' },
  seconds: { type: 'string' },
  ramp: { type: 'string' },
  connect: { type: 'string' },
  churn: { type: 'string' },
  size: { type: 'string' },
  reserve: { type: 'string' },
  ids: { type: 'string' },
  window: { type: 'string' },
  overtaken: { type: 'string' },
  patience: { type: 'string' },
  pid: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  report: { type: 'string' },
  ...ACCESS_FLAGS,
} as const;

export const USAGE = `Usage: ${RUN} load [--servers H:P,H:P] [--clients N] [--rooms R] [--rate N|max] [--seconds S] …

Clients, each in one room, send, and what each of them receives is checked. At a fixed rate (an open loop) they send
whatever the servers do, and latency counts from the time at which a message was to be sent, so a server that stalls
cannot hide it. With --rate max (a closed loop) each sends again when it has its answer: that finds the maximum.
The members of a room are spread over the servers. A client that loses its server goes on at the next one.

Where
  --servers H:P,…   servers; clients are spread over them (${SERVER}); tls://H:P, ws://H:P/ws and wss://H:P/ws too
  --web             by WebSocket: H:P is ws://H:P/ws (${WEB_SERVER})
  --tls-ca FILE     authorities whose certificates are believed, in PEM (those that Bun comes with)
  --password-file F the servers' password, where they ask for one (the variable ${PASSWORD_VARIABLE})
Who
  --clients N       clients in all (100)
  --rooms R         rooms; clients are spread over them (10)
  --members M       members of each room; in place of --clients
  --publishers P    members of each room that send (all)
  --connect N       clients that connect a second (as fast as they are let in)
  --churn N         connections a second that are cut and come back (0)
What
  --rate N|max      messages a second over all clients (100); max: as fast as they are answered
  --seconds S       how long to send (10)
  --ramp S          of these, the first so many seconds, in which the rate rises from nothing (0)
  --size BYTES      bytes of a text (100)
  --reserve SHARE   share of messages that take a number with GETSEQUENCE first, 0 to 1 (0)
  --ids on|off      whether messages carry ids; without, none is acknowledged (on)
  --window N        messages of one client on their way at once (1)
  --overtaken W     fail or late: what becomes of those that a later one may have passed, above window 1 (fail)
  --patience S      how long a message is tried; a server silent for half as long is left (20)
Told
  --pid PID,…       processes whose processor time and memory are told at the end
  --report FILE     the result with plots, as one HTML file that needs nothing beside it
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
  const web = values.web === true;
  const servers = listOf(values.servers, web ? WEB_SERVER : SERVER).map((server) => addressOf(server, web));
  const pids = listOf(values.pid, '');
  const rooms = number('rooms', 10, 1, 10_000);
  const members = number('members', 0, 1, 100_000);
  const clients = members > 0 ? rooms * members : number('clients', 100, 1, 100_000);
  const options: LoadOptions = {
    servers,
    clients,
    rooms: values.rooms === undefined ? Math.min(rooms, clients) : rooms,
    publishers: number('publishers', Math.ceil(clients / Math.min(rooms, clients)), 1, 100_000),
    rate: values.rate === 'max' ? 'max' : number('rate', 100, 0.01, 1_000_000, false),
    seconds: number('seconds', 10, 0.1, 86_400, false),
    ramp: number('ramp', 0, 0, 86_400, false),
    connect: values.connect === undefined ? undefined : number('connect', 1, 0.1, 100_000, false),
    churn: number('churn', 0, 0, 10_000, false),
    size: number('size', 100, LEAST_SIZE, 4_096),
    reserve: number('reserve', 0, 0, 1, false),
    ids: choice('ids', 'on', 'off') === 'on',
    window: number('window', 1, 1, 1_000),
    overtaken: choice('overtaken', 'fail', 'late'),
    patienceMs: number('patience', 20, 1, 300, false) * 1_000,
    pids: pids.map(Number),
    json: values.json === true,
    report: values.report,
    ...pathsOf(values),
  };
  const address = servers.find((server) => transportOf(server) === undefined);
  if (address !== undefined)
    wrong.push(`--servers ${shown(address)} is neither HOST:PORT nor tls://, ws:// or wss://…`);
  const pid = pids.find((text) => !/^[1-9]\d{0,9}$/.test(text));
  if (pid !== undefined) wrong.push(`--pid ${shown(pid)} is not the number of a process`);
  if (members > 0 && values.clients !== undefined) wrong.push('--members and --clients: one of them says how many');
  const [first = together(options, files)] = wrong;
  return first === undefined ? { options } : { wrong: first };
}

/** What each alone may be and all together may not; undefined when nothing is wrong. */
function together(options: LoadOptions, files: number): string | undefined {
  const { servers, clients, rooms, publishers, rate, seconds, ramp, ids, reserve, window, tlsCa } = options;
  const members = Math.ceil(clients / rooms);
  if (rooms > clients) return `--rooms ${rooms} is more than --clients ${clients}: a client is in one room`;
  if (publishers > members) return `--publishers ${publishers} is more than the ${members} members of a room`;
  if (clients + 64 > files) return `--clients ${clients} needs more open files than this process may have (${files})`;
  if (rate !== 'max' && rate * seconds > MOST_MESSAGES)
    return `--rate ${rate} for --seconds ${seconds} is more than ${MOST_MESSAGES} messages`;
  if (ramp > seconds) return `--ramp ${ramp} is longer than --seconds ${seconds}`;
  if (!ids && rate === 'max') return '--ids off goes without --rate max: nothing is waited for';
  if (!ids && reserve > 0) return '--ids off goes without --reserve';
  if (!ids && window > 1) return '--ids off goes without --window: nothing is waited for';
  if (tlsCa !== undefined && servers.some((server) => transportOf(server) === 'wss'))
    return '--tls-ca goes without wss://…: WebSockets believe the authorities that Bun comes with';
  return undefined;
}

type NumberFlag =
  | ('clients' | 'rooms' | 'members' | 'publishers' | 'rate' | 'seconds' | 'ramp' | 'connect')
  | ('churn' | 'size' | 'reserve' | 'window' | 'patience');

function listOf(values: readonly string[] | undefined, preset: string): string[] {
  return (values ?? [preset]).flatMap((value) => (value === '' ? [] : value.split(',')));
}

/** What clients dial. */
function addressOf(server: string, web: boolean): string {
  return web && isServerAddress(server) && !server.startsWith('tls://') ? `ws://${server}/ws` : server;
}
