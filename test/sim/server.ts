// A server of the simulated world in one of its lives: the real node on an edge made of events. It is told what Bun's
// edge would tell it, in batches: what comes before the flush that was asked for is one batch. While its gate is shut it
// stands still, and everything waits. It watches what only the inside shows: memory against its caps, faults of our own,
// and that nothing is left when everybody has gone.

import { Budget } from '../../src/base/budget.ts';
import type { ConnectionId, Ticket } from '../../src/base/ids.ts';
import { NEW } from '../../src/chat/session.ts';
import type { Endpoint } from '../../src/mesh/identity.ts';
import type { NodeConfig } from '../../src/node/config.ts';
import type { LinkConnections } from '../../src/node/link-connections.ts';
import type { MeshConfig, MeshPorts } from '../../src/node/mesh.ts';
import { Node } from '../../src/node/node.ts';
import type { Ports } from '../../src/node/ports.ts';
import { type MemoryLimits, MemoryLog } from '../../src/order/memory.ts';
import { Gate } from './network.ts';
import type { Random } from './random.ts';
import type { LinkTap } from './record.ts';
import { macOf } from './secrets.ts';
import { type LogWeather, SlowLog } from './slow-log.ts';
import type { End } from './transport.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

export interface ServerWeather {
  readonly node: NodeConfig;
  /** Undefined for a server that is alone. */
  readonly mesh: MeshConfig | undefined;
  readonly log: LogWeather;
  readonly memory: MemoryLimits;
  readonly memoryCap: number;
  /** How long a batch of input lasts. */
  readonly batchMs: number;
}

/** What a server asks of the world around it. */
export interface Surroundings {
  /** The clock of its host, in Unix ms. */
  clock(): number;
  /** Connects to another server; `done` gets our end of it, or why there is none. */
  dial(to: Endpoint, done: (end: End | undefined, reason: string) => void): void;
  datagram(bytes: Uint8Array, to: Endpoint | 'group'): void;
  /** Who writes down what is said and heard on the link that `end` carries. */
  tap(end: End): LinkTap;
  /** It wants to end. */
  stop(reason: string): void;
  /** It wants to be another life, with that incarnation. */
  beginAnew(incarnation: number): void;
  sometimes(event: string): void;
  violate(violation: Violation): void;
}

/** Who hears of a connection: the node of a client's, its links of a server's. */
type Hearer = Pick<Node, 'receive' | 'drained' | 'inputOver' | 'closed'>;

const SECRET = 'a secret of the simulated network';
/** Password checks at once; more are turned away. */
const CHECKS = 4;
const CHECK_MS = 80;
/** What the last piece of a list may put into an outbox beyond its limit. */
const POUR_SLACK = 20_000;
/** A dial takes as long as the system lets it; ours takes this long. */
const DIAL_MS = 5_000;
/** Datagrams that wait in front of a process that stands still; further ones are lost. */
const DATAGRAMS = 64;
/** The inside is looked at after each so-many-th flush. */
const SAMPLE_EVERY = 4;

export class SimServer {
  readonly node: Node;
  readonly gate = new Gate();
  /** The process is gone: nothing happens to it any more. */
  isOver = false;
  /** When this life began, on its own clock. */
  readonly incarnation: number;
  readonly #name: string;
  readonly #world: World;
  readonly #random: Random;
  readonly #weather: ServerWeather;
  readonly #around: Surroundings;
  readonly #sockets: (End | undefined)[] = [];
  readonly #taps: (LinkTap | undefined)[] = [];
  readonly #inputOver = new Set<ConnectionId>();
  readonly #memory: Budget;
  readonly #dials = new Set<number>();
  /** The time never goes back, whatever is done to the clock. */
  #now: number;
  #woken = false;
  #tickAt = Number.POSITIVE_INFINITY;
  #checks = 0;
  #flushes = 0;
  #datagrams = 0;

