// Keys of top, and what they change: which panel is in front, how far each is scrolled, how rooms are sorted, how often
// is looked, and whether at all. It knows no terminal: text comes in, and what is to be shown otherwise goes out.

import type { RoomSort } from './source.ts';

export const PANELS = ['servers', 'links', 'rooms', 'laggards', 'events'] as const;
export type Panel = (typeof PANELS)[number];

export const SORTS: readonly RoomSort[] = ['rate', 'members', 'name'];
/** How often is looked, in ms. */
export const INTERVALS: readonly number[] = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

export interface Ui {
  readonly focus: Panel;
  /** Rows above the first that is shown. */
  readonly scrolled: Readonly<Record<Panel, number>>;
  readonly sort: RoomSort;
  readonly intervalMs: number;
  readonly isPaused: boolean;
  readonly isHelp: boolean;
  /** Which of the servers that were given is looked at. */
  readonly source: number;
}

/** What a key does beside changing what is shown. */
export type Effect = 'quit' | 'suspend' | 'look' | undefined;

export function firstUi(intervalMs: number, sort: RoomSort): Ui {
  const scrolled = { servers: 0, links: 0, rooms: 0, laggards: 0, events: 0 };
  return { focus: 'rooms', scrolled, sort, intervalMs, isPaused: false, isHelp: false, source: 0 };
}

const ESC = '\u001b';
/** Sequences that keys send (CSI and SS3), or one character. */
const KEY = new RegExp(`${ESC}\\[[0-?]*[ -/]*[@-~]|${ESC}O[\\s\\S]|[\\s\\S]`, 'gu');
const NAMED = new Map([
  [`${ESC}[A`, 'up'],
  [`${ESC}OA`, 'up'],
  ['k', 'up'],
  [`${ESC}[B`, 'down'],
  [`${ESC}OB`, 'down'],
  ['j', 'down'],
  [`${ESC}[5~`, 'page up'],
  [`${ESC}[6~`, 'page down'],
  [`${ESC}[H`, 'home'],
  [`${ESC}[1~`, 'home'],
  [`${ESC}OH`, 'home'],
  ['g', 'home'],
  [`${ESC}[F`, 'end'],
  [`${ESC}[4~`, 'end'],
  [`${ESC}OF`, 'end'],
  ['G', 'end'],
  ['\t', 'next panel'],
  [`${ESC}[C`, 'next panel'],
  [`${ESC}OC`, 'next panel'],
  [`${ESC}[Z`, 'panel before'],
  [`${ESC}[D`, 'panel before'],
  [`${ESC}OD`, 'panel before'],
  ['q', 'quit'],
  ['Q', 'quit'],
  ['\u0003', 'interrupt'],
  ['\u0004', 'interrupt'],
  ['\u001a', 'suspend'],
  ['p', 'pause'],
  [' ', 'pause'],
  ['s', 'sort'],
  ['+', 'oftener'],
  ['=', 'oftener'],
  ['-', 'seldomer'],
  ['h', 'help'],
  ['?', 'help'],
  [ESC, 'escape'],
]);

/** The names of the keys that were pressed, digits as they are; what none of ours sends is left out. */
export function keysIn(text: string): string[] {
  return (text.match(KEY) ?? []).flatMap((key) => (/^[1-9]$/.test(key) ? [key] : (NAMED.get(key) ?? [])));
}

/** What comes of a key where `sources` servers were given, and a page has `page` rows. */
export function press(
  ui: Ui,
  key: string,
  sources: number,
  page: number,
): { readonly ui: Ui; readonly effect: Effect } {
  switch (key) {
    case 'quit':
      return ui.isHelp ? shown({ ...ui, isHelp: false }) : { ui, effect: 'quit' };
    case 'interrupt':
      return { ui, effect: 'quit' };
    case 'suspend':
      return { ui, effect: 'suspend' };
    case 'help':
      return shown({ ...ui, isHelp: !ui.isHelp });
    case 'escape':
      return shown({ ...ui, isHelp: false });
    case 'pause':
      return { ui: { ...ui, isPaused: !ui.isPaused }, effect: ui.isPaused ? 'look' : undefined };
    case 'sort':
      return { ui: { ...scrolledTo(ui, 'rooms', 0), sort: after(SORTS, ui.sort, 1), focus: 'rooms' }, effect: 'look' };
    case 'oftener':
      return {
        ui: { ...ui, intervalMs: INTERVALS.findLast((ms) => ms < ui.intervalMs) ?? ui.intervalMs },
        effect: 'look',
      };
    case 'seldomer':
      return shown({ ...ui, intervalMs: INTERVALS.find((ms) => ms > ui.intervalMs) ?? ui.intervalMs });
    case 'next panel':
      return shown({ ...ui, focus: after(PANELS, ui.focus, 1) });
    case 'panel before':
      return shown({ ...ui, focus: after(PANELS, ui.focus, PANELS.length - 1) });
    default:
      return moved(ui, key, sources, page);
  }
}

function moved(ui: Ui, key: string, sources: number, page: number): ReturnType<typeof press> {
  const at = ui.scrolled[ui.focus];
  const moves: Readonly<Record<string, number>> = {
    ...{ up: at - 1, down: at + 1, 'page up': at - page, 'page down': at + page, home: 0 },
    end: Number.MAX_SAFE_INTEGER,
  };
  const to = moves[key];
  if (to !== undefined) return shown(scrolledTo(ui, ui.focus, to));
  const source = Number(key) - 1;
  if (!(source >= 0 && source < sources) || source === ui.source) return shown(ui);
  return { ui: { ...firstUi(ui.intervalMs, ui.sort), source }, effect: 'look' };
}

/** The same where no panel is scrolled further than its `rows` allow. */
export function within(ui: Ui, panel: Panel, rows: number, height: number): Ui {
  const most = Math.max(0, rows - height);
  return ui.scrolled[panel] <= most ? ui : scrolledTo(ui, panel, most);
}

function scrolledTo(ui: Ui, panel: Panel, row: number): Ui {
  return { ...ui, scrolled: { ...ui.scrolled, [panel]: Math.max(0, row) } };
}

function shown(ui: Ui): { readonly ui: Ui; readonly effect: Effect } {
  return { ui, effect: undefined };
}

/** The one that stands `by` places behind `one`, in a ring. */
function after<T>(all: readonly T[], one: T, by: number): T {
  return all[(all.indexOf(one) + by) % all.length] as T;
}
