// Readers: sources of decided slots, some sixteen kilobytes a call, for HISTORY and for those who come back. The
// room's memory may move on between two calls; a reader never writes a torn frame and never says a slot twice.

import type { Epoch } from '../base/ids.ts';
import type { FrameWriter } from '../wire/writer.ts';
import { MESSAGE, type Slot } from './log.ts';

/** About how many bytes one call of next() writes. */
const CHUNK = 16_384;
const NOTHING = new Uint8Array(0);

/** What readers see of a room. */
export interface ReadableRoom {
  readonly name: string;
  readonly epoch: Epoch;
  readonly floor: number;
  /** Fills `slot` with the published slot `seq`; false when it is undecided or kept no longer. */
  read(seq: number, slot: Slot): boolean;
}

export function emptySlot(): Slot {
  return { kind: MESSAGE, seq: 0, position: 0, bytes: NOTHING, start: 0, end: 0 };
}

/**
 * Reads at most `count` slots from `from` on; ends before one that is kept no longer, or that was not published at
 * position `until`: what is published while it reads comes live.
 */
export class HistoryReader {
  readonly #room: ReadableRoom;
  readonly #end: number;
  readonly #until: number;
  readonly #slot = emptySlot();
  #at: number;

  constructor(room: ReadableRoom, from: number, count: number, until: number) {
    this.#room = room;
    this.#until = until;
    this.#at = from;
    this.#end = from + count;
  }

  /** The seq behind the last one read: where to go on. */
  get at(): number {
    return this.#at;
  }

  /** Writes some slots into `frames`; false when those were the last. */
  next(frames: FrameWriter): boolean {
    const slot = this.#slot;
    for (const stop = frames.length + CHUNK; frames.length < stop; this.#at++) {
      if (this.#at >= this.#end || !this.#room.read(this.#at, slot) || slot.position > this.#until) return false;
      frames.frame(slot.bytes, slot.start, slot.end);
    }
    return this.#at < this.#end;
  }
}

/**
 * Reads what was published up to position `until` of the slots [from, end), for somebody who gets everything later
 * live: undecided slots are passed over. What the room forgets before it was read is spoken of as RPL_LAGGED.
 */
export class CatchUpReader {
  readonly #room: ReadableRoom;
  readonly #end: number;
  readonly #until: number;
  readonly #slot = emptySlot();
  #at: number;

  constructor(room: ReadableRoom, from: number, end: number, until: number) {
    this.#room = room;
    this.#at = from;
    this.#end = end;
    this.#until = until;
  }

  /** The seq behind the last one read: where to go on. */
  get at(): number {
    return this.#at;
  }

  /** Writes some slots into `frames`; false when those were the last. */
  next(frames: FrameWriter): boolean {
    const slot = this.#slot;
    const stop = frames.length + CHUNK;
    while (this.#at < this.#end && frames.length < stop) {
      if (this.#at < this.#room.floor) {
        this.#lag(frames, Math.min(this.#room.floor, this.#end));
      } else {
        if (this.#room.read(this.#at, slot) && slot.position <= this.#until) {
          frames.frame(slot.bytes, slot.start, slot.end);
        }
        this.#at++;
      }
    }
    return this.#at < this.#end;
  }

  #lag(frames: FrameWriter, to: number): void {
    const { name, epoch } = this.#room;
    frames
      .begin('RPL_LAGGED')
      .arg(name)
      .arg(epoch)
      .arg(this.#at)
      .arg(to - 1)
      .end();
    this.#at = to;
  }
}