  constructor(name: string, world: World, weather: ServerWeather, around: Surroundings) {
    this.#name = name;
    this.#world = world;
    this.#random = world.random.fork();
    this.#weather = weather;
    this.#around = around;
    this.#memory = new Budget(weather.memoryCap);
    this.#now = around.clock();
    this.incarnation = this.#now;
    const { mesh } = weather;
    this.node = new Node(weather.node, this.#ports(), mesh && { config: mesh, ports: this.#meshPorts() });
    if (mesh !== undefined) this.#call((now) => this.#links.mesh.start(now));
  }

  get #links(): LinkConnections {
    return this.node.links as LinkConnections;
  }

  /** A client has connected; `end` is the server's end of it. */
  accept(end: End, address: string): void {
    end.gate = this.gate;
    this.gate.pass(() => {
      if (this.isOver) return end.terminate();
      const id = this.#call((now) => this.node.connected(address, `host-${address}`, now));
      if (id !== undefined) this.#join(end, id, this.node);
    });
  }

  /** A server, or somebody who wants to be taken for one, has connected from `address`. */
  acceptLink(end: End, address: string): void {
    end.gate = this.gate;
    this.gate.pass(() => {
      if (this.isOver) return end.terminate();
      const id = this.#call((now) => this.#links.accepted(address, now));
      if (id !== undefined) this.#join(end, id, this.#links, this.#around.tap(end));
    });
  }

  datagram(bytes: Uint8Array, ip: string, port: number): void {
    if (this.#datagrams >= DATAGRAMS) return;
    this.#datagrams++;
    this.gate.pass(() => {
      this.#datagrams--;
      this.#call((now) => this.#links.datagram(bytes, ip, port, now));
    });
  }

  /** Tells all that it ends. */
  shutdown(reason: string): void {
    this.gate.pass(() => this.#call((now) => this.node.shutdown(reason, now)));
  }

  /** The process is gone. Its connections are reset, or, where the whole host went dark, nobody is told. */
  kill(isDark: boolean): void {
    this.isOver = true;
    for (const end of this.#sockets) {
      if (end === undefined) continue;
      if (isDark) end.vanish();
      end.terminate();
    }
    // Who was still in front of the gate finds nobody.
    this.gate.open();
  }

  /** What is left when everybody has gone and rooms have ended. */
  checkEmpty(): void {
    const { node } = this;
    const links = [...(node.links?.mesh.links.peers() ?? [])].length;
    const left: [string, number][] = [
      ['connections', node.connections.count - links],
      ['users', node.chat.users.size],
      ['rooms', node.chat.rooms.size],
      ['bytes in rings', node.rooms.budget.held],
      ['bytes in logs', this.#memory.held],
      ['message ids', node.rooms.ids.held],
    ];
    for (const [what, count] of left) {
      if (count !== 0) this.#violate('S1', `${count} ${what} are left although everybody has gone`);
    }
  }

  #join(end: End, id: ConnectionId, hearer: Hearer, tap?: LinkTap): void {
    let inputOver = false;
    this.#sockets[id] = end;
    this.#taps[id] = tap;
    end.handlers = {
      data: (chunk) => this.#call((now) => hearer.receive(id, chunk, now)),
      drain: () => this.#call((now) => hearer.drained(id, now)),
      end: () => {
        inputOver = true;
        this.#inputOver.add(id);
        this.#call((now) => hearer.inputOver(id, now));
      },
      close: (reason) => {
        if (this.#sockets[id] !== end) return;
        this.#sockets[id] = undefined;
        if (inputOver) this.#inputOver.delete(id);
        tap?.close();
        this.#call((now) => hearer.closed(id, reason === 'reset' ? 'Connection lost' : 'Connection closed', now));
      },
    };
    // It may have been reset before anybody here knew of it.
    const { close } = end.handlers;
    if (end.closed) this.#world.after(0, () => this.gate.pass(() => close('reset')));
  }

  #violate(invariant: string, what: string): void {
    const who = this.#weather.mesh === undefined ? what : `${this.#name}: ${what}`;
    this.#around.violate({ invariant, at: this.#world.elapsed, what: who });
  }

  /** Calls the node; a fault of its own is a violation. Then arms its timer. */
  #call<T>(work: (now: number) => T): T | undefined {
    if (this.isOver) return undefined;
    this.#now = Math.max(this.#now, this.#around.clock());
    try {
      return work(this.#now);
    } catch (error) {
      this.#violate('FAULT', error instanceof Error ? (error.stack ?? error.message) : String(error));
      return undefined;
    } finally {
      this.#arm();
    }
  }

  #arm(): void {
    const at = this.node.deadline;
    if (at >= this.#tickAt || at === Number.POSITIVE_INFINITY) return;
    this.#tickAt = at;
    const waitMs = Math.max(0, at - this.#around.clock());
    this.#world.after(waitMs + (this.#world.calm ? 0 : this.#random.below(3)), () => {
      this.gate.pass(() => this.#tick(at));
    });
  }

  #tick(armedFor: number): void {
    // Armed for something earlier meanwhile.
    if (this.isOver || this.#tickAt !== armedFor) return;
    this.#tickAt = Number.POSITIVE_INFINITY;
    this.#call((now) => {
      if (this.node.deadline <= now) this.node.tick(now);
    });
    this.#sample();
  }

