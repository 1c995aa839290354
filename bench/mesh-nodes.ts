// bun bench/mesh-nodes.ts [MEMBERSxPUBLISHERSxWINDOW …] [--loop SECONDS]: what a message costs the code of three servers
// that share a room, beside that of one that is alone, in one thread and without sockets. `--loop` goes on with the first
// shape at the three for so long, for a profiler.
//
// A batch is everything that lies ready for a server when its turn comes, as at a busy edge. What a client is written
// costs nothing here, so that the difference between one and three is the mesh alone.

import { utf8Bytes } from '../src/base/bytes.ts';
import type { ConnectionId } from '../src/base/ids.ts';
import type { MeshPorts } from '../src/node/mesh.ts';
import { Node } from '../src/node/node.ts';
import type { Ports } from '../src/node/ports.ts';
import { meshConfig } from '../src/ops/mesh-config.ts';
import { nodeConfig } from '../src/ops/node-config.ts';
import type { Options } from '../src/ops/options/option-table.ts';
import { HmacSecrets } from '../src/ops/secrets/secrets.ts';
import { helpIfAsked } from './help.ts';
import { quietPorts } from './ports.ts';
import { presets } from './presets.ts';

const SHAPES = ['50x1x1', '50x1x16', '50x50x1', '200x1x1', '200x1x16'];
const SERVERS = 3;
const START = 1_790_000_000_000;
const TEXT = 'x'.repeat(100);
const HOST = '127.0.0.1';
/** Messages until everything is compiled; turns that are measured, and how long each of them is. */
const WARM_MESSAGES = 20_000;
const TURNS = 5;
const TURN_MS = 300;

interface Arrival {
  readonly id: ConnectionId;
  readonly chunk: Uint8Array;
  readonly isLink: boolean;
}

/** A node on an edge that is a list of what has arrived. */
class Server {
  readonly node: Node;
  readonly id: number;
  batches = 0;
  linkWrites = 0;
  linkBytes = 0;
  /** Bytes that clients were given. */
  given = 0;
  /** The other ends of links. */
  readonly #far = new Map<ConnectionId, { readonly to: Server; readonly id: ConnectionId }>();
  #arrived: Arrival[] = [];
  #isWoken = false;

  /** `others`: those that are there already; undefined for a server that is alone. */
  constructor(id: number, others?: readonly Server[]) {
    this.id = id;
    const name = `bench${id}`;
    const options = { ...presets('--flood', 'off', '--discovery', 'off'), name };
    const config = nodeConfig(options, [], { id, version: '0', birth: START, incarnation: START });
    if (others === undefined) this.node = new Node(config, this.#ports(options));
    else {
      const reach = {
        id,
        incarnation: START,
        reborn: false,
        links: { host: HOST, port: id },
        clients: [],
        web: undefined,
      };
      const peers = others.map((other) => ({ host: HOST, port: other.id }));
      const mesh = { config: { ...meshConfig(options, reach), peers }, ports: this.#meshPorts(others) };
      this.node = new Node(config, this.#ports(options), mesh);
      this.node.links?.mesh.start(START);
    }
  }

  arrive(id: ConnectionId, chunk: Uint8Array, isLink = false): void {
    this.#arrived.push({ id, chunk, isLink });
  }

  /** Takes all that has arrived, and flushes; false when there was nothing to do. */
  batch(now: number): boolean {
    if (this.#arrived.length === 0 && !this.#isWoken) return false;
    this.batches++;
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const { id, chunk, isLink } of arrived) {
      if (isLink) this.node.links?.receive(id, chunk, now);
      else this.node.receive(id, chunk, now);
    }
    if (this.node.deadline <= now) this.node.tick(now);
    if (!this.#isWoken) return true;
    this.#isWoken = false;
    this.node.flush(now);
    return true;
  }

  #offer(id: ConnectionId, bytes: Uint8Array, start: number, end: number): number {
    const far = this.#far.get(id);
    if (far === undefined) this.given += end - start;
    else {
      this.linkWrites++;
      this.linkBytes += end - start;
      far.to.arrive(far.id, bytes.slice(start, end), true);
    }
    return end - start;
  }

  #ports(options: Options): Ports {
    return quietPorts(options, {
      offer: (id, bytes, start, end) => this.#offer(id, bytes, start, end),
      wake: () => {
        this.#isWoken = true;
      },
    });
  }

  #meshPorts(others: readonly Server[]): MeshPorts {
    return {
      secrets: new HmacSecrets(['a secret that the benches share']),
      chance: { random: Math.random, nonce: () => crypto.randomUUID().replaceAll('-', '') },
      hash: (text) => new Bun.CryptoHasher('sha256').update(text).digest('hex'),
      dial: (number, { port }) => {
        const other = others.find(({ id }) => id === port) as Server;
        queueMicrotask(() => this.#dial(number, other));
      },
      cancelDial: () => {},
      datagram: () => {},
      beginAnew: () => {},
    };
  }

  #dial(number: number, other: Server): void {
    const [here, there] = [this.node.links?.dialled(number, START), other.node.links?.accepted(HOST, START)];
    if (here === undefined || there === undefined) throw new Error('a dial without a mesh');
    this.#far.set(here, { to: other, id: there });
    other.#far.set(there, { to: this, id: here });
  }
}

/** Some servers and the members of one room, spread evenly over them. */
class World {
  readonly servers: Server[] = [];
  readonly #members: { readonly server: Server; readonly id: ConnectionId }[] = [];
  #now = START;
  readonly #wave: Uint8Array;
  readonly #publishers: number;

