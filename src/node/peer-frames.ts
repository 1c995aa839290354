// Frames for other servers: what the rooms of one batch have to say to each server, gathered into as few groups as
// there may be and given to the link on the way there when the batch is over. A link that is full gets no more until it
// has drained; what waits for it is bounded, and when it is too much all of it is thrown away, as every room can ask
// again for what it lacks. It knows no rooms; what was queued as one, a STREAM and its entries, is never divided.

import type { ServerId } from '../base/ids.ts';
import { MOST_BYTES, MOST_FRAMES } from '../mesh/group.ts';
import { FrameWriter } from '../wire/writer.ts';

/** Bytes that may wait for one server. */
const MOST_WAITING = 32 * 1024 * 1024;
/** A buffer that has grown above this is given back when it is empty. */
const KEPT_BYTES = 256 * 1024;

/** How frames leave. */
export interface FrameCarrier {
  /** Sends `count` frames to a server; 'full', and nothing sent, while the link there takes no more. */
  send(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): 'sent' | 'full' | 'unreachable';
  /** Asks for flush() when the batch is over. */
  wake(): void;
  /** What waited for this server was too much and is gone. */
  dropped(server: ServerId): void;
}

class Waiting {
  readonly frames: FrameWriter;
  /** Of each thing that was queued as one: where it ends, and how many frames it has. */
  readonly units: number[] = [];
  /** The link took no more. */
  full = false;

  constructor(bytes?: number) {
    this.frames = new FrameWriter(bytes);
  }
}

export class PeerFrames {
  readonly #carrier: FrameCarrier;
  readonly #waiting = new Map<ServerId, Waiting>();

  constructor(carrier: FrameCarrier) {
    this.#carrier = carrier;
  }

  /** Queues `count` frames for a server as one, each with its LF; they are copied. */
  add(server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): void {
    let waiting = this.#waiting.get(server);
    if (waiting === undefined) {
      waiting = new Waiting();
      this.#waiting.set(server, waiting);
    }
    waiting.frames.frame(bytes, start, end);
    waiting.units.push(waiting.frames.length, count);
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
    const { frames, units } = waiting;
    let [at, unit] = [0, 0];
    while (unit < units.length && !waiting.full) {
      const { end, count, behind } = groupFrom(units, unit, at);
      const outcome = this.#carrier.send(server, frames.bytes, at, end, count);
      if (outcome === 'full') waiting.full = true;
      else [at, unit] = outcome === 'unreachable' ? [frames.length, units.length] : [end, behind];
    }
    if (unit === 0) return;
    if (unit === units.length && frames.bytes.length <= KEPT_BYTES) {
      frames.clear();
      units.length = 0;
    } else this.#waiting.set(server, restOf(waiting, at, unit));
  }
}

/** What waits from offset `at` and place `unit` on. */
function restOf({ frames, units, full }: Waiting, at: number, unit: number): Waiting {
  const rest = new Waiting(frames.length - at);
  rest.frames.frame(frames.bytes, at, frames.length);
  for (let i = unit; i < units.length; i += 2) rest.units.push((units[i] as number) - at, units[i + 1] as number);
  rest.full = full;
  return rest;
}

/** The longest run from place `unit` of `units` on, at offset `at`, that fits one group; at least one. */
function groupFrom(units: readonly number[], unit: number, at: number): { end: number; count: number; behind: number } {
  let [end, count, behind] = [units[unit] as number, units[unit + 1] as number, unit + 2];
  for (; behind < units.length; behind += 2) {
    const [next, more] = [units[behind] as number, units[behind + 1] as number];
    if (next - at > MOST_BYTES || count + more > MOST_FRAMES) break;
    end = next;
    count += more;
  }
  return { end, count, behind };
}
