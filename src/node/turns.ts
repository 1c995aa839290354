// Turns: what a room's order itself told its readers lately, EPOCH and RPL_LAGGED, and where in the ring that stands.
// From it follows what a reader is told whom the ring overtook. It keeps true: nobody is led past the end of an epoch
// in silence, and slots that are gone are named in their own epoch.

import { FrameCursor } from '../mesh/group.ts';
import { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';

/** Turns that a ring may still hold, or a reader have missed. */
const MOST_TURNS = 16;

interface Turn {
  /** The position in the ring at which it stands. */
  readonly at: number;
  readonly bytes: Uint8Array;
  /** Undefined for RPL_LAGGED. */
  readonly epoch:
    | { readonly before: string; readonly last: number; readonly begun: string; readonly first: number }
    | undefined;
}

/** What the ring forgot before a reader had it. */
export interface Overtaken {
  /** Slots of which some may be lost: none when from > to. */
  readonly from: number;
  readonly to: number;
  /** Positions: up to where it knows how the room stood, and where it goes on. */
  readonly since: number;
  readonly tail: number;
}

export class Turns {
  /** The room's name as it is shown. */
  room: string;
  readonly #turns: Turn[] = [];

  constructor(room: string) {
    this.room = room;
  }

  /** A frame of the order that is about to stand in the ring at `at`. Its bytes never change. */
  add(at: number, bytes: Uint8Array): void {
    this.#turns.push({ at, bytes, epoch: readEpoch(bytes) });
    if (this.#turns.length > MOST_TURNS) this.#turns.shift();
  }

  /**
   * The word to an overtaken reader: every turn that it missed, in its place between the slots that it may lack, or,
   * where it lacks none, how many `members` there are, as it has missed presence. `current`: the room's epoch.
   */
  word({ from, to, since, tail }: Overtaken, current: string, members: () => number): Uint8Array {
    const frames = new FrameWriter();
    let next = from;
    let isLost = false;
    const lose = (epoch: string, last: number): void => {
      if (next > last) return;
      frames.begin('RPL_LAGGED').arg(this.room).arg(epoch).arg(next).arg(last).end();
      isLost = true;
    };
    for (const { at, bytes, epoch } of this.#turns) {
      if (at < since || at >= tail) continue;
      if (epoch !== undefined) {
        lose(epoch.before, Math.min(to, epoch.last));
        next = Math.max(next, epoch.first);
      }
      frames.frame(bytes, 0, bytes.length);
    }
    lose(this.#epochOf(to, current), to);
    if (!isLost) frames.begin('RPL_MEMBERS').arg(this.room).arg(members()).end();
    return frames.bytes.slice(0, frames.length);
  }

  /** The epoch of a number that the ring had: numbers rise from epoch to epoch. */
  #epochOf(seq: number, current: string): string {
    const begun = this.#turns.flatMap(({ epoch }) => epoch ?? []);
    return begun.findLast(({ first }) => first <= seq)?.begun ?? (begun[0]?.before || current);
  }
}

function readEpoch(bytes: Uint8Array): Turn['epoch'] {
  const frame = new Frame();
  if (!new FrameCursor(bytes).next(frame) || frame.verb() !== 'EPOCH') return undefined;
  return { begun: frame.arg(1), first: Number(frame.arg(2)), before: frame.arg(3), last: Number(frame.arg(4)) };
}
