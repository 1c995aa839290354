// What docs/PROTOCOL.md and docs/SECURITY.md say of servers among themselves, against the source: names and numbers that
// stand in tables are those of the code, and a test that is named is there.

import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DROPS } from '../../src/mesh/discovery.ts';
import { GROUP_VERBS } from '../../src/mesh/group.ts';
import { REPLICA_VERBS } from '../../src/mesh/replica.ts';
import { WHYS } from '../../src/mesh/why.ts';
import { rowOf } from '../../src/ops/options/option-table.ts';
import { MOVES } from '../../src/order/roles.ts';
import { ORDER_VERBS } from '../../src/order/server-frames.ts';

const ROOT = join(import.meta.dir, '..', '..');
const read = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');
const SECTION = read('PROTOCOL.md').split('## 4 Between servers')[1]?.split('\n## 5 ')[0] ?? '';

/** What a fact may be about, beside the rooms' homes. */
const FACTS = ['SERVER', 'SQUIT', 'USER', 'NICK', 'QUIT', 'JOINROOM', 'LEAVEROOM', 'BMSG', 'ROOM', 'NOROOM'];
/** What is said on a link by itself, or routed, beside the order of rooms. */
const OTHERS = [
  'CMSG',
  'SKIPSEQUENCE',
  'HELLO',
  'WELCOME',
  'AUTH',
  'PING',
  'PONG',
  'SCLOSE',
  'ERROR',
  'UNREACHABLE',
  'LMSG',
  'KILL',
  'HAS',
  'STATS',
];
const ERRORS = ['ERR_ALREADYREGISTERED', 'ERR_BADFRAME', 'ERR_FRAMETOOLONG'];
const VERBS = new Set([...Object.keys(GROUP_VERBS), ...REPLICA_VERBS, ...FACTS, ...OTHERS, ...ORDER_VERBS]);

/** Rows of the table of times: how long and what, and the constant in the source that says so. */
const TIMES: readonly (readonly [long: string, what: string, file: string, name: string])[] = [
  ['1.2 s, doubled', 'between two HELLOs', 'mesh/discovery.ts', 'FIRST_WAIT_MS'],
  ['5 s', 'the lower id', 'mesh/dialler.ts', 'COURTESY_MS'],
  ['10 s', 'a HELLO is waited on', 'mesh/discovery.ts', 'OWN_NONCE_MS'],
  ['30 s', 'clocks may differ', 'mesh/discovery.ts', 'SKEW_MS'],
  ['3 s, 5 s', 'a handshake', 'mesh/dialler.ts', 'DIAL_MS'],
  ['5 s', 'silence before PING', 'mesh/link.ts', 'pingAfterMs'],
  ['15 s', 'silence until the link', 'mesh/link.ts', 'deadAfterMs'],
  ['¼ s', 'until a link is dialled again', 'mesh/dialler.ts', 'FIRST_BACKOFF_MS'],
  ['60 s', 'the same, where it cannot', 'mesh/dialler.ts', 'MINUTE_MS'],
  ['5 s', 'an answer to WANT', 'ops/mesh-config.ts', 'answerMs'],
  ['30 s', 'between two VECTORs', 'ops/mesh-config.ts', 'vectorMs'],
  ['2 s', 'between two STATS', 'mesh/stats.ts', 'STATS_MS'],
  ['60 s', 'a state of a server', 'ops/mesh-config.ts', 'unseenMs'],
  ['4 s', 'an empty room that has lost', 'node/shared-room.ts', 'HOMELESS_MS'],
  ['2 s', 'the standby may owe', 'order/leading.ts', 'ACK_MS'],
  ['10 s', 'after which it may be chosen', 'order/leading.ts', 'SLOW_MS'],
  ['2 s', 'until a SUBSCRIBE', 'order/copy.ts', 'ASK_MS'],
  ['10 s', 'JOINROOM waits', 'node/shared-room.ts', 'JOIN_MS'],
  ['2 s', 'JOINROOM waits for a copy to', 'node/shared-room.ts', 'BEHIND_MS'],
  ['1 s', 'what a ROUTE could not', 'node/shared-rooms.ts', 'ASTRAY_MS'],
  ['3 s', 'until a message without an outcome', 'order/member-sends.ts', 'AGAIN_MS'],
  ['20 s', 'until its outcome', 'order/member-sends.ts', 'UNKNOWN_MS'],
  ['1 s', 'between two servers that try', 'order/home-watch.ts', 'RANK_MS'],
  ['2 s and 2 s', 'all are waited for', 'order/elections.ts', 'STEP_MS'],
  ['10 s', 'for all that is fetched', 'order/elections.ts', 'FETCH_MS'],
  ['3 s + ½ s', 'a promised epoch', 'order/peer.ts', 'FROZEN_MS'],
  ['10 s', 'standing still', 'node/node.ts', 'STALL_MS'],
  ['5 s', 'until it goes on', 'order/elections.ts', 'ALONE_MS'],
  ['½ s', 'between two joinings', 'order/elections.ts', 'MERGE_MS'],
  ['2 s', 'rooms may take', 'node/link-connections.ts', 'HANDOVER_MS'],
];

