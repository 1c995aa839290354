// The frames that §4.10 to §4.15 of docs/PROTOCOL.md show, against three servers that do what the text says was done: each
// is said, on the link that stands in front of it and in the order in which they stand. Times, and what is counted from
// them, are others in each run; epochs and counts are compared by which is the same as which.

import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Network, type Said } from './three-servers.ts';

const TEXT = readFileSync(join(import.meta.dir, '..', '..', 'docs', 'PROTOCOL.md'), 'utf8');

/** A room `tea`, made at a; ann at a unless she only makes it, bob at b, cat at c. Its standby is c. */
class Tea {
  readonly network = new Network();
  readonly ann = this.network.at('a').client('ann');
  readonly bob = this.network.at('b').client('bob');
  readonly cat = this.network.at('c').client('cat');

  constructor(isAnnIn = true) {
    this.does(this.ann, '<CREATEROOM,tea>');
    if (isAnnIn) this.does(this.ann, '<JOINROOM,tea>');
    this.does(this.bob, '<JOINROOM,tea>');
    this.does(this.cat, '<JOINROOM,tea>');
  }

  does(who: (frames: string) => void, what: string, ms = 300): void {
    who(what);
    this.network.run(ms);
  }
}

test('a message, and numbers, over three servers', () => {
  const tea = new Tea();
  tea.does(tea.bob, '<CSEND,hello,tea,,0123456789abcdef>');
  tea.does(tea.bob, '<GETSEQUENCE,tea>');
  tea.does(tea.ann, '<CSEND,me first,tea>');
  shows('4.10', tea.network.said, 4);
  shows('4.12', tea.network.said, 12);
});

test('a home that is killed with a send in flight', () => {
  const tea = new Tea();
  tea.does(tea.ann, '<CSEND,one,tea>');
  tea.does(tea.bob, '<CSEND,two,tea,,0123456789abcdef>', 3);
  tea.network.at('a').kill();
  tea.network.run(100);
  tea.does(tea.bob, '<CSEND,three,tea,,fedcba9876543210>', 6_000);
  shows('4.13', tea.network.said, 23);
});

test('a split and its heal', () => {
  const tea = new Tea();
  tea.does(tea.ann, '<CSEND,one,tea>');
  tea.network.split('a', 'bc');
  tea.network.run(5_000);
  tea.does(tea.ann, '<CSEND,left,tea>');
  tea.does(tea.bob, '<CSEND,right,tea>');
  tea.network.heal();
  tea.network.run(10_000);
  shows('4.14', tea.network.said, 3);
});

test('a home that leaves with a send in flight', () => {
  const tea = new Tea(false);
  tea.does(tea.bob, '<CSEND,one,tea>');
  tea.does(tea.bob, '<CSEND,two,tea,,0123456789abcdef>', 1);
  tea.network.at('a').stop('Server is stopping');
  tea.network.run(5_000);
  shows('4.15', tea.network.said, 10);
});

/** Expects the `count` frames that a section shows among what was said, in their order. */
function shows(section: string, said: readonly Said[], count: number): void {
  const shown = framesOf(section);
  expect(shown).toHaveLength(count);
  const same = new Map<string, string>();
  let at = 0;
  for (const frame of shown) {
    const found = said.findIndex(({ way, text }, i) => i >= at && isLike(frame, { way, text }, same));
    if (found < 0) throw new Error(`§${section}: not said behind ${said[at - 1]?.text}: ${frame.way} ${frame.text}`);
    at = found + 1;
  }
}

/** The frames in the code of a section; those without a way in front may be said to anybody. */
function framesOf(section: string): Said[] {
  const text = TEXT.split(`\n### ${section} `)[1]?.split('\n### ')[0] ?? '';
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].filter(([, language]) => language === '');
  const code = blocks.flatMap((block) => (block[2] ?? '').split('\n'));
  return code.flatMap((line) => {
    const match = /^(?:(\w→\w) )?(<[A-Z].*>)$/.exec(line);
    return match === null ? [] : [{ way: match[1] ?? '', text: match[2] as string }];
  });
}

/** What is another in each run: epochs, and what is counted from a time. */
const VARYING = /(?<=[<,. ])(?:[0-9a-z]{8}(?=\.[1-9]\b)|[0-9]{13,16})(?=[,>.])/g;

/** Whether a frame is the one shown, what varies being the same wherever it was the same; notes that in `same`. */
function isLike(shown: Said, { way, text }: Said, same: Map<string, string>): boolean {
  if (shown.way !== '' && shown.way !== way) return false;
  if (plain(shown.text) !== plain(text)) return false;
  const [told, real] = [shown.text.match(VARYING) ?? [], text.match(VARYING) ?? []];
  const pairs = told.map((value, i) => [value, real[i] as string] as const).filter(([value]) => !isTime(value));
  if (pairs.some(([value, is]) => (same.get(value) ?? is) !== is)) return false;
  for (const [value, is] of pairs) same.set(value, is);
  return true;
}

function plain(text: string): string {
  return text.replace(/^<FACT,(\d),(\d+),\d+,/, '<FACT,$1,$2,n,').replace(VARYING, 'v');
}

function isTime(value: string): boolean {
  return /^[0-9]{13}$/.test(value);
}
