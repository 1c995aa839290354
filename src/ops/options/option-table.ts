// The one table of all options and limits. A row gives the kind of its values, the value that it has when nobody sets
// it, one line of help, whether a reload changes it in a server that runs and, where clients are told of it, its name in
// RPL_LIMITS. The key of a row is the name of all its forms: `frameBytes` is `--frame-bytes`, CHORUS_FRAME_BYTES,
// `frame-bytes` in a file and Options.frameBytes. Flags, the environment, files, `--help`, RPL_LIMITS,
// docs/OPERATING.md and docs/chorus.example.toml are made from these rows; to add an option, add its row here and, where
// it must fit others, a relation in option-relations.ts. Nothing here is ever a secret: secrets are read from files.

import type { ListenAddress } from '../../net/edge.ts';
import { MOST_CLIENTS } from '../fd-limit.ts';
import {
  address,
  addresses,
  bytes,
  choice,
  clientAddress,
  clientAddresses,
  file,
  fingerprints,
  GIB,
  HOUR,
  int,
  KIB,
  type Kind,
  MIB,
  MINUTE,
  ms,
  onOff,
  origins,
  orOff,
  rate,
  SECOND,
  text,
  webAddresses,
} from './option-kinds.ts';

/** One option. */
export interface Row<T> {
  readonly kind: Kind<T>;
  /** The value when nobody sets one; undefined: none, or it is derived at the start, as `presetText` says. */
  readonly preset: T | undefined;
  readonly presetText: string;
  /** One line. */
  readonly help: string;
  /** The name in RPL_LIMITS. */
  readonly announced?: string;
  /** May be given more than once; its values are lists. */
  readonly repeatable?: true;
  /** A reload changes it in a server that runs; the others wait for a restart. */
  readonly live?: true;
  /** A value to show for an option that has no preset, as a flag takes it. */
  readonly example?: string;
  /** It cannot stand in a file. */
  readonly outside?: true;
}

/** A file that is named by an option, and read with it. */
function fileRow(help: string, example: string, presetText = 'none'): Row<string | undefined> {
  return { kind: file as Kind<string | undefined>, preset: undefined, presetText, help, example };
}

function row<T>(kind: Kind<T>, preset: T, help: string, announced?: string): Row<T> {
  const base = { kind, preset, presetText: kind.write(preset), help };
  return announced === undefined ? base : { ...base, announced };
}

function derived<T>(kind: Kind<T>, presetText: string, help: string, example: string): Row<T> {
  return { kind, preset: undefined, presetText, help, example };
}

/** Rows that a reload changes: whoever uses these values looks them up each time. */
function live<R extends Readonly<Record<string, object>>>(
  rows: R,
): { readonly [K in keyof R]: R[K] & { readonly live: true } } {
  const marked = Object.entries(rows).map(([key, each]) => [key, { ...each, live: true }]);
  return Object.fromEntries(marked) as { readonly [K in keyof R]: R[K] & { readonly live: true } };
}

const MOST = 4_294_967_295;
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const INFO = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{0,128}$/u;