test('every reason for which a datagram is dropped has a row, and no other', () => {
  const table = SECTION.split('| Counter |')[1]?.split('\n\n')[0] ?? '';
  const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] as string);
  expect(told.toSorted()).toEqual(Object.keys(DROPS).toSorted());
});

test('every verb of servers is shown as a frame, or as part of one', () => {
  const asFrame = (verb: string): boolean => new RegExp(`<${verb}[,>]`).test(SECTION);
  expect([...VERBS].filter((verb) => !asFrame(verb))).toEqual([]);
});

test('every verb of servers has a row among all frames, and no other', () => {
  const told = rowsUnder('| Frame | Where |').flatMap(([names]) => [...(names ?? '').matchAll(/`(\w+)`/g)]);
  expect([...new Set(told.map((match) => match[1] as string))].toSorted()).toEqual([...VERBS, ...ERRORS].toSorted());
});

test('the roles of a server in a room change as the table says', () => {
  const told = rowsUnder('| From | To |').flatMap(([from, to]) =>
    [...(from ?? '').matchAll(/`(\w+)`/g)].map((match) => `${match[1]} ${to?.replaceAll('`', '')}`),
  );
  const moves = Object.entries(MOVES).flatMap(([from, all]) => all.map((to) => `${from} ${to}`));
  expect([...new Set(told)].toSorted()).toEqual(moves.toSorted());
});

test('times are those of the source', () => {
  const rows = rowsUnder('| How long | What |');
  for (const [long, what, file, name] of TIMES) {
    const source = readFileSync(join(ROOT, 'src', file), 'utf8');
    const value = new RegExp(`\\b${name}(?: =|:) ([0-9_]+)[;,]`).exec(source)?.[1]?.replaceAll('_', '');
    expect(`${what}: ${value}`).toBe(`${what}: ${msOf(long)}`);
    expect(rows.filter((row) => row[0]?.startsWith(long) && row[1]?.startsWith(what))).toHaveLength(1);
  }
});

test('options of the table of times have the preset that it names', () => {
  const keys = { '--hold': 'hold', '--room-idle-ms': 'roomIdleMs', '--ttl-ms': 'ttlMs' } as const;
  const rows = rowsUnder('| How long | What |').filter((row) => row[2] !== '');
  expect(rows.map((row) => row[2]?.replaceAll('`', '')).toSorted()).toEqual(Object.keys(keys).toSorted());
  for (const [long, , option] of rows) {
    expect(msOf(long ?? '')).toBe(rowOf(keys[option?.replaceAll('`', '') as keyof typeof keys]).preset as number);
  }
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

/** The cells of the table that begins with `head`. */
function rowsUnder(head: string): string[][] {
  const table = SECTION.split(head)[1]?.split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** `½ s`, `10 min`, and the first of several times. */
function msOf(text: string): number {
  const [, amount = '', unit = ''] = /^([0-9.]+|[½¼]) (s|min)/.exec(text) ?? [];
  const parts: Readonly<Record<string, number>> = { '½': 0.5, '¼': 0.25 };
  return (parts[amount] ?? Number(amount)) * (unit === 'min' ? 60_000 : 1_000);
}
