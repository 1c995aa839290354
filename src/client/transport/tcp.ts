// A client over TCP: short writes, drains, and an end that loses nothing which the peer still takes.
// The deadline for a connection is the session's; this file keeps only a bound on what waits to be sent, and the short
// time that is left for the rest when a connection is given up.

import type { Socket } from 'bun';
import type { ClientEvent } from '../client-events.ts';
import type { ClientOptions } from '../client-options.ts';
import { Client, type Dialler, type Transport, type TransportEvents } from './driver.ts';

const UNSENT_MAX_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 300;

/** Dials over TCP. */
export const dialTcp: Dialler = (server, events) => new TcpTransport(server, events);

/** A client that dials `options.servers` over TCP. `listener` hears every event from the first on. */
export function connectTcp(options: ClientOptions, listener?: (event: ClientEvent) => void): Client {
  return new Client(options, dialTcp, listener);
}

class TcpTransport implements Transport {
  readonly #events: TransportEvents;
  #socket: Socket | undefined;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #blocked = false;
  #closing = false;
  #told = false;

  constructor(server: string, events: TransportEvents) {
    this.#events = events;
    const colon = server.lastIndexOf(':');
    const hostname = server.slice(0, colon).replace(/^\[|\]$/g, '');
    const port = Number(server.slice(colon + 1));
    Bun.connect({
      hostname,
      port,
      allowHalfOpen: true,
      socket: {
        open: (socket) => this.#opened(socket),
        data: (_, chunk) => {
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
        error: (_, error) => this.#closed(reasonOf(error)),
        connectError: (_, error) => this.#closed(reasonOf(error)),
      },
    }).catch((error: unknown) => this.#closed(reasonOf(error)));
  }

  send(bytes: Uint8Array): void {
    if (this.#closing) return;
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    if (!this.#blocked) this.#flush();
    if (this.#unsentBytes <= UNSENT_MAX_BYTES) return;
    this.#closed('the server takes nothing');
    this.#socket?.terminate();
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

  #closed(reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#events.closed(reason);
  }
}

/** Why a connection failed, in words for people. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ECONNREFUSED') return 'nobody is listening there';
  if (code === 'ENOTFOUND') return 'there is no such host';
  if (code === 'ECONNRESET') return 'the connection was reset';
  return error instanceof Error ? error.message : String(error);
}
