// The screen of the chat: rooms above, lines with the people beside them where there is room, how things are, and what is
// being typed. It is a function of the model and the size, to as many lines as there are rows, none wider than that.

import { fit, widthOf } from '../cells.ts';
import type { Cursor, ScreenSize } from '../full-screen.ts';
import type { Style } from '../terminal-text.ts';
import { BodyLayout, type BodySize, type Glyphs } from './body.ts';
import type { ChatModel } from './chat-model.ts';
import { inputRows } from './input-line.ts';
import type { People } from './people.ts';
import { paint, type Row } from './rows.ts';
import { statusRow } from './status-line.ts';
import { tabRow } from './tab-line.ts';

/** How it looks. */
export interface Look {
  readonly style: Style;
  readonly glyphs: Glyphs;
}

export interface Drawn {
  readonly lines: readonly string[];
  readonly cursor: Cursor;
  /** What the lines of the view in front have. */
  readonly body: BodySize;
  /** Whether the oldest line is on the screen. */
  readonly atTop: boolean;
}

/** On a narrower screen the terminal cuts lines off. */
export const NARROWEST = 8;
/** People stand beside the lines from this width on. */
const WIDE = 64;
const PEOPLE_LEAST = 12;
const PEOPLE_MOST = 26;

/** A screen for a terminal, at the time `now`. */
export function draw(model: ChatModel, terminal: ScreenSize, { style, glyphs }: Look, now: number): Drawn {
  const columns = Math.max(NARROWEST, terminal.columns);
  const { rows } = terminal;
  const view = model.front;
  const input = inputOf(model, columns, Math.max(1, Math.floor(rows / 3)));
  const left = rows - input.rows.length;
  const hasStatus = left >= 2;
  const hasTabs = left >= 4;
  const height = Math.max(0, left - Number(hasStatus) - Number(hasTabs));
  const side = columns < WIDE || view === model.home ? 0 : peopleWidth(view.people, columns);
  const size = { columns: columns - (side === 0 ? 0 : side + 2), rows: height };
  const { rows: body, atTop, below } = new BodyLayout(view, size, glyphs, model.nick).draw();
  const people = side === 0 ? [] : peopleRows(view.people, side, height, glyphs);
  // The column is said again, for terminals that find a character wider or narrower than we do.
  const beside = (i: number): string =>
    side === 0
      ? ''
      : `\u001b[${size.columns + 1}G${paint([{ text: glyphs.side, tone: 'quiet' }, ...(people[i] ?? [])], style)}`;
  const lines = [
    ...(hasTabs ? [paint(tabRow(model, columns, glyphs), style)] : []),
    ...body.map((row, i) => `${paint(row, style)}${beside(i)}`),
    ...(hasStatus ? [paint(statusRow(model, below, columns, glyphs, now), style)] : []),
    ...input.rows.map((row) => paint(row, style)),
  ];
  const cursor = { column: input.cursor.column, row: lines.length - input.rows.length + input.cursor.row };
  return { lines, cursor, body: size, atTop: atTop && height > 0 };
}

function inputOf(model: ChatModel, columns: number, most: number): ReturnType<typeof inputRows> {
  const { paste, front } = model;
  if (paste === undefined)
    return inputRows(front === model.home ? '> ' : `${front.name}> `, front.editor, columns, most);
  const each = paste.isLong ? '' : ' Enter says each,';
  const question = `${paste.lines.length} lines are pasted:${each} j joins them, Esc drops them `;
  const text = fit(question, columns - 1, '');
  return { rows: [[{ text, tone: 'alarm' }]], cursor: { row: 0, column: widthOf(text) } };
}

function peopleWidth(people: People, columns: number): number {
  const widest = people.sorted.reduce((most, nick) => Math.max(most, nick.length), PEOPLE_LEAST);
  return Math.min(widest, PEOPLE_MOST, Math.floor(columns / 4));
}

function peopleRows(people: People, width: number, height: number, glyphs: Glyphs): Row[] {
  const { sorted, count } = people;
  const most = sorted.length <= height - 1 ? sorted.length : Math.max(0, height - 2);
  const rows: Row[] = [[{ text: fit(` ${count} ${count === 1 ? 'person' : 'people'}`, width + 1, ''), tone: 'quiet' }]];
  for (const nick of sorted.slice(0, most)) {
    rows.push([
      { text: ' ', tone: 'usual' },
      { text: fit(nick, width, glyphs.cut), tone: 'name' },
    ]);
  }
  if (count > most && count > 0) rows.push([{ text: fit(` and ${count - most} more`, width + 1, ''), tone: 'quiet' }]);
  return rows.slice(0, height);
}
