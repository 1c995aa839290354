// Who is here. C4: a user quits once for each who hears it, and for each time that it came; it says nothing afterwards.
// C3: a nickname has one owner. PRESENCE: whoever listed a room and heard every coming and going since knows who is in it.

import type { Dialogue, Record, Utterance } from '../record.ts';
import type { Violation } from '../violation.ts';
import { auditorsOf, type Checker, speakersOf, violation } from './checker.ts';
import { readingOf } from './reading.ts';

/** Presence is announced one by one. */
const QUIET_ABOVE = 100;
/** What the user of a scripted client is called: each of its connections otherwise. */
const SCRIPTED = /^c\d+s\d+$/;

export const presence: Checker = {
  name: 'presence',
  check(record) {
    const truth = auditedMembers(record);
    return record.dialogues.flatMap((dialogue) => [
      ...quits(record, dialogue),
      ...owners(record, dialogue),
      ...(isAnnounced(record) && dialogue.settled ? views(record, dialogue, truth) : []),
    ]);
  },
};

/** Comings and goings are announced, and a ghost quits before its successor comes. */
function isAnnounced({ facts }: Record): boolean {
  return facts.presence > QUIET_ABOVE;
}

/** The user name in `nick!user@host`, which names one connection of a scripted client. */
function userOf(ident: string): string {
  return ident.slice(ident.indexOf('!') + 1, ident.indexOf('@'));
}

function isAuditor(ident: string): boolean {
  return ident.startsWith('auditor');
}

function quits(record: Record, dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  const gone = new Map<string, number>();
  const heard = new Map<string, number>();
  const rooms = new Set<string>();
  let own = '';
  for (const { said, verb, args, at, order } of dialogue.utterances) {
    const [first = '', second = ''] = args;
    // Who was thought to be lost may come back.
    if (!said && verb === 'JOINROOM') gone.delete(userOf(second));
    // And into a room in which nobody told this one of it.
    if (!said && verb === 'RPL_WELCOME' && first === '*') own = userOf(second);
    if (!said && verb === 'LEAVEROOM' && userOf(second) === own) rooms.delete(dialogue.room(first));
    if (!said && verb === 'RPL_WELCOME' && first !== '*' && !rooms.has(dialogue.room(first))) {
      rooms.add(dialogue.room(first));
      if (record.facts.servers > 1) gone.clear();
    }
    // Nor is everybody told who comes.
    if (!said && (verb === 'RPL_LAGGED' || verb === 'RPL_MEMBERS') && record.facts.servers > 1) gone.clear();
    if (said || verb !== 'QUIT') continue;
    const user = userOf(first);
    if (!SCRIPTED.test(user)) continue;
    const before = heard.get(user) ?? 0;
    // Nobody is told who comes into a large room, and all are told who goes when it is a small one again.
    const isAgain = isAnnounced(record) && gone.has(user);
    if (isAgain || before >= comingsOf(record, dialogue, user, order)) {
      found.push(violation('C4', dialogue, at, `${first} quits again`));
    }
    if (user === dialogue.name) found.push(violation('C4', dialogue, at, 'hears its own QUIT'));
    const isResumed = second.startsWith('Resumed');
    // Whose place was taken comes to sight again with the end of who took it.
    if (!isResumed) heard.set(user, before + 1);
    // Who came back elsewhere waits for nothing that it said here.
    gone.set(user, record.facts.instantLog || !isResumed ? order : Number.POSITIVE_INFINITY);
  }
  if (gone.size === 0 || record.facts.outlastsSenders || record.facts.rooms === 'shared') return found;
  for (const { stay, repeated, asked, utterance } of readingOf(dialogue).arrivals) {
    if (utterance.verb !== 'CMSG' || repeated || asked || stay === undefined || stay.lagged) continue;
    const text = utterance.args[5] ?? '';
    const user = text.split('.')[0] ?? '';
    const left = gone.get(user);
    // A stay that began later may bring what it missed.
    if (left === undefined || left > utterance.order || stay.from > left) continue;
    // Or it was said again on another connection.
    if (isReplay(dialogue, stay.room, left, utterance) || (speakersOf(record).get(text)?.size ?? 0) > 1) continue;
    found.push(violation('C4', dialogue, utterance.at, `${text} was said after its user had quit`));
  }
  return found;
}

/** How often a user came, as the server of a dialogue knew before `order`: once to it, or whenever others told it so. */
function comingsOf(record: Record, dialogue: Dialogue, user: string, order: number): number {
  if (record.dialogues.some(({ name, server }) => name === user && server === dialogue.server)) return 1;
  const life = record.lives.findLast(({ server, from }) => server === dialogue.server && from <= dialogue.openedAt);
  const isUser = ({ verb, args, order: at }: Utterance): boolean => verb === 'USER' && args[2] === user && at < order;
  const told = record.links.filter((tap) => tap.otherEnd?.life === life);
  return told.reduce((sum, { utterances }) => sum + utterances.filter(isUser).length, 0);
}

