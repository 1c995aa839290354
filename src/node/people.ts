// People and rooms: what the servers of a network tell each other, as the replica's state. Chat knows the users and who
// is in which room, RoomFacts who is home of which; this file passes facts between them and the replica.

import type { ServerId } from '../base/ids.ts';
import type { Chat } from '../chat/chat.ts';
import type { FrameCursor } from '../mesh/group.ts';
import type { Departure, State, Verdict } from '../mesh/replica-ports.ts';
import { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { RoomFacts } from './room-facts.ts';

/** Facts about who is home of a room. */
const ABOUT_ROOMS: ReadonlySet<string> = new Set(['ROOM', 'NOROOM']);

/** What people asks of the node around it. Chat and the rooms are made after it; nothing is asked of them before. */
export interface PeopleParts {
  readonly now: number;
  chat(): Chat;
  rooms(): RoomFacts;
  /** A server has left the network, or began anew: what it was before does not come back. */
  gone(server: ServerId, why: 'left' | 'restarted'): void;
}

export class People implements State {
  readonly #parts: PeopleParts;
  readonly #frame = new Frame();

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  check(origin: ServerId, incarnation: number, frame: Frame): Verdict {
    if (ABOUT_ROOMS.has(frame.verb())) return this.#parts.rooms().check(origin, frame);
    return this.#parts.chat().checkFact(origin, incarnation, frame);
  }

  apply(origin: ServerId, frame: Frame): void {
    if (ABOUT_ROOMS.has(frame.verb())) this.#parts.rooms().apply(origin, frame);
    else this.#parts.chat().applyFact(origin, frame, this.#parts.now);
  }

  restore(origin: ServerId, frames: FrameCursor): void {
    const rooms = this.#parts.rooms().restoring(origin);
    const restoring = this.#parts.chat().restoring(origin);
    while (frames.next(this.#frame)) {
      if (ABOUT_ROOMS.has(this.#frame.verb())) rooms.take(this.#frame);
      else restoring.take(this.#frame);
    }
    rooms.end();
    restoring.end(this.#parts.now);
  }

  snapshot(origin: ServerId, frames: FrameWriter): void {
    this.#parts.chat().snapshot(origin, frames, () => this.#parts.rooms().snapshot(origin, frames));
  }

  forget(origin: ServerId, why: Departure): void {
    const { now } = this.#parts;
    if (why.kind !== 'split') this.#parts.gone(origin, why.kind);
    this.#parts.chat().forget(origin, why, now);
    this.#parts.rooms().forget(origin);
  }
}
