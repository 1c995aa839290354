// A stage: several nodes in one thread, linked as a test wants them, with clients that say lines and remember what they
// hear. Time is simulated and the ways are quick and whole, so that what happens is what the test brings about.

import { Cluster, type Host } from '../../sim/cluster.ts';
import { encode, type Frame, FrameReader } from '../../sim/frames.ts';
import { Random } from '../../sim/random.ts';
import { Record } from '../../sim/record.ts';
import { Sometimes } from '../../sim/sometimes.ts';
import type { End } from '../../sim/transport.ts';
import { drawWeather, type NetworkWeather, type Weather } from '../../sim/weather.ts';
import { World } from '../../sim/world.ts';

export const HOLD_MS = 3_000;
const WAY = { bufferBytes: 16_777_216, delayMs: 1, jitterMs: 0, cuts: 0 };

export interface StageOptions {
  /** Whom each server dials; all servers dial all others where it is left out. */
  readonly peers?: readonly (readonly number[])[];
  readonly ack?: 'home' | 'replicated';
  /** What else is different between the servers. */
  readonly network?: Partial<NetworkWeather>;
  readonly ringEntries?: number;
  readonly fullBytes?: number;
  /** Bytes that may wait for a link before it is ended, and that its socket takes. */
  readonly mostBytes?: number;
  readonly linkBufferBytes?: number;
  readonly roomIdleMs?: number;
}

export class Client {
  readonly frames: Frame[] = [];
  readonly #end: End;
  readonly #reader = new FrameReader();

  constructor(end: End) {
    this.#end = end;
    end.handlers = {
      data: (chunk) => this.frames.push(...this.#reader.read(chunk)),
      drain: () => {},
      end: () => end.end(),
      close: () => {},
    };
  }

  say(verb: string, ...args: string[]): void {
    const bytes = encode(verb, args);
    this.#end.write(bytes, 0, bytes.length);
  }

  /** Many messages in one piece, so that they are one batch. */
  sayMany(texts: readonly string[], id: string): void {
    const bytes = Buffer.concat(texts.map((text, i) => encode('CSEND', [text, '', '', `${id}-${i}`])));
    this.#end.write(bytes, 0, bytes.length);
  }

  /** It reads nothing until resume(). */
  pause(): void {
    this.#end.pause();
  }

  resume(): void {
    this.#end.resume();
  }

  leave(): void {
    this.#end.end();
  }

  all(verb: string): Frame[] {
    return this.frames.filter((frame) => frame.verb === verb);
  }

  last(verb: string): Frame | undefined {
    return this.all(verb).at(-1);
  }

  /** The messages of a room as `epoch seq text`, in the order in which they came. */
  get messages(): string[] {
    return this.all('CMSG').map(({ args }) => `${args[1]} ${args[2]} ${args[5]}`);
  }

  get texts(): string[] {
    return this.all('CMSG').map(({ args }) => args[5] as string);
  }
}

/** The home of a room's newest epoch, as a client heard of it: a server's id, which is its index + 1. */
export function homeOf(client: Client): number {
  const epoch = client.last('EPOCH')?.args[1] ?? client.last('RPL_WELCOME')?.args[3] ?? '';
  return Number(epoch.split('.')[1]);
}

export class Stage {
  readonly world = new World(1);
  readonly cluster: Cluster;
  readonly #weather: Weather;
  #clients = 0;

