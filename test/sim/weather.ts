// The weather of a run: how many servers there are and how they find each other, every limit of theirs, how their logs
// and clocks behave, who the clients are and how their ways are, all drawn from the seed. Limits are small, so that what
// is rare in life is common here; they keep the relations that the options demand.

import { serverId } from '../../src/base/ids.ts';
import type { MeshConfig } from '../../src/node/mesh.ts';
import { clientAddress, ipOf, LINK_PORT } from './addresses.ts';
import type { Random } from './random.ts';
import type { Facts } from './record.ts';
import type { ServerWeather } from './server.ts';
import type { LogWeather } from './slow-log.ts';
import type { Way } from './transport.ts';
import { BEGINNING } from './world.ts';

export type Profile = 'talker' | 'reserver' | 'flooder' | 'slow' | 'vandal' | 'traveller' | 'operator' | 'observer';

/** How servers find each other and what passes between them. */
export interface NetworkWeather {
  /** Each clock less the world's, in ms; one a server. */
  readonly clocks: readonly number[];
  /** Whether clocks differ, or leap while the run lasts. */
  readonly trueClocks: boolean;
  readonly datagrams: { readonly loss: number; readonly doubled: number; readonly delayMs: number };
  readonly linkDelayMs: number;
  readonly linkJitterMs: number;
  readonly linkCuts: number;
  readonly linkBufferBytes: number;
  /** Whom each server is told to dial. */
  readonly peers: readonly (readonly number[])[];
  readonly discovery: boolean;
  /** How often each fault happens; 0 for never. */
  readonly faults: Readonly<Record<Fault, number>>;
  /** Between two faults, on the average. */
  readonly faultEveryMs: number;
  readonly mesh: Omit<MeshConfig, 'self' | 'peers' | 'discovery'>;
}

export type Fault =
  | 'reset'
  | 'silence'
  | 'oneWay'
  | 'split'
  | 'pause'
  | 'longPause'
  | 'crash'
  | 'dark'
  | 'stop'
  | 'leap'
  | 'stranger';

export interface Weather {
  readonly servers: number;
  readonly network: NetworkWeather;
  /** What all servers have in common. */
  readonly base: ServerWeather;
  readonly facts: Facts;
  readonly profiles: readonly Profile[];
  /** Clients that are real client cores. */
  readonly cores: number;
  /** Their connections break all the time, and they come back at once. */
  readonly roughLines: boolean;
  readonly rooms: readonly string[];
  readonly operator: { readonly name: string; readonly password: string };
  /** How long faults last. */
  readonly stormMs: number;
  /** How long what is left of them may take to settle. */
  readonly settleMs: number;
  /** Everybody's pace, from 0.5 (slow) to 3. */
  readonly pace: number;
  readonly textBytes: number;
}

const LOGS: readonly LogWeather[] = [
  { late: 0, delayMs: 0, refused: 0, refusedLate: 0, silent: 0, silentMs: 0, toldTwice: 0 },
  { late: 0.8, delayMs: 60, refused: 0, refusedLate: 0, silent: 0, silentMs: 0, toldTwice: 0.05 },
  { late: 0.9, delayMs: 200, refused: 0.06, refusedLate: 0.15, silent: 0, silentMs: 0, toldTwice: 0.1 },
  { late: 0.5, delayMs: 20, refused: 0.15, refusedLate: 0.2, silent: 0.01, silentMs: 3_000, toldTwice: 0.05 },
  { late: 1, delayMs: 40, refused: 0.01, refusedLate: 0.01, silent: 0.02, silentMs: 26_000, toldTwice: 0 },
];
const ROOMS = ['alpha', 'Beta', 'γάμμα', 'delta-4', '#five', 'six.6'];
const PROFILES: Readonly<Record<Profile, number>> = {
  talker: 5,
  reserver: 7,
  flooder: 2.5,
  slow: 5,
  vandal: 2.5,
  traveller: 3,
  operator: 3,
  observer: 0,
};

