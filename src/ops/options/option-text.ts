// The table of options as text: `--help` for a terminal of 100 columns, and the Markdown of docs/OPERATING.md.

import { RUN } from './invocation.ts';
import { RELATIONS } from './option-relations.ts';
import { flagOf, type OptionKey, rowOf, SECTIONS, variableOf } from './option-table.ts';

const COLUMNS = 100;
const GAP = 2;

/** What `--help` prints: every option under its heading, in two columns, without a last newline. */
export function optionsHelp(): string {
  const width = Math.max(...SECTIONS.flatMap((section) => section.keys.map((key) => usage(key).length)));
  const lines = [
    `Usage: ${RUN} server [OPTION VALUE]…`,
    `       ${RUN} server check [OPTION VALUE]…   show what would run, and every mistake`,
    `       ${RUN} server hash                    make a hash for --operators or --password-file`,
    `       ${RUN} server health [OPTION VALUE]…  ask the one that runs with these whether it is alive`,
    '',
    'Each option can be set in the environment and in the file of --config too: --frame-bytes is',
    'CHORUS_FRAME_BYTES and frame-bytes. Flags win over the environment, which wins over the file.',
    'BYTES may end in KiB, MiB or GiB; MS in s, m or h. What stands in brackets is the preset.',
  ];
  for (const { title, keys } of SECTIONS) {
    lines.push('', `${title}:`);
    for (const key of keys) lines.push(...helpLines(key, width));
  }
  lines.push(
    '',
    'Other:',
    ...twoColumns('-h, --help', 'Show this.', width),
    ...twoColumns('--version', 'Show the version.', width),
  );
  return lines.join('\n');
}

function usage(key: OptionKey): string {
  return `${flagOf(key)} ${rowOf(key).kind.placeholder}`;
}

function helpLines(key: OptionKey, width: number): string[] {
  const { help, presetText } = rowOf(key);
  return twoColumns(usage(key), presetText === '' ? help : `${help} [${presetText}]`, width);
}

function twoColumns(left: string, right: string, width: number): string[] {
  const indent = GAP + width + GAP;
  const wrapped = wrap(right, COLUMNS - indent);
  return wrapped.map((line, i) => (i === 0 ? `  ${left.padEnd(width)}  ${line}` : `${' '.repeat(indent)}${line}`));
}

/** Lines of at most so many columns, broken between words. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}

/** The options as Markdown: a table under each heading, and what must fit together. */
export function optionsMarkdown(): string {
  const parts = SECTIONS.map(({ title, keys }) =>
    [
      `### ${title}`,
      '',
      '| Option | Environment | Value | Range | Preset | Meaning | Reload | In RPL_LIMITS |',
      '|---|---|---|---|---|---|---|---|',
      ...keys.map(markdownRow),
    ].join('\n'),
  );
  return `${[...parts, relationsMarkdown()].join('\n\n')}\n`;
}

function relationsMarkdown(): string {
  const lines = RELATIONS.map(
    ({ keys, because }) => `- ${keys.map((key) => `\`${flagOf(key)}\``).join(', ')}: ${because}.`,
  );
  return ['### What must fit together', '', ...lines].join('\n');
}

function markdownRow(key: OptionKey): string {
  const { kind, presetText, preset, help, announced, live } = rowOf(key);
  const shownPreset = preset === undefined ? presetText : presetText === '' ? 'empty' : `\`${presetText}\``;
  const cells = [
    `\`${flagOf(key)}\``,
    `\`${variableOf(key)}\``,
    kind.unit === '' || kind.unit.toUpperCase() === kind.placeholder
      ? kind.placeholder
      : `${kind.placeholder} (${kind.unit})`,
    kind.range,
    shownPreset,
    help,
    live === true ? 'live' : 'restart',
    announced === undefined ? '' : `\`${announced}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;')).join(' | ')} |`;
}

/** `document` with the tables of options between their markers made anew; undefined when it has no markers. */
export function withOptions(document: string): string | undefined {
  return withTable(document, 'options', optionsMarkdown());
}

/** `document` with what stands between the markers of `name` made anew; undefined when it has none. */
export function withTable(document: string, name: string, table: string): string | undefined {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) return undefined;
  return `${document.slice(0, from + begin.length)}\n\n${table}\n${document.slice(to)}`;
}