const SERVER = {
  config: { ...fileRow('File with these options, a line each: name = value.', 'chorus.toml'), outside: true },
  name: derived(
    text(SERVER_NAME, 'NAME', '1 to 63 letters, digits, "_", "-" and ".", the first a letter or digit'),
    'the host name up to its first dot',
    'Name of this server, its own in the network.',
    'alpha',
  ),
  clients: {
    ...row(
      clientAddresses,
      [{ host: '127.0.0.1', port: 7400 }],
      'Listen here for clients; port 0 picks one. May be repeated.',
    ),
    repeatable: true,
  },
  web: derived(
    orOff(clientAddress) as Kind<ListenAddress | 'off' | undefined>,
    '127.0.0.1:7490, where that is free',
    'Listen here for WebSockets, at the path /ws.',
    '127.0.0.1:7491',
  ),
  id: derived(
    int(1, MOST),
    'hash of name and first client address',
    'Number of this server, its own in the network.',
    '7',
  ),
  info: row(
    text(INFO, 'TEXT', 'at most 128 characters, no control characters'),
    '',
    'One line about it, shown in MAP.',
  ),
  ...live({
    webOrigins: {
      kind: origins,
      preset: [],
      presetText: 'none',
      help: 'Pages from here may connect to --web too. May be repeated.',
      repeatable: true as const,
      example: 'https://chat.example',
    },
    tlsCert: fileRow('File with the certificate that tls:// addresses show, its chain behind it (PEM).', 'chorus.crt'),
    tlsKey: fileRow('File with its key (PEM).', 'chorus.key', 'the file of --tls-cert'),
    passwordFile: fileRow('File with the hash of the password that clients need. `hash` makes it.', 'chorus-password'),
    operators: fileRow(
      'File of operators, a line each: name:hash[:grants]. `hash` makes the hashes.',
      'chorus-operators',
    ),
    showHosts: row(onOff, false, 'Show the addresses of users to each other, not a keyed hash.'),
    logLevel: row(choice('debug', 'info', 'warn', 'error'), 'info', 'Log what is at least this serious.'),
    logFormat: row(choice('pretty', 'json'), 'pretty', 'Log for a person to read, or a JSON object a line.'),
    trace: derived(
      text(/^[A-Za-z_[\]{}^|][A-Za-z0-9_[\]{}^|-]{0,31}$/, 'NICK', 'a nickname') as Kind<string | undefined>,
      'nobody',
      'Follow the connection of this user in the log: frames by verb, and no texts.',
      'ann',
    ),
    drainMs: row(ms(0, HOUR), 10 * SECOND, 'Time over which clients are sent to other servers when stopping.'),
    shutdownMs: row(ms(0, HOUR), 5 * SECOND, 'Time to write what is still owed to clients when stopping.'),
  }),
} satisfies Record<string, Row<unknown>>;

const NETWORK = {
  network: row(
    text(SERVER_NAME, 'NAME', '1 to 63 letters, digits, "_", "-" and ".", the first a letter or digit'),
    'chorus',
    'Name of the network; servers of another one are not heard.',
  ),
  ...live({
    secretFile: fileRow('File with the secret that all its servers share; without one it is alone.', 'chorus-secret'),
  }),
  links: row(orOff(address), { host: '127.0.0.1', port: 7401 }, 'Listen here for other servers; port 0 picks one.'),
  linkTls: row(
    choice('off', 'on', 'mutual'),
    'off',
    'TLS on links, all or none; mutual: who dials shows a certificate too.',
  ),
  ...live({
    linkCert: fileRow('File with the certificate that links show, its chain behind it (PEM).', 'chorus-link.crt'),
    linkKey: fileRow('File with its key (PEM).', 'chorus-link.key', 'the file of --link-cert'),
    linkCa: fileRow('File with the authorities whose certificates links believe (PEM).', 'chorus-ca.crt'),
    linkPins: {
      kind: fingerprints,
      preset: [],
      presetText: 'none',
      help: 'Believe on links these certificates alone. May be repeated.',
      repeatable: true as const,
      example: `0${'123456789abcdef0'.repeat(4)}`.slice(0, 64),
    },
  }),
  discovery: row(orOff(address), { host: '239.192.74.1', port: 7402 }, 'Look for them in this multicast group.'),
  interface: derived(
    text(/^\d{1,3}(\.\d{1,3}){3}$/, 'IP', 'an IPv4 address of this machine, as in 127.0.0.1'),
    'the address of --links',
    'Look for them on the interface with this address.',
    '127.0.0.1',
  ),
  peers: {
    kind: addresses,
    preset: [],
    presetText: 'none',
    help: 'Link with these servers, where multicast does not reach. May be repeated.',
    repeatable: true,
    example: '10.0.0.7:7401',
  },
  advertise: derived(
    address as Kind<ListenAddress | undefined>,
    'where --links listens',
    'Where others reach our links.',
    '10.0.0.8:7401',
  ),
  advertiseClients: {
    kind: clientAddresses,
    preset: [],
    presetText: 'where --clients listens, but for loopback',
    help: 'Where clients of other servers reach us. May be repeated.',
    repeatable: true,
    example: '10.0.0.8:7400',
  },
  advertiseWeb: {
    kind: webAddresses,
    preset: [],
    presetText: 'where --web listens, but for loopback',
    help: 'Where browsers at other servers reach us. May be repeated.',
    repeatable: true,
    example: 'wss://chat.example/ws',
  },
  hold: row(ms(0, MINUTE), 3 * SECOND, 'A server lost for less is not missed: users stay, and messages wait for it.'),
} satisfies Record<string, Row<unknown>>;