/** `servers` is how many there are to be; drawn, too, where it is undefined. */
export function drawWeather(random: Random, wanted: number | 'many' | undefined): Weather {
  const drawn = Number(random.weighted({ 1: 7, 2: 8, 3: 7, 4: 2, 5: 1 }));
  const servers = wanted === 'many' ? Math.max(drawn, 2) : (wanted ?? drawn);
  // Rooms that servers share are copied from one to another, and have no log.
  const log = servers > 1 || random.chance(0.25) ? (LOGS[0] as LogWeather) : random.pick(LOGS.slice(1));
  const ttlMs = random.pick([500, 6_000, 8_000]);
  const pace = random.pick([0.5, 0.5, 1, 1, 2]);
  const textBytes = random.pick([300, 600, 1_500]);
  const idWindow = random.chance(0.2) ? random.pick([8, 40]) : 65_536;
  const base = drawServer(random, log, ttlMs, textBytes, idWindow);
  const network = drawNetwork(random, servers);
  const profiles: Profile[] = [];
  for (let i = 0; i < servers; i++) if (random.chance(0.6)) profiles.push('observer');
  for (let left = servers === 1 ? random.between(2, 7) : random.between(2, 5); left > 0; left--)
    profiles.push(random.weighted(PROFILES));
  const { limits } = base.node;
  const isMany = servers > 1;
  return {
    servers,
    network,
    base: isMany ? withRoom(base) : base,
    facts: {
      servers,
      rooms: isMany ? 'shared' : 'own',
      trueClocks: network.trueClocks,
      ttlMs,
      holdMs: network.mesh.replica.holdMs,
      floodMs: network.linkBufferBytes > 500_000 ? 1_000 : 4_000,
      slackMs:
        isMany || log.silent > 0 || log.refused > 0 || log.refusedLate > 0
          ? Number.POSITIVE_INFINITY
          : log.delayMs + 500,
      instantLog: log.late === 0,
      idWindowMs: idWindow < 65_536 ? 0 : Number.POSITIVE_INFINITY,
      presence: base.node.chat.limits.presence,
      outlastsSenders: log.silent > 0 && log.silentMs > 15_000,
      calmAt: 0,
      auditAt: 0,
      retiredAt: Number.POSITIVE_INFINITY,
    },
    profiles,
    cores: random.pick([0, 0, 1, 1, 2]),
    roughLines: false,
    rooms: ROOMS.slice(0, random.pick([1, 2, 2, 3, 4, 6])),
    operator: { name: 'root', password: 'hash of root' },
    stormMs: random.between(3_000, 8_500),
    settleMs:
      Math.max(isMany ? MESH_SETTLES_MS : 0, limits.writeDeadlineMs + limits.idleTimeoutMs + limits.lingerMs) +
      ttlMs +
      log.delayMs +
      log.silentMs +
      5_000,
    pace,
    textBytes,
  };
}

/** The same with so many client cores on rough lines and nobody else, in a storm that lasts. */
export function onRoughLines(weather: Weather, cores: number): Weather {
  const profiles = weather.profiles.filter((profile) => profile === 'observer');
  return { ...weather, profiles, cores, roughLines: true, pace: 3, stormMs: weather.stormMs * 10 };
}

