// The edge: one node joined to the real clock and to real TCP sockets. It reads the clock once a batch of input,
// flushes once when the batch is over, keeps one timer for the node's next deadline, and decides nothing.
//
//   epoll ── data ──> node.receive … node.receive ── setImmediate ──> node.flush ── send
//
// A connection with TLS is one from its accept on, and heard when its handshake is over and found good (tls.ts). So is a
// WebSocket: between it and the node stands web-socket.ts.
//
// A send that is not taken whole is left to Bun's write. That keeps nothing of what it did not take either, and says
// `drain` once when there is room again. A socket is half-open until both sides have ended, so that a peer which has
// said everything still reads everything.

import type { Socket, SocketHandler, TCPSocketListener } from 'bun';
import type { Ending } from '../base/ending.ts';
import { type ConnectionId, connectionId } from '../base/ids.ts';
import { useLibrary } from '../base/library.ts';
import type { Way } from '../chat/places.ts';
import type { Certifies } from '../mesh/identity.ts';
import type { LinkConnections } from '../node/link-connections.ts';
import type { Node } from '../node/node.ts';
import { Garbage } from './garbage.ts';
import { openLibrary } from './library.ts';
import { Sends } from './sends.ts';
import type { Credentials } from './tls.ts';
import type { WebRules } from './upgrade.ts';
import { type Finish, type WebHost, WebSocketPeer } from './web-socket.ts';
import type { WriteSizes } from './write-sizes.ts';

declare module 'bun' {
  interface Socket {
    /** The descriptor; -1 when it has none. The runtime has it, its types do not. */
    readonly fd: number;
  }
}

interface Peer {
  id: ConnectionId;
  /** The peer has sent its end. */
  inputOver: boolean;
  /** Our end was sent; we only wait for the peer's. */
  ended: boolean;
  /** It leads to a server. */
  link: boolean;
  /** Nothing of it is heard: it has TLS, and its handshake is not over. */
  unproved: boolean;
  /** It is a WebSocket, or is to be one. */
  web: WebSocketPeer | undefined;
}

/** Who hears of a connection: the node of a client's, its links of a server's. */
type Hearer = Pick<Node, 'receive' | 'drained' | 'inputOver' | 'closed'>;

/** A dial takes as long as the system lets it; ours takes this long. */
const DIAL_MS = 5000;

/** Where to listen; an IPv6 address has no brackets. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Clients speak TLS there. */
  readonly tls?: boolean;
}

