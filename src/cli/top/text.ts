// How figures look in top: counts, bytes, times, rates and their history in a few characters. Everything here is a
// function of its arguments.

/** What histories and rules are drawn with. */
export interface Glyphs {
  /** From low to high. */
  readonly bars: readonly string[];
  readonly rule: string;
  readonly cut: string;
  readonly atMost: string;
  readonly arrows: string;
}

export const BLOCKS: Glyphs = { bars: [...'▁▂▃▄▅▆▇█'], rule: '─', cut: '…', atMost: '≤', arrows: '↑↓' };
/** For terminals without more than ASCII. */
export const ASCII: Glyphs = { bars: [...'_.-=+*#@'], rule: '-', cut: '~', atMost: '<=', arrows: 'jk' };

/** What stands where nothing is known. */
export const UNKNOWN = '-';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A whole number, in groups of three; from a million on with a unit. */
export function count(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  if (Math.abs(value) >= 1e6) return scaled(value, 1000, ['', 'k', 'M', 'G', 'T']);
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** So many a second. */
export function rate(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  return value > 0 && value < 9.95 ? value.toFixed(1) : count(value);
}

export function bytes(value: number | undefined): string {
  return value === undefined ? UNKNOWN : scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], ' ');
}

/** A time that has passed, in its two largest units. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(ms < 10 * SECOND ? 1 : 0)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${two((ms % MINUTE) / SECOND)}s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${two((ms % HOUR) / MINUTE)}m`;
  return `${Math.floor(ms / DAY)}d ${two((ms % DAY) / HOUR)}h`;
}

/** A way there and back. */
export function trip(ms: number | undefined): string {
  return ms === undefined ? UNKNOWN : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}

/** A bound below which a delay lies, in seconds. */
export function atMost(seconds: number | undefined, glyphs: Glyphs): string {
  if (seconds === undefined) return UNKNOWN;
  return seconds === Number.POSITIVE_INFINITY ? 'off the scale' : `${glyphs.atMost}${duration(seconds * SECOND)}`;
}

/** The time of day, UTC, of Unix ms. */
export function clock(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(11, 19);
}

/** The newest `width` values as bars, the highest as high as can be; shorter where there are fewer. */
export function spark(values: readonly number[], width: number, { bars }: Glyphs): string {
  const shown = values.slice(-Math.max(width, 0) || values.length);
  const most = Math.max(...shown, 0);
  const top = bars.length - 1;
  return shown.map((value) => bars[most === 0 ? 0 : Math.round((value / most) * top)] ?? '').join('');
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}

function scaled(value: number, step: number, units: readonly string[], gap = ''): string {
  let power = 0;
  let left = value;
  while (Math.abs(left) >= step && power < units.length - 1) {
    left /= step;
    power++;
  }
  const digits = power === 0 || Math.abs(left) >= 99.95 ? 0 : 1;
  return `${left.toFixed(digits)}${gap}${units[power]}`;
}
