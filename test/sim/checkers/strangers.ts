// S2: who does not know the network's secret is told one server's introduction and why it is sent away, and changes
// nothing: what it made up is in no frame that anybody else is ever sent.

import type { Record } from '../record.ts';
import { STRANGE } from '../stranger.ts';
import type { Violation } from '../violation.ts';
import type { Checker } from './checker.ts';
import { isStrange } from './links.ts';

/** Answers and facts that name servers and people. */
const NAMING = new Set(['RPL_MAP', 'RPL_LOCATION', 'RPL_SERVERS', 'SERVER', 'USER', 'HAS', 'FACT', 'SNAPSHOT']);
const ID = '66';

export const strangers: Checker = {
  name: 'strangers',
  check(record) {
    return [...told(record), ...believed(record)];
  },
};

function told(record: Record): Violation[] {
  const bad = record.toStrangers.filter(({ verb, args }) => {
    return verb === 'SERVER' ? args[7] !== '' : verb !== 'ERROR' && !verb.startsWith('ERR_');
  });
  return bad.map(({ verb, args, at }) => ({
    invariant: 'S2',
    at,
    what: `a stranger is told <${verb},${args.join()}>`,
  }));
}

function believed(record: Record): Violation[] {
  const found: Violation[] = [];
  const heard = record.dialogues.map(({ name, utterances }) => ({
    name,
    frames: utterances.filter(({ said }) => !said),
  }));
  const between = record.links
    .filter((tap) => !isStrange(tap))
    .map(({ name, utterances }) => ({ name, frames: utterances }));
  for (const { name, frames } of [...heard, ...between]) {
    for (const { verb, args, at } of frames) {
      if (!NAMING.has(verb)) continue;
      const isOrigin = verb === 'HAS' || verb === 'FACT' || verb === 'SNAPSHOT';
      if (isOrigin ? args[0] !== ID : !args.some((arg) => arg.includes(STRANGE))) continue;
      found.push({ invariant: 'S2', at, what: `${name}: a stranger is believed: <${verb},${args.join()}>` });
    }
  }
  return found;
}