const WATCHING = {
  http: derived(
    orOff(address) as Kind<ListenAddress | 'off' | undefined>,
    '127.0.0.1:7480, where that is free',
    'Listen here for operators: health, metrics, API.',
    '127.0.0.1:7481',
  ),
  ...live({
    apiTokenFile: fileRow('File with the token that opens the API; without one it is off.', 'chorus-api-token'),
  }),
} satisfies Record<string, Row<unknown>>;

const CONNECTIONS = live({
  maxClients: derived(
    int(0, MOST_CLIENTS),
    'what the limit on open files leaves',
    'Connections at a time; 0 derives it.',
    '0',
  ),
  fdReserve: row(int(8, 65_536), 64, 'Open files kept back from clients.'),
  perIp: row(orOff(int(1, MOST_CLIENTS)), 16, 'Connections from one address, loopback exempt.'),
  flood: row(
    orOff(rate(1_000_000)),
    { perSecond: 20, burst: 200 },
    'What a client may send, in points; fan-out costs more.',
  ),
  registrationMs: row(ms(100, HOUR), 5 * SECOND, 'Time to register.'),
  registrationFrames: row(int(2, 1000), 8, 'Frames before registration.'),
  registrationFrameBytes: row(bytes(128, 64 * KIB), KIB, 'Largest frame before registration.'),
  registrationBytes: row(bytes(128, MIB), KIB, 'Input in all before registration.'),
  idlePingMs: row(ms(SECOND, 24 * HOUR), 30 * SECOND, 'Silence after which a client is sent a PING.'),
  idleTimeoutMs: row(ms(SECOND, 24 * HOUR), 90 * SECOND, 'Silence after which a client is gone.'),
  writeDeadlineMs: row(ms(SECOND, HOUR), 60 * SECOND, 'A client that takes no byte for so long is closed.'),
  unregisteredOutputBytes: row(bytes(KIB, MIB), 4 * KIB, 'Output waiting for a client before registration.'),
  clientOutputBytes: row(bytes(4 * KIB, GIB), 256 * KIB, 'Output waiting for a client, beside what rooms keep.'),
  passwordChecks: row(int(1, 64), 2, 'Passwords checked at a time, 64 MiB each.'),
  passwordQueue: row(int(0, 65_536), 64, 'Password checks that wait; more are refused.'),
  passwordFailures: row(int(1, 1000), 3, 'Wrong passwords after which a connection is closed.'),
  passwordWaitMaxMs: row(ms(0, HOUR), MINUTE, 'Longest wait of an address after ten wrong ones; 1s, then doubled.'),
}) satisfies Record<string, Row<unknown>>;

const FRAMES = {
  ...live({
    frameBytes: row(bytes(512, 32 * KIB), 8 * KIB, 'Largest frame from a client, < and > counted.', 'frame'),
    clientFrameBytes: row(bytes(KIB, 48 * KIB), 16 * KIB, 'Largest frame to a client.'),
    textBytes: row(bytes(1, 16 * KIB), 4 * KIB, 'Longest text of a message, as it is written on the wire.', 'text'),
  }),
  arguments: row(int(8, 256), 64, 'Arguments of a frame.', 'args'),
  ...live({ targets: row(int(1, 255), 32, 'Receivers of one LSEND.', 'targets') }),
} satisfies Record<string, Row<unknown>>;

const ROOMS = live({
  nickLength: row(int(1, 32), 32, 'Letters of a nickname.', 'nick'),
  nickHistory: row(int(1, 1000), 8, 'Former nicknames that are kept of a user.'),
  nickHistoryMs: row(ms(SECOND, 24 * HOUR), 10 * MINUTE, 'How long a former nickname is known.'),
  goneUsers: row(int(1, 1_048_576), 16_384, 'Users who are gone and still known by a former nickname.'),
  roomLength: row(int(1, 64), 64, "Letters of a room's name.", 'room'),
  roomsPerUser: row(int(1, 10_000), 32, 'Rooms that a user is in at a time.', 'rooms'),
  rooms: row(int(1, 1_000_000), 10_000, 'Rooms at a time.'),
  roomIdleMs: row(ms(0, 24 * HOUR), 10 * MINUTE, 'A room that is empty for so long ends.'),
  presence: row(
    int(0, MOST_CLIENTS),
    500,
    'Above so many members a room tells counts, not who came and went.',
    'presence',
  ),
}) satisfies Record<string, Row<unknown>>;