/** Whether its room was joined again since `since`: then it may be something missed. */
function isReplay(dialogue: Dialogue, room: string, since: number, utterance: Utterance): boolean {
  return readingOf(dialogue).welcomes.some(
    ({ heard }) => dialogue.room(heard.args[0] ?? '') === room && heard.order > since && heard.order < utterance.order,
  );
}

/**
 * In one list no two users have one nickname, but for those of servers that have not heard of each other yet: whose claim
 * is the later one stays until its own server ends it.
 */
function owners(record: Record, dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  let rows: Utterance[] = [];
  for (const utterance of dialogue.utterances) {
    const { said, verb, args, at } = utterance;
    if (said) continue;
    if (verb === 'RPL_ULIST') rows.push(utterance);
    if (verb !== 'RPL_ENDOFULIST') continue;
    if (Number(args[1]) !== rows.length) {
      found.push(violation('ANSWER', dialogue, at, `ULIST of ${args[0]} counts ${args[1]} and names ${rows.length}`));
    }
    const isQuiet = record.facts.auditAt !== 0 && at >= record.facts.auditAt;
    const nicks = rows.map(({ args: [, ident = '', , server = ''] }) => {
      const nick = (ident.split('!')[0] ?? '').toLowerCase();
      return isQuiet ? nick : `${nick} at ${server}`;
    });
    const twice = nicks.find((nick, i) => nicks.indexOf(nick) !== i);
    if (twice !== undefined) found.push(violation('C3', dialogue, at, `two users of ${args[0]} are called ${twice}`));
    rows = [];
  }
  return found;
}

/** Room → idents, from the auditor's lists; without itself. */
function auditedMembers(record: Record): Map<string, Set<string>> {
  const members = new Map<string, Set<string>>();
  for (const auditor of auditorsOf(record)) {
    for (const { said, verb, args } of auditor.utterances) {
      if (said || verb !== 'RPL_ULIST') continue;
      const room = auditor.room(args[0] ?? '');
      const idents = members.get(room) ?? new Set();
      members.set(room, idents);
      if (!isAuditor(args[1] ?? '')) idents.add(args[1] ?? '');
    }
  }
  return members;
}

/** What a client that was never overtaken made of a list and of what it heard since is what is so. */
function views(record: Record, dialogue: Dialogue, truth: ReadonlyMap<string, Set<string>>): Violation[] {
  const views = new Map<string, Set<string>>();
  let rows = new Set<string>();
  let ident = '';
  for (const { said, verb, args, at } of dialogue.utterances) {
    if (said || at >= record.facts.retiredAt) continue;
    const [first = '', second = ''] = args;
    const room = dialogue.room(first);
    if (verb === 'RPL_WELCOME' && first === '*') ident = second;
    else if (verb === 'RPL_ULIST') rows.add(second);
    else if (verb === 'RPL_ENDOFULIST') {
      if (rows.has(ident)) views.set(room, rows);
      rows = new Set();
    } else if (verb === 'JOINROOM') views.get(room)?.add(second);
    else if (verb === 'LEAVEROOM') {
      if (second === ident) views.delete(room);
      else views.get(room)?.delete(second);
    } else if (verb === 'QUIT') for (const view of views.values()) view.delete(first);
    else if (verb === 'RPL_LAGGED' || verb === 'RPL_MEMBERS') views.clear();
    else if (verb === 'NICK') {
      const renamed = `${second}${first.slice(first.indexOf('!'))}`;
      if (first === ident) ident = renamed;
      for (const view of views.values()) if (view.delete(first)) view.add(renamed);
    }
  }
  const found: Violation[] = [];
  for (const [room, view] of views) {
    const is = truth.get(room);
    if (is === undefined || is.size === 0) continue;
    // The auditor came and went, and perhaps somebody else while it looked.
    const isKnown = (ident: string): boolean => !isAuditor(ident) && !isMoving(record, userOf(ident));
    const ghosts = [...view].filter((one) => !is.has(one) && isKnown(one));
    // All connections of a core are called alike: whoever heard that one of them went may have heard it of a ghost.
    const isOne = (ident: string): boolean => record.facts.servers === 1 || SCRIPTED.test(userOf(ident));
    const unseen = [...is].filter((one) => !view.has(one) && isKnown(one) && isOne(one));
    if (ghosts.length + unseen.length === 0) continue;
    const what = `in ${room}: knows of ${ghosts.join(' ') || 'nobody'} who is not there, not of ${unseen.join(' ') || 'nobody'} who is`;
    found.push(violation(ghosts.length > 0 ? 'C4' : 'PRESENCE', dialogue, record.facts.calmAt, what));
  }
  return found;
}

/** Whether the connection of a user began or ended while the auditors looked: some of them saw it, and some did not. */
function isMoving({ dialogues, facts }: Record, user: string): boolean {
  const { auditAt, retiredAt } = facts;
  return dialogues.some(
    ({ name, openedAt, ended, endedAt }) =>
      name === user && (openedAt >= auditAt || (ended !== undefined && endedAt >= auditAt && endedAt < retiredAt)),
  );
}
