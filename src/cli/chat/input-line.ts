// What is being typed, in the rows that there are for it: the prompt, the text broken where a row ends, and where the
// cursor stands. Of a long text those rows are shown that have the cursor.

import { fit, graphemes, shownGrapheme, widthOf } from '../cells.ts';
import type { Cursor } from '../full-screen.ts';
import type { Editor } from './editor.ts';
import type { Row } from './rows.ts';

export interface InputRows {
  readonly rows: readonly Row[];
  /** Its row is counted from the first of these. */
  readonly cursor: Cursor;
}

/** At most `most` rows of at most `columns`. */
export function inputRows(prompt: string, { text, cursor }: Editor, columns: number, most: number): InputRows {
  const shown = fit(prompt, Math.max(0, Math.floor(columns / 2)), '');
  const rows: string[] = [''];
  let width = widthOf(shown);
  let at = 0;
  let place: Cursor = { row: 0, column: width };
  const room = (next: number): void => {
    if (width + next <= columns) return;
    rows.push('');
    width = 0;
  };
  for (const grapheme of graphemes(text)) {
    const cell = shownGrapheme(grapheme);
    room(widthOf(cell));
    if (at === cursor) place = { row: rows.length - 1, column: width };
    rows[rows.length - 1] += cell;
    width += widthOf(cell);
    at += grapheme.length;
  }
  if (at === cursor) {
    room(1);
    place = { row: rows.length - 1, column: width };
  }
  const first = Math.max(0, Math.min(place.row - most + 1, rows.length - most));
  const spans = rows.map(
    (row, i): Row => [
      { text: i === 0 ? shown : '', tone: 'quiet' },
      { text: row, tone: 'usual' },
    ],
  );
  return {
    rows: spans.slice(first, first + most),
    cursor: { row: place.row - first, column: Math.min(place.column, columns - 1) },
  };
}
