// Rows of a screen: spans of text, each with how it looks, and parts of a line broken into rows that are no wider than
// they may be: between words where that can be, within one where it is longer than a row.

import { graphemes, shownGrapheme, widthOf } from '../cells.ts';
import type { Style } from '../terminal-text.ts';

export type Tone = 'usual' | 'quiet' | 'name' | 'alarm' | 'front';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Row = readonly Span[];

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly tone: Tone;
}

/** Spans in rows of at most `width` columns; the second and all others begin with `indent` blank ones. */
export function wrap(spans: Row, width: number, indent: number): Row[] {
  const margin = Math.min(indent, Math.max(0, width - 2));
  const rows: Row[] = [];
  let cells: Cell[] = [];
  let taken = 0;
  const emit = (row: readonly Cell[]): void => {
    rows.push(rows.length === 0 ? joined(row) : [{ text: ' '.repeat(margin), tone: 'usual' }, ...joined(row)]);
  };
  for (const cell of cellsOf(spans)) {
    cells.push(cell);
    taken += cell.width;
    const room = rows.length === 0 ? width : width - margin;
    if (taken <= room) continue;
    const end = breakOf(cells);
    emit(cells.slice(0, end));
    cells = cells.slice(end);
    while (cells[0]?.text === ' ') cells.shift();
    taken = cells.reduce((sum, each) => sum + each.width, 0);
  }
  if (cells.length > 0 || rows.length === 0) emit(cells);
  return rows;
}

/** A row as a terminal gets it. */
export function paint(row: Row, style: Style): string {
  return row.map(({ text, tone }) => (tone === 'usual' || text === '' ? text : style[tone](text))).join('');
}

export function rowWidth(row: Row): number {
  return row.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** How many of these cells, the last of which is too many, go into one row. */
function breakOf(cells: readonly Cell[]): number {
  const last = cells.length - 1;
  if (cells[last]?.text === ' ') return last;
  const space = cells.findLastIndex(({ text }) => text === ' ');
  // What would leave less than a third of the row is broken within a word.
  return space >= cells.length / 3 ? space : last;
}

function* cellsOf(spans: Row): Generator<Cell> {
  for (const { text, tone } of spans) {
    for (const grapheme of graphemes(text)) {
      const shown = shownGrapheme(grapheme);
      yield { text: shown, width: widthOf(shown), tone };
    }
  }
}

function joined(cells: readonly Cell[]): Span[] {
  const spans: { text: string; tone: Tone }[] = [];
  for (const { text, tone } of cells) {
    const last = spans.at(-1);
    if (last?.tone === tone) last.text += text;
    else spans.push({ text, tone });
  }
  return spans;
}