  private constructor(count: number, publishers: number, window: number) {
    for (let id = 1; id <= count; id++) {
      this.servers.push(new Server(id, count === 1 ? undefined : [...this.servers]));
    }
    this.#publishers = publishers;
    this.#wave = utf8Bytes(`<CSEND,${TEXT}>`.repeat(window));
  }

  static async gather(count: number, members: number, publishers: number, window: number): Promise<World> {
    const world = new World(count, publishers, window);
    await Promise.resolve();
    world.#run();
    for (let i = 0; i < members; i++) world.#join(i);
    return world;
  }

  #join(i: number): void {
    const server = this.servers[i % this.servers.length] as Server;
    const id = server.node.connected(HOST, 'bench.example', this.#now);
    const create = i === 0 ? '<CREATEROOM,lobby>' : '';
    server.arrive(id, utf8Bytes(`<NICK,member${i}><USER,bench,0,*,Bench>${create}<JOINROOM,lobby>`));
    this.#run();
    this.#members.push({ server, id });
  }

  /** Every publisher sends its window, and everybody gets it. */
  wave(): void {
    for (let i = 0; i < this.#publishers; i++) {
      const { server, id } = this.#members[i] as { server: Server; id: ConnectionId };
      // A scanner keeps what it is given.
      server.arrive(id, this.#wave);
    }
    this.#run();
    this.#now++;
  }

  /** Bytes that clients were given. */
  get given(): number {
    return this.servers.reduce((sum, { given }) => sum + given, 0);
  }

  #run(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (const server of this.servers) isBusy = server.batch(this.#now) || isBusy;
    }
  }
}

function sum(world: World, of: (server: Server) => number): number {
  return world.servers.reduce((total, server) => total + of(server), 0);
}

/** Waves for so long; ns of processor time a message, collections in other threads among them. */
function turn(world: World, messages: number, forMs: number): number {
  const end = performance.now() + forMs;
  const before = process.cpuUsage();
  let sent = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 10; i++) world.wave();
    sent += 10 * messages;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / sent;
}

async function measure(members: number, publishers: number, window: number): Promise<string> {
  const messages = publishers * window;
  const worlds = [
    await World.gather(1, members, publishers, window),
    await World.gather(SERVERS, members, publishers, window),
  ] as const;
  for (const world of worlds) for (let sent = 0; sent < WARM_MESSAGES; sent += messages) world.wave();
  const [one, three] = worlds;
  const [before, beforeOne] = [three.given, one.given];
  one.wave();
  three.wave();
  const isSame = Math.abs(three.given - before - (one.given - beforeOne)) < messages * 100;
  if (three.given - before < messages * members * TEXT.length || !isSame)
    throw new Error('not everybody has everything');
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < TURNS; i++) {
    for (const [side, world] of worlds.entries()) {
      best[side] = Math.min(best[side] as number, turn(world, messages, TURN_MS));
    }
  }
  const counted = [(s: Server) => s.batches, (s: Server) => s.linkWrites, (s: Server) => s.linkBytes];
  const was = counted.map((of) => sum(three, of));
  for (let i = 0; i < 100; i++) three.wave();
  const each = counted.map((of, i) => ((sum(three, of) - (was[i] as number)) / 100 / messages).toFixed(2));
  const [alone, spread] = best.map((ns) => ns.toFixed(0)) as [string, string];
  return `one ${alone} ns, three ${spread} ns; ${each[0]} batches, ${each[1]} writes and ${each[2]} bytes on links`;
}

helpIfAsked(import.meta.path);
const args = process.argv.slice(2);
const at = args.indexOf('--loop');
const [, seconds = ''] = at < 0 ? [] : args.splice(at, 2);
for (const shape of args.length > 0 ? args : SHAPES) {
  const [members = 0, publishers = 0, window = 0] = shape.split('x').map(Number);
  if (seconds === '') process.stdout.write(`${shape} a message: ${await measure(members, publishers, window)}\n`);
  else turn(await World.gather(SERVERS, members, publishers, window), 1, Number(seconds) * 1000);
}
