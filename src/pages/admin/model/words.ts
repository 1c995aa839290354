// Figures in words: as short as they can be read, with their units.

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), SIZES.length - 1);
  return `${short(value / 1000 ** step)} ${SIZES[step]}`;
}

/** A count or a rate: three digits that mean something. */
export function short(value: number): string {
  if (value >= 999_500) return `${trim(value / 1e6)} M`;
  if (value >= 9_995) return `${trim(value / 1e3)} k`;
  return trim(value);
}

export function ms(value: number): string {
  return value >= 1000 ? `${trim(value / 1000)} s` : `${trim(value)} ms`;
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${short(value)} ${value === 1 ? one : many}`;
}

/** How long ago, from Unix milliseconds. */
export function ago(since: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

function trim(value: number): string {
  return value === 0
    ? '0'
    : Number(value.toPrecision(value >= 100 ? 3 : 2)).toLocaleString('en', { maximumFractionDigits: 2 });
}
