// The options as TOML: the commented example of a configuration file, and what `check` prints. Both can be read as such
// a file: an option that has no value stands there as a comment.

import { KEYS, nameOf, type OptionKey, type Options, rowOf, SECTIONS } from './option-table.ts';
import { wrap } from './option-text.ts';
import type { Origins } from './options.ts';

const COLUMNS = 100;
const WIDEST_ASSIGNMENT = 48;
/** JSON escapes what TOML wants escaped in a text, but for this one. */
const DELETE = /\x7f/g;

/** docs/chorus.example.toml: every option under its heading, at its preset, commented out. */
export function exampleToml(): string {
  const intro = [
    'The options of a Chorus server, for `bun run server --config FILE`. Each has the name of its flag. What is commented out is at its preset, or shows the form of an option that has none.',
    'Texts stand in quotes, and so do sizes and times with a unit; what may be repeated is a list. Flags and CHORUS_ variables win over this file. It holds no secret, only the paths of files that do; paths begin where the server is started.',
    '`bun run server check --config FILE` shows what would run, and every mistake. On SIGHUP the server reads the file again: what is marked "live" changes at once, what is marked "restart" with the next start.',
  ];
  const lines = intro.map(comment).join('\n#\n').split('\n');
  for (const { title, keys } of SECTIONS) {
    lines.push('', '', `# ── ${title} ${'─'.repeat(COLUMNS - title.length - 6)}`);
    for (const key of keys) if (rowOf(key).outside !== true) lines.push('', ...exampleOf(key));
  }
  return `${lines.join('\n')}\n`;
}

function exampleOf(key: OptionKey): string[] {
  const { kind, preset, presetText, help, example, live } = rowOf(key);
  const without = preset === undefined || example !== undefined ? ` Without it: ${presetText}.` : '';
  const when = live === true ? 'live' : 'restart';
  const shown = example === undefined ? preset : kind.read(example);
  const sentence = `${help} Expected: ${kind.expected}.${without} (${when})`;
  return [comment(sentence), `#${nameOf(key)} = ${tomlValue(key, shown)}`];
}

function comment(text: string): string {
  return wrap(text, COLUMNS - 2)
    .map((line) => `# ${line}`)
    .join('\n');
}

/** What `check` prints: every option with its value, and behind it where that comes from. */
export function effectiveToml(options: Options, origins: Origins): string {
  const left = KEYS.map((key) => effectiveOf(key, options));
  const width = Math.min(WIDEST_ASSIGNMENT, Math.max(...left.map((text) => text.length)));
  return `${KEYS.map((key, i) => `${(left[i] as string).padEnd(width)}  # ${origins[key]}`).join('\n')}\n`;
}

function effectiveOf(key: OptionKey, options: Options): string {
  const value = options[key];
  // An id of 0 is derived when the server listens.
  const absent = value === undefined || (key === 'id' && value === 0);
  if (absent) return `#${nameOf(key)}`;
  return `${rowOf(key).outside === true ? '#' : ''}${nameOf(key)} = ${tomlValue(key, value)}`;
}

/** A value of an option as it is written in a file. */
export function tomlValue(key: OptionKey, value: unknown): string {
  const { kind, repeatable } = rowOf(key);
  if (repeatable === true) {
    const items = (value as readonly unknown[]).map((item) => quoted(kind.write([item])));
    return `[${items.join(', ')}]`;
  }
  const text = kind.write(value);
  if (kind.toml.includes('boolean')) return text === 'on' ? 'true' : 'false';
  return kind.toml.includes('integer') && /^\d+$/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(DELETE, '\\u007f');
}
