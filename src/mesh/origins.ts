// Origins: every server that something is known of, with its log, and its state as a snapshot and as a digest. Snapshots
// and digests are made when they are asked for and used again until somebody says that the state has changed.

import { Budget } from '../base/budget.ts';
import type { ServerId } from '../base/ids.ts';
import { FrameWriter } from '../wire/writer.ts';
import { digestOf } from './digest.ts';
import { type LogLimits, Origin } from './origin.ts';
import { freeze, type Snapshot } from './snapshot.ts';
import { NOTHING, type Position } from './vector.ts';

export interface OriginLimits {
  readonly servers: number;
  readonly log: LogLimits;
  readonly logBytes: number;
}

/** Writes all frames of an origin's state, the server itself first. */
export type Describe = (id: ServerId, frames: FrameWriter) => void;

export class Origins {
  readonly #limits: OriginLimits;
  readonly #budget: Budget;
  readonly #describe: Describe;
  readonly #origins = new Map<ServerId, Origin>();
  readonly #snapshots = new Map<ServerId, Snapshot>();
  readonly #digests = new Map<ServerId, string>();

  constructor(limits: OriginLimits, describe: Describe) {
    this.#limits = limits;
    this.#budget = new Budget(limits.logBytes);
    this.#describe = describe;
  }

  get size(): number {
    return this.#origins.size;
  }

  /** Bytes of all logs. */
  get held(): number {
    return this.#budget.held;
  }

  get(id: ServerId): Origin | undefined {
    return this.#origins.get(id);
  }

  /** The origin, made if it is not known; undefined when there are too many servers. */
  open(id: ServerId): Origin | undefined {
    let origin = this.#origins.get(id);
    if (origin === undefined) {
      if (this.#origins.size >= this.#limits.servers) return undefined;
      origin = new Origin(id, this.#budget, this.#limits.log);
      this.#origins.set(id, origin);
    }
    return origin;
  }

  position(id: ServerId): Position {
    return this.#origins.get(id) ?? NOTHING;
  }

  drop(id: ServerId): void {
    this.#origins.get(id)?.close();
    this.#origins.delete(id);
    this.changed(id);
  }

  /** What was made of the origin's state is out of date. */
  changed(id: ServerId): void {
    this.#snapshots.delete(id);
    this.#digests.delete(id);
  }

  snapshot(origin: Origin): Snapshot {
    return cached(this.#snapshots, origin.id, () => {
      const frames = this.#frames(origin);
      return freeze(origin.id, { incarnation: origin.incarnation, n: origin.n }, frames.bytes, frames.length);
    });
  }

  digest(origin: Origin): string {
    return cached(this.#digests, origin.id, () => {
      const frames = this.#frames(origin);
      return digestOf(frames.bytes, frames.length);
    });
  }

  #frames(origin: Origin): FrameWriter {
    const frames = new FrameWriter();
    this.#describe(origin.id, frames);
    return frames;
  }
}

/** What the cache has for the origin, made where it has nothing. */
function cached<Value>(cache: Map<ServerId, Value>, id: ServerId, make: () => Value): Value {
  const known = cache.get(id);
  if (known !== undefined) return known;
  const value = make();
  cache.set(id, value);
  return value;
}
