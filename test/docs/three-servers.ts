// Three servers as the text shows them, in one thread and without a socket: the real node, given the options that a
// process is given, with a millisecond between any two of them and between a client and its server. What every link
// carries and every client gets is written down, frame by frame.

import { createHash, createHmac } from 'node:crypto';
import { Budget } from '../../src/base/budget.ts';
import type { ConnectionId } from '../../src/base/ids.ts';
import type { Endpoint } from '../../src/mesh/identity.ts';
import type { LinkConnections } from '../../src/node/link-connections.ts';
import type { MeshPorts } from '../../src/node/mesh.ts';
import { Node } from '../../src/node/node.ts';
import type { Ports } from '../../src/node/ports.ts';
import { meshConfig } from '../../src/ops/mesh-config.ts';
import { nodeConfig } from '../../src/ops/node-config.ts';
import type { Options } from '../../src/ops/options/option-table.ts';
import { parseOptions } from '../../src/ops/options/options.ts';
import { MemoryLog } from '../../src/order/memory.ts';
import { World } from '../sim/world.ts';

const SECRET = 'correct horse battery staple';
const WAY_MS = 1;
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const macOf = (text: string | Uint8Array): string => createHmac('sha256', SECRET).update(text).digest('hex');

/** A frame that was said: on the link `way`, such as `a→b`, or to the client of that name. */
export interface Said {
  readonly way: string;
  readonly text: string;
}

/** One end of a connection, as a server has it. */
interface Socket {
  readonly way: string;
  readonly hearer: Pick<Node, 'receive' | 'closed'>;
  /** Takes what the server says. */
  carry(bytes: Uint8Array): void;
  /** Hears that the server's end is closed. */
  end(): void;
}

export class Network {
  readonly said: Said[] = [];
  readonly world = new World(1);
  readonly servers: readonly Server[];
  #cut: readonly (readonly Server[])[] = [];

  constructor() {
    this.servers = ['a', 'b', 'c'].map((letter, i) => new Server(this, letter, i + 1));
    this.run(1_000);
  }

  at(letter: string): Server {
    return this.servers.find((server) => server.letter === letter) as Server;
  }

  run(ms: number): void {
    this.world.run(ms);
  }

  /** No side hears of the others; heal() ends it. */
  split(...sides: readonly string[]): void {
    this.#cut = sides.map((letters) => [...letters].map((letter) => this.at(letter)));
    for (const server of this.servers) server.breakLinks((other) => !this.joins(server, other));
  }

  heal(): void {
    this.#cut = [];
  }

  /** Whether two servers can reach each other. */
  joins(one: Server, other: Server): boolean {
    const sideOf = (server: Server): number => this.#cut.findIndex((side) => side.includes(server));
    return !one.isOver && !other.isOver && sideOf(one) === sideOf(other);
  }

  /** Each frame of what was said, one a line. */
  note(way: string, text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.said.push({ way, text: line });
  }
}

export class Server {
  readonly letter: string;
  readonly ip: string;
  isOver = false;
  readonly #id: number;
  readonly #network: Network;
  readonly #node: Node;
  readonly #sockets = new Map<ConnectionId, Socket & { readonly other?: Server }>();
  readonly #memory = new Budget(1 << 24);
  #tickAt = Number.POSITIVE_INFINITY;
  #nonces = 0;
  #woken = false;

  constructor(network: Network, letter: string, id: number) {
    this.#network = network;
    this.letter = letter;
    this.ip = `192.0.2.${id}`;
    this.#id = id;
    const { now } = network.world;
    const options = optionsOf(letter, id, this.ip);
    const links = { host: this.ip, port: 7401 };
    const clients = [{ host: `${letter}.example`, port: 7400 }];
    const mesh = meshConfig(options, { id, incarnation: now, reborn: false, links, clients, web: undefined });
    const config = nodeConfig(options, [], { id, version: '0', birth: now, incarnation: now });
    this.#node = new Node(config, this.#ports(options), { config: mesh, ports: this.#meshPorts() });
    this.#call(() => this.#links.mesh.start(now));
  }

