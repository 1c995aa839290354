// People: what the servers of a network tell each other of their users, as the replica's state. Chat knows the users;
// this file passes facts between it and the replica. Who is in which room is not told: a room is still one server's
// own, and it is told together with its order.

import type { ServerId } from '../base/ids.ts';
import type { Chat } from '../chat/chat.ts';
import { FrameCursor } from '../mesh/group.ts';
import type { Departure, State, Verdict } from '../mesh/replica-ports.ts';
import { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';

/** Facts about who is where. */
const MEMBERSHIP: ReadonlySet<string> = new Set(['JOINROOM', 'LEAVEROOM']);

/** Whether bytes[start, end), one frame in canonical form, is a fact that others are told. */
export function isTold(bytes: Uint8Array, start: number, end: number): boolean {
  const frame = new Frame();
  return new FrameCursor(bytes.slice(start, end)).next(frame) && !MEMBERSHIP.has(frame.verb());
}

export class People implements State {
  readonly #chat: () => Chat;
  readonly #now: () => number;
  readonly #frame = new Frame();
  readonly #all = new FrameWriter();

  /** `chat` is made after the replica; nothing is asked of it before. */
  constructor(chat: () => Chat, now: () => number) {
    this.#chat = chat;
    this.#now = now;
  }

  check(origin: ServerId, incarnation: number, frame: Frame): Verdict {
    return this.#chat().checkFact(origin, incarnation, frame);
  }

  apply(origin: ServerId, frame: Frame): void {
    if (!MEMBERSHIP.has(frame.verb())) this.#chat().applyFact(origin, frame, this.#now());
  }

  restore(origin: ServerId, frames: FrameCursor): void {
    const restoring = this.#chat().restoring(origin);
    while (frames.next(this.#frame)) if (!MEMBERSHIP.has(this.#frame.verb())) restoring.take(this.#frame);
    restoring.end(this.#now());
  }

  snapshot(origin: ServerId, frames: FrameWriter): void {
    this.#all.clear();
    this.#chat().snapshot(origin, this.#all);
    const cursor = new FrameCursor(this.#all.bytes.slice(0, this.#all.length));
    const frame = this.#frame;
    while (cursor.next(frame)) {
      if (MEMBERSHIP.has(frame.verb())) continue;
      // With the LF behind it.
      frames.frame(frame.bytes, frame.start, frame.end + 1);
    }
  }

  forget(origin: ServerId, { kind, near, far }: Departure): void {
    this.#chat().forget(origin, { kind, near, far }, this.#now());
  }
}
