// A client over WebSocket, by the standard global that browsers, Bun and Node 22 have. Every message is binary and holds
// whole frames; which frames fell into one message says nothing, and text messages end the connection. That the server
// speaks the subprotocol is seen to by the standard, which opens no connection where it does not.
// Bun waits for the peer's end of a connection that we close as long as the peer likes, so it has a short time for that.
// The standard takes whatever is sent and tells how much waits: past a bound the server is given up.

import type { Dialler, Transport, TransportEvents } from './driver.ts';

const SUBPROTOCOL = 'chorus.1';
const GOOD_END = 1000;
const LINGER_MS = 300;
const UNSENT_MAX_BYTES = 4 * 1024 * 1024;

/** Dials `ws://…` and `wss://…`. */
export const webSocketDialler: Dialler = (server, events) => new WebSocketTransport(server, events);

class WebSocketTransport implements Transport {
  readonly #events: TransportEvents;
  readonly #socket: WebSocket;
  #over = false;
  #lingering: ReturnType<typeof setTimeout> | undefined;

  constructor(server: string, events: TransportEvents) {
    this.#events = events;
    const socket = new WebSocket(server, SUBPROTOCOL);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#take(data);
    // Browsers do not tell pages why a connection failed; a close always follows.
    socket.onclose = ({ reason, wasClean }) => {
      clearTimeout(this.#lingering);
      this.#closed(reason || wordsFor(wasClean));
    };
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#over) return;
    this.#socket.send(bytes);
    if (this.#socket.bufferedAmount > UNSENT_MAX_BYTES) this.#give('the server takes nothing');
  }

  close(): void {
    this.#over = true;
    // What waits is sent before the closing message is.
    this.#end(GOOD_END);
  }

  #opened(): void {
    if (!this.#over) this.#events.open();
  }

  #take(data: unknown): void {
    if (this.#over) return;
    if (data instanceof ArrayBuffer) this.#events.data(new Uint8Array(data));
    else this.#give('the server sent text where bytes belong');
  }

  #give(reason: string): void {
    this.#end();
    this.#closed(reason);
  }

  /** Closes; a peer that does not is not waited for long, where the runtime leaves that to us. */
  #end(code?: number): void {
    const socket: WebSocket & { terminate?(): void } = this.#socket;
    socket.close(code);
    if (socket.terminate !== undefined) this.#lingering = setTimeout(() => socket.terminate?.(), LINGER_MS);
  }

  #closed(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.closed(reason);
  }
}

function wordsFor(wasClean: boolean): string {
  return wasClean ? 'the server closed the connection' : 'no connection, or it was lost';
}
