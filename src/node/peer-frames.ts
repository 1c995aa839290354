// Frames for other servers: what the rooms of one batch have to say to each server, gathered into as few groups as
// there may be and given to the link on the way there when the batch is over. A link that is full gets no more until it
// has drained; what waits for it is bounded, and when it is too much all of it is thrown away, as every room can ask
// again for what it lacks. It knows no rooms; a STREAM and its entries are never divided.

import { utf8Bytes } from '../base/bytes.ts';
import type { ServerId } from '../base/ids.ts';
import { MOST_BYTES, MOST_FRAMES } from '../mesh/group.ts';
import { BACKSLASH, GREATER, LF } from '../wire/octets.ts';
import { FrameWriter } from '../wire/writer.ts';

/** Bytes that may wait for one server. */
const MOST_WAITING = 32 * 1024 * 1024;
/** A buffer that has grown above this is given back when it is empty. */
const KEPT_BYTES = 256 * 1024;
/** Frames that belong to the one before them. */
const ENTRIES = ['<CMSG,', '<SKIPSEQUENCE,'].map(utf8Bytes);

/** How frames leave. */
export interface FrameCarrier {
  /** Sends `count` frames to a server; 'full', and nothing sent, while the link there takes no more. */
  send(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): 'sent' | 'full' | 'unreachable';
  /** Asks for flush() when the batch is over. */
  wake(): void;
  /** What waited for this server was too much and is gone. */
  dropped(server: ServerId): void;
}

interface Waiting {
  readonly frames: FrameWriter;
  /** The link took no more. */
  full: boolean;
}

export class PeerFrames {
  readonly #carrier: FrameCarrier;
  readonly #waiting = new Map<ServerId, Waiting>();

  constructor(carrier: FrameCarrier) {
    this.#carrier = carrier;
  }

  /** Queues whole frames for a server, each with its LF; they are copied. */
  add(server: ServerId, bytes: Uint8Array, start: number, end: number): void {
    let waiting = this.#waiting.get(server);
    if (waiting === undefined) {
      waiting = { frames: new FrameWriter(), full: false };
      this.#waiting.set(server, waiting);
    }
    waiting.frames.frame(bytes, start, end);
    if (waiting.frames.length <= MOST_WAITING) return this.#carrier.wake();
    this.#waiting.delete(server);
    this.#carrier.dropped(server);
  }

  /** Sends what links take. */
  flush(): void {
    for (const [server, waiting] of this.#waiting) if (!waiting.full) this.#send(server, waiting);
  }

  /** A link has drained: what waits for any server is tried again. */
  drained(): void {
    let any = false;
    for (const waiting of this.#waiting.values()) {
      any ||= waiting.full;
      waiting.full = false;
    }
    if (any) this.#carrier.wake();
  }

  /** What waits for a server will not be sent: it is out of reach. */
  lost(server: ServerId): void {
    this.#waiting.delete(server);
  }

  #send(server: ServerId, waiting: Waiting): void {
    const { frames } = waiting;
    let at = 0;
    while (at < frames.length && !waiting.full) {
      const { end, count } = groupFrom(frames.bytes, at, frames.length);
      const outcome = this.#carrier.send(server, frames.bytes, at, end, count);
      if (outcome === 'full') waiting.full = true;
      else at = outcome === 'unreachable' ? frames.length : end;
    }
    if (at === frames.length) {
      if (frames.bytes.length <= KEPT_BYTES) frames.clear();
      else this.#waiting.set(server, { frames: new FrameWriter(), full: waiting.full });
      return;
    }
    if (at === 0) return;
    const rest = new FrameWriter(frames.length - at);
    rest.frame(frames.bytes, at, frames.length);
    this.#waiting.set(server, { frames: rest, full: true });
  }
}

interface Cut {
  readonly end: number;
  readonly count: number;
}

/** The longest run of frames from `at` on that fits one group and does not part what belongs together. */
function groupFrom(bytes: Uint8Array, at: number, length: number): Cut {
  let cut: Cut = { end: at, count: 0 };
  let end = at;
  for (let count = 1; count <= MOST_FRAMES && end < length; count++) {
    end = endOfFrame(bytes, end);
    if (end - at > MOST_BYTES && cut.count > 0) break;
    if (end === length || !isEntry(bytes, end)) cut = { end, count };
  }
  return cut;
}

/** Where the frame with its LF ends that begins at `at`. */
function endOfFrame(bytes: Uint8Array, at: number): number {
  let i = at;
  for (; bytes[i] !== GREATER; i++) if (bytes[i] === BACKSLASH) i++;
  return bytes[i + 1] === LF ? i + 2 : i + 1;
}

function isEntry(bytes: Uint8Array, at: number): boolean {
  for (const head of ENTRIES) if (begins(bytes, at, head)) return true;
  return false;
}

function begins(bytes: Uint8Array, at: number, head: Uint8Array): boolean {
  for (let i = 0; i < head.length; i++) if (bytes[at + i] !== head[i]) return false;
  return true;
}