  constructor(servers: number, options: StageOptions = {}) {
    this.#weather = weather(servers, options);
    this.cluster = new Cluster(this.world, this.#weather, new Record({ ...this.#weather.facts }), new Sometimes());
    // Batches and timers come when they are due, and not up to some ms later.
    this.world.calm = true;
    for (const host of this.cluster.hosts) host.start();
    this.run(10_000);
  }

  run(ms: number): void {
    this.world.run(ms);
  }

  host(index: number): Host {
    const host = this.cluster.hosts[index];
    if (host === undefined) throw new Error(`there is no server ${index}`);
    return host;
  }

  /** A client that is registered at a server. */
  client(server: number, nick: string): Client {
    const way = { ...WAY };
    const number = ++this.#clients;
    const end = this.cluster.connect(
      this.host(server),
      `c${number}s${server + 1}`,
      `10.0.0.${number}`,
      way,
      way,
      new Random(number),
    );
    const client = new Client(end);
    client.say('NICK', nick);
    client.say('USER', nick, '0', '*', nick);
    this.run(50);
    if (client.last('RPL_LIMITS') === undefined) throw new Error(`${nick} is not welcome`);
    return client;
  }

  /** A client at each server, all in one room that the first has made. */
  room(name: string, ...nicks: string[]): Client[] {
    const clients = nicks.map((nick, index) => this.client(index, nick));
    clients[0]?.say('CREATEROOM', name);
    this.run(200);
    for (const client of clients) client.say('JOINROOM', name);
    this.run(500);
    return clients;
  }

  /** Parts the servers of one side from all others, in both directions. */
  split(side: readonly number[]): void {
    const { hosts, network } = this.cluster;
    for (const a of hosts.keys()) {
      for (const b of hosts.keys()) if (side.includes(a) !== side.includes(b)) network.cut(a, b);
    }
  }

  /** The same, and both ends of every link between them hear of it at once. */
  sever(side: readonly number[]): void {
    const { hosts } = this.cluster;
    for (const a of side) for (const b of hosts.keys()) if (!side.includes(b)) this.cluster.reset(a, b);
    this.split(side);
    this.run(5);
  }

  heal(): void {
    this.cluster.network.mend();
  }

  /** What servers say to one another of rooms from now on, as `from→to VERB`. */
  overhear(): string[] {
    const said: string[] = [];
    for (const { index, server } of this.cluster.hosts) {
      const rooms = server?.node.links?.rooms;
      if (rooms === undefined) continue;
      const arrived = rooms.arrived.bind(rooms);
      rooms.arrived = (from, frame) => {
        said.push(`${from}→${index + 1} ${frame.verb()}`);
        return arrived(from, frame);
      };
    }
    return said;
  }

  /** What was found to be wrong with any server. */
  get faults(): string[] {
    return this.cluster.violations.map(({ invariant, what }) => `${invariant}: ${what}`);
  }
}

function weather(servers: number, options: StageOptions): Weather {
  const drawn = drawWeather(new Random(1), servers);
  const { base, network } = drawn;
  const { node } = base;
  const { chat } = node;
  const every = [...Array(servers).keys()];
  const limits = {
    ...chat.limits,
    ...{ flood: undefined, rooms: 50, roomsPerUser: 20, presence: 500 },
    roomIdleMs: options.roomIdleMs ?? 600_000,
  };
  const quiet = {
    linkDelayMs: 1,
    linkJitterMs: 0,
    linkCuts: 0,
    linkBufferBytes: options.linkBufferBytes ?? 1_048_576,
    datagrams: { loss: 0, doubled: 0, delayMs: 1 },
  };
  const mesh = {
    ...network.mesh,
    replica: { ...network.mesh.replica, holdMs: HOLD_MS },
    rooms: { ...network.mesh.rooms, holdMs: HOLD_MS, ack: options.ack ?? 'replicated' },
    fullBytes: options.fullBytes ?? 65_536,
    mostBytes: options.mostBytes ?? 4_194_304,
  } as const;
  return {
    ...drawn,
    base: {
      ...base,
      batchMs: 0,
      log: { late: 0, delayMs: 0, refused: 0, refusedLate: 0, silent: 0, silentMs: 0, toldTwice: 0 },
      memory: { slots: 1_024, bytes: 1 << 20 },
      node: {
        ...node,
        chat: { ...chat, limits, passwordHash: undefined },
        rooms: {
          ...node.rooms,
          ring: { entries: options.ringEntries ?? 200, bytes: 65_536, ageMs: 60_000 },
          ringMemory: 1 << 20,
          order: { ...node.rooms.order, ttlMs: 5_000, reservations: 8, pendingEntries: 4_096, pendingBytes: 4_194_304 },
        },
        limits: {
          ...node.limits,
          ...{ outputBytes: 262_144, writeDeadlineMs: 600_000, idlePingMs: 600_000, idleTimeoutMs: 600_000 },
        },
      },
    },
    network: {
      ...network,
      ...quiet,
      clocks: every.map(() => 0),
      peers: options.peers ?? every.map((i) => every.filter((j) => j > i)),
      discovery: false,
      mesh,
      ...options.network,
    },
  };
}
