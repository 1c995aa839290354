// Sends: what leaves by the sockets of the edge. Most of it goes past the runtime, straight to a descriptor; what is not
// taken whole there, or may not go there (TLS, a connection that ends), goes by the runtime's write, which waits for room
// and finds out what is wrong. What is offered to a WebSocket goes by that one, which frames it first.
//
// What it keeps true: a descriptor is dropped before it can be the number of another connection's.

import type { ConnectionId } from '../base/ids.ts';
import { DirectSend } from './direct.ts';
import { MOST_MESSAGE_BYTES, WebMessage } from './web-message.ts';
import type { WebSocketPeer } from './web-socket.ts';
import { WriteSizes } from './write-sizes.ts';

export interface SendsHost {
  /** The runtime's write: the bytes that it took, -1 when the connection is gone. */
  write(id: ConnectionId, bytes: Uint8Array, start: number, end: number): number;
  /** A fault of ours in what was offered to one of many: that one ends. */
  failed(id: ConnectionId, error: unknown): void;
}

export class Sends {
  /** What was written since the start. */
  readonly writes = new WriteSizes();
  /** What a WebSocket is about to be sent. */
  readonly message = new WebMessage();
  readonly #host: SendsHost;
  readonly #direct = DirectSend.open();
  /** Messages lie in an array of their own. */
  readonly #framed = DirectSend.open();
  /** The descriptors of those that may be sent to directly: open, and not ended by us. -1 for the others. */
  readonly #descriptors: number[] = [];
  /** Those that are WebSockets, or are to be. */
  readonly #webs: (WebSocketPeer | undefined)[] = [];

  constructor(host: SendsHost) {
    this.#host = host;
  }

  /** A connection that may be sent to directly at `descriptor`; -1: it may not. */
  open(id: ConnectionId, descriptor: number): void {
    this.#descriptors[id] = descriptor;
  }

  /** It is a WebSocket: what is sent past that would not be framed. */
  frame(web: WebSocketPeer): void {
    web.descriptor = this.#descriptors[web.id] ?? -1;
    this.#descriptors[web.id] = -1;
    this.#webs[web.id] = web;
  }

  /** It is sent to by the runtime from now on; the WebSocket that it is. */
  indirect(id: ConnectionId): WebSocketPeer | undefined {
    this.#descriptors[id] = -1;
    const web = this.#webs[id];
    if (web !== undefined) web.descriptor = -1;
    return web;
  }

  /** It is gone. */
  close(id: ConnectionId): void {
    this.#webs[id] = undefined;
  }

  /** As Transport has it. */
  offer(id: ConnectionId, bytes: Uint8Array, start: number, end: number): number {
    const descriptor = this.#descriptors[id] ?? -1;
    const sent = descriptor < 0 ? -1 : (this.#direct?.send(descriptor, bytes, start, end) ?? -1);
    const taken = sent === end - start ? sent : this.#offerRest(id, bytes, start, end, sent);
    this.writes.count(taken);
    return taken;
  }

  /** As Transport has it. */
  offerEach(ids: Int32Array, count: number, bytes: Uint8Array, start: number, end: number, taken: Int32Array): void {
    const length = end - start;
    let whole = 0;
    this.message.forget();
    for (let i = 0; i < count; i++) {
      const id = ids[i] as ConnectionId;
      const descriptor = this.#descriptors[id] ?? -1;
      const sent =
        descriptor < 0
          ? this.#sendFramed(this.#webs[id], bytes, start, end)
          : (this.#direct?.send(descriptor, bytes, start, end) ?? -1);
      if (sent === length) whole++;
      taken[i] = sent === length ? sent : this.#offerOne(id, bytes, start, end, sent);
    }
    this.message.forget();
    this.writes.count(length, whole);
  }

  /** As offer(), of what a WebSocket has framed. */
  transmit({ id, descriptor }: WebSocketPeer, bytes: Uint8Array, start: number, end: number): number {
    const sent = descriptor < 0 ? -1 : (this.#framed?.send(descriptor, bytes, start, end) ?? -1);
    return sent === end - start ? sent : this.#sendRest(id, bytes, start, end, sent);
  }

  /** The arrays sent from may move from now on: called when the present batch is over. */
  forget(): void {
    this.#direct?.forget();
    this.#framed?.forget();
  }

  /** What many are offered, to one that may be a WebSocket: all of it, or -1 where nothing was sent. */
  #sendFramed(web: WebSocketPeer | undefined, bytes: Uint8Array, start: number, end: number): number {
    if (web === undefined || !web.ready || web.descriptor < 0 || end - start > MOST_MESSAGE_BYTES) return -1;
    const { message } = this;
    message.frame(bytes, start, end);
    const sent = this.#framed?.send(web.descriptor, message.bytes, message.start, message.end) ?? -1;
    if (sent <= 0) return -1;
    if (sent < message.end - message.start) web.sent(sent);
    return end - start;
  }

  /** What is not sent whole to one of many. A fault in it is that connection's alone. */
  #offerOne(id: ConnectionId, bytes: Uint8Array, start: number, end: number, sent: number): number {
    let taken = -1;
    try {
      const web = this.#webs[id];
      taken = web === undefined ? this.#sendRest(id, bytes, start, end, sent) : web.offer(bytes, start, end);
    } catch (error) {
      this.#host.failed(id, error);
    }
    this.writes.count(taken);
    return taken;
  }

  #offerRest(id: ConnectionId, bytes: Uint8Array, start: number, end: number, sent: number): number {
    const web = this.#webs[id];
    if (web === undefined) return this.#sendRest(id, bytes, start, end, sent);
    // The same places may hold other bytes than they did.
    this.message.forget();
    return web.offer(bytes, start, end);
  }

  /** Of the bytes `sent` were sent directly, -1 for none: the others go by the runtime. */
  #sendRest(id: ConnectionId, bytes: Uint8Array, start: number, end: number, sent: number): number {
    // The runtime finds the connection full, and says so when it is not any more, or finds it gone.
    const from = sent > 0 ? start + sent : start;
    const taken = this.#host.write(id, bytes, from, end);
    return taken < 0 ? taken : from - start + taken;
  }
}
