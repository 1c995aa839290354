// ROUTE: what is for one user gets to that user alone, once. Every LSEND and every KILL has words of its own, so who hears
// them can be held against whom they were for: somebody who had one of the named nicknames, or resumed who had it.

import type { Dialogue, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, violation } from './checker.ts';

export const routes: Checker = {
  name: 'routes',
  check(record) {
    const named = targetsOf(record);
    return record.dialogues.flatMap((dialogue) => arrivals(dialogue, named));
  },
};

/** Words → the folded nicknames that they were for. */
function targetsOf(record: Record): Map<string, Set<string>> {
  const named = new Map<string, Set<string>>();
  for (const { utterances } of record.dialogues) {
    for (const { said, verb, args } of utterances) {
      if (!said || (verb !== 'LSEND' && verb !== 'KILL') || args.length < 2) continue;
      const [words, targets] = verb === 'LSEND' ? [args[0], args.slice(1)] : [args[1], args.slice(0, 1)];
      named.set(words ?? '', new Set(targets.map((target) => target.toLowerCase())));
    }
  }
  return named;
}

function arrivals(dialogue: Dialogue, named: ReadonlyMap<string, ReadonlySet<string>>): Violation[] {
  const found: Violation[] = [];
  const seen = new Set<string>();
  const names = new Set<string>();
  let resumed = false;
  for (const { said, verb, args, at } of dialogue.utterances) {
    const [first = '', second = '', third = ''] = args;
    if (said) {
      // Whom it resumed may have had any name.
      resumed ||= verb === 'RESUME';
      continue;
    }
    if (verb === 'RPL_WELCOME' && first === '*') names.add(second.slice(0, second.indexOf('!')).toLowerCase());
    if (verb === 'NICK') names.add(second.toLowerCase());
    if (verb !== 'LMSG' && verb !== 'KILL') continue;
    const words = verb === 'LMSG' ? third : second;
    const targets = named.get(words);
    // Who loses its nickname is ended by its server, in words that nobody said.
    if (targets === undefined && verb === 'KILL') continue;
    const isForIt = targets !== undefined && (resumed || [...targets].some((target) => names.has(target)));
    if (!isForIt)
      found.push(violation('ROUTE', dialogue, at, `${verb} ${words} was for ${[...(targets ?? [])].join(' ')}`));
    else if (seen.has(words)) found.push(violation('ROUTE', dialogue, at, `${verb} ${words} came twice`));
    seen.add(words);
  }
  return found;
}
