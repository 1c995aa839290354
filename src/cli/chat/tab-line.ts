// The line of rooms: the one in front in brackets, behind the others how much was not read, with a star where that names
// us. Where not all have a place, those around the one in front have.

import { fit, widthOf } from '../cells.ts';
import { plain } from '../terminal-text.ts';
import type { Glyphs } from './body.ts';
import type { ChatModel } from './chat-model.ts';
import type { RoomView } from './room-view.ts';
import type { Row, Span } from './rows.ts';

const HOME = 'chorus';
const MOST_NAME = 24;

/** The line for `columns`. */
export function tabRow(model: ChatModel, columns: number, glyphs: Glyphs): Row {
  const tabs = tabsOf(model, glyphs);
  const nick = ` ${plain(model.nick)} `;
  const front = tabs.findIndex(({ tone }) => tone === 'front');
  // A sign at either end where tabs are left out.
  const room = columns - 2;
  const [from, to] = around(tabs, front, room);
  const edge = (hidden: readonly Span[]): Span => ({
    text: hidden.length === 0 ? ' ' : hidden.some(({ tone }) => tone === 'alarm') ? '*' : glyphs.cut,
    tone: 'alarm',
  });
  const shown = tabs.slice(from, to).map(({ text, tone }) => ({ text: fit(text, room, glyphs.cut), tone }));
  const row = [edge(tabs.slice(0, from)), ...shown, edge(tabs.slice(to))];
  const left = columns - row.reduce((sum, { text }) => sum + widthOf(text), 0);
  const fill = left - widthOf(nick) - 1;
  if (fill < 1) return [...row, { text: glyphs.rule.repeat(Math.max(0, left)), tone: 'quiet' }];
  return [
    ...row,
    { text: glyphs.rule.repeat(fill), tone: 'quiet' },
    { text: nick, tone: 'usual' },
    { text: glyphs.rule, tone: 'quiet' },
  ];
}

function tabsOf({ views, home, front }: ChatModel, glyphs: Glyphs): Span[] {
  return [...views.entries()].flatMap(([i, view]): Span[] => {
    if (view === home && view !== front && view.unread === 0) return [];
    const name = `${i}:${view === home ? HOME : fit(plain(view.name), MOST_NAME, glyphs.cut)}${marksOf(view, home, glyphs)}`;
    if (view === front) return [{ text: `[${name}]`, tone: 'front' }];
    return [{ text: ` ${name} `, tone: view.mentions > 0 ? 'alarm' : view.unread > 0 ? 'usual' : 'quiet' }];
  });
}

function marksOf(view: RoomView, home: RoomView, glyphs: Glyphs): string {
  const news = view.mentions > 0 ? `*${view.unread}` : view.unread > 0 ? `+${view.unread}` : '';
  return view === home || view.isInside ? news : `${glyphs.cut}${news}`;
}

/** Which tabs have a place: that at `front`, and as many to both sides of it as there is room for. */
function around(tabs: readonly Span[], front: number, room: number): readonly [number, number] {
  let from = Math.max(0, front);
  let to = Math.min(tabs.length, from + 1);
  let left = room - tabs.slice(from, to).reduce((sum, { text }) => sum + widthOf(text), 0);
  for (let grown = true; grown; ) {
    grown = false;
    for (const side of ['after', 'before'] as const) {
      const next = side === 'after' ? tabs[to] : tabs[from - 1];
      if (next === undefined || widthOf(next.text) > left) continue;
      left -= widthOf(next.text);
      if (side === 'after') to++;
      else from--;
      grown = true;
    }
  }
  return [from, to];
}
