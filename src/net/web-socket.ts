// A WebSocket of a client: one connection of a listener for browsers, from its accept on. First it is one request, which may
// be for a page instead and is then answered and over; then frames both ways. What the node offers leaves as binary messages of whole frames; what the client sends, text or binary, in
// whatever pieces, goes to the node as the bytes that it is.
//
//   request ── upgrade ──> open ── our end ──> closing ── theirs ──> gone
//      └──── any other answer ────────────────────┘
//
// A message is taken whole or not at all: whatever the socket does not take of it is kept here, at most one message, and
// until that is gone nothing more is taken. It decides nothing of a session: faults and ends are the node's to judge, and
// it only has words for them (RFC 6455, section 7).

import type { Ending } from '../base/ending.ts';
import type { ConnectionId } from '../base/ids.ts';
import { cutFrames } from '../wire/frame-end.ts';
import { replyFrom } from './site.ts';
import { answerUpgrade, isOurs, WEB_SOCKET_PATH, type WebRules } from './upgrade.ts';
import { closeFrame, controlFrame, PONG, WebFrames } from './web-frames.ts';
import { MOST_MESSAGE_BYTES, type WebMessage } from './web-message.ts';
import { MOST_HEAD_BYTES, type Reply, readWebRequest, refusal, tooLongHead, type WebRequest } from './web-request.ts';

/**
 * How a connection goes on that was told everything: it ends at once, we end our half of it, or it ends when the client
 * says so.
 */
export type Finish = 'end' | 'shutdown' | 'wait';

/** What the edge does for its WebSockets, and tells the node of them. */
export interface WebHost {
  /** Where messages are put together. */
  readonly message: WebMessage;
  /** A request was answered with this status; 101 makes it a WebSocket. */
  answered(status: number): void;
  /** As Transport.offer, for what is on the wire. */
  transmit(peer: WebSocketPeer, bytes: Uint8Array, start: number, end: number): number;
  receive(id: ConnectionId, bytes: Uint8Array): void;
  /** So many bytes were read that are no part of that. */
  overhead(id: ConnectionId, bytes: number): void;
  /** The connection can take bytes, again or at last. */
  drained(id: ConnectionId): void;
  /** The client broke the rules; end() follows. */
  broke(id: ConnectionId, why: Ending, reason: string): void;
  /** The client sends nothing more; end() follows. */
  inputOver(id: ConnectionId): void;
  /** Does what was waited for, if the connection is still there. */
  later(peer: WebSocketPeer, work: () => void): void;
  /** All was said that was to be. */
  finish(id: ConnectionId, how: Finish): void;
}

const CODES = {
  ...{ done: 1000, leaving: 1001, protocol: 1002, encoding: 1007, policy: 1008, size: 1009, fault: 1011 },
} as const satisfies Record<Ending, number>;

const REQUEST = 0;
const OPEN = 1;
const CLOSING = 2;
/** It is no WebSocket: it was answered, or will be. */
const ANSWERED = 3;

const NOTHING = new Uint8Array(0);

export class WebSocketPeer {
  readonly id: ConnectionId;
  /** Where it may be sent to directly; -1: nowhere. */
  descriptor = -1;
  readonly #host: WebHost;
  readonly #rules: WebRules;
  readonly #frames = new WebFrames();
  #state = REQUEST;
  /** The request so far. */
  #head: Uint8Array = NOTHING;
  /** What the socket has still to take. */
  #rest: Uint8Array | undefined;
  /** The overhead that the node knows of. */
  #told = 0;
  /** Our end was asked for, and the client's is waited for. */
  #ending = false;
  #waits = true;

  constructor(id: ConnectionId, host: WebHost, rules: WebRules) {
    this.id = id;
    this.#host = host;
    this.#rules = rules;
  }

