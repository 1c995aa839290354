// Facts about rooms: which server is home of which room, as each server says of itself. A part for every server, this
// one too, is what its facts say and nothing else, so that equal facts make equal parts everywhere:
//
//   <ROOM,room,epoch,standby,old-epoch,old-last>   it is home of the room in this epoch; `standby` may be empty
//   <NOROOM,room,epoch>                            it is so no longer. An epoch of its own: the room has ended with it;
//                                                  of another server: the room is at home there
//
// It refuses what no server could have written. What follows from the parts together is for the rooms to say.

import { type Epoch, type RoomKey, type ServerId, serverId } from '../base/ids.ts';
import type { Verdict } from '../mesh/replica-ports.ts';
import { type EpochOrNone, homeOf, isEpoch, isNewer, isTimely } from '../order/epochs.ts';
import { numberAt } from '../order/server-frames.ts';
import { roomKey } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';

/** The most rooms of one server that others take note of. */
const MOST_ROOMS = 1 << 18;
const STANDBY = /^(?:[1-9][0-9]{0,9})?$/;

/** What a server says of a room that it is home of. */
export interface Claim {
  readonly name: string;
  readonly epoch: Epoch;
  readonly standby: ServerId | undefined;
  readonly oldEpoch: EpochOrNone;
  readonly oldLast: number;
}

/** Who hears of what changes. */
export interface RoomFactsOut {
  claimed(key: RoomKey, claim: Claim): void;
  /** A claim is gone. `by`: the epoch that was named as the reason, '' for none: its server is forgotten. */
  unclaimed(key: RoomKey, claim: Claim, by: EpochOrNone): void;
  /** The next fact of this server. */
  tell(bytes: Uint8Array, start: number, end: number): void;
}

export class RoomFacts {
  readonly #self: ServerId;
  readonly #out: RoomFactsOut;
  readonly #parts = new Map<ServerId, Map<RoomKey, Claim>>();
  readonly #frames = new FrameWriter();

  constructor(self: ServerId, out: RoomFactsOut) {
    this.#self = self;
    this.#out = out;
  }

  /** Judges a frame by itself; 'unknown' when it is not about who is home of a room. */
  check(origin: ServerId, frame: Frame): Verdict {
    const verb = frame.verb();
    if (verb === 'ROOM') return readClaim(origin, frame) === undefined ? 'bad' : 'good';
    if (verb !== 'NOROOM') return 'unknown';
    return keyOf(frame) !== undefined && isEpoch(frame.arg(1)) ? 'good' : 'bad';
  }

