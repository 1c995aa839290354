// docs/PROTOCOL.md against the server: every example is played on a real process, and what the document names and what
// the code has are the same names.

import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../src/chat/commands.ts';
import { rejection } from '../support/rejection.ts';
import { matches, readExamples, verbsOf } from './examples.ts';
import { play } from './stage.ts';
import { SPOKEN, VERBS } from './vocabulary.ts';

const TEXT = readFileSync(join(import.meta.dir, '..', '..', 'docs', 'PROTOCOL.md'), 'utf8');
const EXAMPLES = readExamples(TEXT);
/** With the time that an example waits for its turn. */
const EXAMPLE_MS = 60_000;

/** Frames of which no example can be played with one server, and why. */
const UNPROVOKED: Readonly<Record<string, string>> = {
  EPOCH: 'a room changes its epoch only when another server takes it over, and in an example there is none',
  ERR_ROOMUNAVAILABLE: 'the memory log takes everything at once, and a room is at home on the server that is asked',
};

describe('every example is what a server does', () => {
  for (const [i, example] of EXAMPLES.entries()) {
    test.concurrent(`${i + 1}. ${example.title} (line ${example.line})`, () => play(example), EXAMPLE_MS);
  }

  test(
    'a changed example fails',
    async () => {
      const example = (frame: string): Promise<void> =>
        play(readExamples(`\`\`\`chorus\ngiven ann in dev\nann> <CSEND,hi>\nann< ${frame}\n\`\`\``)[0] as never);
      await example('<CMSG,dev,{epoch},1,ann,{time},hi>');
      const second = await rejection(example('<CMSG,dev,{epoch},2,ann,{time},hi>'));
      expect(second.message).toContain('expected <CMSG,dev,{epoch},2');
      const other = await rejection(example('<CMSG,dev,{x},{x},ann,{time},hi>'));
      expect(other.message).toContain('but ann got <CMSG,dev,');
      const more = '```chorus\ngiven ann in dev\nann> <CSEND,hi>\n```';
      const unread = await rejection(play(readExamples(more)[0] as never));
      expect(unread.message).toContain('ann got what is not there: <CMSG,dev');
    },
    EXAMPLE_MS,
  );

  test('a line that is none of an example is refused', () => {
    const read = (line: string): unknown => readExamples(`\`\`\`chorus\n${line}\n\`\`\``);
    expect(() => read('ann <CSEND,hi>')).toThrow('line 2');
    expect(() => read('ann< <CSEND,hi> <CSEND,ho')).toThrow('not one frame');
    expect(() => read('given ann on dev')).toThrow('not something given');
  });

  test('a placeholder stands for one value everywhere', () => {
    const bound = new Map<string, string>();
    expect(matches('<A,{x},{x}>', '<A,1,2>', bound)).toBe(false);
    expect(bound.size).toBe(0);
    expect(matches('<A,{x}!{y}@h,…>', '<A,1!2@h,3,4>', bound)).toBe(true);
    expect(matches('<B,{y}>', '<B,1>', bound)).toBe(false);
    expect(matches('<B,{y}>', '<B,2>', bound)).toBe(true);
    expect(matches('<C,{z}>', '<C,1,2>', bound)).toBe(false);
    expect(matches('<C,{z}>', '<C,1\\,2>', bound)).toBe(true);
  });
});

describe('nothing is missing, and nothing is invented', () => {
  const sent = new Set<string>();
  const got = new Set<string>();
  for (const { does, text } of EXAMPLES.flatMap((example) => example.steps)) {
    if (does === 'send') for (const verb of verbsOf(text)) sent.add(verb);
    if (does === 'get') got.add(verbsOf(text)[0] as string);
  }

  test('the names are read from the code', () => {
    for (const name of ['CMSG', 'SKIPSEQUENCE', 'RPL_LAGGED', 'RPL_MEMBERS', 'RPL_WELCOME', 'ERR_BADFRAME', 'ERROR']) {
      expect(SPOKEN).toContain(name);
    }
  });

  test('every verb is sent in an example', () => {
    expect([...VERBS].filter((verb) => !sent.has(verb))).toEqual([]);
  });

  test('every frame of the server is got in an example, or it is said why not', () => {
    const known = new Set([...got, ...Object.keys(UNPROVOKED)]);
    expect([...SPOKEN].filter((name) => !known.has(name))).toEqual([]);
    expect(Object.keys(UNPROVOKED).filter((name) => got.has(name))).toEqual([]);
  });

  test('no example has a frame that the code does not have', () => {
    expect([...got].filter((name) => !SPOKEN.has(name))).toEqual([]);
    // One is there to be refused; one is too long to be a verb.
    expect([...sent].filter((verb) => !VERBS.has(verb) && verb.length <= 31)).toEqual(['DANCE']);
  });

  test('the words name no other reply and no other error', () => {
    const named = new Set([...TEXT.matchAll(/\b(?:RPL|ERR)_[A-Z]+\b/g)].map((match) => match[0]));
    expect([...named].filter((name) => !SPOKEN.has(name) && !(name in UNPROVOKED))).toEqual([]);
  });
});

describe('the tables are the code', () => {
  test('every verb with its state, its arguments and its right', () => {
    const rows = tableUnder('All verbs').map(([verb, when, least, who]) => [verb, when, least, who]);
    const words = { new: 'before', registered: 'after', both: 'both' };
    const expected = COMMANDS.map(({ verb, states, arity, granted }) => {
      return [`\`${verb}\``, words[states], String(arity), granted ? 'operators' : 'everybody'];
    });
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });

  test('every reply and every error', () => {
    const rows = [...tableUnder('All replies'), ...tableUnder('All errors')].map(([name]) => name?.replaceAll('`', ''));
    expect([...new Set(rows)].toSorted()).toEqual([...new Set([...SPOKEN, ...Object.keys(UNPROVOKED)])].toSorted());
  });
});

/** The cells of the first table under a heading, without its head. */
function tableUnder(heading: string): string[][] {
  const lines = TEXT.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.endsWith(heading));
  expect(start).toBeGreaterThanOrEqual(0);
  const first = lines.findIndex((line, i) => i > start && line.startsWith('|'));
  const end = lines.findIndex((line, i) => i > first && !line.startsWith('|'));
  return lines.slice(first + 2, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