  /** Bytes of the client, which are given away. */
  data(chunk: Uint8Array): void {
    const rest = this.#state === REQUEST ? this.#request(chunk) : chunk;
    if (rest.length > 0 && this.#state !== REQUEST) this.#read(rest);
  }

  /** As Transport.offer: `bytes[start, end)` are whole frames. */
  offer(bytes: Uint8Array, start: number, end: number): number {
    if (!this.ready) return 0;
    const { message } = this.#host;
    for (let at = start; at < end; ) {
      const to = cutFrames(bytes, at, end, MOST_MESSAGE_BYTES);
      message.frame(bytes, at, to);
      const taken = this.#host.transmit(this, message.bytes, message.start, message.end);
      if (taken < 0) return taken;
      if (taken === 0) return at - start;
      if (message.start + taken < message.end) {
        this.#rest = message.bytes.slice(message.start + taken, message.end);
        return to - start;
      }
      at = to;
    }
    return end - start;
  }

  /** It takes messages. */
  get ready(): boolean {
    return this.#state === OPEN && this.#rest === undefined;
  }

  /** Of the message, `count` bytes were sent: the others go out before anything else. */
  sent(count: number): void {
    const { bytes, start, end } = this.#host.message;
    this.#send(bytes.slice(start + count, end));
  }

  /** The socket can take bytes again. */
  drained(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#send(rest);
    if (this.#state === OPEN) this.#pong();
    if (this.#ending) this.#finish();
    else if (this.#state === OPEN) this.#host.drained(this.id);
  }

  /** Ends our side, behind everything that was taken; waits for the client's end where that is to be. */
  end(wait: boolean, why: Ending, reason: string): void {
    const { ended } = this.#frames;
    this.#waits = wait && (ended === undefined || this.#state !== OPEN);
    this.#ending = true;
    if (this.#state === OPEN) {
      this.#state = CLOSING;
      this.#append(ended === undefined ? closeFrame(CODES[why], reason) : closeFrame(ended, ''));
    }
    this.#finish();
  }

  /** Takes a chunk of the request; returns what stands behind it once it is there and good. */
  #request(chunk: Uint8Array): Uint8Array {
    const before = this.#head.length;
    const head = before === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = Buffer.from(head.buffer, head.byteOffset, head.length).indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0 && head.length <= MOST_HEAD_BYTES) {
      this.#head = head;
      return NOTHING;
    }
    this.#head = NOTHING;
    const tooLong = end < 0 || end > MOST_HEAD_BYTES - 4;
    const request = tooLong ? tooLongHead() : readWebRequest(head.subarray(0, end + 4));
    if ('bytes' in request) this.#answer(request);
    else if (request.path === WEB_SOCKET_PATH) this.#answer(answerUpgrade(request, this.#rules));
    else this.#page(request);
    return head.subarray(end + 4);
  }

  /** Answers who asks for a page, which may have to be made first. */
  #page(request: WebRequest): void {
    if (!isOurs(request.host, this.#rules))
      return this.#answer(refusal(421, 'Use http://127.0.0.1 or http://localhost'));
    this.#state = ANSWERED;
    void replyFrom(this.#rules.site, request).then((reply) => this.#host.later(this, () => this.#answer(reply)));
  }

  #answer({ upgraded, status, bytes }: Reply): void {
    this.#host.answered(status);
    this.#state = upgraded ? OPEN : ANSWERED;
    this.#append(bytes);
    if (upgraded) this.#host.drained(this.id);
    else this.#host.inputOver(this.id);
  }

  #read(chunk: Uint8Array): void {
    const frames = this.#frames;
    if (this.#state === ANSWERED || frames.over) return;
    const data = frames.read(chunk);
    if (data > 0) this.#host.receive(this.id, data === chunk.length ? chunk : chunk.subarray(0, data));
    if (this.#state === OPEN) this.#pong();
    const overhead = frames.overhead - this.#told;
    this.#told = frames.overhead;
    if (overhead > 0) this.#host.overhead(this.id, overhead);
    if (frames.fault !== undefined) this.#host.broke(this.id, frames.fault.why, frames.fault.reason);
    else if (frames.ended !== undefined) this.#ended();
  }

  /** The client has said its end. */
  #ended(): void {
    if (this.#state === OPEN) this.#host.inputOver(this.id);
    else {
      this.#waits = false;
      this.#finish();
    }
  }

  /** Answers the newest ping, when there is room: those before it need no answer. */
  #pong(): void {
    const { ping } = this.#frames;
    if (ping === undefined || this.#rest !== undefined) return;
    this.#frames.ping = undefined;
    this.#send(controlFrame(PONG, ping));
  }

  /** Sends behind what waits. */
  #append(bytes: Uint8Array): void {
    if (this.#rest === undefined) this.#send(bytes);
    else this.#rest = Buffer.concat([this.#rest, bytes]);
  }

  /** Sends, when nothing waits, and keeps what is not taken. */
  #send(bytes: Uint8Array): void {
    const taken = this.#host.transmit(this, bytes, 0, bytes.length);
    if (taken >= 0 && taken < bytes.length) this.#rest = bytes.slice(taken);
  }

  #finish(): void {
    if (!this.#ending || this.#rest !== undefined) return;
    if (!this.#waits) this.#host.finish(this.id, 'end');
    else this.#host.finish(this.id, this.#state === CLOSING ? 'wait' : 'shutdown');
  }
}
