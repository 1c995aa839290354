// Results as tables: what every bench hands back, how a person reads it, and how it is saved. A row's ratio to the
// baseline of its table stands beside the absolute figure, for only the ratio survives a change of machine.

import type { Machine } from './machine.ts';

export interface Row {
  readonly name: string;
  /** One figure a column; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

export interface Table {
  readonly suite: string;
  readonly title: string;
  /** Names with units: `ns a frame`, `deliveries/s`, `x`. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** What a reader has to know. */
  readonly note?: string;
}

/** Takes tables as they come, and says what is being done now. */
export interface Reporter {
  progress(text: string): void;
  table(table: Table): void;
}

export interface Results {
  readonly machine: Machine;
  readonly smoke: boolean;
  readonly tables: readonly Table[];
}

/** A table as aligned text: names to the left, figures to the right. */
export function tableText(table: Table): string {
  const cells = table.rows.map(({ name, values }) => [name, ...values.map(figure)]);
  const lines = [['', ...table.columns], ...cells];
  const widths = ['', ...table.columns].map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  const aligned = lines.map((line) =>
    widths
      .map((width, i) => (i === 0 ? (line[i] ?? '').padEnd(width) : (line[i] ?? '').padStart(width)))
      .join('  ')
      .trimEnd(),
  );
  const heading = `${table.suite}: ${table.title}`;
  return [
    heading,
    ...aligned.map((line) => `  ${line}`),
    ...(table.note === undefined ? [] : [`  ${table.note}`]),
  ].join('\n');
}

/** Results as JSON, one object. */
export function resultsJson(results: Results): string {
  return `${JSON.stringify(results, null, 2)}\n`;
}

/** A figure with three digits that mean something, thousands apart. */
function figure(value: number | undefined): string {
  if (value === undefined) return '-';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
