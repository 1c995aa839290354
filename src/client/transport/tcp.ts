// A client over TCP, with TLS where the address says so: short writes, drains, and an end that loses nothing which the
// peer still takes. With TLS it is open when the server's certificate was found good, and says nothing before.
// The deadline for a connection is the session's; this file keeps only a bound on what waits to be sent, and the short
// time that is left for the rest when a connection is given up.

import type { Socket, SocketHandler } from 'bun';
import { tlsTrouble } from '../../base/tls-trouble.ts';
import type { ClientEvent } from '../client-events.ts';
import type { ClientOptions } from '../client-options.ts';
import { readServerAddress, type ServerAddress } from '../servers.ts';
import { Client, type Dialler, type Transport, type TransportEvents } from './driver.ts';
import { reasonOf } from './reason.ts';

const UNSENT_MAX_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 300;
/** What a server that expects TLS answers to plain text begins with; no frame does. */
const TLS_ALERT = 0x15;

/** Dials over TCP. `ca`: the authorities to believe in, in PEM; those of the runtime where none are given. */
export function tcpDialler(ca?: string): Dialler {
  return (server, events) => new TcpTransport(server, events, ca);
}

/** A client that dials `options.servers` over TCP. `listener` hears every event from the first on. */
export function connectTcp(options: ClientOptions, listener?: (event: ClientEvent) => void, ca?: string): Client {
  return new Client(options, tcpDialler(ca), listener);
}

class TcpTransport implements Transport {
  readonly #events: TransportEvents;
  #socket: Socket | undefined;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #blocked = false;
  #closing = false;
  #told = false;

  constructor(server: string, events: TransportEvents, ca: string | undefined) {
    this.#events = events;
    const { host: hostname, port, tls } = readServerAddress(server) as ServerAddress;
    const options = { hostname, port, allowHalfOpen: true };
    const connection = tls
      ? Bun.connect({ ...options, tls: ca === undefined ? true : { ca }, socket: this.#secured() })
      : Bun.connect({ ...options, socket: this.#handler() });
    connection.catch((error: unknown) => this.#closed(reasonOf(error)));
  }

  #handler(): SocketHandler<undefined> {
    return {
      open: (socket) => this.#opened(socket),
      data: (_, chunk) => {
        if (chunk[0] === TLS_ALERT) this.#give('it speaks TLS there: write tls:// before the address');
        if (!this.#closing) this.#events.data(chunk);
      },
      drain: () => {
        this.#blocked = false;
        this.#flush();
      },
      end: () => {
        this.#closed('the server closed the connection');
        this.#socket?.end();
      },
      close: (_, error) => this.#closed(error === undefined ? 'the connection was lost' : reasonOf(error)),
      error: (_, error) => this.#give(reasonOf(error)),
      connectError: (_, error) => this.#closed(reasonOf(error)),
    };
  }

  /** The same, open only when the handshake is over and the server is who it should be. */
  #secured(): SocketHandler<undefined> {
    return {
      ...this.#handler(),
      open: (socket) => {
        this.#socket = socket;
        if (this.#closing) socket.terminate();
      },
      handshake: (socket, success, error) => {
        if (success && socket.authorized) this.#opened(socket);
        else this.#give(tlsTrouble(error ?? socket.getAuthorizationError()));
      },
    };
  }

  send(bytes: Uint8Array): void {
    if (this.#closing) return;
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    if (!this.#blocked) this.#flush();
    if (this.#unsentBytes > UNSENT_MAX_BYTES) this.#give('the server takes nothing');
  }

  close(): void {
    this.#closing = true;
    this.#told = true;
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#unsentBytes === 0) socket.end();
    setTimeout(() => socket.terminate(), LINGER_MS).unref();
  }

  #opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#closing) socket.terminate();
    else this.#events.open();
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    for (let bytes = this.#unsent[0]; bytes !== undefined; bytes = this.#unsent[0]) {
      const taken = socket.write(bytes);
      if (taken < 0) return;
      this.#unsentBytes -= taken;
      if (taken < bytes.length) {
        this.#unsent[0] = bytes.subarray(taken);
        this.#blocked = true;
        return;
      }
      this.#unsent.shift();
    }
    if (this.#closing) socket.end();
  }

  /** Gives the connection up, for `reason`. */
  #give(reason: string): void {
    this.#closing = true;
    this.#closed(reason);
    this.#socket?.terminate();
  }

  #closed(reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#events.closed(reason);
  }
}
