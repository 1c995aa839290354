// A node: one whole server without its edge. Bytes, time and answers come in through connected, receive, drained,
// closed, tick and done; bytes go out through Ports.offer. It reads no clock, knows no socket and starts nothing: the
// production server and the simulator run this very code.
//
//   receive → scanner → Chat.command → Out, RoomPort → rings and outboxes     (as often as there is input)
//   flush   → every ring and outbox with news → Ports.offer                   (once a batch)
//
// What it keeps true: a fault of ours in one connection's command ends that connection and no other; the input of a
// connection waits while one of its commands does; what is said to a connection before its end is written, and no more.

import type { Ending } from '../base/ending.ts';
import { type ConnectionId, type Epoch, type RoomKey, type Ticket, ticket as ticketOf, type Uid } from '../base/ids.ts';
import type { SendOutcome } from '../base/outcome.ts';
import { Chat } from '../chat/chat.ts';
import type { FrameSource, Out, RoomPort } from '../chat/ports.ts';
import type { Session } from '../chat/session.ts';
import type { Outbox, Shared } from '../fanout/outbox.ts';
import { type Ring, Stamps } from '../fanout/ring.ts';
import type { RoomLog } from '../order/log.ts';
import { encodeFrame } from '../wire/writer.ts';
import { Backpressure } from './backpressure.ts';
import type { NodeConfig } from './config.ts';
import { type Connection, HELD_BY_COMMAND } from './connection.ts';
import { Connections } from './connections.ts';
import { Desk, type Said } from './desk.ts';
import { Drain } from './drain.ts';
import { Endings } from './endings.ts';
import { Flusher } from './flusher.ts';
import { Holds } from './holds.ts';
import { Input } from './input.ts';
import { LateAnswers } from './late-answers.ts';
import { LinkConnections } from './link-connections.ts';
import type { MeshConfig, MeshPorts } from './mesh.ts';
import { MeshNetwork } from './network.ts';
import { MeshPeers } from './peers.ts';
import type { Ports } from './ports.ts';
import { pouring } from './pour.ts';
import { type Channel, Rooms, type RoomsOut } from './rooms.ts';
import { Sweep } from './sweep.ts';
import { Tracing } from './tracing.ts';

const SWEEP_MS = 1000;
const AGE_EVERY_SWEEPS = 5;

/** After so long a standstill this server may have been replaced. */
const STALL_MS = 10_000;

export class Node implements Out, RoomsOut {
  readonly chat: Chat;
  readonly connections: Connections;
  readonly rooms: Rooms;
  readonly shared: Shared;
  /** The connections to other servers; undefined for a server that is alone. */
  readonly links: LinkConnections | undefined;
  /** The time of the present call, in Unix ms. */
  now = 0;

  readonly #config: NodeConfig;
  readonly #ports: Ports;
  readonly #input: Input;
  readonly #flusher: Flusher;
  readonly #endings: Endings;
  readonly #backpressure: Backpressure;
  readonly #holds: Holds;
  readonly #desk = new Desk();
  readonly #drain: Drain;
  readonly #sweep: Sweep;
  readonly #verifying = new Map<Ticket, Session>();
  readonly #late = new LateAnswers((session, work) => this.#serve(session, work));
  /** Connections refused since the last sweep: whoever knocks does not write the log. */
  #refusals = 0;
  readonly #tracing: Tracing;
  #tickets = 0;
  #sweepAt = Number.POSITIVE_INFINITY;
  #sweeps = 0;
  /** It is about to end: no connection is served any more. */
  stopping = false;

