// The lines of one room, as many as are kept: new ones come at the end, older ones at the beginning. A line keeps its
// number while it is here, so that a place in them stays where it is whatever comes and goes.
// Memory is bounded in lines and in characters: new lines push the oldest out, and older ones are taken as far as there is
// a place for them.

import type { Slot } from '../../client/sdk/room-types.ts';
import type { Part } from './text.ts';

export interface Line {
  /** `said` by somebody, `news` of what happened, an `alarm`, or a `notice` of this program. */
  readonly kind: 'said' | 'news' | 'alarm' | 'notice';
  /** Unix ms. */
  readonly time: number;
  readonly parts: readonly Part[];
  /** Who said it; '' where nobody did. */
  readonly nick: string;
  /** It names us. */
  readonly isMention: boolean;
  /** Its place in the room's order, where it has one. */
  readonly slot: Slot | undefined;
}

export interface LineLimits {
  readonly lines: number;
  readonly chars: number;
}

const LIMITS: LineLimits = { lines: 2_000, chars: 1024 * 1024 };
/** What a line takes beside its text, as far as the bound on characters goes. */
const LINE_CHARS = 64;

export class Lines {
  readonly #limits: LineLimits;
  readonly #lines: Line[] = [];
  #first = 0;
  #chars = 0;

  constructor(limits: LineLimits = LIMITS) {
    this.#limits = limits;
  }

  /** The number of the oldest line. */
  get first(): number {
    return this.#first;
  }

  /** The number behind that of the newest line. */
  get end(): number {
    return this.#first + this.#lines.length;
  }

  get(number: number): Line | undefined {
    return this.#lines[number - this.#first];
  }

  /** Puts a line behind all others; returns those that had to go. */
  append(line: Line): Line[] {
    this.#lines.push(line);
    this.#chars += sizeOf(line);
    const gone: Line[] = [];
    while (this.#lines.length > 1 && (this.#lines.length > this.#limits.lines || this.#chars > this.#limits.chars)) {
      const oldest = this.#lines.shift() as Line;
      this.#first++;
      this.#chars -= sizeOf(oldest);
      gone.push(oldest);
    }
    return gone;
  }

  /** Puts lines, oldest first, before all others; returns how many of them, counted from the newest, had a place. */
  prepend(older: readonly Line[]): number {
    let taken = 0;
    for (const line of older.toReversed()) {
      const chars = this.#chars + sizeOf(line);
      if (this.#lines.length + taken >= this.#limits.lines || chars > this.#limits.chars) break;
      this.#chars = chars;
      taken++;
    }
    this.#lines.unshift(...older.slice(older.length - taken));
    this.#first -= taken;
    return taken;
  }

  /** Puts `line` in the place of the newest one. */
  replaceNewest(line: Line): void {
    const newest = this.#lines.pop();
    if (newest !== undefined) this.#chars -= sizeOf(newest);
    this.append(line);
  }
}

function sizeOf({ parts }: Line): number {
  return parts.reduce((sum, { text }) => sum + text.length, LINE_CHARS);
}
