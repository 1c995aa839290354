// Link connections: what the edge calls for connections to other servers, and how the mesh speaks on them. They stand in
// the one table of connections, so that ids never clash, and have outboxes like everybody's; what comes in is the
// mesh's to read. Whoever connects here has proved nothing yet, and the mesh bounds that.

import type { ConnectionId, ServerId, Ticket } from '../base/ids.ts';
import type { Chat } from '../chat/chat.ts';
import type { ChatConfig } from '../chat/config.ts';
import type { Certifies } from '../mesh/identity.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { Endings } from './endings.ts';
import type { Flusher } from './flusher.ts';
import type { LateAnswers } from './late-answers.ts';
import { Mesh, type MeshConfig, type MeshHost, type MeshPorts } from './mesh.ts';
import { People } from './people.ts';
import type { LogFields, LogLevel } from './ports.ts';
import type { Load } from './pulse.ts';
import type { Rooms } from './rooms.ts';
import { SharedRooms } from './shared-rooms.ts';

/** Commands that say something to others. */
const SPEECH: ReadonlySet<string> = new Set(['CSEND', 'LSEND', 'BSEND']);
/** So long others have to take over the rooms of a server that leaves. */
const HANDOVER_MS = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

/** What link connections share with those of clients. */
export interface LinkSurroundings {
  /** The time of the present call, in Unix ms. */
  now(): number;
  readonly connections: Connections;
  readonly flusher: Flusher;
  readonly endings: Endings;
  log(level: LogLevel, event: string, fields: LogFields): void;
  /** Something comes in at `now`. */
  entered(now: number): void;
  /** The server leaves the network and stops. */
  stop(reason: string): void;
  /** It is made behind the mesh; nothing is asked of it before. */
  chat(): Chat;
  /** Messages to clients of this server since the start. */
  delivered(): number;
  readonly rooms: Rooms;
  ticket(): Ticket;
  readonly late: LateAnswers;
  /** What RPL_LIMITS names, as it was configured. */
  limits(): ChatConfig['announcedLimits'];
}

export class LinkConnections implements MeshHost {
  readonly mesh: Mesh;
  readonly rooms: SharedRooms;
  readonly #around: LinkSurroundings;
  /** When this server leaves the network at the latest, whoever has still to take over from it. */
  #leaveBy = NEVER;
  #leaveReason = '';
  #now: number;

