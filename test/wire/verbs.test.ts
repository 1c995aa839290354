import { expect, test } from 'bun:test';
import { VerbTable } from '../../src/wire/verbs.ts';
import { bytesOf } from './drive.ts';
import { seeded } from './generate.ts';

const VERBS = (
  'PASS NICK RESUME USER CREATEROOM JOINROOM LEAVEROOM ULIST LISTROOMS GETSEQUENCE CSEND FINDSEQUENCE HISTORY LSEND ' +
  `BSEND LOCATE MAP OPER KILL SCLOSE PING PONG QUIT EXIT A B AB BA ABC ABD A_B A0 _ 0 ${'V'.repeat(31)} ${'V'.repeat(30)}`
).split(' ');

/** Looks for `verb` with bytes of verbs in front of it and behind it. */
function find(table: VerbTable, verb: string): number {
  return table.find(bytesOf(`PING${verb}PONG`), 4, 4 + verb.length);
}

test('finds each verb, in any case, by its index', () => {
  const table = new VerbTable(VERBS);
  VERBS.forEach((verb, index) => {
    expect([verb, find(table, verb)]).toEqual([verb, index]);
    expect(find(table, verb.toLowerCase())).toBe(index);
    expect(find(table, `${verb.slice(0, 1).toLowerCase()}${verb.slice(1)}`)).toBe(index);
  });
});

test('finds nothing else', () => {
  const table = new VerbTable(VERBS);
  const random = seeded(3);
  const known = new Set(VERBS);
  for (const verb of ['', 'PIN', 'PINGS', 'PINH', 'QING', 'V'.repeat(29), 'V'.repeat(32), 'V'.repeat(300)]) {
    expect([verb, find(table, verb)]).toEqual([verb, -1]);
  }
  for (const verb of VERBS) {
    for (let at = 0; at < verb.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const other = verb.slice(0, at) + String.fromCharCode(byte) + verb.slice(at + 1);
        const folded = other.replace(/[a-z]/g, (letter) => letter.toUpperCase());
        if (!known.has(folded) && find(table, other) !== -1) throw new Error(`${JSON.stringify(other)} is ${verb}`);
      }
    }
  }
  for (let i = 0; i < 20_000; i++) {
    const other = Array.from({ length: random(8) }, () => 'ABCDEGNOPS_0'[random(12)]).join('');
    if (!known.has(other)) expect([other, find(table, other)]).toEqual([other, -1]);
  }
});

test('many verbs that differ in a byte which the hash does not see', () => {
  const verbs = Array.from(
    { length: 36 * 36 },
    (_, i) => `AB${i.toString(36).padStart(2, '0').toUpperCase()}XXXXXXXXZ`,
  );
  const table = new VerbTable(verbs);
  for (const [index, verb] of verbs.entries()) expect(find(table, verb)).toBe(index);
  expect(find(table, 'AB00XXXXXXXYZ')).toBe(-1);
  for (let length = 1; length < 12; length++) {
    for (const verb of verbs) expect(find(table, verb.slice(0, length))).toBe(-1);
  }
});

test('a table without verbs finds none', () => {
  expect(find(new VerbTable([]), 'PING')).toBe(-1);
});

test('refuses a list with a mistake in it', () => {
  for (const verbs of [['ping'], [''], ['A', 'A'], ['A-B'], ['V'.repeat(32)], ['É']]) {
    expect(() => new VerbTable(verbs)).toThrow();
  }
});