function drawServer(
  random: Random,
  log: LogWeather,
  ttlMs: number,
  textBytes: number,
  idWindow: number,
): ServerWeather {
  const roomBytes = random.pick([4_096, 8_192, 65_536]);
  const flood = random.chance(0.4) ? undefined : { rate: random.pick([4, 10, 40]), burst: random.pick([8, 20, 60]) };
  const frameBytes = textBytes + 600;
  const writeDeadlineMs = random.pick([1_000, 3_000, 5_000]);
  const limits = {
    nickLength: 32,
    roomLength: 64,
    roomsPerUser: random.between(2, 6),
    rooms: random.between(2, 6),
    targets: random.between(2, 5),
    presence: random.chance(0.3) ? random.between(2, 4) : 500,
    roomIdleMs: random.pick([500, 3_000, 600_000]),
    nickHistory: random.between(1, 4),
    nickHistoryMs: random.pick([2_000, 600_000]),
    goneUsers: random.pick([2, 1_000]),
    registrationFrames: 8,
    flood,
    textBytes,
    historyCount: random.pick([8, 256]),
    passwordFailures: 3,
    passwordWaitMaxMs: 60_000,
  };
  const server = {
    name: 'sim.example',
    id: serverId(7),
    version: '0',
    info: 'a simulated server',
    birth: BEGINNING,
    incarnation: BEGINNING,
  };
  return {
    node: {
      chat: {
        server,
        limits,
        announcedLimits: [
          ['protocol', 1],
          ['frame', frameBytes],
          ['text', textBytes],
          ['ttl', ttlMs],
          ['history', limits.historyCount],
          ['ack', 'home'],
        ],
        operators: new Map([['root', { hash: 'hash of root', grants: 'all' as const }]]),
        passwordHash: random.chance(0.15) ? 'hash of everybody' : undefined,
        servers: [],
      },
      trace: undefined,
      rooms: {
        server: { id: server.id, incarnation: BEGINNING },
        ring: {
          entries: random.pick([6, 6, 32]),
          bytes: roomBytes,
          ageMs: random.pick([1_000, 60_000]),
        },
        ringMemory: Math.max(roomBytes, random.pick([8_192, 1_048_576])),
        order: {
          ttlMs,
          reservations: random.pick([2, 8]),
          idWindowMs: 600_000,
          idWindow,
          pendingEntries: random.pick([4, 4_096]),
          pendingBytes: random.pick([8_192, 4_194_304]),
        },
        ids: Math.max(idWindow, random.pick([idWindow, 131_072])),
        penalties: {
          reservationWaitMs: random.pick([50, 1_000]),
          reservationWaitMaxMs: random.pick([1_000, 600_000]),
        },
      },
      limits: {
        connections: {
          most: random.chance(0.2) ? random.between(3, 8) : 1_000,
          perSource: random.chance(0.2) ? 2 : Number.POSITIVE_INFINITY,
          newFrameBytes: 1_024,
          args: 64,
        },
        frameBytes,
        registrationBytes: 4_096,
        registrationMs: random.pick([1_500, 5_000]),
        newOutputBytes: 4_096,
        outputBytes: random.pick([8_192, 8_192, 32_768]),
        writeDeadlineMs,
        idlePingMs: random.pick([1_500, 1_500, 4_000]),
        idleTimeoutMs: random.pick([3_000, 3_000, 5_000]),
        lingerMs: random.pick([1_000, 3_000]),
      },
    },
    mesh: undefined,
    log,
    memory: { slots: random.pick([8, 8, 1_024]), bytes: roomBytes },
    memoryCap: Math.max(roomBytes, random.pick([16_384, 1_048_576])),
    batchMs: random.pick([0, 1, 5]),
  };
}

/** From the end of all faults to links everywhere: a link found dead, a courtesy, a dial, a back-off, the hold. */
const MESH_SETTLES_MS = 34_000;