  #flush(): void {
    this.#woken = false;
    this.#call((now) => this.node.flush(now));
    if (++this.#flushes % SAMPLE_EVERY === 0) this.#sample();
  }

  /** S1: everything that a peer can make grow stays under its cap. */
  #sample(): void {
    const { node } = this;
    const { limits, rooms, chat } = this.#weather.node;
    const most = (what: string, is: number, cap: number): void => {
      if (is > cap) this.#violate('S1', `${what}: ${is}, more than ${cap}`);
    };
    // The newest entry of each ring stays until it was offered, whatever the budget says.
    most('bytes in rings', node.rooms.budget.held, rooms.ringMemory + node.chat.rooms.size * 4 * rooms.ring.bytes);
    most('bytes in logs', this.#memory.held, this.#memory.cap + node.chat.rooms.size * 8_192);
    most('message ids', node.rooms.ids.held, node.rooms.ids.cap + node.chat.rooms.size);
    if (this.#weather.mesh === undefined) {
      most('rooms', node.chat.rooms.size, chat.limits.rooms);
      most('users', node.chat.users.size, limits.connections.most * 4);
    } else this.#sampleMesh(this.#weather.mesh, most);
    for (const connection of node.connections) {
      const { held } = connection.outbox;
      if (connection.link) {
        most(`bytes for link ${connection.id}`, held, (this.#weather.mesh?.mostBytes ?? 0) + POUR_SLACK * 4);
        continue;
      }
      const isNew = connection.session?.state === NEW;
      const cap = isNew ? limits.newOutputBytes : limits.outputBytes;
      most(`bytes for connection ${connection.id}`, held, cap + POUR_SLACK);
      if (connection.session !== undefined && held > limits.outputBytes) {
        this.#around.sometimes('output over the limit while a list is made');
      }
    }
  }

  #sampleMesh(mesh: MeshConfig, most: (what: string, is: number, cap: number) => void): void {
    const { kept } = this.#links.mesh.replica;
    const { replica } = mesh;
    most('servers', kept.origins, replica.servers);
    most('bytes of facts', kept.logBytes, replica.logBytes + 65_536);
    most('bytes of snapshots', kept.intakeBytes, replica.snapshotBytes * replica.servers);
  }

  #ports(): Ports {
    const world = this.#world;
    return {
      offer: (id, bytes, start, end) => {
        const taken = this.#sockets[id]?.write(bytes, start, end) ?? -1;
        if (taken > 0) this.#taps[id]?.said(bytes.slice(start, start + taken));
        return taken;
      },
      pause: (id) => this.#sockets[id]?.pause(),
      resume: (id) => this.#sockets[id]?.resume(),
      end: (id, wait) => {
        const socket = this.#sockets[id];
        if (socket === undefined) return;
        if (this.#inputOver.has(id) || !wait) socket.end();
        else socket.shutdown();
      },
      terminate: (id) => this.#sockets[id]?.terminate(),
      wake: () => {
        if (this.#woken) return;
        this.#woken = true;
        const waitMs = world.calm ? 0 : this.#random.below(this.#weather.batchMs + 1);
        world.after(waitMs, () => this.gate.pass(() => this.#flush()));
      },
      openLog: (_room, epoch, first) => {
        const inner = new MemoryLog(epoch, this.#memory, this.#weather.memory, first);
        const tell = (ticket: Ticket, result: number): void => {
          this.gate.pass(() => this.#call((now) => this.node.done(ticket, result, now)));
        };
        const { log } = this.#weather;
        const random = this.#random.fork();
        // What a server has that is alone: entries are taken many at once there.
        if (log.late === 0) return inner;
        return new SlowLog(inner, world, random, log, tell, (event) => this.#around.sometimes(event));
      },
      verify: (ticket, password, hash) => this.#verify(ticket, password === hash),
      token: (uid) => tokenOf(uid),
      isToken: (uid, token) => token === tokenOf(uid),
      log: (level, event, fields) => this.#log(level, event, fields),
      stop: (reason) => world.after(0, () => this.#around.stop(reason)),
    };
  }

  #meshPorts(): MeshPorts {
    let nonces = 0;
    const random = this.#random.fork();
    return {
      secrets: { mac: (text) => macOf(SECRET, text), verify: (text, mac) => macOf(SECRET, text) === mac },
      hash: (text) => Bun.hash(text).toString(16).padStart(16, '0'),
      chance: {
        random: () => random.u32() / 2 ** 32,
        nonce: () => `${this.#name.replace(/\W/g, '')}x${this.incarnation}x${++nonces}x${random.u32().toString(36)}`,
      },
      dial: (number, to) => this.#dial(number, to),
      cancelDial: (number) => this.#dials.delete(number),
      datagram: (bytes, to) => this.#around.datagram(bytes.slice(), to),
      beginAnew: (incarnation) => this.#world.after(0, () => this.#around.beginAnew(incarnation)),
    };
  }

  #dial(number: number, to: Endpoint): void {
    this.#dials.add(number);
    const failed = (reason: string): void => {
      if (this.#dials.delete(number)) this.#call((now) => this.#links.dialFailed(number, reason, now));
    };
    this.#world.after(DIAL_MS, () => this.gate.pass(() => failed('nobody answered')));
    this.#around.dial(to, (end, reason) => {
      if (end !== undefined) end.gate = this.gate;
      this.gate.pass(() => {
        if (end === undefined) return failed(reason);
        if (this.isOver || !this.#dials.delete(number)) return end.terminate();
        const id = this.#call((now) => this.#links.dialled(number, now));
        if (id !== undefined) this.#join(end, id, this.#links, this.#around.tap(end));
      });
    });
  }

  #log(level: string, event: string, fields: Readonly<Record<string, string | number>>): void {
    this.#world.note(this.#name, `${level} ${event} ${JSON.stringify(fields)}`);
    if (level === 'error')
      this.#violate(event === 'state.mismatch' ? 'C1' : 'FAULT', `${event}: ${fields.reason ?? ''}`);
    else if (fields.reason !== undefined) {
      this.#around.sometimes(`server: ${event} (${String(fields.reason).split(/[:;]/)[0]})`);
    } else if (fields.why !== undefined) this.#around.sometimes(`server: ${event} (${fields.why})`);
    else this.#around.sometimes(`server: ${event}`);
  }

  #verify(ticket: Ticket, ok: boolean): boolean {
    if (this.#checks >= CHECKS) return false;
    this.#checks++;
    this.#world.after(this.#random.between(1, CHECK_MS), () => {
      this.gate.pass(() => {
        this.#checks--;
        this.#call((now) => this.node.done(ticket, ok ? 1 : 0, now));
      });
    });
    return true;
  }
}

/** Nobody in the simulated world guesses. */
function tokenOf(uid: string): string {
  return Bun.hash(SECRET + uid).toString(36);
}