export class Edge {
  /** How an address of a client is shown to other clients. */
  readonly #mask: (address: string) => string;
  readonly #onFault: (error: unknown) => void;
  readonly #sockets: (Socket<Peer> | undefined)[] = [];
  readonly #sends = new Sends({
    write: (id, bytes, start, end) => this.#write(id, bytes, start, end),
    failed: (id, error) => {
      this.#onFault(error);
      this.terminate(id);
    },
  });
  /** Requests of browsers since the start, by the status that answered them. */
  readonly upgrades = new Map<number, number>();
  readonly #web: WebHost = {
    message: this.#sends.message,
    answered: (status) => void this.upgrades.set(status, (this.upgrades.get(status) ?? 0) + 1),
    transmit: (web, bytes, start, end) => this.#sends.transmit(web, bytes, start, end),
    receive: (id, bytes) => this.#joined.receive(id, bytes, this.#now),
    overhead: (id, bytes) => this.#joined.overhead(id, bytes, this.#now),
    drained: (id) => this.#joined.drained(id, this.#now),
    broke: (id, why, reason) => this.#joined.broke(id, why, reason, this.#now),
    inputOver: (id) => this.#joined.inputOver(id, this.#now),
    finish: (id, how) => this.#finish(id, how),
    later: (peer, work) => void (this.#sockets[peer.id]?.data.web === peer && this.answer(work)),
  };
  readonly #listeners: TCPSocketListener<Peer>[] = [];
  #node: Node | undefined;
  #now = 0;
  #inBatch = false;
  readonly #garbage = new Garbage();
  #wanted = false;
  /** A write runs: what Bun tells meanwhile is told to the node when the batch is over. */
  #writing = false;
  readonly #lost: [Socket<Peer>, string][] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  /** Connections that are being made. */
  readonly #dials = new Set<number>();
  /** What links show and ask for; undefined: they are plain. */
  #linkTls: Credentials | undefined;
  #onIdle: (() => void) | undefined;
  #onSaid: (() => void) | undefined;

  /** `onFault` hears of faults of ours that the node did not contain. */
  constructor(mask: (address: string) => string, onFault: (error: unknown) => void) {
    this.#mask = mask;
    this.#onFault = onFault;
    useLibrary(openLibrary());
  }

  /** What was written since the start. */
  get writes(): WriteSizes {
    return this.#sends.writes;
  }

  /** Joins the node: from now on its deadlines are kept. */
  attach(node: Node): void {
    this.#node = node;
  }

  /** The present time in Unix ms; never goes back, whatever is done to the clock. */
  now(): number {
    if (!this.#inBatch) this.#now = Math.max(this.#now, Date.now());
    return this.#now;
  }

  /** Listens for clients; the port that was picked when 0 was asked for. Throws what the system says. */
  listen(address: ListenAddress, tls?: Credentials): ListenAddress {
    const opened = (socket: Socket<Peer>): void => void this.#open(socket, 'tcp', tls !== undefined);
    return this.#listen(
      address,
      this.#handler(opened, () => this.#joined),
      tls,
    );
  }

  /** Listens for other servers; what is dialled from now on has the same TLS, or none. */
  listenForLinks(address: ListenAddress, tls?: Credentials): ListenAddress {
    this.#linkTls = tls;
    const opened = (socket: Socket<Peer>): void =>
      this.#openLink(socket, tls?.certifies(socket, false), tls !== undefined);
    return this.#listen(
      address,
      this.#handler(opened, () => this.#links),
      tls,
    );
  }

  /** Listens for browsers; `rules` are looked up at every request. */
  listenForWeb(address: ListenAddress, rules: WebRules, tls?: Credentials): ListenAddress {
    const opened = (socket: Socket<Peer>): void => this.#openWeb(socket, rules, tls !== undefined);
    const handler: SocketHandler<Peer> = {
      ...this.#handler(opened, () => this.#joined),
      data: (socket, chunk) => {
        this.#webOf(socket).data(chunk);
        this.#garbage.given(chunk, this.#joined.connections.at(socket.data.id));
      },
      drain: (socket) => this.#webOf(socket).drained(),
    };
    return this.#listen(address, handler, tls);
  }

  /** Connects to another server; LinkConnections.dialled or dialFailed follows, unless it is cancelled before. */
  dial(number: number, to: ListenAddress): void {
    const tls = this.#linkTls;
    const failed = (reason: string, why: 'unreachable' | 'tls' = 'unreachable'): void => {
      clearTimeout(timer);
      if (!this.#dials.delete(number)) return;
      this.#batch();
      this.#links.dialFailed(number, reason, this.#now, why);
    };
    const timer = setTimeout(() => failed('nobody answered'), DIAL_MS);
    this.#dials.add(number);
    const made = (socket: Socket<Peer>): void => {
      clearTimeout(timer);
      this.#batch();
      if (!this.#dials.delete(number)) return socket.terminate();
      this.#join(socket, this.#links.dialled(number, this.#now, tls?.certifies(socket, true)), true, tls !== undefined);
      socket.data.unproved = false;
    };
    const handler = { ...this.#handler(made, () => this.#links), connectError: () => {} };
    const handshake = (socket: Socket<Peer>, success: boolean, error: Error | null): void => {
      const objection = tls?.objection(socket, success, error, true);
      if (objection === undefined) return made(socket);
      failed(objection, 'tls');
      socket.terminate();
    };
    const socket = tls === undefined ? handler : { ...handler, open: () => {}, handshake };
    const options = { hostname: to.host, port: to.port, allowHalfOpen: true, data: newPeer(), socket };
    Bun.connect<Peer>(tls === undefined ? options : { ...options, tls: tls.dialling }).catch(
      (error: NodeJS.ErrnoException) => failed(error.code ?? error.message),
    );
  }

  /** The connection that was asked for under `number` is not wanted any more. */
  cancelDial(number: number): void {
    this.#dials.delete(number);
  }

  /** Accepts no more connections. */
  stopListening(): void {
    for (const listener of this.#listeners) listener.stop(false);
    this.#listeners.length = 0;
  }

  /** Breaks every connection that is left, and keeps no more deadlines. */
  close(): void {
    this.stopListening();
    for (const socket of this.#sockets) socket?.terminate();
    clearTimeout(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
  }

  /** Calls back when there is no connection (any more). */
  whenIdle(callback: () => void): void {
    this.#onIdle = callback;
    this.#batch();
  }

  /** Calls back when every connection that is left has been given all that is owed to it, and our end. */
  whenSaid(callback: () => void): void {
    this.#onSaid = callback;
    this.#batch();
  }

  // ── What the node asks (a part of Ports) ───────────────────────────────────────────────────────────────────────

  offer(id: ConnectionId, bytes: Uint8Array, start: number, end: number): number {
    return this.#sends.offer(id, bytes, start, end);
  }

  offerEach(ids: Int32Array, count: number, bytes: Uint8Array, start: number, end: number, taken: Int32Array): void {
    this.#sends.offerEach(ids, count, bytes, start, end, taken);
  }

  pause(id: ConnectionId): void {
    this.#sockets[id]?.pause();
  }

  resume(id: ConnectionId): void {
    this.#sockets[id]?.resume();
  }

  /** Ends our side; the connection closes when the peer ends its own, or at once when `wait` is false. */
  end(id: ConnectionId, wait: boolean, why: Ending, reason: string): void {
    const web = this.#sends.indirect(id);
    if (web === undefined) this.#finish(id, wait ? 'shutdown' : 'end');
    else web.end(wait && this.#sockets[id]?.data.inputOver === false, why, reason);
  }

  terminate(id: ConnectionId): void {
    this.#sends.indirect(id);
    this.#sockets[id]?.terminate();
  }

  wake(): void {
    this.#wanted = true;
    this.#batch();
  }

  /** A late answer for the node: brings its time and its flush. */
  answer(give: (node: Node, now: number) => void): void {
    this.#batch();
    give(this.#joined, this.#now);
  }

  /** Looks at the node, and changes nothing. */
  ask<T>(look: (node: Node, now: number) => T): T {
    return look(this.#joined, this.now());
  }

  // ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #write(id: ConnectionId, bytes: Uint8Array, start: number, end: number): number {
    const socket = this.#sockets[id];
    if (socket === undefined) return -1;
    this.#writing = true;
    const taken = socket.write(bytes, start, end - start);
    this.#writing = false;
    return taken;
  }

  #finish(id: ConnectionId, how: Finish): void {
    const socket = this.#sockets[id];
    if (socket === undefined) return;
    socket.data.ended = true;
    if (socket.data.inputOver || how === 'end') socket.end();
    else if (how === 'shutdown') socket.shutdown();
  }

  get #joined(): Node {
    return this.#node as Node;
  }

  get #links(): LinkConnections {
    return this.#joined.links as LinkConnections;
  }

  #listen(address: ListenAddress, plain: SocketHandler<Peer>, tls: Credentials | undefined): ListenAddress {
    const listener = Bun.listen<Peer>({
      hostname: address.host,
      port: address.port,
      allowHalfOpen: true,
      data: newPeer(),
      ...(tls === undefined ? { socket: plain } : { socket: this.#secured(plain, tls), tls: tls.listening }),
    });
    this.#listeners.push(listener);
    return { ...address, port: listener.port };
  }

  /** `plain` behind a handshake. What comes before that is good is not heard. */
  #secured(plain: SocketHandler<Peer>, tls: Credentials): SocketHandler<Peer> {
    return {
      ...plain,
      open: (socket) => {
        tls.show(socket);
        plain.open?.(socket);
      },
      handshake: (socket, success, error) => {
        const objection = tls.objection(socket, success, error, false);
        if (objection === undefined) socket.data.unproved = false;
        else this.#reject(socket, objection);
      },
      data: (socket, chunk) => {
        if (socket.data.unproved) socket.terminate();
        else plain.data?.(socket, chunk);
      },
    };
  }

  #handler(opened: (socket: Socket<Peer>) => void, hearer: () => Hearer): SocketHandler<Peer> {
    return {
      open: opened,
      data: (socket, chunk) => {
        this.#batch();
        hearer().receive(socket.data.id, chunk, this.#now);
        this.#garbage.given(chunk, this.#joined.connections.at(socket.data.id));
      },
      drain: (socket) => {
        this.#batch();
        hearer().drained(socket.data.id, this.#now);
      },
      end: (socket) => this.#end(socket),
      close: (socket) => this.#close(socket, 'Connection lost'),
      error: (socket, error) => this.#fail(socket, error),
    };
  }

  #hearer(socket: Socket<Peer>): Hearer {
    return socket.data.link ? this.#links : this.#joined;
  }

  /** The listener's data is one object: each socket needs its own. */
  #join(socket: Socket<Peer>, id: ConnectionId, link: boolean, tls: boolean): void {
    socket.data = { id, inputOver: false, ended: false, link, unproved: tls, web: undefined };
    this.#sockets[id] = socket;
    // What TLS makes of a frame is the runtime's to send.
    this.#sends.open(id, tls ? -1 : socket.fd);
  }

  #openWeb(socket: Socket<Peer>, rules: WebRules, tls: boolean): void {
    if (!this.#open(socket, 'web', tls)) return;
    const web = new WebSocketPeer(socket.data.id, this.#web, rules);
    this.#sends.frame(web);
    socket.data.web = web;
  }

  /** Something happens to a WebSocket. */
  #webOf(socket: Socket<Peer>): WebSocketPeer {
    this.#batch();
    return socket.data.web as WebSocketPeer;
  }

  #openLink(socket: Socket<Peer>, certifies: Certifies | undefined, tls: boolean): void {
    const address = addressOf(socket);
    if (address === undefined) return;
    this.#batch();
    this.#join(socket, this.#links.accepted(address, this.#now, certifies), true, tls);
  }

  /** False: there is nobody. */
  #open(socket: Socket<Peer>, way: Way, tls: boolean): boolean {
    const address = addressOf(socket);
    if (address === undefined) return false;
    this.#batch();
    this.#join(socket, this.#joined.connected(address, this.#mask(address), this.#now, way), false, tls);
    this.#garbage.came();
    return true;
  }

  /** Its handshake came to nothing. */
  #reject(socket: Socket<Peer>, objection: string): void {
    this.#batch();
    const { id, link } = socket.data;
    if (link && this.#sockets[id] === socket) this.#links.distrusted(id, objection, this.#now);
    this.#close(socket, `TLS: ${objection}`);
    socket.terminate();
  }

  #end(socket: Socket<Peer>): void {
    this.#batch();
    socket.data.inputOver = true;
    if (socket.data.ended) socket.end();
    else this.#hearer(socket).inputOver(socket.data.id, this.#now);
  }

  #close(socket: Socket<Peer>, reason: string): void {
    const { id } = socket.data;
    if (this.#sockets[id] !== socket) return;
    // At once, for the system may give the number to another connection.
    this.#sends.indirect(id);
    this.#batch();
    if (this.#writing) {
      this.#lost.push([socket, reason]);
      return;
    }
    this.#sockets[id] = undefined;
    this.#sends.close(id);
    this.#hearer(socket).closed(id, reason, this.#now);
  }

  /** The connection failed, or one of our handlers did: Bun tells both here, and closes neither. */
  #fail(socket: Socket<Peer>, error: NodeJS.ErrnoException): void {
    const ours = error.code === undefined;
    if (ours) this.#onFault(error);
    const reason = error.code === 'EPROTO' ? 'TLS' : error.message;
    this.#close(socket, ours ? 'Internal error' : `Connection failed (${reason})`);
    socket.terminate();
  }

  /** Does what no connection is to blame for; a fault in it is told, and the server goes on. */
  #contained(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** Something happens: the clock is read if this is the first thing of its batch, and the batch's end is awaited. */
  #batch(): void {
    if (this.#inBatch) return;
    this.#now = this.now();
    this.#inBatch = true;
    setImmediate(this.#endBatch);
  }

  readonly #endBatch = (): void => {
    const node = this.#joined;
    for (const [socket, reason] of this.#lost.splice(0)) this.#close(socket, reason);
    if (this.#wanted) {
      this.#wanted = false;
      this.#sends.writes.flushes++;
      this.#contained(() => node.flush(this.#now));
    }
    this.#inBatch = false;
    this.#sends.forget();
    // A flush may have let input go on, which may have asked for the next one, and may have found connections lost.
    if (this.#wanted || this.#lost.length > 0) this.#batch();
    this.#arm(node.deadline);
    if (this.#onSaid !== undefined && this.#sockets.every((socket) => socket === undefined || socket.data.ended)) {
      this.#onSaid();
      this.#onSaid = undefined;
    }
    if (this.#onIdle !== undefined && node.connections.count === 0) {
      this.#onIdle();
      this.#onIdle = undefined;
    }
  };

  #arm(at: number): void {
    if (at >= this.#timerAt) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(this.#tick, Math.min(Math.max(at - Date.now(), 0), 2 ** 31 - 1));
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#batch();
    if (this.#joined.deadline <= this.#now) this.#contained(() => this.#joined.tick(this.#now));
  };
}

/** Whence a connection was accepted. Who broke it off before that is nowhere any more: it ends, and nothing is made of it. */
function addressOf(socket: Socket<Peer>): string | undefined {
  const address: string | undefined = socket.remoteAddress;
  if (address === undefined) socket.terminate();
  return address;
}

function newPeer(): Peer {
  return { id: connectionId(-1), inputOver: false, ended: false, link: false, unproved: false, web: undefined };
}
