// What docs/PROTOCOL.md and docs/SECURITY.md say of servers among themselves, against the source: names and numbers that
// stand in tables are those of the code, and a test that is named is there.

import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DROPS } from '../../src/mesh/discovery.ts';
import { GROUP_VERBS } from '../../src/mesh/group.ts';
import { REPLICA_VERBS } from '../../src/mesh/replica.ts';
import { WHYS } from '../../src/mesh/why.ts';

const ROOT = join(import.meta.dir, '..', '..');
const read = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');
const SECTION = read('PROTOCOL.md').split('## 4 Between servers')[1]?.split('\n## 5 ')[0] ?? '';

test('every reason for which a datagram is dropped has a row, and no other', () => {
  const table = SECTION.split('| Counter |')[1]?.split('\n\n')[0] ?? '';
  const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] as string);
  expect(told.toSorted()).toEqual(Object.keys(DROPS).toSorted());
});

test('every verb of links is shown as a frame', () => {
  const verbs = [...Object.keys(GROUP_VERBS), ...REPLICA_VERBS, 'SERVER', 'AUTH', 'PING', 'PONG', 'SCLOSE', 'SQUIT'];
  expect(verbs.filter((verb) => !new RegExp(`<${verb}[,>]`).test(SECTION))).toEqual([]);
});

test('what an ERROR says is what the table of ends says', () => {
  expect(SECTION).toContain(`<ERROR,${WHYS.duplicate.says}>`);
  expect(SECTION).toContain(`<ERROR,${WHYS.sclose.says}: `);
});

test('every test that is named is there', () => {
  const named = [...read('SECURITY.md').matchAll(/`((?:test|bench)\/[\w./-]+\.ts|(?:attacks-\w+|mesh\.test\.ts))/g)];
  const paths = named.map((match) => match[1] as string);
  expect(paths.length).toBeGreaterThan(20);
  const path = (name: string): string =>
    name.includes('/') ? name : `test/e2e/${name.endsWith('.ts') ? name : `${name}.test.ts`}`;
  expect(paths.filter((name) => !existsSync(join(ROOT, path(name))))).toEqual([]);
});
