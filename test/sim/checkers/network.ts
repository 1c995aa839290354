// What the auditors of all servers were told when all was quiet. C1: every server knows every other. C2: whoever asks
// where a nickname is gets the same answer everywhere. C3: a nickname has one owner, who is the one that believes so.
// C4: who has gone is found nowhere any more.

import type { Dialogue, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { auditorsOf, type Checker, slotOf, violation } from './checker.ts';

export const network: Checker = {
  name: 'network',
  check(record) {
    if (record.facts.servers === 1) return [];
    const shared = record.facts.rooms === 'shared' ? rooms(record) : [];
    return [...maps(record), ...places(record), ...owners(record), ...shared];
  },
};

function maps(record: Record): Violation[] {
  const found: Violation[] = [];
  for (const auditor of auditorsOf(record)) {
    const rows = new Set<string>();
    let isWhole = false;
    for (const { said, verb, args } of auditor.utterances) {
      if (said) continue;
      if (verb === 'RPL_MAP') rows.add(`${args[0]} ${args[1]}`);
      isWhole ||= verb === 'RPL_ENDOFMAP';
    }
    const due = Array.from({ length: record.facts.servers }, (_, i) => `s${i + 1}.sim ${i + 1}`);
    const is = [...rows].sort().join(', ');
    if (isWhole && is !== due.join(', ')) {
      found.push(violation('C1', auditor, record.facts.auditAt, `s${auditor.server + 1} knows of ${is} alone`));
    }
  }
  return found;
}

/** O9: a room has one epoch, ends at one place, and is spelled in one way, wherever it is looked at. */
function rooms(record: Record): Violation[] {
  const found: Violation[] = [];
  const seen = new Map<string, { readonly state: string; readonly by: Dialogue }>();
  for (const auditor of auditorsOf(record)) {
    for (const { said, verb, args } of auditor.utterances) {
      if (said || verb !== 'RPL_WELCOME' || args[0] === '*') continue;
      const room = auditor.room(args[0] ?? '');
      const epoch = args[3] ?? '';
      const slots = auditor.utterances.flatMap((one) => slotOf(auditor, one) ?? []);
      const seqs = slots.filter((one) => one.room === room && one.epoch === epoch).map(({ seq }) => seq + 1);
      const state = `${epoch} at ${Math.max(Number(args[4]), ...seqs)} as ${args[0]}`;
      const before = seen.get(room);
      if (before === undefined) seen.set(room, { state, by: auditor });
      else if (before.state !== state) {
        const what = `${room} is in ${state} at s${auditor.server + 1}, and in ${before.state} at s${before.by.server + 1}`;
        found.push(violation('O9', auditor, record.facts.auditAt, what));
      }
    }
  }
  return found;
}

/** Where the auditors are told that nicknames are: nickname → the answer → whom it was given. */
function answersOf(record: Record): Map<string, Map<string, Dialogue[]>> {
  const answers = new Map<string, Map<string, Dialogue[]>>();
  for (const auditor of auditorsOf(record)) {
    const asked = auditor.utterances
      .filter(({ said, verb }) => said && verb === 'LOCATE')
      .map(({ args }) => args[0] ?? '');
    let at = 0;
    for (const { said, verb, args } of auditor.utterances) {
      if (said) continue;
      const isMissing = verb === 'ERR_NOSUCHNICK' && args[0] === 'LOCATE';
      if (verb !== 'RPL_LOCATION' && verb !== 'RPL_WASLOCATION' && !isMissing) continue;
      const nick = asked[at++] ?? '';
      // What is remembered of those who have gone is each server's own.
      const answer = verb === 'RPL_LOCATION' ? `${args[1]} ${args[2]} ${args[3]}` : 'nobody';
      const given = answers.get(nick) ?? new Map<string, Dialogue[]>();
      answers.set(nick, given.set(answer, [...(given.get(answer) ?? []), auditor]));
    }
  }
  return answers;
}

function places(record: Record): Violation[] {
  const found: Violation[] = [];
  const here = new Set<string>();
  for (const dialogue of record.dialogues) {
    if (isOpen(record, dialogue)) here.add(sessionOf(dialogue)?.uid ?? '');
  }
  for (const [nick, given] of answersOf(record)) {
    const [first] = [...given.values()][0] ?? [];
    if (given.size > 1) {
      const what = [...given].map(([answer, to]) => `${answer} at ${to.map(({ server }) => `s${server + 1}`)}`);
      found.push(violation('C2', first, record.facts.auditAt, `${nick} is ${what.join(', and ')}`));
    }
    for (const [answer, [auditor]] of given) {
      const uid = answer.split(' ')[1];
      if (uid !== undefined && !here.has(uid)) {
        found.push(violation('C4', auditor, record.facts.auditAt, `${nick} is ${answer}, who is gone`));
      }
    }
  }
  return found;
}

/** Whether its connection was there when the auditors came. */
function isOpen({ facts }: Record, dialogue: Dialogue): boolean {
  return dialogue.ended === undefined || dialogue.endedAt >= facts.auditAt;
}

function owners(record: Record): Violation[] {
  const found: Violation[] = [];
  const answers = answersOf(record);
  const holders = new Map<string, Dialogue>();
  for (const dialogue of record.dialogues) {
    if (
      !dialogue.settled ||
      dialogue.isAuditor ||
      (dialogue.ended !== undefined && dialogue.endedAt < record.facts.auditAt)
    )
      continue;
    const session = sessionOf(dialogue);
    if (session === undefined) continue;
    const { nick, uid } = session;
    const other = holders.get(nick.toLowerCase());
    if (other !== undefined) {
      found.push(violation('C3', dialogue, record.facts.auditAt, `is called ${nick}, as ${other.name} is`));
    }
    holders.set(nick.toLowerCase(), dialogue);
    for (const [answer, [auditor]] of answers.get(nick) ?? []) {
      if (answer.split(' ')[1] === uid) continue;
      found.push(
        violation('C3', auditor, record.facts.auditAt, `${nick} is ${answer}, and not ${dialogue.name}, ${uid}`),
      );
    }
  }
  return found;
}

interface Session {
  readonly nick: string;
  readonly uid: string;
}

const sessions = new WeakMap<Dialogue, Session | undefined>();

/** Who a connection was at its end, as its client knows. */
export function sessionOf(dialogue: Dialogue): Session | undefined {
  if (sessions.has(dialogue)) return sessions.get(dialogue);
  let session: Session | undefined;
  let ident = '';
  for (const { said, verb, args } of dialogue.utterances) {
    if (said) continue;
    const [first = '', second = '', third = ''] = args;
    if (verb === 'RPL_WELCOME' && first === '*') {
      ident = second;
      session = { nick: ident.slice(0, ident.indexOf('!')), uid: third };
    } else if (verb === 'NICK' && first === ident && session !== undefined) {
      ident = `${second}${first.slice(first.indexOf('!'))}`;
      session = { ...session, nick: second };
    }
  }
  sessions.set(dialogue, session);
  return session;
}