const ORDER = {
  ack: row(
    choice('home', 'replicated'),
    'replicated',
    'A message counts when its home has it, or a second server too where there is one.',
  ),
  ttlMs: row(ms(100, 10 * MINUTE), 5 * SECOND, 'How long a reserved number is held.', 'ttl'),
  reservations: row(int(1, 1000), 8, 'Reserved numbers of a room at a time.'),
  reservationWaitMs: row(ms(0, HOUR), 10 * SECOND, 'Wait after a number was left unused; doubles each time.'),
  reservationWaitMaxMs: row(ms(0, 24 * HOUR), 10 * MINUTE, 'Longest such wait.'),
  idWindowMs: row(ms(SECOND, 24 * HOUR), 10 * MINUTE, 'How long a message id is known, so that it is not said twice.'),
  idWindow: row(int(1, 16_777_216), 65_536, 'Message ids known in a room.'),
  ids: row(int(1, 16_777_216), 1_048_576, 'Message ids known over all rooms.'),
  pendingEntries: row(int(1, 1_048_576), 4096, 'Messages of a room that wait to be committed.'),
  pendingBytes: row(bytes(16 * KIB, GIB), 4 * MIB, 'Their bytes.'),
} satisfies Record<string, Row<unknown>>;

const MEMORY = {
  ...live({ historyCount: row(int(1, 65_536), 256, 'Messages of one HISTORY.', 'history') }),
  roomMessages: row(int(1, 1_048_576), 1024, 'Messages that a room remembers.', 'ring'),
  roomBytes: row(bytes(4 * KIB, GIB), MIB, 'Their bytes.'),
  roomMemoryBytes: row(bytes(MIB, 1024 * GIB), 256 * MIB, 'The memory of all rooms together.'),
  ringAgeMs: row(ms(SECOND, HOUR), MINUTE, 'How long a message waits in memory for slow readers.'),
  ringMemoryBytes: row(bytes(MIB, 1024 * GIB), 256 * MIB, 'What waits for slow readers over all rooms.'),
} satisfies Record<string, Row<unknown>>;

/** Every row by its key. */
export const TABLE = { ...SERVER, ...NETWORK, ...WATCHING, ...CONNECTIONS, ...FRAMES, ...ROOMS, ...ORDER, ...MEMORY };

/** The key of an option. */
export type OptionKey = keyof typeof TABLE;

/** The value of every option: those given, and for the rest the preset or what was derived. */
export type Options = {
  readonly [K in OptionKey]: (typeof TABLE)[K] extends { readonly kind: Kind<infer T> } ? T : never;
};

/** The rows under the headings of `--help` and the docs, in reading order. */
export const SECTIONS: readonly { readonly title: string; readonly keys: readonly OptionKey[] }[] = [
  { title: 'Server', keys: keysOf(SERVER) },
  { title: 'Network', keys: keysOf(NETWORK) },
  { title: 'Watching', keys: keysOf(WATCHING) },
  { title: 'Connections', keys: keysOf(CONNECTIONS) },
  { title: 'Frames', keys: keysOf(FRAMES) },
  { title: 'Names and rooms', keys: keysOf(ROOMS) },
  { title: 'Order', keys: keysOf(ORDER) },
  { title: 'Memory', keys: keysOf(MEMORY) },
];

/** All keys, in reading order. */
export const KEYS: readonly OptionKey[] = keysOf(TABLE);

function keysOf<K extends string>(rows: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(rows) as K[];
}

/** The row of a key, its value's type forgotten: for those who walk the whole table. */
export function rowOf(key: OptionKey): Row<unknown> {
  return TABLE[key];
}

/** `frameBytes` → `frame-bytes` */
export function nameOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `frameBytes` → `--frame-bytes` */
export function flagOf(key: string): string {
  return `--${nameOf(key)}`;
}

/** `frameBytes` → `CHORUS_FRAME_BYTES` */
export function variableOf(key: string): string {
  return `CHORUS_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}
