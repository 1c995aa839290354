// Plots as SVG: lines over a common axis, and bars. They are drawn once, as text: they need no script, are as sharp on
// paper as on a screen, and take their colours from the page that they stand in (--s1, --s2, --s3, --grid, --quiet).
// Where a pointer rests the values are told, by the titles that every browser shows.

/** One line. What is no number, or not above 0 on a logarithmic axis, is a gap in it. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface LinePlot {
  readonly x: readonly number[];
  readonly xTicks: readonly Tick[];
  /** Up to three. */
  readonly series: readonly Series[];
  /** Whether the axis of values is logarithmic. */
  readonly log: boolean;
  /** How a place on the x axis, and a value, are told. */
  readonly place: (x: number) => string;
  readonly value: (y: number) => string;
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What is told of it. */
  readonly title: string;
}

const WIDTH = 760;
const HEIGHT = 200;
const LEFT = 58;
const RIGHT = 22;
const TOP = 8;
const BOTTOM = 24;
const TICKS = 4;

/** Places of values between the edges of the drawing. */
type Scale = (value: number) => number;

export function linePlot({ x, xTicks, series, log, place, value }: LinePlot): string {
  const [from, to] = [x[0] ?? 0, x.at(-1) ?? 1];
  const across: Scale = (at) => LEFT + (to === from ? 0.5 : (at - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const shown = series.flatMap(({ values }) => values.filter((each) => each > 0));
  const ticks = log ? logTicks(Math.min(...shown, 1e9), Math.max(...shown, 0)) : linearTicks(Math.max(...shown, 0));
  const up = upOf(ticks, log);
  const lines = series.map(({ values }, i) => {
    const points = values.map(
      (each, at) => [across(x[at] as number), log && !(each > 0) ? Number.NaN : up(each)] as const,
    );
    return `<path class="line s${i + 1}" d="${pathOf(points)}"/>`;
  });
  const step = (WIDTH - LEFT - RIGHT) / Math.max(x.length - 1, 1);
  const spots = x.map((at, i) => {
    const told = series.map(({ name, values }) => `${name} ${value(values[i] ?? 0)}`);
    return spot(across(at) - step / 2, step, `${place(at)}: ${told.join(', ')}`);
  });
  const below = xTicks.map((tick) => label(across(tick.at), HEIGHT - 6, tick.label, 'middle'));
  return svg([gridOf(ticks, up, value), ...below, ...lines, ...spots]);
}

export function barPlot(bars: readonly Bar[], value: (y: number) => string): string {
  const ticks = linearTicks(Math.max(...bars.map((bar) => bar.value), 0));
  const up = upOf(ticks, false);
  const step = (WIDTH - LEFT - RIGHT) / Math.max(bars.length, 1);
  const drawn = bars.map((bar, i) => {
    const [at, top] = [LEFT + i * step, up(bar.value)];
    const height = HEIGHT - BOTTOM - top;
    const rect = `<rect class="bar" x="${round(at + 0.5)}" y="${round(top)}" width="${round(Math.max(step - 1, 0.5))}" height="${round(height)}"/>`;
    const name = bar.label === '' ? '' : label(at, HEIGHT - 6, bar.label, 'middle');
    return (bar.value > 0 ? rect : '') + name + spot(at, step, bar.title);
  });
  return svg([gridOf(ticks, up, value), ...drawn]);
}

/** Round values from 0 to `most` or just above. */
export function linearTicks(most: number): number[] {
  const rough = Math.max(most, 1e-9) / TICKS;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * decade >= rough) as number) * decade;
  return Array.from({ length: Math.max(Math.ceil(most / step - 1e-9), 1) + 1 }, (_, i) =>
    Number((i * step).toPrecision(6)),
  );
}

/** The powers of ten from `least` or just below to `most` or just above. */
export function logTicks(least: number, most: number): number[] {
  if (!(most > 0)) return [1, 10];
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(most) - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number((10 ** (first + i)).toPrecision(6)));
}

function upOf(ticks: readonly number[], log: boolean): Scale {
  const [from, to] = [ticks[0] as number, ticks.at(-1) as number];
  const share: Scale = (y) =>
    log ? (Math.log10(y) - Math.log10(from)) / (Math.log10(to) - Math.log10(from)) : (y - from) / (to - from);
  return (y) => HEIGHT - BOTTOM - share(y) * (HEIGHT - TOP - BOTTOM);
}

function gridOf(ticks: readonly number[], up: Scale, value: (y: number) => string): string {
  return ticks
    .map((tick) => {
      const y = round(up(tick));
      const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
      return line + label(LEFT - 6, up(tick) + 4, value(tick), 'end');
    })
    .join('');
}

function pathOf(points: readonly (readonly [number, number])[]): string {
  let path = '';
  let pen = 'M';
  for (const [x, y] of points) {
    if (Number.isFinite(y)) path += `${pen}${round(x)} ${round(y)}`;
    pen = Number.isFinite(y) ? 'L' : 'M';
  }
  return path;
}

function spot(x: number, wide: number, title: string): string {
  const [left, right] = [Math.max(x, LEFT), Math.min(x + wide, WIDTH - RIGHT)];
  const size = `x="${round(left)}" y="${TOP}" width="${round(Math.max(right - left, 0))}" height="${HEIGHT - TOP - BOTTOM}"`;
  return `<rect class="spot" ${size}><title>${escapeHtml(title)}</title></rect>`;
}

function label(x: number, y: number, text: string, anchor: 'middle' | 'end'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
}

function svg(parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${parts.join('')}</svg>`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Text as it stands in HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
}
