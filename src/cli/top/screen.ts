// The screen of top: a header of figures with their history, and panels under each other of which one is in front and has
// the room that the others leave. It is a function of what is known, what was asked for and how large the screen is, to
// lines that are no wider and no more than that. It obeys nothing in the texts that it shows: who reads them made them
// plain.

import { cell, fit } from '../cells.ts';
import { PANELS, type Panel, type Ui, within } from './keys.ts';
import type { Delay, Rate, View } from './model.ts';
import { type Column, type Table, type Tone, tableOf } from './panels.ts';
import { atMost, bytes, clock, count, duration, type Glyphs, rate, spark, UNKNOWN } from './text.ts';

/** How tones look. */
export type Paint = Readonly<Record<Tone | 'bar', (text: string) => string>>;

const sgr =
  (codes: string, end: string) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${codes}m${text}\u001b[${end}m`;
const same = (text: string): string => text;

export const COLOURED: Paint = {
  usual: same,
  quiet: sgr('2', '22'),
  good: sgr('32', '39'),
  warn: sgr('33', '39'),
  bad: sgr('31', '39'),
  strong: sgr('1', '22'),
  bar: sgr('7', '27'),
};
export const COLOURLESS: Paint = {
  ...{ usual: same, quiet: same, good: same, warn: same, bad: same, strong: same, bar: same },
};

function faded({ quiet, bar }: Paint): Paint {
  return { usual: quiet, quiet, good: quiet, warn: quiet, bad: quiet, strong: quiet, bar };
}

/** Whether the server answers. */
export type Reach =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'away'; readonly reason: string; readonly retryInMs: number; readonly tries: number };

export interface Scene {
  /** Undefined before the first look. */
  readonly view: View | undefined;
  readonly reach: Reach;
  readonly ui: Ui;
  /** Where it looks, and how many places there are. */
  readonly address: string;
  readonly sources: number;
  /** Unix ms. */
  readonly now: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Drawn {
  readonly lines: readonly string[];
  /** What was asked for, where nothing is scrolled further than there is. */
  readonly ui: Ui;
  /** Rows of the panel in front. */
  readonly page: number;
}

/** On a narrower screen the terminal cuts lines off. */
export const NARROWEST = 48;
/** Two figures side by side need so much. */
const HALF = 44;
const LABEL = 11;
const FIGURE = 12;
/** Lines that a panel which is not in front has at most. */
const CAPS: Readonly<Record<Panel, number>> = { servers: 7, links: 6, rooms: 10, laggards: 6, events: 6 };
const GROWTH: readonly Panel[] = ['rooms', 'servers', 'links', 'laggards', 'events'];

/** A screen for a terminal: `size.rows` lines, or fewer. */
export function draw(scene: Scene, terminal: Size, fresh: Paint, glyphs: Glyphs): Drawn {
  const size = { columns: Math.max(NARROWEST, terminal.columns), rows: terminal.rows };
  const { view, ui } = scene;
  const top = [title(scene, size.columns, fresh, glyphs), ...banner(scene, size.columns, fresh, glyphs)];
  // What was seen last is no news any more.
  const paint = scene.reach.kind === 'away' ? faded(fresh) : fresh;
  const bottom = [paint.bar(cell(` ${keysText(ui, glyphs)}`, size.columns, 'left', glyphs))];
  const cut = (lines: readonly string[]): readonly string[] => [...lines, ...bottom].slice(0, Math.max(1, size.rows));
  if (ui.isHelp) return { lines: cut([...top, ...help(size, paint, glyphs)]), ui, page: 1 };
  if (view === undefined) return { lines: cut(top), ui, page: 1 };
  const head = [...top, ...figures(view, size.columns, paint, glyphs)];
  const room = Math.max(0, size.rows - head.length - bottom.length);
  const { lines, ui: shown, page } = panels(view, ui, { columns: size.columns, rows: room }, paint, glyphs);
  const filled = [...head, ...lines, ...Array<string>(Math.max(0, room - lines.length)).fill('')];
  return { lines: cut(filled), ui: shown, page };
}

/** Everything at once, for a pipe or a paper: nothing is in front, and nothing left out for want of room. */
export function snapshot(scene: Scene & { readonly view: View }, columns: number, glyphs: Glyphs): string[] {
  const { view, ui } = scene;
  const paint = COLOURLESS;
  const head = [title(scene, columns, paint, glyphs), ...figures(view, columns, paint, glyphs)];
  const tables = view.closed === '' ? PANELS.filter((panel) => panel !== 'events') : [];
  const lines = tables.flatMap((panel) => {
    const table = tableOf(panel, view, ui, glyphs);
    return ['', ...panelLines(table, { columns, rows: table.rows.length + 2 }, 0, false, paint, glyphs)];
  });
  const note = view.closed === '' ? [] : ['', ` ${fit(view.closed, columns - 1, glyphs.cut)}`];
  return [...head, ...lines, ...note].map((line) => line.trimEnd());
}

// ── The header ─────────────────────────────────────────────────────────────────────────────────────────────────────

function title({ view, address, sources, ui, now }: Scene, columns: number, paint: Paint, glyphs: Glyphs): string {
  const which = sources > 1 ? ` (${ui.source + 1} of ${sources})` : '';
  const right = `${address}${which}  ${clock(now)} UTC `;
  const state = view === undefined ? '' : view.isReady ? '  ready' : '  not ready';
  const left =
    view === undefined ? ' chorus top' : ` ${view.server}  ${view.version}  up ${duration(view.upMs)}${state}`;
  const width = Math.max(0, columns - Bun.stringWidth(right));
  return paint.bar(cell(cell(left, width, 'left', glyphs) + right, columns, 'left', glyphs));
}

/** What stands in the way, in a line of its own. */
function banner({ reach, ui, address }: Scene, columns: number, paint: Paint, glyphs: Glyphs): string[] {
  const line = (text: string, tone: Tone): string[] => [paint[tone](fit(` ${text}`, columns, glyphs.cut))];
  if (reach.kind === 'connecting') return line(`asking ${address}`, 'quiet');
  if (reach.kind === 'away') {
    const again = `again in ${duration(Math.max(0, reach.retryInMs))} (try ${reach.tries})`;
    return line(`${address} is away: ${reach.reason}; ${again}`, 'bad');
  }
  return ui.isPaused ? line('paused; p goes on', 'warn') : [];
}

function figures(view: View, columns: number, paint: Paint, glyphs: Glyphs): string[] {
  const { gauges, rates, loop, commit } = view;
  const perSecond = (name: 'messages' | 'deliveries'): string => aSecond(rates[name], rate);
  const traffic = (name: 'received' | 'written'): string => aSecond(rates[name], bytes);
  const cpu = rates.cpu.now === undefined ? UNKNOWN : `${Math.round(rates.cpu.now * 100)} %`;
  const delays = (of: Delay): string =>
    of.half === undefined ? UNKNOWN : `half ${atMost(of.half, glyphs)}  99 % ${atMost(of.p99, glyphs)}`;
  const late = (loop.p99 ?? 0) > 0.05 ? 'bad' : (loop.p99 ?? 0) > 0.01 ? 'warn' : 'usual';
  const left: readonly Figure[] = [
    { label: 'messages', value: perSecond('messages'), history: rates.messages.history },
    { label: 'deliveries', value: perSecond('deliveries'), history: rates.deliveries.history },
    { label: 'from', value: traffic('received'), history: rates.received.history },
    { label: 'to', value: traffic('written'), history: rates.written.history },
  ];
  const right: readonly Figure[] = [
    { label: 'processor', value: cpu, history: rates.cpu.history },
    { label: 'loop delay', text: delays(loop), tone: late },
    { label: 'commit', text: delays(commit) },
    {
      label: 'memory',
      text: `${bytes(gauges.residentBytes)}, heap ${bytes(gauges.heapBytes)}, rings ${bytes(gauges.ringBytes)}`,
    },
  ];
  const isWide = columns >= HALF * 2;
  const half = isWide ? columns >> 1 : columns;
  const one = (figure: Figure): string => figureText(figure, half - 1, paint, glyphs);
  const rows = isWide ? left.map((figure, i) => one(figure) + one(right[i] as Figure)) : [...left, ...right].map(one);
  return [peopleLine(view, columns, glyphs), ...rows, troubles(view, columns, paint, glyphs)];
}

function aSecond({ now }: Rate, write: (value: number) => string): string {
  return now === undefined ? UNKNOWN : `${write(now)}/s`;
}

interface Figure {
  readonly label: string;
  readonly value?: string;
  readonly history?: readonly number[];
  readonly text?: string;
  readonly tone?: Tone;
}

function figureText(
  { label, value, history, text, tone }: Figure,
  width: number,
  paint: Paint,
  glyphs: Glyphs,
): string {
  const name = paint.quiet(cell(` ${label}`, LABEL, 'left', glyphs));
  const left = Math.max(0, width - LABEL);
  if (text !== undefined) return `${name}${paint[tone ?? 'usual'](cell(` ${text}`, left + 1, 'left', glyphs))}`;
  const bars = Math.max(0, left - FIGURE - 1);
  const line = cell(spark(history ?? [], bars, glyphs), bars, 'right', glyphs);
  return `${name}${paint.strong(cell(value ?? '', FIGURE, 'right', glyphs))} ${paint.good(line)} `;
}

function peopleLine({ gauges }: View, columns: number, glyphs: Glyphs): string {
  const words = [
    `clients ${count(gauges.connections)}`,
    `users ${count(gauges.users)} here, ${count(gauges.networkUsers)} in all`,
    `rooms ${count(gauges.rooms)}`,
    ...(gauges.servers === undefined
      ? ['alone']
      : [`servers ${count(gauges.servers)}`, `links ${count(gauges.links)}`]),
    `files ${count(gauges.openFiles)} of ${count(gauges.mostFiles)}`,
  ];
  return fit(` ${words.join('   ')}`, columns, glyphs.cut);
}

/** What should be 0, or nearly so. */
function troubles({ rates }: View, columns: number, paint: Paint, glyphs: Glyphs): string {
  const each = (label: string, { now }: Rate, tone: Tone): readonly [string, Tone] => [
    `${label} ${now === undefined ? UNKNOWN : `${rate(now)}/s`}`,
    (now ?? 0) > 0 ? tone : 'quiet',
  ];
  const words = [
    each('commands', rates.commands, 'usual'),
    each('new', rates.opened, 'usual'),
    each('errors', rates.errors, 'usual'),
    each('refused', rates.refused, 'warn'),
    each('overtaken', rates.lags, 'warn'),
    each('full', rates.blocked, 'warn'),
  ];
  let line = '';
  let taken = 0;
  for (const [text, tone] of words) {
    const gap = taken === 0 ? ' ' : '   ';
    taken += gap.length + Bun.stringWidth(text);
    if (taken > columns) break;
    line += gap + paint[tone](text);
  }
  return fit(line, Math.max(columns, 0), glyphs.cut);
}

function keysText({ intervalMs, sort, isPaused, isHelp }: Ui, { arrows }: Glyphs): string {
  if (isHelp) return 'h back   Ctrl-C quit';
  const pause = isPaused ? 'p go on' : 'p pause';
  return `q quit  h help  ${pause}  s sort: ${sort}  Tab panel  ${arrows} scroll  +/- every ${intervalMs / 1000} s`;
}

const HELP: readonly (readonly [string, string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['p, Space', 'pause, and go on'],
  ['s', 'sort rooms by rate, members or name'],
  ['Tab', 'the next panel in front (arrows to the sides too); it has the room that the others leave'],
  ['j k, arrows', 'scroll the panel in front; PgUp and PgDn by a page, g and G to its ends'],
  ['+ -', 'look oftener, or less often'],
  ['1 to 9', 'look at another of the servers that were given'],
  ['Ctrl-Z', 'to the shell; fg comes back'],
  ['h, ?', 'this, and back'],
];

function help({ columns, rows }: Size, paint: Paint, glyphs: Glyphs): string[] {
  const lines = HELP.map(
    ([keys, what]) => `${paint.strong(cell(` ${keys}`, 14, 'left', glyphs))}${fit(what, columns - 14, glyphs.cut)}`,
  );
  const words = [
    'BEHIND  members who are connected here and have not taken all that was said in the room',
    'OF ROOMS, QUEUED  what a client has still to take: of its rooms, and what was said to it alone',
    'OVERTAKEN  times that a room went on without a client, who was told what it missed',
    'loop delay  how late a timer came, lately; above 50 ms the processor is at its end',
    'commit  from a message to its commit at another server',
  ].map((text) => paint.quiet(fit(` ${text}`, columns, glyphs.cut)));
  const all = ['', ...lines, '', ...words];
  return [...all, ...Array<string>(Math.max(0, rows - 2 - all.length)).fill('')].slice(0, Math.max(0, rows - 2));
}

// ── Panels ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function panels(view: View, asked: Ui, size: Size, paint: Paint, glyphs: Glyphs): Drawn {
  if (view.closed !== '') {
    return {
      lines: ['', paint.warn(fit(` ${view.closed}`, size.columns, glyphs.cut))].slice(0, size.rows),
      ui: asked,
      page: 1,
    };
  }
  const tables = new Map(PANELS.map((panel) => [panel, tableOf(panel, view, asked, glyphs)]));
  const heights = heightsOf(tables, asked.focus, size.rows);
  let ui = asked;
  const lines: string[] = [];
  for (const panel of PANELS) {
    const table = tables.get(panel) as Table;
    const rows = heights.get(panel) ?? 0;
    ui = within(ui, panel, table.rows.length, Math.max(0, rows - 2));
    const isFocus = panel === asked.focus;
    lines.push(...panelLines(table, { columns: size.columns, rows }, ui.scrolled[panel], isFocus, paint, glyphs));
  }
  return { lines, ui, page: Math.max(1, (heights.get(asked.focus) ?? 0) - 2) };
}

/** How many lines each panel has: its title, then its columns and rows, the panel in front first. */
function heightsOf(tables: ReadonlyMap<Panel, Table>, focus: Panel, rows: number): Map<Panel, number> {
  const heights = new Map<Panel, number>();
  let left = rows;
  const needs = (panel: Panel): number => {
    const { length } = tables.get(panel)?.rows ?? [];
    return length === 0 ? 1 : length + 2;
  };
  const grant = (panel: Panel, most: number): void => {
    const has = heights.get(panel) ?? 0;
    const more = Math.min(left, Math.min(most, needs(panel)) - has);
    // A title and columns without a row say nothing.
    if (more <= 0 || (has + more === 2 && needs(panel) > 2)) return;
    heights.set(panel, has + more);
    left -= more;
  };
  grant(focus, 1);
  for (const panel of PANELS) grant(panel, 1);
  grant(focus, 5);
  for (const panel of GROWTH) grant(panel, CAPS[panel]);
  grant(focus, Number.POSITIVE_INFINITY);
  for (const panel of GROWTH) grant(panel, Number.POSITIVE_INFINITY);
  return heights;
}

function panelLines(
  { title: name, nothing, columns, rows }: Table,
  size: Size,
  scrolled: number,
  isFocus: boolean,
  paint: Paint,
  glyphs: Glyphs,
): string[] {
  if (size.rows <= 0) return [];
  const shown = Math.max(0, size.rows - 2);
  const isPart = rows.length > shown && shown > 0;
  const part = isPart ? `, ${scrolled + 1} to ${Math.min(scrolled + shown, rows.length)}` : '';
  const words = `${isFocus ? '>' : ' '}${name}${rows.length === 0 ? `: ${nothing}` : part} `;
  const rule = glyphs.rule.repeat(Math.max(0, size.columns - Bun.stringWidth(words)));
  const heading = fit(words, size.columns, glyphs.cut);
  const lines = [`${isFocus ? paint.strong(heading) : heading}${paint.quiet(rule)}`];
  if (shown === 0) return lines;
  const fitting = widths(columns, size.columns - 1);
  lines.push(
    paint.quiet(
      rowText(
        columns.map(({ title }) => title),
        fitting,
        columns,
        glyphs,
      ),
    ),
  );
  for (const { cells, tone } of rows.slice(scrolled, scrolled + shown)) {
    lines.push(paint[tone](rowText(cells, fitting, columns, glyphs)));
  }
  return lines;
}

/** How wide each column is, 0 where it is left out. */
function widths(columns: readonly Column[], most: number): readonly number[] {
  const wanted = columns.map(({ width }) => width);
  const total = (): number => wanted.reduce((sum, width) => sum + (width === 0 ? 0 : width + 1), -1);
  for (let i = columns.length - 1; i >= 0 && total() > most; i--) if (columns[i]?.optional) wanted[i] = 0;
  const grows = columns.findIndex((column, i) => column.grows === true && wanted[i] !== 0);
  if (grows >= 0 && total() < most) (wanted[grows] as number) += most - total();
  for (let i = columns.length - 1; i >= 0 && total() > most; i--) {
    wanted[i] = Math.max(0, (wanted[i] as number) - (total() - most));
  }
  return wanted;
}

function rowText(
  cells: readonly string[],
  fitting: readonly number[],
  columns: readonly Column[],
  glyphs: Glyphs,
): string {
  const shown = columns.flatMap(({ align }, i) => {
    const width = fitting[i] ?? 0;
    return width === 0 ? [] : [cell(cells[i] ?? '', width, align, glyphs)];
  });
  return ` ${shown.join(' ')}`;
}
