// docs/OPERATING.md against the source: the table of the log names every event that is written, and no other.

import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '..', '..');
/** An event is a string with a dot in it, the first of a call (behind the level, where the call names it). */
const WRITTEN = /\b(?:log(?:\.\w+)?|logLine)\(\s*(?:'\w+', )?'([a-z]+\.[a-z]+)'/g;

test('every event of the log is in the table, and nothing else', () => {
  const text = readFileSync(join(ROOT, 'docs', 'OPERATING.md'), 'utf8');
  const table = text.slice(text.indexOf('| Event |')).split('\n\n')[0] ?? '';
  const told = [...table.matchAll(/`([a-z]+\.[a-z]+)`/g)].map(([, event]) => event);
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
  const paths = [...new Bun.Glob('src/**/*.ts').scanSync(ROOT)];
  const outside = paths.filter((path) => !/\/mesh[/.]/.test(path));
  // What is not joined to the server yet writes nothing.
  const joined = read('src/ops/life.ts').includes('mesh');
  const sources = (joined ? paths : outside).map(read);
  const written = sources.flatMap((source) => [...source.matchAll(WRITTEN)].map(([, event]) => event));
  expect(told.length).toBeGreaterThan(5);
  expect(told.sort()).toEqual([...new Set(written)].sort());
});
