// A server of the simulated world: the real node on an edge made of events. It is told what Bun's edge would tell it,
// in batches: what comes before the flush that was asked for is one batch. It watches what only the inside shows:
// memory against its caps, faults of our own, and that nothing is left when everybody has gone.

import { Budget } from '../../src/base/budget.ts';
import type { ConnectionId, Ticket } from '../../src/base/ids.ts';
import { NEW } from '../../src/chat/session.ts';
import type { NodeConfig } from '../../src/node/config.ts';
import { Node } from '../../src/node/node.ts';
import type { Ports } from '../../src/node/ports.ts';
import { type MemoryLimits, MemoryLog } from '../../src/order/memory.ts';
import type { Random } from './random.ts';
import { type LogWeather, SlowLog } from './slow-log.ts';
import type { End } from './transport.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

export interface ServerWeather {
  readonly node: NodeConfig;
  readonly log: LogWeather;
  readonly memory: MemoryLimits;
  readonly memoryCap: number;
  /** How long a batch of input lasts. */
  readonly batchMs: number;
}

const SECRET = 'a secret of the simulated server';
/** Password checks at once; more are turned away. */
const CHECKS = 4;
const CHECK_MS = 80;
/** What the last piece of a list may put into an outbox beyond its limit. */
const POUR_SLACK = 20_000;

export class SimServer {
  readonly node: Node;
  readonly violations: Violation[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #weather: ServerWeather;
  readonly #sometimes: (event: string) => void;
  readonly #sockets: (End | undefined)[] = [];
  readonly #memory: Budget;
  #woken = false;
  #tickAt = Number.POSITIVE_INFINITY;
  #checks = 0;

  constructor(world: World, weather: ServerWeather, sometimes: (event: string) => void) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#weather = weather;
    this.#sometimes = sometimes;
    this.#memory = new Budget(weather.memoryCap);
    this.node = new Node(weather.node, this.#ports());
  }

  /** A connection has come in; `end` is the server's end of it. */
  accept(end: End, address: string): void {
    const id = this.#call(() => this.node.connected(address, `host-${address}`, this.#world.now));
    if (id === undefined) return;
    let inputOver = false;
    this.#sockets[id] = end;
    end.handlers = {
      data: (chunk) => this.#call(() => this.node.receive(id, chunk, this.#world.now)),
      drain: () => this.#call(() => this.node.drained(id, this.#world.now)),
      end: () => {
        inputOver = true;
        this.#inputOver.add(id);
        this.#call(() => this.node.inputOver(id, this.#world.now));
      },
      close: (reason) => {
        if (this.#sockets[id] !== end) return;
        this.#sockets[id] = undefined;
        if (inputOver) this.#inputOver.delete(id);
        this.#call(() =>
          this.node.closed(id, reason === 'reset' ? 'Connection lost' : 'Connection closed', this.#world.now),
        );
      },
    };
  }

  readonly #inputOver = new Set<ConnectionId>();

  /** What is left when everybody has gone and rooms have ended. */
  checkEmpty(): void {
    const { node } = this;
    const left: [string, number][] = [
      ['connections', node.connections.count],
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

  #violate(invariant: string, what: string): void {
    if (this.violations.length < 20) this.violations.push({ invariant, at: this.#world.elapsed, what });
  }

  /** Calls the node; a fault of its own is a violation. Then arms its timer. */
  #call<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#violate('FAULT', error instanceof Error ? (error.stack ?? error.message) : String(error));
      return undefined;
    } finally {
      this.#arm();
    }
  }

  #arm(): void {
    const at = this.node.deadline;
    if (at >= this.#tickAt) return;
    this.#tickAt = at;
    this.#world.at(at + (this.#world.calm ? 0 : this.#random.below(3)), () => {
      this.#tickAt = Number.POSITIVE_INFINITY;
      this.#call(() => {
        if (this.node.deadline <= this.#world.now) this.node.tick(this.#world.now);
      });
      this.#sample();
    });
  }

  #flush(): void {
    this.#woken = false;
    this.#call(() => this.node.flush(this.#world.now));
    this.#sample();
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
    most('rooms', node.chat.rooms.size, chat.limits.rooms);
    most('users', node.chat.users.size, limits.connections.most * 4);
    for (const connection of node.connections) {
      const isNew = connection.session?.state === NEW;
      const cap = isNew ? limits.newOutputBytes : limits.outputBytes;
      most(`bytes for connection ${connection.id}`, connection.outbox.held, cap + POUR_SLACK);
      if (connection.session !== undefined && connection.outbox.held > limits.outputBytes) {
        this.#sometimes('output over the limit while a list is made');
      }
    }
  }

  #ports(): Ports {
    const world = this.#world;
    return {
      offer: (id, bytes, start, end) => this.#sockets[id]?.write(bytes, start, end) ?? -1,
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
        world.after(world.calm ? 0 : this.#random.below(this.#weather.batchMs + 1), () => this.#flush());
      },
      openLog: (_room, epoch, first) =>
        new SlowLog(
          new MemoryLog(epoch, this.#memory, this.#weather.memory, first),
          world,
          this.#random.fork(),
          this.#weather.log,
          (ticket, result) => this.#call(() => this.node.done(ticket, result, world.now)),
          this.#sometimes,
        ),
      verify: (ticket, password, hash) => this.#verify(ticket, password === hash),
      token: (uid) => tokenOf(uid),
      isToken: (uid, token) => token === tokenOf(uid),
      log: (level, event, fields) => {
        world.note('server', `${level} ${event} ${JSON.stringify(fields)}`);
        if (level === 'error') this.#violate('FAULT', `${event}: ${fields.reason ?? ''}`);
        else if (fields.reason === undefined) this.#sometimes(`server: ${event}`);
        else this.#sometimes(`server: ${event} (${String(fields.reason).split(/[:;]/)[0]})`);
      },
      stop: (reason) => world.after(0, () => this.#call(() => this.node.shutdown(reason, world.now))),
    };
  }

  #verify(ticket: Ticket, ok: boolean): boolean {
    if (this.#checks >= CHECKS) return false;
    this.#checks++;
    this.#world.after(this.#random.between(1, CHECK_MS), () => {
      this.#checks--;
      this.#call(() => this.node.done(ticket, ok ? 1 : 0, this.#world.now));
    });
    return true;
  }
}

/** Nobody in the simulated world guesses. */
function tokenOf(uid: string): string {
  return Bun.hash(SECRET + uid).toString(36);
}