  /** A client of this server, registered under that name. */
  client(name: string): (frames: string) => void {
    const network = this.#network;
    const id = this.#call((now) => this.#node.connected('198.51.100.1', 'host', now)) as ConnectionId;
    const carry = (bytes: Uint8Array): void => network.note(name, decode(bytes));
    this.#sockets.set(id, { way: name, hearer: this.#node, carry, end: () => {} });
    const send = (frames: string): void => {
      network.world.after(WAY_MS, () => this.#hear(id, new TextEncoder().encode(frames)));
    };
    send(`<NICK,${name}><USER,${name},0,*,${name}>`);
    return send;
  }

  /** It is gone from one moment to the next. */
  kill(): void {
    this.isOver = true;
    for (const socket of this.#sockets.values()) socket.end();
  }

  stop(reason: string): void {
    this.#call((now) => this.#node.shutdown(reason, now));
  }

  breakLinks(isBroken: (other: Server) => boolean): void {
    for (const [id, { other }] of this.#sockets) if (other !== undefined && isBroken(other)) this.#close(id);
  }

  get #links(): LinkConnections {
    return this.#node.links as LinkConnections;
  }

  #call<T>(work: (now: number) => T): T | undefined {
    if (this.isOver) return undefined;
    const done = work(this.#network.world.now);
    this.#arm();
    return done;
  }

  #arm(): void {
    const { world } = this.#network;
    const at = this.#node.deadline;
    if (at >= this.#tickAt) return;
    this.#tickAt = at;
    world.at(at, () => {
      if (this.#tickAt !== at) return;
      this.#tickAt = Number.POSITIVE_INFINITY;
      this.#call((now) => this.#node.deadline <= now && this.#node.tick(now));
    });
  }

  #hear(id: ConnectionId, bytes: Uint8Array): void {
    this.#call((now) => this.#sockets.get(id)?.hearer.receive(id, bytes, now));
  }

  /** Our end is closed; the other one hears of it. */
  #close(id: ConnectionId): void {
    const socket = this.#sockets.get(id);
    if (socket === undefined) return;
    socket.end();
    this.#lose(id);
  }

  #lose(id: ConnectionId): void {
    const socket = this.#sockets.get(id);
    if (!this.#sockets.delete(id)) return;
    this.#network.world.after(0, () => this.#call((now) => socket?.hearer.closed(id, 'Connection lost', now)));
  }

  #dial(number: number, to: Endpoint): void {
    const there = this.#network.servers.find(({ ip }) => ip === to.host);
    if (there === undefined || !this.#network.joins(this, there)) {
      return void this.#call((now) => this.#links.dialFailed(number, 'ECONNREFUSED', now));
    }
    const far = there.#call((now) => there.#links.accepted(this.ip, now)) as ConnectionId;
    const near = this.#call((now) => this.#links.dialled(number, now)) as ConnectionId;
    this.#link(near, there, far);
    there.#link(far, this, near);
  }

  #link(id: ConnectionId, other: Server, far: ConnectionId): void {
    const network = this.#network;
    const way = `${this.letter}→${other.letter}`;
    const later = (work: () => void): void => network.world.after(WAY_MS, work);
    const carry = (bytes: Uint8Array): void => {
      network.note(way, decode(bytes));
      later(() => network.joins(this, other) && other.#hear(far, bytes));
    };
    this.#sockets.set(id, { way, hearer: this.#links, other, carry, end: () => later(() => other.#lose(far)) });
  }

  #ports(options: Options): Ports {
    const { world } = this.#network;
    const limits = { slots: options.roomMessages, bytes: options.roomBytes };
    return {
      offer: (id, bytes, start, end) => {
        this.#sockets.get(id)?.carry(bytes.slice(start, end));
        return end - start;
      },
      pause: () => {},
      resume: () => {},
      end: (id) => this.#close(id),
      terminate: (id) => this.#close(id),
      wake: () => {
        if (this.#woken) return;
        this.#woken = true;
        world.after(0, () => {
          this.#woken = false;
          this.#call((now) => this.#node.flush(now));
        });
      },
      openLog: (_room, epoch, first) => new MemoryLog(epoch, this.#memory, limits, first),
      verify: () => false,
      token: (uid) => macOf(uid),
      isToken: (uid, token) => token === macOf(uid),
      log: (level, event, fields) => {
        if (level === 'error') throw new Error(`${this.letter}: ${event} ${JSON.stringify(fields)}`);
      },
      stop: () => {},
    };
  }

  #meshPorts(): MeshPorts {
    const { world } = this.#network;
    return {
      secrets: { mac: macOf, verify: (text, mac) => macOf(text) === mac },
      hash: (text) => createHash('sha256').update(text).digest('hex'),
      chance: { random: () => 0.5, nonce: () => macOf(`${this.#id} ${++this.#nonces}`).slice(0, 32) },
      dial: (number, to) => world.after(WAY_MS, () => this.#dial(number, to)),
      cancelDial: () => {},
      datagram: () => {},
      beginAnew: () => {},
    };
  }
}

/** Of each server; it dials those with higher numbers. */
function optionsOf(letter: string, id: number, ip: string): Options {
  const given = ['--name', `${letter}.example`, '--id', `${id}`, '--network', 'testnet', '--discovery', 'off'];
  const peers = [2, 3].filter((other) => other > id).map((other) => `192.0.2.${other}:7401`);
  if (peers.length > 0) given.push('--peers', peers.join(','));
  const parsed = parseOptions([...given, '--secret-file', 'unread', '--advertise', `${ip}:7401`], {});
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.options;
}
