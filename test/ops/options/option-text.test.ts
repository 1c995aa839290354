// Help and docs: every row is there, in order, and docs/OPERATING.md is what the table says.

import { describe, expect, test } from 'bun:test';
import { flagOf, KEYS, rowOf, SECTIONS, variableOf } from '../../../src/ops/options/option-table.ts';
import { optionsHelp, optionsMarkdown, withOptions } from '../../../src/ops/options/option-text.ts';

describe('--help', () => {
  const help = optionsHelp();
  const lines = help.split('\n');

  test('shows every option under its heading, with what it takes and its preset', () => {
    const flat = help.replace(/\s+/g, ' ');
    let at = -1;
    for (const { title, keys } of SECTIONS) {
      const heading = lines.indexOf(`${title}:`);
      expect(heading, title).toBeGreaterThan(at);
      at = heading;
      for (const key of keys) {
        const { kind, presetText, help: meaning } = rowOf(key);
        const line = lines.findIndex((each) => each.startsWith(`  ${flagOf(key)} ${kind.placeholder}  `));
        expect(line, key).toBeGreaterThan(at);
        at = line;
        expect(flat).toContain(presetText === '' ? meaning : `${meaning} [${presetText}]`);
      }
    }
  });

  test('every row stands in one section', () => {
    expect(SECTIONS.flatMap((section) => section.keys)).toEqual([...KEYS]);
  });

  test('fits 100 columns, in two straight ones', () => {
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    const starts = lines
      .filter((line) => line.startsWith('  -'))
      .map((line) => /^ {2}\S.*? {2,}(?=\S)/.exec(line)![0].length);
    expect(new Set(starts).size).toBe(1);
    expect(lines.every((line) => line === line.trimEnd())).toBe(true);
  });

  test('help is one line for each option, and ends as a sentence', () => {
    for (const key of KEYS) expect(rowOf(key).help, key).toMatch(/^[^\n]{5,80}\.$/);
  });
});

describe('the Markdown', () => {
  test('has a row of eight cells for every option', () => {
    const rows = optionsMarkdown().split('\n');
    for (const key of KEYS) {
      const row = rows.find((each) => each.startsWith(`| \`${flagOf(key)}\` | \`${variableOf(key)}\` |`));
      expect(row, key).toBeDefined();
      expect(row!.replaceAll('\\|', '').split('|'), key).toHaveLength(10);
      const { announced, live } = rowOf(key);
      expect(row).toContain(live === true ? ' | live | ' : ' | restart | ');
      if (announced !== undefined) expect(row).toEndWith(`| \`${announced}\` |`);
    }
  });

  test('goes between its markers and leaves the rest alone', () => {
    const page = 'before\n<!-- options:begin -->stale row<!-- options:end -->\nafter\n';
    const made = withOptions(page)!;
    expect(made).toStartWith('before\n<!-- options:begin -->\n');
    expect(made).toEndWith('<!-- options:end -->\nafter\n');
    expect(made).not.toContain('stale row');
    expect(withOptions(made)).toBe(made);
    expect(withOptions('no markers')).toBeUndefined();
  });

  test('of docs/OPERATING.md is up to date (bun src/ops/options/options-docs.ts writes it)', async () => {
    const page = await Bun.file(new URL('../../../docs/OPERATING.md', import.meta.url)).text();
    expect(page).toBe(withOptions(page)!);
  });
});