  apply(origin: ServerId, frame: Frame): void {
    if (origin === this.#self) return;
    const key = keyOf(frame);
    if (key === undefined) return;
    if (frame.verb() === 'NOROOM') return this.#drop(origin, key, frame.arg(1) as Epoch);
    const claim = readClaim(origin, frame);
    if (claim !== undefined && this.#put(origin, key, claim)) this.#out.claimed(key, claim);
  }

  /** All that `origin` says of rooms will be given to what this returns. */
  restoring(origin: ServerId): { take(frame: Frame): void; end(): void } {
    const claims = new Map<RoomKey, Claim>();
    return {
      take: (frame) => {
        const key = keyOf(frame);
        const claim = frame.verb() === 'ROOM' ? readClaim(origin, frame) : undefined;
        if (key !== undefined && claim !== undefined) claims.set(key, claim);
      },
      end: () => this.#restore(origin, claims),
    };
  }

  #restore(origin: ServerId, claims: ReadonlyMap<RoomKey, Claim>): void {
    if (origin === this.#self) return;
    for (const key of [...this.#part(origin).keys()]) {
      // Of a room that is not spoken of any more nothing else is known than that it has ended.
      if (!claims.has(key)) this.#drop(origin, key, this.#part(origin).get(key)?.epoch ?? '');
    }
    for (const [key, claim] of claims) if (this.#put(origin, key, claim)) this.#out.claimed(key, claim);
  }

  /** Writes the part of `origin`. */
  snapshot(origin: ServerId, to: FrameWriter): void {
    for (const claim of this.#parts.get(origin)?.values() ?? []) writeClaim(to, claim);
  }

  forget(origin: ServerId): void {
    if (origin === this.#self) return;
    const part = this.#part(origin);
    this.#parts.delete(origin);
    for (const [key, claim] of part) this.#out.unclaimed(key, claim, '');
  }

  /** This server is home of the room. */
  say(key: RoomKey, claim: Claim): void {
    this.#put(this.#self, key, claim);
    this.#frames.clear();
    writeClaim(this.#frames, claim);
    this.#out.tell(this.#frames.bytes, 0, this.#frames.length);
  }

  /** It is so no longer, by the epoch `by`. */
  unsay(key: RoomKey, by: Epoch): void {
    const claim = this.own(key);
    if (claim === undefined) return;
    this.#parts.get(this.#self)?.delete(key);
    this.#frames.clear();
    this.#frames.begin('NOROOM').arg(claim.name).arg(by).end();
    this.#out.tell(this.#frames.bytes, 0, this.#frames.length);
  }

  own(key: RoomKey): Claim | undefined {
    return this.#parts.get(this.#self)?.get(key);
  }

  /** What a server claims. */
  of(origin: ServerId): Iterable<readonly [RoomKey, Claim]> {
    return this.#parts.get(origin) ?? [];
  }

  /** The claim of the newest epoch that is known of a room and may have begun by `now`. */
  newest(key: RoomKey, now: number): Claim | undefined {
    let found: Claim | undefined;
    for (const part of this.#parts.values()) {
      const claim = part.get(key);
      if (claim !== undefined && isNewer(claim.epoch, found?.epoch ?? '') && isTimely(claim.epoch, now)) found = claim;
    }
    return found;
  }

  #part(origin: ServerId): ReadonlyMap<RoomKey, Claim> {
    return this.#parts.get(origin) ?? new Map();
  }

  #put(origin: ServerId, key: RoomKey, claim: Claim): boolean {
    const part = this.#parts.get(origin) ?? new Map<RoomKey, Claim>();
    this.#parts.set(origin, part);
    if (part.size >= MOST_ROOMS && !part.has(key)) return false;
    part.set(key, claim);
    return true;
  }

  #drop(origin: ServerId, key: RoomKey, by: EpochOrNone): void {
    const part = this.#parts.get(origin);
    const claim = part?.get(key);
    if (part === undefined || claim === undefined) return;
    part.delete(key);
    if (part.size === 0) this.#parts.delete(origin);
    this.#out.unclaimed(key, claim, by);
  }
}

function keyOf(frame: Frame): RoomKey | undefined {
  return roomKey(frame.arg(0)) as RoomKey | undefined;
}

function readClaim(origin: ServerId, frame: Frame): Claim | undefined {
  const [name, epoch, standby, oldEpoch] = [frame.arg(0), frame.arg(1), frame.arg(2), frame.arg(3)];
  const oldLast = numberAt(frame, 4);
  if (keyOf(frame) === undefined || !isEpoch(epoch) || homeOf(epoch) !== origin || !STANDBY.test(standby))
    return undefined;
  if ((oldEpoch !== '' && !isEpoch(oldEpoch)) || oldLast < 0) return undefined;
  return {
    name,
    epoch,
    standby: standby === '' ? undefined : serverId(Number(standby)),
    oldEpoch: oldEpoch as EpochOrNone,
    oldLast,
  };
}

function writeClaim(to: FrameWriter, { name, epoch, standby, oldEpoch, oldLast }: Claim): void {
  to.begin('ROOM')
    .arg(name)
    .arg(epoch)
    .arg(standby ?? '')
    .arg(oldEpoch)
    .arg(oldLast)
    .end();
}
