// One room as it is shown: its lines, who is there, what of ours is on its way, what was not read yet, which part of the
// lines is looked at, and what is being typed for it. The view without a name is that of the program itself.

import { compareSlots } from '../../client/sdk/history-page.ts';
import type { Slot } from '../../client/sdk/room-types.ts';
import { Editor } from './editor.ts';
import { type Line, Lines } from './lines.ts';
import { People } from './people.ts';

/** A message of ours that did not come back with its number yet. */
export interface Pending {
  readonly id: string;
  readonly text: string;
  readonly time: number;
  /** Where it was accepted; undefined until then. */
  slot: Slot | undefined;
}

/** The last row that is looked at: which one of which line. */
export interface Anchor {
  readonly line: number;
  readonly row: number;
}

/**
 * What is known of lines before the oldest: nothing yet, perhaps some, asked for, there never were any, none are kept, or
 * there is no place for them.
 */
export type Older = 'unknown' | 'perhaps' | 'asked' | 'beginning' | 'none' | 'full';

/** Where one epoch of the room's order gave way to another: its first slot, and the last of the one before. */
interface Turn {
  readonly epoch: string;
  readonly before: Slot;
}

const MOST_TURNS = 32;

export class RoomView {
  /** The form in which names of rooms are compared. */
  readonly key: string;
  /** '' for the program itself. */
  name: string;
  readonly lines = new Lines();
  readonly people = new People();
  readonly editor = new Editor();
  /** What of ours is on its way, in its order. */
  readonly pending: Pending[] = [];
  isInside = false;
  wasInside = false;
  unread = 0;
  mentions = 0;
  /** The first line that was not read when the room came to the front. */
  newFrom: number | undefined;
  /** Undefined: the newest line is looked at, whatever comes. */
  anchor: Anchor | undefined;
  older: Older = 'unknown';
  /** Not before this time is asked for older lines, in Unix ms. */
  askAt = 0;
  /** Everything before this slot is not here. */
  #reached: Slot | undefined;
  /** The last slot that was handed out or passed over. */
  #head: Slot | undefined;
  readonly #turns: Turn[] = [];

  constructor(key: string, name: string) {
    this.key = key;
    this.name = name;
  }

  /** The slot before which older lines are to be asked for. */
  get reached(): Slot | undefined {
    return this.#reached;
  }

  /** Inside, for the first time or again; the room's next slot is `next`. */
  entered(name: string, next: Slot): void {
    this.name = name;
    this.isInside = true;
    this.wasInside = true;
    if (this.#reached !== undefined) return;
    this.#reached = next;
    this.older = 'perhaps';
  }

  append(line: Line): void {
    const gone = this.lines.append(line);
    const last = gone.findLast(({ slot }) => slot !== undefined)?.slot;
    if (last === undefined) return;
    this.#reached = { epoch: last.epoch, seq: last.seq + 1 };
    this.older = 'perhaps';
  }

  /** Takes older lines; `left` is what is before them: everything before a slot, or nothing. */
  prepend(older: readonly Line[], left: Slot | 'beginning' | 'none'): void {
    const taken = this.lines.prepend(older);
    const oldest = older[older.length - taken]?.slot;
    if (taken < older.length) {
      this.older = 'full';
      this.#reached = oldest ?? this.#reached;
      return;
    }
    this.older = typeof left === 'string' ? left : 'perhaps';
    if (typeof left !== 'string') this.#reached = left;
  }

  /** Another epoch begins, behind slot `last` of the one before. */
  turned(epoch: string, last: Slot): void {
    this.#turns.push({ epoch, before: { epoch: last.epoch, seq: last.seq + 1 } });
    if (this.#turns.length > MOST_TURNS) this.#turns.shift();
  }

  /** The slot behind the last one of the epoch before `epoch`; undefined when nobody has told us. */
  behindEpochBefore(epoch: string): Slot | undefined {
    return this.#turns.find((turn) => turn.epoch === epoch)?.before;
  }

  /** Everything up to this slot was handed out, or never will be; returns what of ours was accepted there unseen. */
  passed(slot: Slot): Pending[] {
    this.#head = slot;
    return this.pending.filter((each) => each.slot !== undefined && compareSlots(each.slot, slot) <= 0);
  }

  /** What is pending under `id` was accepted at `slot`; whether its place has gone by already. */
  accepted(id: string, slot: Slot): boolean {
    const pending = this.pending.find((each) => each.id === id);
    if (pending === undefined) return false;
    pending.slot = slot;
    return this.#head !== undefined && compareSlots(slot, this.#head) <= 0;
  }

  /** Takes what is pending under `id` away; undefined when nothing is. */
  settle(id: string): Pending | undefined {
    const index = this.pending.findIndex((each) => each.id === id);
    return index < 0 ? undefined : this.pending.splice(index, 1)[0];
  }

  /** Comes to the front: what was not read is marked, and counts as read. */
  show(): void {
    this.newFrom = this.unread > 0 ? this.#firstUnread() : undefined;
    this.unread = 0;
    this.mentions = 0;
  }

  /** Something was said while it was not in front. */
  missed(isMention: boolean): void {
    this.unread++;
    if (isMention) this.mentions++;
  }

  #firstUnread(): number {
    let left = this.unread;
    for (let number = this.lines.end - 1; number >= this.lines.first; number--) {
      if (this.lines.get(number)?.kind === 'said' && --left === 0) return number;
    }
    return this.lines.first;
  }
}
