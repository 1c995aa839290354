// C3: who is ended because its nickname is somebody else's did not own it. Claims are read where servers tell them to
// each other; the earliest owns, by time, then by uid.

import type { Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, violation } from './checker.ts';
import { sessionOf } from './network.ts';

const COLLISION = 'The nickname belongs to somebody else';

interface Claim {
  readonly uid: string;
  readonly time: number;
}

export const claims: Checker = {
  name: 'claims',
  check(record) {
    const found: Violation[] = [];
    let told: Map<string, Claim[]> | undefined;
    for (const dialogue of record.dialogues) {
      const end = dialogue.utterances.at(-1);
      if (end?.verb !== 'ERROR' || !(end.args[0] ?? '').startsWith(COLLISION)) continue;
      const session = sessionOf(dialogue);
      if (session === undefined) continue;
      told ??= claimsOf(record);
      const others = told.get(session.nick.toLowerCase()) ?? [];
      const own = others.filter(({ uid }) => uid === session.uid);
      // The last claim that it made; what was never told to anybody cannot be judged.
      const claim = own.at(-1);
      if (claim === undefined || others.some((other) => other.uid !== claim.uid && isBefore(other, claim))) continue;
      found.push(violation('C3', dialogue, end.at, `${session.uid} is ended, though it owns ${session.nick}`));
    }
    return found;
  },
};

/** Folded nickname → every claim to it that was ever told. */
function claimsOf(record: Record): Map<string, Claim[]> {
  const all = new Map<string, Claim[]>();
  for (const { utterances } of record.links) {
    for (const { verb, args } of utterances) {
      if (verb !== 'USER' && verb !== 'NICK') continue;
      const time = Number(verb === 'USER' ? args[5] : args[2]);
      const nick = (args[1] ?? '').toLowerCase();
      const list = all.get(nick) ?? [];
      all.set(nick, list);
      list.push({ uid: args[0] ?? '', time });
    }
  }
  return all;
}

function isBefore(a: Claim, b: Claim): boolean {
  if (a.time !== b.time) return a.time < b.time;
  const [left, right] = [a.uid.split('.').map(Number), b.uid.split('.').map(Number)];
  return left[0] === right[0] ? (left[1] ?? 0) < (right[1] ?? 0) : (left[0] ?? 0) < (right[0] ?? 0);
}
