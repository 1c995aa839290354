// C4: what is told of why somebody is gone is so. A server was started again when it has begun a later life; it has left
// the network when it said that it leaves; and somebody is gone meanwhile when the state of that very life of its server
// came to whoever says so, and named that user no more. A split is told by two servers, and by their names.

import type { Dialogue, Life, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, violation } from './checker.ts';
import { sessionOf } from './network.ts';
import { lifeOf } from './severed.ts';

const MISSED = 'Gone meanwhile';
const RESTARTED = /^s(\d+)\.sim was started again$/;
const LEFT = /^s(\d+)\.sim has left the network$/;
/** Two words, one of them a server's name or number: no client may say that, whose reasons begin otherwise. */
const SPLIT = /^(?:s\d+\.sim|\d+) (?:s\d+\.sim|\d+)$/;
const NAMES = /^(s\d+\.sim) (?!\1)s\d+\.sim$/;

export const farewells: Checker = {
  name: 'farewells',
  check(record) {
    if (record.facts.servers === 1) return [];
    return record.dialogues.flatMap((dialogue) => reasons(record, dialogue));
  },
};

function reasons(record: Record, dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  for (const { said, verb, args, at, order } of dialogue.utterances) {
    if (said || verb !== 'QUIT') continue;
    const [ident = '', reason = ''] = args;
    const uid = uidOf(record, ident);
    const life = uid === undefined ? undefined : lifeOf(record, uid);
    if (uid === undefined || life === undefined) continue;
    const isTrue = isSo(record, dialogue.server, { uid, life, reason, at, order });
    if (!isTrue) found.push(violation('C4', dialogue, at, `${ident} (${uid}) is said to be gone as: ${reason}`));
  }
  return found;
}

interface Farewell {
  readonly uid: string;
  readonly life: Life;
  readonly reason: string;
  readonly at: number;
  readonly order: number;
}

function isSo(record: Record, server: number, { uid, life, reason, at, order }: Farewell): boolean {
  if (SPLIT.test(reason)) return NAMES.test(reason);
  const named = Number((RESTARTED.exec(reason) ?? LEFT.exec(reason))?.[1] ?? life.server + 1) - 1;
  if (named !== life.server) return false;
  const isFollowed = record.lives.some((one) => one.server === life.server && one.from > life.from && one.from <= at);
  if (RESTARTED.test(reason)) return isFollowed;
  if (LEFT.test(reason)) return isFollowed || hasLeft(record, life, order);
  return reason !== MISSED || isLeftOut(record, server, { uid, life, order });
}

/** Whether the server said in that life, before `order`, that it leaves. */
function hasLeft({ links }: Record, life: Life, before: number): boolean {
  return links.some((tap) => {
    const own = tap.life === life ? tap.utterances : [];
    return own.some(({ verb, args, order }) => {
      return verb === 'SQUIT' && args[1] === String(life.incarnation) && order < before;
    });
  });
}

/** Whether a server was told the state of a life without that user, after it had been told of the user. */
function isLeftOut(record: Record, server: number, who: { uid: string; life: Life; order: number }): boolean {
  const told = record.links.filter((tap) => tap.otherEnd?.server === server);
  const [origin, incarnation] = [String(who.life.server + 1), String(who.life.incarnation)];
  let since = Number.POSITIVE_INFINITY;
  for (const { utterances } of told) {
    const first = utterances.find(({ verb, args }) => verb === 'USER' && args[0] === who.uid);
    since = Math.min(since, first?.order ?? Number.POSITIVE_INFINITY);
  }
  return told.some(({ utterances }) => {
    return utterances.some(({ verb, args, order }, i) => {
      if (verb !== 'SNAPSHOT' || args[0] !== origin || args[1] !== incarnation) return false;
      const part = utterances.slice(i + 1, i + 1 + Number(args.at(-1)));
      return order > since && order < who.order && !part.some((one) => one.verb === 'USER' && one.args[0] === who.uid);
    });
  });
}

const uids = new WeakMap<Record, ReadonlyMap<string, string>>();

/** The uid of who has that ident; undefined when its user name is no connection's. */
function uidOf(record: Record, ident: string): string | undefined {
  let known = uids.get(record);
  if (known === undefined) {
    known = new Map(record.dialogues.map((dialogue) => [dialogue.name, sessionOf(dialogue)?.uid ?? '']));
    uids.set(record, known);
  }
  const uid = known.get(ident.slice(ident.indexOf('!') + 1, ident.indexOf('@')));
  return uid === '' ? undefined : uid;
}
