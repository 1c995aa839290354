// The lines of a view in the rows that there are for them: the newest at the bottom, or as far back as was scrolled. A
// day that begins, what was not read, and what is known of older lines have rows of their own; what of ours is on its way
// stands behind everything else.

import type { Line } from './lines.ts';
import type { Anchor, Older, RoomView } from './room-view.ts';
import { type Row, type Span, wrap } from './rows.ts';
import { clock, speech } from './text.ts';

/** Signs and rules, for terminals with more than ASCII and for others. */
export interface Glyphs {
  readonly rule: string;
  readonly side: string;
  readonly cut: string;
  readonly below: string;
}

export const UNICODE: Glyphs = { rule: '─', side: '│', cut: '…', below: '↓' };
export const ASCII: Glyphs = { rule: '-', side: '|', cut: '~', below: 'v' };

export interface BodySize {
  readonly columns: number;
  readonly rows: number;
}

export interface Body {
  /** As many as the size has. */
  readonly rows: readonly Row[];
  /** Whether the first of all rows is among them. */
  readonly atTop: boolean;
  /** Lines that are newer than those that are shown. */
  readonly below: number;
}

/** Time and sign. */
const HEAD = 6;
/** Rows behind the first one of a line begin there where there is room. */
const INDENT = 8;
const NARROW = 48;
const OLDER: Readonly<Record<Older, string>> = {
  unknown: '',
  perhaps: '',
  asked: 'asking for what was said before',
  beginning: 'the room begins here',
  none: 'nothing older is kept',
  full: 'no older lines are held here',
};

export class BodyLayout {
  readonly #view: RoomView;
  readonly #size: BodySize;
  readonly #glyphs: Glyphs;
  readonly #own: string;

  /** `own`: our nickname. */
  constructor(view: RoomView, size: BodySize, glyphs: Glyphs, own: string) {
    this.#view = view;
    this.#size = size;
    this.#glyphs = glyphs;
    this.#own = own;
  }

  draw(): Body {
    const { rows: height } = this.#size;
    const bottom = this.#bottom();
    const rows: Row[] = [];
    let line = bottom.line;
    for (; line >= this.#view.lines.first && rows.length < height; line--) {
      const all = this.#rowsOf(line);
      rows.unshift(...(line === bottom.line ? all.slice(0, bottom.row + 1) : all));
    }
    const atTop = line < this.#view.lines.first && rows.length <= height;
    const shown = rows.slice(-height);
    while (shown.length < height) shown.unshift([]);
    return { rows: shown, atTop, below: Math.max(0, this.#end - 1 - bottom.line) };
  }

  /** Where the view is when it was moved by so many rows, up being negative; undefined: at its end. */
  scrolled(by: number): Anchor | undefined {
    if (this.#end === this.#view.lines.first) return undefined;
    const bottom = this.#bottom();
    let { line } = bottom;
    let row = Math.min(bottom.row, this.#rowsOf(line).length - 1) + by;
    for (; row < 0 && line > this.#view.lines.first; row += this.#rowsOf(line).length) line--;
    const anchor = this.#lowest(this.#down(line, Math.max(0, row)));
    const last = this.#end - 1;
    const isEnd = anchor.line > last || (anchor.line === last && anchor.row >= this.#rowsOf(last).length - 1);
    return isEnd ? undefined : anchor;
  }

  /** A row of a line, or of one of those behind it when the line has not so many. */
  #down(line: number, row: number): Anchor {
    const count = this.#rowsOf(line).length;
    return row < count || line >= this.#end ? { line, row } : this.#down(line + 1, row - count);
  }

  /** `anchor`, or so much further down that no row above the first is shown. */
  #lowest(anchor: Anchor): Anchor {
    let above = anchor.row + 1;
    for (let line = anchor.line - 1; line >= this.#view.lines.first && above < this.#size.rows; line--) {
      above += this.#rowsOf(line).length;
    }
    return this.#down(anchor.line, anchor.row + Math.max(0, this.#size.rows - above));
  }

  /** The last row that is looked at, where there is one. */
  #bottom(): Anchor {
    const { anchor, lines } = this.#view;
    if (anchor === undefined || anchor.line >= this.#end) return { line: this.#end - 1, row: Number.MAX_SAFE_INTEGER };
    return anchor.line < lines.first ? { line: lines.first, row: 0 } : anchor;
  }

  /** Behind the last line, with what is on its way. */
  get #end(): number {
    return this.#view.lines.end + this.#view.pending.length;
  }

  /** All rows of one line, from the number of the oldest one on. */
  #rowsOf(number: number): Row[] {
    const { lines, pending } = this.#view;
    const line = lines.get(number);
    if (line !== undefined) return [...this.#rowsBefore(line, number), ...this.#wrapped(line, this.#sign(line))];
    const mine = pending[number - lines.end];
    if (mine === undefined) return [];
    const parts = speech(this.#own, mine.text);
    return this.#wrapped({ kind: 'said', time: mine.time, parts }, this.#glyphs.cut);
  }

  #rowsBefore(line: Line, number: number): Row[] {
    const { lines, older, newFrom } = this.#view;
    const rows: Row[] = [];
    const before = lines.get(number - 1);
    if (number === lines.first && OLDER[older] !== '') rows.push(this.#rule(OLDER[older]));
    if (before !== undefined && dayOf(before.time) !== dayOf(line.time)) rows.push(this.#rule(dayOf(line.time)));
    if (number === newFrom) rows.push(this.#rule('new'));
    return rows;
  }

  #wrapped({ kind, time, parts }: Pick<Line, 'kind' | 'time' | 'parts'>, sign: string): Row[] {
    const { columns } = this.#size;
    const head: Span[] = [
      { text: clock(time), tone: 'quiet' },
      { text: sign, tone: 'alarm' },
    ];
    const mark: Span[] = kind === 'news' ? [{ text: '-- ', tone: 'quiet' }] : [];
    return wrap([...head, ...mark, ...parts], columns, columns < NARROW ? HEAD - 4 : INDENT);
  }

  #sign({ kind, isMention }: Line): string {
    return isMention && kind === 'said' ? '*' : ' ';
  }

  #rule(words: string): Row {
    const { columns } = this.#size;
    const { rule } = this.#glyphs;
    const left = `${rule.repeat(2)} ${words} `;
    return [{ text: `${left}${rule.repeat(Math.max(0, columns - left.length))}`.slice(0, columns), tone: 'quiet' }];
  }
}

/** The day here, in words. */
function dayOf(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return 'some day';
  return date.toDateString();
}