  constructor(config: MeshConfig, ports: MeshPorts, around: LinkSurroundings, now: number) {
    this.#around = around;
    this.#now = now;
    this.rooms = this.#sharedRooms(config, ports);
    this.mesh = new Mesh(config, ports, this, this.#people(), now);
  }

  // ── What the edge calls ────────────────────────────────────────────────────────────────────────────────────────

  /** A connection from `address` to the listener for links. `certifies`: where a certificate is asked for, whose it is. */
  accepted(address: string, now: number, certifies?: Certifies): ConnectionId {
    const { id } = this.#open(now);
    this.mesh.links.accepted(id, address, now, certifies);
    return id;
  }

  /** The connection that MeshPorts.dial asked for under `number`; a certificate that was asked for is good. */
  dialled(number: number, now: number, certifies?: Certifies): ConnectionId {
    const { id } = this.#open(now);
    this.mesh.links.dialled(number, id, now, certifies);
    return id;
  }

  /** What MeshPorts.dial asked for under `number` cannot be had. */
  dialFailed(number: number, reason: string, now: number, why: 'unreachable' | 'tls' = 'unreachable'): void {
    this.#enter(now);
    this.mesh.links.dialFailed(number, reason, now, why);
  }

  /** The certificate of who connected was not found good; the connection ends. */
  distrusted(id: ConnectionId, reason: string, now: number): void {
    this.#enter(now);
    this.mesh.links.distrusted(id, reason, now);
  }

  /** A datagram of somebody who looks for servers. */
  datagram(bytes: Uint8Array, ip: string, port: number, now: number): void {
    this.#enter(now);
    this.mesh.received(bytes, ip, port, now);
  }

  receive(id: ConnectionId, chunk: Uint8Array, now: number): void {
    this.#enter(now);
    const connection = this.#around.connections.at(id);
    if (connection === undefined) return;
    if (connection.closingAt === 0) this.mesh.links.receive(id, chunk, now);
    else this.#around.endings.heard(connection, chunk.length);
  }

  /** A server says SCLOSE or ERROR before it goes: a link whose other half is gone is over. */
  inputOver(id: ConnectionId, now: number): void {
    this.#enter(now);
    const connection = this.#around.connections.at(id);
    if (connection === undefined) return;
    connection.inputOver = true;
    this.mesh.links.closed(id, 'closed by the peer', now);
    this.#end(connection);
  }

  drained(id: ConnectionId, now: number): void {
    this.#enter(now);
    const connection = this.#around.connections.at(id);
    if (connection === undefined) return;
    connection.outbox.drained(now);
    this.mesh.replica.drained(id);
    this.rooms.drained();
    if (connection.closingAt !== 0) this.#around.endings.settleOne(connection);
  }

  closed(id: ConnectionId, reason: string, now: number): void {
    this.#enter(now);
    const connection = this.#around.connections.at(id);
    if (connection === undefined) return;
    this.mesh.links.closed(id, reason, now);
    connection.outbox.close();
    this.#around.endings.forget(connection);
    this.#around.connections.close(connection);
  }

  // ── What the node calls ────────────────────────────────────────────────────────────────────────────────────────

  /** When tick() is wanted, in Unix ms. */
  get deadline(): number {
    return Math.min(this.mesh.deadline, this.rooms.deadline, this.#leaveBy);
  }

  tick(now: number): void {
    this.#now = now;
    if (now >= this.mesh.deadline) this.mesh.tick(now);
    this.rooms.tick(now);
    this.#leaveWhenDone(now);
  }

  /** Shared rooms say what they have decided in this batch, here and to other servers. */
  flush(now: number): void {
    this.rooms.settle();
    this.#around.late.give();
    this.rooms.flush();
    this.#leaveWhenDone(now);
  }

  /** Links were offered what waits for them. Whether there is more to flush. */
  offered(): boolean {
    if (this.mesh.offered()) this.rooms.drained();
    return !this.#around.late.isEmpty || this.rooms.isUnsettled;
  }

  /** Gives the rooms of this server to others, and takes leave of the network when that is done. */
  leave(reason: string, now: number): void {
    this.#leaveReason = reason;
    this.#leaveBy = now + HANDOVER_MS;
    this.rooms.handOver();
    this.#leaveWhenDone(now);
  }

  // ── What the mesh asks (MeshHost) ──────────────────────────────────────────────────────────────────────────────

  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): number {
    const connection = this.#around.connections.at(link);
    if (connection === undefined) return 0;
    const { outbox } = connection;
    outbox.say(bytes, start, end);
    this.#around.flusher.outbox(outbox);
    return outbox.held;
  }

  waiting(link: ConnectionId): number {
    return this.#around.connections.at(link)?.outbox.held ?? 0;
  }

  close(link: ConnectionId, atOnce: boolean): void {
    const connection = this.#around.connections.at(link);
    if (connection === undefined || connection.closingAt !== 0) return;
    if (atOnce) {
      // Not within this call: the edge may be about to hear of the connection's id.
      connection.outbox.close();
      connection.refused = true;
    }
    this.#end(connection);
  }

  log(level: LogLevel, event: string, fields: LogFields): void {
    this.#around.log(level, event, fields);
  }

  arrived(from: ServerId, frame: Frame): void {
    if (this.rooms.arrived(from, frame)) return;
    if (frame.verb() === 'SCLOSE') this.#closeFor(frame.arg(1), frame.arg(2));
    else this.#around.chat().route(from, frame, this.#now);
  }

  load(): Load {
    const { users, rooms, counted } = this.#around.chat();
    const said = counted.commands.reduce((sum, [verb, count]) => (SPEECH.has(verb) ? sum + count : sum), 0);
    return { users: users.here, rooms: rooms.size, said, delivered: this.#around.delivered() };
  }

  serversChanged(): void {
    this.#around.chat().serversChanged(this.mesh.clientAddresses(), this.#now);
  }

  reached(server: ServerId): void {
    this.rooms.reached(server);
  }

  lost(server: ServerId): void {
    this.rooms.lost(server, 'split');
  }

  astray(server: ServerId): void {
    this.rooms.astray(server);
  }

  // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #sharedRooms(config: MeshConfig, ports: MeshPorts): SharedRooms {
    const around = this.#around;
    return new SharedRooms(config.rooms, {
      get now() {
        return around.now();
      },
      rooms: around.rooms,
      chat: () => around.chat(),
      hash: (text) => ports.hash(text),
      ticket: () => around.ticket(),
      reachable: () => this.mesh.others(),
      levelChanged: () => this.#tellLevel(),
      send: (...frames) => this.mesh.sendTo(...frames),
      tell: (bytes, start, end) => this.mesh.replica.originate(bytes, start, end, 1),
      later: (session, tell) => {
        around.late.add(session, tell);
        around.flusher.wake();
      },
      wake: () => around.flusher.wake(),
      log: (level, event, fields) => around.log(level, event, fields),
    });
  }

  #people(): People {
    const around = this.#around;
    return new People({
      get now() {
        return around.now();
      },
      chat: () => around.chat(),
      rooms: () => this.rooms.facts,
      gone: (server, why) => this.rooms.lost(server, why),
    });
  }

  /** What RPL_SENT promises is told to all when it changes. */
  #tellLevel(): void {
    const { level } = this.rooms;
    const limits = this.#around.limits().map(([name, value]) => [name, name === 'ack' ? level : value] as const);
    this.#around.chat().limitsChanged(limits, this.#now);
  }

  #leaveWhenDone(now: number): void {
    if (this.#leaveBy === NEVER || (now < this.#leaveBy && this.rooms.isHandingOver)) return;
    this.#leaveBy = NEVER;
    this.mesh.leave(this.#leaveReason, now);
  }

  /** An operator of another server wants a link of this one closed, or this server to leave. */
  #closeFor(comment: string, peer: string): void {
    this.#around.log('info', 'operator.sclose', { peer, comment });
    if (peer === '') this.#around.stop(comment);
    else this.mesh.closeLink(peer, comment);
  }

  #open(now: number): Connection {
    this.#enter(now);
    const connection = this.#around.connections.open('', now);
    connection.link = true;
    return connection;
  }

  #end(connection: Connection): void {
    if (connection.closingAt !== 0) return;
    this.#around.endings.begin(connection, this.#now);
    this.#around.flusher.wake();
  }

  #enter(now: number): void {
    this.#now = now;
    this.#around.entered(now);
  }
}
