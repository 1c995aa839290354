// Link connections: what the edge calls for connections to other servers, and how the mesh speaks on them. They stand in
// the one table of connections, so that ids never clash, and have outboxes like everybody's; what comes in is the
// mesh's to read. Whoever connects here has proved nothing yet, and the mesh bounds that.

import type { ConnectionId, ServerId } from '../base/ids.ts';
import type { Chat } from '../chat/chat.ts';
import type { FrameCursor } from '../mesh/group.ts';
import { Frame } from '../wire/scanner.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { Endings } from './endings.ts';
import type { Flusher } from './flusher.ts';
import { Mesh, type MeshConfig, type MeshHost, type MeshPorts } from './mesh.ts';
import { People } from './people.ts';
import type { LogFields, LogLevel } from './ports.ts';
import type { Load } from './pulse.ts';

/** Commands that say something to others. */
const SPEECH: ReadonlySet<string> = new Set(['CSEND', 'LSEND', 'BSEND']);

/** What link connections share with those of clients. */
export interface LinkSurroundings {
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
}

export class LinkConnections implements MeshHost {
  readonly mesh: Mesh;
  readonly #around: LinkSurroundings;
  readonly #frame = new Frame();
  #now: number;

  constructor(config: MeshConfig, ports: MeshPorts, around: LinkSurroundings, now: number) {
    this.#around = around;
    this.#now = now;
    const people = new People(around.chat, () => this.#now);
    this.mesh = new Mesh(config, ports, this, people, now);
  }

  // ── What the edge calls ────────────────────────────────────────────────────────────────────────────────────────

  /** A connection from `address` to the listener for links. */
  accepted(address: string, now: number): ConnectionId {
    const { id } = this.#open(now);
    this.mesh.links.accepted(id, address, now);
    return id;
  }

  /** The connection that MeshPorts.dial asked for under `number`. */
  dialled(number: number, now: number): ConnectionId {
    const { id } = this.#open(now);
    this.mesh.links.dialled(number, id, now);
    return id;
  }

  /** What MeshPorts.dial asked for under `number` cannot be had. */
  dialFailed(number: number, reason: string, now: number): void {
    this.#enter(now);
    this.mesh.links.dialFailed(number, reason, now);
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

  arrived(from: ServerId, frames: FrameCursor): void {
    const frame = this.#frame;
    while (frames.next(frame)) {
      if (frame.verb() === 'SCLOSE') this.#closeFor(frame.arg(1), frame.arg(2));
      else this.#around.chat().route(from, frame, this.#now);
    }
  }

  load(): Load {
    const { users, rooms, counted } = this.#around.chat();
    const said = counted.commands.reduce((sum, [verb, count]) => (SPEECH.has(verb) ? sum + count : sum), 0);
    return { users: users.here, rooms: rooms.size, said, delivered: this.#around.delivered() };
  }

  serversChanged(): void {
    this.#around.chat().serversChanged(this.mesh.clientAddresses(), this.#now);
  }

  // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

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
