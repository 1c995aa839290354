// docs/OPERATING.md against the source: the table of the log names every event that is written, and no other; what the
// page on troubleshooting quotes is said somewhere; the files of options that it shows are good ones.

import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../../src/ops/options/options.ts';
import { readToml } from '../../src/ops/options/toml.ts';

const ROOT = join(import.meta.dir, '..', '..');
/** An event is a string with a dot in it, the first of a call (behind the level, where the call names it). */
const WRITTEN = /\b(?:log(?:\.\w+)?|logLine)\(\s*(?:'\w+', )?'([a-z]+\.[a-z]+)'/g;

/** All files of src. */
function sources(): string[] {
  const paths = [...new Bun.Glob('src/**/*.ts').scanSync(ROOT)];
  return paths.map((path) => readFileSync(join(ROOT, path), 'utf8'));
}

test('every event of the log is in the table, and nothing else', () => {
  const text = readFileSync(join(ROOT, 'docs', 'OPERATING.md'), 'utf8');
  const table = text.slice(text.indexOf('| Event |')).split('\n\n')[0] ?? '';
  const told = [...table.matchAll(/`([a-z]+\.[a-z]+)`/g)].map(([, event]) => event);
  const written = sources().flatMap((source) => [...source.matchAll(WRITTEN)].map(([, event]) => event));
  expect(told.length).toBeGreaterThan(5);
  expect(told.sort()).toEqual([...new Set(written)].sort());
});

/** The messages quoted between the markers: the first cell of each row, as many as it has. */
function quoted(text: string): string[] {
  const page = text.slice(text.indexOf('<!-- messages:begin -->'), text.indexOf('<!-- messages:end -->'));
  const cells = page.split('\n').filter((line) => line.startsWith('| `'));
  return cells.flatMap((line) =>
    [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, message]) => message as string),
  );
}

/** Whether one of `texts` has every part of a message, of which `…` leaves something out. */
function isSaid(message: string, texts: readonly string[]): boolean {
  const parts = message.split('…').filter((part) => part !== '');
  return texts.some((source) => parts.every((part) => source.includes(part)));
}

test('every message that troubleshooting quotes is said by the source', () => {
  const messages = quoted(readFileSync(join(ROOT, 'docs', 'OPERATING.md'), 'utf8'));
  const texts = sources();
  expect(messages.length).toBeGreaterThan(20);
  expect(messages.filter((message) => !isSaid(message, texts))).toEqual([]);
  expect(isSaid('the port is taken; stop … whoever uses it', texts)).toBe(false);
});

test('the files of options that it shows are ones that a server takes', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'OPERATING.md'), 'utf8');
  const files = [...text.matchAll(/^( *)```\n\1(# (?:\/etc\/chorus\/)?chorus\.toml\n[\s\S]*?)```$/gm)].map(
    ([, , file]) => file as string,
  );
  expect(files).toHaveLength(2);
  for (const file of files) {
    const read = await readToml(file.replaceAll(/^ +/gm, ''));
    if (!('assignments' in read)) throw new Error(read.fault);
    const flags = read.assignments.flatMap(({ key, value }) =>
      (value.items.length > 0 ? value.items : [value]).flatMap(({ text: one }) => [`--${key}`, one]),
    );
    expect(parseOptions(flags, {})).toHaveProperty('options');
  }
});