function drawNetwork(random: Random, servers: number): NetworkWeather {
  const leaps = random.chance(0.2);
  const isSkewed = random.chance(0.25);
  const clocks = Array.from({ length: servers }, () => (isSkewed ? random.between(-9_000, 9_000) : 0));
  const every = [...clocks.keys()];
  const holdMs = random.pick([0, 0, 1_000, 3_000]);
  // A ring holds together when one link breaks, a line does not; both are legal.
  const shape = random.weighted({ multicast: 5, all: 2, ring: 2, line: 1, both: 2 });
  const peers = every.map((i) => {
    if (shape === 'multicast') return [];
    if (shape === 'all' || shape === 'both') return every.filter((j) => j !== i && (i < j || random.chance(0.7)));
    if (shape === 'ring') return servers > 1 ? [(i + 1) % servers] : [];
    return i + 1 < servers ? [i + 1] : [];
  });
  const happens = (chance: number, weight: number): number => (random.chance(chance) ? weight : 0);
  return {
    clocks,
    trueClocks: !isSkewed && !leaps,
    datagrams: { loss: random.pick([0, 0.1, 0.4]), doubled: random.pick([0, 0.2]), delayMs: random.pick([2, 30, 400]) },
    linkDelayMs: random.pick([0, 2, 20, 80]),
    linkJitterMs: random.pick([0, 5, 60]),
    linkCuts: random.pick([0, 0.05, 0.3]),
    linkBufferBytes: random.pick([2_000, 65_536, 1_048_576]),
    peers,
    discovery: shape === 'multicast' || shape === 'both',
    faults: {
      reset: happens(0.6, 3),
      silence: happens(0.5, 3),
      oneWay: happens(0.5, 2),
      split: happens(0.8, 6),
      pause: happens(0.5, 2),
      longPause: happens(0.3, 1),
      crash: happens(0.6, 4),
      dark: happens(0.4, 2),
      stop: happens(0.7, 3),
      leap: leaps ? 1 : 0,
      stranger: happens(0.5, 4),
    },
    faultEveryMs: random.pick([500, 1_500, 4_000]),
    mesh: {
      network: 'simulated',
      replica: {
        holdMs,
        unseenMs: 20_000,
        vectorMs: random.pick([3_000, 10_000]),
        answerMs: random.pick([1_000, 5_000]),
        servers: 16,
        log: { facts: random.pick([4, 64, 4_096]), bytes: 262_144 },
        logBytes: 1_048_576,
        snapshotBytes: 1_048_576,
      },
      rooms: { holdMs, ack: 'replicated', memory: { slots: 1_024, bytes: 1 << 20 }, memoryBytes: 1 << 26 },
      fullBytes: random.pick([2_000, 65_536]),
      mostBytes: 524_288,
    },
  };
}

/** Links count among connections, and everybody may have to go to one server. */
function withRoom(base: ServerWeather): ServerWeather {
  const { node } = base;
  const connections = { ...node.limits.connections, most: 1_000, perSource: Number.POSITIVE_INFINITY };
  // Links never rest, so that to wait for a room's end costs more here than it shows.
  const limits = { ...node.chat.limits, roomIdleMs: Math.min(node.chat.limits.roomIdleMs, 3_000) };
  return { ...base, node: { ...node, chat: { ...node.chat, limits }, limits: { ...node.limits, connections } } };
}

/** What server `index` is told when it begins a life at `now` on its own clock, or anew with that incarnation. */
export function serverWeather(weather: Weather, index: number, now: number, reborn = false): ServerWeather {
  const { base, network, servers } = weather;
  if (servers === 1) return base;
  const id = serverId(index + 1);
  const server = { ...base.node.chat.server, name: `s${index + 1}.sim`, id, birth: now, incarnation: now };
  return {
    ...base,
    node: {
      ...base.node,
      chat: { ...base.node.chat, server },
      rooms: { ...base.node.rooms, server: { id, incarnation: now } },
    },
    mesh: {
      ...network.mesh,
      self: {
        name: server.name,
        id,
        ip: ipOf(index),
        port: LINK_PORT,
        incarnation: now,
        info: server.info,
        clients: [clientAddress(index)],
      },
      peers: (network.peers[index] ?? []).map((peer) => ({ host: ipOf(peer), port: LINK_PORT })),
      discovery: network.discovery,
      reborn,
    },
  };
}

/** The two directions of a link between servers. */
export function linkWays({ network }: Weather): readonly [Way, Way] {
  const { linkBufferBytes, linkDelayMs, linkJitterMs, linkCuts } = network;
  const way = { bufferBytes: linkBufferBytes, delayMs: linkDelayMs, jitterMs: linkJitterMs, cuts: linkCuts };
  return [way, way];
}

export const PROMPT_WAY: Way = { bufferBytes: 16_777_216, delayMs: 1, jitterMs: 0, cuts: 0.3 };

/** A client's way to the server and the way back. */
export function drawWays(random: Random, slow: boolean): readonly [Way, Way] {
  const delayMs = random.pick([0, 2, 20, 150]);
  const jitterMs = random.pick([0, 0, 10, 100]);
  const there = { bufferBytes: 16_777_216, delayMs, jitterMs, cuts: random.pick([0, 0.1, 0.8]) };
  const bufferBytes = slow ? random.pick([64, 300, 2_000]) : random.pick([1_000, 16_384, 262_144]);
  return [there, { bufferBytes, delayMs, jitterMs, cuts: random.pick([0, 0.1, 0.5]) }];
}
