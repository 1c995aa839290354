// A client over TCP in Node, with TLS where the address says so, by node:net and node:tls. Node keeps what a socket does not
// take yet and tells how much that is: past a bound the server is given up.
// With TLS it is open when the server's certificate was found good, and says nothing before.

import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { readServerAddress, type ServerAddress } from '../servers.ts';
import type { Dialler, Transport, TransportEvents } from './driver.ts';
import { reasonOf } from './reason.ts';

const UNSENT_MAX_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 300;

/** Dials over TCP. `ca`: the authorities to believe in, in PEM; those of the runtime where none are given. */
export function nodeTcpDialler(ca?: string): Dialler {
  return (server, events) => new NodeTcpTransport(server, events, ca);
}

class NodeTcpTransport implements Transport {
  readonly #events: TransportEvents;
  readonly #socket: Socket;
  #over = false;

  constructor(server: string, events: TransportEvents, ca: string | undefined) {
    this.#events = events;
    const { host, port, tls } = readServerAddress(server) as ServerAddress;
    const secure = {
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
    };
    const socket = tls ? connectSecurely(secure) : connectPlain({ host, port });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on(tls ? 'secureConnect' : 'connect', () => {
      if (!this.#over) this.#events.open();
    });
    socket.on('data', (chunk: Uint8Array) => {
      if (!this.#over) this.#events.data(new Uint8Array(chunk));
    });
    socket.on('end', () => this.#closed('the server closed the connection'));
    socket.on('close', () => this.#closed('the connection was lost'));
    socket.on('error', (error) => this.#closed(reasonOf(error)));
  }

  send(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength <= UNSENT_MAX_BYTES) return;
    this.#closed('the server takes nothing');
    this.#socket.destroy();
  }

  close(): void {
    this.#over = true;
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  #closed(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.closed(reason);
  }
}