  /** `mesh` undefined: this server is alone. */
  constructor(config: NodeConfig, ports: Ports, mesh?: { readonly config: MeshConfig; readonly ports: MeshPorts }) {
    this.#config = config;
    this.#ports = ports;
    this.shared = { transport: ports, stamps: new Stamps() };
    this.#flusher = new Flusher(ports, {
      wake: () => ports.wake(),
      publish: () => this.rooms.publishStaged(),
      failed: (outbox, error) => this.#outputFailed(outbox, error),
    });
    this.#holds = new Holds(ports, () => this.#flusher.wake());
    this.#backpressure = new Backpressure(config, this.#holds, this.#flusher);
    this.#endings = new Endings(ports, this.#flusher);
    this.#input = this.#inputOf();
    this.connections = new Connections(config, this.shared);
    this.rooms = new Rooms(config.rooms, this);
    this.links = mesh && this.#linkConnections(mesh.config, mesh.ports);
    const network = this.links && new MeshNetwork(this.links.mesh, (server) => this.chat.usersOn(server));
    const peers = this.links && new MeshPeers(this.links);
    this.chat = new Chat(config.chat, this, network, peers);
    const connection = (id: ConnectionId): Connection | undefined => this.connections.at(id);
    const host = { chat: this.chat, shared: this.shared, log: ports.log, now: () => this.now };
    this.#tracing = new Tracing({ ...host, connection });
    this.#tracing.use(config.trace);
    const ping = encodeFrame('PING', config.chat.server.name);
    this.#drain = this.#drainOf();
    this.#sweep = new Sweep(config, {
      ping: (connection) => this.#say(connection, ping),
      expel: (connection, why) => this.#expel(connection, why),
      abandon: (connection, why) => this.#abandon(connection, why),
      terminate: (connection) => this.#endings.terminate(connection),
      contain: (connection, error) => this.#contain(connection, error),
    });
  }

  // ── What the edge calls ────────────────────────────────────────────────────────────────────────────────────────

  /** A connection from `address`, shown to others as `host`. Its id is good until closed() was called with it. */
  connected(address: string, host: string, now: number, way: Session['way'] = 'tcp'): ConnectionId {
    this.#enter(now);
    const connection = this.connections.open(address, now);
    if (this.#sweepAt === Number.POSITIVE_INFINITY) this.#sweepAt = now + SWEEP_MS;
    const refusal = this.stopping ? 'This server is stopping' : this.connections.refusal(connection);
    if (refusal === undefined) connection.session = this.chat.connected(connection.id, host, now, address, way);
    else {
      if (++this.#refusals === 1) this.#ports.log('warn', 'connection.refused', { address, reason: refusal });
      connection.refused = true;
      this.chat.full(connection.id, refusal);
    }
    return connection.id;
  }

  /** Bytes from a connection; the node keeps the chunk for as long as it needs it. */
  receive(id: ConnectionId, chunk: Uint8Array, now: number): void {
    this.#enter(now);
    const connection = this.connections.at(id);
    if (connection === undefined) return;
    if (connection.session === undefined) return this.#endings.heard(connection, chunk.length);
    connection.heard(now);
    if (connection.held !== 0) return connection.keep(chunk);
    connection.scanner.feed(chunk);
    this.#input.read(connection);
  }

  /** Bytes from a connection that its transport keeps for itself: a sign of life, and they cost like white space. */
  overhead(id: ConnectionId, bytes: number, now: number): void {
    this.#enter(now);
    const connection = this.connections.at(id);
    if (connection?.session !== undefined) this.#input.overhead(connection, connection.session, bytes);
  }

  /** The peer broke the rules of its transport: it is told so, and nothing more of it is read. */
  broke(id: ConnectionId, why: Ending, reason: string, now: number): void {
    this.#enter(now);
    const connection = this.connections.at(id);
    if (connection?.session !== undefined) this.#expel(connection, reason, why);
  }

  /** The peer will send nothing more, but may still read. */
  inputOver(id: ConnectionId, now: number): void {
    this.#enter(now);
    const connection = this.connections.at(id);
    if (connection !== undefined) this.#input.over(connection);
  }

  /** The connection can take bytes again. */
  drained(id: ConnectionId, now: number): void {
    this.#enter(now);
    const connection = this.connections.at(id);
    if (connection === undefined) return;
    this.#flusher.drained(connection.outbox, now);
    if (connection.closingAt !== 0) this.#endings.settleOne(connection);
    else this.#backpressure.settleOne(connection);
  }

  /** The connection is gone. */
  closed(id: ConnectionId, reason: string, now: number): void {
    this.#enter(now);
    const connection = this.connections.at(id);
    if (connection === undefined) return;
    this.#drop(connection, reason);
    this.#tracing.closed(connection, reason, now);
    connection.outbox.close();
    this.#endings.forget(connection);
    this.#backpressure.forget(connection);
    this.#holds.forget(connection);
    this.connections.close(connection);
  }

  /** A command of an operator who has no connection; answers what was said to it. */
  operate(operator: string, verb: string, args: readonly string[], now: number): readonly Said[] {
    this.#enter(now);
    return this.#desk.obey(this.chat, operator, verb, args, now);
  }

  /** The answer to what was asked under a ticket: a log's position, or 1 and 0 for a password. Repeats are ignored. */
  done(ticket: Ticket, result: number, now: number): void {
    this.#enter(now);
    const session = this.#verifying.get(ticket);
    if (session !== undefined) {
      this.#verifying.delete(ticket);
      this.#serve(session, () => this.chat.verified(session, result === 1, now));
    } else this.rooms.done(ticket, result, now);
    this.#late.give();
  }

  /** When tick() wants to be called next, in Unix ms; Infinity: not before something else happens. */
  get deadline(): number {
    const links = this.links?.deadline ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#sweepAt, this.rooms.next, links, this.#drain.deadline, this.#tracing.deadline);
  }

  /** Does what is due. */
  tick(now: number): void {
    this.#enter(now);
    try {
      this.links?.tick(now);
      this.#tracing.tick(now);
      for (const room of this.rooms.tick(now)) this.chat.roomDue(room, now);
    } catch (error) {
      this.#logFault(error);
    }
    this.#late.give();
    if (now >= this.#sweepAt) this.#lookAround(now);
    if (now >= this.#drain.deadline) this.#drain.tick(now);
  }

  /** Offers what this batch brought to every connection that has news. Called once, after Ports.wake. */
  flush(now: number): void {
    this.#enter(now);
    if (this.links !== undefined) this.#serve(undefined, () => this.links?.flush(now));
    this.#flusher.flush(now);
    if (this.links?.offered()) this.#flusher.wake();
    this.#backpressure.settle();
    this.#endings.settle();
    for (const connection of this.#holds.take()) this.#input.read(connection);
  }

  /**
   * Says ERROR to all and lets each go when it has taken that: at once, or over `spreadMs` where there is another server
   * to go to. New connections are refused. Answers in how many ms the last one is told.
   */
  shutdown(reason: string, now: number, spreadMs = 0): number {
    this.#enter(now);
    this.stopping = true;
    return this.#drain.begin(reason, spreadMs, now);
  }

  /** The config says something else than before. */
  reconfigured(now: number): void {
    this.#enter(now);
    this.#tracing.use(this.#config.trace);
    this.chat.reconfigured(now);
  }

  // ── What chat asks (Out) ───────────────────────────────────────────────────────────────────────────────────────

  openRoom(key: RoomKey, name: string, now: number): RoomPort {
    return this.links?.rooms.create(key, name, now) ?? this.rooms.open(key, name, now);
  }

  reply(id: ConnectionId, bytes: Uint8Array, start: number, end: number): void {
    if (this.connections.at(id) === undefined) return this.#desk.hear(id, bytes, start, end);
    const connection = this.#served(id);
    if (connection === undefined) return;
    connection.outbox.say(bytes, start, end);
    this.#flusher.outbox(connection.outbox);
    if (!this.#backpressure.check(connection, this.now)) this.#abandon(connection, 'Output limit exceeded');
  }

  stream(id: ConnectionId, source: FrameSource): void {
    const connection = this.#served(id);
    if (connection === undefined) return;
    connection.outbox.pour(pouring(source, (error) => this.#contain(connection, error)));
    this.#backpressure.pours(connection);
    this.#flusher.outbox(connection.outbox);
  }

  close(id: ConnectionId, reason: string, why: Ending = 'policy'): void {
    const connection = this.#served(id);
    if (connection === undefined) return;
    connection.ending = why;
    connection.parting = reason;
    this.#say(connection, encodeFrame('ERROR', reason));
    this.#end(connection);
  }

  pause(id: ConnectionId): void {
    const connection = this.#served(id);
    if (connection !== undefined) this.#holds.hold(connection, HELD_BY_COMMAND);
  }

  resume(id: ConnectionId): void {
    const connection = this.#served(id);
    if (connection !== undefined) this.#holds.release(connection, HELD_BY_COMMAND);
  }

  verify(session: Session, password: string, hash: string): boolean {
    const ticket = this.ticket();
    if (!this.#ports.verify(ticket, password, hash)) return false;
    this.#verifying.set(ticket, session);
    return true;
  }

  token(uid: Uid): string {
    return this.#ports.token(uid);
  }

  isToken(uid: Uid, token: string): boolean {
    return this.#ports.isToken(uid, token);
  }

  log(event: string, fields: Readonly<Record<string, string | number>>): void {
    this.#ports.log('info', event, fields);
  }

  stop(reason: string): void {
    this.#ports.stop(reason);
  }

  // ── What rooms ask (RoomsOut) ──────────────────────────────────────────────────────────────────────────────────

  outbox(id: ConnectionId): Outbox | undefined {
    return this.#served(id)?.outbox;
  }

  /** What came before is still to be written: now, and not when something else brings the next flush. */
  left(id: ConnectionId): void {
    const outbox = this.outbox(id);
    if (outbox !== undefined) this.#flusher.outbox(outbox);
  }

  members(room: RoomKey): number {
    return this.chat.rooms.get(room)?.members.size ?? 0;
  }

  openLog(room: RoomKey, epoch: Epoch, first: number): RoomLog {
    return this.#ports.openLog(room, epoch, first);
  }

  ticket(): Ticket {
    return ticketOf(++this.#tickets);
  }

  dirty(ring: Ring): void {
    this.#flusher.ring(ring);
  }

  overflowing(ring: Ring): void {
    this.#flusher.flushRing(ring, this.now);
  }

  settled(session: Session, channel: Channel, outcome: SendOutcome, seq: number, id: string): void {
    this.#late.add(session, () => this.chat.sent(session, channel.key, outcome, seq, id, this.now));
  }

  /** Something happens at `now`, perhaps after nothing was done for long although something was due. */
  #enter(now: number): void {
    const stoodStill = now - this.now >= STALL_MS && now - Math.max(this.now, this.deadline) >= STALL_MS;
    this.now = now;
    if (stoodStill) this.links?.rooms.stalled();
  }

  #inputOf(): Input {
    const node = this;
    return new Input(this.#config, {
      get now() {
        return node.now;
      },
      get hearing() {
        return node.#tracing.hearing;
      },
      contain: (connection, error) => this.#contain(connection, error),
      expel: (connection, reason) => this.#expel(connection, reason),
      over: (connection) => {
        this.#drop(connection, 'Connection closed');
        this.#end(connection);
      },
    });
  }

  #drainOf(): Drain {
    const told =
      (tell: (session: Session, reason: string) => void) =>
      ({ id, session }: Connection, reason: string): void =>
        session === undefined ? this.close(id, reason, 'leaving') : tell(session, reason);
    return new Drain({
      connections: this.connections,
      elsewhere: () => (this.links?.mesh.clientAddresses() ?? []).length > 0,
      sendAway: told((session, reason) => this.chat.sendAway(session, reason, this.now)),
      end: told((session, reason) => this.chat.stopped(session, reason, this.now)),
      leave: (reason, now) => this.links?.leave(reason, now),
    });
  }

  #linkConnections(config: MeshConfig, ports: MeshPorts): LinkConnections {
    const around = {
      ...{ connections: this.connections, flusher: this.#flusher, endings: this.#endings },
      chat: () => this.chat,
      delivered: () => this.rooms.counted.deliveries,
      stop: (reason: string) => this.stop(reason),
      log: this.#ports.log,
      entered: (now: number) => this.#enter(now),
      now: () => this.now,
      rooms: this.rooms,
      ticket: () => this.ticket(),
      late: this.#late,
      limits: () => this.#config.chat.announcedLimits,
    };
    return new LinkConnections(config, ports, around, config.self.incarnation);
  }

  // ── Faults ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Does something for one session; a fault of ours in it ends its connection and no other. */
  #serve(session: Session | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      const connection = session && this.connections.at(session.connection);
      if (connection !== undefined && connection.session === session) this.#contain(connection, error);
      else this.#logFault(error);
    }
  }

  /** A fault of ours while we served one connection: that one ends, and the log has the reason. */
  #contain(connection: Connection, error: unknown): void {
    this.#logFault(error, connection.id);
    this.#drop(connection, 'Internal error');
    this.close(connection.id, 'Internal error; please tell the operator', 'fault');
  }

  /** A fault of ours in what a connection is to be written: it cannot be told. */
  #outputFailed(outbox: Outbox, error: unknown): void {
    const connection = this.connections.at(outbox.connection);
    this.#logFault(error, outbox.connection);
    if (connection?.outbox === outbox) this.#abandon(connection, 'Internal error');
  }

  #logFault(error: unknown, connection = -1): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#ports.log('error', 'internal.error', { connection, reason });
  }

  /** The client that chat and the rooms mean, as long as it is served. They forget it before its place is another's. */
  #served(id: ConnectionId): Connection | undefined {
    const connection = this.connections.at(id);
    return connection?.closingAt === 0 ? connection : undefined;
  }

  // ── Output ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #say(connection: Connection, bytes: Uint8Array): void {
    connection.outbox.say(bytes, 0, bytes.length);
    this.#flusher.outbox(connection.outbox);
  }

  // ── Ends ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Tells chat that the connection is lost, once. */
  #drop(connection: Connection, reason: string): void {
    const { session } = connection;
    connection.session = undefined;
    connection.backlog = undefined;
    if (session === undefined) return;
    try {
      this.chat.disconnected(session, reason, this.now);
    } catch (error) {
      this.#logFault(error, connection.id);
    }
  }

  /** Ends a connection for a reason that it is told. */
  #expel(connection: Connection, reason: string, why: Ending = 'policy'): void {
    const { session } = connection;
    if (session !== undefined) this.chat.close(session, reason, this.now, why);
    this.close(connection.id, reason, why);
  }

  /** Ends a connection that takes nothing: it cannot be told. */
  #abandon(connection: Connection, reason: string): void {
    this.#ports.log('info', 'connection.abandoned', { connection: connection.id, reason });
    this.#drop(connection, reason);
    this.#endings.terminate(connection);
  }

  #end(connection: Connection): void {
    this.#backpressure.forget(connection);
    this.#holds.forget(connection);
    this.#endings.begin(connection, this.now);
    this.#flusher.wake();
  }

  #lookAround(now: number): void {
    this.#sweep.run(this.connections, now);
    if (this.#refusals > 1) this.#ports.log('warn', 'connections.refused', { count: this.#refusals });
    this.#refusals = 0;
    if (++this.#sweeps % AGE_EVERY_SWEEPS === 0) this.rooms.age(now);
    const idle = this.connections.count === 0 && this.rooms.budget.held === 0;
    this.#sweepAt = idle ? Number.POSITIVE_INFINITY : now + SWEEP_MS;
  }
}
